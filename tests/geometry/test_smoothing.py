"""Smoothing along normals: planes and borders stay, noise goes, the cap holds."""

import numpy as np
import pytest

from stsbench.geometry.smoothing import inner_vertices, smooth_along_normals
from stsbench.geometry.topology import half_edge_twins, open_vertices
from tests.shapes import sheet, sphere


def single(vertices):
    return np.asarray(vertices).astype(np.float32).astype(np.float64)


def test_a_plane_stays_bit_for_bit_though_its_faces_are_uneven():
    mesh = sheet(12, 12)
    vertices = mesh.vertices.copy()
    vertices[:, :2] += np.random.default_rng(0).uniform(-0.1, 0.1, size=(len(vertices), 2))
    vertices = single(vertices)
    free = np.ones(len(vertices), dtype=bool)
    after = smooth_along_normals(vertices, mesh.faces, free, cap_mm=0.2, passes=30)
    assert after.tobytes() == vertices.tobytes()


@pytest.mark.parametrize("cap_mm", [0.004, 0.02, 0.2])
def test_noise_goes_within_the_cap_and_the_ball_stays_a_ball(cap_mm):
    ball = sphere(4, radius_mm=8.0)
    way = np.random.default_rng(1).normal(size=ball.vertex_count) * 0.02
    vertices = single(ball.vertices * (1 + way / 8.0)[:, None])
    free = np.ones(ball.vertex_count, dtype=bool)
    after = smooth_along_normals(vertices, ball.faces, free, cap_mm=cap_mm, passes=10)
    assert np.linalg.norm(after - vertices, axis=1).max() <= cap_mm
    radius = np.linalg.norm(after, axis=1)
    before = np.linalg.norm(vertices, axis=1)
    assert radius.std() < (0.6 if cap_mm > 0.1 else 0.95) * before.std()
    assert abs(radius.mean() - before.mean()) < 0.001  # it does not shrink


def test_what_is_not_free_does_not_move():
    ball = sphere(3, radius_mm=8.0)
    vertices = single(ball.vertices + np.random.default_rng(2).normal(size=(642, 3)) * 0.02)
    free = vertices[:, 2] > 0
    after = smooth_along_normals(vertices, ball.faces, free, cap_mm=0.1, passes=5)
    assert np.array_equal(after[~free], vertices[~free])
    assert (after[free] != vertices[free]).any()
    still = smooth_along_normals(
        vertices, ball.faces, free, cap_mm=0.1, passes=5, scale=np.zeros(642)
    )
    assert np.array_equal(still, vertices)


def test_inner_vertices_lie_on_no_rim_and_no_border():
    mesh = sheet(6, 6)
    chosen = np.ones(mesh.face_count, dtype=bool)
    chosen[:2] = False
    border = open_vertices(mesh.faces, half_edge_twins(mesh.faces, mesh.vertex_count))
    inner = inner_vertices(mesh.faces, chosen, border)
    assert inner.sum() == 5 * 5 - 1  # all inner ones but that of the square left out
    assert not inner[mesh.faces[:2]].any()
