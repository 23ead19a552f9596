import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.cleaning import duplicate_faces, turn_thin_faces
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.topology import half_edge_twins
from tests.shapes import grid_faces


def int32(rows):
    return np.asarray(rows, dtype=np.int32).reshape(-1, 3)


@pytest.mark.parametrize(
    ("faces", "copies"),
    [
        ([], []),
        ([[0, 1, 2]], []),
        ([[0, 1, 2], [1, 2, 0]], [1]),
        ([[0, 1, 2], [2, 1, 0]], [1]),
        ([[0, 1, 2], [2, 1, 0], [1, 0, 2]], [1, 2]),
        ([[0, 1, 2], [0, 1, 3]], []),
        ([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], []),
        ([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3], [3, 2, 1]], [4]),
        ([[0, 0, 1], [0, 1, 2], [0, 1, 0], [2, 0, 1]], [3]),  # two are no faces
    ],
)
def test_copies(faces, copies):
    faces = int32(faces)
    found = duplicate_faces(faces, half_edge_twins(faces, 5))
    assert found.tolist() == copies


# A square with a vertex (4) on its lower edge 0-1: face 0 is thin, face 1 lies above it.
CORNERS = np.array([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0], [1, 0, 0], [1, -1, 0.0]])
T_VERTEX = int32([[0, 4, 1], [0, 1, 2], [0, 2, 3], [0, 5, 4], [4, 5, 1]])


def upwards(vertices, faces):
    """Twice the area of each face as seen from above, negative from behind."""
    a, b, c = (vertices[faces[:, j]] for j in range(3))
    return np.cross(b - a, c - a)[:, 2]


def turn(vertices, faces, thin_mm=1e-6):
    twin = half_edge_twins(faces, len(vertices))
    thin = np.flatnonzero(measure_faces(vertices, faces, thin_mm=thin_mm).thin)
    return thin, turn_thin_faces(vertices, faces, twin, thin, thin_mm=thin_mm)


def test_a_t_vertex_goes_by_turning_the_long_edge():
    thin, (faces, twin, state) = turn(CORNERS, T_VERTEX)
    assert thin.tolist() == [0]
    assert state.tolist() == [2, 2, 0, 0, 0]
    assert {tuple(sorted(face)) for face in faces[:2].tolist()} == {(0, 2, 4), (1, 2, 4)}
    assert np.array_equal(twin, half_edge_twins(faces, 6))
    measures = measure_faces(CORNERS, faces, thin_mm=1e-6)
    assert not measures.thin.any()
    assert measures.area_mm2.sum() == pytest.approx(5.0)
    assert (upwards(CORNERS, faces) > 0).all()


def test_a_thin_face_on_the_border_just_goes():
    faces = T_VERTEX[[0, 3, 4]]  # nothing above the long edge 0-1
    thin, (_, twin, state) = turn(CORNERS, faces)
    assert thin.tolist() == [0]
    assert state.tolist() == [1, 0, 0]
    rest = half_edge_twins(np.ascontiguousarray(faces[1:]), 6)
    assert np.array_equal(np.where(twin[3:] >= 0, twin[3:] - 3, twin[3:]), rest)


def test_a_face_that_cannot_be_turned_is_said_to_be_unsolved():
    # Above the thin face lies another thin one on the same line.
    vertices = np.array([[0, 0, 0], [3, 0, 0], [1, 0, 0], [2, 0, 0.0]])
    faces = int32([[0, 2, 1], [0, 1, 3]])
    _, (_, _, state) = turn(vertices, faces)
    assert (state != 0).all()
    assert not (state == 2).all()


def test_the_input_stays():
    before = T_VERTEX.copy()
    turn(CORNERS, T_VERTEX)
    assert np.array_equal(T_VERTEX, before)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_a_chain_of_vertices_on_one_edge_is_worked_in(count, seed):
    """Thin faces close the crack between one long edge and many short ones, longest first."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.choice(np.arange(1, 64), count, replace=False)) / 32.0
    line = np.r_[0, x, 2]
    vertices = np.vstack([np.stack([line, 0 * line, 0 * line], axis=1), [[1, 2, 0], [1, -2, 0]]])
    last, top, low = count + 1, count + 2, count + 3
    chain = np.arange(count + 1)
    below = np.stack([chain, np.full(count + 1, low), chain + 1], axis=1)
    thin = [[0, k, k + 1] for k in range(last - 1, 0, -1)]
    faces = int32([[0, last, top], *thin, *below.tolist()])
    _, (out, twin, state) = turn(vertices, faces)
    assert not np.isin(state, (1, 3)).any()
    assert np.array_equal(twin, half_edge_twins(out, len(vertices)))
    measures = measure_faces(vertices, out, thin_mm=1e-6)
    assert not measures.thin.any()
    assert measures.area_mm2.sum() == pytest.approx(4.0)
    assert (upwards(vertices, out) > 0).all()


def test_sound_faces_are_not_touched():
    faces = grid_faces(3, 3)
    y, x = np.mgrid[0:4, 0:4]
    vertices = np.stack([x, y, 0 * x], axis=-1).reshape(-1, 3).astype(float)
    _, (out, _, state) = turn(vertices, faces)
    assert np.array_equal(out, faces)
    assert not state.any()
