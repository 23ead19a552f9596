"""Limits of a repair, by what the model is for.

Rules owned here: `profiles.toml` beside this module is read here and nowhere else; kernels and steps
get a frozen `RepairProfile`.
"""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from stsbench.domain.order import Profile
from stsbench.errors import InputError

__all__ = ["RepairProfile", "load_profile"]


@dataclass(frozen=True, slots=True)
class RepairProfile:
    """What a repair may do.

    Parameters
    ----------
    name : Profile
    edits_allowed : bool
        False for records: nothing is changed, only reported.
    gum_limit_mm : float
        Rim up to which a hole is filled.
    tooth_limit_mm : float
        Rim above which a filled hole goes on the review list.
    margin_clearance_mm : float
        No hole with a rim this near to a margin line is filled.
    island_mm2 : float
        A piece up to this area is debris and dropped.
    island_share : float
        Nothing above this share of the main piece's area is dropped.
    island_review_mm2 : float
        A dropped piece above this area goes on the review list.
    second_border_mm : float
        Rim from which a second loop in the middle of the scan counts as a border of its own.
    second_border_centre_mm : float
        How near to the middle of the scan such a loop's centre must be.
    fin_mm2 : float
        A sheet up to this area that hangs on an edge of the surface is dropped.
    holds_at_layers : bool
        A double layer or a stitching step stops the case instead of asking for a look.
    """

    name: Profile
    edits_allowed: bool = True
    gum_limit_mm: float = 15.0
    tooth_limit_mm: float = 4.0
    margin_clearance_mm: float = 1.5
    island_mm2: float = 60.0
    island_share: float = 0.05
    island_review_mm2: float = 10.0
    second_border_mm: float = 40.0
    second_border_centre_mm: float = 15.0
    fin_mm2: float = 5.0
    holds_at_layers: bool = False


@cache
def _tables() -> dict[str, dict[str, object]]:
    text = files("stsbench.repair").joinpath("profiles.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def load_profile(name: Profile | str) -> RepairProfile:
    """Return the limits of one profile.

    Parameters
    ----------
    name : Profile or str

    Raises
    ------
    InputError
        No such profile, or a table that names an unknown limit.
    """
    try:
        profile = Profile(name)
    except ValueError:
        known = ", ".join(member.value for member in Profile)
        raise InputError(f"{name!r} is not a profile.", f"Pick one of {known}.") from None
    table = _tables()[profile.value]
    known_fields = {field.name for field in fields(RepairProfile)} - {"name"}
    if unknown := sorted(set(table) - known_fields):
        raise InputError(f"Profile {profile.value} names {unknown}.", "Correct profiles.toml.")
    values: dict[str, float | bool] = {}
    for key, value in table.items():
        if not isinstance(value, int | float):
            raise InputError(f"{key} of profile {profile.value} is no number.", "Correct it.")
        values[key] = value
    return RepairProfile(profile, **values)  # type: ignore[arg-type]
