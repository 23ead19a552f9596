"""Shape of a digital model, by what it is for.

Rules owned here: `profiles.toml` beside this module is read here and nowhere else; the steps get a
frozen `ModelProfile`.
"""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from stsbench.domain.order import Profile
from stsbench.errors import InputError

__all__ = ["BODIES", "ModelProfile", "load_profile"]

BODIES = ("solid", "hollow")


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """What a model of one profile looks like.

    Parameters
    ----------
    name : Profile
    body : str
        "solid" or "hollow".
    base_below_mm : float
        Base under the deepest point of the scan, at least.
    total_height_mm : float
        From the bottom to the highest tooth, at least.
    wall_mm : float
        Wall and floor of a hollow model.
    """

    name: Profile
    body: str = "solid"
    base_below_mm: float = 5.0
    total_height_mm: float = 15.0
    wall_mm: float = 2.0

    def __post_init__(self) -> None:
        if self.body not in BODIES:
            raise InputError(f"{self.body!r} is not a body.", f"Pick one of {', '.join(BODIES)}.")
        for name in ("base_below_mm", "total_height_mm", "wall_mm"):
            if not float(getattr(self, name)) > 0.0:
                raise InputError(f"{name} is {getattr(self, name)}.", "Give a length above 0 mm.")


@cache
def _tables() -> dict[str, dict[str, object]]:
    text = files("stsbench.modelling").joinpath("profiles.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def load_profile(name: Profile | str) -> ModelProfile:
    """Return the shape of one profile's models.

    Parameters
    ----------
    name : Profile or str

    Raises
    ------
    InputError
        No such profile, or a table that names an unknown value.
    """
    try:
        profile = Profile(name)
    except ValueError:
        known = ", ".join(member.value for member in Profile)
        raise InputError(f"{name!r} is not a profile.", f"Pick one of {known}.") from None
    table = _tables()[profile.value]
    known_fields = {field.name for field in fields(ModelProfile)} - {"name"}
    if unknown := sorted(set(table) - known_fields):
        raise InputError(f"Profile {profile.value} names {unknown}.", "Correct profiles.toml.")
    return ModelProfile(profile, **table)  # type: ignore[arg-type]
