"""Where a lab's data lives: the home, and the demo's own home beside it."""

import os
from pathlib import Path

import platformdirs

__all__ = ["default_home", "demo_home"]


def default_home() -> Path:
    """Return STSBENCH_HOME, or the user's data folder."""
    named = os.environ.get("STSBENCH_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("stsbench", False)) / "home"


def demo_home() -> Path:
    """Return the home of `stsbench demo`: synthetic cases only, made anew by every run."""
    return Path(platformdirs.user_data_dir("stsbench", False)) / "demo"
