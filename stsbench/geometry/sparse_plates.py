"""Solve one wide patch with a sparse factorisation.

Rules owned here:
- The system is the one that `patch_solver` describes; this is for patches too wide for its bands.
- A system without a unique solution has no answer.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.patch_graph import PatchGraph
from stsbench.geometry.patch_weights import Weights, clamped_areas

if TYPE_CHECKING:
    from scipy.sparse import csc_array

__all__ = ["solve_sparse"]

Values = NDArray[np.float64]


def _curvature(
    rows: NDArray[np.int64], mass: Values, graph: PatchGraph, weights: Weights
) -> tuple[NDArray[np.int64], NDArray[np.int64], Values]:
    """Return entries of the curvature of rows: item, vertex, factor."""
    begin = graph.offsets[rows]
    degree = graph.offsets[rows + 1] - begin
    item = np.repeat(np.arange(len(rows)), degree)
    entry = np.arange(len(item)) + np.repeat(begin - (np.cumsum(degree) - degree), degree)
    pull = weights.weight[entry] / mass[item]
    return (
        np.concatenate([item, np.arange(len(rows))]),
        np.concatenate([graph.neighbour[entry].astype(np.int64), rows]),
        np.concatenate([-pull, np.bincount(item, pull, len(rows))]),
    )


def _summed(item: NDArray[np.int64], values: Values, count: int) -> Values:
    """Add up rows of values by item."""
    return np.stack([np.bincount(item, column, count) for column in values.T], axis=1)


def _factorise_and_solve(matrix: "csc_array[np.float64]", right: Values) -> Values | None:
    """Solve a large symmetric system; None where it is singular."""
    # Most scans have no wide hole, and this import takes a tenth of a second of every command.
    from scipy.sparse.linalg import splu  # noqa: PLC0415

    try:
        factors = splu(
            matrix,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
    except RuntimeError:  # exactly singular
        return None
    answer: Values = factors.solve(right)
    return answer if np.isfinite(answer).all() else None


def solve_sparse(
    new: slice,
    places: NDArray[np.int32],
    graph: PatchGraph,
    weights: Weights,
    position: Values,
    *,
    stiffness: float,
) -> Values | None:
    """Solve one hole; None where its system has no unique solution.

    Parameters
    ----------
    new : slice
        Its new vertices.
    places : (B,) int32
        Rows of its rim, -1 for repeated ones.
    graph : PatchGraph
    weights : Weights
    position : (P, K) float64
    stiffness : float
        A membrane if negative.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415 - see _factorise_and_solve

    plate = stiffness >= 0.0
    rows = np.arange(new.start, new.stop)
    mean = float(weights.area[rows].mean())
    if plate:
        rows = np.concatenate([rows, places[places >= 0]])
        rows = rows[~graph.is_open[rows]]
    mass = clamped_areas(weights.area[rows], mean) if plate else np.ones(len(rows))
    item, vertex, factor = _curvature(rows, mass, graph, weights)
    inside = (vertex >= new.start) & (vertex < new.stop)
    shape = (len(rows), new.stop - new.start)
    curvature = csr_array((factor[inside], (item[inside], vertex[inside] - new.start)), shape=shape)
    away = ~inside
    known = _summed(item[away], factor[away, None] * position[vertex[away]], len(rows))
    if not plate:
        return _factorise_and_solve(curvature.tocsc(), -known)
    item, vertex = item[: -len(rows)], vertex[: -len(rows)]
    linked = ~graph.is_open[vertex]
    item, vertex = item[linked], vertex[linked]
    local = np.full(len(graph.is_open), -1)
    local[rows] = np.arange(len(rows))
    other = local[vertex]
    within = (other >= 0) & (stiffness > 0.0)
    beyond = (other < 0) & (stiffness > 0.0)
    strength = mass + stiffness * np.bincount(item, minlength=len(rows))
    diagonal = np.arange(len(rows))
    energy = csr_array(
        (
            np.concatenate([strength, np.full(np.count_nonzero(within), -stiffness)]),
            (
                np.concatenate([diagonal, item[within]]),
                np.concatenate([diagonal, other[within]]),
            ),
        ),
        shape=(len(rows), len(rows)),
    )
    beside, which = np.unique(vertex[beyond], return_inverse=True)
    masses = clamped_areas(weights.area[beside], mean)
    outer, corner, factor = _curvature(beside, masses, graph, weights)
    outside = _summed(outer, factor[:, None] * position[corner], len(beside))
    pull = stiffness * _summed(item[beyond], outside[which], len(rows))
    matrix = (curvature.T @ (energy @ curvature)).tocsc()
    return _factorise_and_solve(matrix, curvature.T @ (pull - energy @ known))
