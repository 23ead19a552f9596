"""Bend patches so that they continue the surface around them.

Rules owned here:
- The rim and what lies outside never move: they are the boundary condition. Order 1 makes a
  membrane (least area), order 2 a thin plate (least bending) that also meets the slope of the
  surroundings, since the rim's own curvature counts as well.
- The discrete operator is the cotangent Laplacian with clamped cotangents, so that a needle in the
  scan can't blow up the system.
- Every hole is a system of its own. Small ones are solved densely inside one kernel call, large
  ones by a sparse factorisation. Patches that touch see each other as they were a round ago, so
  the order of the holes doesn't matter.
- A rim vertex that stays on an open border has no curvature and is left out of the energy.

Source: M. Botsch, L. Kobbelt, *An intuitive framework for real-time freeform modeling*, ACM
Transactions on Graphics 23(3), 2004; U. Pinkall, K. Polthier, *Computing discrete minimal surfaces
and their conjugates*, Experimental Mathematics 2(1), 1993.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

from stsbench.geometry.compiled import kernel

__all__ = ["DENSE_UNKNOWNS", "laplacian_rows", "solve_patches"]

DENSE_UNKNOWNS = 200
_LEAST_COTANGENT = -5.0
_MOST_COTANGENT = 20.0


@kernel
def laplacian_rows(
    vertices: NDArray[np.float64],
    new_vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    twin: NDArray[np.int32],
    rim: NDArray[np.int32],
    offsets: NDArray[np.int64],
    owner: NDArray[np.int32],
    next_use: NDArray[np.int32],
    new_faces: NDArray[np.int32],
    uniform: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Build the Laplacian at every new vertex and every place of a rim.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    new_vertices : (N, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
    rim, owner, next_use : (B,) int32
    offsets : (L+1,) int64
    new_faces : (M, 3) int32
        Indices into `vertices` with `new_vertices` after them.
    uniform : bool
        Weight 1 per edge instead of cotangents.

    Returns
    -------
    row_offsets : (N+B+1,) int64
        New vertices first, then places of the rims.
    neighbour : (E,) int32
        Indices into `vertices` with `new_vertices` after them.
    weight : (E,) float64
    stiffness : (N+B,) float64
        One over the area of the row, 1/mm2; 0 for a row that doesn't count.
    """
    old = vertices.shape[0]
    new = new_vertices.shape[0]
    places = rim.shape[0]
    rows = new + places
    first_use = np.full(old, -1, np.int32)
    for place in range(places - 1, -1, -1):
        first_use[rim[place]] = place
    loop_start = np.empty(places, np.int64)
    loop_end = np.empty(places, np.int64)
    for loop in range(offsets.shape[0] - 1):
        for place in range(offsets[loop], offsets[loop + 1]):
            loop_start[place] = offsets[loop]
            loop_end[place] = offsets[loop + 1]
    corner_offsets = np.zeros(rows + 1, np.int64)
    for f in range(new_faces.shape[0]):
        for j in range(3):
            v = new_faces[f, j]
            row = v - old if v >= old else new + first_use[v]
            corner_offsets[row + 1] += 1
    for row in range(rows):
        corner_offsets[row + 1] += corner_offsets[row]
    fill = corner_offsets[:-1].copy()
    corner = np.empty(3 * new_faces.shape[0], np.int32)
    for f in range(new_faces.shape[0]):
        for j in range(3):
            v = new_faces[f, j]
            row = v - old if v >= old else new + first_use[v]
            corner[fill[row]] = 3 * f + j
            fill[row] += 1

    row_offsets = np.zeros(rows + 1, np.int64)
    neighbour = np.empty(8 * rows + 64, np.int32)
    weight = np.empty(8 * rows + 64)
    stiffness = np.zeros(rows)
    slot = np.full(old + new, -1, np.int64)
    triple = np.empty((3, 3))
    used = 0
    for row in range(rows):
        begin = used
        area = 0.0
        counts = True
        place = -1
        h = -1
        item = corner_offsets[row]
        if row >= new:
            place = row - new
            if first_use[rim[place]] != place:
                place = -1
                item = corner_offsets[row + 1]
            else:
                before = place - 1 if place > loop_start[place] else loop_end[place] - 1
                h = owner[before]
                counts = h >= 0 and corner_offsets[row + 1] > corner_offsets[row]
        walked = 0
        while True:
            # The corners of new faces first, then the fans of old faces behind the rim.
            if item < corner_offsets[row + 1]:
                f = corner[item] // 3
                j = corner[item] - 3 * f
                v = new_faces[f, j]
                a = new_faces[f, (j + 1) % 3]
                b = new_faces[f, (j + 2) % 3]
                item += 1
            elif place >= 0 and h >= 0:
                f = h // 3
                j = h - 3 * f
                v = faces[f, j]
                a = faces[f, (j + 1) % 3]
                b = faces[f, (j + 2) % 3]
                back = 3 * f + (j + 2) % 3
                h = twin[back]
                walked += 1
                if h < 0 or walked > 4096:
                    closed = False
                    other = first_use[v]
                    while other >= 0:
                        closed = closed or owner[other] == back
                        other = next_use[other]
                    counts = counts and closed
                    place = next_use[place]
                    h = -1
                    if place >= 0:
                        before = place - 1 if place > loop_start[place] else loop_end[place] - 1
                        h = owner[before]
                        counts = counts and h >= 0
            else:
                break
            for k in range(3):
                triple[0, k] = vertices[v, k] if v < old else new_vertices[v - old, k]
                triple[1, k] = vertices[a, k] if a < old else new_vertices[a - old, k]
                triple[2, k] = vertices[b, k] if b < old else new_vertices[b - old, k]
            va = 0.0
            vb = 0.0
            dot_a = 0.0
            dot_b = 0.0
            for k in range(3):
                to_a = triple[1, k] - triple[0, k]
                to_b = triple[2, k] - triple[0, k]
                va += to_a * to_a
                vb += to_b * to_b
                dot_a += -to_a * (to_b - to_a)
                dot_b += -to_b * (to_a - to_b)
            ab = dot_a + dot_b  # |b - a|^2
            twice = np.sqrt(max(va * ab - dot_a * dot_a, 0.0))
            area += twice / 6.0
            floor = max(twice, 1e-12 * (va + vb + ab) + 1e-300)
            cot_a = min(max(dot_a / floor, _LEAST_COTANGENT), _MOST_COTANGENT)
            cot_b = min(max(dot_b / floor, _LEAST_COTANGENT), _MOST_COTANGENT)
            for side in range(2):
                w = a if side == 0 else b
                value = 0.5 * (cot_b if side == 0 else cot_a)
                if uniform:
                    value = 0.5
                at = slot[w]
                if at < begin:
                    if used == neighbour.shape[0]:
                        more = np.empty(2 * used, np.int32)
                        more[:used] = neighbour
                        neighbour = more
                        heavier = np.empty(2 * used)
                        heavier[:used] = weight
                        weight = heavier
                    slot[w] = used
                    neighbour[used] = w
                    weight[used] = value
                    used += 1
                else:
                    weight[at] += value
        if uniform:
            area = 1.0
        if counts and used > begin and area > 0.0:
            stiffness[row] = 1.0 / area
        row_offsets[row + 1] = used
    return row_offsets, neighbour[:used], weight[:used], stiffness


