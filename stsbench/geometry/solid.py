"""Closed solids: is a mesh one, and what are its genus, shells and volume.

Rules owned here:
- A mesh counts as watertight only when manifold3d takes it for an oriented 2-manifold as float32
  numbers, which is what a file holds, and when no two vertices lie in one place: an STL file joins
  what coincides.
- Genus and shells come from the Euler characteristic of the index lists, so they do not depend on
  what a library tidies up on the way in.

References
----------
Smith, Manifold library (manifold3d), which defines "oriented 2-manifold" in its terms.
"""

from dataclasses import dataclass

import manifold3d
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from stsbench.domain.mesh import Faces, Vertices

__all__ = ["SolidMeasures", "measure_solid", "triangulate_outline"]


@dataclass(frozen=True, slots=True)
class SolidMeasures:
    """What a mesh is as a solid.

    Parameters
    ----------
    status : str
        manifold3d's word: "NoError" for an oriented 2-manifold.
    watertight : bool
        Status "NoError" and no two vertices in one place.
    genus : int
        Handles, summed over shells; meaningless unless watertight.
    shells : int
        Connected pieces of surface.
    volume_mm3 : float
        Signed; negative when the faces point inwards.
    repeated_positions : int
        Vertices that share their float32 place with an earlier one.
    """

    status: str
    watertight: bool
    genus: int
    shells: int
    volume_mm3: float
    repeated_positions: int


def measure_solid(vertices: Vertices, faces: Faces) -> SolidMeasures:
    """Measure a mesh as a solid, at the precision of a file.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    """
    rounded = np.ascontiguousarray(vertices, dtype=np.float32)
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    status = "no faces"
    if len(faces):
        mesh = manifold3d.Mesh(vert_properties=rounded, tri_verts=faces.astype(np.uint32))
        status = manifold3d.Manifold(mesh).status().name
    vertex_count = int(used.sum())
    places = np.unique(rounded[used] + np.float32(0.0), axis=0)
    repeated = vertex_count - len(places)
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1).astype(np.int64)
    edge_count = len(np.unique(edges[:, 0] * len(vertices) + edges[:, 1]))
    links = coo_matrix(
        (np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), (len(vertices), len(vertices))
    )
    _, piece = connected_components(links, directed=False)
    shells = len(np.unique(piece[used]))
    euler = vertex_count - edge_count + len(faces)
    exact = rounded.astype(np.float64)
    centre = (exact[used].min(axis=0) + exact[used].max(axis=0)) / 2 if used.any() else 0.0
    a, b, c = (exact[faces[:, j]] - centre for j in range(3))
    return SolidMeasures(
        status=status,
        watertight=status == "NoError" and repeated == 0,
        genus=shells - euler // 2,
        shells=shells,
        volume_mm3=float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0),
        repeated_positions=repeated,
    )


def triangulate_outline(outline: NDArray[np.float64]) -> Faces:
    """Triangulate a simple polygon without new corners.

    Parameters
    ----------
    outline : (N, 2) float64, mm
        Counter-clockwise.

    Returns
    -------
    (N - 2, 3) int32
        Corners of the triangles, counter-clockwise.
    """
    triangles = manifold3d.triangulate([np.ascontiguousarray(outline, dtype=np.float64)])
    return np.ascontiguousarray(triangles, dtype=np.int32)
