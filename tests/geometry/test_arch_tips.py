"""Tips: bumps of known place and height on a flat sheet."""

import numpy as np
import pytest

from stsbench.geometry.arch_tips import prepare_cloud, settle_on_tips, tooth_tips
from stsbench.geometry.surface_sample import sample_surface
from tests.shapes import sheet

UP = np.array([0.0, 0, 1])
PLACES = np.array([[10.0, 10], [30, 10], [10, 30], [30, 30], [20, 34]])


def _bumpy(places, *, heights, tilt=0.0):
    def height(x, y):
        z = tilt * x
        for (a, b), h in zip(places, heights, strict=True):
            z = z + h * np.exp(-((x - a) ** 2 + (y - b) ** 2) / 3.0)
        return z

    ground = sheet(80, 80, height=height)
    sample = sample_surface(ground.vertices, ground.faces, pitch_mm=0.8)
    return prepare_cloud(sample.positions, sample.border)


def test_every_bump_is_a_tip_with_its_height():
    cloud = _bumpy(PLACES, heights=[3, 2, 4, 3, 2])
    tips, drop_mm = tooth_tips(cloud, UP)
    standing = drop_mm > 0.6
    found = cloud.positions[tips[standing], :2]
    apart = np.linalg.norm(found[:, None] - PLACES[None], axis=2)
    assert len(found) == len(PLACES)
    assert apart.min(axis=0).max() < 0.7
    # The ring's median lies on the flank of the bump, the cloud's top below its peak.
    share = drop_mm[standing] / np.array([3, 2, 4, 3, 2])[apart.argmin(axis=1)]
    assert share.min() > 0.6
    assert share.max() < 1.0


def test_bumps_by_the_border_are_no_tips():
    cloud = _bumpy(np.vstack([PLACES, [[1.0, 20.0]]]), heights=[3] * 5 + [5])
    tips, drop_mm = tooth_tips(cloud, UP)
    assert (drop_mm > 0.6).sum() == len(PLACES)
    assert cloud.inner[tips].all()


@pytest.mark.parametrize("tilt", [0.0, 0.1, -0.2])
def test_settling_finds_the_plane_of_the_bumps(tilt):
    found = settle_on_tips(_bumpy(PLACES, heights=[3] * 5, tilt=tilt), UP)
    normal = np.array([-tilt, 0, 1]) / np.hypot(tilt, 1)
    assert np.degrees(np.arccos(found.normal @ normal)) < 1.0
    assert len(found.positions) == 5


def test_without_bumps_the_direction_stays():
    found = settle_on_tips(_bumpy(PLACES[:2], heights=[3, 3]), UP)
    assert (found.normal == UP).all()
    assert len(found.positions) == 0
    assert found.support == 0.0


def test_without_a_border_all_points_are_inner():
    points = np.random.default_rng(0).uniform(0, 10, (50, 3))
    cloud = prepare_cloud(points, points[:0])
    assert cloud.inner.all()
    assert all(
        k in cloud.neighbours[cloud.offsets[k] : cloud.offsets[k + 1]] for k in range(len(points))
    )
