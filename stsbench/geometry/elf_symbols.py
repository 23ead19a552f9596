"""Which symbols an object file defines and which it needs (ELF, 64 bits, little-endian).

References
----------
Tool Interface Standard: Executable and Linking Format 1.2; System V ABI, gABI 4.1, chapter 4.
"""

import struct
from typing import NamedTuple

__all__ = ["Symbols", "read_symbols"]

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SYMBOL_TABLE = 2
_UNDEFINED, _COMMON = 0, 0xFFF2
_GLOBAL, _WEAK = 1, 2


class Symbols(NamedTuple):
    """Names of an object file's symbols that other objects can see or must give."""

    strong: frozenset[str]  # defined here, and nowhere else
    defined: frozenset[str]  # these, and those that another object may define as well
    needed: frozenset[str]


def read_symbols(code: bytes) -> Symbols | None:
    """Return the symbols of an object file; None if it is not one this module reads.

    Parameters
    ----------
    code : bytes
        The whole file.
    """
    try:
        return _read(code)
    except (struct.error, IndexError, ValueError):
        return None


def _read(code: bytes) -> Symbols | None:
    ident, *_, at, _, _, _, _, size, count, _ = _HEADER.unpack_from(code)
    if ident[:6] != b"\x7fELF\x02\x01" or size != _SECTION.size:
        return None
    sections = [_SECTION.unpack_from(code, at + size * i) for i in range(count)]
    strong, weak, needed = set(), set(), set()
    for section in sections:
        if section[1] != _SYMBOL_TABLE:
            continue
        names = sections[section[6]][4]
        for place in range(section[4], section[4] + section[5], _SYMBOL.size):
            name, info, _, where, _, _ = _SYMBOL.unpack_from(code, place)
            text = code[names + name : code.index(b"\0", names + name)].decode("ascii")
            if info >> 4 not in (_GLOBAL, _WEAK) or not text:
                continue
            if where == _UNDEFINED:
                needed.add(text)
            elif where == _COMMON or info >> 4 == _WEAK:
                weak.add(text)
            else:
                strong.add(text)
    return Symbols(frozenset(strong), frozenset(strong | weak), frozenset(needed))
