"""Even clouds: spacing, the largest piece only, long triangles filled, free of the pose."""

import numpy as np
import pytest

from stsbench.geometry.surface_sample import own_axes, sample_surface, thin_points
from tests.shapes import sheet, sphere


def _turned(seed):
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return q * np.sign(np.linalg.det(q))


def test_thinning_keeps_one_mean_per_cell():
    points = np.array([[0.1, 0.1], [0.3, 0.5], [1.5, 0.5], [-0.5, 0.5]])
    assert thin_points(points, 1.0) == pytest.approx(
        np.array([[-0.5, 0.5], [0.2, 0.3], [1.5, 0.5]])
    )
    assert thin_points(points[:0], 1.0).shape == (0, 2)


def test_density_does_not_count():
    fine, coarse = sheet(80, 80, pitch_mm=0.125), sheet(20, 20, pitch_mm=0.5)
    counts = [
        len(sample_surface(m.vertices, m.faces, pitch_mm=1.0).positions) for m in (fine, coarse)
    ]
    assert counts == [121, 121]  # 10 mm at 1 mm, and the far edge on the next cell


def test_long_triangles_get_points_inside():
    plate = sheet(1, 1, pitch_mm=12.0)
    sample = sample_surface(plate.vertices, plate.faces, pitch_mm=2.0)
    assert len(sample.positions) > 25
    assert np.abs(sample.positions[:, 2]).max() == 0.0
    assert (sample.positions >= 0).all()
    assert (sample.positions <= 12).all()


def test_only_the_largest_piece_and_its_long_loops_count():
    ground = sheet(20, 20)
    hole = (np.abs(ground.vertices[ground.faces].mean(axis=1)[:, :2] - 5) < 0.6).all(axis=1)
    crumb = sheet(2, 2)
    faces = np.concatenate([ground.faces[~hole], crumb.faces + ground.vertex_count])
    vertices = np.vstack([ground.vertices, crumb.vertices + np.array([0, 0, 30.0])])
    sample = sample_surface(vertices, faces, pitch_mm=0.8)
    assert sample.positions[:, 2].max() == 0.0
    # The border is the square's rim of 40 mm; the hole's rim of some 5 mm is left out.
    assert np.abs(sample.border[:, :2] - 5).max(axis=1).min() > 4.5


def test_a_closed_surface_has_no_border():
    ball = sphere(3)
    assert len(sample_surface(ball.vertices, ball.faces, pitch_mm=0.8).border) == 0


def test_an_empty_mesh_gives_an_empty_sample():
    sample = sample_surface(np.zeros((0, 3)), np.zeros((0, 3), np.int32), pitch_mm=0.8)
    assert len(sample.positions) == len(sample.border) == len(sample.dense) == 0


@pytest.mark.parametrize("seed", range(4))
def test_own_axes_turn_with_the_cloud(seed):
    # Skewed on every axis: a mirror image of itself would leave a sign open.
    cloud = np.random.default_rng(7).gamma(2.0, 1.0, (500, 3)) * [9, 5, 2]
    turn = _turned(seed)
    axes = own_axes(cloud)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert own_axes(cloud @ turn.T + np.array([3.0, -2.0, 9.0])) == pytest.approx(axes @ turn.T)
