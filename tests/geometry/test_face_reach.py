import numpy as np
import pytest

from stsbench.geometry.face_reach import faces_near
from stsbench.geometry.face_sets import grow_by_rings
from stsbench.geometry.topology import half_edge_twins
from tests.repair.damage import at, bow_tie, dome
from tests.shapes import sheet, sphere


@pytest.mark.parametrize(
    "mesh", [sheet(9, 11), sphere(2), dome(12)], ids=["sheet", "sphere", "dome"]
)
@pytest.mark.parametrize("rings", [0, 1, 3])
def test_rings_are_those_of_growing_by_shared_vertices(mesh, rings):
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    seeds = np.zeros(mesh.vertex_count, dtype=bool)
    seeds[[0, 40]] = True
    ring = faces_near(mesh.faces, twin, seeds, rings)
    first = seeds[mesh.faces].any(axis=1)
    for count in range(rings + 1):
        grown = grow_by_rings(mesh.faces, mesh.vertex_count, first, count)
        assert np.array_equal((ring >= 0) & (ring <= count), grown)


def test_nothing_is_near_no_seed():
    mesh = sheet(4, 4)
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    assert (faces_near(mesh.faces, twin, np.zeros(25, dtype=bool), 5) == -1).all()


def test_a_walk_stays_in_the_fan_it_came_by():
    mesh = bow_tie(dome(12), 6, 20)
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    seeds = np.zeros(mesh.vertex_count, dtype=bool)
    seeds[at(6, 21)] = True
    ring = faces_near(mesh.faces, twin, seeds, 1)
    about = (mesh.faces == at(6, 20)).any(axis=1)
    assert 0 < np.count_nonzero(ring[about] >= 0) < about.sum()
