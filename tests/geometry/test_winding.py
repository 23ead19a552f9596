import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.topology import half_edge_twins
from stsbench.geometry.winding import faces_inwards, find_winding, flip_faces, signed_volumes
from tests.repair.damage import dome, moebius
from tests.shapes import sheet, sphere, tetrahedron


def winding_of(vertices, faces):
    twin = half_edge_twins(faces, len(vertices))
    return find_winding(vertices, faces, twin, measure_faces(vertices, faces).area_mm2), twin


def turned(faces, rows):
    out = faces.copy()
    out[rows] = out[rows][:, ::-1]
    return out


@pytest.mark.parametrize(
    ("mesh", "rows", "flip", "closed"),
    [
        (tetrahedron(), [], [], True),
        (tetrahedron(), [2], [2], True),
        (tetrahedron(), [0, 1, 2, 3], [0, 1, 2, 3], True),  # outwards by its volume
        (tetrahedron(), [0, 1, 3], [0, 1, 3], True),
        (sheet(2, 2), [], [], False),
        (sheet(2, 2), [0, 5], [0, 5], False),
        (sheet(2, 2), [0, 1, 2, 3, 4, 5], [6, 7], False),  # the larger part decides
        (sheet(2, 2), list(range(8)), [], False),
    ],
)
def test_faces_to_turn(mesh, rows, flip, closed):
    found, _ = winding_of(mesh.vertices, turned(mesh.faces, rows))
    assert np.flatnonzero(found.flip).tolist() == flip
    assert found.closed.tolist() == [closed]
    assert found.orientable.tolist() == [True]
    assert not found.component.any()


def test_a_moebius_strip_is_not_orientable_and_left_alone():
    strip = moebius()
    found, _ = winding_of(strip.vertices, strip.faces)
    assert found.orientable.tolist() == [False]
    assert found.closed.tolist() == [False]
    assert not found.flip.any()


def test_components_are_judged_apart():
    ball, floor = tetrahedron(), sheet(1, 1)
    vertices = np.vstack([ball.vertices, floor.vertices + 9])
    faces = np.vstack([turned(ball.faces, [0, 1, 2, 3]), floor.faces + 4])
    found, _ = winding_of(vertices, faces)
    assert found.component.tolist() == [0, 0, 0, 0, 1, 1]
    assert found.closed.tolist() == [True, False]
    assert found.flip.tolist() == [True] * 4 + [False] * 2


@pytest.mark.parametrize("far", [0.0, 1000.0])
def test_signed_volumes(far):
    mesh = tetrahedron(3.0)
    none = np.zeros(4, dtype=np.int32)
    volume = signed_volumes(mesh.vertices + far, mesh.faces, none, 1)
    assert volume == pytest.approx([4.5])
    assert signed_volumes(mesh.vertices, mesh.faces[:, ::-1], none, 1) == pytest.approx([-4.5])


@pytest.mark.parametrize(("inside_out", "answer"), [(False, False), (True, True)])
def test_a_dome_seen_from_inside_is_known(inside_out, answer):
    mesh = dome(16)
    faces = np.ascontiguousarray(mesh.faces[:, ::-1]) if inside_out else mesh.faces
    twin = half_edge_twins(faces, mesh.vertex_count)
    assert faces_inwards(mesh.vertices, faces, twin) is answer


def test_a_closed_surface_is_not_asked():
    mesh = sphere(1)
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    assert faces_inwards(mesh.vertices, mesh.faces, twin) is False


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_any_set_of_turned_faces_is_found_and_the_table_stays_right(seed):
    rng = np.random.default_rng(seed)
    mesh = sphere(1) if seed % 2 else sheet(5, 6)
    rows = rng.random(mesh.face_count) < rng.uniform(0, 0.45 if seed % 2 == 0 else 1)
    faces = turned(mesh.faces, rows)
    found, twin = winding_of(mesh.vertices, faces)
    if seed % 2 or rows.sum() < mesh.face_count / 2:
        assert np.array_equal(found.flip, rows)
    out, table = flip_faces(faces, twin, found.flip)
    assert np.array_equal(table, half_edge_twins(out, mesh.vertex_count))
    across = np.flatnonzero(table >= 0)
    assert (out.ravel()[across] != out.ravel()[table[across]]).all()
