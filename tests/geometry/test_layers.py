"""Second sheets: a flat sheet with another over it, closed forms."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.bounding_tree import build_tree
from stsbench.geometry.layers import LAYER_MM, layer_gaps, spread_layers
from stsbench.geometry.topology import half_edge_twins, open_vertices
from stsbench.geometry.wide_normals import sum_near
from tests.shapes import sheet, sphere


def over(gap_mm, *, turned=False, tilt=0.0, cells=6, at=3.0):
    """A sheet of 12 x 12 mm with a smaller one of 3 x 3 mm over it."""
    floor = sheet(24, 24)
    lid = sheet(cells, cells)
    vertices = lid.vertices + np.array([at, at, gap_mm])
    vertices[:, 2] += tilt * lid.vertices[:, 0]
    faces = lid.faces[:, ::-1] if turned else lid.faces
    both = np.concatenate([floor.vertices, vertices]).astype(np.float32).astype(np.float64)
    return TriangleMesh(both, np.concatenate([floor.faces, faces + floor.vertex_count]))


def gaps_of(mesh, asked=None):
    sums = sum_near(mesh.vertices, mesh.faces)
    tree = build_tree(mesh.vertices, mesh.faces)
    rows = np.arange(mesh.vertex_count) if asked is None else np.asarray(asked)
    return layer_gaps(mesh.vertices, sums, rows.astype(np.int32), tree)


@pytest.mark.parametrize("gap_mm", [0.05, 0.25, 0.45, -0.2])
def test_the_gap_is_the_distance_along_the_normal(gap_mm):
    mesh = over(gap_mm)
    lid = np.arange(25 * 25, mesh.vertex_count)
    assert gaps_of(mesh, lid) == pytest.approx(np.full(len(lid), -gap_mm), abs=1e-5)
    floor = gaps_of(mesh)[: 25 * 25]
    inside = ((mesh.vertices[: 25 * 25, :2] > 3.2) & (mesh.vertices[: 25 * 25, :2] < 5.8)).all(1)
    outside = ((mesh.vertices[: 25 * 25, :2] < 2.8) | (mesh.vertices[: 25 * 25, :2] > 6.2)).any(1)
    assert floor[inside] == pytest.approx(np.full(inside.sum(), gap_mm), abs=1e-5)
    assert (floor[outside] == 0).all()


@pytest.mark.parametrize(
    "mesh",
    [over(0.25, turned=True), over(LAYER_MM + 0.05), over(0.2, tilt=3.0), sheet(8, 8), sphere(2)],
    ids=["facing the other way", "too far", "steep", "alone", "closed"],
)
def test_no_second_sheet(mesh):
    gaps = gaps_of(mesh)
    if mesh.vertex_count > 700 and gaps.any():  # a steep lid is near along its lowest edge alone
        assert np.count_nonzero(gaps) < 20
    else:
        assert not gaps.any()


def test_a_wall_between_hides_what_lies_behind():
    mesh = over(0.4)
    wall = over(0.2, turned=True)
    rows = wall.faces[-72:] - 25 * 25 + mesh.vertex_count
    both = TriangleMesh(
        np.concatenate([mesh.vertices, wall.vertices[25 * 25 :]]),
        np.concatenate([mesh.faces, rows]),
    )
    floor = gaps_of(both)[: 25 * 25]
    assert not floor.any()


def test_layers_spread_from_open_edges_over_the_whole_overlap():
    mesh = over(0.3)
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    seeds = np.zeros(mesh.vertex_count, dtype=bool)
    seeds[open_vertices(mesh.faces, twin)] = True
    sums = sum_near(mesh.vertices, mesh.faces)
    tree = build_tree(mesh.vertices, mesh.faces)
    found = spread_layers(mesh.vertices, mesh.faces, sums, seeds, tree)
    lid = slice(25 * 25, None)
    assert found[lid] == pytest.approx(np.full(49, -0.3), abs=1e-5)
    assert not found[: 25 * 25].any()  # no open edge of the floor has a second sheet
    assert not spread_layers(mesh.vertices, mesh.faces, sums, np.zeros_like(seeds), tree).any()
