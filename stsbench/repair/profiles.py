"""Limits of a repair, by what the model is for.

Rules owned here: `profiles.toml` beside this module is read for this module alone; kernels and steps
get a frozen `RepairProfile`.
"""

from dataclasses import dataclass

from stsbench.domain.order import Profile
from stsbench.domain.profile_values import profile_from_table

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
    return profile_from_table("stsbench.repair", name, RepairProfile)
