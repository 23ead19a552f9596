"""Sets of faces as places: group those that touch, and say where and how large each group is.

Rules owned here:
- Faces belong to one group when they share a vertex. Groups are numbered by their first face.
- The place of a group is the mean of its faces' centres weighted by area; its size is the diagonal
  of its box.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.geometry.compiled import kernel

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


@kernel
def _group(faces, vertex_count):
    """Join faces that share a vertex; roots are the lowest faces."""
    parent = np.empty(len(faces), np.int32)
    owner = np.full(vertex_count, -1, np.int32)
    for f in range(len(faces)):
        parent[f] = f
        for j in range(3):
            v = faces[f, j]
            if owner[v] < 0:
                owner[v] = f
                continue
            low = owner[v]
            while parent[low] != low:
                parent[low] = parent[parent[low]]
                low = parent[low]
            high = f
            while parent[high] != high:
                high = parent[high]
            parent[max(low, high)] = min(low, high)
    group = np.empty(len(faces), np.int64)
    count = 0
    for f in range(len(faces)):
        if parent[f] == f:
            group[f] = count
            count += 1
        else:
            group[f] = group[parent[f]]
    return group


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
    if not len(faces):
        return np.zeros(0, dtype=np.int64)
    group: NDArray[np.int64] = _group(np.ascontiguousarray(faces), int(faces.max()) + 1)
    return group


@kernel
def _measure(vertices, faces, group, count):
    """Return sums per group (area, middle times area, middle, faces) and the box."""
    sums = np.zeros((count, 8))
    low = np.full((count, 3), np.inf)
    high = np.full((count, 3), -np.inf)
    for f in range(len(faces)):
        g = group[f]
        a = faces[f, 0]
        b = faces[f, 1]
        c = faces[f, 2]
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        nx = uy * vz - uz * vy
        ny = uz * vx - ux * vz
        nz = ux * vy - uy * vx
        area = np.sqrt(nx * nx + ny * ny + nz * nz) / 2
        sums[g, 0] += area
        sums[g, 7] += 1
        for k in range(3):
            x = vertices[a, k]
            y = vertices[b, k]
            z = vertices[c, k]
            middle = (x + y + z) / 3
            sums[g, 1 + k] += middle * area
            sums[g, 4 + k] += middle
            low[g, k] = min(low[g, k], min(x, min(y, z)))
            high[g, k] = max(high[g, k], max(x, max(y, z)))
    return sums, low, high


def measure_groups(vertices: Vertices, faces: Faces, group: NDArray[np.integer]) -> FaceGroups:
    """Measure groups of faces.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (N, 3) int32
    group : (N,) int32
        From `group_faces`, or any numbering without gaps.
    """
    count = int(group.max(initial=-1)) + 1
    sums, low, high = _measure(
        vertices, np.ascontiguousarray(faces), group.astype(np.int32, copy=False), count
    )
    area, faces_count = sums[:, 0], sums[:, 7]
    flat = area == 0  # groups without an area are placed by their faces alone
    weight = np.where(flat, faces_count, area)
    centre = np.where(flat[:, None], sums[:, 4:7], sums[:, 1:4]) / weight[:, None]
    size = np.linalg.norm(high - low, axis=1)
    return FaceGroups(centre, size, area.copy(), faces_count.astype(np.int64))
