"""Sets of faces as places: group those that touch, and say where and how large each group is.

Rules owned here:
- Faces belong to one group when they share a vertex. Groups are numbered by their first face.
- The place of a group is the mean of its faces' centres weighted by area; its size is the diagonal
  of its box.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stsbench.domain.mesh import Faces, Vertices

__all__ = ["FaceGroups", "group_faces", "measure_groups"]


@dataclass(frozen=True, eq=False, slots=True)
class FaceGroups:
    """Measures of groups of faces.

    Parameters
    ----------
    centre_mm : (G, 3) float64
    size_mm : (G,) float64
    area_mm2 : (G,) float64
    faces_count : (G,) int64
    """

    centre_mm: NDArray[np.float64]
    size_mm: NDArray[np.float64]
    area_mm2: NDArray[np.float64]
    faces_count: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.size_mm)


def group_faces(faces: Faces) -> NDArray[np.int64]:
    """Return the number of each face's group; faces that share vertices are one group.

    Parameters
    ----------
    faces : (N, 3) int32
        The faces of the set alone.

    Returns
    -------
    (N,) int64
    """
    count = len(faces)
    if not count:
        return np.zeros(0, dtype=np.int64)
    _, corner = np.unique(faces, return_inverse=True)
    corner = corner.reshape(-1)
    nodes = count + int(corner.max()) + 1
    rows = np.repeat(np.arange(count), 3)
    graph = coo_array((np.ones(3 * count, dtype=np.int8), (rows, count + corner)), (nodes, nodes))
    _, label = connected_components(graph, directed=False)
    label = label[:count]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[inverse.reshape(-1)]


def measure_groups(vertices: Vertices, faces: Faces, group: NDArray[np.int64]) -> FaceGroups:
    """Measure groups of faces.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (N, 3) int32
    group : (N,) int64
        From `group_faces`, or any numbering without gaps.
    """
    count = int(group.max(initial=-1)) + 1
    a, b, c = (vertices[faces[:, j]] for j in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    total = np.bincount(group, weights=area, minlength=count).astype(np.float64)
    weight = np.where(total[group] > 0, area, 1.0)
    weights = np.bincount(group, weights=weight, minlength=count)
    middle = (a + b + c) / 3
    centre = np.empty((count, 3))
    low = np.full((count, 3), np.inf)
    high = np.full((count, 3), -np.inf)
    for k in range(3):
        centre[:, k] = np.bincount(group, weights=middle[:, k] * weight, minlength=count) / weights
    np.minimum.at(low, group, np.minimum(a, np.minimum(b, c)))
    np.maximum.at(high, group, np.maximum(a, np.maximum(b, c)))
    size = np.linalg.norm(high - low, axis=1) if count else np.zeros(0)
    return FaceGroups(centre, size, total, np.bincount(group, minlength=count).astype(np.int64))
