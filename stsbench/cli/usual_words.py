"""The two commands that laboratories call for every scan, understood without typer.

Rules owned here:
- typer, with the pydantic it imports to read a path, takes 0.15 s: as long as half a repair. So
  the plain words of `inspect` and `repair` are read here.
- Everything else is left to typer, which owns the language: help, numbers, mistakes and unknown
  words. What is read here means the same there (tested).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["USUAL", "WrongUsageError", "read_words"]


class WrongUsageError(Exception):
    """The words of a command are not understood."""


class Usual(NamedTuple):
    """A command's one scan, the options that take a word and what they are called in Python."""

    options: Mapping[str, tuple[str, Callable[[str], Any]]]
    required: frozenset[str] = frozenset()


USUAL: Mapping[str, Usual] = {
    "inspect": Usual({}),
    "repair": Usual(
        {
            "-o": ("out", Path),
            "--out": ("out", Path),
            "--report": ("report", Path),
            "--edits": ("edits", Path),
            "--profile": ("profile", str),
        },
        frozenset({"out"}),
    ),
}


def read_words(words: Sequence[str]) -> dict[str, Any] | None:
    """Return what a usual command is called with, "scan" among it; None to leave it to typer.

    Parameters
    ----------
    words : sequence of str
        The command and what follows it.
    """
    usual = USUAL.get(words[0]) if words else None
    if usual is None:
        return None
    found: dict[str, Any] = {}
    rest = iter(words[1:])
    for word in rest:
        value: Any
        if word == "--json":
            name, value = "as_json", True
        elif word in usual.options:
            name, make = usual.options[word]
            text = next(rest, "")
            if not text or text.startswith("-"):
                return None
            value = make(text)
        elif word and not word.startswith("-"):
            name, value = "scan", Path(word)
        else:
            return None
        if name in found:
            return None
        found[name] = value
    return found if "scan" in found and usual.required <= found.keys() else None
