import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.manifoldness import extra_sheets, sheets, smaller_fans
from stsbench.geometry.topology import count_fans, half_edge_twins
from tests.repair.damage import bow_tie, dome, fin
from tests.repair.referee import pieces
from tests.shapes import TETRAHEDRON, grid_faces, sheet


def int32(rows):
    return np.asarray(rows, dtype=np.int32).reshape(-1, 3)


@pytest.mark.parametrize(
    ("faces", "names"),
    [
        ([], []),
        ([[0, 1, 2]], [0]),
        ([[0, 1, 2], [0, 2, 3]], [0, 0]),
        ([[0, 1, 2], [3, 4, 5], [0, 2, 3]], [0, 1, 0]),
        ([[0, 1, 2], [0, 3, 4]], [0, 1]),  # joined in a vertex alone
        ([[0, 1, 2], [1, 0, 3], [0, 1, 4], [0, 4, 5]], [0, 1, 2, 2]),  # about a branching edge
        (TETRAHEDRON, [0, 0, 0, 0]),
    ],
)
def test_sheets(faces, names):
    faces = int32(faces)
    assert sheets(half_edge_twins(faces, 6)).tolist() == names


def extra(mesh, limit_mm2):
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    area = measure_faces(mesh.vertices, mesh.faces).area_mm2
    sheet = sheets(twin)
    return np.flatnonzero(
        extra_sheets(mesh.faces, twin, sheet, area, limit_mm2=limit_mm2)[sheet]
    ).tolist()


@pytest.mark.parametrize(
    ("mesh", "limit_mm2", "rows"),
    [
        (dome(8), 5.0, []),
        (fin(dome(8), 4, 20), 5.0, [768]),
        (fin(fin(dome(8), 4, 20), 4, 20, height_mm=2.0), 5.0, [768, 769]),
        (fin(dome(8), 4, 20), 0.01, []),  # larger than the limit
    ],
    ids=["none", "one fin", "two on one edge", "too large"],
)
def test_extra_sheets(mesh, limit_mm2, rows):
    assert extra(mesh, limit_mm2) == rows


def smaller(mesh):
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    pinched = count_fans(mesh.faces, twin, mesh.vertex_count) > 1
    marked = smaller_fans(mesh.vertices, mesh.faces, twin, pinched)
    return np.flatnonzero(pinched), mesh.faces[marked]


def test_the_larger_fan_keeps_a_bow_tie():
    floor = sheet(2, 2)
    vertices = np.vstack([floor.vertices, [[0.5, 0.4, 3], [0.5, 0.6, 3]]])
    mesh = type(floor)(vertices, np.vstack([floor.faces, [[4, 9, 10]]]))
    pinched, marked = smaller(mesh)
    assert pinched.tolist() == [4]
    assert marked.tolist() == [[4, 9, 10]]


def test_a_bow_tie_in_a_surface_keeps_one_fan():
    mesh = bow_tie(dome(8), 4, 20)
    pinched, marked = smaller(mesh)
    (vertex,) = pinched
    at_vertex = (mesh.faces == vertex).any(axis=1).sum()
    assert at_vertex == 4
    assert 1 <= len(marked) <= 2
    assert (marked == vertex).any(axis=1).all()


def test_a_sound_surface_has_no_smaller_fan():
    pinched, marked = smaller(dome(8))
    assert not len(pinched)
    assert not len(marked)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_sheets_and_fans_of_torn_sheets(seed):
    rng = np.random.default_rng(seed)
    faces = grid_faces(6, 6)
    faces = np.ascontiguousarray(faces[rng.random(len(faces)) < 0.6])
    mesh = sheet(6, 6)
    twin = half_edge_twins(faces, 49)
    assert np.array_equal(sheets(twin), renumbered(pieces(faces.astype(np.int64))))
    pinched = count_fans(faces, twin, 49) > 1
    marked = smaller_fans(mesh.vertices, faces, twin, pinched)
    assert not marked[~pinched[faces].any(axis=1)].any()
    kept = np.ascontiguousarray(faces[~marked])
    if len(kept):
        assert (count_fans(kept, half_edge_twins(kept, 49), 49)[pinched] <= 1).all()


def renumbered(labels):
    """In order of first face."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
