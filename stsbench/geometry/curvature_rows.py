"""Write the curvature of a patch as a linear function of its unknown vertices.

Rules owned here:
- A row's curvature is y = Lx / area, its area relative to the patch's mean and clamped, so that
  needles in the scan don't rule.
- Rows are linked along edges. What is not unknown in this hole is known: old vertices, and the new
  ones of other holes as they are now.
- Open rows have no curvature and no links.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import kernel
from stsbench.geometry.patch_graph import PatchGraph, Weights

__all__ = ["CurvatureRows", "make_room", "write_curvature_rows"]

_LEAST_AREA, _MOST_AREA = 0.5, 2.0  # of the patch's mean


class CurvatureRows(NamedTuple):
    """One hole's rows: curvature as a linear function of the unknowns, and how rows are linked."""

    local: NDArray[np.int32]  # (R,) place of a row among the hole's, -1 elsewhere
    row: NDArray[np.int64]  # the hole's rows
    offsets: NDArray[np.int64]
    unknown: NDArray[np.int32]
    factor: NDArray[np.float64]
    known: NDArray[np.float64]  # (rows, K) curvature due to known values
    scale: NDArray[np.float64]  # area plus what the links add
    pull: NDArray[np.float64]  # (rows, K) curvature of linked rows outside, times stiffness
    link: NDArray[np.int32]  # (links, 2)


@kernel
def _curvature_row(
    row: int,
    low: int,
    high: int,
    mass: float,
    graph: PatchGraph,
    weight: NDArray[np.float64],
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
    unknown: NDArray[np.int32],
    factor: NDArray[np.float64],
    at: int,
    known: NDArray[np.float64],
    item: int,
) -> int:
    """Append what one row's curvature is made of; return the end of its factors."""
    old = field.shape[0]
    channels = field.shape[1]
    total = 0.0
    for k in range(channels):
        known[item, k] = 0.0
    for e in range(graph.offsets[row], graph.offsets[row + 1]):
        w = weight[e] / mass
        total += w
        v = graph.neighbour[e] - old
        if low <= v < high:
            unknown[at] = v - low
            factor[at] = -w
            at += 1
        else:
            for k in range(channels):
                known[item, k] -= w * (field[v + old, k] if v < 0 else new_field[v, k])
    own = graph.row_vertex[row] - old
    if low <= own < high:
        unknown[at] = own - low
        factor[at] = total
        at += 1
    else:
        for k in range(channels):
            known[item, k] += total * (field[own + old, k] if own < 0 else new_field[own, k])
    return at


@kernel
def write_curvature_rows(
    low: int,
    high: int,
    first_place: int,
    last_place: int,
    stiffness: float,
    graph: PatchGraph,
    weights: Weights,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
    rows: CurvatureRows,
) -> tuple[int, int]:
    """Fill the rows of one hole, for a membrane if not stiff; return how many rows and links."""
    local, row_list, offsets, unknown, factor, known, scale, pull, link = rows
    channels = field.shape[1]
    mean = 0.0
    for row in range(low, high):
        mean += weights.area[row] / (high - low)
    offsets[0] = 0
    count = int(offsets[0])  # not a literal: the callee would be compiled twice
    at = count
    plate = stiffness >= 0.0
    for item in range(high - low + (last_place - first_place if plate else 0)):
        row = low + item
        if row >= high:
            row = graph.rim_row[first_place + row - high]
        if local[row] >= 0 or graph.is_open[row]:
            continue
        mass = 1.0
        if plate and mean > 0.0:
            mass = min(max(weights.area[row] / mean, _LEAST_AREA), _MOST_AREA)
        at = _curvature_row(
            row, low, high, mass, graph, weights.weight, field, new_field,
            unknown, factor, at, known, count,
        )  # fmt: skip
        scale[count] = mass
        for k in range(channels):
            pull[count, k] = 0.0
        local[row] = count
        row_list[count] = row
        count += 1
        offsets[count] = at
    links = 0
    for item in range(count if plate else 0):
        row = row_list[item]
        for e in range(graph.offsets[row], graph.offsets[row + 1]):
            other = graph.neighbour_row[e]
            if other < 0 or graph.is_open[other]:
                continue
            scale[item] += stiffness
            if local[other] >= 0:
                link[links, 0] = item
                link[links, 1] = local[other]
                links += 1
                continue
            mass = 1.0
            if mean > 0.0:
                mass = min(max(weights.area[other] / mean, _LEAST_AREA), _MOST_AREA)
            _curvature_row(
                other, low, high, mass, graph, weights.weight, field, new_field,
                unknown, factor, at, known, count,
            )  # fmt: skip
            for k in range(channels):
                pull[item, k] += stiffness * known[count, k]
    for item in range(count):
        local[row_list[item]] = -1
    return count, links


def make_room(graph: PatchGraph, rows: int, channels: int) -> CurvatureRows:
    """Return room for the rows of one hole."""
    widths = np.diff(graph.offsets)
    widest = int(widths.max(initial=0)) + 1
    entries = int(np.sort(widths)[-rows:].sum()) + rows + widest
    return CurvatureRows(
        local=np.full(len(widths), -1, np.int32),
        row=np.empty(rows, np.int64),
        offsets=np.empty(rows + 1, np.int64),
        unknown=np.empty(entries, np.int32),
        factor=np.empty(entries),
        known=np.empty((rows + 1, channels)),
        scale=np.empty(rows),
        pull=np.empty((rows, channels)),
        link=np.empty((entries, 2), np.int32),
    )
