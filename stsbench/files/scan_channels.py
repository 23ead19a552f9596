"""Where a scan file can say more than geometry: every such place, as bytes.

STL: 80-byte header, attribute bytes, trailing bytes; ASCII: names after solid, foreign lines.
PLY: comments, obj_info, unknown elements and properties, foreign text, trailing bytes.
OBJ: comments, object, group and material names, libraries, any other statement.

Rules kept here:
- Geometry is an allow-list; whatever is not on it is a channel.
- Nothing a file claims is believed: counts are compared with the bytes there are, nothing is
  allocated by a claim, and no input raises.
- Values stay inside the process that asks; `identifiers` turns them into kinds and counts.

References
----------
Turk, "The PLY polygon file format", 1994. Library of Congress, "STL format family" (fdd000504).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["Channel", "channels_of", "sniffed_format"]

_Order = Literal["little", "big"]

_PIECE = 1 << 20  # of a channel, this much is kept at most
_SLOWEST_ROWS = 300_000  # list rows walked one by one

_SOLID = re.compile(rb"[\s\xef\xbb\xbf]*solid", re.IGNORECASE)
_FACET = re.compile(rb"\bfacet\s+normal\b|\bendsolid\b", re.IGNORECASE)
_OBJ_START = re.compile(rb"(?m)^[ \t]*(?:v[ \t]+[-+.0-9]|mtllib\b|f[ \t]+[0-9])")

# A line of numbers, and with the format's words before them: all that geometry needs. Possessive
# quantifiers keep a long hostile line from being tried twice.
_NUMBER = rb"[ \t]++[-+]?+(?:\d++\.?+\d*+|\.\d++|nan|inf(?:inity)?+)(?:e[-+]?+\d++)?+"
_BLANKS = rb"[ \t\r\\]*+$"


def _lines_other_than(valid: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?im)^(?![ \t]*+(?:" + valid + rb")" + _BLANKS + rb")[^\n]*\S[^\n]*")


_NOT_STL = _lines_other_than(
    rb"(?:facet[ \t]++normal|vertex)(?:" + _NUMBER + rb"){3}|outer[ \t]++loop|endloop|endfacet|"
    rb"(?:end)?solid"
)
_NOT_OBJ = _lines_other_than(
    rb"v[nt]?+(?:" + _NUMBER + rb"){1,8}+|(?:f[ \t]++)?+(?:-?\d++(?:/-?+\d*+){0,2}+[ \t]*+)++|"
    rb"s[ \t]++(?:on|off|\d{1,6}+)"
)
_NOT_NUMBERS = re.compile(
    rb"(?im)^(?!(?:[ \t]*+[-+]?+(?:\d++\.?+\d*+|\.\d++|nan|inf)(?:e[-+]?+\d++)?+)*+"
    + _BLANKS
    + rb")[^\n]*\S[^\n]*"
)
_STL_NAME = re.compile(rb"[ \t]*(?:end)?solid\b[ \t]*", re.IGNORECASE)
_OBJ_WORDS = {
    b"#": "OBJ comment",
    b"o": "OBJ object",
    b"g": "OBJ group",
    b"usemtl": "OBJ material",
    b"mtllib": "OBJ library",
}

_PLY_WIDTH = {
    b"char": 1, b"uchar": 1, b"int8": 1, b"uint8": 1, b"short": 2, b"ushort": 2, b"int16": 2,
    b"uint16": 2, b"int": 4, b"uint": 4, b"int32": 4, b"uint32": 4, b"float": 4, b"float32": 4,
    b"double": 8, b"float64": 8, b"int64": 8, b"uint64": 8,
}  # fmt: skip
_PLY_SAYING = {b"comment": "PLY comment", b"obj_info": "PLY obj_info"}
_PLY_KNOWN = {
    b"vertex": frozenset(
        b"x y z nx ny nz red green blue alpha s t u v texture_u texture_v quality".split()
    ),
    b"face": frozenset(
        b"vertex_indices vertex_index red green blue alpha texcoord texnumber flags".split()
    ),
}


@dataclass(frozen=True, slots=True, repr=False)
class Channel:
    """Bytes of a scan file that are no geometry.

    Parameters
    ----------
    place : str
        In words: "STL header", "PLY comment", ...
    data : bytes
    is_text : bool
        False for bytes without meaning of their own, such as attribute bytes.
    """

    place: str
    data: bytes
    is_text: bool = True


def sniffed_format(data: memoryview, suffix: str) -> str | None:
    """Return "stl", "ascii stl", "ply" or "obj" by content, or None.

    Parameters
    ----------
    data : memoryview of bytes
    suffix : str
        Of the file name, lower case; decides only where the content does not.
    """
    head = bytes(data[:4096])
    if head[:3] == b"ply" and head[3:4] in {b"\n", b"\r"}:
        return "ply"
    if len(data) >= 84 and 84 + 50 * int.from_bytes(data[80:84], "little") <= len(data):
        claimed = int.from_bytes(data[80:84], "little")
        if claimed or suffix == ".stl":
            return "stl"
    if _SOLID.match(head) and (_FACET.search(head) or suffix == ".stl"):
        return "ascii stl"
    if suffix == ".obj" or (b"\0" not in head and _OBJ_START.search(head)):
        return "obj"
    return "stl" if suffix == ".stl" else None


def channels_of(data: memoryview, form: str) -> Iterator[Channel]:
    """Yield every channel of a scan that holds something.

    Parameters
    ----------
    data : memoryview of bytes
        The whole file, in memory or mapped.
    form : str
        As `sniffed_format` returns it.
    """
    reader = {
        "stl": _binary_stl,
        "ascii stl": _ascii_stl,
        "ply": _ply,
        "obj": _obj,
    }[form]
    yield from reader(data)


def _binary_stl(data: memoryview) -> Iterator[Channel]:
    header = re.sub(rb"^solid\b", b"", bytes(data[:80])).strip(b"\0 \t\r\n")
    if header:
        yield Channel("STL header", header)
    claimed = int.from_bytes(data[80:84], "little") if len(data) >= 84 else 0
    count = min(claimed, max(0, len(data) - 84) // 50)
    if count:
        rows = np.frombuffer(data, dtype=np.uint8, offset=84, count=50 * count).reshape(-1, 50)
        attributes = rows[:, 48:50]
        if attributes.any():
            yield Channel("STL attribute bytes", attributes[: _PIECE // 2].tobytes(), is_text=False)
    if count == claimed and len(data) > 84:
        yield from _trailing("STL trailing bytes", data, 84 + 50 * count)


def _ascii_stl(data: memoryview) -> Iterator[Channel]:
    for match in _NOT_STL.finditer(data):
        named = _STL_NAME.match(match[0])
        if named:
            yield Channel("STL solid name", match[0][named.end() :].strip()[:_PIECE])
        else:
            yield Channel("STL foreign line", match[0].strip()[:_PIECE])


def _obj(data: memoryview) -> Iterator[Channel]:
    for match in _NOT_OBJ.finditer(data):
        line = match[0].strip()
        if line.startswith(b"#"):
            word, rest = b"#", line.lstrip(b"#").strip()
        else:
            word, _, rest = line.replace(b"\t", b" ").partition(b" ")
        if word not in _OBJ_WORDS:
            yield Channel("OBJ statement", line[:_PIECE])
        elif rest:
            yield Channel(_OBJ_WORDS[word], rest[:_PIECE])


@dataclass(slots=True)
class _Element:
    name: bytes
    count: int
    fixed: list[int]  # bytes of plain properties: before the first list, between, after the last
    lists: list[tuple[int, int, int]]  # bytes before it, width of its count, width of its values


def _ply(data: memoryview) -> Iterator[Channel]:
    head = bytes(data[:_PIECE])
    end = re.search(rb"(?m)^end_header[ \t]*\r?\n?", head)
    elements: list[_Element] = []
    form = b""
    for line in (head[: end.start()] if end else head).splitlines()[1:]:
        words = line.split()
        if len(words) == 3 and words[0] == b"format":
            form = words[1]
        elif words and words[0] in _PLY_SAYING:
            rest = line.split(words[0], 1)[1].strip()
            if rest:
                yield Channel(_PLY_SAYING[words[0]], rest)
        elif words:
            yield from _ply_declaration(line, words, elements)
    if end is None:
        return
    if form == b"ascii":
        yield from _ascii_rows(data, end.end(), sum(element.count for element in elements))
        return
    order: _Order = "big" if form == b"binary_big_endian" else "little"
    stop = _end_of_rows(data, end.end(), elements, order)
    if stop is None:
        yield Channel("PLY rows", b"", is_text=False)
    else:
        yield from _trailing("PLY trailing bytes", data, stop)


def _ply_declaration(
    line: bytes, words: list[bytes], elements: list[_Element]
) -> Iterator[Channel]:
    if not _ply_declared(words, elements):
        yield Channel("PLY foreign line", line[:_PIECE])
    elif words[0] == b"element" and words[1] not in _PLY_KNOWN:
        yield Channel("PLY element", words[1], is_text=False)
    elif words[0] == b"property":
        known = _PLY_KNOWN.get(elements[-1].name, frozenset())
        if words[-1] not in known:
            yield Channel("PLY property", words[-1], is_text=False)


def _ply_declared(words: list[bytes], elements: list[_Element]) -> bool:
    """Note an element or property line; False when the line is neither."""
    if len(words) == 3 and words[0] == b"element" and re.fullmatch(rb"\d{1,18}", words[2]):
        elements.append(_Element(words[1], int(words[2]), [0], []))
        return True
    if not elements or not words or words[0] != b"property":
        return False
    element = elements[-1]
    if len(words) == 3 and words[1] in _PLY_WIDTH:
        element.fixed[-1] += _PLY_WIDTH[words[1]]
        return True
    if len(words) == 5 and words[1] == b"list" and {words[2], words[3]} <= _PLY_WIDTH.keys():
        element.lists.append((element.fixed[-1], _PLY_WIDTH[words[2]], _PLY_WIDTH[words[3]]))
        element.fixed.append(0)
        return True
    return False


def _end_of_rows(
    data: memoryview, offset: int, elements: list[_Element], order: _Order
) -> int | None:
    """Return where the rows of a binary PLY end; None when that cannot be told quickly."""
    for element in elements:
        if not element.lists:
            offset += element.count * sum(element.fixed)
        elif (stop := _end_of_equal_lists(data, offset, element, order)) is not None:
            offset = stop
        elif element.count > _SLOWEST_ROWS:
            return None
        else:
            offset = _walked(data, offset, element, order)
        if offset > len(data):
            return len(data)
    return offset


def _end_of_equal_lists(
    data: memoryview, offset: int, element: _Element, order: _Order
) -> int | None:
    """Return the end when every row has one list of the same length, such as all triangles."""
    before, width, value = element.lists[0]
    if len(element.lists) > 1 or not element.count or offset + before + width > len(data):
        return None
    first = bytes(data[offset + before : offset + before + width])
    stride = before + width + int.from_bytes(first, order) * value + element.fixed[-1]
    stop = offset + element.count * stride
    if stop > len(data):
        return None
    rows = np.frombuffer(data, dtype=np.uint8, offset=offset, count=stop - offset)
    counts = rows.reshape(-1, stride)[:, before : before + width]
    return stop if (counts == np.frombuffer(first, dtype=np.uint8)).all() else None


def _walked(data: memoryview, offset: int, element: _Element, order: _Order) -> int:
    for _ in range(element.count):
        for before, width, value in element.lists:
            offset += before
            length = int.from_bytes(data[offset : offset + width], order)
            offset += width + length * value
        offset += element.fixed[-1]
        if offset > len(data):
            break
    return offset


def _ascii_rows(data: memoryview, offset: int, rows: int) -> Iterator[Channel]:
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8, offset=offset) == ord("\n"))
    stop = offset + int(ends[rows - 1]) + 1 if 0 < rows <= len(ends) else len(data)
    for match in _NOT_NUMBERS.finditer(data[offset:stop]):
        yield Channel("PLY foreign line", match[0][:_PIECE])
    yield from _trailing("PLY trailing bytes", data, stop)


def _trailing(place: str, data: memoryview, offset: int) -> Iterator[Channel]:
    """Yield what follows the last row, unless it is blank."""
    rest = bytes(data[offset : offset + _PIECE])
    if rest.strip(b"\0 \t\r\n") or len(data) > offset + _PIECE:
        yield Channel(place, rest, is_text=False)
