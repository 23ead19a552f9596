"""Faces that are no faces: a corner named twice, a copy of another face, no area.

Rules owned here:
- A face that names a vertex twice is none (`topology.GONE`) and goes; nothing opens, because it has
  no area and its neighbours meet over the edge it stood on.
- Of faces on the same three vertices, whatever their winding, the first stays.
- A thin face (three corners on one line) on an edge with three faces is an extra one and goes. One
  that is part of the surface is a T-vertex: it goes by turning its longest edge towards the
  vertex that lies on that edge, so no crack opens and no vertex moves. On the border it just goes.
- What cannot be turned (the other diagonal exists, or would be thin too) is returned as unsolved;
  the caller cuts it out with a ring and fills it.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.topology import BRANCHING, faces_at_edges

__all__ = ["duplicate_faces", "longest_first", "turn_thin_faces"]


def duplicate_faces(faces: Faces, twin: NDArray[np.int32]) -> NDArray[np.int64]:
    """Find every later copy of a face.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32

    Returns
    -------
    (N,) int64
        Their rows, ascending.
    """
    # A copy shares all three edges: each branches, or pairs the face with that same copy. So one
    # branches, or its first two lead to half-edges of one face, whose numbers differ by 1 or 2.
    some = faces_at_edges(twin, BRANCHING)
    some |= np.abs(twin[0::3] - twin[1::3]) <= 2
    rows = np.flatnonzero(some)
    beside = twin.reshape(-1, 3)[rows]
    neighbour = np.where(beside >= 0, beside // 3, -1)
    single = neighbour.max(axis=1, initial=-1)
    rows = rows[((beside == -2) | ((neighbour >= 0) & (neighbour == single[:, None]))).all(axis=1)]
    keys = np.sort(faces[rows], axis=1)
    order = np.lexsort((rows, keys[:, 2], keys[:, 1], keys[:, 0]))
    same = (keys[order][1:] == keys[order][:-1]).all(axis=1)
    return np.sort(rows[order[1:][same]])


@kernel
def _height_ratio(vertices, a, b, c):
    """Double area and longest edge of a triangle."""
    ux = vertices[b, 0] - vertices[a, 0]
    uy = vertices[b, 1] - vertices[a, 1]
    uz = vertices[b, 2] - vertices[a, 2]
    vx = vertices[c, 0] - vertices[a, 0]
    vy = vertices[c, 1] - vertices[a, 1]
    vz = vertices[c, 2] - vertices[a, 2]
    nx = uy * vz - uz * vy
    ny = uz * vx - ux * vz
    nz = ux * vy - uy * vx
    wx = vx - ux
    wy = vy - uy
    wz = vz - uz
    uu = ux * ux + uy * uy + uz * uz
    vv = vx * vx + vy * vy + vz * vz
    ww = wx * wx + wy * wy + wz * wz
    return np.sqrt(nx * nx + ny * ny + nz * nz), np.sqrt(max(uu, max(vv, ww))), uu, ww, vv


@kernel
def _has_edge(faces, twin, h, target):
    """Whether an edge joins the start of half-edge h to the target, seen from its own faces."""
    v = faces[h // 3, h % 3]
    for way in range(2):
        g = h
        for _ in range(len(twin)):
            f = g // 3
            j = g - 3 * f
            if faces[f, (j + 1) % 3] == target or faces[f, (j + 2) % 3] == target:
                return True
            # Turn about v: over the edge that ends at v, or the one that starts there.
            t = twin[3 * f + (j + 2) % 3] if way == 0 else twin[g]
            if t < 0:
                break
            if way == 1:
                t = 3 * (t // 3) + (t % 3 + 1) % 3
            if faces[t // 3, t % 3] != v:
                return True  # inconsistent winding: do not turn anything here
            g = t
            if g == h:
                return False
    return False


@kernel
def _turn(vertices, faces, twin, work, height, state):
    """Turn thin faces of the work list; state: 1 dropped, 2 remade, 3 unsolved."""
    waiting = np.empty(8 * len(work) + 16, np.int32)
    waiting[: len(work)] = work
    count = len(work)
    at = 0
    while at < count:
        f = waiting[at]
        at += 1
        if state[f] == 1:
            continue
        # From the corner that comes first by place, so that equal edges are told by that alone.
        first = 0
        for i in range(1, 3):
            for k in range(3):
                step = vertices[faces[f, i], k] - vertices[faces[f, first], k]
                if step != 0.0:
                    first = i if step < 0.0 else first
                    break
        a = faces[f, first]
        b = faces[f, (first + 1) % 3]
        c = faces[f, (first + 2) % 3]
        double, longest, ab, bc, ca = _height_ratio(vertices, a, b, c)
        if double > height * longest:
            continue
        j = first
        if bc > ab and bc >= ca:
            j = (first + 1) % 3
        elif ca > ab and ca > bc:
            j = (first + 2) % 3
        h = 3 * f + j
        t = twin[h]
        if t == -1:
            # On the border the face covers nothing: its neighbours become the border.
            for i in range(3):
                g = twin[3 * f + i]
                if g >= 0:
                    twin[g] = -1
                twin[3 * f + i] = -1
            state[f] = 1
            continue
        if t < 0:
            state[f] = 3
            continue
        a = faces[f, j]
        b = faces[f, (j + 1) % 3]
        c = faces[f, (j + 2) % 3]
        k = t // 3
        i = t - 3 * k
        d = faces[k, (i + 2) % 3]
        if faces[k, i] != b or c == d or _has_edge(faces, twin, 3 * f + (j + 2) % 3, d):
            state[f] = 3
            continue
        left, left_long, _, _, _ = _height_ratio(vertices, a, d, c)
        right, right_long, _, _, _ = _height_ratio(vertices, d, b, c)
        # Two thin faces back to back stay thin, but their longest edge gets shorter: they are
        # turned on towards what lies beyond.
        shut = left <= height * left_long and right <= height * right_long
        if shut and max(left_long, right_long) >= longest * (1.0 - 1e-6):
            state[f] = 3
            continue
        beyond_bc = twin[3 * f + (j + 1) % 3]
        beyond_ca = twin[3 * f + (j + 2) % 3]
        beyond_ad = twin[3 * k + (i + 1) % 3]
        beyond_db = twin[3 * k + (i + 2) % 3]
        faces[f, 0] = a
        faces[f, 1] = d
        faces[f, 2] = c
        faces[k, 0] = d
        faces[k, 1] = b
        faces[k, 2] = c
        twin[3 * f] = beyond_ad
        twin[3 * f + 1] = 3 * k + 2
        twin[3 * f + 2] = beyond_ca
        twin[3 * k] = beyond_db
        twin[3 * k + 1] = beyond_bc
        twin[3 * k + 2] = 3 * f + 1
        if beyond_ad >= 0:
            twin[beyond_ad] = 3 * f
        if beyond_ca >= 0:
            twin[beyond_ca] = 3 * f + 2
        if beyond_db >= 0:
            twin[beyond_db] = 3 * k
        if beyond_bc >= 0:
            twin[beyond_bc] = 3 * k + 1
        state[f] = 2
        state[k] = 2
        # Either half may be thin in turn: a chain of vertices along one edge.
        if count + 2 <= len(waiting):
            waiting[count] = f
            waiting[count + 1] = k
            count += 2
        else:
            state[f] = 3
    for x in range(count):
        f = waiting[x]
        if state[f] != 1:
            double, longest, _, _, _ = _height_ratio(
                vertices, faces[f, 0], faces[f, 1], faces[f, 2]
            )
            if double <= height * longest:
                state[f] = 3


def longest_first(vertices: Vertices, faces: Faces, thin: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return faces by their longest edge, then by place: where some touch the first one decides.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    thin : (N,) int
    """
    corners = vertices[faces[thin]]
    x, y, z = corners.mean(axis=1).round(6).T
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    return thin[np.lexsort((z, y, x, -longest.round(6)))].astype(np.int32)


def turn_thin_faces(
    vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    thin: NDArray[np.integer],
    *,
    thin_mm: float,
) -> tuple[Faces, NDArray[np.int32], NDArray[np.uint8]]:
    """Resolve thin faces of a consistently wound mesh without moving a vertex or opening a crack.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
    thin : (N,) int
        The faces to resolve.
    thin_mm : float
        Height at and below which a face is thin.

    Returns
    -------
    faces : (F, 3) int32
        Dropped faces are still in it.
    twin : (3F,) int32
    state : (F,) uint8
        0 untouched, 1 dropped, 2 remade, 3 unsolved.
    """
    turned, table = faces.copy(), twin.copy()
    state = np.zeros(len(faces), dtype=np.uint8)
    work = longest_first(vertices, faces, thin)
    _turn(vertices, turned, table, work, thin_mm, state)
    return turned, table, state
