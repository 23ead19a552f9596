"""Bend patches so that they continue the surface around them.

Rules owned here:
- Rims and all that lies outside never move; they are the boundary condition.
- A patch starts as a membrane, which spaces its vertices evenly, then bends as a thin plate, then
  as a plate that evens out its curvature as well. Each solve measures the patch anew, since its
  angles and areas change while it bends.

Source: M. Botsch, L. Kobbelt, *An intuitive framework for real-time freeform modeling*, ACM
Transactions on Graphics 23(3), 2004; the schedule was measured (benchmarks/filling).
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Vertices
from stsbench.geometry.patch_graph import PatchGraph, weigh_graph
from stsbench.geometry.patch_solver import STIFFNESS, solve_plates

__all__ = ["SCHEDULE", "fair_patches"]

SCHEDULE = (0.0, 0.0, STIFFNESS, STIFFNESS)


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
