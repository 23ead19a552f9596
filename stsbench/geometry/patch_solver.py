"""Solve for values on the new vertices of every patch: positions, colours, anything.

Rules owned here:
- Known values stay as they are; every hole is a system of its own. Patches that touch see each
  other as they were before the call, so the order of the holes doesn't matter.
- A membrane spreads values harmonically. A plate also continues slope and curvature: it minimises
  the squared curvature y = Lx / area, plus `STIFFNESS` times the squared differences of y along
  edges, on the patch and over the rim. The first term alone flattens domes, the second alone
  overshoots in wide holes; edges count alike in it, which keeps it free of negative weights.
- A hole whose system has no unique solution keeps the values it came with, and is named.

Source: M. Botsch, L. Kobbelt, *An intuitive framework for real-time freeform modeling*, ACM
Transactions on Graphics 23(3), 2004. The mix of both terms was chosen by measuring fills.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import kernel
from stsbench.geometry.curvature_rows import CurvatureRows, make_room, write_curvature_rows
from stsbench.geometry.patch_graph import PatchGraph, Weights

if TYPE_CHECKING:
    from scipy.sparse import csc_array

__all__ = ["DENSE_UNKNOWNS", "STIFFNESS", "solve_membranes", "solve_plates"]

DENSE_UNKNOWNS = 128
STIFFNESS = 10.0


@kernel
def _solve_small(
    limit: int,
    stiffness: float,
    vertex_offsets: NDArray[np.int64],
    rim_offsets: NDArray[np.int64],
    graph: PatchGraph,
    weights: Weights,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
    rows: CurvatureRows,
    gradient: NDArray[np.float64],
    matrix: NDArray[np.float64],
    solved: NDArray[np.float64],
    good: NDArray[np.bool_],
) -> None:
    """Solve every hole of at most `limit` unknowns by elimination; a membrane if not stiff.

    `matrix` has the right side in its last columns, `gradient` too.
    """
    channels = field.shape[1]
    for loop in range(vertex_offsets.shape[0] - 1):
        low = vertex_offsets[loop]
        high = vertex_offsets[loop + 1]
        n = high - low
        if n == 0 or n > limit:
            continue
        wide = n + channels
        for x in range(n):
            for y in range(wide):
                matrix[x, y] = 0.0
        count, links = write_curvature_rows(
            low, high, rim_offsets[loop], rim_offsets[loop + 1], stiffness, graph, weights,
            field, new_field, rows,
        )  # fmt: skip
        if stiffness < 0.0:
            for x in range(n):
                for e in range(rows.offsets[x], rows.offsets[x + 1]):
                    matrix[x, rows.unknown[e]] += rows.factor[e]
                for k in range(channels):
                    matrix[x, n + k] = -rows.known[x, k]
        else:
            for item in range(count):
                for y in range(wide):
                    gradient[item, y] = 0.0
                for e in range(rows.offsets[item], rows.offsets[item + 1]):
                    gradient[item, rows.unknown[e]] += rows.scale[item] * rows.factor[e]
                for k in range(channels):
                    own = rows.scale[item] * rows.known[item, k]
                    gradient[item, n + k] = rows.pull[item, k] - own
            for item in range(links):
                a = rows.link[item, 0]
                b = rows.link[item, 1]
                for e in range(rows.offsets[b], rows.offsets[b + 1]):
                    gradient[a, rows.unknown[e]] -= stiffness * rows.factor[e]
                for k in range(channels):
                    gradient[a, n + k] += stiffness * rows.known[b, k]
            for item in range(count):
                for e in range(rows.offsets[item], rows.offsets[item + 1]):
                    x = rows.unknown[e]
                    for y in range(wide):
                        matrix[x, y] += rows.factor[e] * gradient[item, y]
        regular = True
        for x in range(n):
            pivot = matrix[x, x]
            if not pivot > 1e-12:
                regular = False
                break
            for y in range(x + 1, n):
                ratio = matrix[x, y] / pivot
                if ratio != 0.0:  # symmetric: only the upper half is kept
                    for z in range(y, wide):
                        matrix[y, z] -= ratio * matrix[x, z]
        good[loop] = regular
        for x in range(n - 1, -1, -1):
            if not regular:
                break
            for k in range(channels):
                total = matrix[x, n + k]
                for y in range(x + 1, n):
                    total -= matrix[x, y] * solved[low + y, k]
                solved[low + x, k] = total / matrix[x, x]


def _factorise_and_solve(
    matrix: "csc_array[np.float64]", right: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Solve a large symmetric system; None where it is singular."""
    from scipy.sparse.linalg import splu  # noqa: PLC0415 - see _solve_large_plate

    try:
        factors = splu(
            matrix,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
    except RuntimeError:  # exactly singular
        return None
    answer: NDArray[np.float64] = factors.solve(right)
    return answer if np.isfinite(answer).all() else None


def _solve_large_plate(
    loop: int,
    stiffness: float,
    vertex_offsets: NDArray[np.int64],
    rim_offsets: NDArray[np.int64],
    graph: PatchGraph,
    weights: Weights,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """Solve one large hole with a sparse factorisation."""
    # Most scans have no large hole, and this import takes a tenth of a second of every command.
    from scipy.sparse import csr_array  # noqa: PLC0415

    low, high = int(vertex_offsets[loop]), int(vertex_offsets[loop + 1])
    start, end = int(rim_offsets[loop]), int(rim_offsets[loop + 1])
    rows = make_room(graph, high - low + end - start, field.shape[1])
    count, links = write_curvature_rows(
        low, high, start, end, stiffness, graph, weights, field, new_field, rows
    )
    used = int(rows.offsets[count])
    curvature = csr_array(
        (rows.factor[:used], rows.unknown[:used], rows.offsets[: count + 1]),
        shape=(count, high - low),
    )
    a, b = rows.link[:links].T
    diagonal = np.arange(count)
    energy = csr_array(
        (
            np.concatenate([rows.scale[:count], np.full(links, -stiffness)]),
            (np.concatenate([diagonal, a]), np.concatenate([diagonal, b])),
        ),
        shape=(count, count),
    )
    matrix = (curvature.T @ (energy @ curvature)).tocsc()
    right = curvature.T @ (rows.pull[:count] - energy @ rows.known[:count])
    return _factorise_and_solve(matrix, right)


def _solve_large_membrane(
    low: int,
    high: int,
    graph: PatchGraph,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """Spread values harmonically over one large hole."""
    from scipy.sparse import csc_array  # noqa: PLC0415 - see _solve_large_plate

    begin, end = graph.offsets[low], graph.offsets[high]
    degree = np.diff(graph.offsets[low : high + 1])
    own = np.repeat(np.arange(high - low), degree)
    other = graph.neighbour[begin:end].astype(np.int64) - len(field)
    inside = (other >= low) & (other < high)
    matrix = csc_array(
        (
            np.concatenate([degree, np.full(np.count_nonzero(inside), -1.0)]),
            (
                np.concatenate([np.arange(high - low), own[inside]]),
                np.concatenate([np.arange(high - low), other[inside] - low]),
            ),
        ),
        shape=(high - low, high - low),
    )
    right = np.zeros((high - low, field.shape[1]))
    np.add.at(right, own[~inside], np.vstack([field, new_field])[other[~inside] + len(field)])
    return _factorise_and_solve(matrix, right)


def _solve(
    stiffness: float,
    vertex_offsets: NDArray[np.int64],
    rim_offsets: NDArray[np.int64],
    graph: PatchGraph,
    weights: Weights,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Solve all holes; a membrane where stiffness is negative."""
    counts = np.diff(vertex_offsets)
    is_small = counts <= DENSE_UNKNOWNS
    channels = field.shape[1]
    small = int(counts[is_small].max(initial=0))
    most_rows = int((counts + np.diff(rim_offsets))[is_small].max(initial=0))
    solved, good = new_field.copy(), is_small & (counts == 0)
    _solve_small(
        DENSE_UNKNOWNS, stiffness, vertex_offsets, rim_offsets, graph, weights, field, new_field,
        make_room(graph, most_rows, channels), np.empty((most_rows, small + channels)),
        np.empty((small, small + channels)), solved, good,
    )  # fmt: skip
    for loop in np.flatnonzero(~is_small):
        low, high = int(vertex_offsets[loop]), int(vertex_offsets[loop + 1])
        if stiffness < 0.0:
            answer = _solve_large_membrane(low, high, graph, field, new_field)
        else:
            answer = _solve_large_plate(
                int(loop), stiffness, vertex_offsets, rim_offsets, graph, weights, field, new_field
            )
        if answer is not None:
            solved[low:high] = answer
            good[loop] = True
    return solved, good


def solve_membranes(
    vertex_offsets: NDArray[np.int64],
    rim_offsets: NDArray[np.int64],
    graph: PatchGraph,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Spread a field harmonically from the rims, every edge alike.

    Parameters
    ----------
    vertex_offsets, rim_offsets : (L+1,) int64
        Which new vertices and which places of the rims belong to each hole.
    graph : PatchGraph
    field : (V, K) float64
        Positions, colours or any other values on the old vertices.
    new_field : (N, K) float64
        The same on the new vertices, as they are now.

    Returns
    -------
    solved : (N, K) float64
    good : (L,) bool
        False where the system had no unique solution and the field stayed as it was.
    """
    even = Weights(np.ones(len(graph.neighbour)), np.ones(len(graph.row_vertex)))
    return _solve(-1.0, vertex_offsets, rim_offsets, graph, even, field, new_field)


def solve_plates(
    vertex_offsets: NDArray[np.int64],
    rim_offsets: NDArray[np.int64],
    graph: PatchGraph,
    weights: Weights,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
    *,
    stiffness: float = STIFFNESS,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Continue a field into the patches with its slope and curvature.

    Parameters and results are those of `solve_membranes`; `weights` come from `weigh_graph`, and
    `stiffness` is what differences of curvature along edges count.
    """
    return _solve(stiffness, vertex_offsets, rim_offsets, graph, weights, field, new_field)
