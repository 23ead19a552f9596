"""Exact distances: closed forms, brute force, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.errors import InputError
from stsbench.geometry import distance
from stsbench.geometry.distance import build_tree, closest_on_tree, point_to_surface
from tests.shapes import sheet, sphere

# One face: a at the origin, b along x, c along y.
CORNERS = np.array([[0.0, 0, 0], [4, 0, 0], [0, 3, 0]])
FACE = np.array([[0, 1, 2]], np.int32)

ON_ONE_FACE = {
    "above the inside": ([1, 1, 2], 2.0, [1, 1, 0]),
    "below the inside": ([1, 1, -2], 2.0, [1, 1, 0]),
    "on the face": ([0.5, 0.25, 0], 0.0, [0.5, 0.25, 0]),
    "past corner a": ([-3, -4, 0], 5.0, [0, 0, 0]),
    "past corner b": ([7, -4, 0], 5.0, [4, 0, 0]),
    "past corner c": ([-3, 7, 0], 5.0, [0, 3, 0]),
    "past edge ab": ([2, -3, 4], 5.0, [2, 0, 0]),
    "past edge ca": ([-3, 1, 4], 5.0, [0, 1, 0]),
    # bc is 3 x + 4 y = 12, of length 5: its foot from (3 + 2, 1.5 + ...) along (3, 4) / 5
    "past edge bc": ([2 + 3, 1.5 + 4, 0], 5.0, [2, 1.5, 0]),
}


@pytest.mark.parametrize(
    ("point", "expected_mm", "foot"), ON_ONE_FACE.values(), ids=ON_ONE_FACE.keys()
)
def test_one_face(point, expected_mm, foot):
    found_mm, face, closest = point_to_surface(np.array([point], float), CORNERS, FACE)
    assert found_mm[0] == pytest.approx(expected_mm, abs=1e-12)
    assert face[0] == 0
    assert closest[0] == pytest.approx(foot, abs=1e-12)


def test_a_polyline_is_measured_as_faces_that_repeat_a_corner():
    segments = np.array([[0, 1, 1], [1, 2, 2], [0, 0, 0]], np.int32)
    found_mm, face, closest = point_to_surface(
        np.array([[2.0, -3, 4], [9, 0, 0], [2 + 3, 1.5 + 4, 0]]), CORNERS, segments
    )
    assert found_mm == pytest.approx([5, 5, 5])
    assert list(face) == [0, 0, 1]
    assert closest[2] == pytest.approx([2, 1.5, 0])


def test_a_sphere_is_missed_by_no_more_than_its_facets():
    ball = sphere(4, radius_mm=5.0)
    directions = np.random.default_rng(1).normal(size=(500, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for radius in (0.0, 3.0, 5.0, 9.0):
        found_mm, _, _ = point_to_surface(radius * directions, ball.vertices, ball.faces)
        # An inscribed facet with edge e lies at most e^2 / 6 r inside; here e is below 0.37 mm.
        assert np.abs(found_mm - abs(5.0 - radius)).max() < 0.02


def _by_brute_force(points, vertices, faces):
    return np.array(
        [
            min(
                point_to_surface(point[None], vertices, face[None])[0][0]  # one face at a time
                for face in faces
            )
            for point in points
        ]
    )


@pytest.mark.parametrize("height_mm", [0.0, 1e-12, 1e-9, 1e-7, 1e-5, 1e-3])
def test_a_thin_face_is_measured_like_the_segment_it_nearly_is(height_mm):
    needle = np.array([[0.0, 0, 0], [2, 0, 0], [1.3, height_mm, 0]])
    points = np.random.default_rng(3).normal(size=(300, 3)) * 4
    corners = np.vstack([needle, needle[[1, 2, 0]], needle[[2, 0, 1]]])
    exact_mm, _, _ = point_to_surface(points, needle, np.array([[0, 1, 1]], np.int32))
    for first in (0, 3, 6):
        face = np.array([[first, first + 1, first + 2]], np.int32)
        found_mm, _, _ = point_to_surface(points, corners, face)
        assert np.abs(found_mm - exact_mm).max() <= height_mm + 1e-9


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_the_tree_finds_what_trying_every_face_finds(seed, face_count):
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(20, 3))
    faces = rng.integers(0, 20, (face_count, 3)).astype(np.int32)
    points = rng.normal(size=(12, 3)) * 2
    found_mm, face, closest = point_to_surface(points, vertices, faces)
    assert found_mm == pytest.approx(_by_brute_force(points, vertices, faces), abs=1e-12)
    assert np.linalg.norm(points - closest, axis=1) == pytest.approx(found_mm, abs=1e-12)
    assert ((face >= 0) & (face < face_count)).all()


def test_the_answer_hangs_neither_on_order_nor_on_chunks(monkeypatch):
    ground = sheet(60, 60, height=lambda x, y: np.sin(x) * np.cos(y))
    # Points over the vertices: up to six faces are equally near.
    points = np.vstack([ground.vertices, ground.vertices + np.array([0, 0, 0.3])])
    whole = point_to_surface(points, ground.vertices, ground.faces)
    shuffled = np.random.default_rng(0).permutation(len(points))
    again = point_to_surface(points[shuffled], ground.vertices, ground.faces)
    for one, other in zip(whole, again, strict=True):
        assert (one[shuffled] == other).all()
    monkeypatch.setattr(distance, "_CHUNK_POINTS", 101)
    for one, other in zip(
        whole, point_to_surface(points, ground.vertices, ground.faces), strict=True
    ):
        assert (one == other).all()
    lowest = np.full(ground.vertex_count, ground.face_count)
    np.minimum.at(lowest, ground.faces, np.arange(ground.face_count)[:, None])
    assert (whole[1][: ground.vertex_count] == lowest).all()


def test_the_limit_cuts_off_and_includes_itself():
    ground = sheet(4, 4)
    points = np.array([[1, 1, 0.5], [1, 1, 2.0], [1, 1, 2.5]])
    found_mm, face, closest = point_to_surface(points, ground.vertices, ground.faces, limit_mm=2.0)
    assert list(found_mm) == [0.5, 2.0, np.inf]
    assert list(face >= 0) == [True, True, False]
    assert np.isnan(closest[2]).all()


def test_no_points_give_an_empty_answer():
    found_mm, face, closest = point_to_surface(np.zeros((0, 3)), CORNERS, FACE)
    assert (len(found_mm), len(face), closest.shape) == (0, 0, (0, 3))


def test_a_tree_may_be_searched_again():
    tree = build_tree(CORNERS, FACE)
    first = closest_on_tree(np.array([[1.0, 1, 1]]), tree)
    second = closest_on_tree(np.array([[1.0, 1, 1]]), tree)
    assert first[0] == second[0] == 1.0


REFUSED = {
    "no faces": (lambda: build_tree(CORNERS, FACE[:0]), "no faces"),
    "a negative limit": (
        lambda: point_to_surface(CORNERS, CORNERS, FACE, limit_mm=-1.0),
        "no meaning",
    ),
    "a limit that is no number": (
        lambda: point_to_surface(CORNERS, CORNERS, FACE, limit_mm=float("nan")),
        "no meaning",
    ),
}


@pytest.mark.parametrize(("call", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals(call, problem):
    with pytest.raises(InputError, match=problem) as refusal:
        call()
    assert refusal.value.remedy
