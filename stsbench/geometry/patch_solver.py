"""Solve for values on the new vertices of every patch: positions, colours, anything.

Rules owned here:
- Known values stay as they are; every hole is a system of its own. Patches that touch see each
  other as they were before the call, so the order of the holes doesn't matter.
- A membrane spreads values harmonically. A plate also continues slope and curvature: it minimises
  the squared curvature y = Lx / area, plus `STIFFNESS` times the squared differences of y along
  edges, on the patch and over the rim. The first term alone flattens domes, the second alone
  overshoots in wide holes; edges count alike in it, which keeps it free of negative weights.
- Systems are banded, since new vertices are numbered along their patch; only those that are too
  wide for elimination within their band go to a sparse factorisation.
- A hole whose system has no unique solution keeps the values it came with, and is named.

Source: M. Botsch, L. Kobbelt, *An intuitive framework for real-time freeform modeling*, ACM
Transactions on Graphics 23(3), 2004. The mix of both terms was chosen by measuring fills.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask
from stsbench.geometry.compiled import kernel
from stsbench.geometry.patch_graph import PatchGraph
from stsbench.geometry.patch_weights import LEAST_AREA, MOST_AREA, Weights
from stsbench.geometry.sparse_plates import solve_sparse

__all__ = ["MEMBRANE", "PLATE_UNKNOWNS", "STIFFNESS", "solve_patches"]

STIFFNESS = 10.0
PLATE_UNKNOWNS = 20_000  # a plate of these takes 0.6 s to factorise
_FULL = 32  # unknowns up to which a band is not looked for
_MOST_WORK = 120_000_000  # multiplications within a band; above, a sparse factorisation is faster
MEMBRANE = -1.0


class _Room(NamedTuple):
    """Scratch for one hole after the other."""

    local: NDArray[np.int32]  # (R,) place of a row among the hole's, -1 elsewhere
    row: NDArray[np.int32]  # the hole's rows
    offsets: NDArray[np.int64]
    unknown: NDArray[np.int32]
    factor: NDArray[np.float64]
    known: NDArray[np.float64]  # (rows, K) curvature due to known values
    gradient: NDArray[np.float64]  # (unknowns + K,) one row of the energy's
    outside: NDArray[np.float64]  # (K,) one row's curvature
    matrix: NDArray[np.float64]  # (unknowns, band + 1 + K) upper half, then the right side


@kernel
def _solve_banded(
    stiffness: float,
    chosen: Mask,
    most_work: int,
    vertex_offsets: NDArray[np.int64],
    rim_offsets: NDArray[np.int64],
    graph: PatchGraph,
    weight: NDArray[np.float64],
    area: NDArray[np.float64],
    position: NDArray[np.float64],
    room: _Room,
    solved: NDArray[np.float64],
    state: NDArray[np.uint8],
) -> None:
    """Solve every hole by elimination; a membrane if not stiff.

    `state` becomes 1 where a hole is solved, 2 where it has no unique solution or is not chosen, and
    stays 0 where it takes too much work.
    """
    neighbour = graph.neighbour
    fans = graph.offsets
    is_open = graph.is_open
    local, row_list, offsets, unknown, factor, known, gradient, outside, matrix = room
    channels = position.shape[1]
    plate = stiffness >= 0.0
    for loop in range(vertex_offsets.shape[0] - 1):
        low = vertex_offsets[loop]
        high = vertex_offsets[loop + 1]
        n = high - low
        if not chosen[loop]:
            state[loop] = 2
            continue
        first_place = rim_offsets[loop]
        items = n + rim_offsets[loop + 1] - first_place if plate else n
        mean = 1e-300
        for row in range(low, high):
            mean += area[row] / n
        count = 0
        at = 0
        offsets[0] = 0
        for item in range(items if n > 0 else 0):
            row = low + item if item < n else graph.rim_row[first_place + item - n]
            if row < 0 or is_open[row]:
                continue
            mass = min(max(area[row] / mean, LEAST_AREA), MOST_AREA) if plate else 1.0
            total = 0.0
            for k in range(channels):
                known[count, k] = 0.0
            # Last comes the row itself.
            for e in range(fans[row], fans[row + 1] + 1):
                itself = e == fans[row + 1]
                v = row if itself else neighbour[e]
                w = total if itself else -weight[e] / mass
                total -= w
                if low <= v < high:
                    unknown[at] = v - low
                    factor[at] = w
                    at += 1
                else:
                    for k in range(channels):
                        known[count, k] += w * position[v, k]
            local[row] = count
            row_list[count] = row
            count += 1
            offsets[count] = at
        band = n - 1 if n <= _FULL else 0
        for item in range(count if n > _FULL else 0):
            left = n
            right = 0
            for e in range(offsets[item], offsets[item + 1]):
                left = min(left, unknown[e])
                right = max(right, unknown[e])
            band = max(band, right - left if plate else max(right - item, item - left))
            row = row_list[item]
            for e in range(fans[row], fans[row + 1] if stiffness > 0.0 else fans[row]):
                other = local[neighbour[e]] if not is_open[neighbour[e]] else -1
                if other >= 0:
                    for g in range(offsets[other], offsets[other + 1]):
                        band = max(band, right - unknown[g], unknown[g] - left)
        wide = band + 1 + channels
        fits = n * wide * wide <= most_work and wide <= matrix.shape[1]
        for x in range(n if fits else 0):
            for y in range(wide):
                matrix[x, y] = 0.0
        for item in range(count if fits else 0):
            row = row_list[item]
            begin = offsets[item]
            end = offsets[item + 1]
            if not plate:
                for e in range(begin, end):
                    if unknown[e] >= item:
                        matrix[item, unknown[e] - item] += factor[e]
                for k in range(channels):
                    matrix[item, band + 1 + k] = -known[item, k]
                continue
            left = 1
            right = 0
            scale = min(max(area[row] / mean, LEAST_AREA), MOST_AREA)
            for k in range(channels):
                gradient[n + k] = 0.0
            # First the neighbours, then the row itself.
            last = fans[row + 1] if stiffness > 0.0 else fans[row]
            for e in range(last - 1, fans[row] - 2, -1):
                itself = e < fans[row]
                v = row if itself else neighbour[e]
                if is_open[v]:
                    continue
                scale += 0.0 if itself else stiffness
                times = scale if itself else -stiffness
                other = local[v]
                if other >= 0:
                    for g in range(offsets[other], offsets[other + 1]):
                        x = unknown[g]
                        if left > right:
                            left = x
                            right = x
                            gradient[x] = 0.0
                        while left > x:
                            left -= 1
                            gradient[left] = 0.0
                        while right < x:
                            right += 1
                            gradient[right] = 0.0
                        gradient[x] += times * factor[g]
                    for k in range(channels):
                        gradient[n + k] -= times * known[other, k]
                else:
                    mass = min(max(area[v] / mean, LEAST_AREA), MOST_AREA)
                    for k in range(channels):
                        outside[k] = 0.0
                    for g in range(fans[v], fans[v + 1]):
                        for k in range(channels):
                            step = position[v, k] - position[neighbour[g], k]
                            outside[k] += weight[g] * step
                    for k in range(channels):
                        gradient[n + k] -= times * outside[k] / mass
            for e in range(begin, end):
                x = unknown[e]
                for y in range(max(x, left), right + 1):
                    matrix[x, y - x] += factor[e] * gradient[y]
                for k in range(channels):
                    matrix[x, band + 1 + k] += factor[e] * gradient[n + k]
        for item in range(count):
            local[row_list[item]] = -1
        if not fits:
            continue
        state[loop] = 1
        for x in range(n):
            pivot = matrix[x]
            if not pivot[0] > 1e-12:
                state[loop] = 2
                break
            reach = min(band, n - 1 - x)
            for d in range(1, reach + 1):
                ratio = pivot[d] / pivot[0]
                if ratio != 0.0:  # symmetric: only the upper half is kept
                    target = matrix[x + d]
                    for z in range(reach + 1 - d):
                        target[z] -= ratio * pivot[d + z]
                    for k in range(channels):
                        target[band + 1 + k] -= ratio * pivot[band + 1 + k]
        for x in range(n - 1 if state[loop] == 1 else -1, -1, -1):
            for k in range(channels):
                total = matrix[x, band + 1 + k]
                for d in range(1, min(band, n - 1 - x) + 1):
                    total -= matrix[x, d] * solved[low + x + d, k]
                solved[low + x, k] = total / matrix[x, 0]


def solve_patches(
    vertex_offsets: NDArray[np.int64],
    rim_offsets: NDArray[np.int64],
    graph: PatchGraph,
    weights: Weights,
    position: NDArray[np.float64],
    *,
    stiffness: float = MEMBRANE,
    chosen: Mask | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Solve all holes for the values of their new vertices.

    Parameters
    ----------
    vertex_offsets, rim_offsets : (L+1,) int64
        Which new vertices and which places of the rims belong to each hole.
    graph : PatchGraph
    weights : Weights
        Even ones for a membrane, those of `weigh_graph` for a plate.
    position : (P, K) float64
        Positions, colours or any other values, as they are now, in numbers of the graph.
    stiffness : float
        What differences of curvature along edges count; a membrane if negative.
    chosen : (L,) bool, optional
        Other holes are left alone.

    Returns
    -------
    solved : (N, K) float64
    good : (L,) bool
        False where the values stayed as they were.
    """
    counts = np.diff(vertex_offsets)
    rows = int((counts + np.diff(rim_offsets)).max(initial=0))
    entries, channels = len(graph.leaving) + len(graph.is_open), position.shape[1]
    most = int(counts.max(initial=0))
    widest = np.minimum(counts, np.sqrt(_MOST_WORK / np.maximum(counts, 1))).max(initial=0)
    room = _Room(
        local=np.full(len(graph.is_open), -1, np.int32),
        row=np.empty(rows, np.int32),
        offsets=np.empty(rows + 1, np.int64),
        unknown=np.empty(entries, np.int32),
        factor=np.empty(entries),
        known=np.empty((rows + 1, channels)),
        gradient=np.empty(most + channels),
        outside=np.empty(channels),
        matrix=np.empty((most, int(widest) + channels)),
    )
    solved = position[: graph.new].copy()
    state = np.zeros(len(counts), np.uint8)
    if chosen is None:
        chosen = np.ones(len(counts), np.bool_)
    _solve_banded(
        stiffness, chosen, _MOST_WORK, vertex_offsets, rim_offsets, graph, weights.weight,
        weights.area, position, room, solved, state,
    )  # fmt: skip
    good = state == 1
    for loop in np.flatnonzero(state == 0):
        new = slice(int(vertex_offsets[loop]), int(vertex_offsets[loop + 1]))
        places = graph.rim_row[rim_offsets[loop] : rim_offsets[loop + 1]]
        answer = solve_sparse(new, places, graph, weights, position, stiffness=stiffness)
        if answer is not None:
            solved[new] = answer
            good[loop] = True
    return solved, good
