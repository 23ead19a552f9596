"""Solids: closed forms, and every way not to be one."""

import numpy as np
import pytest

from stsbench.geometry.solid import measure_solid, triangulate_outline
from tests.shapes import TETRAHEDRON, sheet, sphere, tetrahedron


def _torus(rows=24, columns=12):
    a, b = np.meshgrid(
        np.arange(rows) * 2 * np.pi / rows, np.arange(columns) * 2 * np.pi / columns, indexing="ij"
    )
    ring = 5 + 2 * np.cos(b)
    vertices = np.stack([ring * np.cos(a), ring * np.sin(a), 2 * np.sin(b)], axis=-1)
    index = np.arange(rows * columns).reshape(rows, columns)
    right, up = np.roll(index, -1, axis=0), np.roll(index, -1, axis=1)
    both = np.roll(up, -1, axis=0)
    faces = np.stack([index, right, both, index, both, up], axis=-1).reshape(-1, 3)
    return vertices.reshape(-1, 3), faces.astype(np.int32)


def _two_balls():
    ball = sphere(2)
    return (
        np.vstack([ball.vertices, ball.vertices + 20]),
        np.concatenate([ball.faces, ball.faces + ball.vertex_count]),
    )


def test_a_tetrahedron():
    solid = tetrahedron(3.0)
    found = measure_solid(solid.vertices, solid.faces)
    assert (found.watertight, found.genus, found.shells) == (True, 0, 1)
    assert found.volume_mm3 == pytest.approx(27 / 6)


def test_a_ball_far_away_keeps_its_volume():
    ball = sphere(4, radius_mm=5.0)
    found = measure_solid(ball.vertices + 300, ball.faces)
    assert found.volume_mm3 == pytest.approx(4 / 3 * np.pi * 125, rel=0.005)


def test_genus_and_shells_are_counted():
    torus = measure_solid(*_torus())
    assert (torus.watertight, torus.genus, torus.shells) == (True, 1, 1)
    balls = measure_solid(*_two_balls())
    assert (balls.watertight, balls.genus, balls.shells) == (True, 0, 2)


def test_unused_vertices_do_not_count():
    solid = tetrahedron()
    found = measure_solid(np.vstack([solid.vertices, [[0, 0, 0], [9, 9, 9]]]), solid.faces)
    assert (found.watertight, found.genus, found.repeated_positions) == (True, 0, 0)


NO_SOLID = {
    "an open sheet": (sheet(2, 2).vertices, sheet(2, 2).faces),
    "a face missing": (tetrahedron().vertices, TETRAHEDRON[:3]),
    "a face turned": (
        tetrahedron().vertices,
        np.vstack([TETRAHEDRON[:3], TETRAHEDRON[3:, ::-1]]),
    ),
    "an edge of four faces": (
        np.vstack([tetrahedron().vertices, [[1, -1, -1]]]),
        np.vstack([TETRAHEDRON, [[0, 2, 1], [0, 1, 4], [1, 2, 4], [2, 0, 4]]]),
    ),
    "two solids on one edge": (
        np.vstack([tetrahedron().vertices, [[0, -1, 0], [0, 0, -1]]]),
        np.vstack([TETRAHEDRON, [[0, 4, 1], [0, 1, 5], [1, 4, 5], [4, 0, 5]]]),
    ),
    "two solids on one vertex": (
        np.vstack([tetrahedron().vertices, -np.eye(3)]),
        np.vstack([TETRAHEDRON, [[0, 4, 5], [0, 6, 4], [4, 6, 5], [5, 6, 0]]]),
    ),
    "no faces": (tetrahedron().vertices, TETRAHEDRON[:0]),
}


@pytest.mark.parametrize(("vertices", "faces"), NO_SOLID.values(), ids=NO_SOLID.keys())
def test_what_is_no_solid(vertices, faces):
    assert not measure_solid(vertices, np.asarray(faces, np.int32)).watertight


def test_two_vertices_in_one_place_as_float32_leak_after_a_round_trip():
    other = tetrahedron().vertices + np.array([1 + 1e-9, 0, 0])  # corner on corner once rounded
    found = measure_solid(
        np.vstack([tetrahedron().vertices, other]), np.vstack([TETRAHEDRON, TETRAHEDRON + 4])
    )
    assert found.status == "NoError"
    assert found.repeated_positions == 1
    assert not found.watertight


def test_an_inside_out_solid_has_negative_volume():
    assert measure_solid(tetrahedron().vertices, TETRAHEDRON[:, ::-1]).volume_mm3 < 0


def test_an_outline_is_triangulated_without_new_corners():
    angle = np.arange(30) * 2 * np.pi / 30
    star = (4 + 2 * np.cos(5 * angle))[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    faces = triangulate_outline(star)
    assert faces.shape == (28, 3)
    a, b, c = (star[faces[:, k]] for k in range(3))
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    doubled = ux * vy - uy * vx
    assert (doubled > 0).all()
    x, y = star.T
    assert doubled.sum() == pytest.approx(x @ np.roll(y, -1) - y @ np.roll(x, -1))
