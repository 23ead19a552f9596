"""What identifying data an order's folder holds: kinds, places and counts, never a value.

Rules kept here:
- Everything is looked at: the folder's and the files' names, `order.json`, every place in a scan
  that is no geometry (`scan_channels`), and every other file.
- Text that matches nothing is reported as free text; bytes that are no geometry as unknown data.
  Only the words of a scan's own vocabulary are clean.
- Nothing is followed out of the folder, nothing is unpacked, nothing is allocated by a file's
  claim, and what was too much to read is reported as unread.

A technician sees the result before confirming an intake; the values appear only at the broker's
desk. What is found stays out of the store because files are rewritten, not because it is found.
"""

import mmap
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from stsbench.domain.access import IdentifierPlace
from stsbench.files.scan_channels import Channel, channels_of, sniffed_format
from stsbench.privacy.identifying_text import (
    KINDS,
    IdentityTokens,
    is_scan_vocabulary,
    kinds_in_bytes,
    kinds_in_text,
    tokens_of,
)

__all__ = ["PLACES", "describe", "find_identifiers"]

# Every place that can be reported.
PLACES: dict[str, str] = {
    "folder name": "names of the folder and of folders in it",
    "file name": "names of the files",
    "order.json": "the fields of the order",
    "STL header": "the 80 bytes before a binary STL's triangles",
    "STL solid name": "the name in an ASCII STL",
    "STL attribute bytes": "two bytes per triangle, kept by some software",
    "STL foreign line": "a line of an ASCII STL that is no geometry",
    "STL trailing bytes": "what follows the last triangle",
    "PLY comment": "comments of a PLY",
    "PLY obj_info": "obj_info lines of a PLY",
    "PLY element": "elements besides vertices and faces",
    "PLY property": "properties besides position, normal, colour, texture",
    "PLY foreign line": "any other line of a PLY",
    "PLY rows": "rows too irregular to be walked",
    "PLY trailing bytes": "what follows the last row",
    "OBJ comment": "comments of an OBJ",
    "OBJ object": "object names",
    "OBJ group": "group names",
    "OBJ material": "material names",
    "OBJ library": "names of material libraries",
    "OBJ statement": "any other line of an OBJ",
    "image file": "pictures beside the scans",
    "XML file": "case files of dental software and other XML",
    "JSON file": "other JSON",
    "text file": "other text: TXT, HTML, CSV, MTL, INI",
    "other file": "anything else: archives, PDF, DICOM, proprietary files",
    "folder": "links, pipes, deep or crowded folders",
}

_ORDER_FIELDS = (
    ("patient", "name", "name"),
    ("patient", "age", "age"),
    ("patient", "gender", "gender"),
    ("guardian", "name", "name"),
    ("guardian", "verified_by", "name"),
    ("doctor", "name", "name"),
    ("clinic", "name", "clinic name"),
    ("", "clinic_order_no", "order number"),
)

_MOST_ENTRIES = 2_000
_DEEPEST = 4
_LARGEST_TEXT_SCAN = 256 << 20
_BLOB_BYTES = 1 << 20  # of any other file: its first and last half of this
_BLOB_BUDGET = 8 << 20  # of all other files together
_SHORT_TEXT = 4_096
_MOST_DISTINCT = 2_000

_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
_IMAGE_METADATA = (
    b"Exif\0", b"http://ns.adobe.com/", b"Photoshop 3.0", b"tEXt", b"iTXt", b"zTXt", b"eXIf",
    b"\xff\xfe",
)  # fmt: skip
_TEXT_SUFFIXES = {".txt", ".htm", ".html", ".csv", ".mtl", ".ini", ".log", ".md", ".xyz"}


