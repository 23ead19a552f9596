"""Solve for values on the new vertices of every patch: positions, colours, anything.

Rules owned here:
- Known values stay as they are. Order 1 spreads them harmonically (a membrane), order 2 bends as
  little as possible (a thin plate) and so continues their slope as well.
- Every hole is a system of its own. Small ones are solved densely, all in one kernel call, large
  ones by one sparse factorisation each. Patches that touch see each other as they were before the
  call, so the order of the holes doesn't matter.
- A hole whose system has no unique solution keeps the values it came with, and is named.

Source: M. Botsch, L. Kobbelt, *An intuitive framework for real-time freeform modeling*, ACM
Transactions on Graphics 23(3), 2004.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import kernel
from stsbench.geometry.fairing import LaplacianRows
from stsbench.geometry.hole_rims import Rims

__all__ = ["DENSE_UNKNOWNS", "solve_patches"]

DENSE_UNKNOWNS = 160
_LEAST_WEIGHT = 1e-3  # a membrane needs positive weights to stay inside its rim


class _RowRoom(NamedTuple):
    """Room for one row: its unknowns, their factors, and what is known."""

    unknown: NDArray[np.int64]
    factor: NDArray[np.float64]
    known: NDArray[np.float64]


class _System(NamedTuple):
    """One hole's equations: a dense matrix or triplets, and the right side."""

    matrix: NDArray[np.float64]
    entry: NDArray[np.int32]
    value: NDArray[np.float64]
    right: NDArray[np.float64]


@kernel
def _assemble(
    loop: int,
    low: int,
    high: int,
    rims: Rims,
    rows: LaplacianRows,
    order: int,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
    room: _RowRoom,
    system: _System,
) -> int:
    """Assemble one hole, densely or, when `entry` has room, as triplets; return their number.

    Unknowns are the new vertices low to high; `system.right` takes what known vertices contribute.
    """
    rim = rims.vertex
    first_use = rims.first_use
    first_place = rims.offsets[loop]
    last_place = rims.offsets[loop + 1]
    row_offsets, neighbour, weight, stiffness = rows
    unknown, factor, known = room
    matrix, entry, value, right = system
    old = field.shape[0]
    new = new_field.shape[0]
    channels = field.shape[1]
    triplets = 0
    sparse = entry.shape[0] > 0
    count_rows = high - low
    if order == 2:
        count_rows += last_place - first_place
    for item in range(count_rows):
        row = low + item
        if row >= high:
            place = first_place + item - (high - low)
            # A rim that passes a vertex twice must not count its bending twice.
            if first_place <= first_use[rim[place]] and first_use[rim[place]] < place:
                continue
            row = new + first_use[rim[place]]
        if stiffness[row] == 0.0:
            continue
        for k in range(channels):
            known[k] = 0.0
        total = 0.0
        count = 0
        for at in range(row_offsets[row], row_offsets[row + 1]):
            w = weight[at]
            if order == 1:
                w = max(w, _LEAST_WEIGHT)
            total += w
            v = neighbour[at] - old
            if low <= v < high:
                unknown[count] = v - low
                factor[count] = -w
                count += 1
            else:
                for k in range(channels):
                    known[k] -= w * (field[v + old, k] if v < 0 else new_field[v, k])
        if row < new:
            unknown[count] = row - low
            factor[count] = total
            count += 1
        else:
            for k in range(channels):
                known[k] += total * field[rim[row - new], k]
        # A membrane has one equation per vertex, a plate a square per row.
        first = 0 if order == 2 else count - 1
        for i in range(first, count):
            x = unknown[i]
            strength = stiffness[row] * factor[i] if order == 2 else 1.0
            for k in range(channels):
                right[x, k] -= strength * known[k]
            for j in range(count):
                if sparse:
                    entry[triplets, 0] = x
                    entry[triplets, 1] = unknown[j]
                    value[triplets] = strength * factor[j]
                    triplets += 1
                else:
                    matrix[x, unknown[j]] += strength * factor[j]
    return triplets


