"""Bend patches so that they continue the surface around them.

Rules owned here:
- Rims and all that lies outside never move; they are the boundary condition.
- A patch starts as a membrane, which spaces its vertices evenly, then bends as a thin plate, then
  as a plate that evens out its curvature as well. Each solve measures the patch anew, since its
  angles and areas change while it bends.
- Where a faired patch folds, as it can beside a ragged rim, the vertices about the fold are drawn
  back between their neighbours; the rest of the patch stays as it is.

Source: M. Botsch, L. Kobbelt, *An intuitive framework for real-time freeform modeling*, ACM
Transactions on Graphics 23(3), 2004; the schedule was chosen by measuring fills.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.patch_graph import PatchGraph, weigh_graph
from stsbench.geometry.patch_solver import STIFFNESS, solve_plates

__all__ = ["SCHEDULE", "fair_patches", "relax_folds"]

SCHEDULE = (0.0, 0.0, STIFFNESS, STIFFNESS)
_RELAXATIONS = 30


def fair_patches(
    vertex_offsets: NDArray[np.int64],
    rim_offsets: NDArray[np.int64],
    graph: PatchGraph,
    vertices: Vertices,
    new_vertices: Vertices,
) -> Vertices:
    """Move the new vertices so that every patch continues its surroundings.

    Parameters
    ----------
    vertex_offsets, rim_offsets : (L+1,) int64
        Which new vertices and which places of the rims belong to each hole.
    graph : PatchGraph
    vertices : (V, 3) float64, mm
    new_vertices : (N, 3) float64, mm
        Membranes.
    """
    fixed = weigh_graph(vertices, new_vertices, graph)
    for stiffness in SCHEDULE:
        weights = weigh_graph(vertices, new_vertices, graph, fixed=fixed)
        new_vertices, _ = solve_plates(
            vertex_offsets, rim_offsets, graph, weights, vertices, new_vertices,
            stiffness=stiffness,
        )  # fmt: skip
    return new_vertices


def relax_folds(
    graph: PatchGraph,
    vertices: Vertices,
    new_vertices: Vertices,
    new_faces: Faces,
    folded: Mask,
    *,
    rings: int = 0,
) -> Vertices:
    """Draw the new vertices of folded faces back between their neighbours.

    Parameters
    ----------
    graph : PatchGraph
    vertices : (V, 3) float64, mm
    new_vertices : (N, 3) float64, mm
    new_faces : (M, 3) int32
    folded : (M,) bool
    rings : int
        How many steps of neighbours move along.
    """
    old = len(vertices)
    moving = np.zeros(old + len(new_vertices), np.bool_)
    moving[new_faces[folded]] = True
    for _ in range(rings):
        moving[new_faces[moving[old:][np.maximum(new_faces - old, 0)].any(axis=1)]] = True
    rows = np.flatnonzero(moving[old:])
    if not len(rows):
        return new_vertices
    degree = np.diff(graph.offsets)[rows]
    start = np.cumsum(degree) - degree
    near = graph.neighbour[np.repeat(graph.offsets[rows] - start, degree) + np.arange(degree.sum())]
    used, place = np.unique(np.concatenate([rows + old, near]), return_inverse=True)
    position = np.where((used < old)[:, None], vertices[np.minimum(used, old - 1)], 0.0)
    position[used >= old] = new_vertices[used[used >= old] - old]
    own, near = place[: len(rows)], place[len(rows) :]
    for _ in range(_RELAXATIONS):
        position[own] = np.add.reduceat(position[near], start, axis=0) / degree[:, None]
    relaxed = new_vertices.copy()
    relaxed[rows] = position[own]
    return relaxed
