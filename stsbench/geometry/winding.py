"""Winding: neighbours agree, and the surface faces outwards.

Rules owned here:
- Two faces agree over an edge when they run along it in opposite directions. Agreement spreads over
  every edge with exactly two faces; where it comes back contradicting itself, the component is not
  orientable (Moebius strip, Klein bottle) and is left as it was.
- A closed component faces outwards when its signed volume is positive.
- An open component keeps the direction that most of its area had in the file: a scanner writes the
  visible side, and damage flips patches, not scans. `faces_inwards` is the check on it.

Source: signed volume by the divergence theorem: Zhang and Chen, Efficient feature extraction for
2D/3D objects in mesh representation, ICIP 2001.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.face_sets import join_faces

__all__ = ["Winding", "faces_inwards", "find_winding", "flip_faces", "signed_volumes"]


@dataclass(frozen=True, eq=False, slots=True)
class Winding:
    """Which faces must turn, and the connected components found on the way.

    Parameters
    ----------
    flip : (F,) bool
        Faces to turn so that every orientable component is consistent and faces outwards.
    component : (F,) int32
        Component of each face, joined over edges with exactly two faces; in order of first face.
    orientable : (C,) bool
    closed : (C,) bool
        No boundary and no branching edge.
    """

    flip: Mask
    component: NDArray[np.int32]
    orientable: Mask
    closed: Mask


def signed_volumes(
    vertices: Vertices, faces: Faces, component: NDArray[np.int32], count: int
) -> NDArray[np.float64]:
    """Return the signed volume under each component, mm3; exact only for closed ones.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    component : (F,) int32
    count : int
    """
    # About the middle of the scan, so that a far origin costs no digits.
    centre = (vertices.min(axis=0) + vertices.max(axis=0)) / 2 if len(vertices) else np.zeros(3)
    a, b, c = (vertices[faces[:, j]] - centre for j in range(3))
    cones = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6.0
    volumes: NDArray[np.float64] = np.bincount(component, weights=cones, minlength=count).astype(
        np.float64
    )
    return volumes


def find_winding(
    vertices: Vertices, faces: Faces, twin: NDArray[np.int32], area_mm2: NDArray[np.float64]
) -> Winding:
    """Decide which faces must turn.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
    area_mm2 : (F,) float64

    Returns
    -------
    Winding
    """
    component, spread, contradictions, open_edges = join_faces(faces, twin)
    count = len(contradictions)
    orientable = contradictions == 0
    closed = open_edges == 0
    flip = spread.astype(bool)
    total = np.bincount(component, weights=area_mm2, minlength=count)
    turned = np.bincount(component, weights=area_mm2 * flip, minlength=count)
    # A tie by area (a box of two sheets) is settled by the count of faces, then left.
    against = turned > total / 2
    invert = against & ~closed
    if closed.any():
        # Volume of the component as it would be after `flip`, from faces of closed ones only.
        rows = np.flatnonzero(closed[component])
        oriented = np.where(flip[rows, None], faces[rows][:, ::-1], faces[rows])
        volume = signed_volumes(vertices, oriented, component[rows], count)
        invert |= closed & (volume < 0)
    flip ^= invert[component]
    flip &= orientable[component]
    return Winding(flip, component, orientable, closed)


@kernel
def _flip(faces, twin, flip):
    out = faces.copy()
    out_twin = np.empty_like(twin)
    for f in range(len(faces)):
        turned = flip[f]
        if turned:
            out[f, 0] = faces[f, 2]
            out[f, 2] = faces[f, 0]
        for j in range(3):
            t = twin[3 * f + j]
            if t >= 0:
                g = t // 3
                k = t - 3 * g
                if flip[g] and k < 2:
                    t = 3 * g + 1 - k
            # (a, b, c) becomes (c, b, a): its first two edges change places.
            i = 1 - j if (turned and j < 2) else j
            out_twin[3 * f + i] = t
    return out, out_twin


def flip_faces(
    faces: Faces, twin: NDArray[np.int32], flip: Mask
) -> tuple[Faces, NDArray[np.int32]]:
    """Turn faces round and keep the half-edge table right.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    flip : (F,) bool
    """
    turned, turned_twin = _flip(faces, twin, np.ascontiguousarray(flip))
    return turned, turned_twin


def faces_inwards(
    vertices: Vertices, faces: Faces, twin: NDArray[np.int32], normals: NDArray[np.float64]
) -> bool:
    """Say whether an open, consistent surface clearly shows its inside.

    Two independent signs must agree: the volume between the surface and its border's centre is
    negative, and the surface bends inwards (summed signed dihedral angle times edge length).
    Teeth and gums stand out of the jaw, so a scan seen from outside has both positive; a deep
    palate alone turns only one of them.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
    normals : (F, 3) float64
        Unit normals.

    References
    ----------
    Mean curvature over edges: Cohen-Steiner and Morvan, SoCG 2003.
    """
    border = np.flatnonzero(twin == -1)
    if not len(border):
        return False
    corners = faces.ravel()
    centre = vertices[corners[border]].mean(axis=0)
    a, b, c = (vertices[faces[:, j]] - centre for j in range(3))
    volume = float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum())
    half = np.flatnonzero(twin > np.arange(len(twin)))
    start = vertices[corners[half]]
    following = half + np.where(half % 3 == 2, -2, 1)
    edge = vertices[corners[following]] - start
    left, right = normals[half // 3], normals[twin[half] // 3]
    # |edge| * sin(dihedral), positive where the surface is convex.
    bend = float(np.einsum("ij,ij->i", np.cross(left, right), edge).sum())
    return volume < 0 and bend < 0
