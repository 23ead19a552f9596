"""Take edges out of a mesh that are too short, as many at once as do not touch each other.

Rules owned here:
- Of two free ends the middle stays, brought onto the old surface; else the end that is on a crease
  or pinned. A crease shrinks along itself only.
- Collapses of one round have no face in common, so each is judged on the mesh as it is: exactly two
  common neighbours, no new edge too long, no wrong face, and every vertex of the old surface that
  lay nearest to one of these faces still within the bound.
- What was refused is not asked again in the same call.

Sources: M. Botsch, L. Kobbelt, SGP 2004; H. Hoppe et al., SIGGRAPH 1993 (link condition).
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask, Vertices
from stsbench.geometry.distance import closest_on_tree
from stsbench.geometry.even_mesh import (
    FREE,
    PINNED,
    EvenMesh,
    Guide,
    are_wrong,
    cross,
    inner_edges,
    is_among,
    keys_between,
    length_of,
    scattered,
    shape_of,
)
from stsbench.geometry.old_places import Group, refuse_far
from stsbench.geometry.topology import half_edge_twins

__all__ = ["collapse_short_edges"]

_STEPS = 4  # edges are as short as each other within a quarter of the length
_FEW = 0.003  # share of the faces below which the next sweep may do it

Ints = NDArray[np.int64]


class _Collapses(NamedTuple):
    """Edges to take out: vertex that goes, vertex that stays, where it goes to."""

    goes: Ints
    stays: Ints
    place: Vertices


def collapse_short_edges(
    mesh: EvenMesh,
    guide: Guide,
    nearest: NDArray[np.int32],
    *,
    shortest_mm: float,
    longest_mm: float,
    rounds: int,
) -> EvenMesh:
    """Take out edges until hardly any is too short that could go.

    Parameters
    ----------
    mesh : EvenMesh
    guide : Guide
    nearest : (N,) int32
        Face nearest to each of the guide's places.
    shortest_mm, longest_mm : float
    rounds : int
    """
    refused = np.zeros(0, dtype=np.int64)
    nearest = nearest.copy()
    for _ in range(rounds):
        twin = half_edge_twins(mesh.faces, len(mesh.vertices))
        asked, order_of = _short(mesh, twin, refused, shortest_mm)
        if not len(asked.goes):
            break
        chosen = _apart(mesh, asked, order_of)
        wanted = _placed(mesh, guide, asked, chosen)
        good, alive, nearest = _judged(mesh, guide, twin, wanted, nearest, longest_mm)
        keys = keys_between(wanted.goes, wanted.stays)
        refused = np.sort(np.concatenate([refused, keys[~good]]))
        mesh = _taken_out(mesh, wanted, good, alive)
        nearest = (np.cumsum(alive) - 1).astype(np.int32)[nearest]
        if len(chosen) < _FEW * len(mesh.faces):
            break
    return mesh.without_loose_vertices()


def _short(
    mesh: EvenMesh, twin: NDArray[np.int32], refused: Ints, shortest_mm: float
) -> tuple[_Collapses, Ints]:
    """List short edges that may go, the shortest first."""
    edges = inner_edges(mesh.faces, twin)
    length = length_of(mesh.vertices[edges.end] - mesh.vertices[edges.start])
    first, last = mesh.kind[edges.start], mesh.kind[edges.end]
    low, high = np.minimum(first, last), np.maximum(first, last)
    short = (length < shortest_mm) & (low < PINNED)
    # An end on a crease goes along it only.
    short &= (low == FREE) | mesh.on_crease(edges)
    rows = np.flatnonzero(short)
    rows = rows[~is_among(keys_between(edges.start[rows], edges.end[rows]), refused)]
    step = np.floor(length[rows] * (_STEPS / shortest_mm))
    rows = rows[np.lexsort((scattered(len(rows)), step))]
    swap = first[rows] > last[rows]
    goes = np.where(swap, edges.end[rows], edges.start[rows]).astype(np.int64)
    stays = np.where(swap, edges.start[rows], edges.end[rows]).astype(np.int64)
    place = mesh.vertices[stays]
    both = high[rows] == FREE
    place[both] = (mesh.vertices[goes[both]] + mesh.vertices[stays[both]]) / 2
    return _Collapses(goes, stays, place), np.arange(len(rows))


def _apart(mesh: EvenMesh, asked: _Collapses, rank: Ints) -> Ints:
    """Choose edges whose stars have no face in common, the shortest first."""
    none = len(rank)
    at_vertex = np.full(len(mesh.vertices), none, dtype=np.int64)
    np.minimum.at(at_vertex, asked.goes, rank)
    np.minimum.at(at_vertex, asked.stays, rank)
    at_face = at_vertex[mesh.faces].min(axis=1)
    about = np.full(len(mesh.vertices), none, dtype=np.int64)
    for j in range(3):
        np.minimum.at(about, mesh.faces[:, j], at_face)
    return np.flatnonzero((about[asked.goes] == rank) & (about[asked.stays] == rank))


def _placed(mesh: EvenMesh, guide: Guide, asked: _Collapses, chosen: Ints) -> _Collapses:
    goes, stays, place = asked.goes[chosen], asked.stays[chosen], asked.place[chosen]
    free = np.flatnonzero(mesh.kind[stays] == FREE)
    place[free] = closest_on_tree(place[free], guide.tree)[2]
    return _Collapses(goes, stays, place)


def _judged(
    mesh: EvenMesh,
    guide: Guide,
    twin: NDArray[np.int32],
    wanted: _Collapses,
    nearest: NDArray[np.int32],
    longest_mm: float,
) -> tuple[Mask, Mask, NDArray[np.int32]]:
    """Say which collapses are good, which faces they leave, and what lies nearest then."""
    count = len(wanted.goes)
    label = np.full(len(mesh.vertices), -1, dtype=np.int64)
    label[wanted.goes] = label[wanted.stays] = np.arange(count)
    at = label[mesh.faces]
    star = np.flatnonzero(at.max(axis=1) >= 0)
    owner = at[star].max(axis=1)
    ends = (at[star] >= 0).sum(axis=1)
    good = np.bincount(owner[ends == 2], minlength=count) == 2
    good &= _linked(mesh, wanted, star, owner) == 2
    good &= ~_leaves_too_few(mesh, twin, star[ends == 2], owner[ends == 2], at, count)
    rest = star[ends == 1]
    whose = owner[ends == 1]
    corners = mesh.vertices[mesh.faces[rest]]
    before = cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    after = np.where((at[rest] >= 0)[:, :, None], wanted.place[whose][:, None], corners)
    spokes = length_of(after - np.roll(after, -1, axis=1)).max(axis=1)
    was = length_of(corners - np.roll(corners, -1, axis=1)).max(axis=1)
    wrong = spokes > np.maximum(longest_mm, was)
    # A new edge runs from the vertex that stays to the ring; the next face has it the other way.
    wrong |= are_wrong(
        before[:, None], after, guide, worst=shape_of(corners), new_edges=at[rest] >= 0
    )
    good[whose[wrong]] = False
    alive = np.ones(len(mesh.faces), dtype=bool)
    good, nearest = refuse_far(
        guide, nearest, len(alive), Group(star, owner), Group(rest, whose), after, good
    )
    alive[star[(ends == 2) & good[owner]]] = False
    return good, alive, nearest


def _linked(mesh: EvenMesh, wanted: _Collapses, star: Ints, owner: Ints) -> Ints:
    """Count the common neighbours of the two ends of each edge."""
    faces = mesh.faces[star].astype(np.int64)
    stride = len(mesh.vertices)
    sides = []
    for end in (wanted.goes, wanted.stays):
        has = (faces == end[owner][:, None]).any(axis=1)
        keys = np.sort((owner[has][:, None] * stride + faces[has]).ravel())
        keys = keys[np.diff(keys, prepend=-1) != 0]
        whose, other = keys // stride, keys % stride
        sides.append(keys[(other != wanted.goes[whose]) & (other != wanted.stays[whose])])
    common = sides[0][is_among(sides[0], sides[1])]
    return np.bincount(common // stride, minlength=len(wanted.goes))


def _leaves_too_few(
    mesh: EvenMesh,
    twin: NDArray[np.int32],
    dying: Ints,
    owner: Ints,
    at: Ints,
    count: int,
) -> Mask:
    """Mark collapses that would leave two faces on each other beside the edge."""
    wing = mesh.faces[dying][np.arange(len(dying)), (at[dying] < 0).argmax(axis=1)]
    valence = np.bincount(mesh.faces.ravel(), minlength=len(mesh.vertices))
    is_open = np.zeros(len(mesh.vertices), dtype=bool)
    is_open[mesh.faces.ravel()[np.flatnonzero(twin < 0)]] = True
    few = np.zeros(count, dtype=bool)
    few[owner[(valence[wing] <= 3) & ~is_open[wing]]] = True
    return few


def _taken_out(mesh: EvenMesh, wanted: _Collapses, good: Mask, alive: Mask) -> EvenMesh:
    goes, stays = wanted.goes[good], wanted.stays[good]
    vertices = mesh.vertices.copy()
    vertices[stays] = wanted.place[good]
    name = np.arange(len(vertices), dtype=np.int32)
    name[goes] = stays
    ends = name[mesh.crease_ends()]
    ends = ends[ends[:, 0] != ends[:, 1]]
    return replace(
        mesh,
        vertices=vertices,
        faces=np.ascontiguousarray(name[mesh.faces[alive]]),
        creases=np.unique(keys_between(ends[:, 0], ends[:, 1])),
    )
