"""The technician's decisions as data: replayable, so hand and batch give the same model.

A widget only edits `Answers`; the next cell reads them. Under papermill recorded or default answers
are used. `answers.json` has schema `stsbench.answers/1`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from stsbench.errors import InputError

__all__ = ["SCHEMA", "Answers"]

SCHEMA = "stsbench.answers/1"
_STEPS = "steps"
_MOST_STEPS = 10_000
_DEEPEST = 3  # a curve is a list of places within a use


@dataclass(frozen=True, slots=True)
class Answers:
    """Decisions keyed by question.

    Parameters
    ----------
    values : mapping of str to str, int, float, bool or list
        `hole/<n>` "fill" or "keep_open", `loop/<n>` "border" or "hole", `orientation` [x, y, z],
        `orientation_confirmed` bool, and parameters of the profile under `profile/<name>`.
        `<scan>/steps` holds what was done by hand after the automatic repair: a list of uses of
        tools in order, each a mapping with `tool` and plain numbers, texts and lists
        (docs/repair.md, "Tools").

    Raises
    ------
    InputError
        A value of another kind, or steps that are no list of uses.
    """

    values: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, value in self.values.items():
            if not isinstance(value, str | int | float | bool | list | tuple):
                raise InputError(
                    f"The answer to {key!r} is a {type(value).__name__}.",
                    "Answers are text, numbers, yes/no or lists of numbers.",
                )
            if key == _STEPS or key.endswith(f"/{_STEPS}"):
                _check_steps(value)

    def steps(self, scan_id: str = "") -> tuple[Mapping[str, object], ...]:
        """Return what was done by hand on one scan, in order; a loose file has no scan id."""
        found = self.values.get(f"{scan_id}/{_STEPS}" if scan_id else _STEPS, ())
        return tuple(found) if isinstance(found, list | tuple) else ()

    def with_answer(self, key: str, value: object) -> "Answers":
        """Return a copy with one answer set."""
        return Answers({**self.values, key: value})

    def get(self, key: str, default: object = None) -> object:
        """Return one answer, or the default when it was not given."""
        return self.values.get(key, default)

    def as_json(self) -> dict[str, object]:
        """Return the answers as `answers.json` holds them, keys sorted."""
        return {"schema": SCHEMA, "answers": {key: self.values[key] for key in sorted(self.values)}}

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> "Answers":
        """Read `answers.json`.

        Raises
        ------
        InputError
            Another schema.
        """
        answers = document.get("answers")
        if document.get("schema") != SCHEMA or not isinstance(answers, Mapping):
            raise InputError("This is no answers file.", f"Its schema must be {SCHEMA}.")
        return cls(dict(answers))


def _check_steps(value: object) -> None:
    """Refuse steps that `answers.json` could not hold or a replay could not read."""
    if not isinstance(value, list | tuple):
        raise InputError("The steps are no list.", "List the uses of tools in order.")
    if len(value) > _MOST_STEPS:
        raise InputError(
            f"There are {len(value)} steps; at most {_MOST_STEPS} are read.", "Leave some out."
        )
    for number, use in enumerate(value, start=1):
        if not isinstance(use, Mapping) or not isinstance(use.get("tool"), str):
            raise InputError(f"Step {number} names no tool.", 'Each step is a mapping with "tool".')
        for key, part in use.items():
            if not isinstance(key, str) or not _is_plain(part, _DEEPEST):
                raise InputError(
                    f"Step {number} holds something else than text, finite numbers and lists.",
                    "Record the step again.",
                )


def _is_plain(value: object, depth: int) -> bool:
    if isinstance(value, list | tuple):
        return depth > 0 and all(_is_plain(part, depth - 1) for part in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int)
