"""Sums about vertices in closed form, and faces turned by known angles."""

import numpy as np
import pytest

from stsbench.geometry.wide_normals import (
    REACH_MM,
    count_sides,
    overturned_faces,
    passes_for,
    spread_sums,
    sum_near,
    sum_normals,
    unity_of,
)
from tests.shapes import sheet, sphere, tetrahedron


def test_sums_of_a_corner_tetrahedron():
    # At the corner three legs of area 1/2 each meet: twice that, outwards along the axes.
    sums = sum_near(tetrahedron().vertices, tetrahedron().faces)
    root = np.sqrt(3.0)
    assert sums[0] == pytest.approx([-1, -1, -1, 3])
    assert sums[1] == pytest.approx([1, 0, 0, 2 + root])
    assert sums[2] == pytest.approx([0, 1, 0, 2 + root])
    assert sums[3] == pytest.approx([0, 0, 1, 2 + root])


def test_sums_of_a_sheet_count_its_faces():
    mesh = sheet(4, 4, pitch_mm=0.5)
    faces_there = np.bincount(mesh.faces.ravel(), minlength=mesh.vertex_count)
    sums = sum_near(mesh.vertices, mesh.faces)
    assert sums[:, :2] == pytest.approx(0.0)
    assert sums[:, 2] == pytest.approx(0.25 * faces_there)
    assert sums[:, 3] == pytest.approx(0.25 * faces_there)


@pytest.mark.parametrize("passes", [0, 1, 3])
def test_spreading_adds_each_neighbour_once_per_face_between(passes):
    mesh = sphere(1)
    sums = np.random.default_rng(3).normal(size=(mesh.vertex_count, 4))
    expected = sums
    for _ in range(passes):
        added = 2 * expected
        for a, b, c in mesh.faces:
            for v, others in ((a, (b, c)), (b, (c, a)), (c, (a, b))):
                added[v] += expected[others[0]] + expected[others[1]]
        expected = added
    assert spread_sums(mesh.faces, sums, passes) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("pitch_mm", "passes"), [(0.6, 0), (0.5, 0), (0.4, 1), (0.2, 2), (0.13, 3), (0.01, 6)]
)
def test_rings_reach_about_as_far_on_any_sheet(pitch_mm, passes):
    """Two of three sides are the pitch; rings needed: the first n with n + 1 pitches beyond."""
    mesh = sheet(5, 7, pitch_mm=pitch_mm)
    normals = sum_normals(mesh.vertices, mesh.faces)
    assert normals.passes == passes
    assert np.array_equal(normals.shorter, count_sides(mesh.vertices, mesh.faces))
    assert np.array_equal(normals.near, sum_near(mesh.vertices, mesh.faces))
    assert np.array_equal(normals.wide, spread_sums(mesh.faces, normals.near, passes))
    assert normals.unity == pytest.approx(1.0)


def test_sides_are_counted_by_length():
    # Sides 3, 4 and 5 hundredths short of a half, and one without a length.
    places = np.array([(0, 0, 0), (0.3, 0, 0), (0, 0.4, 0), (0, 0.4, 0)])
    faces = np.array([(0, 1, 2), (1, 2, 3)], dtype=np.int32)
    lengths = REACH_MM / np.arange(1.0, 7.0)
    sides = [0.3, 0.5, 0.4, 0.5, 0.0, 0.5]
    expected = [sum(side < length - 1e-9 for side in sides) for length in lengths]
    assert count_sides(places, faces).tolist() == [*expected, 1]
    assert sum_normals(places, faces).shorter.tolist() == [*expected, 1]


@pytest.mark.parametrize(
    ("shorter", "faces", "passes"),
    [
        ([6, 6, 6, 6, 6, 6, 0], 4, 0),
        ([7, 6, 6, 6, 6, 6, 0], 4, 1),
        ([12, 12, 12, 12, 12, 7, 0], 4, 6),
        ([12, 12, 12, 12, 12, 7, 7], 4, 0),
        ([12, 12, 12, 12, 12, 7, 6], 4, 6),
    ],
)
def test_half_the_sides_decide(shorter, faces, passes):
    assert passes_for(np.array(shorter), faces) == passes


def test_unity_is_the_length_of_the_mean():
    sums = np.array([(0, 0, 2, 2), (3, 4, 0, 10), (0, 0, 0, 5), (0, 0, 0, 0)], dtype=np.float64)
    assert unity_of(sums) == pytest.approx([1, 0.5, 0, 1])


def facing(*degrees, size=1.0):
    """A triangle that faces z, and patches about its corners turned by angles from z."""
    angles = np.radians(degrees)
    wide = np.stack([np.sin(angles), 0 * angles, np.cos(angles), 0 * angles], axis=1)
    wide *= np.reshape(size, (-1, 1))
    return np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0.0)]), np.array([(0, 1, 2)], np.int32), wide


LIMIT = np.degrees(np.arccos(-0.2))


@pytest.mark.parametrize(
    ("degrees", "size", "over"),
    [
        ((0, 0, 0), 1, False),
        ((LIMIT - 0.1,) * 3, 1, False),
        ((LIMIT + 0.1,) * 3, 1, True),
        ((180, 180, 180), 1, True),
        ((0, 180, 180), 1, True),
        ((180, 0, 180), 1, True),
        ((180, 180, 0), 1, True),
        ((0, 0, 180), (1, 1, 100), False),  # corners weigh alike, however large their patches
        ((180, 0, 0), (100, 1, 1), False),
        ((170, 170, 0), (1, 1, 100), True),
        ((80, 80, 180), (50, 1, 1), True),
        ((80, 180, 80), 1, True),
        ((180, 80, 80), 1, True),
        ((180, 180, 180), 0, False),
    ],
)
def test_a_face_is_overturned_beyond_an_angle(degrees, size, over):
    assert overturned_faces(*facing(*degrees, size=size)).tolist() == [over]


@pytest.mark.parametrize(("share", "over"), [(0.99, False), (1.01, True)])
def test_slivers_are_not_judged(share, over):
    places = np.array([(0, 0, 0), (2, 0, 0), (1, share * 0.05, 0)])
    for turn in range(3):
        faces = np.roll(np.array([(0, 1, 2)], dtype=np.int32), turn, axis=1)
        wide = np.tile([0.0, 0, -1, 1], (3, 1))
        assert overturned_faces(places, faces, wide).tolist() == [over]


def test_one_turned_face_of_a_sheet_is_found():
    mesh = sheet(8, 8, pitch_mm=0.2)
    faces = mesh.faces.copy()
    faces[60] = faces[60, ::-1]
    normals = sum_normals(mesh.vertices, faces)
    found = overturned_faces(mesh.vertices, faces, normals.wide)
    assert np.flatnonzero(found).tolist() == [60]
