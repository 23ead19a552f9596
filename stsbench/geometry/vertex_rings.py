"""Rings of vertices about a vertex, walked over a table of neighbours.

Rules owned here:
- A ring is every vertex one edge farther than the ring before; ring 0 is the vertex itself.
- Rings come in an order that the faces alone decide, and can be walked on from where a walk ended.
"""

import numpy as np

from stsbench.geometry.compiled import kernel

__all__ = ["rings_away", "vertex_neighbours", "walk_rings"]


@kernel
def vertex_neighbours(faces, border):
    """Lay the neighbours of every vertex end to end: the next one in each of its faces.

    On the border the one before as well, or the first of a fan would be missing.

    Parameters
    ----------
    faces : (F, 3) int32
        Consistently wound.
    border : (V,) bool
        Vertices on open edges.

    Returns
    -------
    start : (V + 1,) int32
        Where the neighbours of each vertex begin.
    around : (start[V],) int32
    """
    start = np.zeros(len(border) + 1, np.int32)
    for f in range(len(faces)):
        for j in range(3):
            start[faces[f, j] + 1] += 2 if border[faces[f, j]] else 1
    for v in range(len(border)):
        start[v + 1] += start[v]
    at = start[:-1].copy()
    around = np.empty(start[-1], np.int32)
    for f in range(len(faces)):
        for j in range(3):
            v = faces[f, j]
            around[at[v]] = faces[f, j + 1 if j < 2 else 0]
            if border[v]:
                around[at[v] + 1] = faces[f, j - 1 if j else 2]
                at[v] += 1
            at[v] += 1
    return start, around


@kernel
def rings_away(start, around, seeds, limit):
    """Count the edges from each vertex to the nearest of some.

    Parameters
    ----------
    start, around : int32
        From `vertex_neighbours`.
    seeds : (V,) bool
    limit : int
        At most 254; it costs no more than it reaches.

    Returns
    -------
    (V,) uint8
        ``limit + 1`` beyond the limit.
    """
    away = np.full(len(seeds), limit + 1, np.uint8)
    queue = np.empty(len(seeds), np.int32)
    last = 0
    for v in range(len(seeds)):
        if seeds[v]:
            away[v] = 0
            queue[last] = v
            last += 1
    first = 0
    while first < last:
        v = queue[first]
        first += 1
        if away[v] == limit:
            break
        for y in range(start[v], start[v + 1]):
            w = around[y]
            if away[w] > limit:
                away[w] = away[v] + 1
                queue[last] = w
                last += 1
    return away


@kernel
def walk_rings(start, around, v, mark, stamp, ring, ends, known, limit):
    """Walk the vertices about v (ring 0) ring by ring, from ring `known` on.

    Parameters
    ----------
    start, around : int32
        From `vertex_neighbours`.
    v : int
    mark : (V,) int32
        Holds `stamp` where a vertex was met.
    stamp : int
    ring : (N,) int32
        Room for the vertices.
    ends : (limit + 2,) int32
        Ring k is ``ring[ends[k]:ends[k + 1]]``.
    known : int
        Rings that an earlier call walked, 0 for none.
    limit : int

    Returns
    -------
    int
        Whole rings that are there now.
    """
    if known == 0:
        ring[0] = v
        mark[v] = stamp
        ends[0] = 0
        ends[1] = 1
    count = ends[known + 1]
    for k in range(known + 1, limit + 1):
        for x in range(ends[k - 1], ends[k]):
            u = ring[x]
            for y in range(start[u], start[u + 1]):
                w = around[y]
                if count == len(ring):
                    if mark[w] != stamp:
                        return k - 1
                    continue
                # Without a branch that nothing can foretell: five of six were met before.
                ring[count] = w
                count += mark[w] != stamp
                mark[w] = stamp
        ends[k + 1] = count
        if count == ends[k]:
            return k - 1
    return limit
