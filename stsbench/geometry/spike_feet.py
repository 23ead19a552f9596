"""How far a spike reaches: what stands off the thin plate through the vertices that stay.

Rules owned here:
- At first everything up to the ring that is the base of the spike is taken for spike. A thin plate is
  laid through the rings outside; a vertex beside those that stay which rises less than
  `DEPARTURE_MM` over the plate to the tip's side stays too, and the next plate goes through it as
  well. When none does any more, or after `ROUNDS` plates, what is left is the spike.
- So the surface decides ring by ring from outside: no foot stays, and no more goes than stands out.
  Unlike a quadric the plate follows a crease into the gap as far as there are vertices to say so.
- Only whole rings count, or the order of vertices would decide. Where more than `MOST` vertices would
  have a say, or the plate cannot be solved, all that was taken for spike is.

Source: a plate is the sum of one r^3 per vertex and a plane (polyharmonic spline): Duchon, Splines
minimizing rotation-invariant semi-norms in Sobolev spaces, 1977. No logarithm in it, so every
processor gives the same bytes.
"""

import numpy as np

from stsbench.geometry.compiled import kernel
from stsbench.geometry.quadric_fit import set_frame, solve_small

__all__ = ["DEPARTURE_MM", "MOST", "ROUNDS", "find_foot"]

DEPARTURE_MM = 0.045
ROUNDS = 3
MOST = 120


@kernel
def _bend(known, count, matrix, right):
    """Lay a plate through ``known[:count]``; False where none can be. Its weights are `right`."""
    for i in range(count):
        for j in range(i):
            square = (known[i, 0] - known[j, 0]) ** 2 + (known[i, 1] - known[j, 1]) ** 2
            matrix[i, j] = square * np.sqrt(square)
            matrix[j, i] = matrix[i, j]
        matrix[i, i] = 0.0
        right[i] = known[i, 2]
        matrix[i, count] = 1.0
        matrix[i, count + 1] = known[i, 0]
        matrix[i, count + 2] = known[i, 1]
        for m in range(3):
            matrix[count + m, i] = matrix[i, count + m]
    for m in range(3):
        right[count + m] = 0.0
        for n in range(3):
            matrix[count + m, count + n] = 0.0
    return solve_small(matrix[: count + 3, : count + 3], right[: count + 3])


@kernel
def _rise(known, count, weights, place):
    """How far a place lies over the plate."""
    height = weights[count] + weights[count + 1] * place[0] + weights[count + 2] * place[1]
    for j in range(count):
        square = (place[0] - known[j, 0]) ** 2 + (place[1] - known[j, 1]) ** 2
        height += weights[j] * square * np.sqrt(square)
    return place[2] - height


@kernel
def find_foot(vertices, start, around, border, sums, ring, ends, k, last, name, gone):
    """Mark the vertices of a spike.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    start, around : int32
        From `vertex_rings.vertex_neighbours`.
    border : (V,) bool
        Vertices on open edges: never of a spike.
    sums : (V, 4) float64
        Vector area about every vertex.
    ring, ends : int32
        From `vertex_rings.walk_rings` about the tip, to ring `last`.
    k, last : int
        The base of the spike, and the last ring that has a say.
    name : (V,) int32
        Holds -1 everywhere, before and after.
    gone : (N,) bool
        The answer for every vertex of the rings.
    """
    end = ends[last + 1]
    inside = ends[k + 1]
    for x in range(end):
        name[ring[x]] = x
        gone[x] = x < inside and not border[ring[x]]
    frame = np.empty((3, 3))
    centre = np.empty(3)
    set_frame(vertices, sums, ring, inside, end, frame, centre)
    place = np.empty((end, 3))
    for x in range(end):
        for m in range(3):
            place[x, m] = 0.0
            for n in range(3):
                place[x, m] += frame[m, n] * (vertices[ring[x], n] - centre[n])
    known = np.empty((MOST, 3))
    matrix = np.empty((MOST + 3, MOST + 3))
    right = np.empty(MOST + 3)
    stays = np.empty(inside, np.bool_)
    sign = 0.0
    for _ in range(max(ROUNDS, k)):
        count = 0
        for r in range(last + 1):
            whole = count
            for x in range(ends[r], ends[r + 1]):
                if not gone[x]:
                    if whole < MOST:
                        known[whole] = place[x]
                    whole += 1
            if whole > MOST:
                break
            count = whole
        if count < 9 or not _bend(known, count, matrix, right):
            break
        if sign == 0.0:
            sign = 1.0 if _rise(known, count, right, place[0]) > 0 else -1.0
        for x in range(1, inside):
            stays[x] = False
            beside = False
            for y in range(start[ring[x]], start[ring[x] + 1]):
                other = name[around[y]]
                beside |= other >= 0 and not gone[other]
            if gone[x] and beside:
                stays[x] = sign * _rise(known, count, right, place[x]) <= DEPARTURE_MM
        changed = False
        for x in range(1, inside):
            changed |= stays[x]
            gone[x] &= not stays[x]
        if not changed:
            break
    for x in range(end):
        name[ring[x]] = -1
