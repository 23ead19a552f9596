"""Half-edges of a triangle mesh: who is on the other side of every edge.

Rules owned here:
- Half-edge ``h = 3 * f + j`` runs from ``faces[f, j]`` to ``faces[f, (j + 1) % 3]``.
- ``twin[h]`` is the half-edge of the neighbour over the same edge, `BOUNDARY` where there is no
  neighbour and `BRANCHING` where more than two faces meet. Twins may run the same way: winding is
  another module's rule.
- A face that names a vertex twice is none: its half-edges are `GONE`, as are those of a face that was
  taken out and whose row is still there. Nothing pairs with them and no kernel here sees them.
- The table is built once in time linear in the faces, whatever the valence; `twin_edits` keeps it
  right afterwards.

Source: Botsch et al., *Polygon Mesh Processing*, A K Peters 2010, ch. 2 (half-edge structures).
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Edges, Faces, Mask
from stsbench.geometry.compiled import kernel

__all__ = [
    "BOUNDARY",
    "BRANCHING",
    "GONE",
    "branching_edges",
    "count_fans",
    "faces_at_edges",
    "half_edge_twins",
    "next_half_edge",
    "open_vertices",
]

BOUNDARY = -1
BRANCHING = -2
GONE = -3


@kernel
def half_edge_twins(faces, vertex_count):
    """Pair the half-edges of a mesh.

    Parameters
    ----------
    faces : (F, 3) int32
    vertex_count : int

    Returns
    -------
    (3F,) int32
        Index of the opposite half-edge, `BOUNDARY` or `BRANCHING`; `GONE` for the half-edges of a
        face that names a vertex twice.
    """
    face_count = len(faces)
    start = np.zeros(vertex_count + 2, np.int32)
    for f in range(face_count):
        a = faces[f, 0]
        b = faces[f, 1]
        c = faces[f, 2]
        if a == b or b == c or c == a:  # noqa: PLR1714 - compiled
            continue
        start[min(a, b) + 2] += 1
        start[min(b, c) + 2] += 1
        start[min(c, a) + 2] += 1
    for v in range(vertex_count + 1):
        start[v + 1] += start[v]
    # Bucketed by the lower vertex of the edge, with the higher one beside it.
    order = np.empty(3 * face_count, np.int32)
    other = np.empty(3 * face_count, np.int32)
    twin = np.full(3 * face_count, -1, np.int32)
    for f in range(face_count):
        if faces[f, 0] == faces[f, 1] or faces[f, 1] == faces[f, 2] or faces[f, 2] == faces[f, 0]:
            twin[3 * f : 3 * f + 3] = -3
            continue
        for j in range(3):
            a = faces[f, j]
            b = faces[f, j + 1 if j < 2 else 0]
            low = min(a, b)
            slot = start[low + 1]
            start[low + 1] = slot + 1
            order[slot] = 3 * f + j
            other[slot] = max(a, b)
    seen = np.full(vertex_count, -1, np.int32)
    first = np.empty(vertex_count, np.int32)
    for v in range(vertex_count):
        for x in range(start[v], start[v + 1]):
            o = other[x]
            h = order[x]
            if seen[o] != v:
                seen[o] = v
                first[o] = h
                continue
            g = first[o]
            if twin[g] == -1:
                twin[g] = h
                twin[h] = g
            else:
                if twin[g] >= 0:
                    twin[twin[g]] = -2
                    twin[g] = -2
                twin[h] = -2
    return twin


@kernel
def _walk_fan(faces, twin, f, j, seen, marks):
    """Walk over the corners of one fan about a vertex, both ways; return how many there are."""
    v = faces[f, j]
    count = 1
    if marks:
        seen[3 * f + j] = 1
    for way in range(2):
        g = f
        k = j
        out = way == 0  # leave over the edge that starts at v, or over the one that ends there
        while True:
            t = twin[3 * g + (k if out else (k + 2 if k == 0 else k - 1))]
            if t < 0:
                break
            g = t // 3
            k = t - 3 * g
            # Whichever way the neighbour runs, it is left over its other edge at v.
            out = faces[g, k] != v
            if out:
                k = k + 1 if k < 2 else 0
            if g == f and k == j:
                return count
            count += 1
            if marks:
                seen[3 * g + k] = 1
    return count


@kernel
def _count_fans(faces, twin, vertex_count, rows):
    """Count the fans about vertices, walking only as far as tells that there is one."""
    fans = np.zeros(vertex_count, np.int32)
    left = np.zeros(vertex_count, np.int32)  # corners that the first fan met does not hold
    first = np.empty(vertex_count, np.int32)
    seen = np.zeros(vertex_count, np.uint8)  # a vertex on an edge without a twin
    for f in rows:
        if twin[3 * f] == -3:
            continue
        for j in range(3):
            v = faces[f, j]
            left[v] += 1
            first[v] = 3 * f + j
            if twin[3 * f + j] < 0:
                seen[v] = 1
                seen[faces[f, j + 1 if j < 2 else 0]] = 1
    several = False
    for v in range(vertex_count):
        corners = left[v]
        if corners == 0:
            continue
        fans[v] = 1
        h = first[v]
        if seen[v] == 0:
            # All about it is paired: a fan has two corners or more, so two have four or more, and
            # one that goes on when fewer than two are left holds them all.
            steps = 1
            while steps < corners - 1:
                t = twin[h]
                k = t % 3
                if t < 0 or faces[t // 3, k] == v:
                    break  # not all of its faces were asked for, or they are wound two ways
                h = t + 1 if k < 2 else t - 2
                if h == first[v]:
                    break
                steps += 1
            if steps >= corners - 1:
                left[v] = 0
                continue
        left[v] -= _walk_fan(faces, twin, first[v] // 3, first[v] % 3, seen, False)
        if left[v] != 0:
            several = True
            fans[v] = 0
    if not several:
        return fans
    seen = np.zeros(3 * len(faces), np.uint8)
    for f in rows:
        if twin[3 * f] == -3:
            continue
        for j in range(3):
            v = faces[f, j]
            if left[v] != 0 and not seen[3 * f + j]:
                fans[v] += 1
                _walk_fan(faces, twin, f, j, seen, True)
    return fans


def count_fans(
    faces: Faces,
    twin: NDArray[np.int32],
    vertex_count: int,
    rows: NDArray[np.integer] | None = None,
) -> NDArray[np.int32]:
    """Count the fans of faces about every vertex; more than one is a bow-tie.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    vertex_count : int
    rows : (N,) int, optional
        Faces to start from, all by default. Vertices whose faces are all among them are counted
        rightly.

    Returns
    -------
    (V,) int32
        0 for a vertex no face names, 1 where the surface is manifold.
    """
    asked = np.arange(len(faces), dtype=np.int32) if rows is None else rows
    fans: NDArray[np.int32] = _count_fans(
        faces, twin, vertex_count, asked.astype(np.int32, copy=False)
    )
    return fans


def faces_at_edges(twin: NDArray[np.int32], kind: int) -> Mask:
    """Mark the faces at an edge that is `BOUNDARY` or `BRANCHING`, (F,) bool.

    Parameters
    ----------
    twin : (3F,) int32
    kind : int
    """
    marked = np.zeros(len(twin) // 3, dtype=bool)
    marked[np.flatnonzero(twin == kind) // 3] = True
    return marked


def next_half_edge(half_edges: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the half-edge that follows each one within its face."""
    following: NDArray[np.integer] = half_edges + np.where(half_edges % 3 == 2, -2, 1)
    return following


def open_vertices(faces: Faces, twin: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the vertices on edges without a twin, each once or more.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    """
    half_edges = np.flatnonzero(twin < 0)
    corners = faces.ravel()
    found: NDArray[np.int32] = corners[np.concatenate([half_edges, next_half_edge(half_edges)])]
    return found


def branching_edges(
    faces: Faces, twin: NDArray[np.int32]
) -> tuple[Edges, NDArray[np.int32], NDArray[np.int64]]:
    """List the edges where more than two faces meet.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32

    Returns
    -------
    edges : (E, 2) int32
        Lower vertex first, sorted.
    half_edges : (H,) int32
        Every half-edge at those edges, edge by edge.
    edge_of : (H,) int64
        Which edge each half-edge belongs to.
    """
    half_edges = np.flatnonzero(twin == BRANCHING).astype(np.int32)
    corners = faces.ravel()
    start, end = corners[half_edges], corners[next_half_edge(half_edges)]
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.lexsort((half_edges, high, low))
    low, high = low[order], high[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    edges = np.stack([low[fresh], high[fresh]], axis=-1).astype(np.int32)
    return edges, half_edges[order], np.cumsum(fresh) - 1
