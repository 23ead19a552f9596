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
from stsbench.geometry.banded_systems import SPARE, solve_band
from stsbench.geometry.compiled import kernel
from stsbench.geometry.patch_graph import PatchGraph
from stsbench.geometry.patch_weights import LEAST_AREA, MOST_AREA, Weights
from stsbench.geometry.sparse_plates import solve_sparse

__all__ = ["MEMBRANE", "PLATE_UNKNOWNS", "STIFFNESS", "solve_patches"]

STIFFNESS = 10.0
PLATE_UNKNOWNS = 20_000  # a plate of these takes 0.6 s to factorise
_MOST_WORK = 1_500_000_000  # multiplications within a band; above, a sparse factorisation is faster
MEMBRANE = -1.0


class _Room(NamedTuple):
    """Scratch for one hole after the other; rows are those of the graph."""

    local: NDArray[np.int32]  # (R,) place of a row among the hole's, -1 elsewhere
    row: NDArray[np.int32]  # the hole's rows
    mass: NDArray[np.float64]
    bend: NDArray[np.float64]  # (R, K) curvature as things are
    ends: NDArray[np.int64]  # of each row's entries
    reach: NDArray[np.int64]  # (R, 4) first and last unknown: its own, and its neighbours' as well
    unknown: NDArray[np.int32]
    factor: NDArray[np.float64]
    gradient: NDArray[np.float64]  # one row of the energy's
    pull: NDArray[np.float64]  # (K,)
    system: NDArray[np.float64]  # as `solve_band` takes it


@kernel
def _solve_holes(
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
    """Solve every hole for the steps to its solution; a membrane if not stiff.

    `state` becomes 1 where a hole is solved, 2 where it has no unique solution or is not chosen, and
    stays 0 where it takes too much work.
    """
    neighbour = graph.neighbour
    fans = graph.offsets
    is_open = graph.is_open
    local, rows, mass, bend, ends, reach, unknown, factor, gradient, pull, system = room
    channels = position.shape[1]
    plate = stiffness >= 0.0
    for loop in range(vertex_offsets.shape[0] - 1):
        low = vertex_offsets[loop]
        high = vertex_offsets[loop + 1]
        n = high - low
        if not chosen[loop]:
            state[loop] = 2
            continue
        # A hole's own rows, those of its rim, then the rows beside them.
        first_place = rim_offsets[loop] - n
        count = 0
        for item in range(n + rim_offsets[loop + 1] - rim_offsets[loop] if plate and n > 0 else n):
            row = low + item if item < n else graph.rim_row[first_place + item]
            if row >= 0 and not is_open[row]:
                local[row] = count
                rows[count] = row
                count += 1
        core = count
        for item in range(core if stiffness > 0.0 else 0):
            for e in range(fans[rows[item]], fans[rows[item] + 1]):
                v = neighbour[e]
                if local[v] < 0 and not is_open[v]:
                    local[v] = count
                    rows[count] = v
                    count += 1
        mean = 1e-300
        for row in range(low, high):
            mean += area[row] / n
        at = 0
        ends[0] = 0
        for item in range(count):
            row = rows[item]
            mass[item] = min(max(area[row] / mean, LEAST_AREA), MOST_AREA) if plate else 1.0
            total = 0.0
            reach[item, 0] = n
            reach[item, 1] = -1
            for k in range(channels):
                bend[item, k] = 0.0
            # Last comes the row itself.
            for e in range(fans[row], fans[row + 1] + 1):
                itself = e == fans[row + 1]
                v = row if itself else neighbour[e]
                w = total if itself else -weight[e] / mass[item]
                total -= w
                for k in range(channels):
                    bend[item, k] += w * (position[v, k] - position[row, k])
                if low <= v < high:
                    unknown[at] = v - low
                    factor[at] = w
                    reach[item, 0] = min(reach[item, 0], v - low)
                    reach[item, 1] = max(reach[item, 1], v - low)
                    at += 1
            ends[item + 1] = at
        band = 0
        for item in range(core):
            row = rows[item]
            left = n
            right = -1
            for e in range(fans[row] if stiffness > 0.0 else fans[row + 1], fans[row + 1] + 1):
                other = local[row if e == fans[row + 1] else neighbour[e]]
                if other >= 0:
                    left = min(left, reach[other, 0])
                    right = max(right, reach[other, 1])
            reach[item, 2] = left
            reach[item, 3] = right
            band = max(band, right - (reach[item, 0] if plate else row - low))
        wide = band + 1 + SPARE + channels
        fits = n * (wide - SPARE) * (wide - SPARE) <= most_work and n * wide <= system.shape[0]
        for x in range(n * wide if fits else 0):
            system[x] = 0.0
        for item in range(core if fits else 0):
            row = rows[item]
            left = reach[item, 2]
            right = reach[item, 3]
            scale = mass[item]
            for x in range(left, right + 1):
                gradient[x] = 0.0
            for k in range(channels):
                pull[k] = 0.0
            for e in range(fans[row] if stiffness > 0.0 else fans[row + 1], fans[row + 1] + 1):
                itself = e == fans[row + 1]
                other = local[row if itself else neighbour[e]]
                if other >= 0:
                    scale += 0.0 if itself else stiffness
                    times = scale if itself else -stiffness
                    for g in range(ends[other], ends[other + 1]):
                        gradient[unknown[g]] += times * factor[g]
                    for k in range(channels):
                        pull[k] += times * bend[other, k]
            # A membrane's own equation stands as it is; a plate's are summed over what they hold.
            for e in range(ends[item] if plate else ends[item + 1] - 1, ends[item + 1]):
                x = unknown[e]
                times = factor[e] if plate else 1.0
                begin = max(x, left)
                target = system[x * wide + begin - x :]
                source = gradient[begin:]
                for y in range(right + 1 - begin):
                    target[y] += times * source[y]
                for k in range(channels):
                    system[x * wide + band + 1 + SPARE + k] -= times * pull[k]
        for item in range(count):
            local[rows[item]] = -1
        if fits:
            state[loop] = 2
            if solve_band(system, n, band, channels):
                state[loop] = 1
                for x in range(n):
                    for k in range(channels):
                        solved[low + x, k] += system[x * wide + band + 1 + SPARE + k]


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
    rows, channels = len(graph.is_open), position.shape[1]
    entries = len(graph.leaving) + rows
    most = int(counts.max(initial=0))
    widest = np.minimum(counts, np.sqrt(_MOST_WORK / np.maximum(counts, 1)))
    room = _Room(
        local=np.full(rows, -1, np.int32),
        row=np.empty(rows, np.int32),
        mass=np.empty(rows),
        bend=np.empty((rows, channels)),
        ends=np.empty(rows + 1, np.int64),
        reach=np.empty((rows, 4), np.int64),
        unknown=np.empty(entries, np.int32),
        factor=np.empty(entries),
        gradient=np.empty(most),
        pull=np.empty(channels),
        system=np.empty(int(((counts + SPARE) * (widest + SPARE + channels)).max(initial=0))),
    )
    solved = position[: graph.new].copy()
    state = np.zeros(len(counts), np.uint8)
    if chosen is None:
        chosen = np.ones(len(counts), np.bool_)
    _solve_holes(
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