def find_identifiers(
    folder: Path, order_document: Mapping[str, object] | None
) -> list[IdentifierPlace]:
    """Look through an order's folder for identifying data.

    Parameters
    ----------
    folder : Path
    order_document : mapping or None
        The order as read from `order.json`, unchecked; its names are looked for everywhere.

    Returns
    -------
    list of IdentifierPlace
        Sorted by kind and place, counts above zero. A count is how many names, lines, headers or
        files of that place hold the kind.
    """
    tokens = tokens_of(order_document)
    found: Counter[tuple[str, str]] = Counter()
    _add(found, _name_kinds(folder.resolve().name, tokens), "folder name")
    if order_document is not None:
        found.update(_in_order(order_document, tokens))
    budget = _BLOB_BUDGET
    for path, kind in _walk(folder):
        if kind == "unread":
            _add(found, {"unread data"}, "folder")
        elif kind == "folder":
            _add(found, _name_kinds(path.name, tokens), "folder name")
        elif path.name != "order.json" or path.parent != folder:
            _add(found, _name_kinds(path.stem, tokens), "file name")
            budget -= _look_into(path, tokens, budget, found)
        elif order_document is None:
            budget -= _look_into(path, tokens, budget, found)
    return sorted(
        IdentifierPlace(kind, place, count) for (kind, place), count in found.items() if count
    )


def describe() -> tuple[tuple[str, str], ...]:
    """Return what is looked for, for the documentation: rows of (word, meaning)."""
    return (*KINDS.items(), *PLACES.items())


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield every entry below a folder as "file", "folder" or "unread", in sorted order."""
    waiting, seen = [(folder, 0)], 0
    while waiting:
        here, depth = waiting.pop(0)
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            yield here, "unread"
            continue
        for entry in entries:
            seen += 1
            path = here / entry.name
            if seen > _MOST_ENTRIES:
                yield path, "unread"
                return
            if entry.is_dir(follow_symlinks=False):
                yield path, "folder"
                if depth < _DEEPEST:
                    waiting.append((path, depth + 1))
                else:
                    yield path, "unread"
            else:
                yield path, "file" if entry.is_file(follow_symlinks=False) else "unread"


def _name_kinds(name: str, tokens: IdentityTokens) -> set[str]:
    kinds = set(kinds_in_text(name, tokens))
    # A name in another encoding than the system's arrives as surrogates.
    kinds |= kinds_in_bytes(os.fsencode(name), tokens) - {"identity field"}
    if kinds > {"free text"} or (kinds == {"free text"} and is_scan_vocabulary(name)):
        kinds.discard("free text")
    return kinds


def _in_order(document: Mapping[str, object], tokens: IdentityTokens) -> Counter[tuple[str, str]]:
    """Count the filled fields of the order itself."""
    found: Counter[tuple[str, str]] = Counter()
    for part, field, kind in _ORDER_FIELDS:
        holder = document if not part else document.get(part)
        if isinstance(holder, Mapping) and holder.get(field) not in (None, "", False):
            _add(found, {kind}, "order.json")
    notes = document.get("notes")
    if isinstance(notes, str) and notes.strip():
        noted = _text_kinds(notes.encode(errors="replace"), tokens)
        _add(found, noted | {"free text"}, "order.json")
    for item in _mappings(document.get("items")):
        texts = [item.get(field) for field in ("type", "material", "shade")]
        for text in (text for text in texts if isinstance(text, str)):
            _add(found, kinds_in_text(text, tokens) & tokens.words.keys(), "order.json")
    return found


def _mappings(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def _look_into(
    path: Path, tokens: IdentityTokens, budget: int, found: Counter[tuple[str, str]]
) -> int:
    """Look into one file and return how much of the budget for other files it took."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        _add(found, {"unread data"}, "folder")
        return 0
    try:
        size = os.fstat(descriptor).st_size
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            _add(found, {"unread data"}, "folder")
            return 0
        if size == 0:
            return 0
        mapped = memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
        return _look_at(mapped, path.suffix.lower(), tokens, budget, found)
    except (OSError, ValueError):
        _add(found, {"unread data"}, "folder")
        return 0
    finally:
        os.close(descriptor)


