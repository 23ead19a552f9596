"""ASCII STL and the rows of an ASCII PLY, scanned by kernels.

Rules owned here:
- Text is an array of bytes; nothing in it is decoded, so no encoding can trip a scan, and no name
  in it is looked at.
- A scan stops at the first word that does not fit and says where. It never guesses: a facet with
  two corners is an error, not a facet less.
- Only counts that the bytes can hold are believed.

Source: see `files/stl.py` and `files/ply.py`.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import kernel
from stsbench.geometry.decimal_text import (
    BLANK,
    SOUND,
    TOO_MANY,
    UNEXPECTED,
    UNFINISHED,
    Text,
    is_word,
    read_decimal,
    read_integer,
    skip_blanks,
    skip_line,
    skip_word,
)

__all__ = ["scan_rows", "scan_stl"]

_SOLID, _END_SOLID, _FACET, _NORMAL, _OUTER, _LOOP, _VERTEX, _END_LOOP, _END_FACET = (
    np.frombuffer(word, np.uint8)
    for word in (
        b"solid", b"endsolid", b"facet", b"normal", b"outer", b"loop", b"vertex", b"endloop",
        b"endfacet",
    )
)  # fmt: skip


@kernel
def _scan_facet(text: Text, at: int, corners: NDArray[np.float32], facet: int) -> tuple[int, int]:
    """Read one facet after its first word; return where it stopped and an outcome."""
    at = skip_blanks(text, at)
    if not is_word(text, at, _NORMAL):
        return at, UNEXPECTED
    at = skip_word(text, at)
    for _ in range(3):  # not read: exporters write nan for slivers, and winding decides anyway
        at = skip_word(text, skip_blanks(text, at))
    at = skip_blanks(text, at)
    if not is_word(text, at, _OUTER):
        return at, UNEXPECTED
    at = skip_blanks(text, skip_word(text, at))
    if not is_word(text, at, _LOOP):
        return at, UNEXPECTED
    at = skip_word(text, at)
    for corner in range(3):
        at = skip_blanks(text, at)
        if not is_word(text, at, _VERTEX):
            return at, UNEXPECTED
        at = skip_word(text, at)
        for axis in range(3):
            at = skip_blanks(text, at)
            value, end = read_decimal(text, at)
            if end == at:
                return at, UNEXPECTED
            corners[3 * facet + corner, axis] = value
            at = end
    at = skip_blanks(text, at)
    if not is_word(text, at, _END_LOOP):
        return at, UNEXPECTED
    at = skip_blanks(text, skip_word(text, at))
    if not is_word(text, at, _END_FACET):
        return at, UNEXPECTED
    return skip_word(text, at), SOUND


@kernel
def scan_stl(text: Text, corners: NDArray[np.float32]) -> tuple[int, int, int]:
    """Read an ASCII STL, of one solid or several.

    Parameters
    ----------
    text : (N,) uint8
    corners : (3 * F, 3) float32
        Filled in place; F is how many facets N bytes can hold at most.

    Returns
    -------
    facets : int
    end : int
        Where the scan stopped: the end, or the word that does not fit.
    outcome : int
    """
    facets = 0
    at = 0
    in_solid = False
    while True:
        at = skip_blanks(text, at)
        if at == text.shape[0]:
            return facets, at, UNFINISHED if in_solid else SOUND
        if in_solid and is_word(text, at, _FACET):
            if 3 * facets + 3 > corners.shape[0]:
                return facets, at, TOO_MANY
            at, outcome = _scan_facet(text, skip_word(text, at), corners, facets)
            if outcome != SOUND:
                return facets, at, outcome
            facets += 1
        elif not in_solid and is_word(text, at, _SOLID):
            in_solid = True
            at = skip_line(text, at)
        elif in_solid and is_word(text, at, _END_SOLID):
            in_solid = False
            at = skip_line(text, at)
        else:
            return facets, at, UNEXPECTED


@kernel
def scan_rows(
    text: Text,
    at: int,
    row_count: int,
    is_list: NDArray[np.uint8],
    columns: NDArray[np.int64],
    values: NDArray[np.float64],
    most_corners: int,
) -> tuple[NDArray[np.int32], NDArray[np.int64], int, int, int]:
    """Read the rows of one element of an ASCII PLY.

    Parameters
    ----------
    text : (N,) uint8
    at : int
        Byte where the rows begin.
    row_count : int
        The caller has checked that the bytes can hold as many.
    is_list : (P,) uint8
        Per property, whether it is a list.
    columns : (P,) int64
        Per property, the column of `values` it goes to; for a list 0 to read it; -1 to skip.
    values : (row_count, K) float64
        Filled in place.
    most_corners : int
        List items that are read in all before the scan gives up.

    Returns
    -------
    counts : (row_count,) int32, or empty when no list is read
    corners : (C,) int64
        Items of the list that is read.
    corner_count : int
        How many of them are filled.
    end : int
    outcome : int
    """
    listed = False
    for p in range(is_list.shape[0]):
        listed = listed or (is_list[p] > 0 and columns[p] >= 0)
    counts = np.zeros(row_count if listed else 0, np.int32)
    corners = np.empty(min(3 * row_count, most_corners) if listed else 0, np.int64)
    done = 0
    for row in range(row_count):
        for p in range(is_list.shape[0]):
            at = skip_blanks(text, at)
            if at == text.shape[0]:
                return counts, corners, done, at, UNFINISHED
            if is_list[p] == 0:
                if columns[p] < 0:
                    at = skip_word(text, at)
                    continue
                value, end = read_decimal(text, at)
                if end == at:
                    return counts, corners, done, at, UNEXPECTED
                values[row, columns[p]] = value
                at = end
                continue
            count, end = read_integer(text, at)
            if end == at or count < 0 or (end < text.shape[0] and text[end] > BLANK):
                return counts, corners, done, at, UNEXPECTED
            at = end
            if count > (text.shape[0] - at) // 2 + 1:
                return counts, corners, done, text.shape[0], UNFINISHED
            if columns[p] < 0:
                for _ in range(count):
                    at = skip_word(text, skip_blanks(text, at))
                continue
            if done + count > most_corners:
                return counts, corners, done, at, TOO_MANY
            if done + count > corners.shape[0]:
                larger = np.empty(min(most_corners, 2 * (done + count)), np.int64)
                for k in range(done):
                    larger[k] = corners[k]
                corners = larger
            counts[row] = count
            for _ in range(count):
                at = skip_blanks(text, at)
                index, end = read_integer(text, at)
                if end == at or (end < text.shape[0] and text[end] > BLANK):
                    return counts, corners, done, at, UNEXPECTED
                corners[done] = index
                done += 1
                at = end
    return counts, corners, done, at, SOUND
