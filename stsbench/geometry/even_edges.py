"""Isotropic remeshing: edges of one length on the surface there was, within a bound.

Rules owned here:
- Sweeps of collapsing below 4/5 of the length, cutting above 4/3, turning edges and moving vertices
  along the surface towards the middle of their faces; what would break a rule of `even_mesh` or
  leave the bound is not done. So edges stay shorter where the surface bends too much for them.
- Open edges are the same afterwards, vertex for vertex. Creases stay creases: their vertices slide
  along them only.
- Old vertices that end up too far from the new surface are told by the caller's own measurement;
  here moves that would take them there are taken back.

Sources: M. Botsch, L. Kobbelt, *A remeshing approach to multiresolution modeling*, SGP 2004;
M. Dunyach et al., *Adaptive remeshing for real-time mesh deformation*, Eurographics 2013.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.geometry.edge_collapses import collapse_short_edges
from stsbench.geometry.edge_flips import flip_edges
from stsbench.geometry.edge_splits import allowed_places, project, split_long_edges
from stsbench.geometry.even_mesh import (
    CREASE,
    FREE,
    EvenMesh,
    Guide,
    cross,
    dot,
    length_of,
    start_even_mesh,
)
from stsbench.geometry.old_places import nearest_faces

__all__ = ["make_edges_even"]

_SWEEPS = 4
_FIRST_ROUNDS, _ROUNDS = 12, 4  # of collapses in the first sweep, where most are, and in others
_SHORT, _LONG = 4 / 5, 4 / 3
_BACK_ROUNDS = 4
_STILL = 0.05  # times the length wanted: nearer to its place a vertex stays
_WAY = 0.8  # part of its way that a vertex goes at once


def make_edges_even(
    vertices: Vertices,
    faces: Faces,
    held: Mask,
    *,
    edge_mm: float,
    bound_mm: float,
    progress: Progress = NO_PROGRESS,
) -> tuple[Vertices, Faces]:
    """Give a surface edges of one length.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Manifold and wound alike, every vertex in use.
    held : (V,) bool
        Vertices between which edges stay as they are.
    edge_mm : float
        Length wanted.
    bound_mm : float
        Farthest the surfaces may lie apart.
    progress : Progress

    Returns
    -------
    vertices : (W, 3) float64, mm
    faces : (G, 3) int32
    """
    mesh, guide, nearest = start_even_mesh(vertices, faces, held, bound_mm=bound_mm)
    for sweep in range(_SWEEPS):
        progress.step("evening edges", sweep / _SWEEPS)
        mesh = collapse_short_edges(
            mesh,
            guide,
            nearest,
            shortest_mm=_SHORT * edge_mm,
            longest_mm=_LONG * edge_mm,
            rounds=_ROUNDS if sweep else _FIRST_ROUNDS,
        )
        mesh = split_long_edges(mesh, guide, longest_mm=_LONG * edge_mm)
        progress.step("evening edges", (sweep + 0.5) / _SWEEPS)
        mesh = flip_edges(mesh, guide, nearest_faces(mesh, guide)[1])
        mesh, nearest = _relaxed(mesh, guide, edge_mm)
    return mesh.vertices, mesh.faces


def _relaxed(mesh: EvenMesh, guide: Guide, edge_mm: float) -> tuple[EvenMesh, NDArray[np.int32]]:
    """Move vertices along the surface, and tell which face each old vertex lies nearest to."""
    wanted = project(mesh, guide, *_middles(mesh, edge_mm))
    places = allowed_places(mesh, guide, wanted)
    moved = replace(mesh, vertices=places)
    for _ in range(_BACK_ROUNDS):
        gap, nearest = nearest_faces(moved, guide)
        back = np.zeros(len(places), dtype=bool)
        back[mesh.faces[nearest[gap > guide.bound_mm]]] = True
        back[mesh.faces[back[mesh.faces].any(axis=1)]] = True
        back &= (moved.vertices != mesh.vertices).any(axis=1)
        if not back.any():
            return moved, nearest
        places = np.where(back[:, None], mesh.vertices, moved.vertices)
        moved = replace(mesh, vertices=allowed_places(mesh, guide, places))
    return mesh, nearest_faces(mesh, guide)[1]


def _middles(mesh: EvenMesh, edge_mm: float) -> tuple[Vertices, Mask]:
    """Where vertices would rather be: free ones in the middle of their faces, along the surface."""
    count = len(mesh.vertices)
    a, b, c = (mesh.vertices[mesh.faces[:, j]] for j in range(3))
    area = cross(b - a, c - a)
    size = length_of(area)
    centre = (a + b + c) / 3 * size[:, None]
    corners = mesh.faces.ravel()
    total = np.repeat(size, 3)
    weight = np.bincount(corners, weights=total, minlength=count)
    middle = np.zeros((count, 3))
    normal = np.zeros((count, 3))
    for k in range(3):
        middle[:, k] = np.bincount(corners, weights=np.repeat(centre[:, k], 3), minlength=count)
        normal[:, k] = np.bincount(corners, weights=np.repeat(area[:, k], 3), minlength=count)
    way = middle / np.maximum(weight, 1e-300)[:, None] - mesh.vertices
    normal /= np.maximum(length_of(normal), 1e-300)[:, None]
    way -= dot(way, normal)[:, None] * normal
    ends = mesh.crease_ends()
    along = np.zeros((count, 3))
    for one, other in ((0, 1), (1, 0)):
        for k in range(3):
            along[:, k] += np.bincount(
                ends[:, one], weights=mesh.vertices[ends[:, other], k], minlength=count
            )
    uses = np.bincount(ends.ravel(), minlength=count)
    slides = (mesh.kind == CREASE) & (uses == 2)
    way[slides] = along[slides] / 2 - mesh.vertices[slides]
    moved = (mesh.kind == FREE) | slides
    moved &= length_of(way) > _STILL * edge_mm
    return np.where(moved[:, None], mesh.vertices + _WAY * way, mesh.vertices), moved
