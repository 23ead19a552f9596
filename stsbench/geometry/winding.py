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
from stsbench.geometry.edge_pairs import half_edges_of
from stsbench.geometry.face_sets import Joined, join_faces, sum_sheets

__all__ = ["Winding", "faces_inwards", "find_winding", "flip_faces", "signed_volumes"]


@dataclass(frozen=True, eq=False, slots=True)
class Winding:
    """Which faces must turn, and the connected components found on the way.

    Parameters
    ----------
    flip : (F,) bool
        Faces to turn so that every orientable component is consistent and faces outwards.
    component : (F,) int32
        Component of each face, as in `face_sets.Joined`.
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
    vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    area_mm2: NDArray[np.float64],
    *,
    joined: Joined | None = None,
) -> Winding:
    """Decide which faces must turn.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
    area_mm2 : (F,) float64
        0 for faces that are gone.
    joined : Joined, optional
        Of these faces, where it is known.

    Returns
    -------
    Winding
    """
    component, spread, contradictions = join_faces(faces, twin) if joined is None else joined
    count = len(contradictions)
    orientable = contradictions == 0
    sums = sum_sheets(component, count, area_mm2, turned=spread, twin=twin)
    closed = sums.closed
    if not count:
        return Winding(np.zeros(len(faces), dtype=bool), component, orientable, closed)
    # A tie by area (a box of two sheets) is settled by the count of faces, then left.
    invert = (sums.turned_mm2 > sums.area_mm2 / 2) & ~closed
    own = component if int(component.min()) >= 0 else np.maximum(component, 0)
    there = component >= 0
    flip = spread.astype(bool)
    if closed.any():
        # Volume of the component as it would be after `flip`, from faces of closed ones only.
        rows = np.flatnonzero(closed[own] & there)
        oriented = np.where(flip[rows, None], faces[rows][:, ::-1], faces[rows])
        volume = signed_volumes(vertices, oriented, component[rows], count)
        invert |= closed & (volume < 0)
    if invert.any():
        flip ^= invert[own]
    if not orientable.all():
        flip &= orientable[own]
    flip &= there
    return Winding(flip, component, orientable, closed)


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
    rows = np.flatnonzero(flip)
    turned, table = faces.copy(), twin.copy()
    turned[rows] = faces[rows][:, ::-1]
    # (a, b, c) becomes (c, b, a): its first two edges change places.
    old = half_edges_of(rows)
    new = old.reshape(-1, 3)[:, [1, 0, 2]].ravel()
    beyond = twin[old]
    paired = np.flatnonzero(beyond >= 0)
    across = beyond[paired]
    side = across % 3
    there = np.where(flip[across // 3] & (side < 2), across + 1 - 2 * side, across)
    table[new] = beyond
    table[new[paired]] = there
    table[there] = new[paired]
    return turned, table


@kernel
def _inward_signs(vertices, faces, twin, centre):
    """Volume over the centre, and the bend: |edge| times sine of the dihedral angle, summed.

    The bend is 0 where the volume has settled the question.
    """
    volume = 0.0
    for f in range(len(faces)):
        if twin[3 * f] == -3:
            continue
        a = faces[f, 0]
        b = faces[f, 1]
        c = faces[f, 2]
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        volume += (
            (vertices[a, 0] - centre[0]) * (uy * vz - uz * vy)
            + (vertices[a, 1] - centre[1]) * (uz * vx - ux * vz)
            + (vertices[a, 2] - centre[2]) * (ux * vy - uy * vx)
        )
    if volume >= 0:
        return volume, 0.0
    normals = np.empty((len(faces), 3))
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
        scale = 1 / size if size > 0 else 0.0
        normals[f, 0] = nx * scale
        normals[f, 1] = ny * scale
        normals[f, 2] = nz * scale
    bend = 0.0
    for f in range(len(faces)):
        for j in range(3):
            t = twin[3 * f + j]
            if t < 3 * f:
                continue
            g = t // 3
            a = faces[f, j]
            b = faces[f, j + 1 if j < 2 else 0]
            x = normals[f, 1] * normals[g, 2] - normals[f, 2] * normals[g, 1]
            y = normals[f, 2] * normals[g, 0] - normals[f, 0] * normals[g, 2]
            z = normals[f, 0] * normals[g, 1] - normals[f, 1] * normals[g, 0]
            bend += (
                x * (vertices[b, 0] - vertices[a, 0])
                + y * (vertices[b, 1] - vertices[a, 1])
                + z * (vertices[b, 2] - vertices[a, 2])
            )
    return volume, bend


def faces_inwards(vertices: Vertices, faces: Faces, twin: NDArray[np.int32]) -> bool:
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

    References
    ----------
    Mean curvature over edges: Cohen-Steiner and Morvan, SoCG 2003.
    """
    border = np.flatnonzero(twin == -1)
    if not len(border):
        return False
    centre = vertices[faces.ravel()[border]].mean(axis=0)
    volume, bend = _inward_signs(vertices, faces, twin, centre)
    return bool(volume < 0 and bend < 0)
