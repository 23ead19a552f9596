"""Words on screen in English, Chinese and German, from one table: `labels.json` beside this module.

Rules owned here:
- Every label has every language, in the order of `LANGUAGES`. The table is read here and by the 3D
  viewer's `labels.ts`, and nowhere else.
- The language is the home's (`language` in settings.toml); the start page asks the browser.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from stsbench.errors import InputError

__all__ = ["LANGUAGES", "Labels", "labels_in", "language_of"]

LANGUAGES = ("en", "zh", "de")


class Labels:
    """The words of one language.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.
    words : mapping of (section, name) to str
    """

    def __init__(self, language: str, words: Mapping[tuple[str, str], str]) -> None:
        self.language = language
        self._words = words

    def __call__(self, name: str, section: str = "bench") -> str:
        """Return one label.

        Raises
        ------
        InputError
            There is none of that name.
        """
        try:
            return self._words[section, name]
        except KeyError:
            raise InputError(f"There is no label {name!r}.", "Add it to labels.json.") from None

    def of(self, section: str) -> dict[str, str]:
        """Return every label of a section."""
        return {name: text for (own, name), text in self._words.items() if own == section}

    def find(self, name: str, section: str) -> str:
        """Return a label, or the name in plain words where the table has none."""
        return self._words.get((section, name), name.replace("_", " "))


@cache
def labels_in(language: str) -> Labels:
    """Return the words of a language.

    Raises
    ------
    InputError
        The table does not speak it.
    """
    if language not in LANGUAGES:
        raise InputError(f"{language!r} is no language here.", f"Use {', '.join(LANGUAGES)}.")
    text = files("stsbench.widgets").joinpath("labels.json").read_text(encoding="utf-8")
    column = LANGUAGES.index(language)
    words = {
        (section, name): str(spoken[column])
        for section, table in json.loads(text).items()
        for name, spoken in table.items()
    }
    return Labels(language, words)


def language_of(accepted: str) -> str:
    """Return the first language of an Accept-Language header that the table speaks."""
    for part in accepted.split(","):
        word = part.split(";")[0].strip().lower()[:2]
        if word in LANGUAGES:
            return word
    return "en"
