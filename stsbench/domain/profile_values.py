"""Values of one profile, as a craft's `profiles.toml` names them.

Rules owned here:
- Each craft keeps its limits in a `profiles.toml` of its own beside its `profiles.py`; this module
  reads the file once and gives the values of one profile.
- A table may only name fields of the craft's dataclass, with values of the type of the default:
  a misspelt limit would otherwise never take effect.
"""

import tomllib
from collections.abc import Callable
from dataclasses import Field, fields
from functools import cache
from importlib.resources import files
from typing import TypeVar

from stsbench.domain.order import Profile
from stsbench.errors import InputError

__all__ = ["profile_from_table"]

Craft = TypeVar("Craft")


@cache
def _tables(package: str) -> dict[str, dict[str, object]]:
    text = files(package).joinpath("profiles.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _same_type(field: Field[object], value: object) -> bool:
    if isinstance(field.default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, type(field.default))


def profile_from_table(package: str, name: Profile | str, craft: Callable[..., Craft]) -> Craft:
    """Return one profile with the values its table names, and defaults for the rest.

    Parameters
    ----------
    package : str
        The package whose `profiles.toml` is read.
    name : Profile or str
    craft : type
        A dataclass whose first field is the profile's name and whose others have defaults.

    Raises
    ------
    InputError
        No such profile, or a table that names an unknown value or one of another type.
    """
    try:
        profile = Profile(name)
    except ValueError:
        known = ", ".join(member.value for member in Profile)
        raise InputError(f"{name!r} is not a profile.", f"Pick one of {known}.") from None
    table = _tables(package)[profile.value]
    known_fields = {field.name: field for field in fields(craft)[1:]}  # type: ignore[arg-type]
    if unknown := sorted(set(table) - set(known_fields)):
        raise InputError(f"Profile {profile.value} names {unknown}.", "Correct profiles.toml.")
    for key, value in table.items():
        if not _same_type(known_fields[key], value):
            raise InputError(
                f"{key} of profile {profile.value} is {value!r}.", "Correct profiles.toml."
            )
    return craft(profile, **table)