@kernel
def _solve_small(
    limit: int,
    vertex_offsets: NDArray[np.int64],
    rims: Rims,
    rows: LaplacianRows,
    order: int,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
    room: _RowRoom,
    system: _System,
    solved: NDArray[np.float64],
    good: NDArray[np.bool_],
) -> None:
    """Solve every hole of at most `limit` unknowns by elimination without pivoting (LDL')."""
    channels = field.shape[1]
    matrix = system.matrix
    right = system.right
    for loop in range(vertex_offsets.shape[0] - 1):
        low = vertex_offsets[loop]
        high = vertex_offsets[loop + 1]
        n = high - low
        if n > limit:
            continue
        for x in range(n):
            for y in range(n):
                matrix[x, y] = 0.0
            for k in range(channels):
                right[x, k] = 0.0
        _assemble(loop, low, high, rims, rows, order, field, new_field, room, system)
        regular = True
        for x in range(n):
            pivot = matrix[x, x]
            if not pivot > 1e-14:
                regular = False
                break
            for y in range(x + 1, n):
                if matrix[y, x] == 0.0:
                    continue
                ratio = matrix[y, x] / pivot
                for z in range(x + 1, n):
                    matrix[y, z] -= ratio * matrix[x, z]
                for k in range(channels):
                    right[y, k] -= ratio * right[x, k]
        good[loop] = regular
        if not regular:
            continue
        for x in range(n - 1, -1, -1):
            for k in range(channels):
                total = right[x, k]
                for y in range(x + 1, n):
                    total -= matrix[x, y] * solved[low + y, k]
                solved[low + x, k] = total / matrix[x, x]


def _solve_sparse(
    size: int, entry: NDArray[np.int32], value: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Solve a large hole; None where the system is singular."""
    # Most scans have no large hole, and these imports are a tenth of a second of every command.
    from scipy.sparse import coo_matrix  # noqa: PLC0415
    from scipy.sparse.linalg import splu  # noqa: PLC0415

    matrix = coo_matrix((value, (entry[:, 0], entry[:, 1])), shape=(size, size)).tocsc()
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


def solve_patches(
    rims: Rims,
    vertex_offsets: NDArray[np.int64],
    rows: LaplacianRows,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
    *,
    order: int,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Solve for a field on the new vertices that continues the field on the old ones.

    Parameters
    ----------
    rims : Rims
    vertex_offsets : (L+1,) int64
        Which new vertices belong to each rim.
    rows : LaplacianRows
    field : (V, K) float64
        Positions, colours or any other values on the old vertices.
    new_field : (N, K) float64
        The same on the new vertices, as they are now.
    order : int
        1 for a membrane, 2 for a thin plate.

    Returns
    -------
    solved : (N, K) float64
    good : (L,) bool
        False where the system had no unique solution and the field stayed as it was.
    """
    counts = np.diff(vertex_offsets)
    channels = field.shape[1]
    widths = np.diff(rows.offsets) + 1
    widest = int(widths.max(initial=1))
    room = _RowRoom(np.empty(widest, np.int64), np.empty(widest), np.empty(channels))
    small = int(counts[counts <= DENSE_UNKNOWNS].max(initial=0))
    solved = new_field.copy()
    good = np.zeros(len(counts), np.bool_)
    dense = _System(
        np.empty((small, small)),
        np.empty((0, 2), np.int32),
        np.empty(0),
        np.empty((small, channels)),
    )
    _solve_small(
        DENSE_UNKNOWNS,
        vertex_offsets,
        rims,
        rows,
        order,
        field,
        new_field,
        room,
        dense,
        solved,
        good,
    )
    for loop in np.flatnonzero(counts > DENSE_UNKNOWNS):
        low, high = int(vertex_offsets[loop]), int(vertex_offsets[loop + 1])
        places = rims.vertex[rims.offsets[loop] : rims.offsets[loop + 1]]
        rim_widths = widths[len(new_field) + rims.first_use[places]]
        triplets = int((widths[low:high] ** 2).sum() + (rim_widths**2).sum())
        sparse = _System(
            np.empty((0, 0)),
            np.empty((triplets, 2), np.int32),
            np.empty(triplets),
            np.zeros((high - low, channels)),
        )
        used = _assemble(int(loop), low, high, rims, rows, order, field, new_field, room, sparse)
        answer = _solve_sparse(high - low, sparse.entry[:used], sparse.value[:used], sparse.right)
        if answer is not None:
            solved[low:high] = answer
            good[loop] = True
    return solved, good
