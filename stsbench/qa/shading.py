"""Normals to shade a mesh by: smooth over teeth and gum, sharp where a base was cut.

A normal is averaged over the faces of a vertex that lie within the crease angle of each other;
where they do not, the vertex is drawn once per corner. Geometry is not changed, only how it is lit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SmoothMesh", "split_sharp_edges"]

_CREASE_COS = float(np.cos(np.radians(42.0)))
_MANY = 48  # corners at one vertex; more is the hub of a flat fan, which is lit flat


@dataclass(frozen=True, eq=False, slots=True)
class SmoothMesh:
    """A mesh with vertices doubled along creases.

    Parameters
    ----------
    faces : (F, 3) int64
    normals : (W, 3) float32
    vertex_source : (W,) int64
        Index of the vertex each was made from.
    """

    faces: NDArray[np.int64]
    normals: NDArray[np.float32]
    vertex_source: NDArray[np.int64]


def split_sharp_edges(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> SmoothMesh:
    """Return normals per vertex, with vertices doubled where the surface has a crease.

    Parameters
    ----------
    vertices : (V, 3) float, mm
    faces : (F, 3) int
    """
    count = len(vertices)
    corners = faces.astype(np.int64).ravel()
    a, b, c = (vertices[faces[:, corner]].astype(np.float64) for corner in range(3))
    across = np.cross(b - a, c - a)  # area-weighted
    flat = _unit(across)
    normals = _unit(_sum_at(corners, np.repeat(across, 3, axis=0), count))
    bend = np.einsum("ij,ij->i", np.repeat(flat, 3, axis=0), normals[corners])
    empty = np.repeat(np.linalg.norm(across, axis=1) <= 0.0, 3)
    sharp = np.zeros(count, dtype=np.bool_)
    sharp[corners[(bend < _CREASE_COS) & ~empty]] = True
    doubled = np.flatnonzero(sharp[corners])
    new_faces = corners.copy()
    new_faces[doubled] = count + np.arange(len(doubled))
    own = _grouped_normals(corners[doubled], across[doubled // 3], flat[doubled // 3])
    return SmoothMesh(
        new_faces.reshape(-1, 3),
        np.vstack([normals, own]).astype(np.float32),
        np.concatenate([np.arange(count), corners[doubled]]),
    )


def _grouped_normals(
    vertex: NDArray[np.int64], across: NDArray[np.float64], flat: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Average, for each corner, over the corners at the same vertex that bend little from it."""
    if not len(vertex):
        return np.zeros((0, 3))
    order = np.argsort(vertex, kind="stable")
    _, start, size = np.unique(vertex[order], return_index=True, return_counts=True)
    few = size <= _MANY
    pairs = size[few] ** 2
    which = np.repeat(np.arange(len(pairs)), pairs)
    within = np.arange(pairs.sum()) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    width = size[few][which]
    one = order[start[few][which] + within // width]
    other = order[start[few][which] + within % width]
    close = np.einsum("ij,ij->i", flat[one], flat[other]) >= _CREASE_COS
    total = _sum_at(one[close], across[other[close]], len(vertex))
    lone = np.linalg.norm(total, axis=1) <= 0.0
    total[lone] = flat[lone]
    return _unit(total)


def _sum_at(
    index: NDArray[np.int64], vectors: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    return np.stack(
        [np.bincount(index, weights=vectors[:, axis], minlength=count) for axis in range(3)],
        axis=-1,
    )


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0.0, length, 1.0)
