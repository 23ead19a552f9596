"""Is there anything identifying in this text, and of what kind? Kinds only, never the value.

Rules kept here:
- The order's own words come first: whoever is named in the order is looked for everywhere else,
  without accents and transliteration, glued to other words, and in bytes in the usual encodings
  (UTF-8, UTF-16, Latin-1, GBK, percent, base64 at every alignment).
- Then the general patterns: e-mail, phone, date, path, the field names of dental software.
- What matches nothing is still "free text": only words of a scan's own vocabulary count as clean.
- Tokens show no value when printed.

This is a search, not a promise: initials, a misspelt name or text in a picture are not found. What
keeps names out of the store is that files are rewritten from their geometry (`files/scans`).
"""

import base64
import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from stsbench.privacy.blind_index import folded

__all__ = [
    "KINDS",
    "IdentityTokens",
    "is_scan_vocabulary",
    "kinds_in_bytes",
    "kinds_in_text",
    "tokens_of",
]

# Every kind that intake can report, with what it means; `files/identifiers.describe` prints them.
KINDS: dict[str, str] = {
    "name": "a person named in the order: patient, guardian, doctor",
    "clinic name": "the clinic named in the order",
    "order number": "the clinic's own number of the order",
    "identity field": "a field that dental software uses for a person, clinic or computer",
    "age": "the patient's age",
    "gender": "the patient's gender",
    "e-mail": "an e-mail address",
    "phone number": "a number that reads like a phone number",
    "date": "a date, perhaps of birth",
    "number": "a longer number, such as a chart number",
    "computer path": "a path or user folder of a computer",
    "free text": "any other text",
    "image": "a picture; what it shows cannot be checked",
    "image metadata": "camera or editor data inside a picture",
    "unknown data": "bytes that are no geometry",
    "unread data": "something that was not read: a link, an archive, too large, too deep",
}

_PERSONS = ("patient", "guardian", "doctor")
_NOT_NAMES = {"gender", "method", "evidence_sha256", "age_on"}
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("e-mail", re.compile(r"[\w.+-]@[\w-]{1,63}\.[\w-]{2,}")),
    (
        "date",
        re.compile(
            r"(?<!\d)(?:(?:19|20)\d\d[-./_]\d{1,2}[-./_]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}"
            r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)"
        ),
    ),
    ("phone number", re.compile(r"(?<![\w.])(?:\+|00|0)\d[\d ()/-]{6,18}\d(?![\w.])")),
    ("computer path", re.compile(r"(?i)\b[a-z]:[\\/]|/(?:home|users|mnt|media)/|\\\\[\w-]+\\")),
    (
        "identity field",
        re.compile(
            r"(?i)(?:patient_?(?:first|last|family|given|full)?_?(?:name|id|ref_?no|guid)"
            r"|practice_?(?:name|id)|doctor(?:_?(?:name|license|id))?|dentist|operator_?name"
            r"|customer|client_?id|chart_?number|birth_?(?:date|day)|date_?of_?birth|\bdob\b"
            r"|computer_?name|scanner_?serial_?number|dongle_?number|site_?id|guardian)"
            r"\s*[\"'>:=]"
        ),
    ),
)
_CHART_NUMBER = re.compile(r"\d{4,}")
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_READABLE_RUN = re.compile(rb"[\t\n\r -~]{6,}")
_SMALL = 64 << 10  # in larger data three bytes turn up by chance


@dataclass(frozen=True, slots=True)
class IdentityTokens:
    """The words of one order that identify, by kind; printed as counts.

    Parameters
    ----------
    words : mapping of kind to tuple of str
        As the order spells them.
    """

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # The same as bytes, once: in lower case where they are ASCII, as spelt where they are not.
    _needles: Mapping[str, tuple[frozenset[bytes], frozenset[bytes]]] = field(init=False)

    def __post_init__(self) -> None:
        needles = {
            kind: frozenset(needle for word in own for needle in _encodings(word))
            for kind, own in self.words.items()
        }
        split = {
            kind: (
                frozenset(needle.lower() for needle in every if needle.isascii()),
                frozenset(needle for needle in every if not needle.isascii()),
            )
            for kind, every in needles.items()
        }
        object.__setattr__(self, "_needles", split)

    def __repr__(self) -> str:
        return f"<IdentityTokens: {sum(map(len, self.words.values()))} words, withheld>"

    def kinds_among(self, views: Sequence[bytes]) -> frozenset[str]:
        """Return the kinds whose words stand in any of the views, in any usual encoding."""
        lowered = [view.lower() for view in views]
        return frozenset(
            kind
            for kind, (plain, other) in self._needles.items()
            if _any_in(plain, lowered) or _any_in(other, views)
        )


def tokens_of(document: Mapping[str, object] | None) -> IdentityTokens:
    """Return the identifying words of an order document, however malformed it is."""
    document, titles = document or {}, _word_list("titles")
    names = [text for part in _PERSONS for text in _texts(document.get(part))]
    clinics = list(_texts(document.get("clinic")))
    number = document.get("clinic_order_no")
    numbers = [number.strip()] if isinstance(number, str) and len(number.strip()) >= 3 else []
    return IdentityTokens(
        {
            "name": _words(names, titles),
            "clinic name": _words(clinics, titles | _word_list("trade")),
            "order number": tuple(numbers),
        }
    )


