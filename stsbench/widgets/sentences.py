"""What stsbench says in English (errors, warnings, findings), in the language of the screen.

Rules owned here:
- The sentence itself is the key: section `said` of `labels.json` holds it with blanks in braces.
  Errors and reports stay English where they are raised, logged and stored; only the screen speaks.
- A sentence that the table lacks is shown in English: better than none.
- A blank named like a section of the table, such as {profile}, is a word or a list of words of it.
"""

import re
from functools import cache

from stsbench.widgets.labels import LANGUAGES, Labels, labels_in

__all__ = ["in_words"]

_SECTIONS = frozenset({"profile", "identifier", "doubt"})
_CODE = re.compile(r"\(\w+\)")
_END = re.compile(r"(?<=[.!?])\s")
_ALONE = re.compile(r"(?=\s|$)")


def in_words(text: str, labels: Labels) -> str:
    """Return sentences in the language of the labels.

    Parameters
    ----------
    text : str
        Sentences in English, one after another.
    labels : Labels
    """
    if labels.language == LANGUAGES[0]:
        return text
    said: list[str] = []
    rest = text.strip()
    while rest:
        part, rest = _first(rest, labels)
        said.append(part)
    return " ".join(said)


def _first(text: str, labels: Labels) -> tuple[str, str]:
    """Return the first sentence, translated where the table has it, and what follows."""
    code = _CODE.match(text)
    if code is not None:
        return code[0], text[code.end() :].lstrip()
    for pattern, name in _patterns():
        found = pattern.match(text)
        if found is not None:
            words = labels(name, "said")
            for blank, value in found.groupdict().items():
                words = words.replace(f"{{{blank}}}", _filled(blank, value, labels))
            return words, text[found.end() :].lstrip()
    end = _END.search(text)
    return (text, "") if end is None else (text[: end.start()], text[end.end() :])


def _filled(blank: str, value: str, labels: Labels) -> str:
    if blank not in _SECTIONS:
        return value
    return ", ".join(labels.find(word, blank) for word in value.split(", "))


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return a pattern for each sentence, those with the most words of their own first."""
    english = labels_in(LANGUAGES[0]).of("said")
    patterns = []
    for name in sorted(english, key=lambda name: (-_own(english[name]), name)):
        parts = re.split(r"\{(\w+)\}", english[name])
        # A value ends before the next sentence begins; "12.5" has no blank after its point.
        blanks = (rf"(?P<{part}>(?:(?![.!?]\s).)+?)" for part in parts[1::2])
        fixed = [re.escape(part) for part in parts[::2]]
        source = fixed[0] + "".join(a + b for a, b in zip(blanks, fixed[1:], strict=True))
        patterns.append((re.compile(source + _ALONE.pattern), name))
    return patterns


def _own(template: str) -> int:
    """Return how many characters of a sentence are its own."""
    return len(re.sub(r"\{\w+\}", "", template))
