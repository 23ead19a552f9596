"""Weigh the half-edges of patches with cotangents, and their rows with areas.

Rules owned here:
- Cotangents are clamped so that a needle in the scan can't blow up a system.
- A row's area counts relative to its patch's mean and is clamped, so that needles don't rule.
- What lies outside the rims is weighed once; the new faces are weighed again whenever they moved.

Source: U. Pinkall, K. Polthier, *Computing discrete minimal surfaces and their conjugates*,
Experimental Mathematics 2(1), 1993.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.delaunay_flips import corner_of
from stsbench.geometry.hole_refinement import Refinement
from stsbench.geometry.patch_graph import PatchGraph

__all__ = [
    "LEAST_AREA",
    "MOST_AREA",
    "Weights",
    "clamped_areas",
    "membrane_weights",
    "weigh_again",
    "weigh_graph",
]

_LEAST_COTANGENT = -5.0
_MOST_COTANGENT = 20.0
_LEAST_PULL = 0.05
LEAST_AREA, MOST_AREA = 0.5, 2.0  # of the patch's mean


class Weights(NamedTuple):
    """How strongly neighbours pull, and the area each row stands for.

    Parameters
    ----------
    weight : (E,) float64
        Of each half-edge that leaves a row.
    area : (R,) float64, mm2
    cotangent : (3L,) float64
        Of the angle that faces each half-edge.
    third : (L,) float64, mm2
        Of the area of each face.
    """

    weight: NDArray[np.float64]
    area: NDArray[np.float64]
    cotangent: NDArray[np.float64]
    third: NDArray[np.float64]


@kernel
def _weigh(position: Vertices, graph: PatchGraph, weights: Weights, faces: int, rows: int) -> None:
    """Measure some faces, then add up weights and areas of the first rows."""
    weight, area, cotangent, third = weights
    leaving, returning, fans = graph.leaving, graph.returning, graph.offsets
    for f in range(faces):
        for j in range(3):
            a = graph.faces[f, j]
            b = graph.faces[f, j + 1 if j < 2 else 0]
            c = graph.faces[f, j - 1 if j > 0 else 2]
            _, _, _, twice, dot = corner_of(position, c, a, b)
            ratio = dot / max(twice, 1e-300)
            cotangent[3 * f + j] = min(max(ratio, _LEAST_COTANGENT), _MOST_COTANGENT)
            third[f] = twice / 6.0
    for row in range(rows):
        area[row] = 0.0
        for e in range(fans[row], fans[row + 1]):
            h = leaving[e]
            weight[e] = 0.5 * (cotangent[h] + cotangent[max(returning[e], 0)])
            area[row] += third[h // 3]


def clamped_areas(area: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """Return areas relative to their mean, clamped.

    Parameters
    ----------
    area : (R,) float64, mm2
    mean : float
    """
    return np.clip(area / mean, LEAST_AREA, MOST_AREA) if mean > 0.0 else np.ones(len(area))


def membrane_weights(refined: Refinement, graph: PatchGraph, weights: Weights) -> Weights:
    """Return positive weights for membranes.

    Every edge counts alike, which spaces vertices evenly. In graded patches cotangents count, which
    leaves vertices where they are: evenly spaced they would crowd where they are fine.

    Parameters
    ----------
    refined : Refinement
    graph : PatchGraph
    weights : Weights
        From `weigh_graph`, before anything moved.
    """
    even = np.ones(len(graph.leaving))
    for loop in np.flatnonzero(refined.graded):
        low, high = graph.offsets[refined.vertex_offsets[[loop, loop + 1]]]
        even[low:high] = np.maximum(weights.weight[low:high], _LEAST_PULL)
    return Weights(even, np.ones(len(graph.is_open)), weights.cotangent, weights.third)


def weigh_graph(position: Vertices, graph: PatchGraph) -> Weights:
    """Weigh all half-edges.

    Parameters
    ----------
    position : (P, 3) float64, mm
    graph : PatchGraph
    """
    faces, rows = len(graph.faces), len(graph.is_open)
    weights = Weights(
        np.empty(len(graph.leaving)), np.empty(rows), np.empty(3 * faces), np.empty(faces)
    )
    _weigh(position, graph, weights, faces, rows)
    return weights


def weigh_again(position: Vertices, graph: PatchGraph, weights: Weights, moved: int) -> None:
    """Weigh what the new faces take part in again, in place.

    Parameters
    ----------
    position : (P, 3) float64, mm
    graph : PatchGraph
    weights : Weights
    moved : int
        How many faces, and so the rows of new vertices and rims, have changed.
    """
    _weigh(position, graph, weights, moved, graph.new + graph.on_rim)
