"""Rows of a draft's faces, kept aside so that they can be given back, and what went and came.

Rules owned here:
- A row is all that a draft knows of a face but its half-edges, which its neighbours decide.
- What went and came is listed in that order and never shortened, so whoever remembers how long the
  list was can ask later what has changed since.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask

__all__ = ["FaceChanges", "FaceRows"]

Ints = NDArray[np.int32]


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


class FaceChanges:
    """Faces that went and faces that came, by the vertices they name."""

    def __init__(self) -> None:
        self._changes: list[tuple[Faces, bool]] = []

    def __len__(self) -> int:
        return len(self._changes)

    def note(self, faces: Faces, *, came: bool) -> None:
        """Note that some faces went or came.

        Parameters
        ----------
        faces : (N, 3) int32
        came : bool
        """
        self._changes.append((np.ascontiguousarray(faces, dtype=np.int32), came))

    def since(self, first: int) -> tuple[Faces, Faces]:
        """Return the faces that went and those that came, (N, 3) int32 each.

        Parameters
        ----------
        first : int
            How long the list was then.
        """
        none = np.zeros((0, 3), dtype=np.int32)
        later = self._changes[first:]
        lost = [none, *(faces for faces, came in later if not came)]
        gained = [none, *(faces for faces, came in later if came)]
        return np.concatenate(lost), np.concatenate(gained)
