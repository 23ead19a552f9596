"""Measure rims and patches: what can be said of a fill without knowing what was there.

Rules owned here:
- A rim's plane goes through the mean of its vertices; its normal is that of the rim's area vector,
  so it points to the outside of the surface.
- Height is that of the patch's own vertex that lies farthest from this plane, positive outside.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Vertices
from stsbench.geometry.hole_rims import Rims

__all__ = ["RimMeasures", "measure_heights", "measure_rims"]


class RimMeasures(NamedTuple):
    """Measures of each rim.

    Parameters
    ----------
    middle : (L, 3) float64, mm
    normal : (L, 3) float64
        Unit normal of its plane; zeros where it spans no area.
    radius_mm : (L,) float64
        From the middle to the farthest vertex.
    length_mm : (L,) float64
    """

    middle: Vertices
    normal: NDArray[np.float64]
    radius_mm: NDArray[np.float64]
    length_mm: NDArray[np.float64]


def measure_rims(vertices: Vertices, rims: Rims) -> RimMeasures:
    """Measure every rim.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    rims : Rims
    """
    sizes = np.diff(rims.offsets)
    loops = len(sizes)
    loop_of = np.repeat(np.arange(loops), sizes)
    corners = vertices[rims.vertex]
    total = np.stack([np.bincount(loop_of, axis, loops) for axis in corners.T], axis=1)
    middle = total / np.maximum(sizes, 1)[:, None]
    away = corners - middle[loop_of]
    after = away[rims.next_place()]
    along = after - away
    steps = np.sqrt(np.einsum("ij,ij->i", along, along))
    length = np.bincount(loop_of, steps, loops).astype(np.float64)
    area = np.cross(away, after)
    vector = np.stack([np.bincount(loop_of, axis, loops) for axis in area.T], axis=1)
    size = np.sqrt(np.einsum("ij,ij->i", vector, vector))
    normal = np.where(size[:, None] > 0.0, vector / np.maximum(size, 1e-300)[:, None], 0.0)
    radius = np.zeros(loops)
    np.maximum.at(radius, loop_of, np.sqrt(np.einsum("ij,ij->i", away, away)))
    return RimMeasures(middle, normal, radius, length)


def measure_heights(
    measures: RimMeasures, new_vertices: Vertices, hole_of_vertex: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return how far each patch rises over the plane of its rim, (L,) float64, mm.

    Parameters
    ----------
    measures : RimMeasures
    new_vertices : (N, 3) float64, mm
    hole_of_vertex : (N,) int
    """
    away = new_vertices - measures.middle[hole_of_vertex]
    height = np.einsum("ij,ij->i", away, measures.normal[hole_of_vertex])
    highest, lowest = np.zeros((2, len(measures.length_mm)))
    np.maximum.at(highest, hole_of_vertex, height)
    np.minimum.at(lowest, hole_of_vertex, height)
    return np.where(highest >= -lowest, highest, lowest)
