"""Rows of a draft's faces, kept aside so that they can be given back.

Rules owned here:
- A row is all that a draft knows of a face but its half-edges, which its neighbours decide.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask

__all__ = ["FaceRows"]

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
