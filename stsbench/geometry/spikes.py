"""Spikes: a few vertices pulled far out of the surface by a bad reading.

Source: angle sums as discrete Gauss curvature: Meyer et al., Discrete differential-geometry
operators for triangulated 2-manifolds, VisMath 2002.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import kernel

__all__ = ["spike_faces"]


@kernel
def _cone(vertices, faces, area, vector):
    for f in range(len(faces)):
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
        size = np.sqrt(nx * nx + ny * ny + nz * nz)
        for j in range(3):
            v = faces[f, j]
            area[v] += size
            vector[v, 0] += nx
            vector[v, 1] += ny
            vector[v, 2] += nz


def spike_faces(vertices: Vertices, faces: Faces, twin: NDArray[np.int32]) -> Mask:
    """Mark the faces of spikes.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
    """
    area = np.zeros(len(vertices))
    vector = np.zeros((len(vertices), 3))
    _cone(vertices, faces, area, vector)
    tip = (np.linalg.norm(vector, axis=1) < 0.45 * area) & (area > 0)
    border = np.flatnonzero(twin < 0)
    tip[faces.ravel()[border]] = False
    tip[faces[border // 3, (border % 3 + 1) % 3]] = False
    marked: Mask = tip[faces].any(axis=1)
    return marked
