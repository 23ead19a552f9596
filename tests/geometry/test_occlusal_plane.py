"""The plane on tips: exact on exact tips, undisturbed by lower cusps, doubted when it hangs."""

import numpy as np
import pytest

from stsbench.geometry.occlusal_plane import (
    extents_over,
    fit_below,
    flatness,
    narrow_spread,
    plane_on_tips,
    turn_without,
)

UP = np.array([0.0, 0, 1])


def _arch_tips(count=14):
    angle = np.linspace(0, np.pi, count)
    return np.stack([25 * np.cos(angle), 30 * np.sin(angle), np.zeros(count)], axis=1)


def _tilted(tips, tilt_deg):
    a = np.radians(tilt_deg)
    turn = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    return tips @ turn.T, turn @ UP


@pytest.mark.parametrize("tilt_deg", [0, 5, 20])
def test_tips_in_a_plane_give_that_plane(tilt_deg):
    tips, normal = _tilted(_arch_tips(), tilt_deg)
    found = plane_on_tips(tips, np.ones(len(tips)), UP)
    assert found.normal == pytest.approx(normal, abs=1e-9)
    assert found.support == pytest.approx(len(tips))
    assert found.carried.all()


def test_lower_cusps_do_not_tilt_the_plane_but_higher_tips_lift_it():
    tips = np.vstack([_arch_tips(), _arch_tips()[::2] * [0.8, 0.8, 1] - [0, 0, 2.0]])
    found = plane_on_tips(tips, np.ones(len(tips)), UP)
    assert np.degrees(np.arccos(found.normal @ UP)) < 0.5
    assert list(found.carried) == [True] * 14 + [False] * 7


def test_more_than_sixteen_tips_are_tried_at_random_but_always_alike():
    tips, normal = _tilted(_arch_tips(40), 10)
    first = plane_on_tips(tips, np.ones(40), UP)
    assert first.normal == pytest.approx(normal, abs=1e-9)
    assert (plane_on_tips(tips, np.ones(40), UP).normal == first.normal).all()


NO_PLANE = {
    "tips on a line": np.stack([np.linspace(0, 40, 6), np.zeros(6), np.zeros(6)], axis=1),
    "tips on a wall": np.stack([np.linspace(0, 40, 6), np.zeros(6), [0, 9, 0, 9, 0, 9]], axis=1),
}


@pytest.mark.parametrize("tips", NO_PLANE.values(), ids=NO_PLANE.keys())
def test_no_three_tips_span_a_plane(tips):
    found = plane_on_tips(tips, np.ones(len(tips)), UP)
    assert (found.normal == UP).all()
    assert found.support == 0.0
    assert not found.carried.any()


def test_the_fit_points_the_way_it_started():
    tips = _arch_tips()
    assert fit_below(tips, np.ones(14), -UP)[0] == pytest.approx(-UP)
    assert fit_below(tips + np.array([0, 0, 3]), np.ones(14), UP)[1] == pytest.approx(3.0)


def test_spread_and_extents_of_a_box():
    box = np.random.default_rng(0).uniform([-30, -10, -2], [30, 10, 2], (20000, 3))
    # Twice the deviation of a uniform side of 20 mm: 2 * 20 / sqrt(12)
    assert narrow_spread(box, UP) == pytest.approx(2 * 20 / np.sqrt(12), rel=0.02)
    up, across = extents_over(box, np.stack([UP, [1.0, 0, 0]]))
    assert up == pytest.approx([0.96 * 4, 0.96 * 60], rel=0.02)
    assert across == pytest.approx([0.96 * 20, 0.96 * 4], rel=0.02)
    assert flatness(box, UP) == pytest.approx(4 / 20, rel=0.03)
    assert narrow_spread(box[:2], UP) == 0.0


def test_a_plane_on_one_group_of_tips_turns_when_the_group_goes():
    firm = _arch_tips(28)
    assert turn_without(firm, np.ones(28), UP) < 1e-6
    loose = firm.copy()
    loose[10:18, 2] = 0.9  # the front alone carries a higher plane
    assert turn_without(loose, np.ones(28), UP) > 0.5
    assert turn_without(firm[:4], np.ones(4), UP) == 90.0
