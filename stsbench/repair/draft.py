"""The scan while it is being repaired: its arrays, its half-edges and where everything came from.

Rules owned here:
- A draft belongs to one repair and alone in this folder changes in place; its mesh never does.
- Vertices never move and are never renumbered while work goes on; added ones come last. So whatever
  was computed per vertex stays valid.
- Faces go in two steps: `discard` takes them out of the half-edge table, where no kernel sees them
  any more, and `compact` drops their rows, for many discards at once.
- Every face carries its index in the scan as read, or -1 and the reason it was made for. Faces that
  go leave their index and the reason behind, so the edit record needs no comparison afterwards.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import side_by_side
from stsbench.geometry.edge_pairs import half_edges_of
from stsbench.geometry.face_measures import FaceMeasures, measure_faces, tell_thin
from stsbench.geometry.face_sets import (
    Joined,
    join_faces,
    join_on,
    named_vertices,
    touching_faces,
)
from stsbench.geometry.topology import BOUNDARY, GONE, half_edge_twins
from stsbench.geometry.twin_edits import Room, append_twins, drop_faces, settle_branching
from stsbench.repair.face_rows import FaceChanges, FaceRows

__all__ = ["Draft"]

Ints = NDArray[np.int32]
_LAST = np.iinfo(np.int32).max


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
    changes : FaceChanges
        Since `mark_faces` was called last.
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
    changes: FaceChanges = field(default_factory=FaceChanges)
    _thin_mm: float = 0.0
    _measures: FaceMeasures | None = None
    _joined: Joined | None = None
    _room: Room = field(default_factory=Room)

    @property
    def vertex_count(self) -> int:
        """Number of vertices, unreferenced ones included."""
        return len(self.vertices)

    def tell_thin(self) -> float:
        """Measure the faces of a scan and return the height that parts thin ones from the others."""
        self._measures, self._thin_mm = tell_thin(self.vertices, self.faces)
        return self._thin_mm

    def measures(self, thin_mm: float) -> FaceMeasures:
        """Return area and thinness of the faces; computed once and kept right by every edit.

        Parameters
        ----------
        thin_mm : float
            The same for the whole repair.
        """
        if self._measures is None:
            self._thin_mm = thin_mm
            self._measures = measure_faces(self.vertices, self.faces, thin_mm=thin_mm)
        return self._measures

    def measure_again(self, rows: NDArray[np.int64]) -> None:
        """Bring the measures of some faces up to date: they were turned or remade."""
        if self._measures is not None and len(rows):
            fresh = measure_faces(self.vertices, self.faces[rows], thin_mm=self._thin_mm)
            self._measures.area_mm2[rows] = fresh.area_mm2
            self._measures.thin[rows] = fresh.thin

    def joined(self) -> Joined:
        """Return the faces joined over their edges; found once between edits."""
        if self._joined is None:
            self._joined = join_faces(self.faces, self.twin)
        return self._joined

    def take_as_whole(self) -> None:
        """Take it from somebody who knows that all faces are one sheet and agree."""
        count = len(self.faces)
        none = np.zeros(count, dtype=np.uint8)
        self._joined = Joined(np.zeros(count, dtype=np.int32), none, none[: min(count, 1)])

    def sheets(self) -> Ints:
        """Return the sheet of each face, as `manifoldness.sheets`."""
        return self.joined().component

    def discard_sheets(self, gone: Mask, reason: EditReason) -> None:
        """Discard whole sheets, marked (S,) bool."""
        joined = self.joined()
        # One more row for the faces that were gone before: row -1.
        self.discard(np.flatnonzero(np.append(gone, False).take(joined.component)), reason)
        self._join_on(joined, gone)

    def discard(
        self,
        rows: NDArray[np.int64],
        reason: EditReason | NDArray[np.uint8],
        *,
        settle: bool = False,
    ) -> None:
        """Take faces out; their rows stay until `compact`.

        Parameters
        ----------
        rows : (N,) int64
        reason : EditReason or (N,) uint8
            One for all, or that of each face.
        settle : bool
            Pair the half-edges at edges that branched anew; needed when one lost a face.
        """
        if not len(rows):
            return
        joined, self._joined = self._joined, None
        why = np.broadcast_to(np.asarray(reason, dtype=np.uint8), len(rows))
        for each in np.unique(why):  # where faces of several reasons meet, the last one stays
            self.scar[self.faces[rows[why == each]]] = each
        self.changes.note(self.faces.take(rows, axis=0), came=False)
        sources = self.face_source[rows]
        self.removed.append((sources[sources >= 0], why[sources >= 0]))
        half_edges = half_edges_of(rows)
        beyond = self.twin[half_edges]
        lone = not (beyond >= 0).any()  # each is a sheet of its own
        self.twin[beyond[beyond >= 0]] = BOUNDARY
        self.twin[half_edges] = GONE
        if self._measures is not None:
            self._measures.area_mm2[rows] = 0.0
            self._measures.thin[rows] = False
        if settle and lone and joined is not None:
            gone = np.zeros(len(joined.contradictions), dtype=bool)
            gone[joined.component[rows[joined.component[rows] >= 0]]] = True
            self._join_on(joined, gone)
        elif settle:
            self._settle()

    def _settle(self) -> tuple[Ints, Ints]:
        half_edges, twins = settle_branching(self.faces, self.twin)
        self.twin[half_edges] = twins
        return half_edges, twins

    def _join_on(self, joined: Joined, gone: Mask) -> None:
        """Settle edges after whole sheets went; the rest are joined on without another search."""
        half_edges, twins = self._settle()
        self._joined = join_on(joined, self.faces, half_edges, twins, gone)

    def compact(self) -> None:
        """Drop the rows of the faces that were discarded."""
        keep = self.twin[::3] != GONE
        if keep.all():
            return
        dropped, _ = side_by_side(
            lambda: drop_faces(self.faces, self.twin, keep, self._room),
            lambda: self._keep_rows(keep),
        )
        self.faces, self.twin = dropped

    def _keep_rows(self, keep: Mask) -> None:
        """Drop what is known of some faces beside their corners and half-edges."""
        self.face_source = self.face_source[keep]
        self.added_reason = self.added_reason[keep]
        self.mark = self.mark[keep]
        self.patch = self.patch[keep]
        if self._measures is not None:
            self._measures = self._measures.take(keep)
        if self._joined is not None:
            component, turned, contradictions = self._joined
            self._joined = Joined(component[keep], turned[keep], contradictions)

    def drop(
        self,
        gone: Mask,
        reason: EditReason | NDArray[np.uint8],
        *,
        defect: Mask | None = None,
        compact: bool = True,
    ) -> None:
        """Take faces out and number the others on.

        Parameters
        ----------
        gone : (F,) bool
        reason : EditReason or (F,) uint8
            One for all, or that of each face.
        defect : (F,) bool, optional
            Faces that are wrong themselves; all that go by default.
        compact : bool
            False leaves their rows, as `discard`.
        """
        rows = np.flatnonzero(gone)
        if not len(rows):
            return
        if defect is not None:
            beside = self.face_source[gone & ~defect]
            self.around.append(beside[beside >= 0])
        why = np.asarray(reason, dtype=np.uint8)
        self.discard(rows, why[rows] if why.ndim else why)
        if compact:
            self.compact()

    def pair(self) -> None:
        """Build the half-edge table anew."""
        self.twin = half_edge_twins(self.faces, self.vertex_count)
        self._joined = None

    def mark_faces(self) -> None:
        """Remember the faces as they are numbered now."""
        self.mark = np.arange(len(self.faces), dtype=np.int32)
        self.changes = FaceChanges()

    def remake(self, faces: Faces, twin: Ints, remade: Mask, reason: EditReason) -> None:
        """Put remade faces in the place of old ones; they hang together as those did."""
        sources = self.face_source[remade]
        sources = sources[sources >= 0]
        self.removed.append((sources, np.full(len(sources), reason, dtype=np.uint8)))
        self.faces, self.twin = faces, twin
        self.measure_again(np.flatnonzero(remade))
        self.face_source = np.where(remade, np.int32(-1), self.face_source)
        self.added_reason = np.where(remade, np.uint8(reason), self.added_reason)

    def add(
        self, vertices: Vertices, faces: Faces, reasons: NDArray[np.uint8], patch: Ints
    ) -> None:
        """Append patches: new vertices, and faces over all vertices."""
        self._joined = None
        self.changes.note(faces, came=True)
        self.vertices = np.concatenate([self.vertices, vertices])
        tables, _ = side_by_side(
            lambda: append_twins(self.faces, self.twin, faces, self._room),
            lambda: self._add_rows(len(vertices), faces, reasons, patch),
        )
        self.faces, self.twin = tables

    def _add_rows(
        self, new_vertices: int, faces: Faces, reasons: NDArray[np.uint8], patch: Ints
    ) -> None:
        """Note what is known of added faces beside their corners and half-edges."""
        if self._measures is not None:
            new = np.ascontiguousarray(faces, dtype=np.int32)
            fresh = measure_faces(self.vertices, new, thin_mm=self._thin_mm)
            known = self._measures
            self._measures = FaceMeasures(
                np.concatenate([known.area_mm2, fresh.area_mm2]),
                np.concatenate([known.thin, fresh.thin]),
            )
        none = np.full(max(len(faces), new_vertices), -1, dtype=np.int32)
        self.scar = np.concatenate([self.scar, np.zeros(new_vertices, dtype=np.uint8)])
        self.vertex_source = np.concatenate([self.vertex_source, none[:new_vertices]])
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
        self._measures = self._joined = None
        self.changes.note(gone.faces, came=True)
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
