"""Sets of faces within a mesh: grown by rings, joined to sheets.

Rules owned here:
- A ring is every face that shares a vertex with the set.
- Faces are joined over edges with exactly two of them. The answer is numbered by first faces, so it
  depends on the mesh alone. One pass in the order of the faces: a union-find whose roots are the
  lowest faces, which for the order a scanner writes hardly ever has a long way to go.

Source: Tarjan, Efficiency of a good but not linear set union algorithm, Journal of the ACM 22, 1975
(union-find; here with the parity of turned faces along the way).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask
from stsbench.geometry.compiled import kernel

__all__ = [
    "Joined",
    "SheetSums",
    "faces_at",
    "grow_by_rings",
    "join_faces",
    "join_on",
    "named_vertices",
    "sum_sheets",
    "touching_faces",
]


@kernel
def _grow(faces, vertex_count, grown, rings):
    touched = np.zeros(vertex_count, np.uint8)
    for _ in range(rings):
        for f in range(len(faces)):
            if grown[f]:
                touched[faces[f, 0]] = 1
                touched[faces[f, 1]] = 1
                touched[faces[f, 2]] = 1
        for f in range(len(faces)):
            a = np.uint32(faces[f, 0])  # unsigned: no row is counted from the end
            b = np.uint32(faces[f, 1])
            c = np.uint32(faces[f, 2])
            grown[f] |= (touched[a] | touched[b] | touched[c]) != 0


def grow_by_rings(faces: Faces, vertex_count: int, seed: Mask, rings: int) -> Mask:
    """Widen a set of faces by rings: every face that shares a vertex with it, again and again.

    Parameters
    ----------
    faces : (F, 3) int32
    vertex_count : int
    seed : (F,) bool
    rings : int

    Returns
    -------
    (F,) bool
    """
    grown = np.array(seed, dtype=np.bool_)
    _grow(faces, vertex_count, grown, rings)
    return grown


@kernel
def named_vertices(faces, vertex_count):
    """Mark the vertices that a face names.

    Parameters
    ----------
    faces : (F, 3) int32
    vertex_count : int

    Returns
    -------
    (V,) bool
    """
    named = np.zeros(vertex_count, np.bool_)
    for f in range(len(faces)):
        named[np.uint32(faces[f, 0])] = True
        named[np.uint32(faces[f, 1])] = True
        named[np.uint32(faces[f, 2])] = True
    return named


@kernel
def faces_at(faces, marked):
    """Mark the faces that name a marked vertex.

    Parameters
    ----------
    faces : (F, 3) int32
    marked : (V,) bool

    Returns
    -------
    (F,) bool
    """
    at = np.empty(len(faces), np.bool_)
    for f in range(len(faces)):
        a = np.uint32(faces[f, 0])  # unsigned: no row is counted from the end
        b = np.uint32(faces[f, 1])
        c = np.uint32(faces[f, 2])
        at[f] = marked[a] | marked[b] | marked[c]
    return at


def touching_faces(faces: Faces, vertex_count: int, some: Faces) -> NDArray[np.int64]:
    """Return the faces that share a vertex with some others, these included, (N,) int64.

    Parameters
    ----------
    faces : (F, 3) int32
    vertex_count : int
    some : (M, 3) int32
    """
    near = named_vertices(np.ascontiguousarray(some), vertex_count)
    return np.flatnonzero(faces_at(faces, near))


class Joined(NamedTuple):
    """Faces joined over edges that have exactly two.

    Parameters
    ----------
    component : (F,) int32
        In order of first face; -1 for faces whose half-edges are `GONE`.
    turned : (F,) uint8
        1 where a face runs against the first face of its component.
    contradictions : (C,) uint8
        1 where no turning makes all faces agree.
    """

    component: NDArray[np.int32]
    turned: NDArray[np.uint8]
    contradictions: NDArray[np.uint8]


def join_faces(faces: Faces, twin: NDArray[np.int32]) -> Joined:
    """Join faces over edges that have exactly two, and find which must turn to agree.

    Parameters
    ----------
    faces : (F, 3) int32
        None, (0, 3), where winding is not asked for.
    twin : (3F,) int32
    """
    return Joined(*_join(faces, twin))


@kernel
def _join(faces, twin):
    face_count = len(twin) // 3
    asked = len(faces) > 0
    parent = np.empty(face_count, np.int32)
    turned = np.zeros(face_count, np.uint8)  # against the parent
    odd = np.zeros(face_count, np.uint8)
    for f in range(face_count):
        parent[f] = f
        root = f
        own = 0  # this face against its root
        for j in range(3):
            t = twin[3 * f + j]
            if t < 0 or t >= 3 * f:
                continue  # the later face of the two joins them
            g = t // 3
            against = own
            if asked and faces[f, j] == faces[g, t - 3 * g]:
                against ^= 1
            low = g
            up = parent[low]
            while up != low:
                against ^= turned[low]
                top = parent[up]
                if top != up:
                    # Halve the way for those who come after.
                    turned[low] ^= turned[up]
                    parent[low] = top
                    against ^= turned[up]
                low = top
                up = parent[low]
            if low == root:
                odd[low] |= against
            elif low < root:
                parent[root] = low
                turned[root] = against
                odd[low] |= odd[root]
                root = low
                own ^= against
            else:
                parent[low] = root
                turned[low] = against
                odd[root] |= odd[low]
    component = np.empty(face_count, np.int32)
    contradictions = np.empty(face_count, np.uint8)
    count = 0
    for f in range(face_count):
        up = parent[f]
        if twin[3 * f] == -3:
            component[f] = -1
        elif up == f:
            component[f] = count
            contradictions[count] = odd[f]
            count += 1
        else:
            component[f] = component[up]
            turned[f] ^= turned[up]
    return component, turned, contradictions[:count].copy()


class SheetSums(NamedTuple):
    """Sums over the faces of each component.

    Parameters
    ----------
    area_mm2, turned_mm2 : (C,) float64
        Area, and the part of it that is turned. Added in the order of the faces.
    faces_count : (C,) int64
    closed : (C,) bool
        No edge without a twin.
    """

    area_mm2: NDArray[np.float64]
    turned_mm2: NDArray[np.float64]
    faces_count: NDArray[np.int64]
    closed: Mask


def sum_sheets(
    component: NDArray[np.int32],
    count: int,
    area_mm2: NDArray[np.float64],
    *,
    turned: NDArray[np.uint8] | None = None,
    twin: NDArray[np.int32] | None = None,
) -> SheetSums:
    """Sum up components in one pass over the faces.

    Parameters
    ----------
    component : (F,) int32
        -1 for faces that are gone.
    count : int
        How many components there are.
    area_mm2 : (F,) float64
    turned : (F,) uint8, optional
        None is turned by default.
    twin : (3F,) int32, optional
        All count as closed by default.
    """
    turned = np.empty(0, np.uint8) if turned is None else turned
    twin = np.empty(0, np.int32) if twin is None else twin
    return SheetSums(*_sum(component, count, area_mm2, turned, twin))


@kernel
def _sum(component, count, area_mm2, turned, twin):
    area = np.zeros(count)
    against = np.zeros(count)
    size = np.zeros(count, np.int64)
    closed = np.ones(count, np.bool_)
    for f in range(len(component)):
        c = component[f]
        if c < 0:
            continue
        area[c] += area_mm2[f]
        size[c] += 1
        if len(turned) and turned[f]:
            against[c] += area_mm2[f]
        if len(twin) and min(twin[3 * f], twin[3 * f + 1], twin[3 * f + 2]) < 0:
            closed[c] = False
    return area, against, size, closed


def join_on(
    joined: Joined,
    faces: Faces,
    half_edges: NDArray[np.integer],
    twins: NDArray[np.integer],
    gone: Mask,
) -> Joined:
    """Join on after components went and edges of the others were paired: what a new look would find.

    Parameters
    ----------
    joined : Joined
        Before.
    faces : (F, 3) int32
    half_edges, twins : (H,) int
        What was paired with what; negative ones with nothing.
    gone : (C,) bool
        Components that went as a whole.
    """
    parent = list(range(len(gone)))
    against = [0] * len(gone)
    odd = joined.contradictions.copy()

    def root_of(n: int) -> tuple[int, int]:
        parity = 0
        while parent[n] != n:
            parity ^= against[n]
            n = parent[n]
        return n, parity

    for h, t in zip(half_edges.tolist(), twins.tolist(), strict=True):
        if t < 0 or t > h:
            continue
        f, g = h // 3, t // 3
        turn = int(faces[f, h % 3] == faces[g, t % 3]) ^ int(joined.turned[f] ^ joined.turned[g])
        low, one = root_of(int(joined.component[f]))
        high, other = root_of(int(joined.component[g]))
        turn ^= one ^ other
        if low == high:
            odd[low] |= turn
            continue
        low, high = min(low, high), max(low, high)
        parent[high], against[high] = low, turn
        odd[low] |= odd[high]
    roots = [root_of(n) for n in range(len(gone))]
    stays = np.array([root == n for n, (root, _) in enumerate(roots)], dtype=bool) & ~gone
    number = (np.cumsum(stays) - 1).astype(np.int32)[[root for root, _ in roots]]
    # One more row each for the faces that were gone before: row -1.
    number = np.append(np.where(gone, np.int32(-1), number), np.int32(-1))
    parity = np.append(np.array([each for _, each in roots], dtype=np.uint8), np.uint8(0))
    turned = joined.turned
    if parity.any():  # mostly what is joined on agrees
        turned = turned ^ parity.take(joined.component)
    return Joined(number.take(joined.component), turned, odd[stays])
