"""OBJ text, scanned by a kernel: vertices, their colours, and polygons.

Rules owned here:
- Lines that are neither `v` nor `f` are passed over unread: names, groups, materials, curves.
- An index counts from 1, or back from the last vertex when negative; 0 is an error.
- A scan stops at the first word that does not fit and says where.

Source: see `files/obj.py`.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import kernel
from stsbench.geometry.decimal_text import (
    BLANK,
    SOUND,
    TOO_MANY,
    UNEXPECTED,
    Text,
    read_decimal,
    read_integer,
    skip_blanks,
    skip_line,
    skip_word,
)

__all__ = ["scan_obj"]

_NEW_LINE, _RETURN, _HASH, _BACKSLASH, _SLASH = 10, 13, 35, 92, 47
_V, _F = 118, 102


@kernel
def _next_in_line(text: Text, at: int) -> int:
    """Return where the next word of this line begins, or where the line ends.

    A backslash at the end of a line joins the next one to it; a hash ends what is read.
    """
    size = text.shape[0]
    while at < size:
        octet = text[at]
        if octet in (_NEW_LINE, _RETURN):
            return at
        if octet == _HASH:
            return int(skip_line(text, at))
        if octet == _BACKSLASH:
            after = at + 1
            if after < size and text[after] == _RETURN:
                after += 1
            if after < size and text[after] == _NEW_LINE:
                after += 1
            if after == at + 1:
                return at
            at = after
        elif octet <= BLANK:
            at += 1
        else:
            return at
    return at


@kernel
def _ends_line(text: Text, at: int) -> bool:
    return bool(at == text.shape[0] or text[at] == _NEW_LINE or text[at] == _RETURN)


@kernel
def _obj_vertex(
    text: Text,
    at: int,
    fill: bool,
    vertex: int,
    vertices: NDArray[np.float64],
    colours: NDArray[np.float32],
) -> tuple[int, int, int]:
    """Read `x y z [w]` or `x y z r g b`; return where it stopped, its numbers and an outcome."""
    numbers = 0
    while True:
        at = _next_in_line(text, at)
        if _ends_line(text, at):
            return at, numbers, SOUND if numbers >= 3 else UNEXPECTED
        if fill:
            value, end = read_decimal(text, at)
            if end == at:
                return at, numbers, UNEXPECTED
            if numbers < 3:
                vertices[vertex, numbers] = value
            elif numbers < 6 and vertex < colours.shape[0]:
                colours[vertex, numbers - 3] = value
        else:
            end = skip_word(text, at)
        numbers += 1
        at = end


@kernel
def _obj_polygon(
    text: Text, at: int, fill: bool, known: int, done: int, corners: NDArray[np.int64]
) -> tuple[int, int, int]:
    """Read `v`, `v/vt`, `v//vn` or `v/vt/vn` words; return where it stopped and how many."""
    count = 0
    while True:
        at = _next_in_line(text, at)
        if _ends_line(text, at):
            return at, count, SOUND
        if fill:
            index, end = read_integer(text, at)
            if end == at or index == 0 or index < -known:
                return at, count, UNEXPECTED
            if end < text.shape[0] and text[end] > BLANK and text[end] != _SLASH:
                return at, count, UNEXPECTED
            corners[done + count] = index - 1 if index > 0 else known + index
        count += 1
        at = skip_word(text, at)


@kernel
def scan_obj(
    text: Text,
    fill: bool,
    vertices: NDArray[np.float64],
    colours: NDArray[np.float32],
    counts: NDArray[np.int32],
    corners: NDArray[np.int64],
    most: int,
) -> tuple[int, int, int, int, int, int]:
    """Read vertices and faces of an OBJ; first to count, then to fill.

    Parameters
    ----------
    text : (N,) uint8
    fill : bool
        Whether to fill the arrays; without, they may be empty and only lengths are returned.
    vertices : (V, 3) float64
    colours : (V, 3) or (0, 3) float32
    counts : (P,) int32
        Corners per polygon.
    corners : (C,) int64
        Vertex indices from 0; those behind the last vertex are left to the caller.
    most : int
        Vertices, or corners of polygons, that are read before the scan gives up.

    Returns
    -------
    vertex_count, coloured_count, polygon_count, corner_count, end, outcome : int
    """
    known = 0
    coloured = 0
    polygons = 0
    done = 0
    at = 0
    size = text.shape[0]
    while at < size:
        if known > most or polygons > most or done > most:
            return known, coloured, polygons, done, at, TOO_MANY
        at = skip_blanks(text, at)
        one_letter = at + 1 < size and text[at + 1] <= BLANK
        if one_letter and text[at] == _V:
            at, numbers, outcome = _obj_vertex(text, at + 1, fill, known, vertices, colours)
            if outcome != SOUND:
                return known, coloured, polygons, done, at, outcome
            known += 1
            coloured += numbers >= 6
        elif one_letter and text[at] == _F:
            at, count, outcome = _obj_polygon(text, at + 1, fill, known, done, corners)
            if outcome != SOUND:
                return known, coloured, polygons, done, at, outcome
            if fill:
                counts[polygons] = count
            polygons += 1
            done += count
        else:
            at = skip_line(text, at)
    return known, coloured, polygons, done, at, SOUND
