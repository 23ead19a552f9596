"""Shape of a digital model, by what it is for.

Rules owned here: `profiles.toml` beside this module is read for this module alone; the steps get a
frozen `ModelProfile`.
"""

from dataclasses import dataclass

from stsbench.domain.order import Profile
from stsbench.domain.profile_values import profile_from_table
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
    return profile_from_table("stsbench.modelling", name, ModelProfile)