def kinds_in_text(text: str, tokens: IdentityTokens) -> frozenset[str]:
    """Return the kinds found in a short text; empty for a text without letters and digits.

    Parameters
    ----------
    text : str
        A file name, a header, a comment line: at most some thousand characters.
    tokens : IdentityTokens
    """
    plain = folded(text)
    if not plain:
        return frozenset()
    glued, words = plain.replace(" ", ""), set(plain.split())
    kinds = {
        kind
        for kind, own in tokens.words.items()
        if any(_occurs(folded(token), glued, words) for token in own)
    }
    readable = unicodedata.normalize("NFKC", text)
    kinds |= {kind for kind, pattern in _PATTERNS if pattern.search(readable)}
    if "date" not in kinds and "phone number" not in kinds and _CHART_NUMBER.search(readable):
        kinds.add("number")
    return frozenset(kinds or {"free text"})


def kinds_in_bytes(data: bytes, tokens: IdentityTokens) -> frozenset[str]:
    """Return the kinds found in bytes of unknown meaning; empty when nothing matches.

    The order's words are searched in every usual encoding, patterns in what reads as text.
    """
    views = [data, *_unwrapped(data)]
    kinds = tokens.kinds_among(views)
    readable = data if len(data) > _SMALL else b"\n".join(views)
    shortest = 6 if len(data) <= _SMALL else 12
    runs = _READABLE_RUN.findall(readable.replace(b"\0", b""))  # so UTF-16 reads as well
    text = b"\n".join(run for run in runs if len(run) >= shortest).decode("ascii")
    return frozenset(kinds | {kind for kind, pattern in _PATTERNS if pattern.search(text)})


def is_scan_vocabulary(stem: str) -> bool:
    """Return True when a file name says nothing but what a scan shows: `upper_jaw`, `bite_2`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", stem))
    words = re.findall(r"[^\W\d_]+|\d+", spaced)
    glued = stem.replace("_", "").replace("-", "").replace(" ", "").lower()
    vocabulary = _word_list("scan_vocabulary")
    return glued in vocabulary or all(
        word.lower() in vocabulary or (word.isdigit() and len(word) <= 2) for word in words
    )


@cache
def _word_list(name: str) -> frozenset[str]:
    table = files("stsbench.privacy") / "identifying_words.toml"
    return frozenset(tomllib.loads(table.read_text(encoding="utf-8"))[name].split())


def _texts(part: object) -> Iterator[str]:
    """Yield the texts of one part of an order that may name somebody."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        for key, value in part.items():
            if isinstance(value, str) and key not in _NOT_NAMES:
                yield value


def _words(texts: Iterable[str], ordinary: frozenset[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in texts:
        for word in re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", text)[:400]):
            if folded(word) not in ordinary and len(word) >= (1 if _is_cjk(word) else 2):
                found.setdefault(word)
        if _is_cjk(text.strip()):  # a name without spaces: family and given name apart too
            for part in (text.strip()[1:], text.strip()[2:]):
                if len(part) >= 2:
                    found.setdefault(part)
    return tuple(found)


def _is_cjk(text: str) -> bool:
    return bool(text) and all(
        "\u3040" <= mark <= "\u9fff" or "\uac00" <= mark <= "\ud7af" for mark in text
    )


def _occurs(token: str, glued: str, words: set[str]) -> bool:
    """Return True for a short token as a word of its own, or a longer one anywhere."""
    joined = token.replace(" ", "")
    if not joined:
        return False
    return joined in words or ((len(joined) >= 4 or _is_cjk(joined)) and joined in glued)


def _encodings(token: str) -> Iterator[bytes]:
    """Yield the bytes a token may stand as, in the usual encodings and spellings."""
    if len(token) < (2 if _is_cjk(token) else 3):
        return  # shorter ones are found in every file
    spellings = {token, token.lower(), token.upper(), token.title(), folded(token)}
    spellings |= {unicodedata.normalize("NFD", spelling) for spelling in spellings}
    for spelling in sorted(spellings):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "gb18030"):
            with suppress(UnicodeEncodeError):
                yield spelling.encode(encoding)
        with suppress(UnicodeEncodeError):
            yield quote(spelling).encode()
        yield spelling.encode("ascii", "xmlcharrefreplace")
        yield json.dumps(spelling)[1:-1].encode()


def _any_in(needles: Iterable[bytes], views: Sequence[bytes]) -> bool:
    return any(
        needle in view
        for view in views
        for needle in needles
        if len(needle) >= (3 if len(view) <= _SMALL else 4)
    )


def _unwrapped(data: bytes) -> Iterator[bytes]:
    """Yield what lies inside base64 runs, at each of the four places a group may start."""
    runs = [run.translate(bytes.maketrans(b"-_", b"+/")) for run in _BASE64_RUN.findall(data)]
    for shift in range(4 if runs else 0):
        # A run that stops short is filled up: its last bytes count too.
        whole = [run[shift:] + b"A" * (-len(run[shift:]) % 4) for run in runs]
        yield b"\n".join(base64.b64decode(run) for run in whole)
