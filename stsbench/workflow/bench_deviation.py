"""How far a mesh on the bench lies from the scan as received, vertex by vertex, for a heat map.

Rules owned here: positive is material added, negative material taken away, seen from the mesh.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.distance import point_to_surface

__all__ = ["FAR_MM", "signed_distance"]

FAR_MM = 2.0  # beyond this a vertex has no counterpart, and its exact distance is noise


def signed_distance(mesh: TriangleMesh, original: TriangleMesh) -> NDArray[np.float32]:
    """Return the signed distance of each vertex to another surface, (V,) float32 mm.

    Parameters
    ----------
    mesh : TriangleMesh
        Wound outwards; a vertex that no face names counts as lying on the outer side.
    original : TriangleMesh
    """
    distance, face, closest = point_to_surface(
        mesh.vertices, original.vertices, original.faces, limit_mm=FAR_MM
    )
    found = face >= 0
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    across = np.repeat(np.cross(b - a, c - a), 3, axis=0)
    corners = mesh.faces.ravel()
    normals = np.stack(
        [np.bincount(corners, across[:, axis], mesh.vertex_count) for axis in range(3)], axis=-1
    )
    inside = np.zeros(mesh.vertex_count, dtype=bool)
    away = mesh.vertices[found] - closest[found]
    inside[found] = np.einsum("ij,ij->i", away, normals[found]) < 0.0
    far = np.minimum(distance, FAR_MM)
    return np.where(inside, -far, far).astype(np.float32)
