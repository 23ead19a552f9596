"""Rings of vertices about a vertex, walked over a table of neighbours.

Rules owned here:
- A ring is every vertex one edge farther than the ring before; ring 0 is the vertex itself.
- Rings come in an order that the faces alone decide, and can be walked on from where a walk ended.
"""

import numpy as np

from stsbench.geometry.compiled import kernel

__all__ = ["vertex_neighbours", "walk_rings"]


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
                if mark[w] != stamp:
                    if count == len(ring):
                        return k - 1
                    mark[w] = stamp
                    ring[count] = w
                    count += 1
        ends[k + 1] = count
        if count == ends[k]:
            return k - 1
    return limit
