"""Number the vertices of patches so that neighbours get near numbers.

Rules owned here:
- Small patches are numbered along their length. Larger ones are numbered from one end in waves,
  each wave in the order of the one before, which keeps the systems on them within narrow bands.
- Numbers depend on places and edges alone.

Source: E. Cuthill, J. McKee, *Reducing the bandwidth of sparse symmetric matrices*, ACM National
Conference 1969.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.geometry.hole_rims import Rims

__all__ = ["number_vertices"]

_SMALL = 64  # vertices


def _in_waves(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    rank: NDArray[np.int64],
    patch: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return numbers of vertices that edges join, in each patch from its lowest rank outwards.

    All patches go at once, a wave of each at a time; `patch` ascends.
    """
    count = np.bincount(patch)
    made = np.cumsum(count) - count
    last = made + count
    number = np.full(len(rank), -1)
    by_rank = np.lexsort([rank, patch])
    front = np.zeros(0, dtype=np.int64)
    while (made < last).any():
        idle = made < last
        idle[patch[front]] = False
        if idle.any():
            rest = by_rank[(number[by_rank] < 0) & idle[patch[by_rank]]]
            front = np.concatenate([front, rest[np.diff(patch[rest], prepend=-1) != 0]])
            front = front[np.argsort(patch[front], kind="stable")]
        own = patch[front]
        size = np.bincount(own, minlength=len(count))
        number[front] = np.arange(len(front)) + (made - np.cumsum(size) + size)[own]
        made = made + size
        ahead = number[end] < 0
        start, end = start[ahead], end[ahead]
        reached = number[start] >= 0
        first = np.full(len(rank), len(rank))
        np.minimum.at(first, end[reached], number[start[reached]])
        front = np.flatnonzero(first < len(rank))
        front = front[np.lexsort([rank[front], first[front], patch[front]])]
    return number


def number_vertices(
    vertices: Vertices,
    rims: Rims,
    new_vertices: Vertices,
    new_faces: Faces,
    vertex_offsets: NDArray[np.int64],
    face_offsets: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return a number for every new vertex; those of one patch stay together.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    rims : Rims
    new_vertices : (N, 3) float64, mm
    new_faces : (M, 3) int32
        Indices into the old vertices with the new ones after them.
    vertex_offsets, face_offsets : (L+1,) int64
        Which new vertices and faces belong to each hole.
    """
    old, made = len(vertices), len(new_vertices)
    sizes = np.diff(rims.offsets)
    hole_of = np.repeat(np.arange(len(sizes)), np.diff(vertex_offsets))
    loop_of = np.repeat(np.arange(len(sizes)), sizes)
    corners = vertices[rims.vertex]
    middle = np.stack([np.bincount(loop_of, axis, len(sizes)) for axis in corners.T], axis=1)
    away = corners - (middle / np.maximum(sizes, 1)[:, None])[loop_of]
    order = np.lexsort([np.einsum("ij,ij->i", away, away), loop_of])
    length = away[order[np.maximum(rims.offsets[1:] - 1, 0)]]
    order = np.lexsort([np.einsum("ij,ij->i", new_vertices, length[hole_of]), hole_of])
    number = np.empty(made, np.int64)
    number[order] = np.arange(made)
    many = np.diff(vertex_offsets) > _SMALL
    large = np.flatnonzero(many[hole_of])
    if len(large):
        within = np.full(made, -1)
        within[large] = np.arange(len(large))
        rows = np.repeat(many, np.diff(face_offsets))
        faces = new_faces[rows].astype(np.int64) - old
        faces = np.where(faces >= 0, within[np.maximum(faces, 0)], -1)
        start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
        inner = (start >= 0) & (end >= 0)
        waves = _in_waves(start[inner], end[inner], number[large], hole_of[large])
        # Each patch keeps the numbers it had, in another order.
        number[large] = large[waves]
    return number
