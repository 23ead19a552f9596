"""Directions from which an arch may be lying on its teeth: where the search for the plane starts.

Rules owned here:
- A plane that an arch rests on touches inner surface widely, while the border as a whole hangs
  below it and the arch is low over it. Every direction of the sphere is scored by that.
- Cones about both ends of the thinnest axis always belong to the candidates: tilted trims mislead
  the score, but seldom the thinnest axis by more than 30 degrees.

Limits: choices, not facts, tried on 28 labelled real scans (research: dental, 9).
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask, Vertices
from stsbench.geometry.occlusal_plane import extents_over

__all__ = ["resting_directions"]

_SPHERE = 1000  # directions of the coarse scan, about 6.4 degrees apart
_TOUCH_MM = 2.5
_DEEP_MM = 6.0  # a border this far below counts in full
_CONES = ((0.0, 1), (0.26, 6), (0.52, 8))  # tilt in radians, directions around
_SAME_DEG = 18.0  # coarse directions closer than this are one candidate
_MORE_CANDIDATES = 6
_SPARSE = 7  # every seventh point is enough for the extents


def _sphere_directions(count: int) -> Vertices:
    """Spread unit vectors over the sphere along a golden spiral."""
    k = np.arange(count) + 0.5
    z = 1 - 2 * k / count
    angle = k * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)


def _touching_spread(positions: Vertices, touching: Mask, normals: Vertices) -> NDArray[np.float64]:
    """Narrow spread in mm (two sigma) of the points each direction touches.

    The moments of all directions come from one product, (D, N) by (N, 10).
    """
    x, y, z = positions.T
    terms = np.stack([np.ones_like(x), x, y, z, x * x, x * y, x * z, y * y, y * z, z * z], axis=1)
    moments = touching.T.astype(np.float64) @ terms
    count = np.maximum(moments[:, 0], 1.0)
    mean = moments[:, 1:4] / count[:, None]
    second = (moments[:, 4:] / count[:, None])[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
    spread = second - mean[:, :, None] * mean[:, None, :]
    flat = np.eye(3) - normals[:, :, None] * normals[:, None, :]
    middle = np.linalg.eigvalsh(flat @ spread @ flat)[:, 1]
    return np.where(moments[:, 0] < 3, 0.0, 2 * np.sqrt(np.maximum(middle, 0.0)))


def resting_directions(positions: Vertices, inner: Mask, border: Vertices) -> list[Vertices]:
    """List upward directions worth trying, the likely ones of the thinnest axis first.

    Parameters
    ----------
    positions : (N, 3) float64, mm
        Even points of the surface.
    inner : (N,) bool
        Points well inside the border.
    border : (B, 3) float64, mm
        Even points of the border; may be empty.

    Returns
    -------
    list of (3,) float64
        Unit vectors.
    """
    centred = positions - positions.mean(axis=0)
    principal = np.linalg.eigh(centred.T @ centred)[1][:, ::-1].T
    starts = [
        sign
        * (
            np.cos(tilt) * principal[2]
            + np.sin(tilt) * (np.cos(turn) * principal[0] + np.sin(turn) * principal[1])
        )
        for sign in (1, -1)
        for tilt, count in _CONES
        for turn in np.arange(count) * 2 * np.pi / count
    ]
    normals = np.concatenate([principal[2:], -principal[2:], _sphere_directions(_SPHERE)])
    reached = centred[inner] if inner.any() else centred
    heights = reached @ normals.T
    top = heights.max(axis=0)
    spread = _touching_spread(reached, heights > top - _TOUCH_MM, normals)
    depth = np.full(len(normals), _DEEP_MM)
    if len(border):
        depth = top - np.median((border - positions.mean(axis=0)) @ normals.T, axis=0)
    up, across = extents_over(positions[::_SPARSE], normals)
    score = spread * np.clip(depth, 0.1, _DEEP_MM) * np.clip(1.6 - up / across, 0.1, 1)
    cones = len(starts)
    for k in np.argsort(-score, kind="stable"):
        if all(normals[k] @ start < np.cos(np.radians(_SAME_DEG)) for start in starts):
            starts.append(normals[k])
        if len(starts) == cones + _MORE_CANDIDATES:
            break
    return starts
