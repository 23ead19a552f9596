"""Text files of coordinates: bytes for the kernels, and errors that quote nothing.

Rules owned here:
- Text stays bytes. A comment in another encoding, or a name, is never decoded.
- An error names a line by its number: what stands there may be a name.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.errors import FormatError
from stsbench.files.mesh_checks import Buffer, too_many_faces
from stsbench.geometry.decimal_text import TOO_MANY, UNFINISHED

__all__ = ["as_octets", "check_outcome", "first_word", "looks_like_text", "without_mark"]

_MARK = b"\xef\xbb\xbf"  # some editors put it before UTF-8 text
_SAMPLE = 4096


def as_octets(data: Buffer, start: int = 0) -> NDArray[np.uint8]:
    """Return bytes as the kernels want them: (N,) uint8, read-only, not copied."""
    octets = np.frombuffer(data, np.uint8)[start:]
    octets.flags.writeable = False  # one type for every caller: each kernel compiles once
    return octets


def without_mark(data: Buffer) -> NDArray[np.uint8]:
    """Return text without the byte order mark that may stand before it."""
    return as_octets(data, len(_MARK) if bytes(data[: len(_MARK)]) == _MARK else 0)


def first_word(data: Buffer) -> bytes:
    """Return the first word, in lower case; empty when it is longer than any keyword."""
    words = without_mark(data)[:_SAMPLE].tobytes().split(maxsplit=1)
    return words[0].lower() if words and len(words[0]) < 64 else b""


def looks_like_text(data: Buffer) -> bool:
    """Whether the file begins without the bytes that only binary files have."""
    start = bytes(data[:_SAMPLE])
    return not any(octet < 32 and octet not in b"\t\n\r\f\x1a" for octet in start)


def check_outcome(octets: NDArray[np.uint8], end: int, outcome: int, kind: str) -> None:
    """Raise what a scan of text found, if anything.

    Parameters
    ----------
    octets : (N,) uint8
    end : int
        Where the scan stopped.
    outcome : int
        SOUND, UNEXPECTED, UNFINISHED or TOO_MANY.
    kind : str
        What the file is, for the message.

    Raises
    ------
    FormatError
        Any outcome but SOUND.
    """
    if not outcome:
        return
    if outcome == TOO_MANY:
        raise too_many_faces()
    if outcome == UNFINISHED or end >= len(octets):
        raise FormatError(
            f"The {kind} file ends too early: it is cut off.", "Export or copy it again."
        )
    line = 1 + int(np.count_nonzero(octets[:end] == ord("\n")))
    word = octets[end : end + 8].tobytes().lower().lstrip(b"+-")
    problem = (
        "has a coordinate that is not a finite number" if _not_finite(word) else "is not valid"
    )
    raise FormatError(f"Line {line} of the {kind} file {problem}.", "Export the scan again.")


def _not_finite(word: bytes) -> bool:
    return word.startswith((b"nan", b"inf", b"1.#"))
