import math
from dataclasses import FrozenInstanceError, fields

import pytest

from stsbench.domain.order import Profile
from stsbench.errors import InputError
from stsbench.repair.profiles import load_profile

# Table 7.2 of the research notes: gum limit and tooth limit, mm.
LIMITS = {
    "study": (15.0, 4.0),
    "aligner": (15.0, 4.0),
    "restorative": (10.0, 2.0),
    "ortho-record": (10.0, 0.0),
    "denture": (25.0, 25.0),
}


def test_there_are_five_profiles():
    assert sorted(LIMITS) == sorted(member.value for member in Profile)


@pytest.mark.parametrize("name", LIMITS)
def test_a_profile_loads_by_name_and_by_member(name):
    profile = load_profile(name)
    assert profile == load_profile(Profile(name))
    assert profile.name is Profile(name)
    assert (profile.gum_limit_mm, profile.tooth_limit_mm) == LIMITS[name]
    assert profile.edits_allowed is (name != "ortho-record")


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_sane_and_ordered(name):
    profile = load_profile(name)
    for field in fields(profile):
        value = getattr(profile, field.name)
        if isinstance(value, float | int) and not isinstance(value, bool):
            assert math.isfinite(value), field.name
            assert value >= 0, field.name
    assert profile.tooth_limit_mm <= profile.gum_limit_mm < profile.second_border_mm
    assert 0 < profile.island_share < 0.5
    assert 0 < profile.island_review_mm2 < profile.island_mm2
    assert 0 < profile.fin_mm2 < profile.island_mm2
    assert profile.margin_clearance_mm > 0


def test_finer_work_fills_less_unasked():
    restorative, study, denture = map(load_profile, ("restorative", "study", "denture"))
    assert restorative.tooth_limit_mm < study.tooth_limit_mm < denture.tooth_limit_mm
    assert restorative.gum_limit_mm < study.gum_limit_mm < denture.gum_limit_mm


def test_a_profile_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        load_profile("study").gum_limit_mm = 100.0


@pytest.mark.parametrize("name", ["", "Study", "ortho", "ortho_record", "study ", "name"])
def test_an_unknown_profile_is_refused_with_the_known_ones(name):
    with pytest.raises(InputError, match="Pick one of") as refused:
        load_profile(name)
    assert all(known in str(refused.value) for known in LIMITS)
