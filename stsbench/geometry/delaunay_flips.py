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

__all__ = ["Patch", "corner_of", "flip_to_delaunay"]

_FLIPS_PER_TRIANGLE = 20
_FEW_STEPS = 64
_SAME_BEND = 1e-3
_SHARPEST = 0.5  # cosine: a flip may not leave a sharper bend than this unless one was there


class Patch(NamedTuple):
    """A patch in the making, with room to grow.

    Parameters
    ----------
    points : (P, 3) float64, mm
        The places of the rim, then the patch's own vertices.
    wanted : (P,) float64, mm
        Edge length asked for at each point.
    name : (P,) int32
        Vertex at each place of the rim, which may pass a vertex twice; -1 at the patch's own.
    triangles : (T, 3) int32
    opposite : (3T,) int32
        Opposite half-edge, -1 on the rim.
    waiting : (W,) int32
        Room for the stack of edges to look at, at least 3T.
    queued : (3T,) uint8
        Whether an edge is on that stack; zeros between calls.
    """

    points: NDArray[np.float64]
    wanted: NDArray[np.float64]
    name: NDArray[np.int32]
    triangles: NDArray[np.int32]
    opposite: NDArray[np.int32]
    waiting: NDArray[np.int32]
    queued: NDArray[np.uint8]


@kernel
def corner_of(
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
def _are_joined(patch: Patch, h: int, other: int, steps: int) -> int:
    """Whether the vertex that half-edge h leaves has an edge to another point of that name.

    1 or 0, and 2 where so many steps around it don't tell.
    """
    triangles = patch.triangles
    opposite = patch.opposite
    name = patch.name
    e = h
    forwards = True
    for _ in range(steps):
        f = e // 3
        j = e - 3 * f
        for k in range(3):
            v = triangles[f, k]
            if v == other or (k != j and name[v] >= 0 and name[v] == name[other]):
                return 1
        if forwards:
            e = opposite[e - 1 if j > 0 else e + 2]
            if e < 0:  # the rim: from the start once more, the other way round
                forwards = False
                e = h
        else:
            e = opposite[e]
            e = e if e < 0 else e - 2 if e % 3 == 2 else e + 1
        if e < 0 or (e == h and forwards):
            return 0
    return 2


@kernel
def flip_to_delaunay(
    patch: Patch, count: int, rim_size: int, forbidden: NDArray[np.int64], start: int, places: int
) -> int:
    """Flip edges in place until the patch is Delaunay; return how many were flipped.

    Parameters
    ----------
    patch : Patch
    count : int
        Triangles in use.
    rim_size : int
    forbidden : (K,) int64
        Keys of places that no edge may join, ascending: lower place times `places` plus the higher.
    start : int
        The first place of this rim.
    places : int
        Of all rims.
    """
    points, _, name, triangles, opposite, waiting, queued = patch
    outer = np.empty(4, np.int32)
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
        h_next = h + 1 if h % 3 < 2 else h - 2
        h_last = h - 1 if h % 3 > 0 else h + 2
        g_next = g + 1 if g % 3 < 2 else g - 2
        g_last = g - 1 if g % 3 > 0 else g + 2
        a = triangles[t, h - 3 * t]
        b = triangles[u, g - 3 * u]
        c = triangles[t, h_last - 3 * t]
        d = triangles[u, g_last - 3 * u]
        p0, p1, p2, p, dot_c = corner_of(points, c, a, b)
        q0, q1, q2, q, dot_d = corner_of(points, d, b, a)
        size = np.sqrt((dot_c * dot_c + p * p) * (dot_d * dot_d + q * q))
        if dot_c * q + dot_d * p >= -1e-9 * size:
            continue
        allowed = c != d and (name[c] < 0 or name[c] != name[d])
        if max(c, d) < rim_size:
            key = (start + min(c, d)) * places + start + max(c, d)
            low = 0
            high = forbidden.shape[0]
            while low < high:
                middle = (low + high) // 2
                if forbidden[middle] < key:
                    low = middle + 1
                else:
                    high = middle
            if low < forbidden.shape[0] and forbidden[low] == key:
                allowed = False
        r0, r1, r2, r, _ = corner_of(points, a, d, c)
        s0, s1, s2, s, _ = corner_of(points, d, b, c)
        before = (p0 * q0 + p1 * q1 + p2 * q2) / (p * q) if p * q > 0.0 else -2.0
        after = (r0 * s0 + r1 * s1 + r2 * s2) / (r * s) if r * s > 0.0 else -2.0
        if after < min(before, _SHARPEST) - _SAME_BEND or after == -2.0 or not allowed:
            continue
        # The fan with fewer faces tells sooner; some rims fan out from one vertex.
        joined = 2
        for turn in range(3):
            if joined == 2:
                steps = _FEW_STEPS if turn < 2 else 6 * count
                joined = _are_joined(
                    patch, g_last if turn == 1 else h_last, c if turn == 1 else d, steps
                )
        if joined > 0:
            continue
        outer[0] = opposite[g_next]
        outer[1] = opposite[h_last]
        outer[2] = opposite[g_last]
        outer[3] = opposite[h_next]
        triangles[t, 0] = a
        triangles[t, 1] = d
        triangles[t, 2] = c
        triangles[u, 0] = d
        triangles[u, 1] = b
        triangles[u, 2] = c
        opposite[3 * t + 1] = 3 * u + 2
        opposite[3 * u + 2] = 3 * t + 1
        flips += 1
        for x in range(4):
            e = 3 * t + 2 * x if x < 2 else 3 * u + x - 2
            o = outer[x]
            opposite[e] = o
            if o >= 0:
                opposite[o] = e
                if queued[e] == 0 and queued[o] == 0 and top < waiting.shape[0]:
                    waiting[top] = e
                    queued[e] = 1
                    top += 1
    return flips
