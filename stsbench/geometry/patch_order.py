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
    start: NDArray[np.int64], end: NDArray[np.int64], rank: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return numbers of vertices that edges join, from the one of lowest rank outwards."""
    number = np.full(len(rank), -1)
    made = 0
    while made < len(rank):
        rest = np.flatnonzero(number < 0)
        front = rest[[np.argmin(rank[rest])]]
        while len(front):
            number[front] = np.arange(made, made + len(front))
            made += len(front)
            in_front = np.zeros(len(rank), np.bool_)
            in_front[front] = True
            ahead = in_front[start] & (number[end] < 0)
            first = np.full(len(rank), made)
            np.minimum.at(first, end[ahead], number[start[ahead]])
            front = np.flatnonzero(first < made)
            front = front[np.lexsort([rank[front], first[front]])]
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
    for loop in np.flatnonzero(np.diff(vertex_offsets) > _SMALL):
        low, high = vertex_offsets[loop], vertex_offsets[loop + 1]
        faces = new_faces[face_offsets[loop] : face_offsets[loop + 1]].astype(np.int64) - old - low
        start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
        inner = (start >= 0) & (end >= 0)
        number[low:high] = low + _in_waves(start[inner], end[inner], number[low:high] - low)
    return number
