"""Edge lengths and normals of many triangles at once, axis by axis.

Rules owned here:
- Sums run in one order whatever the memory layout, so the same triangles give the same bits.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices

__all__ = ["measure_triangles"]


def measure_triangles(
    position: Vertices, faces: Faces
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return squared edge lengths (3, F) and cross products of two edges (3, F) of each face.

    Parameters
    ----------
    position : (P, 3) float64, mm
    faces : (F, 3) int32
    """
    a, b, c = np.ascontiguousarray(faces.T)
    ab, bc, ca = np.empty((3, 3, len(faces)))
    for k in range(3):
        axis = np.ascontiguousarray(position[:, k])
        at_a, at_b, at_c = axis[a], axis[b], axis[c]
        np.subtract(at_b, at_a, out=ab[k])
        np.subtract(at_c, at_b, out=bc[k])
        np.subtract(at_a, at_c, out=ca[k])
    squared, normal = np.empty((2, 3, len(faces)))
    for n, edge in enumerate((ab, bc, ca)):
        np.einsum("kf,kf->f", edge, edge, out=squared[n])
    for k in range(3):
        m, n = (k + 1) % 3, (k + 2) % 3
        np.multiply(ab[m], bc[n], out=normal[k])
        normal[k] -= ab[n] * bc[m]
    return squared, normal
