"""The midline: exact for a mirrored arch, front to the front, unsure for a lopsided one."""

import numpy as np
import pytest

from stsbench.geometry.arch_midline import find_midline

UP = np.array([0.0, 0, 1])


def _arch(cut=0.0):
    """Surface points and tips of half an ellipse; x to the side, front at +y."""
    angle = np.linspace(0.1, np.pi * (1 - cut), 400)
    ring = np.stack([25 * np.cos(angle), 32 * np.sin(angle), np.zeros_like(angle)], axis=1)
    band = ring[:, None] + np.random.default_rng(0).uniform(-3, 3, (400, 8, 3)) * [1, 1, 0.3]
    return band.reshape(-1, 3), ring[::30]


@pytest.mark.parametrize("turn_deg", [0, 17, 90, 200])
def test_the_axis_follows_the_arch(turn_deg):
    a = np.radians(turn_deg)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    surface, tips = _arch()
    shift = np.array([5.0, -3.0, 2.0])
    midline = find_midline(surface @ turn.T + shift, tips @ turn.T + shift, UP)
    expected = turn @ np.array([0, 1.0, 0])
    assert np.degrees(np.arccos(midline.direction @ expected)) < 4.0
    assert midline.direction @ UP == pytest.approx(0, abs=1e-9)
    assert midline.mirror_mm < 1.35
    assert midline.depth_mm > 12.0
    # The axis passes through the middle of the arch, on the plane of the tips.
    off_axis = midline.origin - shift
    assert abs(np.cross(expected, off_axis) @ UP) < 2.5
    assert midline.origin[2] == pytest.approx(shift[2], abs=0.2)


def test_a_half_arch_mirrors_badly_or_leads_little():
    surface, tips = _arch(cut=0.5)
    midline = find_midline(surface, tips, UP)
    assert midline.mirror_mm > 1.35 or midline.depth_mm < 12.0
