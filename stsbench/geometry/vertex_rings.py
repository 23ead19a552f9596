"""Rings of vertices about a vertex, walked over a table of neighbours.

Rules owned here:
- A ring is every vertex one edge farther than the ring before; ring 0 is the vertex itself.
- Rings come in an order that the faces alone decide, and can be walked on from where a walk ended.
"""

import numpy as np

from stsbench.geometry.compiled import kernel

__all__ = ["renew_neighbours", "rings_away", "vertex_neighbours", "walk_rings"]

_COMMON = 8  # neighbours that hardly any vertex has more of


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
            v = np.uint32(faces[f, j])
            start[v + np.uint32(1)] += 2 if border[v] else 1
    for v in range(len(border)):
        start[v + 1] += start[v]
    at = start[:-1].copy()
    around = np.empty(start[-1], np.int32)
    for f in range(len(faces)):
        for j in range(3):
            v = np.uint32(faces[f, j])
            around[np.uint32(at[v])] = faces[f, j + 1 if j < 2 else 0]
            if border[v]:
                around[np.uint32(at[v] + 1)] = faces[f, j - 1 if j else 2]
                at[v] += 1
            at[v] += 1
    return start, around


@kernel
def renew_neighbours(start, around, stale, faces, border):
    """Bring neighbours up to date after faces came and went: what all faces would give.

    Parameters
    ----------
    start, around : int32
        From `vertex_neighbours`, before; vertices added since come after these.
    stale : (V,) bool
        Vertices that lost or gained a face.
    faces : (F, 3) int32
        All that name a stale vertex, in their order.
    border : (V,) bool
        Vertices on open edges now.

    Returns
    -------
    start : (V + 1,) int32
    around : (start[V],) int32
    """
    known = len(start) - 1
    begin = np.zeros(len(stale) + 1, np.int32)
    for f in range(len(faces)):
        for j in range(3):
            v = faces[f, j]
            if stale[v]:
                begin[v + 1] += 2 if border[v] else 1
    for v in range(len(stale)):
        if v < known and not stale[v]:
            begin[v + 1] = start[v + 1] - start[v]
        begin[v + 1] += begin[v]
    out = np.empty(begin[-1], np.int32)
    v = 0
    while v < known:
        # From one stale vertex to the next all that was known lies end to end.
        first = v
        while v < known and not stale[v]:
            v += 1
        ahead = begin[first] - start[first]
        for y in range(start[first], start[v]):
            out[y + ahead] = around[y]
        v += 1
    at = begin[:-1].copy()
    for f in range(len(faces)):
        for j in range(3):
            v = faces[f, j]
            if stale[v]:
                out[at[v]] = faces[f, j + 1 if j < 2 else 0]
                if border[v]:
                    out[at[v] + 1] = faces[f, j - 1 if j else 2]
                    at[v] += 1
                at[v] += 1
    return begin, out


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
    queue = np.empty(len(seeds) + 1, np.int32)
    last = 0
    for v in range(len(seeds)):
        if seeds[v]:
            away[v] = 0
            queue[last] = v
            last += 1
    first = 0
    while first < last:
        v = np.uint32(queue[first])
        first += 1
        if away[v] == limit:
            break
        for y in range(start[v], start[v + np.uint32(1)]):
            w = np.uint32(around[y])
            queue[last] = w  # without a branch: most were met before
            last += away[w] > limit
            away[w] = min(away[w], away[v] + 1)
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
            u = np.uint32(ring[x])
            first = start[u]
            last = start[u + 1] - 1
            if last - first < _COMMON <= len(ring) - count:
                # Nothing branches here: five of six were met before, and nobody can foretell which,
                # or how many there are. The last one is met again, which counts for nothing.
                for n in range(_COMMON if first <= last else 0):
                    w = np.uint32(around[np.uint32(min(first + n, last))])
                    ring[count] = w
                    count += mark[w] != stamp
                    mark[w] = stamp
                continue
            for y in range(first, last + 1):
                w = np.uint32(around[y])
                if count == len(ring):
                    if mark[w] != stamp:
                        return k - 1
                    continue
                ring[count] = w
                count += mark[w] != stamp
                mark[w] = stamp
        ends[k + 1] = count
        if count == ends[k]:
            return k - 1
    return limit