@kernel
def _assemble(
    low: int,
    high: int,
    first_place: int,
    last_place: int,
    rim: NDArray[np.int32],
    first_use: NDArray[np.int32],
    row_offsets: NDArray[np.int64],
    neighbour: NDArray[np.int32],
    weight: NDArray[np.float64],
    stiffness: NDArray[np.float64],
    order: int,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
    dense: NDArray[np.float64],
    entry: NDArray[np.int32],
    value: NDArray[np.float64],
    right: NDArray[np.float64],
) -> int:
    """Assemble one hole, densely or, when `entry` has room, as triplets; return their number.

    Unknowns are the new vertices low to high; `right` takes what the known vertices contribute.
    """
    old = field.shape[0]
    new = new_field.shape[0]
    channels = field.shape[1]
    known = np.empty(channels)
    widest = 0
    for row in range(row_offsets.shape[0] - 1):
        widest = max(widest, row_offsets[row + 1] - row_offsets[row])
    unknown = np.empty(widest + 1, np.int64)
    factor = np.empty(widest + 1)
    triplets = 0
    sparse = entry.shape[0] > 0
    rows = high - low
    if order == 2:
        rows += last_place - first_place
    for item in range(rows):
        row = low + item
        if row >= high:
            place = first_place + item - (high - low)
            row = new + first_use[rim[place]]
            # A rim that passes a vertex twice must not count its bending twice.
            if first_place <= first_use[rim[place]] < place:
                continue
        scale = stiffness[row]
        if scale == 0.0:
            continue
        known[:] = 0.0
        total = 0.0
        count = 0
        for at in range(row_offsets[row], row_offsets[row + 1]):
            w = weight[at]
            if order == 1:
                w = max(w, 1e-3)
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
        if order == 1:
            scale = 1.0
        for i in range(count):
            if order == 1 and i < count - 1:
                continue  # a membrane has one equation per vertex, not a sum of squares
            x = unknown[i]
            strength = scale * (factor[i] if order == 2 else 1.0)
            for k in range(channels):
                right[x, k] -= strength * known[k]
            for j in range(count):
                if sparse:
                    entry[triplets, 0] = x
                    entry[triplets, 1] = unknown[j]
                    value[triplets] = strength * factor[j]
                    triplets += 1
                else:
                    dense[x, unknown[j]] += strength * factor[j]
    return triplets


