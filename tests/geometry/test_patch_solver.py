"""Membranes and plates: closed forms, and two ways to solve one system that must agree."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.hole_refinement import refine_patches
from stsbench.geometry.hole_rims import gather_rims
from stsbench.geometry.hole_triangulation import triangulate_rims
from stsbench.geometry.patch_graph import build_patch_graph
from stsbench.geometry.patch_solver import MEMBRANE, solve_patches
from stsbench.geometry.patch_weights import membrane_weights, weigh_graph
from stsbench.geometry.sparse_plates import solve_sparse
from stsbench.geometry.topology import half_edge_twins
from tests.shapes import sheet


def _system(height):
    """Two holes in a curved sheet, one of them too small for a wave order."""
    ground = sheet(24, 24, pitch_mm=0.5, height=height)
    gone = np.zeros((24, 24, 2), bool)
    gone[5:15, 5:16] = True
    gone[18:20, 18:21] = True
    mesh = TriangleMesh(ground.vertices, ground.faces[~gone.ravel()])
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    loops = boundary_loops(mesh.faces, twin)
    border = int(np.argmax([np.ptp(mesh.vertices[loops.loop(k), 0]) for k in range(len(loops))]))
    holes = loops.take(np.delete(np.arange(len(loops)), border))
    rims = gather_rims(mesh.vertices, mesh.faces, twin, holes.vertices, holes.offsets)
    refined = refine_patches(mesh.vertices, rims, triangulate_rims(mesh.vertices, rims))
    graph = build_patch_graph(mesh.faces, twin, rims, refined, mesh.vertex_count)
    position = np.concatenate([refined.vertices, mesh.vertices[graph.old_vertex]])
    return rims, refined, graph, position, weigh_graph(position, graph)


def _bumpy(x, y):
    return np.sin(0.6 * x) * np.cos(0.4 * y)


@pytest.mark.parametrize("stiffness", [MEMBRANE, 0.0, 10.0])
def test_bands_and_sparse_factors_agree(stiffness):
    rims, refined, graph, position, weights = _system(_bumpy)
    if stiffness < 0:
        weights = membrane_weights(refined, graph, weights)
    offsets = refined.vertex_offsets
    solved, good = solve_patches(
        offsets, rims.offsets, graph, weights, position, stiffness=stiffness
    )
    assert good.tolist() == [True, True]
    for loop in range(2):
        new = slice(int(offsets[loop]), int(offsets[loop + 1]))
        places = graph.rim_row[rims.offsets[loop] : rims.offsets[loop + 1]]
        answer = solve_sparse(new, places, graph, weights, position, stiffness=stiffness)
        assert np.abs(answer - solved[new]).max() < 1e-9
        assert np.abs(answer - position[new]).max() > 1e-3


@pytest.mark.parametrize("stiffness", [MEMBRANE, 0.0, 10.0])
def test_a_plane_stays_a_plane(stiffness):
    rims, refined, graph, position, weights = _system(lambda x, y: 0.3 * x - 0.2 * y)
    if stiffness < 0:
        weights = membrane_weights(refined, graph, weights)
    solved, _ = solve_patches(
        refined.vertex_offsets, rims.offsets, graph, weights, position, stiffness=stiffness
    )
    x, y, z = solved.T
    assert np.abs(z - 0.3 * x + 0.2 * y).max() < 1e-9


def test_a_membrane_is_the_mean_of_its_neighbours():
    rims, refined, graph, position, weights = _system(_bumpy)
    even = membrane_weights(refined, graph, weights)
    solved, _ = solve_patches(refined.vertex_offsets, rims.offsets, graph, even, position)
    position[: graph.new] = solved
    for row in range(graph.new):
        own = graph.neighbour[graph.offsets[row] : graph.offsets[row + 1]]
        assert position[row] == pytest.approx(position[own].mean(axis=0), abs=1e-9)


def test_holes_that_are_not_chosen_stay():
    rims, refined, graph, position, weights = _system(_bumpy)
    offsets = refined.vertex_offsets
    parts = (offsets, rims.offsets, graph, weights, position)
    both, _ = solve_patches(*parts, stiffness=10.0)
    chosen = np.array([False, True])
    one, good = solve_patches(*parts, stiffness=10.0, chosen=chosen)
    assert good.tolist() == chosen.tolist()
    assert (one[: offsets[1]] == position[: offsets[1]]).all()
    assert (one[offsets[1] :] == both[offsets[1] :]).all()
