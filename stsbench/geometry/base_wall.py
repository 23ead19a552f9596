"""A base hung on a rim: a seam down to a clean outline, a wall, a plinth and a flat bottom.

Rules owned here:
- The faces of the sheet are taken over as they are; only faces are added.
- The seam joins every rim vertex to its own partner on the outline, so nothing has to be cut, and
  the raggedness of the rim ends with it: wall and plinth under it are vertical and smooth.
- The bottom is one plane.
- Coordinates are those of the model: z up, out of the biting surface.

The result is closed and of one piece by construction. Whether it crosses itself depends on the rim:
callers measure that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Loop, Vertices
from stsbench.geometry.solid import triangulate_outline

__all__ = ["Base", "hang_base"]


@dataclass(frozen=True, eq=False, slots=True)
class Base:
    """What a base adds to a sheet.

    Parameters
    ----------
    vertices : (M, 3) float64, mm
        New vertices only, ring by ring from the top.
    faces : (K, 3) int32
        Indices into the old vertices with the new ones after them; the bottom's faces last.
    bottom_face_count : int
    """

    vertices: Vertices
    faces: Faces
    bottom_face_count: int


def _strip(
    upper: NDArray[np.integer], lower: NDArray[np.integer], places: Vertices
) -> NDArray[np.integer]:
    """Join two rings of equal length, each quad cut along its shorter diagonal."""
    upper_next, lower_next = np.roll(upper, -1), np.roll(lower, -1)
    down = np.linalg.norm(places[upper_next] - places[lower], axis=1)
    up = np.linalg.norm(places[upper] - places[lower_next], axis=1)
    falling = (down <= up)[:, None, None]
    cut_down = np.stack(
        [np.c_[upper_next, upper, lower], np.c_[upper_next, lower, lower_next]], axis=1
    )
    cut_up = np.stack(
        [np.c_[upper_next, upper, lower_next], np.c_[upper, lower, lower_next]], axis=1
    )
    strip: NDArray[np.integer] = np.where(falling, cut_down, cut_up).reshape(-1, 3)
    return strip


def hang_base(
    vertices: Vertices,
    rim: Loop,
    outline: NDArray[np.float64],
    levels: Sequence[NDArray[np.float64] | float],
) -> Base:
    """Hang a base on a rim.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        Of the sheet, z up.
    rim : (N,) int32
        Running with the faces that own its edges: counter-clockwise seen from above.
    outline : (N, 2) float64, mm
        A simple polygon, counter-clockwise; one corner per rim vertex.
    levels : sequence of (N,) float64 or float, mm
        Height of each ring of the outline, from the top; the last is the bottom, a float.

    Returns
    -------
    Base
    """
    count = len(rim)
    new = np.vstack([np.c_[outline, np.broadcast_to(level, count)] for level in levels])
    places = np.vstack([vertices, new])
    rings = [rim.astype(np.int64)]
    rings += [len(vertices) + k * count + np.arange(count) for k in range(len(levels))]
    strips = [_strip(upper, lower, places) for upper, lower in pairwise(rings)]
    bottom = rings[-1][triangulate_outline(outline)[:, ::-1]]
    return Base(new, np.concatenate([*strips, bottom]).astype(np.int32), len(bottom))
