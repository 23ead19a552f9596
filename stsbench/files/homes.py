"""Where a lab's data lies, and what the lab has chosen: the home and its `settings.toml`.

loose_files = "allow"      # or "refuse": no repair or model outside the vault
embed_stills = "samples"   # or "always", "never": pictures of teeth in saved notebooks
language = "en"            # or "zh", "de": words of the benches
tooth_numbers = "fdi"      # or "universal", "palmer": how teeth are numbered on screen
minor_age = 16             # never below 16: guardians consent for patients younger than this
"""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

import platformdirs

from stsbench.errors import InputError

__all__ = ["HomeSettings", "demo_home", "find_home", "read_home_settings"]

_CHOICES = {
    "loose_files": ("allow", "refuse"),
    "embed_stills": ("samples", "always", "never"),
    "language": ("en", "zh", "de"),
    "tooth_numbers": ("fdi", "universal", "palmer"),
}


@dataclass(frozen=True, slots=True)
class HomeSettings:
    """What a lab has chosen; the safe choice by default."""

    loose_files: str = "allow"
    embed_stills: str = "samples"
    language: str = "en"
    tooth_numbers: str = "fdi"
    minor_age: int = 16


def find_home(home: Path | None = None) -> Path:
    """Return the home asked for, or STSBENCH_HOME, or the user's own; links resolved."""
    named = os.environ.get("STSBENCH_HOME")
    if home is None:
        home = Path(named) if named else _data_folder() / "home"
    return home.expanduser().resolve()


def demo_home() -> Path:
    """Return the home of `stsbench demo`: synthetic cases only, made anew by every run."""
    return _data_folder() / "demo"


def read_home_settings(home: Path | None = None) -> HomeSettings:
    """Read `settings.toml` of a home.

    Raises
    ------
    InputError
        It is no TOML, or names something unknown: a mistyped safety setting must not be ignored.
    """
    path = find_home(home) / "settings.toml"
    if not path.is_file():
        return HomeSettings()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise InputError("The home's settings.toml is no TOML.", "Correct or remove it.") from None
    known = {field.name for field in fields(HomeSettings)}
    if unknown := sorted(set(document) - known):
        raise InputError(
            f"settings.toml names {', '.join(unknown)}.", f"It knows {', '.join(sorted(known))}."
        )
    for name, choices in _CHOICES.items():
        if document.get(name, choices[0]) not in choices:
            raise InputError(
                f"{name} in settings.toml is no choice.", f"Use {' or '.join(choices)}."
            )
    if type(document.get("minor_age", 16)) is not int:
        raise InputError("minor_age in settings.toml is no whole number.", "Use 16 or more.")
    return HomeSettings(**document)


def _data_folder() -> Path:
    return Path(platformdirs.user_data_dir("stsbench", False))
