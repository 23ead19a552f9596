"""Plug the places where a closed surface crosses itself: a solid dab over each crossing.

Rules owned here:
- Only the named faces are covered, each by the hull of its corners thickened by a radius;
  everything farther away stays as it is, bit by bit.
- What the surface does inside a dab does not matter any more: it is inside the solid.
- Of what comes out the largest shell stays. A smaller one is a closed pocket or a crumb that the
  crossing had cut off.
- Whether the result is free of crossings is measured by the caller: a loop of surface larger than
  the dabs may remain.
"""

from dataclasses import dataclass

import manifold3d
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from stsbench.domain.mesh import Faces, Vertices

__all__ = ["Plugged", "plug_faces"]

_GOLDEN = (1 + np.sqrt(5)) / 2
_ICOSAHEDRON = np.array(
    [
        (sign * a, sign_2 * b, 0.0)
        for sign in (1.0, -1.0)
        for sign_2 in (1.0, -1.0)
        for a, b in ((1.0, _GOLDEN),)
    ]
)
# The corners of an icosahedron whose inscribed sphere has radius 1.
_BALL = np.vstack([np.roll(_ICOSAHEDRON, k, axis=1) for k in range(3)]) * (np.sqrt(3) / _GOLDEN**2)


@dataclass(frozen=True, eq=False, slots=True)
class Plugged:
    """A surface with plugs.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    face_source : (F,) int32
        Index of the face each one is (part of); -1 for the surface of a plug.
    dropped_shells : int
        Pockets and crumbs that went.
    """

    vertices: Vertices
    faces: Faces
    face_source: NDArray[np.int32]
    dropped_shells: int


def _largest_shell(vertices: Vertices, faces: Faces) -> tuple[NDArray[np.bool_], int]:
    """Mark the faces of the shell that encloses most; return how many other shells there are."""
    ends = (faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel())
    links = coo_matrix((np.ones(len(ends[0]), bool), ends), (len(vertices),) * 2)
    shell = connected_components(links, directed=False)[1][faces[:, 0]]
    centre = vertices.mean(axis=0)
    a, b, c = (vertices[faces[:, j]] - centre for j in range(3))
    volume = np.bincount(shell, np.einsum("ij,ij->i", a, np.cross(b, c)))
    return shell == volume.argmax(), len(np.unique(shell)) - 1


def _groups(corners: NDArray[np.float64], group_mm: float) -> list[Vertices]:
    """Split faces, (K, 3, 3) corners, into the sets that share a dab."""
    if group_mm <= 0.0:
        return list(corners)
    cell = np.floor(corners.mean(axis=1) / group_mm).astype(np.int64)
    _, group = np.unique(cell, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    return [part.reshape(-1, 3) for part in np.split(corners[order], cuts)]


def plug_faces(
    vertices: Vertices,
    faces: Faces,
    chosen: NDArray[np.integer],
    *,
    radius_mm: float,
    group_mm: float = 0.0,
    up: NDArray[np.float64],
) -> Plugged | None:
    """Cover faces of a closed surface with solid dabs.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Closed and oriented; may cross itself near the chosen faces.
    chosen : (K,) int
        Faces to cover.
    radius_mm : float
        Everything nearer than this to a chosen face becomes solid.
    group_mm : float
        Faces with centres in one cell of this size share one dab: quicker, and what lies between
        them becomes solid too; 0 for a dab per face.
    up : (3,) float64
        Dabs end where the surface does in the direction away from this one: a bottom stays flat.

    Returns
    -------
    Plugged or None
        None when the library can't make the union.
    """
    dabs = [
        manifold3d.Manifold.hull_points(
            np.ascontiguousarray((corners[:, None] + radius_mm * _BALL).reshape(-1, 3))
        )
        for corners in _groups(vertices[faces[chosen]], group_mm)
    ]
    covers = manifold3d.Manifold.batch_boolean(dabs, manifold3d.OpType.Add)
    covers = covers.trim_by_plane(up.tolist(), float((vertices @ up).min()))
    surface = manifold3d.Manifold(
        manifold3d.Mesh64(
            vert_properties=np.ascontiguousarray(vertices),
            tri_verts=faces.astype(np.uint64),
            run_index=np.array([0, 3 * len(faces)], np.uint64),
            run_original_id=np.array([manifold3d.Manifold.reserve_ids(1)], np.uint32),
            face_id=np.arange(len(faces), dtype=np.uint64),
        )
    )
    surface_id = surface.original_id()
    if surface_id < 0:
        surface_id = int(surface.to_mesh64().run_original_id[0])
    union = surface + covers
    if union.status() != manifold3d.Error.NoError or union.is_empty():
        return None
    mesh = union.to_mesh64()
    new_vertices = np.ascontiguousarray(mesh.vert_properties, dtype=np.float64)[:, :3]
    new_faces = np.ascontiguousarray(mesh.tri_verts, dtype=np.int32)
    source = np.full(len(new_faces), -1, np.int32)
    starts = np.asarray(mesh.run_index, dtype=np.int64) // 3
    for run, original in enumerate(mesh.run_original_id):
        if int(original) == surface_id:
            rows = slice(int(starts[run]), int(starts[run + 1]))
            source[rows] = np.asarray(mesh.face_id, dtype=np.int64)[rows]
    kept, dropped = _largest_shell(new_vertices, new_faces)
    used, renumbered = np.unique(new_faces[kept], return_inverse=True)
    return Plugged(
        vertices=np.ascontiguousarray(new_vertices[used]),
        faces=renumbered.reshape(-1, 3).astype(np.int32),
        face_source=source[kept],
        dropped_shells=dropped,
    )
