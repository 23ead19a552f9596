"""The inner loops of the search for faces that meet: node against node, leaf against leaf.

Rules owned here:
- Nodes of one level are compared in pairs, so no face walks down from the root. Under a pair of
  leaves each face is compared with all boxes and corners of the other leaf at once: nearly all that
  meet are joined, and nothing branches for those.
- Faces with a vertex of a flat star in common are not asked (`self_intersection.flat_stars`).
- Every step is counted, and the search stops when the count is used up.
"""

import numpy as np

from stsbench.geometry.bounding_tree import LEAF
from stsbench.geometry.compiled import kernel, trailing_zeros
from stsbench.geometry.triangle_contact import faces_meet

__all__ = ["TEST_WORK", "clear_corners", "meet_others", "meet_within"]

TEST_WORK = 4  # steps that one exact test counts


@kernel
def clear_corners(faces, flat):
    """Name the corners of faces so that only vertices with a flat star are ever equal.

    Parameters
    ----------
    faces : (F, 3) int32
        At their sorted places.
    flat : (V,) uint8

    Returns
    -------
    (P, 3, LEAF) int32
        Leaf by leaf, first corners side by side: the vertex where its star is flat, else a number
        that occurs once.
    """
    corners = np.empty((-(-len(faces) // LEAF), 3, LEAF), np.int32)
    for leaf in range(len(corners)):
        for n in range(LEAF):
            x = LEAF * leaf + n
            for j in range(3):
                corners[leaf, j, n] = -3 * x - j - 1
                if x < len(faces) and flat[faces[x, j]]:
                    corners[leaf, j, n] = faces[x, j]
    return corners


@kernel
def _joined(a, b, c, d, e, f):
    return (
        (a == d) | (a == e) | (a == f)
        | (b == d) | (b == e) | (b == f)
        | (c == d) | (c == e) | (c == f)
    )  # fmt: skip


@kernel
def _apart(p, i, q, j):
    """Boxes without a point in common; no branches, so that the comparisons run side by side."""
    return (
        (p[i, 0] > q[j, 3]) | (q[j, 0] > p[i, 3])
        | (p[i, 1] > q[j, 4]) | (q[j, 1] > p[i, 4])
        | (p[i, 2] > q[j, 5]) | (q[j, 2] > p[i, 5])
    )  # fmt: skip


@kernel
def _lanes(x, y, z, u, v, w, boxes, leaf):
    """Return a bit for every face under a leaf whose box meets the box x..u, y..v, z..w."""
    bits = np.int32(0)
    for n in range(LEAF):
        meets = (
            (x <= boxes[leaf, 3, n]) & (boxes[leaf, 0, n] <= u)
            & (y <= boxes[leaf, 4, n]) & (boxes[leaf, 1, n] <= v)
            & (z <= boxes[leaf, 5, n]) & (boxes[leaf, 2, n] <= w)
        )  # fmt: skip
        bits |= np.int32(meets) << np.int32(n)
    return bits


@kernel
def _has_stranger(x, y, z, u, v, w, p, q, r, boxes, corners, leaf):
    """Whether some face under a leaf meets a box and has none of three corners.

    It only says whether: a bit for each would keep the comparisons from running side by side.
    """
    some = False
    for n in range(LEAF):
        some |= (
            (x <= boxes[leaf, 3, n]) & (boxes[leaf, 0, n] <= u)
            & (y <= boxes[leaf, 4, n]) & (boxes[leaf, 1, n] <= v)
            & (z <= boxes[leaf, 5, n]) & (boxes[leaf, 2, n] <= w)
            & (p != corners[leaf, 0, n]) & (p != corners[leaf, 1, n]) & (p != corners[leaf, 2, n])
            & (q != corners[leaf, 0, n]) & (q != corners[leaf, 1, n]) & (q != corners[leaf, 2, n])
            & (r != corners[leaf, 0, n]) & (r != corners[leaf, 1, n]) & (r != corners[leaf, 2, n])
        )  # fmt: skip
    return some


@kernel
def meet_within(vertices, faces, corners, boxes, nodes, starts, work, out):
    """Find the pairs of a tree's faces that meet, under given pairs of nodes of one level.

    Parameters
    ----------
    vertices : (V, 3) float64
    faces : (F, 3) int32
        At their sorted places.
    corners : (P, 3, LEAF) int32
        From `clear_corners`.
    boxes, nodes : float32
        Of a `BoundingTree`.
    starts : (N, 2) int32
        Pairs of nodes, the lower first.
    work : int
        Steps after which to stop.
    out : (M, 2) int32
        Filled with sorted places.

    Returns
    -------
    found : int
        More than M when there was no room.
    work : int
        Steps left, negative when there were too few.
    """
    leaves = len(nodes) // 2
    stack = np.empty((1024, 2), np.int32)
    found = 0
    for s in range(len(starts)):
        stack[0, 0] = starts[s, 0]  # one by one: a row at once compiles the text of an error
        stack[0, 1] = starts[s, 1]
        top = 1
        while top > 0:
            top -= 1
            a = stack[top, 0]
            b = stack[top, 1]
            if a >= leaves:
                c = a - leaves
                d = b - leaves
                near = _lanes(
                    nodes[b, 0], nodes[b, 1], nodes[b, 2], nodes[b, 3], nodes[b, 4], nodes[b, 5],
                    boxes, c,
                )  # fmt: skip
                work -= LEAF
                if work < 0 or found > len(out):
                    return found, work
                while near:
                    i = np.int64(trailing_zeros(near))
                    near &= near - np.int32(1)
                    x = boxes[c, 0, i]
                    y = boxes[c, 1, i]
                    z = boxes[c, 2, i]
                    u = boxes[c, 3, i]
                    v = boxes[c, 4, i]
                    w = boxes[c, 5, i]
                    o = corners[c, 0, i]
                    p = corners[c, 1, i]
                    q = corners[c, 2, i]
                    if not _has_stranger(x, y, z, u, v, w, o, p, q, boxes, corners, d):
                        continue
                    bits = _lanes(x, y, z, u, v, w, boxes, d)
                    if a == b:
                        bits &= np.int32(-2) << np.int32(i)
                    while bits:
                        second = LEAF * d + np.int64(trailing_zeros(bits))
                        bits &= bits - np.int32(1)
                        j = second - LEAF * d
                        if _joined(o, p, q, corners[d, 0, j], corners[d, 1, j], corners[d, 2, j]):
                            continue
                        work -= TEST_WORK
                        if faces_meet(vertices, faces, LEAF * c + i, faces, second):
                            if found < len(out):
                                out[found, 0] = LEAF * c + i
                                out[found, 1] = second
                            found += 1
                continue
            for i in range(2):
                for j in range(i if a == b else 0, 2):
                    p = 2 * a + i
                    q = 2 * b + j
                    stack[top, 0] = p  # without a branch that nobody can foretell
                    stack[top, 1] = q
                    top += 1 - _apart(nodes, p, nodes, q)
    return found, work


@kernel
def meet_others(
    vertices, asked, asked_boxes, asked_order, alive, faces, boxes, order, nodes, flat, work, out
):
    """Find the pairs of one tree's faces with those faces of another that are alive.

    All faces under a leaf of the first walk down the second together, each as far as its own box.

    Parameters
    ----------
    vertices : (V, 3) float64
    asked, asked_boxes, asked_order
        Of the first `BoundingTree`: faces, boxes, order.
    alive : (F,) bool
    faces, boxes, order, nodes
        Of the second.
    flat : (V,) uint8
    work : int
    out : (M, 2) int32
        Filled with faces of the first and of the second.

    Returns
    -------
    found, work : int
        As in `meet_within`.
    """
    leaves = len(nodes) // 2
    found = 0
    for c in range(len(asked_boxes)):
        node = 1
        while True:
            hits = _lanes(
                nodes[node, 0], nodes[node, 1], nodes[node, 2],
                nodes[node, 3], nodes[node, 4], nodes[node, 5],
                asked_boxes, c,
            )  # fmt: skip
            if hits and node < leaves:
                node = 2 * node
                continue
            while hits:
                n = np.int64(trailing_zeros(hits))
                hits &= hits - np.int32(1)
                i = LEAF * c + n
                o = asked[i, 0] if flat[asked[i, 0]] else -1
                p = asked[i, 1] if flat[asked[i, 1]] else -1
                q = asked[i, 2] if flat[asked[i, 2]] else -1
                work -= LEAF
                if work < 0:
                    return found, work
                bits = _lanes(
                    asked_boxes[c, 0, n], asked_boxes[c, 1, n], asked_boxes[c, 2, n],
                    asked_boxes[c, 3, n], asked_boxes[c, 4, n], asked_boxes[c, 5, n],
                    boxes, node - leaves,
                )  # fmt: skip
                while bits:
                    y = LEAF * (node - leaves) + np.int64(trailing_zeros(bits))
                    bits &= bits - np.int32(1)
                    if not alive[order[y]] or _joined(
                        o, p, q, faces[y, 0], faces[y, 1], faces[y, 2]
                    ):
                        continue
                    work -= TEST_WORK
                    if faces_meet(vertices, asked, i, faces, y):
                        if found == len(out):
                            return found + 1, work
                        out[found, 0] = asked_order[i]
                        out[found, 1] = order[y]
                        found += 1
            while node & 1:
                node >>= 1
            if node == 0:
                break
            node += 1
    return found, work
