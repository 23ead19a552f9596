"""The scan while it is being repaired: its arrays, its half-edges and where everything came from.

Rules owned here:
- A draft belongs to one repair and is the only thing in this folder that changes in place; the mesh
  it was made from is never touched.
- Vertices never move and are never renumbered while work goes on; added ones come last. So whatever
  was computed per vertex stays valid.
- Every face carries its index in the scan as read, or -1 and the reason it was made for. Faces that
  go leave their index and the reason behind, so the edit record needs no comparison afterwards.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.mesh import Faces, Mask, TriangleMesh, Vertices
from stsbench.geometry.face_measures import FaceMeasures, measure_faces
from stsbench.geometry.face_sets import named_vertices, touching_faces
from stsbench.geometry.manifoldness import sheets
from stsbench.geometry.topology import half_edge_twins
from stsbench.geometry.twin_edits import append_twins, drop_faces, settle_branching
from stsbench.geometry.welding import weld_vertices

__all__ = ["Draft", "FaceRows", "start_draft"]

Ints = NDArray[np.int32]
_LAST = np.iinfo(np.int32).max


class FaceRows(NamedTuple):
    """What a draft knows of some faces, row by row."""

    faces: Faces
    source: Ints
    added_reason: NDArray[np.uint8]
    mark: Ints

    def take(self, chosen: Mask) -> "FaceRows":
        """Return some rows."""
        return FaceRows(
            self.faces[chosen], self.source[chosen], self.added_reason[chosen], self.mark[chosen]
        )

    def plus(self, other: "FaceRows") -> "FaceRows":
        """Return these rows and others after them."""
        return FaceRows(
            np.concatenate([self.faces, other.faces]),
            np.concatenate([self.source, other.source]),
            np.concatenate([self.added_reason, other.added_reason]),
            np.concatenate([self.mark, other.mark]),
        )


@dataclass(eq=False, slots=True)
class Draft:
    """A mesh under repair.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        float32 numbers.
    faces : (F, 3) int32
    twin : (3F,) int32
    vertex_source : (V,) int32
        Vertex of the scan as read, -1 for added ones.
    face_source : (F,) int32
    added_reason : (F,) uint8
    mark : (F,) int32
        Index of each face when `mark_faces` was called last, -1 for faces added since.
    patch : (F,) int32
        Number of the patch a face was added with, -1 for others.
    scar : (V,) uint8
        `EditReason` for which a face at the vertex went last, or its hole was filled.
    removed : list of (face sources, their reasons)
    around : list of (N,) int32
        Removed faces of the scan as read that were no defect: rings cut about one.
    """

    vertices: Vertices
    faces: Faces
    twin: Ints
    vertex_source: Ints
    face_source: Ints
    added_reason: NDArray[np.uint8]
    mark: Ints
    patch: Ints
    scar: NDArray[np.uint8]
    removed: list[tuple[Ints, NDArray[np.uint8]]] = field(default_factory=list)
    around: list[Ints] = field(default_factory=list)
    _measures: FaceMeasures | None = None
    _sheets: Ints | None = None

    @property
    def vertex_count(self) -> int:
        """Number of vertices, unreferenced ones included."""
        return len(self.vertices)

    def measures(self, thin_mm: float) -> FaceMeasures:
        """Return area and thinness of the faces; computed once and kept right by every edit.

        Parameters
        ----------
        thin_mm : float
            The same for the whole repair.
        """
        if self._measures is None:
            self._measures = measure_faces(self.vertices, self.faces, thin_mm=thin_mm)
        return self._measures

    def sheets(self) -> Ints:
        """Return the sheet of each face, as `manifoldness.sheets`; found once between edits."""
        if self._sheets is None:
            self._sheets = sheets(self.twin)
        return self._sheets

    def keep_sheets(self, kept: Mask, reason: EditReason) -> None:
        """Drop all sheets but some; the rest are numbered on without another search.

        Parameters
        ----------
        kept : (S,) bool
        reason : EditReason
        """
        piece = self.sheets()
        stays = kept[piece]
        self.drop(~stays, reason)
        self._sheets = (np.cumsum(kept) - 1).astype(np.int32)[piece[stays]]

    def drop(
        self,
        gone: Mask,
        reason: EditReason | NDArray[np.uint8],
        *,
        rebuild: bool = False,
        defect: Mask | None = None,
    ) -> None:
        """Take faces out.

        Parameters
        ----------
        gone : (F,) bool
        reason : EditReason or (F,) uint8
            One for all, or that of each face.
        rebuild : bool
            Pair the half-edges at edges that branched anew; needed when one lost a face.
        defect : (F,) bool, optional
            Faces that are wrong themselves; all that go by default.
        """
        if not gone.any():
            return
        self._sheets = None
        keep = ~gone
        kept, lost = np.flatnonzero(keep), np.flatnonzero(gone)
        why = np.broadcast_to(np.asarray(reason, dtype=np.uint8), len(gone))[lost]
        for each in np.unique(why):  # where faces of several reasons meet, the last one stays
            self.scar[self.faces[lost[why == each]]] = each
        if len(self.twin):
            self.faces, self.twin, _ = drop_faces(self.faces, self.twin, keep)
        else:
            self.faces = self.faces.take(kept, axis=0)
        sources = self.face_source[lost]
        self.removed.append((sources[sources >= 0], why[sources >= 0]))
        if defect is not None:
            beside = self.face_source[gone & ~defect]
            self.around.append(beside[beside >= 0])
        self.face_source = self.face_source.take(kept)
        self.added_reason = self.added_reason.take(kept)
        self.mark = self.mark.take(kept)
        self.patch = self.patch.take(kept)
        if self._measures is not None:
            self._measures = self._measures.take(kept)
        if rebuild:
            self.twin = settle_branching(self.faces, self.twin)

    def pair(self) -> None:
        """Build the half-edge table anew."""
        self.twin = half_edge_twins(self.faces, self.vertex_count)
        self._sheets = None

    def mark_faces(self) -> None:
        """Remember the faces as they are numbered now."""
        self.mark = np.arange(len(self.faces), dtype=np.int32)

    def remake(self, faces: Faces, twin: Ints, remade: Mask, reason: EditReason) -> None:
        """Put remade faces in the place of old ones."""
        sources = self.face_source[remade]
        sources = sources[sources >= 0]
        self.removed.append((sources, np.full(len(sources), reason, dtype=np.uint8)))
        self.faces, self.twin = faces, twin
        self._measures = self._sheets = None
        self.face_source = np.where(remade, np.int32(-1), self.face_source)
        self.added_reason = np.where(remade, np.uint8(reason), self.added_reason)

    def add(
        self, vertices: Vertices, faces: Faces, reasons: NDArray[np.uint8], patch: Ints
    ) -> None:
        """Append patches: new vertices, and faces over all vertices."""
        self._measures = self._sheets = None
        self.vertices = np.concatenate([self.vertices, vertices])
        self.faces, self.twin = append_twins(self.faces, self.twin, faces)
        none = np.full(max(len(faces), len(vertices)), -1, dtype=np.int32)
        self.scar = np.concatenate([self.scar, np.zeros(len(vertices), dtype=np.uint8)])
        self.vertex_source = np.concatenate([self.vertex_source, none[: len(vertices)]])
        self.face_source = np.concatenate([self.face_source, none[: len(faces)]])
        self.mark = np.concatenate([self.mark, none[: len(faces)]])
        self.patch = np.concatenate([self.patch, patch.astype(np.int32)])
        self.added_reason = np.concatenate([self.added_reason, reasons.astype(np.uint8)])

    def rows(self, chosen: Mask) -> FaceRows:
        """Return what is known of some faces, to give them back later."""
        at = np.flatnonzero(chosen)
        return FaceRows(self.faces[at], self.face_source[at], self.added_reason[at], self.mark[at])

    def give_back(self, gone: FaceRows) -> None:
        """Put faces that went back to where they were in the order of faces."""
        if not len(gone.faces):
            return
        self._measures = self._sheets = None
        joined, twin = append_twins(self.faces, self.twin, gone.faces)
        mark = np.concatenate([self.mark, gone.mark])
        order = np.argsort(np.where(mark < 0, _LAST, mark), kind="stable")
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        table = twin.reshape(-1, 3)[order].ravel()
        self.faces, self.mark = joined[order], mark[order]
        self.twin = np.where(table < 0, table, 3 * place[table // 3] + table % 3)
        self.face_source = np.concatenate([self.face_source, gone.source])[order]
        self.added_reason = np.concatenate([self.added_reason, gone.added_reason])[order]
        none = np.full(len(gone.faces), -1, dtype=np.int32)
        self.patch = np.concatenate([self.patch, none])[order]
        self.removed = [
            (source[stays], why[stays])
            for source, why in self.removed
            for stays in [~np.isin(source, gone.source)]
        ]
        self.around = [part[~np.isin(part, gone.source)] for part in self.around]

    def used_vertices(self) -> Mask:
        """Mark vertices that a face names, (V,) bool."""
        used: Mask = named_vertices(self.faces, self.vertex_count)
        return used

    def touching(self, faces: Faces) -> NDArray[np.int64]:
        """Return the faces that share a vertex with some faces, these included, (N,) int64."""
        return touching_faces(self.faces, self.vertex_count, faces)

    def record(self, used: Mask) -> EditRecord:
        """Return the edit record of the draft without its unreferenced vertices."""
        sources = [part for part, _ in self.removed]
        reasons = [why for _, why in self.removed]
        removed = np.concatenate(sources) if sources else np.zeros(0, dtype=np.int32)
        why = np.concatenate(reasons) if reasons else np.zeros(0, dtype=np.uint8)
        order = np.argsort(removed, kind="stable")
        return EditRecord(
            vertex_source=self.vertex_source[used],
            vertex_moved_mm=np.zeros(int(used.sum()), dtype=np.float32),
            face_source=self.face_source,
            removed_face=removed[order],
            removed_reason=why[order],
            added_reason=self.added_reason,
        )


def start_draft(mesh: TriangleMesh) -> Draft:
    """Weld a scan exactly and start a draft of it.

    Coordinates are rounded to float32 first, as any file would; the half-edges come later, because
    faces that name a vertex twice must go before.

    Parameters
    ----------
    mesh : TriangleMesh

    Raises
    ------
    MeshError
        A coordinate beyond float32.
    """
    unique, inverse = weld_vertices(mesh.vertices)
    rounded = mesh.vertices.astype(np.float32).astype(np.float64)
    if len(unique) == mesh.vertex_count:
        vertices, faces = rounded, mesh.faces.copy()
    else:
        vertices, faces = rounded[unique], inverse[mesh.faces]
    count = len(faces)
    return Draft(
        vertices,
        faces,
        np.zeros(0, dtype=np.int32),
        unique.astype(np.int32),
        np.arange(count, dtype=np.int32),
        np.zeros(count, dtype=np.uint8),
        np.full(count, -1, dtype=np.int32),
        np.full(count, -1, dtype=np.int32),
        np.zeros(len(vertices), dtype=np.uint8),
    )
