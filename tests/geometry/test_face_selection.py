"""Faces picked by what they touch, are joined to or come near, against brute force."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.edge_pairs import keys_of, pair_again
from stsbench.geometry.face_selection import (
    faces_joined,
    faces_near,
    faces_touching,
    take_excerpt,
)
from stsbench.geometry.topology import BOUNDARY, BRANCHING, half_edge_twins
from tests.shapes import sheet, sphere, tetrahedron


def test_touching_counts_marked_corners_of_faces_alive():
    mesh = sheet(3, 3)
    alive = np.ones(mesh.face_count, dtype=bool)
    alive[0] = False
    marked = np.zeros(mesh.vertex_count, dtype=bool)
    marked[[0, 1, 5]] = True
    for least in (1, 2, 3):
        truth = np.flatnonzero((marked[mesh.faces].sum(axis=1) >= least) & alive)
        assert np.array_equal(faces_touching(mesh.faces, alive, marked, least=least), truth)


def test_a_piece_is_all_that_edges_join():
    one, two = tetrahedron(), sheet(2, 2)
    faces = np.concatenate([one.faces, two.faces + 4]).astype(np.int32)
    twin = half_edge_twins(faces, 13)
    assert faces_joined(twin, 2).tolist() == [0, 1, 2, 3]
    assert faces_joined(twin, 9).tolist() == list(range(4, 12))


@pytest.mark.parametrize("margin_mm", [0.0, 0.3, 2.0])
def test_near_misses_no_face_whose_box_overlaps(margin_mm):
    mesh = sphere(4, radius_mm=5.0)
    rng = np.random.default_rng(2)
    asked_vertices = rng.normal(size=(12, 3)) * 3
    asked = np.arange(12, dtype=np.int32).reshape(-1, 3)
    alive = rng.random(mesh.face_count) < 0.9
    found = faces_near(mesh.vertices, mesh.faces, alive, asked_vertices, asked, margin_mm=margin_mm)
    low = mesh.vertices[mesh.faces].min(axis=1)
    high = mesh.vertices[mesh.faces].max(axis=1)
    truth = np.zeros(mesh.face_count, dtype=bool)
    for corners in asked_vertices[asked]:
        truth |= (
            (low <= corners.max(axis=0) + margin_mm) & (high >= corners.min(axis=0) - margin_mm)
        ).all(axis=1)
    truth &= alive
    assert set(np.flatnonzero(truth)) <= set(found)
    assert alive[found].all()
    assert (np.diff(found) > 0).all()


def test_near_asks_little_more_than_it_must():
    mesh = sphere(5, radius_mm=30.0)
    corners = mesh.vertices[mesh.faces[7]]
    found = faces_near(
        mesh.vertices, mesh.faces, np.ones(mesh.face_count, bool), corners, np.array([[0, 1, 2]])
    )
    assert 7 in found
    assert len(found) < 40


@pytest.mark.parametrize("height", [0.0, 1e-12])
def test_a_flat_or_single_place_has_neighbours_too(height):
    mesh = sheet(4, 4)
    place = np.array([[1.0, 1.0, height]] * 3)
    found = faces_near(
        mesh.vertices, mesh.faces, np.ones(32, bool), place, np.array([[0, 1, 2]]), margin_mm=1e-6
    )
    assert len(found) == 6 + 2


def test_an_excerpt_is_the_same_faces_with_new_names():
    mesh = sheet(5, 5)
    rows = np.array([7, 3, 30])
    excerpt = take_excerpt(mesh.faces, rows, mesh.vertex_count)
    assert np.array_equal(excerpt.vertex[excerpt.faces], mesh.faces[rows])
    assert len(np.unique(excerpt.vertex)) == len(excerpt.vertex)
    empty = take_excerpt(mesh.faces, np.zeros(0, int), mesh.vertex_count)
    assert empty.faces.shape == (0, 3)


@pytest.mark.parametrize("first", [0, 7, 40, 41])
def test_pairs_about_new_faces_agree_with_the_table(first):
    mesh = sheet(4, 5)
    fin = TriangleMesh(
        np.vstack([mesh.vertices, [[0.6, 0.6, 1.0]]]), np.vstack([mesh.faces, [[8, 14, 30]]])
    )
    table = half_edge_twins(fin.faces, fin.vertex_count)
    alive = np.ones(fin.face_count, dtype=bool)
    asked = np.array([3, 4]) if first == 7 else np.zeros(0, dtype=np.int64)
    half_edges, twins = pair_again(fin.faces, alive, fin.vertex_count, first, asked)
    assert np.array_equal(table[half_edges], twins)
    assert BOUNDARY in twins or first == 41
    keys = keys_of(fin.faces, np.arange(3 * fin.face_count))
    own = np.concatenate([np.arange(3 * first, 3 * fin.face_count), asked])
    assert np.array_equal(half_edges, np.flatnonzero(np.isin(keys, keys[own])))
    assert (BRANCHING in twins) == (first < 41)


def test_pairs_about_new_faces_see_no_dead_ones():
    mesh = sheet(4, 5)
    alive = np.ones(mesh.face_count, dtype=bool)
    alive[mesh.face_count - 2] = False
    last = mesh.face_count - 1
    half_edges, twins = pair_again(mesh.faces, alive, mesh.vertex_count, last, np.zeros(0, int))
    whole = half_edge_twins(mesh.faces, mesh.vertex_count)[3 * last :]
    own = np.where(whole // 3 == last - 1, BOUNDARY, whole)
    assert np.array_equal(twins[half_edges >= 3 * last], own)
    assert not np.isin(half_edges // 3, last - 1).any()
