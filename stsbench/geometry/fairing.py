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

from stsbench.domain.mesh import Mask, Vertices
from stsbench.geometry.patch_graph import PatchGraph
from stsbench.geometry.patch_solver import STIFFNESS, solve_patches
from stsbench.geometry.patch_weights import Weights, weigh_again

__all__ = ["SCHEDULE", "fair_patches", "relax_folds"]

SCHEDULE = (0.0, 0.0, STIFFNESS, STIFFNESS)
_SMALL = 128  # unknowns: the second solve brings these patches nothing that can be measured
_RELAXATIONS = 30


def fair_patches(
    vertex_offsets: NDArray[np.int64],
    rim_offsets: NDArray[np.int64],
    graph: PatchGraph,
    weights: Weights,
    position: Vertices,
    made: int,
    *,
    chosen: Mask,
) -> Vertices:
    """Return positions of the new vertices with which every patch continues its surroundings.

    Parameters
    ----------
    vertex_offsets, rim_offsets : (L+1,) int64
        Which new vertices and which places of the rims belong to each hole.
    graph : PatchGraph
    weights : Weights
        Of the old surface; they are changed in place.
    position : (P, 3) float64, mm
        In numbers of the graph, the new vertices on membranes.
    made : int
        How many faces are new.
    chosen : (L,) bool
        Other holes stay as they are.
    """
    position = position.copy()
    is_large = np.diff(vertex_offsets) >= _SMALL
    for turn, stiffness in enumerate(SCHEDULE):
        now = chosen & is_large if turn == 1 else chosen
        if not now.any():
            continue
        weigh_again(position, graph, weights, made)
        position[: graph.new], _ = solve_patches(
            vertex_offsets, rim_offsets, graph, weights, position, stiffness=stiffness,
            chosen=now,
        )  # fmt: skip
    return position[: graph.new]


def relax_folds(
    graph: PatchGraph, position: Vertices, made: int, folded: Mask, *, rings: int = 0
) -> Vertices:
    """Return positions of the new vertices, those of folded faces drawn between their neighbours.

    Parameters
    ----------
    graph : PatchGraph
    position : (P, 3) float64, mm
        In numbers of the graph.
    made : int
        How many faces are new.
    folded : (made,) bool
    rings : int
        How many steps of neighbours move along.
    """
    faces = graph.faces[:made]
    moving = np.zeros(len(position), np.bool_)
    moving[faces[folded]] = True
    for _ in range(rings):
        moving[faces[(moving[faces] & (faces < graph.new)).any(axis=1)]] = True
    rows = np.flatnonzero(moving[: graph.new])
    position = position.copy()
    if len(rows):
        degree = np.diff(graph.offsets)[rows]
        start = np.cumsum(degree) - degree
        entry = np.repeat(graph.offsets[rows] - start, degree) + np.arange(degree.sum())
        near = graph.neighbour[entry]
        for _ in range(_RELAXATIONS):
            position[rows] = np.add.reduceat(position[near], start, axis=0) / degree[:, None]
    return position[: graph.new]
