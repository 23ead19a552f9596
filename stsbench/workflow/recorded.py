"""Recorded answers: what a technician decided once, replayed by hand and in bulk."""

import json

from stsbench.domain.answers import Answers
from stsbench.errors import InputError

__all__ = ["read_answers", "write_answers"]


def read_answers(text: str) -> Answers:
    """Read recorded answers from a notebook parameter.

    Parameters
    ----------
    text : str
        JSON of schema `stsbench.answers/1`; empty for none.

    Raises
    ------
    InputError
        No JSON, or another schema.
    """
    if not text.strip():
        return Answers()
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        raise InputError(
            "The recorded answers are no JSON.", "Pass the content of answers.json."
        ) from None
    if not isinstance(document, dict):
        raise InputError("The recorded answers are no object.", "Pass the content of answers.json.")
    return Answers.from_json(document)


def write_answers(answers: Answers) -> str:
    """Return answers as one line of JSON, for the parameter of a batch run.

    Notes at places stay with the case: they are words, and no mesh depends on them.
    """
    values = {key: answer for key, answer in answers.values.items() if not key.endswith("/marks")}
    return json.dumps(Answers(values).as_json(), sort_keys=True, separators=(",", ":"))
