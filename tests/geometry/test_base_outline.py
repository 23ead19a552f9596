"""Outlines: a circle stays a circle, zigzag goes, and what crosses itself is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.base_outline import is_simple_outline, seam_heights, smooth_outline

ANGLE = np.arange(400) * 2 * np.pi / 400
CIRCLE = 20 * np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)
SQUARE = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])

SIMPLE = {
    "a square": (SQUARE, True),
    "clockwise": (SQUARE[::-1], False),
    "a bow-tie": (SQUARE[[0, 2, 1, 3]], False),
    "a corner on another edge": (np.array([[0.0, 0], [2, 0], [1, 0], [1, 1]]), False),
}


@pytest.mark.parametrize(("outline", "expected"), SIMPLE.values(), ids=SIMPLE.keys())
def test_which_outlines_are_simple(outline, expected):
    assert is_simple_outline(outline) is expected


@pytest.mark.parametrize("outward_mm", [0.0, 0.3, 1.0])
def test_a_circle_only_grows(outward_mm):
    outline = smooth_outline(CIRCLE, smooth_mm=1.5, outward_mm=outward_mm)
    # Smoothing shortens a radius r by sigma^2 / 2 r: 1.5^2 and 0.6^2 over 40 mm.
    radius = 20 - (1.5**2 + 0.6**2) / 40 + outward_mm
    assert np.linalg.norm(outline, axis=1) == pytest.approx(radius, abs=0.01)
    angles = np.unwrap(np.arctan2(*outline.T[::-1]))
    assert (np.diff(angles) > 0).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.5))
def test_jitter_that_breaks_the_rim_leaves_the_outline_simple(seed, jitter_mm):
    rng = np.random.default_rng(seed)
    rim = CIRCLE + rng.uniform(-jitter_mm, jitter_mm, CIRCLE.shape)
    outline = smooth_outline(rim, smooth_mm=1.5, outward_mm=0.3)
    assert outline is not None
    assert is_simple_outline(outline)
    assert np.abs(np.linalg.norm(outline, axis=1) - 20).max() < 1.0
    assert np.linalg.norm(outline - rim, axis=1).max() < 2.0


def test_half_the_jittered_rims_do_cross_themselves():
    rng = np.random.default_rng(0)
    rims = [CIRCLE + rng.uniform(-0.5, 0.5, CIRCLE.shape) for _ in range(10)]
    assert not any(is_simple_outline(rim) for rim in rims)


REFUSED = {
    "clockwise": CIRCLE[::-1],
    "a figure of eight": np.stack([20 * np.sin(2 * ANGLE), 20 * np.sin(ANGLE)], axis=1),
    "a single place": np.zeros((10, 2)),
}


@pytest.mark.parametrize("rim", REFUSED.values(), ids=REFUSED.keys())
def test_no_outline(rim):
    assert smooth_outline(rim, smooth_mm=1.5, outward_mm=0.3) is None


def test_coincident_rim_vertices_get_partners_of_their_own():
    outline = smooth_outline(np.repeat(CIRCLE, 3, axis=0), smooth_mm=1.5, outward_mm=0.3)
    assert outline is not None
    steps = np.linalg.norm(np.diff(outline, axis=0, append=outline[:1]), axis=1)
    assert steps.min() > 1e-3


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_a_seam_stays_below_its_rim_but_not_below_the_lowest(seed, jitter_mm):
    rng = np.random.default_rng(seed)
    z = 3 * np.sin(3 * ANGLE) + rng.uniform(-jitter_mm, jitter_mm, len(ANGLE))
    rim = np.c_[CIRCLE, z]
    seam = seam_heights(rim, window_mm=1.5, below_mm=0.5)
    assert (seam <= z - 0.5 + 1e-12).all()
    assert (seam >= z.min() - 0.5 - 1e-12).all()


def test_a_level_rim_has_a_level_seam():
    assert seam_heights(np.c_[CIRCLE, np.full(400, 4.0)], window_mm=1.5, below_mm=0.5) == (
        pytest.approx(3.5)
    )
