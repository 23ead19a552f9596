"""Sets of faces within a mesh: grown by rings, joined to sheets.

Rules owned here:
- A ring is every face that shares a vertex with the set.
- Faces are joined over edges with exactly two of them. The answer is numbered by first faces, so it
  depends on the mesh alone. One pass in the order of the faces: a union-find whose roots are the
  lowest faces, which for the order a scanner writes hardly ever has a long way to go.

Source: Tarjan, Efficiency of a good but not linear set union algorithm, Journal of the ACM 22, 1975
(union-find; here with the parity of turned faces along the way).
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask
from stsbench.geometry.compiled import kernel

__all__ = ["faces_at", "grow_by_rings", "join_faces", "named_vertices", "touching_faces"]


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
            if touched[faces[f, 0]] | touched[faces[f, 1]] | touched[faces[f, 2]]:
                grown[f] = True


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
        named[faces[f, 0]] = True
        named[faces[f, 1]] = True
        named[faces[f, 2]] = True
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
        at[f] = marked[faces[f, 0]] | marked[faces[f, 1]] | marked[faces[f, 2]]
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


@kernel
def join_faces(faces, twin):
    """Join faces over edges that have exactly two, and find which must turn to agree.

    Parameters
    ----------
    faces : (F, 3) int32
        None, (0, 3), where winding is not asked for.
    twin : (3F,) int32

    Returns
    -------
    component : (F,) int32
        In order of first face.
    flip : (F,) uint8
        1 where a face runs against the first face of its component.
    contradictions : (C,) uint8
        1 where no turning makes all faces agree.
    open_edges : (C,) int32
        Half-edges without a twin.
    """
    face_count = len(twin) // 3
    asked = len(faces) > 0
    parent = np.empty(face_count, np.int32)
    turned = np.zeros(face_count, np.uint8)  # against the parent
    odd = np.zeros(face_count, np.uint8)
    for f in range(face_count):
        parent[f] = f
        for j in range(3):
            t = twin[3 * f + j]
            if t < 0 or t >= 3 * f:
                continue  # the later face of the two joins them
            g = t // 3
            against = 0
            if asked and faces[f, j] == faces[g, t - 3 * g]:
                against = 1
            low = g
            while parent[low] != low:
                up = parent[low]
                against ^= turned[low]
                # Halve the way for those who come after.
                turned[low] ^= turned[up]
                parent[low] = parent[up]
                if parent[low] != up:
                    against ^= turned[up]
                low = parent[low]
            high = f
            while parent[high] != high:
                against ^= turned[high]
                high = parent[high]
            if low == high:
                odd[low] |= against
                continue
            if low > high:
                low, high = high, low
            parent[high] = low
            turned[high] = against
            odd[low] |= odd[high]
    component = np.empty(face_count, np.int32)
    contradictions = np.empty(face_count, np.uint8)
    open_edges = np.zeros(face_count, np.int32)
    count = 0
    for f in range(face_count):
        up = parent[f]
        if up == f:
            component[f] = count
            contradictions[count] = odd[f]
            count += 1
        else:
            component[f] = component[up]
            turned[f] ^= turned[up]
        for j in range(3):
            open_edges[component[f]] += twin[3 * f + j] < 0
    return component, turned, contradictions[:count].copy(), open_edges[:count].copy()
