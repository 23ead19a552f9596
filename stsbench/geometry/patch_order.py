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
from stsbench.geometry.compiled import kernel
from stsbench.geometry.hole_rims import Rims

__all__ = ["number_vertices"]

_SMALL = 64  # vertices


@kernel
def _in_waves(
    faces: Faces,
    old: int,
    vertex_offsets: NDArray[np.int64],
    face_offsets: NDArray[np.int64],
    number: NDArray[np.int64],
) -> None:
    """Give the vertices of large patches new numbers, each from its lowest outwards.

    What a vertex leads to follows in the order of the numbers before.
    """
    rank = number.copy()
    following = np.empty((faces.shape[0], 3), np.int32)
    leaving = np.full(len(number), -1, np.int32)  # the first of a chain of half-edges
    order = np.empty(len(number), np.int64)
    for loop in range(vertex_offsets.shape[0] - 1):
        low = vertex_offsets[loop]
        high = vertex_offsets[loop + 1]
        if high - low <= _SMALL:
            continue
        for f in range(face_offsets[loop], face_offsets[loop + 1]):
            for k in range(3):
                v = faces[f, k] - old
                if v >= 0:
                    following[f, k] = leaving[v]
                    leaving[v] = 3 * f + k
        for v in range(low, high):
            number[v] = -1
        made = low
        for at in range(low, high):
            if at == made:
                first = low
                while number[first] >= 0:
                    first += 1
                for v in range(first, high):
                    if number[v] < 0 and rank[v] < rank[first]:
                        first = v
                order[made] = first
                number[first] = made
                made += 1
            begin = made
            h = leaving[order[at]]
            while h >= 0:
                v = faces[h // 3, h % 3 + 1 if h % 3 < 2 else 0] - old
                if v >= 0 and number[v] < 0:
                    number[v] = made
                    place = made
                    while place > begin and rank[order[place - 1]] > rank[v]:
                        order[place] = order[place - 1]
                        place -= 1
                    order[place] = v
                    made += 1
                h = following[h // 3, h % 3]
            for place in range(begin, made):
                number[order[place]] = place


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
    _in_waves(new_faces, old, vertex_offsets, face_offsets, number)
    return number
