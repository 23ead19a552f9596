"""The edit record of a repair with the steps of a technician since.

Rules owned here:
- A face whose corner a step moved is not the face that was scanned: it counts as removed and made
  again, with the reason SMOOTH.
- A vertex that the repair moved as well is listed with the sum of both ways, an upper bound.
- Only where things began and how they are now counts, not the steps between.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.errors import InputError

__all__ = ["HandEdits"]

Reasons = NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class HandEdits:
    """What steps did to the result of a repair.

    Parameters
    ----------
    first : EditRecord
        Of the repair.
    counts : (int, int)
        Vertices and faces that the steps began with.
    ways : (V, 3) float64, mm
        From where each vertex began, or was added, to where it is.
    faces : (F, 3) int32
        All slots, those of `counts` first.
    alive : (F,) bool
    added_reason, removed_reason : (F,) uint8

    Raises
    ------
    InputError
        The record is that of another mesh.
    """

    first: EditRecord
    counts: tuple[int, int]
    ways: Vertices
    faces: Faces
    alive: Mask
    added_reason: Reasons
    removed_reason: Reasons

    def __post_init__(self) -> None:
        counts = (len(self.first.vertex_source), len(self.first.face_source))
        if counts != self.counts:
            raise InputError(
                f"The edit record is of a mesh with {counts[0]} vertices and {counts[1]} faces.",
                "Pass the record of the repair that the steps began with.",
            )

    def reasons(self) -> Reasons:
        """Return why each slot is there or was changed, (F,) uint8 `EditReason`."""
        _, old_faces = self.counts
        reason = self.added_reason.copy()
        reason[:old_faces] = self.first.added_reason
        reason[self._bent()] = EditReason.SMOOTH
        return reason

    def record(self, used: Mask) -> EditRecord:
        """Return the record of both.

        Parameters
        ----------
        used : (V,) bool
            Vertices that a face alive names.
        """
        first, (old_vertices, _) = self.first, self.counts
        source = np.full(len(self.ways), -1, dtype=np.int32)
        source[:old_vertices] = first.vertex_source
        moved_mm = self._way_mm()
        moved_mm[:old_vertices] += first.vertex_moved_mm
        moved_mm[source < 0] = 0.0
        face_source, bent = self._face_source(), self._bent()
        why_gone = self.removed_reason.copy()
        why_gone[bent] = EditReason.SMOOTH
        went = np.flatnonzero((bent | ~self.alive) & (face_source >= 0))
        removed = np.concatenate([first.removed_face, face_source[went]])
        why = np.concatenate([first.removed_reason, why_gone[went]])
        face_source[bent] = -1
        order = np.argsort(removed, kind="stable")
        return EditRecord(
            vertex_source=source[used],
            vertex_moved_mm=moved_mm[used],
            face_source=face_source[self.alive],
            removed_face=removed[order].astype(np.int32),
            removed_reason=why[order].astype(np.uint8),
            added_reason=self.reasons()[self.alive],
        )

    def _way_mm(self) -> NDArray[np.float32]:
        way: NDArray[np.float32] = np.linalg.norm(self.ways, axis=1).astype(np.float32)
        return way

    def _face_source(self) -> NDArray[np.int32]:
        source = np.full(len(self.faces), -1, dtype=np.int32)
        source[: self.counts[1]] = self.first.face_source
        return source

    def _bent(self) -> Mask:
        """Which slots hold a scanned face alive that a step moved a corner of, (F,) bool."""
        moved = self._way_mm() > 0
        bent: Mask = self.alive & moved[self.faces].any(axis=1) & (self._face_source() >= 0)
        return bent
