"""The graph about patches: twins over the rim, rows, fans and what is open."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.hole_refinement import refine_patches
from stsbench.geometry.hole_rims import gather_rims
from stsbench.geometry.hole_triangulation import triangulate_rims
from stsbench.geometry.patch_graph import build_patch_graph
from stsbench.geometry.patch_weights import weigh_graph
from stsbench.geometry.topology import half_edge_twins
from tests.shapes import sheet


def _graph(rings):
    """A square hole in a flat sheet with so many rows of squares left around it."""
    side = 6 + 2 * rings
    ground = sheet(side, side)
    gone = np.zeros((side, side, 2), bool)
    gone[rings:-rings, rings:-rings] = True
    mesh = TriangleMesh(ground.vertices, ground.faces[~gone.ravel()])
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    loops = boundary_loops(mesh.faces, twin)
    hole = loops.take(np.array([int(np.argmin([len(loops.loop(k)) for k in range(2)]))]))
    rims = gather_rims(mesh.vertices, mesh.faces, twin, hole.vertices, hole.offsets)
    refined = refine_patches(mesh.vertices, rims, triangulate_rims(mesh.vertices, rims))
    graph = build_patch_graph(mesh.faces, twin, rims, refined, mesh.vertex_count)
    return mesh, rims, refined, graph


@pytest.mark.parametrize("rings", [1, 2, 3])
def test_rows_close_but_for_those_on_the_border(rings):
    mesh, rims, refined, graph = _graph(rings)
    new, around = len(refined.vertices), len(rims.vertex)
    assert (graph.new, graph.on_rim) == (new, around)
    assert not graph.is_open[: new + around].any()
    outside = graph.old_vertex[around : len(graph.is_open) - new]
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    at_border = ((mesh.vertices == low) | (mesh.vertices == high))[:, :2].any(axis=1)
    assert graph.is_open[new + around :].tolist() == at_border[outside].tolist()
    assert at_border[outside].all() == (rings == 1)


def test_twins_run_the_other_way_and_cross_the_rim():
    _, rims, refined, graph = _graph(3)
    start, end = graph.faces.ravel(), graph.faces[:, [1, 2, 0]].ravel()
    paired = np.flatnonzero(graph.twin >= 0)
    assert (graph.twin[graph.twin[paired]] == paired).all()
    assert (start[graph.twin[paired]] == end[paired]).all()
    assert (graph.twin[: 3 * len(refined.faces)] >= 0).all()
    crossing = graph.twin[: 3 * len(refined.faces)] >= 3 * len(refined.faces)
    assert np.count_nonzero(crossing) == len(rims.vertex)


def test_a_row_knows_each_neighbour_once():
    _, _, refined, graph = _graph(3)
    ends = np.concatenate([graph.faces[:, [0, 1]], graph.faces[:, [1, 2]], graph.faces[:, [2, 0]]])
    for row in range(len(refined.vertices) + 4):
        own = slice(graph.offsets[row], graph.offsets[row + 1])
        expected = np.unique(
            np.concatenate([ends[ends[:, 0] == row, 1], ends[ends[:, 1] == row, 0]])
        )
        assert sorted(graph.neighbour[own].tolist()) == expected.tolist()
        assert (graph.faces.ravel()[graph.leaving[own]] == row).all()
        assert (graph.twin[graph.leaving[own]] == graph.returning[own]).all()


def test_areas_of_rows_add_up():
    mesh, _, refined, graph = _graph(3)
    position = np.concatenate([refined.vertices, mesh.vertices[graph.old_vertex]])
    weights = weigh_graph(position, graph)
    # Every face counts a third for each of its corners that is a row.
    rows = (graph.faces < len(graph.is_open)).sum(axis=1)
    assert weights.area.sum() == pytest.approx((weights.third * rows).sum())
    # A linear field has no curvature.
    row = np.repeat(np.arange(len(graph.is_open)), np.diff(graph.offsets))
    steps = weights.weight[:, None] * (position[row] - position[graph.neighbour])
    total = np.stack([np.bincount(row, axis) for axis in steps.T], axis=1)
    assert np.abs(total[~graph.is_open]).max() < 1e-12
