"""The edit record: for every vertex and face, where it came from and why it went.

The promise "nothing moves outside defects" is checked against this record, so it is made by the
steps themselves and not reconstructed afterwards. Format: docs/formats.md, `stsbench.edits/1`.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from stsbench.errors import MeshError

__all__ = ["EditReason", "EditRecord"]


class EditReason(IntEnum):
    """Why a face was removed or a vertex added; the numbers are part of the file format."""

    NONE = 0
    HOLE_FILL = 1
    SPIKE = 2
    FOLD = 3
    SELF_INTERSECTION = 4
    NON_MANIFOLD_EDGE = 5
    NON_MANIFOLD_VERTEX = 6
    DEGENERATE = 7
    DUPLICATE = 8
    ISLAND = 9
    BORDER_TRIM = 10
    SMOOTH = 11
    MANUAL = 12
    DECIMATED = 13
    REMESHED = 14


@dataclass(frozen=True, eq=False, slots=True)
class EditRecord:
    """What a repair did, per vertex and per face.

    Parameters
    ----------
    vertex_source : (V,) int32
        Index in the scan as read, -1 for an added vertex.
    vertex_moved_mm : (V,) float32
        Distance a kept vertex moved; 0 for added ones.
    face_source : (F,) int32
        Index in the scan as read, -1 for an added face.
    removed_face : (R,) int32
        Indices in the scan as read.
    removed_reason : (R,) uint8
        `EditReason` per removed face.
    added_reason : (F,) uint8
        `EditReason` per face of the result; NONE where the face was in the scan.
    """

    vertex_source: NDArray[np.int32]
    vertex_moved_mm: NDArray[np.float32]
    face_source: NDArray[np.int32]
    removed_face: NDArray[np.int32]
    removed_reason: NDArray[np.uint8]
    added_reason: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if len(self.vertex_source) != len(self.vertex_moved_mm):
            raise MeshError("An edit record lists vertices twice over.", "Pass equal lengths.")
        if len(self.face_source) != len(self.added_reason):
            raise MeshError("An edit record lists faces twice over.", "Pass equal lengths.")
        if len(self.removed_face) != len(self.removed_reason):
            raise MeshError("A removed face has no reason.", "Pass equal lengths.")

    @property
    def edited_faces(self) -> NDArray[np.bool_]:
        """(F,) True for faces the repair made."""
        made: NDArray[np.bool_] = self.face_source < 0
        return made
