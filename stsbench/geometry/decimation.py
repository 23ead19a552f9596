"""Take vertices out of a surface, the least missed first, while it stays within a distance of it.

Rules owned here:
- Edges collapse onto one of their ends: what remains is a subset of the vertices, each in its place
  with its own colour. Vertices on open edges stay, so borders are the same.
- Every vertex taken out is remembered with the face nearest to it and asked again at each further
  collapse: all stay within the bound of the new faces, and the middles of new faces and edges
  within the bound of the old surface. That is tested, not estimated; the quadric error only says
  who goes first.
- No face turns by more than 45 degrees in one collapse, becomes a needle or is joined twice.

Sources: M. Garland, P. Heckbert, *Surface simplification using quadric error metrics*, SIGGRAPH
1997; H. Hoppe et al., *Mesh optimization*, SIGGRAPH 1993 (link condition); R. Klein, G. Liebich,
W. Strasser, *Mesh reduction with error control*, Visualization 1996 (points kept per face).
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.closest_point import closest_on_face
from stsbench.geometry.collapse_queue import pop, push
from stsbench.geometry.compiled import kernel
from stsbench.geometry.distance import SurfaceTree, build_tree, search_tree

__all__ = ["collapse_edges"]

_WIDEST = 48  # faces about a vertex beyond which it is left alone
_TURN = 0.7  # cosine: farthest a face may turn
_SHAPE = 0.2  # 4 sqrt(3) area over the squares of the sides; 1 for equal sides


@kernel
def _normal(vertices, a, b, c, out):
    """Fill the doubled vector area; return the sum of the squared sides."""
    ux = vertices[b, 0] - vertices[a, 0]
    uy = vertices[b, 1] - vertices[a, 1]
    uz = vertices[b, 2] - vertices[a, 2]
    wx = vertices[c, 0] - vertices[a, 0]
    wy = vertices[c, 1] - vertices[a, 1]
    wz = vertices[c, 2] - vertices[a, 2]
    out[0] = uy * wz - uz * wy
    out[1] = uz * wx - ux * wz
    out[2] = ux * wy - uy * wx
    return (
        ux * ux + uy * uy + uz * uz + wx * wx + wy * wy + wz * wz
        + (ux - wx) ** 2 + (uy - wy) ** 2 + (uz - wz) ** 2
    )  # fmt: skip


@kernel
def _add_planes(vertices, faces, quadric):
    normal = np.empty(3)
    for f in range(len(faces)):
        _normal(vertices, faces[f, 0], faces[f, 1], faces[f, 2], normal)
        size = np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)
        if size == 0:
            continue
        a = normal[0] / size
        b = normal[1] / size
        c = normal[2] / size
        v = faces[f, 0]
        d = -(a * vertices[v, 0] + b * vertices[v, 1] + c * vertices[v, 2])
        for j in range(3):
            q = quadric[faces[f, j]]
            q[0] += size * a * a
            q[1] += size * a * b
            q[2] += size * a * c
            q[3] += size * a * d
            q[4] += size * b * b
            q[5] += size * b * c
            q[6] += size * b * d
            q[7] += size * c * c
            q[8] += size * c * d
            q[9] += size * d * d


@kernel
def _cost(vertices, quadric, u, v):
    """Quadric error of moving u to v, and a trace of the length so that flat places have an order."""
    x = vertices[v, 0]
    y = vertices[v, 1]
    z = vertices[v, 2]
    error = 0.0
    for n in range(2):
        q = quadric[u if n == 0 else v]
        error += (
            q[0] * x * x + q[4] * y * y + q[7] * z * z + q[9]
            + 2 * (q[1] * x * y + q[2] * x * z + q[3] * x + q[5] * y * z + q[6] * y + q[8] * z)
        )  # fmt: skip
    gap = (vertices[u, 0] - x) ** 2 + (vertices[u, 1] - y) ** 2 + (vertices[u, 2] - z) ** 2
    return max(error, 0.0) + 1e-7 * gap * gap


@kernel
def _star(alive, head, after, v, out):
    """List the faces alive about a vertex; -1 where there are too many."""
    count = 0
    corner = head[v]
    while corner >= 0:
        if alive[corner // 3]:
            if count == _WIDEST:
                return -1
            out[count] = corner
            count += 1
        corner = after[corner]
    return count


@kernel
def _collapse(  # noqa: PLR0917 - a kernel takes its arrays one by one
    vertices, faces, alive, fixed, bound_mm, thin_mm, least,
    head, tail, after, quadric, heap, stamps, point_head, point_next,
    boxes, starts, corners, order,
):  # fmt: skip
    face_count = len(faces)
    gone = np.zeros(len(vertices), np.bool_)
    stamp = np.zeros(len(vertices), np.int32)
    token = np.zeros(len(vertices), np.int64)
    turn = 0
    size = 0
    for f in range(face_count):
        for j in range(3):
            u = faces[f, j]
            if not fixed[u]:
                v = faces[f, j + 1 if j < 2 else 0]
                push(heap, stamps, size, _cost(vertices, quadric, u, v), u, v, 0, 0)
                size += 1
    star_u = np.empty(_WIDEST, np.int64)
    star_v = np.empty(_WIDEST, np.int64)
    corner = np.empty((_WIDEST, 9))
    kept = np.empty(_WIDEST, np.int64)
    sample = np.empty((3 * _WIDEST, 3))
    before = np.empty(3)
    now = np.empty(3)
    left = face_count
    while size > 0 and left > least:
        pop(heap, stamps, size)
        size -= 1
        u = stamps[size, 0]
        v = stamps[size, 1]
        if gone[u] or gone[v] or stamps[size, 2] != stamp[u] or stamps[size, 3] != stamp[v]:
            continue
        count_u = _star(alive, head, after, u, star_u)
        count_v = _star(alive, head, after, v, star_v)
        if count_u < 3 or count_v < 0:
            continue
        # Link condition: exactly two vertices neighbour both ends.
        turn += 1
        for n in range(count_v):
            for j in range(3):
                token[faces[star_v[n] // 3, j]] = 2 * turn
        token[u] = 0
        token[v] = 0
        shared = 0
        common = 0
        for n in range(count_u):
            f = star_u[n] // 3
            if faces[f, 0] == v or faces[f, 1] == v or faces[f, 2] == v:
                shared += 1
            for j in range(3):
                w = faces[f, j]
                if token[w] == 2 * turn:
                    token[w] = 2 * turn + 1
                    common += 1
        if shared != 2 or common != 2:
            continue
        valid = True
        new = 0
        for n in range(count_u):
            f = star_u[n] // 3
            if faces[f, 0] == v or faces[f, 1] == v or faces[f, 2] == v:
                continue
            a = v if faces[f, 0] == u else faces[f, 0]
            b = v if faces[f, 1] == u else faces[f, 1]
            c = v if faces[f, 2] == u else faces[f, 2]
            old_sides = _normal(vertices, faces[f, 0], faces[f, 1], faces[f, 2], before)
            sides = _normal(vertices, a, b, c, now)
            dot = before[0] * now[0] + before[1] * now[1] + before[2] * now[2]
            old_size = np.sqrt(before[0] ** 2 + before[1] ** 2 + before[2] ** 2)
            new_size = np.sqrt(now[0] ** 2 + now[1] ** 2 + now[2] ** 2)
            shape = 3.4641 * new_size / sides if sides > 0 else 0.0
            old_shape = 3.4641 * old_size / old_sides if old_sides > 0 else 0.0
            if (
                dot < _TURN * old_size * new_size
                or new_size <= 4 * thin_mm * np.sqrt(sides)
                or shape < min(_SHAPE, old_shape)
            ):
                valid = False
                break
            for k in range(3):
                corner[new, k] = vertices[a, k]
                corner[new, 3 + k] = vertices[b, k]
                corner[new, 6 + k] = vertices[c, k]
            kept[new] = f
            new += 1
        if not valid:
            continue
        # Every vertex taken out here so far, and this one, must stay near the new faces.
        for n in range(-1, count_u):
            point = u if n < 0 else point_head[star_u[n] // 3]
            while point >= 0 and valid:
                nearest = np.inf
                for m in range(new):
                    d2, _, _, _ = closest_on_face(
                        corner[m], vertices[point, 0], vertices[point, 1], vertices[point, 2]
                    )
                    nearest = min(nearest, d2)
                valid = nearest <= bound_mm * bound_mm
                point = -1 if n < 0 else point_next[point]
            if not valid:
                break
        if not valid:
            continue
        for m in range(new):
            for k in range(3):
                a = corner[m, k]
                b = corner[m, 3 + k]
                c = corner[m, 6 + k]
                sample[3 * m, k] = (a + b + c) / 3
                # Two of the three edges of a new face end at v; the third is an old one.
                sample[3 * m + 1, k] = (vertices[v, k] + (a if faces[kept[m], 0] != u else b)) / 2
                sample[3 * m + 2, k] = (vertices[v, k] + (c if faces[kept[m], 2] != u else b)) / 2
        gaps, _, _ = search_tree(
            sample[: 3 * new], boxes, starts, corners, order, bound_mm * bound_mm
        )
        if not gaps.max() <= bound_mm:
            continue
        chain = u
        point_next[u] = -1
        for n in range(count_u):
            f = star_u[n] // 3
            while point_head[f] >= 0:
                point = point_head[f]
                point_head[f] = point_next[point]
                point_next[point] = chain
                chain = point
        while chain >= 0:
            point = chain
            chain = point_next[point]
            best = 0
            nearest = np.inf
            for m in range(new):
                d2, _, _, _ = closest_on_face(
                    corner[m], vertices[point, 0], vertices[point, 1], vertices[point, 2]
                )
                if d2 < nearest:
                    nearest = d2
                    best = m
            point_next[point] = point_head[kept[best]]
            point_head[kept[best]] = point
        for n in range(count_u):
            f = star_u[n] // 3
            if faces[f, 0] == v or faces[f, 1] == v or faces[f, 2] == v:
                alive[f] = False
                left -= 1
            else:
                faces[f, star_u[n] - 3 * f] = v
        after[tail[v]] = head[u]
        tail[v] = tail[u]
        gone[u] = True
        quadric[v] += quadric[u]
        stamp[v] += 1
        count_v = _star(alive, head, after, v, star_v)
        for n in range(count_v):
            f = star_v[n] // 3
            j = star_v[n] - 3 * f
            if size + 4 > len(heap):
                more = np.empty((2 * len(heap), 1))
                more[:size] = heap[:size]
                heap = more
                names = np.empty((2 * len(stamps), 4), np.int32)
                names[:size] = stamps[:size]
                stamps = names
            for step in range(1, 3):
                w = faces[f, (j + step) % 3]
                # Each neighbour is met twice; the way in is taken from one face, out from the other.
                if step == 1 and not fixed[v]:
                    cost = _cost(vertices, quadric, v, w)
                    push(heap, stamps, size, cost, v, w, stamp[v], stamp[w])
                    size += 1
                if step == 2 and not fixed[w]:
                    cost = _cost(vertices, quadric, w, v)
                    push(heap, stamps, size, cost, w, v, stamp[w], stamp[v])
                    size += 1
    return left


def collapse_edges(
    vertices: Vertices,
    faces: Faces,
    fixed: Mask,
    *,
    bound_mm: float,
    thin_mm: float,
    least_faces: int = 0,
) -> tuple[Faces, NDArray[np.int64]]:
    """Collapse edges as long as the surface stays within a bound.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Manifold and consistently wound.
    fixed : (V,) bool
        Vertices that stay; those on open edges must be among them.
    bound_mm : float
        Farthest a vertex taken out may lie from the faces that remain.
    thin_mm : float
        Height of a face without area.
    least_faces : int
        Stop at so many.

    Returns
    -------
    faces : (M, 3) int32
        Those that remain, in their old order, over the same vertices.
    rows : (M,) int64
        Which face each was.
    """
    count = len(faces)
    faces = np.array(faces, dtype=np.int32, order="C")
    centred = np.ascontiguousarray(vertices - vertices.mean(axis=0))
    order = np.argsort(faces.ravel(), kind="stable")
    owner = faces.ravel()[order]
    head = np.full(len(vertices), -1, dtype=np.int64)
    tail = np.full(len(vertices), -1, dtype=np.int64)
    after = np.full(3 * count, -1, dtype=np.int64)
    first = np.flatnonzero(np.r_[True, np.diff(owner) != 0][: len(owner)])
    head[owner[first]] = order[first]
    tail[owner[np.append(first[1:], len(owner)) - 1]] = order[np.append(first[1:], len(owner)) - 1]
    same = np.flatnonzero(np.diff(owner) == 0)
    after[order[same]] = order[same + 1]
    tree: SurfaceTree = build_tree(centred, faces)
    quadric = np.zeros((len(vertices), 10))
    _add_planes(centred, faces, quadric)
    alive = np.ones(count, dtype=bool)
    room = 6 * count + 64
    _collapse(
        centred, faces, alive, np.ascontiguousarray(fixed), bound_mm, thin_mm, least_faces,
        head, tail, after, quadric, np.empty((room, 1)), np.empty((room, 4), dtype=np.int32),
        np.full(count, -1, dtype=np.int64), np.full(len(vertices), -1, dtype=np.int64),
        tree.boxes, tree.starts, tree.corners, tree.order,
    )  # fmt: skip
    return faces[alive], np.flatnonzero(alive)
