"""Finding a person again without storing a readable name: a keyed hash per field.

Rules kept here:
- Spelling that a keyboard or a file format changes (case, spaces, composed or split accents,
  full-width letters, direction marks) does not change the hash.
- The loose form also ignores accents, German transliteration and the order of name parts. It finds
  candidates only: whoever uses it opens the row, compares, and asks a person.
- Without the key a stored hash says nothing but "equal". With it names can be tried one by one, so
  the key stays in the broker and is changed with every erasure epoch.

References
----------
Unicode Standard Annex 15 (normalisation forms) and section 3.13 (default caseless matching).
"""

import hmac
import re
import unicodedata

from stsbench.errors import InputError

__all__ = ["INDEX_BYTES", "folded", "index_value", "loosened", "normalised"]

INDEX_BYTES = 8

_GERMAN = re.compile("([aou])e")  # Mueller, and Müller without its dots, are one candidate
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


def normalised(text: str) -> str:
    """Return the form that is hashed: NFKD, casefolded, one space between words.

    Invisible format characters (direction marks, joiners, soft hyphens) are dropped.
    """
    visible = "".join(mark for mark in text if unicodedata.category(mark) != "Cf")
    folded = unicodedata.normalize("NFKD", visible).casefold()
    # Casefolding can compose again (U+0345 and friends): decompose once more.
    return " ".join(unicodedata.normalize("NFKD", folded).split())


def folded(text: str) -> str:
    """Return the words of a text without accents, transliteration and punctuation."""
    letters = [
        mark if unicodedata.category(mark)[0] in "LN" else " "
        for mark in normalised(text)
        if not unicodedata.combining(mark)
    ]
    return " ".join(_GERMAN.sub(r"\1", "".join(letters)).split())


def loosened(text: str) -> str:
    """Return the form for candidates: `folded`, with the parts of a name in sorted order."""
    return " ".join(sorted(folded(text).split()))


def index_value(key: bytes, *, field: str, text: str) -> bytes:
    """Return the blind index of one field's value: 8 bytes of HMAC-SHA-256.

    Parameters
    ----------
    key : bytes
        32 bytes, of this vault and this erasure epoch.
    field : str
        Name of the column, so that equal values in two columns differ; "name", "name_loose", ...
    text : str
        The value; pass `loosened(text)` for a loose column.

    Raises
    ------
    InputError
        A key of another length, or no such field name.
    """
    if len(key) != 32:
        raise InputError(f"An index key has {len(key)} bytes.", "Pass 32 random bytes.")
    if not _FIELD.fullmatch(field):
        raise InputError("An index field has no usable name.", "Use a-z, 0-9 and underscores.")
    message = b"\0".join([b"stsbench/bidx/v1", field.encode(), normalised(text).encode()])
    return hmac.digest(key, message, "sha256")[:INDEX_BYTES]
