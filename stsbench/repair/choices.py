"""The technician's choices per defect: `Answers`, as the steps of a repair ask for them.

Rules owned here:
- `spike/<n>`, `fold/<n>` and `crossing/<n>` take "cut" or "keep", `island/<n>` "remove" or "keep".
  The number stands in the finding's detail, as in "Spike 3: stands out of the surface.".
- A kept spike goes on the review list. A kept fold or crossing holds the scan: what is made from it
  is no clean surface. A kept piece holds, as one does that is too large to be debris.
- An answer about a number that does not occur is left alone: answers outlive the scan they were
  given for.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stsbench.domain.answers import Answers
from stsbench.domain.findings import Action, Finding, Severity
from stsbench.errors import InputError

__all__ = ["NO_ANSWERS", "kept_numbers", "number_findings", "numbers_answered", "wish_about"]

NO_ANSWERS = Answers()


def wish_about(answers: Answers, word: str, number: int, choices: Sequence[str]) -> str | None:
    """Return what was answered about one defect, None when nothing was.

    Parameters
    ----------
    answers : Answers
    word : str
        First half of the key, such as "spike".
    number : int
    choices : sequence of str

    Raises
    ------
    InputError
        The answer is none of the choices.
    """
    wish = answers.get(f"{word}/{number}")
    if wish is None:
        return None
    if wish not in choices:
        raise InputError(
            f"The answer to {word}/{number} is {wish!r}.", f"Give {' or '.join(choices)}."
        )
    return str(wish)


def kept_numbers(answers: Answers, word: str, count: int) -> list[int]:
    """Return the numbers of the defects of a kind that are to be kept, ascending."""
    if not any(key.startswith(f"{word}/") for key in answers.values):
        return []
    kept = [wish_about(answers, word, n, ("cut", "keep")) == "keep" for n in range(count)]
    return np.flatnonzero(kept).tolist()


def number_findings(
    findings: Sequence[Finding], word: str, kept: Sequence[int], severity: Severity
) -> list[Finding]:
    """Write each finding's number into its detail, and what was kept on request.

    Parameters
    ----------
    findings : sequence of Finding
    word : str
        As in the key of an answer.
    kept : sequence of int
    severity : Severity
        Of those that are kept.
    """
    numbered = []
    for n, finding in enumerate(findings):
        told = f"{word.capitalize()} {n}: {finding.detail[0].lower()}{finding.detail[1:]}"
        if n in kept:
            told = f"{told} Kept as answered."
            finding = replace(finding, action=Action.KEPT, severity=severity)  # noqa: PLW2901
        numbered.append(replace(finding, detail=told))
    return numbered


def numbers_answered(answers: Answers, word: str) -> set[int]:
    """Return the numbers of the defects of a kind that somebody answered for."""
    keys = (key.partition("/") for key in answers.values)
    return {int(number) for kind, _, number in keys if kind == word and number.isdecimal()}
