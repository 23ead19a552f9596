"""Closed solids: is a mesh one, and what are its genus, shells and volume.

Rules owned here:
- A mesh counts as watertight only when every edge has two faces of opposite direction, every vertex
  one fan, no two vertices one place as float32 numbers (an STL file joins what coincides), and
  manifold3d takes it too: it alone would let an edge of four faces pass.
- Genus and shells come from the index lists, so they do not depend on what a library tidies up.

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
from stsbench.geometry.topology import count_fans, half_edge_twins
from stsbench.geometry.welding import weld_exact

__all__ = ["SolidMeasures", "measure_solid", "triangulate_outline"]


@dataclass(frozen=True, slots=True)
class SolidMeasures:
    """What a mesh is as a solid.

    Parameters
    ----------
    status : str
        manifold3d's word: "NoError" for a mesh it takes.
    watertight : bool
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
    if not len(faces):
        return SolidMeasures("no faces", False, 0, 0, 0.0, 0)
    used, corners = np.unique(faces, return_inverse=True)
    places = np.ascontiguousarray(vertices[used], dtype=np.float32)
    triangles = corners.reshape(-1, 3).astype(np.int32)
    mesh = manifold3d.Mesh(vert_properties=places, tri_verts=triangles.astype(np.uint32))
    status = str(manifold3d.Manifold(mesh).status().name)
    twin = half_edge_twins(triangles, len(used))
    repeated = len(used) - len(weld_exact(places)[0])
    closed = bool((twin >= 0).all()) and bool((triangles.ravel() != triangles.ravel()[twin]).all())
    single = bool((count_fans(triangles, twin, len(used)) == 1).all())
    ends = (triangles[:, [0, 1]].ravel(), triangles[:, [1, 2]].ravel())
    links = coo_matrix((np.ones(len(ends[0]), bool), ends), (len(used), len(used)))
    shells = int(connected_components(links, directed=False)[0])
    # A closed surface has one edge for two half-edges; another has no genus worth the name.
    euler = len(used) - len(twin) // 2 + len(triangles)
    exact = places.astype(np.float64)
    centre = (exact.min(axis=0) + exact.max(axis=0)) / 2
    a, b, c = (exact[triangles[:, j]] - centre for j in range(3))
    return SolidMeasures(
        status=status,
        watertight=status == "NoError" and closed and single and repeated == 0,
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
