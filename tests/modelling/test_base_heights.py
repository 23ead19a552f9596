"""Heights: the taller rule wins, a given height holds exactly."""

import numpy as np
import pytest

from stsbench.domain.occlusion import OcclusalFrame
from stsbench.domain.order import Profile
from stsbench.errors import InputError
from stsbench.modelling.base_heights import choose_heights
from stsbench.modelling.profiles import ModelProfile

# A scan from z = -4 to z = 8, and a frame that looks along x with its plane at x = 0.
ALONG_Z = OcclusalFrame(
    np.array([0, 0, 1.0]), np.array([0, 1.0, 0]), np.zeros(3), True, True, "given"
)
ALONG_X = OcclusalFrame(
    np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([2.0, 0, 0]), True, True, "given"
)
PLACES = np.array([[0, 0, -4.0], [3, 1, 8], [5, 2, 0]])

CASES = {
    "total height decides": (ALONG_Z, ModelProfile(Profile.STUDY, "solid", 2, 20), None, -12.0),
    "base below decides": (ALONG_Z, ModelProfile(Profile.STUDY, "solid", 5, 15), None, -9.0),
    "a given height": (ALONG_Z, ModelProfile(Profile.STUDY, "solid", 5, 40), 3.0, -7.0),
    "another direction": (ALONG_X, ModelProfile(Profile.STUDY, "solid", 5, 9), None, -7.0),
}


@pytest.mark.parametrize(("frame", "profile", "given", "bottom"), CASES.values(), ids=CASES.keys())
def test_where_the_bottom_lies(frame, profile, given, bottom):
    heights = choose_heights(PLACES, frame, profile, base_height_mm=given)
    assert heights.bottom_mm == pytest.approx(bottom)
    assert heights.bottom_mm < heights.plinth_top_mm < heights.lowest_mm < heights.highest_mm


def test_a_low_base_keeps_room_for_its_plinth():
    heights = choose_heights(PLACES, ALONG_Z, ModelProfile(Profile.STUDY), base_height_mm=0.5)
    assert heights.lowest_mm - heights.plinth_top_mm == pytest.approx(0.2)


@pytest.mark.parametrize("height_mm", [0.0, -3.0, 0.4, 101.0, float("nan")])
def test_heights_that_make_no_base(height_mm):
    with pytest.raises(InputError, match="can't be made"):
        choose_heights(PLACES, ALONG_Z, ModelProfile(Profile.STUDY), base_height_mm=height_mm)
