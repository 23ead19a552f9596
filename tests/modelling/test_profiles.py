"""Profiles: all five load, as table 7.2 says, and nonsense is refused."""

import pytest

from stsbench.domain.order import Profile
from stsbench.errors import InputError
from stsbench.modelling.profiles import ModelProfile, load_profile

TABLE = {
    Profile.STUDY: ("solid", 5.0, 15.0),
    Profile.ALIGNER: ("solid", 2.0, 15.0),
    Profile.RESTORATIVE: ("solid", 5.0, 18.0),
    Profile.ORTHO_RECORD: ("solid", 5.0, 15.0),
    Profile.DENTURE: ("solid", 5.0, 20.0),
}


@pytest.mark.parametrize(("name", "expected"), TABLE.items(), ids=[name.value for name in TABLE])
def test_every_profile_has_its_shape(name, expected):
    profile = load_profile(name.value)
    assert (profile.body, profile.base_below_mm, profile.total_height_mm) == expected
    assert profile.name is name
    assert set(TABLE) == set(Profile)


REFUSED = {
    "another profile": (lambda: load_profile("diagnostic"), "not a profile"),
    "another body": (lambda: ModelProfile(Profile.STUDY, body="foam"), "not a body"),
    "no height": (lambda: ModelProfile(Profile.STUDY, total_height_mm=0.0), "total_height_mm"),
    "no number": (lambda: ModelProfile(Profile.STUDY, wall_mm=float("nan")), "wall_mm"),
}


@pytest.mark.parametrize(("call", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals(call, problem):
    with pytest.raises(InputError, match=problem) as refusal:
        call()
    assert refusal.value.remedy
