"""How far vertices depart from the quadric that fits the rings about them.

Rules owned here:
- The quadric is a height over a plane; the plane's normal is the mean normal of the fitted rings.
- Fewer than nine fitted vertices, or vertices along a curve, say nothing: infinity.
"""

import numpy as np

from stsbench.geometry.compiled import kernel

__all__ = ["depart", "set_axis", "set_frame", "solve_small"]


@kernel
def solve_small(matrix, right):
    """Solve a small system by Gauss with pivots, in place.

    Parameters
    ----------
    matrix : (N, N) float64
    right : (N,) float64
        Holds the answer afterwards.

    Returns
    -------
    bool
        False where the matrix is singular.
    """
    n = len(right)
    for c in range(n):
        pivot = c
        for r in range(c + 1, n):
            if abs(matrix[r, c]) > abs(matrix[pivot, c]):
                pivot = r
        if abs(matrix[pivot, c]) < 1e-12:
            return False
        for k in range(n):
            keep = matrix[c, k]
            matrix[c, k] = matrix[pivot, k]
            matrix[pivot, k] = keep
        keep = right[c]
        right[c] = right[pivot]
        right[pivot] = keep
        for r in range(c + 1, n):
            factor = matrix[r, c] / matrix[c, c]
            for k in range(c, n):
                matrix[r, k] -= factor * matrix[c, k]
            right[r] -= factor * right[c]
    for c in range(n - 1, -1, -1):
        for k in range(c + 1, n):
            right[c] -= matrix[c, k] * right[k]
        right[c] /= matrix[c, c]
    return True


@kernel
def set_axis(sums, ring, first, last, frame):
    """Set the third axis of a frame to the mean normal of some vertices.

    Parameters
    ----------
    sums : (V, 4) float64
        Vector area about every vertex.
    ring : (N,) int32
    first, last : int
        The vertices are ``ring[first:last]``.
    frame : (3, 3) float64
    """
    x = 0.0
    y = 0.0
    z = 0.0
    for n in range(first, last):
        v = ring[n]
        x += sums[v, 0]
        y += sums[v, 1]
        z += sums[v, 2]
    size = max(np.sqrt(x * x + y * y + z * z), 1e-30)
    frame[2, 0] = x / size
    frame[2, 1] = y / size
    frame[2, 2] = z / size


@kernel
def set_frame(vertices, sums, ring, first, last, frame, centre):
    """Set axes and middle of some vertices; the third axis is their mean normal.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    sums : (V, 4) float64
        Vector area about every vertex.
    ring : (N,) int32
    first, last : int
        The vertices are ``ring[first:last]``.
    frame : (3, 3) float64
    centre : (3,) float64
    """
    set_axis(sums, ring, first, last, frame)
    centre[:] = 0.0
    for x in range(first, last):
        for m in range(3):
            centre[m] += vertices[ring[x], m] / (last - first)
    least = 0
    for m in range(3):
        if abs(frame[2, m]) < abs(frame[2, least]):
            least = m
    tilt = frame[2, least]
    for m in range(3):
        frame[0, m] = (1.0 if m == least else 0.0) - tilt * frame[2, m]
    size = np.sqrt(frame[0, 0] ** 2 + frame[0, 1] ** 2 + frame[0, 2] ** 2)
    for m in range(3):
        frame[0, m] /= max(size, 1e-30)
    frame[1, 0] = frame[2, 1] * frame[0, 2] - frame[2, 2] * frame[0, 1]
    frame[1, 1] = frame[2, 2] * frame[0, 0] - frame[2, 0] * frame[0, 2]
    frame[1, 2] = frame[2, 0] * frame[0, 1] - frame[2, 1] * frame[0, 0]


@kernel
def depart(vertices, sums, ring, ends, k, last, frame, centre, place, matrix, right):
    """Measure how far each vertex of rings 0 to `last` departs from a quadric over the outer ones.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    sums : (V, 4) float64
        Vector area about every vertex.
    ring, ends : int32
        From `vertex_rings.walk_rings`.
    k, last : int
        The quadric is fitted to the rings after ring k up to ring `last`.
    frame, centre, place, matrix, right : float64
        Room for the work. The answer is left in ``place[:, 2]``, in mm.

    Returns
    -------
    float, mm
        Root mean square over the fitted rings; infinity when there are too few of them.
    """
    first = ends[k + 1]
    end = ends[last + 1]
    if end - first < 9:
        return np.inf
    set_frame(vertices, sums, ring, first, end, frame, centre)
    matrix[:] = 0.0
    right[:] = 0.0
    row = np.empty(6)
    for x in range(end):
        u = vertices[ring[x], 0] - centre[0]
        v = vertices[ring[x], 1] - centre[1]
        w = vertices[ring[x], 2] - centre[2]
        for m in range(3):
            place[x, m] = frame[m, 0] * u + frame[m, 1] * v + frame[m, 2] * w
    for x in range(first, end):
        row[0] = 1.0
        row[1] = place[x, 0]
        row[2] = place[x, 1]
        row[3] = place[x, 0] * place[x, 0]
        row[4] = place[x, 0] * place[x, 1]
        row[5] = place[x, 1] * place[x, 1]
        for m in range(6):
            for n in range(m, 6):
                matrix[m, n] += row[m] * row[n]
            right[m] += row[m] * place[x, 2]
    for m in range(6):
        for n in range(m):
            matrix[m, n] = matrix[n, m]
    if not solve_small(matrix, right):
        return np.inf
    total = 0.0
    for x in range(end):
        u = place[x, 0]
        w = place[x, 1]
        place[x, 2] -= (
            right[0] + right[1] * u + right[2] * w + right[3] * u * u + right[4] * u * w
            + right[5] * w * w
        )  # fmt: skip
        if x >= first:
            total += place[x, 2] ** 2
    return np.sqrt(total / (end - first))
