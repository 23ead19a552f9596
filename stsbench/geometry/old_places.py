"""Keep the vertices of the old surface near a mesh that is being changed.

Rules owned here:
- Each old vertex knows the face of the mesh nearest to it. When a group of faces is to be replaced,
  the old vertices nearest to them are measured against the new faces; one beyond the bound refuses
  its group, the others go over to the new face nearest to them.

Source: R. Klein, G. Liebich, W. Strasser, *Mesh reduction with error control*, Visualization 1996
(points kept per face).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask
from stsbench.geometry.distance import build_tree, closest_on_tree
from stsbench.geometry.even_mesh import EvenMesh, Guide

__all__ = ["Group", "nearest_faces", "refuse_far"]


class Group(NamedTuple):
    """Faces that change together.

    Parameters
    ----------
    rows : (N,) int64
        Faces of the mesh.
    whose : (N,) int64
        Number of the group of each.
    """

    rows: NDArray[np.int64]
    whose: NDArray[np.int64]


def nearest_faces(mesh: EvenMesh, guide: Guide) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Measure every old vertex: how far the mesh is, (N,) mm, and its nearest face, (N,).

    Parameters
    ----------
    mesh : EvenMesh
    guide : Guide
    """
    gap, nearest, _ = closest_on_tree(guide.places, build_tree(mesh.vertices, mesh.faces))
    return gap, nearest


def refuse_far(
    guide: Guide,
    nearest: NDArray[np.int32],
    face_count: int,
    old: Group,
    new: Group,
    corners: NDArray[np.float64],
    good: Mask,
) -> tuple[Mask, NDArray[np.int32]]:
    """Refuse groups that would leave an old vertex too far off.

    Parameters
    ----------
    guide : Guide
    nearest : (N,) int32
        Face nearest to each old vertex.
    face_count : int
    old : Group
        Faces that change or go.
    new : Group
        Rows that hold faces afterwards.
    corners : (M, 3, 3) float64, mm
        Corners of the new faces.
    good : (G,) bool
        Groups still wanted.

    Returns
    -------
    good : (G,) bool
    nearest : (N,) int32
        As it is once the good ones are done.
    """
    stays = good[new.whose]
    if not stays.any():
        return good, nearest
    group = np.full(face_count, -1, dtype=np.int64)
    group[old.rows] = old.whose
    own = group[nearest]
    asked = np.flatnonzero((own >= 0) & good[np.maximum(own, 0)])
    places = corners[stays].reshape(-1, 3)
    tree = build_tree(places, np.arange(len(places), dtype=np.int32).reshape(-1, 3))
    _, under, _ = closest_on_tree(guide.places[asked], tree, limit_mm=guide.bound_mm)
    good = good.copy()
    good[own[asked[under < 0]]] = False
    kept = (under >= 0) & good[own[asked]]
    found = nearest.copy()
    found[asked[kept]] = new.rows[stays][under[kept]]
    return good, found
