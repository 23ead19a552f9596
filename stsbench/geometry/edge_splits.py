"""Cut the edges of a mesh that are too long in two, and bring moved vertices onto its old surface.

Rules owned here:
- All long edges of a round are cut at once, each face by its pattern, so neighbours always fit.
- A new vertex goes to the nearest place of the old surface, on a crease to that of the old crease;
  where a face about it could not be made so, it stays on the edge, where it changes nothing.
- Open edges are never cut.

Source: M. Botsch, L. Kobbelt, *A remeshing approach to multiresolution modeling*, SGP 2004.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.distance import closest_on_tree
from stsbench.geometry.even_mesh import (
    CREASE,
    FREE,
    EvenMesh,
    Guide,
    InnerEdges,
    are_wrong,
    cross,
    inner_edges,
    is_among,
    keys_between,
    length_of,
    shape_of,
)
from stsbench.geometry.topology import half_edge_twins

__all__ = ["allowed_places", "project", "split_long_edges"]

_SPLIT_ROUNDS = 12
_UNDO_ROUNDS = 8


def split_long_edges(mesh: EvenMesh, guide: Guide, *, longest_mm: float) -> EvenMesh:
    """Cut edges until none is too long.

    Parameters
    ----------
    mesh : EvenMesh
    guide : Guide
    longest_mm : float
    """
    for _ in range(_SPLIT_ROUNDS):
        twin = half_edge_twins(mesh.faces, len(mesh.vertices))
        edges = inner_edges(mesh.faces, twin)
        length = length_of(mesh.vertices[edges.end] - mesh.vertices[edges.start])
        stays = mesh.held[edges.start] & mesh.held[edges.end]
        long = (length > longest_mm) & ~stays
        while long.any():
            # Beside a longer edge that stays, cutting one would never end; so that one stays too.
            beside = _longest_that_stays(mesh, twin, edges, stays)
            beside = np.maximum(beside[edges.one // 3], beside[edges.other // 3])
            blocked = long & (length <= beside)
            if not blocked.any():
                break
            stays |= blocked
            long &= ~blocked
        if not long.any():
            break
        mesh = _split(mesh, guide, edges, np.flatnonzero(long))
    return mesh


def _longest_that_stays(
    mesh: EvenMesh, twin: NDArray[np.int32], edges: InnerEdges, stays: Mask
) -> NDArray[np.float64]:
    """Length of the longest edge of each face that cannot be cut, (F,)."""
    uncut = twin < 0
    uncut[edges.one[stays]] = uncut[edges.other[stays]] = True
    rows, j = np.nonzero(uncut.reshape(-1, 3))
    faces = mesh.faces[rows]
    at = np.arange(len(rows))
    sides = mesh.vertices[faces[at, (j + 1) % 3]] - mesh.vertices[faces[at, j]]
    found = np.zeros(len(mesh.faces))
    np.maximum.at(found, rows, length_of(sides))
    return found


def _split(mesh: EvenMesh, guide: Guide, edges: InnerEdges, rows: NDArray[np.int64]) -> EvenMesh:
    count, more = len(mesh.vertices), len(rows)
    start, end = edges.start[rows], edges.end[rows]
    names = np.arange(count, count + more, dtype=np.int32)
    mark = np.full(3 * len(mesh.faces), -1, dtype=np.int32)
    mark[edges.one[rows]] = mark[edges.other[rows]] = names
    crease = mesh.on_crease(edges)[rows]
    vertices = np.concatenate([mesh.vertices, (mesh.vertices[start] + mesh.vertices[end]) / 2])
    kind = np.concatenate([mesh.kind, np.where(crease, CREASE, FREE).astype(np.uint8)])
    kept = mesh.creases[~is_among(mesh.creases, np.sort(keys_between(start, end)[crease]))]
    halves = [keys_between(side[crease], names[crease]) for side in (start, end)]
    cut = replace(
        mesh,
        vertices=vertices,
        faces=_cut_faces(vertices, mesh.faces, mark.reshape(-1, 3)),
        kind=kind,
        held=np.concatenate([mesh.held, np.zeros(more, dtype=bool)]),
        creases=np.sort(np.concatenate([kept, *halves])),
    )
    moved = np.zeros(count + more, dtype=bool)
    moved[count:] = True
    return replace(cut, vertices=allowed_places(cut, guide, project(cut, guide, vertices, moved)))


def _cut_faces(vertices: Vertices, faces: Faces, mark: NDArray[np.int32]) -> Faces:
    """Cut each face by how many of its edges hold a new vertex; whole ones come first."""
    number = (mark >= 0).sum(axis=1)
    parts = [faces[number == 0]]
    for many, first in ((1, mark >= 0), (2, mark < 0), (3, mark >= 0)):
        rows = np.flatnonzero(number == many)
        # Turn each face so that its one marked edge, or its one unmarked edge, comes first.
        turn = (first[rows].argmax(axis=1)[:, None] + np.arange(3)) % 3
        a, b, c = np.take_along_axis(faces[rows], turn, axis=1).T
        ab, bc, ca = np.take_along_axis(mark[rows], turn, axis=1).T
        if many == 1:
            new = [(a, ab, c), (ab, b, c)]
        elif many == 2:
            over = length_of(vertices[bc] - vertices[a]) <= length_of(vertices[ca] - vertices[b])
            new = [
                (bc, c, ca),
                (a, b, np.where(over, bc, ca)),
                (np.where(over, a, b), bc, ca),
            ]
        else:
            new = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        parts.append(np.stack([np.stack(face, axis=-1) for face in new], axis=1).reshape(-1, 3))
    return np.ascontiguousarray(np.concatenate(parts), dtype=np.int32)


def project(mesh: EvenMesh, guide: Guide, places: Vertices, moved: Mask) -> Vertices:
    """Return places with the moved ones on the old surface, or on its creases.

    Parameters
    ----------
    mesh : EvenMesh
    guide : Guide
    places : (V, 3) float64, mm
    moved : (V,) bool
    """
    found = places.copy()
    free = np.flatnonzero(moved & (mesh.kind == FREE))
    found[free] = closest_on_tree(places[free], guide.tree)[2]
    crease = np.flatnonzero(moved & (mesh.kind == CREASE))
    if len(crease) and guide.crease_tree is not None:
        found[crease] = closest_on_tree(places[crease], guide.crease_tree)[2]
    return found


def allowed_places(mesh: EvenMesh, guide: Guide, places: Vertices) -> Vertices:
    """Take back the moves that would make a wrong face.

    Parameters
    ----------
    mesh : EvenMesh
        With vertices where they are now.
    guide : Guide
    places : (V, 3) float64, mm
        Where they are to go.
    """
    places = places.copy()
    moved = (places != mesh.vertices).any(axis=1)
    rows = np.flatnonzero(moved[mesh.faces].any(axis=1))
    for turn in range(_UNDO_ROUNDS):
        faces = mesh.faces[rows]
        before = mesh.vertices[faces]
        area = cross(before[:, 1] - before[:, 0], before[:, 2] - before[:, 0])
        edges = moved[faces] | np.roll(moved[faces], -1, axis=1)
        edges &= faces < np.roll(
            faces, -1, axis=1
        )  # the face on the other side has it the other way
        wrong = are_wrong(
            area[:, None], places[faces], guide, worst=shape_of(before), new_edges=edges
        )
        back = np.zeros(len(places), dtype=bool)
        back[faces[wrong]] = True
        back &= moved
        if not back.any():
            return places
        if turn == _UNDO_ROUNDS - 2:
            break
        places[back] = mesh.vertices[back]
        moved[back] = False
        # Only faces at what went back have changed.
        rows = rows[back[faces].any(axis=1) & moved[faces].any(axis=1)]
    return mesh.vertices.copy()
