"""The header of a PLY file: which elements follow, in which types.

Rules owned here:
- Comments and `obj_info` lines are passed over unread: they may name a patient or a file.
- Elements and properties that are not known are kept as sizes to skip, never refused.
- Everything is bounded before it is believed: the header's length, elements, properties, counts.

Source: Turk, *The PLY Polygon File Format*, Stanford 1994; type names also in the later sized form
(int8 ... float64).
"""

from dataclasses import dataclass

import numpy as np

from stsbench.errors import FormatError
from stsbench.files.mesh_checks import Buffer

__all__ = [
    "COLOUR_NAMES",
    "Element",
    "PlyHeader",
    "Property",
    "name_rows",
    "read_header",
    "starts_as_ply",
    "vertex_columns",
    "vertex_list",
]

_MAX_HEADER_BYTES = 1 << 20
_MAX_ELEMENTS = 64
_MAX_PROPERTIES = 256
_AGAIN = "Export the scan again."

_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4",
    "float": "f4", "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2",
    "int32": "i4", "uint32": "u4", "int64": "i8", "uint64": "u8", "float32": "f4",
    "float64": "f8",
}  # fmt: skip
COLOUR_NAMES = (
    ("red", "green", "blue"),
    ("diffuse_red", "diffuse_green", "diffuse_blue"),
    ("r", "g", "b"),
)
_LIST_NAMES = ("vertex_indices", "vertex_index")
_BYTE_ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass(frozen=True, slots=True)
class Property:
    """One value per row, or with `count_type` a list of them."""

    name: str
    value_type: np.dtype[np.generic]
    count_type: np.dtype[np.generic] | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """A table of the file."""

    name: str
    count: int
    properties: tuple[Property, ...]

    @property
    def has_lists(self) -> bool:
        """Whether rows differ in length."""
        return any(each.count_type is not None for each in self.properties)

    def index_of(self, *names: str) -> int:
        """Return the place of the first property with one of these names, or -1."""
        places = [place for place, each in enumerate(self.properties) if each.name in names]
        return places[0] if places else -1

    def has_value(self, place: int) -> bool:
        """Whether there is a property at this place, with one value per row."""
        return place >= 0 and self.properties[place].count_type is None

    @property
    def smallest_row(self) -> int:
        """Bytes that a row takes at least in a binary file."""
        return sum((each.count_type or each.value_type).itemsize for each in self.properties)


@dataclass(frozen=True, slots=True)
class PlyHeader:
    """What the header says, and where the data begins."""

    text: bool
    big_endian: bool
    elements: tuple[Element, ...]
    data_start: int

    def place_of(self, name: str) -> int:
        """Return the place of an element, or -1."""
        places = [place for place, each in enumerate(self.elements) if each.name == name]
        return places[0] if places else -1


def starts_as_ply(data: Buffer) -> bool:
    """Whether the file begins as the format demands."""
    return bytes(data[:3]) == b"ply" and bytes(data[3:4]) in (b"\r", b"\n", b" ", b"\t")


def read_header(data: Buffer) -> PlyHeader:
    """Read the header of a PLY file.

    Raises
    ------
    FormatError
        It does not end, contradicts itself, or claims what cannot be.
    """
    lines, data_start = _header_lines(bytes(data[: _MAX_HEADER_BYTES + 1]))
    order: str | None = None
    elements: list[tuple[str, int, list[Property]]] = []
    for number, line in enumerate(lines[1:], start=2):
        match line.split():
            case [] | ["comment" | "obj_info", *_]:
                continue
            case ["format", "ascii" | "binary_little_endian" | "binary_big_endian" as name, "1.0"]:
                order = _BYTE_ORDERS[name]
            case ["element", name, count] if count.isascii() and count.isdigit():
                elements.append((name, _bounded(count), []))
            case ["property", *words] if elements and order is not None:
                elements[-1][2].append(_property(words, order, number))
            case _:
                raise _bad_line(number)
    if order is None:
        raise FormatError("The PLY header names no format.", _AGAIN)
    names = [name for name, _, _ in elements]
    if len(set(names)) != len(names) or len(names) > _MAX_ELEMENTS:
        raise FormatError("The PLY header lists an element twice, or too many.", _AGAIN)
    if any(len(properties) > _MAX_PROPERTIES for *_, properties in elements):
        raise FormatError("The PLY header lists too many properties.", _AGAIN)
    tables = tuple(Element(name, n, tuple(p)) for name, n, p in elements)
    return PlyHeader(order == "=", order == ">", tables, data_start)


def vertex_columns(element: Element) -> list[int]:
    """Return the places of x, y, z and, if there are colours, of red, green, blue.

    Raises
    ------
    FormatError
        A position is missing.
    """
    positions = [element.index_of(axis) for axis in "xyz"]
    if not all(element.has_value(place) for place in positions):
        raise FormatError("The vertices of the PLY file have no x, y and z.", _AGAIN)
    for names in COLOUR_NAMES:
        colours = [element.index_of(name) for name in names]
        if all(element.has_value(place) for place in colours):
            return positions + colours
    return positions


def vertex_list(element: Element) -> int:
    """Return the place of the vertex list of a face.

    Raises
    ------
    FormatError
        It is missing, or does not hold integers.
    """
    place = element.index_of(*_LIST_NAMES)
    if place < 0 or element.has_value(place):
        raise FormatError("The faces of the PLY file have no vertex list.", _AGAIN)
    if element.properties[place].value_type.kind not in "iu":
        raise FormatError("The vertex lists of the PLY file are not integers.", _AGAIN)
    return place


def name_rows(element: Element) -> str:
    """Return what rows of this element are called; an unknown name is not repeated."""
    return {"vertex": "vertices", "face": "faces"}.get(element.name, "rows of another element")


def _header_lines(start: bytes) -> tuple[list[str], int]:
    """Split the header at the line end that its first line uses."""
    end = b"\r\n" if start[3:].lstrip(b" \t").startswith(b"\r\n") else start[3:].lstrip(b" \t")[:1]
    at = 0
    lines: list[str] = []
    while end:
        stop = start.find(end, at)
        if stop < 0:
            break
        # Latin-1 takes every byte: a comment in another encoding must not stop a scan.
        lines.append(start[at:stop].decode("latin-1"))
        at = stop + len(end)
        if lines[-1].strip() == "end_header":
            return lines[:-1], at
    raise FormatError(
        f"The PLY header does not end within {min(len(start), _MAX_HEADER_BYTES)} bytes.", _AGAIN
    )


def _bounded(count: str) -> int:
    # A count of a thousand digits must not reach int(), nor one near 2**64 an int64.
    if len(count) > 18:
        raise FormatError("The PLY header claims more rows than any file can hold.", _AGAIN)
    return int(count)


def _property(words: list[str], order: str, line: int) -> Property:
    match words:
        case ["list", count, value, name] if count in _TYPES and value in _TYPES:
            if _TYPES[count].startswith("f"):
                raise _bad_line(line)
            return Property(name, np.dtype(order + _TYPES[value]), np.dtype(order + _TYPES[count]))
        case [value, name] if value in _TYPES:
            return Property(name, np.dtype(order + _TYPES[value]))
    raise _bad_line(line)


def _bad_line(line: int) -> FormatError:
    return FormatError(f"Line {line} of the PLY header is not valid.", _AGAIN)
