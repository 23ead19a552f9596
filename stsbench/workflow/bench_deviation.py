"""How far a mesh on the bench lies from the scan as received, vertex by vertex, for a heat map.

Rules owned here:
- Positive is material added, negative material taken away, seen from the mesh.
- Where the scan has nothing opposite, as within a hole that was filled, nothing is measured: the
  distance to the rim says how wide the hole was and not how far the patch lies from a tooth.
- A model shows the values of the scan where it has the scan's vertices, and none elsewhere.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask, TriangleMesh, Vertices
from stsbench.geometry.distance import point_to_surface
from stsbench.geometry.topology import half_edge_twins, open_vertices
from stsbench.geometry.welding import weld_vertices

__all__ = ["FAR_MM", "carried_values", "signed_distance"]

FAR_MM = 2.0  # beyond this a vertex has no counterpart
_AT_MM = 1e-3  # as near as this a vertex lies on the scan, be it at an open edge
_ON_MM = 1e-6  # as near as this a closest point lies on an edge
_OVER = 0.866  # cosine: as steeply over a face at the rim a place counts as over it, and not beside


def signed_distance(mesh: TriangleMesh, original: TriangleMesh) -> NDArray[np.float32]:
    """Return the signed distance of each vertex to another surface, (V,) float32 mm.

    NaN where a vertex lies beyond an open edge of the other surface, or farther than `FAR_MM`.

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
    signed = np.where(inside, -distance, distance).astype(np.float32)
    signed[~found] = np.nan
    off = np.flatnonzero(found & (distance > _AT_MM))
    signed[off[_beyond_rim(mesh.vertices[off], closest[off], face[off], original)]] = np.nan
    return signed


def _beyond_rim(
    places: Vertices, closest: Vertices, face: NDArray[np.int32], surface: TriangleMesh
) -> Mask:
    """Mark places that lie beyond an open edge, not over the face that is closest to them."""
    if not len(places):
        return np.zeros(0, dtype=bool)
    twin = half_edge_twins(surface.faces, surface.vertex_count)
    on_rim = np.zeros(surface.vertex_count, dtype=bool)
    on_rim[open_vertices(surface.faces, twin)] = True
    is_open = twin.reshape(-1, 3)[face] < 0
    names = surface.faces[face]
    corners = surface.vertices[names]
    at = np.zeros(len(places), dtype=bool)
    for side in range(3):
        start, along = corners[:, side], corners[:, (side + 1) % 3] - corners[:, side]
        length = np.maximum(_dots(along, along), np.finfo(float).tiny)
        part = np.clip(_dots(closest - start, along) / length, 0.0, 1.0)
        nearest = start + part[:, None] * along
        at |= is_open[:, side] & (np.linalg.norm(closest - nearest, axis=1) <= _ON_MM)
        # The closest face may touch the rim with a corner only.
        at |= on_rim[names[:, side]] & (np.linalg.norm(closest - start, axis=1) <= _ON_MM)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = places - closest
    over = _dots(away, normal) ** 2 >= _OVER**2 * _dots(away, away) * _dots(normal, normal)
    return at & ~over


def _dots(a: Vertices, b: Vertices) -> NDArray[np.float64]:
    """Return the dot product of each row of two arrays."""
    dots: NDArray[np.float64] = np.einsum("ij,ij->i", a, b)
    return dots


def carried_values(
    model: TriangleMesh, scan: TriangleMesh, values: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the values of a scan at those vertices of a model that came from it.

    Parameters
    ----------
    model, scan : TriangleMesh
    values : (V,) float32
        One per vertex of the scan.

    Returns
    -------
    (M,) float32
        NaN where the model has a vertex that the scan has not: walls, base, inside.
    """
    _, place = weld_vertices(np.concatenate([scan.vertices, model.vertices]))
    at = np.full(int(place.max(initial=-1)) + 1, np.nan, dtype=np.float32)
    count = scan.vertex_count
    at[place[:count]] = values
    return at[place[count:]]