@kernel
def _solve_small(
    limit: int,
    vertex_offsets: NDArray[np.int64],
    offsets: NDArray[np.int64],
    rim: NDArray[np.int32],
    row_offsets: NDArray[np.int64],
    neighbour: NDArray[np.int32],
    weight: NDArray[np.float64],
    stiffness: NDArray[np.float64],
    order: int,
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Solve every hole of at most `limit` unknowns by a dense LDL' factorisation."""
    channels = field.shape[1]
    solved = new_field.copy()
    loops = vertex_offsets.shape[0] - 1
    good = np.zeros(loops, np.uint8)
    first_use = np.full(field.shape[0], -1, np.int32)
    for place in range(rim.shape[0] - 1, -1, -1):
        first_use[rim[place]] = place
    no_entry = np.empty((0, 2), np.int32)
    no_value = np.empty(0)
    for loop in range(loops):
        low = vertex_offsets[loop]
        high = vertex_offsets[loop + 1]
        n = high - low
        if n > limit:
            continue
        good[loop] = 1
        if n == 0:
            continue
        matrix = np.zeros((n, n))
        right = np.zeros((n, channels))
        _assemble(
            low, high, offsets[loop], offsets[loop + 1], rim, first_use, row_offsets, neighbour,
            weight, stiffness, order, field, new_field, matrix, no_entry, no_value, right,
        )  # fmt: skip
        for x in range(n):
            pivot = matrix[x, x]
            if not pivot > 1e-14:
                good[loop] = 0
                break
            for y in range(x + 1, n):
                if matrix[y, x] == 0.0:
                    continue
                ratio = matrix[y, x] / pivot
                for z in range(x, n):
                    matrix[y, z] -= ratio * matrix[x, z]
                for k in range(channels):
                    right[y, k] -= ratio * right[x, k]
        if not good[loop]:
            continue
        for x in range(n - 1, -1, -1):
            for k in range(channels):
                total = right[x, k]
                for y in range(x + 1, n):
                    total -= matrix[x, y] * solved[low + y, k]
                solved[low + x, k] = total / matrix[x, x]
    return solved, good


def solve_patches(
    vertex_offsets: NDArray[np.int64],
    offsets: NDArray[np.int64],
    rim: NDArray[np.int32],
    system: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]],
    field: NDArray[np.float64],
    new_field: NDArray[np.float64],
    *,
    order: int,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Solve for a field on the new vertices that continues the field on the old ones.

    Parameters
    ----------
    vertex_offsets : (L+1,) int64
        Which new vertices belong to each loop.
    offsets : (L+1,) int64
    rim : (B,) int32
    system : tuple
        What `laplacian_rows` returns.
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
    row_offsets, neighbour, weight, stiffness = system
    solved, dense_good = _solve_small(
        DENSE_UNKNOWNS, vertex_offsets, offsets, rim, row_offsets, neighbour, weight, stiffness,
        order, field, new_field,
    )  # fmt: skip
    good = dense_good.astype(bool)
    first_use = np.full(len(field), -1, np.int32)
    first_use[rim[::-1]] = np.arange(len(rim) - 1, -1, -1, dtype=np.int32)
    widths = np.diff(row_offsets) + 1
    for loop in np.flatnonzero(np.diff(vertex_offsets) > DENSE_UNKNOWNS):
        low, high = int(vertex_offsets[loop]), int(vertex_offsets[loop + 1])
        places = np.arange(offsets[loop], offsets[loop + 1])
        rows = np.concatenate([np.arange(low, high), len(new_field) + first_use[rim[places]]])
        room = int((widths[rows] ** 2).sum())
        entry = np.empty((room, 2), np.int32)
        value = np.empty(room)
        right = np.zeros((high - low, field.shape[1]))
        used = _assemble(
            low, high, int(places[0]), int(places[-1]) + 1, rim, first_use, row_offsets, neighbour,
            weight, stiffness, order, field, new_field, np.empty((0, 0)), entry, value, right,
        )  # fmt: skip
        size = high - low
        matrix = coo_matrix(
            (value[:used], (entry[:used, 0], entry[:used, 1])), shape=(size, size)
        ).tocsc()
        try:
            factors = splu(
                matrix,
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        except RuntimeError:  # exactly singular
            continue
        answer = factors.solve(right)
        if np.isfinite(answer).all():
            solved[low:high] = answer
            good[loop] = True
    return solved, good
