"""Sets of faces as places: group those that touch, and say where and how large each group is.

Rules owned here:
- Faces belong to one group when they share a vertex. Groups are numbered by their first face.
- The place of a group is the mean of its faces' centres weighted by area; its size is
  twice the distance from there to its farthest corner: a box would change as the scan is turned.
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
    """Return area, faces, centre (x, y, z) and squared reach of each group."""
    measures = np.zeros((count, 6))
    plain = np.zeros((count, 3))
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
        measures[g, 0] += area
        measures[g, 1] += 1
        for k in range(3):
            middle = (vertices[a, k] + vertices[b, k] + vertices[c, k]) / 3
            measures[g, 2 + k] += middle * area
            plain[g, k] += middle
    for g in range(count):
        for k in range(3):
            # Groups without an area are placed by their faces alone.
            if measures[g, 0] == 0:
                measures[g, 2 + k] = plain[g, k] / max(measures[g, 1], 1)
            else:
                measures[g, 2 + k] /= measures[g, 0]
    for f in range(len(faces)):
        g = group[f]
        for j in range(3):
            away = 0.0
            for k in range(3):
                away += (vertices[faces[f, j], k] - measures[g, 2 + k]) ** 2
            measures[g, 5] = max(measures[g, 5], away)
    return measures


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
    area, faces_count, x, y, z, reach = _measure(
        vertices, np.ascontiguousarray(faces), group.astype(np.int32, copy=False), count
    ).T
    return FaceGroups(
        np.stack([x, y, z], axis=-1), 2 * np.sqrt(reach), area.copy(), faces_count.astype(np.int64)
    )
