"""Flip the edges of a patch until it is Delaunay.

Rules owned here:
- A patch is an array of triangles with, per half-edge, the opposite half-edge or -1 on the rim.
- An edge is flipped when the angles that face it add up to more than 180 degrees, unless that would
  fold the patch, or join two vertices that are joined already, here or elsewhere in the mesh.
- Flips are taken from a stack in a fixed order and their number is limited, so it always ends.

Source: A. Bobenko, B. Springborn, *A discrete Laplace-Beltrami operator for simplicial surfaces*,
Discrete & Computational Geometry 38, 2007 (intrinsic Delaunay triangulations).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import kernel

__all__ = ["Patch", "flip_to_delaunay", "link_triangles"]

_FLIPS_PER_TRIANGLE = 20
_SHARPEST = 0.5  # cosine: a flip may not leave a sharper bend than this unless one was there


class Patch(NamedTuple):
    """A patch in the making, with room to grow.

    Parameters
    ----------
    points : (P, 3) float64, mm
        The places of the rim, then the patch's own vertices.
    name : (P,) int32
        Vertex at each point; a rim may pass a vertex twice.
    triangles : (T, 3) int32
    opposite : (3T,) int32
        Opposite half-edge, -1 on the rim.
    waiting : (W,) int32
        Room for the stack of edges to look at, at least 3T.
    queued : (3T,) uint8
        Whether an edge is on that stack; zeros between calls.
    """

    points: NDArray[np.float64]
    name: NDArray[np.int32]
    triangles: NDArray[np.int32]
    opposite: NDArray[np.int32]
    waiting: NDArray[np.int32]
    queued: NDArray[np.uint8]


@kernel
def link_triangles(
    triangles: NDArray[np.int32],
    count: int,
    head: NDArray[np.int32],
    chain: NDArray[np.int32],
    opposite: NDArray[np.int32],
) -> None:
    """Find the opposite half-edge of each triangle edge, -1 on the rim.

    `head` is -1 per vertex on entry and on return; `chain` is room for 3 * count.
    """
    for f in range(count):
        for j in range(3):
            v = triangles[f, j]
            chain[3 * f + j] = head[v]
            head[v] = 3 * f + j
            opposite[3 * f + j] = -1
    for f in range(count):
        for j in range(3):
            g = head[triangles[f, j + 1 if j < 2 else 0]]
            while g >= 0:
                e = g // 3
                if triangles[e, g - 3 * e + 1 if g - 3 * e < 2 else 0] == triangles[f, j]:
                    opposite[3 * f + j] = g
                    break
                g = chain[g]
    for f in range(count):
        for j in range(3):
            head[triangles[f, j]] = -1


@kernel
def _corner(
    points: NDArray[np.float64], apex: int, a: int, b: int
) -> tuple[float, float, float, float, float]:
    """Return the cross product of the edges apex-a and apex-b, its length, and their product."""
    e0 = points[a, 0] - points[apex, 0]
    e1 = points[a, 1] - points[apex, 1]
    e2 = points[a, 2] - points[apex, 2]
    f0 = points[b, 0] - points[apex, 0]
    f1 = points[b, 1] - points[apex, 1]
    f2 = points[b, 2] - points[apex, 2]
    n0 = e1 * f2 - e2 * f1
    n1 = e2 * f0 - e0 * f2
    n2 = e0 * f1 - e1 * f0
    return n0, n1, n2, np.sqrt(n0 * n0 + n1 * n1 + n2 * n2), e0 * f0 + e1 * f1 + e2 * f2


@kernel
def _are_joined(
    triangles: NDArray[np.int32],
    opposite: NDArray[np.int32],
    name: NDArray[np.int32],
    h: int,
    other: int,
) -> bool:
    """Whether the vertex that half-edge h leaves has an edge to a vertex of that name."""
    for way in range(2):
        e = h
        for _ in range(opposite.shape[0]):
            f = e // 3
            j = e - 3 * f
            if name[triangles[f, j + 1 if j < 2 else 0]] == other:
                return True
            if name[triangles[f, j - 1 if j > 0 else 2]] == other:
                return True
            if way == 0:
                e = opposite[e - 1 if j > 0 else e + 2]
            else:
                e = opposite[e]
                if e >= 0:
                    e = e - 2 if e % 3 == 2 else e + 1
            if e < 0:
                break
            if e == h:
                return False
    return False


@kernel
def flip_to_delaunay(
    patch: Patch,
    count: int,
    rim_size: int,
    banned: NDArray[np.int64],
    ban_start: int,
    ban_end: int,
) -> int:
    """Flip edges in place until the patch is Delaunay; return how many were flipped.

    Parameters
    ----------
    patch : Patch
    count : int
        Triangles in use.
    rim_size : int
    banned : (K, 3) int64
        Entries ban_start to ban_end hold pairs of places that no edge may join, ascending.
    """
    points, name, triangles, opposite, waiting, queued = patch
    top = 0
    for h in range(3 * count - 1, -1, -1):
        if opposite[h] > h:
            waiting[top] = h
            queued[h] = 1
            top += 1
    flips = 0
    while top > 0:
        top -= 1
        h = waiting[top]
        queued[h] = 0
        g = opposite[h]
        if g < 0 or flips >= _FLIPS_PER_TRIANGLE * count:
            continue
        t = h // 3
        u = g // 3
        j = h - 3 * t
        k = g - 3 * u
        h_next = h + 1 if j < 2 else h - 2
        h_last = h - 1 if j > 0 else h + 2
        g_next = g + 1 if k < 2 else g - 2
        g_last = g - 1 if k > 0 else g + 2
        a = triangles[t, j]
        b = triangles[t, h_next - 3 * t]
        c = triangles[t, h_last - 3 * t]
        d = triangles[u, g_last - 3 * u]
        p0, p1, p2, p, dot_c = _corner(points, c, a, b)
        q0, q1, q2, q, dot_d = _corner(points, d, b, a)
        size = np.sqrt((dot_c * dot_c + p * p) * (dot_d * dot_d + q * q))
        if dot_c * q + dot_d * p >= -1e-9 * size or name[c] == name[d]:
            continue
        if c < rim_size and d < rim_size:
            low = min(c, d)
            high = max(c, d)
            first = ban_start
            last = ban_end
            while first < last:
                mid = (first + last) // 2
                if banned[mid, 1] < low or (banned[mid, 1] == low and banned[mid, 2] < high):
                    first = mid + 1
                else:
                    last = mid
            if first < ban_end and banned[first, 1] == low and banned[first, 2] == high:
                continue
        r0, r1, r2, r, _ = _corner(points, a, d, c)
        s0, s1, s2, s, _ = _corner(points, d, b, c)
        before = (p0 * q0 + p1 * q1 + p2 * q2) / (p * q) if p * q > 0.0 else -2.0
        after = (r0 * s0 + r1 * s1 + r2 * s2) / (r * s) if r * s > 0.0 else -2.0
        if after < min(before, _SHARPEST) or after == -2.0:
            continue
        if _are_joined(triangles, opposite, name, h_last, name[d]):
            continue
        outer_bc = opposite[h_next]
        outer_ca = opposite[h_last]
        outer_ad = opposite[g_next]
        outer_db = opposite[g_last]
        t3 = 3 * t
        u3 = 3 * u
        triangles[t, 0] = a
        triangles[t, 1] = d
        triangles[t, 2] = c
        triangles[u, 0] = d
        triangles[u, 1] = b
        triangles[u, 2] = c
        opposite[t3] = outer_ad
        opposite[t3 + 1] = u3 + 2
        opposite[t3 + 2] = outer_ca
        opposite[u3] = outer_db
        opposite[u3 + 1] = outer_bc
        opposite[u3 + 2] = t3 + 1
        flips += 1
        for x in range(4):
            e = t3 if x == 0 else t3 + 2 if x == 1 else u3 if x == 2 else u3 + 1
            o = opposite[e]
            if o < 0:
                continue
            opposite[o] = e
            if queued[e] == 0 and queued[o] == 0 and top < waiting.shape[0]:
                waiting[top] = e
                queued[e] = 1
                top += 1
    return flips
