"""The technician's decisions as data: replayable, so hand and batch give the same model.

A widget only edits `Answers`; the next cell reads them. Under papermill recorded or default answers
are used. `answers.json` has schema `stsbench.answers/1`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stsbench.errors import InputError

__all__ = ["SCHEMA", "Answers"]

SCHEMA = "stsbench.answers/1"


@dataclass(frozen=True, slots=True)
class Answers:
    """Decisions keyed by question.

    Parameters
    ----------
    values : mapping of str to str, int, float, bool or list
        `hole/<n>` "fill" or "keep_open", `loop/<n>` "border" or "hole", `orientation` [x, y, z],
        `orientation_confirmed` bool, and parameters of the profile under `profile/<name>`.
    """

    values: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, value in self.values.items():
            if not isinstance(value, str | int | float | bool | list | tuple):
                raise InputError(
                    f"The answer to {key!r} is a {type(value).__name__}.",
                    "Answers are text, numbers, yes/no or lists of numbers.",
                )

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
