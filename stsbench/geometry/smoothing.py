"""Smooth a region of a surface within a cap: vertices move along their normals only.

Rules owned here:
- Only vertices marked free move, each along its own normal of before and never farther than the cap.
  So a plane stays a plane bit for bit, a region does not shrink along itself and no face turns over
  unless the cap is wider than the faces are.
- Passes come in pairs, one inwards and one as far outwards: noise goes, the curvature of a tooth
  stays, and a ball keeps its size. The cap cuts the whole way off at the end, not each pass.
- Results are float32 numbers.

Source: G. Taubin, *A signal processing approach to fair surface design*, SIGGRAPH 1995.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.wide_normals import sum_near

__all__ = ["inner_vertices", "smooth_along_normals"]

_FACTOR = 0.5  # a wave that turns at every vertex is gone after one pair, no wave grows


@kernel
def _passes(vertices, faces, normals, free, passes, height):
    count = len(vertices)
    total = np.empty((count, 3))
    valence = np.zeros(count)
    for f in range(len(faces)):
        for j in range(3):
            valence[faces[f, j]] += 2
    for turn in range(2 * passes):
        factor = _FACTOR if turn % 2 == 0 else -_FACTOR
        total[:] = 0.0
        for f in range(len(faces)):
            for j in range(3):
                v = faces[f, j]
                if not free[v]:
                    continue
                for other in (faces[f, (j + 1) % 3], faces[f, (j + 2) % 3]):
                    for k in range(3):
                        total[v, k] += (
                            vertices[other, k] + height[other] * normals[other, k] - vertices[v, k]
                        )
        for v in range(count):
            if free[v] and valence[v] > 0:
                along = 0.0
                for k in range(3):
                    along += normals[v, k] * total[v, k]
                height[v] += factor * (along / valence[v] - height[v])


def smooth_along_normals(
    vertices: Vertices,
    faces: Faces,
    free: Mask,
    *,
    cap_mm: float,
    passes: int,
    scale: NDArray[np.float64] | None = None,
) -> Vertices:
    """Smooth the free vertices of a surface.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        float32 numbers.
    faces : (F, 3) int32
        All faces at every free vertex; others do no harm.
    free : (V,) bool
    cap_mm : float
        Farthest a vertex moves.
    passes : int
        Pairs of passes.
    scale : (V,) float64, optional
        Part of its way that each vertex goes in the end, 1 by default.

    Returns
    -------
    (V, 3) float64, mm
        float32 numbers; vertices that are not free are the same bit for bit.

    References
    ----------
    G. Taubin, *A signal processing approach to fair surface design*, SIGGRAPH 1995.
    """
    sums = sum_near(vertices, faces)[:, :3]
    length = np.sqrt(np.einsum("ij,ij->i", sums, sums))
    normals = np.ascontiguousarray(sums / np.maximum(length, 1e-300)[:, None])
    height = np.zeros(len(vertices))
    # Rounding to float32 may lengthen a move by a rounding of the largest coordinate.
    slack = float(np.spacing(np.float32(np.abs(vertices).max(initial=0.0))))
    _passes(vertices, faces, normals, free, passes, height)
    height = np.clip(height, -max(cap_mm - slack, 0.0), max(cap_mm - slack, 0.0))
    if scale is not None:
        height *= scale
    places = (vertices + height[:, None] * normals).astype(np.float32).astype(np.float64)
    return np.where((free & (height != 0))[:, None], places, vertices)


def inner_vertices(faces: Faces, chosen: Mask, open_vertices: NDArray[np.integer]) -> Mask:
    """Mark the vertices all of whose faces are chosen and that lie on no open edge.

    Parameters
    ----------
    faces : (F, 3) int32
    chosen : (F,) bool
    open_vertices : (N,) int
    """
    count = int(faces.max(initial=-1)) + 1
    inner = np.zeros(count, dtype=bool)
    inner[faces[chosen]] = True
    inner[faces[~chosen]] = False
    inner[open_vertices] = False
    return inner
