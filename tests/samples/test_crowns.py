import numpy as np
import pytest

from stsbench.samples.crowns import make_crown

EVERY_TOOTH = [10 * quadrant + n for quadrant in (1, 2, 3, 4) for n in range(1, 9)]


def average(fdi):
    return make_crown(fdi, np.random.default_rng(0), variation=0.0)


@pytest.mark.parametrize("fdi", EVERY_TOOTH)
def test_an_average_crown_has_its_table_s_height_at_its_highest_ridge(fdi):
    crown = average(fdi)
    tops = [max(ridge[2], ridge[5]) for ridge in crown.relief.ridges]
    assert max(tops) == pytest.approx(crown.height_mm, abs=0.25)
    assert max(tops) <= crown.height_mm + 1e-9


def test_left_equals_right_without_variation_and_differs_with_it():
    assert average(36).relief == average(46).relief
    rng = np.random.default_rng(1)
    assert make_crown(36, rng).relief != make_crown(46, rng).relief


def test_wear_lowers_what_the_tips_may_reach():
    fresh = make_crown(16, np.random.default_rng(2))
    worn = make_crown(16, np.random.default_rng(2), wear_mm=0.5)
    assert fresh.worn_mm == fresh.height_mm
    assert 0.3 <= worn.height_mm - worn.worn_mm <= 0.7


def test_outlines_keep_the_widest_diameters():
    crown = average(36)
    widths = {side: float(half.max()) for side, (_, half) in crown.outline.items()}
    assert widths["mesial"] + widths["distal"] == pytest.approx(crown.mesiodistal_mm)
    assert widths["buccal"] + widths["lingual"] == pytest.approx(crown.buccolingual_mm)
