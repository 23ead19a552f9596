"""Turn the edges of a mesh until each faces small angles, as many at once as do not touch.

Rules owned here:
- An edge is turned when the angles that face it add up to more than 180 degrees. No face is changed
  twice in a round; creases and open edges stay, and no two vertices are joined twice.
- A turn that would make a wrong face is refused and not asked again in the same call.

Source: A. Bobenko, B. Springborn, *A discrete Laplace-Beltrami operator for simplicial surfaces*,
Discrete & Computational Geometry 38, 2007 (intrinsic Delaunay triangulations).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.even_mesh import (
    EvenMesh,
    Guide,
    InnerEdges,
    are_wrong,
    cross,
    dot,
    inner_edges,
    is_among,
    keys_between,
    length_of,
    scattered,
    shape_of,
)
from stsbench.geometry.old_places import Group, refuse_far
from stsbench.geometry.topology import half_edge_twins

__all__ = ["flip_edges"]

_ROUNDS = 8
_FEW = 0.003  # share of the faces below which the next sweep may do it
_LEAST = 1e-6  # sine beyond 180 degrees, so that four corners on one circle stay as they are

Ints = NDArray[np.int64]


def flip_edges(mesh: EvenMesh, guide: Guide, nearest: NDArray[np.int32]) -> EvenMesh:
    """Turn edges until hardly any wants to.

    Parameters
    ----------
    mesh : EvenMesh
    guide : Guide
    nearest : (N,) int32
        Face nearest to each of the guide's places.
    """
    refused = np.zeros(0, dtype=np.int64)
    for _ in range(_ROUNDS):
        twin = half_edge_twins(mesh.faces, len(mesh.vertices))
        edges = inner_edges(mesh.faces, twin)
        rows = _wanting(mesh, edges, refused)
        if not len(rows):
            break
        rows = _apart(edges, rows, len(mesh.faces))
        a, b, c, d = (part[rows] for part in (edges.start, edges.end, edges.left, edges.right))
        one, other = edges.one[rows] // 3, edges.other[rows] // 3
        new = np.stack([np.stack([a, d, c], axis=-1), np.stack([d, b, c], axis=-1)], axis=1)
        good = _may_turn(mesh, guide, mesh.faces[np.stack([one, other], axis=1)], new)
        joined = keys_between(c, d)
        good &= ~is_among(joined, np.sort(keys_between(edges.start, edges.end)))
        good &= _first_of_each(joined)
        whose = np.repeat(np.arange(len(rows)), 2)
        pairs = Group(np.stack([one, other], axis=-1).ravel(), whose)
        corners = mesh.vertices[new].reshape(-1, 3, 3)
        good, nearest = refuse_far(guide, nearest, len(mesh.faces), pairs, pairs, corners, good)
        refused = np.sort(np.concatenate([refused, keys_between(a, b)[~good]]))
        faces = mesh.faces.copy()
        faces[one[good]], faces[other[good]] = new[good, 0], new[good, 1]
        mesh = replace(mesh, faces=faces)
        if len(rows) < _FEW * len(faces):
            break
    return mesh


def _wanting(mesh: EvenMesh, edges: InnerEdges, refused: Ints) -> Ints:
    """List the edges whose opposite angles are too wide."""
    a, b, c, d = (mesh.vertices[part] for part in (edges.start, edges.end, edges.left, edges.right))
    area_c, along_c = length_of(cross(a - c, b - c)), dot(a - c, b - c)
    area_d, along_d = length_of(cross(b - d, a - d)), dot(b - d, a - d)
    # The sine of the sum of both angles, negative beyond 180 degrees, times all four sides.
    sides = np.sqrt((area_c**2 + along_c**2) * (area_d**2 + along_d**2))
    wide = (along_c * area_d + along_d * area_c) / np.maximum(sides, 1e-300)
    wants = (wide < -_LEAST) & ~mesh.on_crease(edges)
    wants &= ~(mesh.held[edges.start] & mesh.held[edges.end])
    rows = np.flatnonzero(wants)
    rows = rows[~is_among(keys_between(edges.start[rows], edges.end[rows]), refused)]
    return rows[np.argsort(scattered(len(rows)), kind="stable")]


def _apart(edges: InnerEdges, rows: Ints, face_count: int) -> Ints:
    """Choose edges without a face in common, those that come first."""
    rank = np.arange(len(rows))
    first = np.full(face_count, len(rows), dtype=np.int64)
    one, other = edges.one[rows] // 3, edges.other[rows] // 3
    np.minimum.at(first, one, rank)
    np.minimum.at(first, other, rank)
    chosen: Ints = rows[(first[one] == rank) & (first[other] == rank)]
    return chosen


def _first_of_each(keys: Ints) -> NDArray[np.bool_]:
    """Mark each key where it comes first."""
    order = np.argsort(keys, kind="stable")
    first = np.zeros(len(keys), dtype=bool)
    first[order[np.diff(keys[order], prepend=-1) != 0]] = True
    return first


def _may_turn(
    mesh: EvenMesh, guide: Guide, old: NDArray[np.int32], new: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Mark pairs of faces (N, 2, 3) that may stand in for others."""
    before = mesh.vertices[old]
    area = cross(before[:, :, 1] - before[:, :, 0], before[:, :, 2] - before[:, :, 0])
    worst = shape_of(before.reshape(-1, 3, 3)).reshape(-1, 2).min(axis=1)
    wrong = are_wrong(
        np.repeat(area, 2, axis=0),
        mesh.vertices[new].reshape(-1, 3, 3),
        guide,
        worst=np.repeat(worst, 2),
        # The first of two is (a, d, c): its middle edge is the new one.
        new_edges=np.tile([[False, True, False], [False, False, False]], (len(new), 1)),
    )
    allowed: NDArray[np.bool_] = np.logical_not(wrong.reshape(-1, 2).any(axis=1))
    return allowed
