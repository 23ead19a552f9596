"""Truth about a defect, and the four ways a defect changes a mesh.

Rules owned here:
- A step never changes its input. It tells for every vertex and face of its output where it
  comes from (-1: new), so that truths can be carried through later steps.
- A truth holds masks over the output, places in mm and counts; never indices that a later step
  would make wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, TriangleMesh, Vertices
from stsbench.samples.adjacency import take_faces
from stsbench.samples.colouring import FDI_ATTRIBUTE

__all__ = ["DefectTruth", "Indices", "Step", "appended", "marked", "moved", "removed"]

Indices = NDArray[np.int64]
Values = NDArray[np.float64]
_NO_PLACES = np.zeros((0, 3))


@dataclass(frozen=True, slots=True, eq=False)
class DefectTruth:
    """What one kind of defect did to a scan.

    Parameters
    ----------
    kind : str
        Name of the defect in the plan.
    faces, vertices : (F,), (V,) bool
        What is wrong in the output; for missing surface the vertices of the new rim.
    places_mm : (N, 3) float64
        One place for each single defect.
    removed : TriangleMesh or None
        Surface taken away.
    moved_mm : (V, 3) float64 or None
        Displacement of each output vertex.
    details : mapping of str to number
        Counts and sizes.
    """

    kind: str
    faces: Mask
    vertices: Mask
    places_mm: Values = field(default_factory=lambda: _NO_PLACES)
    removed: TriangleMesh | None = None
    moved_mm: Values | None = None
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many single defects there are."""
        return len(self.places_mm)

    def carried(self, face_source: Indices, vertex_source: Indices) -> "DefectTruth":
        """Return this truth in the numbering of a later step's output."""
        old_faces, old_vertices = face_source >= 0, vertex_source >= 0
        shift = self.moved_mm
        if shift is not None:
            shift = np.where(old_vertices[:, None], shift[vertex_source], 0.0)
        return replace(
            self,
            faces=old_faces & self.faces[face_source],
            vertices=old_vertices & self.vertices[vertex_source],
            moved_mm=shift,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A damaged mesh, the truth, and where its vertices and faces come from (-1: new)."""

    mesh: TriangleMesh
    truth: DefectTruth
    face_source: Indices
    vertex_source: Indices


def marked(mesh: TriangleMesh, truth: DefectTruth) -> Step:
    """Return a step that keeps all numbers."""
    return Step(mesh, truth, np.arange(mesh.face_count), np.arange(mesh.vertex_count))


def removed(
    mesh: TriangleMesh, kind: str, faces: Indices, places: Values, **details: float
) -> Step:
    """Take faces away, and vertices that no face names any more; the truth marks the new rim."""
    gone = np.zeros(mesh.face_count, dtype=bool)
    gone[faces] = True
    kept_faces = np.flatnonzero(~gone)
    left, touched = (np.zeros(mesh.vertex_count, dtype=bool) for _ in range(2))
    left[mesh.faces[kept_faces]] = True
    touched[mesh.faces[gone]] = True
    kept_vertices = np.flatnonzero(left)
    truth = DefectTruth(
        kind,
        faces=np.zeros(len(kept_faces), dtype=bool),
        vertices=touched[kept_vertices],
        places_mm=places,
        removed=take_faces(mesh, gone),
        details=details,
    )
    return Step(take_faces(mesh, ~gone), truth, kept_faces, kept_vertices)


def appended(
    mesh: TriangleMesh,
    kind: str,
    vertices: Vertices,
    faces: Faces,
    places: Values,
    *,
    colours: NDArray[np.uint8] | None = None,
    **details: float,
) -> Step:
    """Add vertices and faces; the faces already count through the joined list."""
    v, f = mesh.vertex_count, mesh.face_count
    joined_colours = None
    if mesh.colours is not None:
        fresh = (
            np.full((len(vertices), 3), (200, 120, 120), np.uint8) if colours is None else colours
        )
        joined_colours = np.concatenate([mesh.colours, fresh])
    attributes = {}
    for name, values in mesh.attributes.items():
        filler = np.full((len(vertices), *values.shape[1:]), -1 if name == FDI_ATTRIBUTE else 0)
        attributes[name] = np.concatenate([values, filler.astype(values.dtype)])
    made = TriangleMesh(
        np.concatenate([mesh.vertices, np.round(vertices, 4).astype(np.float32)]),
        np.concatenate([mesh.faces, faces]).astype(np.int32),
        joined_colours,
        attributes,
    )
    truth = DefectTruth(
        kind,
        faces=np.arange(made.face_count) >= f,
        vertices=np.arange(made.vertex_count) >= v,
        places_mm=places,
        details=details,
    )
    face_source = np.where(truth.faces, -1, np.arange(made.face_count))
    vertex_source = np.where(truth.vertices, -1, np.arange(made.vertex_count))
    return Step(made, truth, face_source, vertex_source)


def moved(mesh: TriangleMesh, kind: str, shift: Values, places: Values, **details: float) -> Step:
    """Move vertices; those that stay keep every bit."""
    hit = (shift**2).sum(axis=1) > 1e-12
    target = np.round(mesh.vertices + shift, 4).astype(np.float32).astype(np.float64)
    vertices = np.where(hit[:, None], target, mesh.vertices)
    truth = DefectTruth(
        kind,
        faces=hit[mesh.faces].any(axis=1),
        vertices=hit,
        places_mm=places,
        moved_mm=vertices - mesh.vertices,
        details=details,
    )
    return marked(TriangleMesh(vertices, mesh.faces, mesh.colours, mesh.attributes), truth)
