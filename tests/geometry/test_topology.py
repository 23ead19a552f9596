import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.face_sets import grow_by_rings
from stsbench.geometry.topology import (
    BOUNDARY,
    BRANCHING,
    GONE,
    branching_edges,
    count_fans,
    half_edge_twins,
    next_half_edge,
    open_vertices,
)
from stsbench.geometry.twin_edits import append_twins, drop_faces
from tests.shapes import TETRAHEDRON, grid_faces, sphere


def int32(rows):
    return np.asarray(rows, dtype=np.int32).reshape(-1, 3)


PAIR = int32([[0, 1, 2], [0, 2, 3]])
FIN = int32([[0, 1, 2], [1, 0, 3], [0, 1, 4]])


@pytest.mark.parametrize(
    ("faces", "twin"),
    [
        (int32([]), []),
        (int32([[0, 1, 2]]), [-1, -1, -1]),
        (PAIR, [-1, -1, 3, 2, -1, -1]),
        (PAIR[:, ::-1], [-1, -1, 4, -1, 2, -1]),
        (FIN, [-2, -1, -1, -2, -1, -1, -2, -1, -1]),
        (int32([[0, 1, 2], [0, 1, 3]]), [3, -1, -1, 0, -1, -1]),  # both run the same way
        (int32([[0, 0, 1], [0, 1, 2], [1, 2, 1]]), [-3, -3, -3, -1, -1, -1, -3, -3, -3]),
        (int32([[3, 3, 3], [1, 0, 0]]), [-3] * 6),
    ],
    ids=["none", "one", "pair", "turned pair", "fin", "clashing", "no faces", "none at all"],
)
def test_twins(faces, twin):
    found = half_edge_twins(np.ascontiguousarray(faces), 5)
    assert found.tolist() == twin


def test_a_closed_mesh_has_no_open_edge():
    twin = half_edge_twins(TETRAHEDRON, 4)
    assert (twin >= 0).all()
    assert (twin[twin] == np.arange(12)).all()
    assert not len(open_vertices(TETRAHEDRON, twin))


def test_next_half_edge_goes_round_each_face():
    assert next_half_edge(np.arange(6)).tolist() == [1, 2, 0, 4, 5, 3]


@pytest.mark.parametrize(
    ("faces", "fans"),
    [
        (PAIR, [1, 1, 1, 1, 0]),
        (int32([[0, 1, 2], [0, 3, 4]]), [2, 1, 1, 1, 1]),
        (FIN, [3, 3, 1, 1, 1]),
        (TETRAHEDRON, [1, 1, 1, 1, 0]),
    ],
    ids=["pair", "bow-tie", "fin", "tetrahedron"],
)
def test_fans(faces, fans):
    assert count_fans(faces, half_edge_twins(faces, 5), 5).tolist() == fans


PILLOW = int32([[0, 1, 2], [2, 1, 0]])
OCTAHEDRON = int32(
    [[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 1], [5, 2, 1], [5, 3, 2], [5, 4, 3], [5, 1, 4]]
)
BODIES = (TETRAHEDRON, PILLOW, OCTAHEDRON, sphere(1).faces)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_fans_of_closed_bodies_in_one_vertex(bodies, seed):
    """Every edge is paired there, so only walking about the vertex tells."""
    rng = np.random.default_rng(seed)
    parts, count = [], 1
    for body in (BODIES[n] for n in bodies):
        own = int(body.max())
        parts.append(np.where(body == 0, 0, body + count - 1))
        count += own
    faces = rng.permutation(np.concatenate(parts), axis=0)
    turned = rng.random(len(faces)) < rng.choice([0.0, 0.3])
    faces = np.where(turned[:, None], faces[:, ::-1], faces)
    name = rng.permutation(count).astype(np.int32)
    faces = np.ascontiguousarray(name[faces])
    fans = count_fans(faces, half_edge_twins(faces, count), count)
    assert fans[name[0]] == len(bodies)
    assert (np.delete(fans, name[0]) == 1).all()


def test_fans_skip_faces_that_are_gone():
    faces = np.vstack([PAIR, [[0, 3, 4]], [[4, 4, 0]]]).astype(np.int32)
    twin = half_edge_twins(faces, 6)
    assert count_fans(faces, twin, 6).tolist() == [1, 1, 1, 1, 1, 0]
    twin[6:9] = GONE
    twin[twin == 6] = BOUNDARY
    twin[twin == 8] = BOUNDARY
    assert count_fans(faces, twin, 6).tolist() == [1, 1, 1, 1, 0, 0]


def test_fans_of_some_faces_only():
    faces = grid_faces(4, 4)
    rows = np.flatnonzero((faces == 12).any(axis=1))
    assert count_fans(faces, half_edge_twins(faces, 25), 25, rows)[12] == 1


def test_branching_edges_are_listed_once():
    edges, half_edges, edge_of = branching_edges(FIN, half_edge_twins(FIN, 5))
    assert edges.tolist() == [[0, 1]]
    assert half_edges.tolist() == [0, 3, 6]
    assert edge_of.tolist() == [0, 0, 0]


@pytest.mark.parametrize(("rings", "count"), [(0, 1), (1, 13), (2, 37)])
def test_rings(rings, count):
    """In a regular grid the hexagonal distance: 1, 13 and 37 triangles about one of them."""
    faces = grid_faces(10, 10)
    seed = np.zeros(len(faces), dtype=bool)
    seed[110] = True
    assert grow_by_rings(faces, 121, seed, rings).sum() == count
    assert seed.sum() == 1


def test_an_added_face_on_a_full_edge_branches():
    twin = half_edge_twins(PAIR, 5)
    joined, table = append_twins(PAIR, twin, int32([[0, 2, 4]]))
    assert np.array_equal(table, half_edge_twins(joined, 5))
    assert (table[[2, 3, 6]] == BRANCHING).all()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_dropping_and_adding_back_is_building_anew(seed):
    rng = np.random.default_rng(seed)
    faces = sphere(1).faces if seed % 2 else grid_faces(5, 6)
    faces = rng.permutation(faces, axis=0)
    count = int(faces.max()) + 1
    twin = half_edge_twins(faces, count)
    keep = rng.random(len(faces)) < 0.7
    kept, kept_twin = drop_faces(faces, twin, keep)
    assert np.array_equal(kept, faces[keep])
    assert np.array_equal(kept_twin, half_edge_twins(kept, count))
    joined, table = append_twins(kept, kept_twin, np.ascontiguousarray(faces[~keep]))
    assert np.array_equal(table, half_edge_twins(joined, count))
    assert (table == BOUNDARY).sum() == (twin == BOUNDARY).sum()
