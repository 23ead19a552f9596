import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.topology import half_edge_twins, open_vertices
from stsbench.geometry.vertex_rings import rings_away, vertex_neighbours, walk_rings
from tests.shapes import sheet, sphere


def border_of(mesh):
    border = np.zeros(mesh.vertex_count, dtype=bool)
    border[open_vertices(mesh.faces, half_edge_twins(mesh.faces, mesh.vertex_count))] = True
    return border


def rings_by_distance(mesh, v, limit):
    """Rings of a vertex by spreading over the edges, one after the other."""
    near = np.zeros(mesh.vertex_count, dtype=bool)
    near[v] = True
    rings = [{v}]
    for _ in range(limit):
        grown = near.copy()
        grown[mesh.faces[near[mesh.faces].any(axis=1)]] = True
        rings.append(set(np.flatnonzero(grown & ~near).tolist()))
        near = grown
    return rings


def walked(mesh, v, steps, *, room=2048):
    start, around = vertex_neighbours(mesh.faces, border_of(mesh))
    mark = np.full(mesh.vertex_count, -1, dtype=np.int32)
    ring, ends = np.empty(room, dtype=np.int32), np.zeros(16, dtype=np.int32)
    whole = 0
    for limit in steps:
        whole = walk_rings(start, around, v, mark, v, ring, ends, whole, limit)
    return [ring[ends[k] : ends[k + 1]].tolist() for k in range(whole + 1)]


@pytest.mark.parametrize("mesh", [sheet(9, 9), sphere(2)], ids=["sheet", "sphere"])
@pytest.mark.parametrize("v", [0, 5, 44])
def test_rings_are_edges_away(mesh, v):
    rings = walked(mesh, v, [4])
    assert [set(ring) for ring in rings] == rings_by_distance(mesh, v, 4)
    assert all(len(set(ring)) == len(ring) for ring in rings)


def test_walking_on_is_walking_at_once():
    assert walked(sphere(2), 7, [1, 2, 5]) == walked(sphere(2), 7, [5])


def test_a_walk_ends_where_the_surface_or_the_room_does():
    assert len(walked(sheet(2, 2), 4, [6])) == 3  # the middle, its ring, two corners
    assert len(walked(sphere(2), 7, [6], room=10)) == 2


@pytest.mark.parametrize("count", [3, 7, 8, 9, 10, 30])
def test_every_neighbour_counts_however_many_there_are(count):
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    places = np.vstack([np.zeros(3), np.c_[np.cos(turn), np.sin(turn), np.zeros(count)]])
    rim = np.arange(count)
    fan = np.c_[np.zeros(count), 1 + rim, 1 + (rim + 1) % count].astype(np.int32)
    assert sorted(walked(TriangleMesh(places, fan), 0, [1])[1]) == list(1 + rim)


@pytest.mark.parametrize("limit", [0, 1, 3, 12])
@pytest.mark.parametrize("mesh", [sheet(9, 9), sphere(2)], ids=["sheet", "sphere"])
def test_vertices_away_count_edges_to_the_nearest_seed(mesh, limit):
    seeds = np.zeros(mesh.vertex_count, dtype=bool)
    seeds[[3, 44, 45]] = True
    away = rings_away(*vertex_neighbours(mesh.faces, border_of(mesh)), seeds, limit)
    expected = np.full(mesh.vertex_count, limit + 1)
    for v in np.flatnonzero(seeds):
        for distance, ring in enumerate(rings_by_distance(mesh, v, limit)):
            for u in ring:
                expected[u] = min(expected[u], distance)
    assert away.tolist() == expected.tolist()