def _look_at(
    data: memoryview,
    suffix: str,
    tokens: IdentityTokens,
    budget: int,
    found: Counter[tuple[str, str]],
) -> int:
    form = sniffed_format(data, suffix)
    if form is None:
        return _other_file(data, suffix, tokens, budget, found)
    readable = data if form == "stl" else data[:_LARGEST_TEXT_SCAN]
    if len(readable) < len(data):
        _add(found, {"unread data"}, "folder")
    found.update(_in_channels(channels_of(readable, form), tokens))
    return 0


def _in_channels(channels: Iterable[Channel], tokens: IdentityTokens) -> Counter[tuple[str, str]]:
    """Count kinds over the channels; equal lines are looked at once."""
    found: Counter[tuple[str, str]] = Counter()
    distinct: dict[tuple[str, bytes], set[str]] = {}
    for channel in channels:
        key = (channel.place, channel.data)
        kinds = distinct.get(key)
        if kinds is None and len(distinct) < _MOST_DISTINCT:
            kinds = _channel_kinds(channel, tokens)
            distinct[key] = kinds
        # Past so many different lines the rest is counted, not read one by one.
        _add(found, {"free text", "unread data"} if kinds is None else kinds, channel.place)
    return found


def _channel_kinds(channel: Channel, tokens: IdentityTokens) -> set[str]:
    if channel.is_text:
        return _text_kinds(channel.data, tokens) or {"unknown data"}
    if channel.place in {"PLY element", "PLY property"}:
        return (_text_kinds(channel.data, tokens) - {"free text"}) | {"unknown data"}
    if channel.place == "PLY rows":
        return {"unread data"}
    return set(kinds_in_bytes(channel.data, tokens)) | {"unknown data"}


def _text_kinds(data: bytes, tokens: IdentityTokens) -> set[str]:
    """Return the kinds in a line or short text, in whatever encoding it stands."""
    kinds = set(kinds_in_bytes(data, tokens))
    text = data[:_SHORT_TEXT].replace(b"\0", b" ")
    try:
        kinds |= kinds_in_text(text.decode("utf-8"), tokens)
    except UnicodeDecodeError:
        for encoding in ("gb18030", "latin-1"):
            kinds |= kinds_in_text(text.decode(encoding, errors="replace"), tokens)
    return kinds - {"free text"} if kinds > {"free text"} else kinds


def _other_file(
    data: memoryview,
    suffix: str,
    tokens: IdentityTokens,
    budget: int,
    found: Counter[tuple[str, str]],
) -> int:
    """Look into a file that is no scan: its first and last piece."""
    half = min(_BLOB_BYTES, max(budget, 0)) // 2
    pieces = bytes(data[:half]) + (bytes(data[max(half, len(data) - half) :]) if half else b"")
    head = bytes(data[:512])
    kinds = set(kinds_in_bytes(pieces, tokens))
    if len(pieces) < len(data):
        kinds.add("unread data")
    place = _place_of(head, suffix)
    if place == "image file":
        kinds.add("image")
        if any(mark in pieces for mark in _IMAGE_METADATA):
            kinds.add("image metadata")
    elif place == "other file":
        kinds.add("unknown data")
    else:
        kinds.add("free text")
    _add(found, kinds, place)
    return len(pieces)


def _place_of(head: bytes, suffix: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    if head.startswith(_IMAGES):
        return "image file"
    if start.startswith(b"<") and suffix not in {".htm", ".html"}:
        return "XML file"
    if suffix == ".json" or start.startswith((b"{", b"[")):
        return "JSON file"
    is_text = b"\0" not in head or head[:2] in {b"\xff\xfe", b"\xfe\xff"}
    return "text file" if suffix in _TEXT_SUFFIXES or is_text else "other file"


def _add(found: Counter[tuple[str, str]], kinds: Iterable[str], place: str) -> None:
    for kind in kinds:
        found[kind, place] += 1
