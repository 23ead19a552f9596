"""Reading back which test names a folder carries, channel by channel.

Rules owned here:
- This reads the files as they are, not what the recipes meant to write: it is the control that
  proves that a search for canaries can find one.
- `expected.json` is ours and is left out.
"""

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from data_samples.identities import CANARIES

__all__ = ["ENCODINGS", "canaries_in", "planted_channels"]

ENCODINGS = ("utf-8", "utf-16-le", "latin-1", "gbk")


def canaries_in(data: bytes) -> list[str]:
    """Return the canaries found in bytes, in any of the usual encodings."""
    found = []
    for canary in CANARIES:
        for encoding in ENCODINGS:
            try:
                if canary.encode(encoding) in data:
                    found.append(canary)
                    break
            except UnicodeEncodeError:
                continue
    return found


def planted_channels(folder: Path) -> list[tuple[str, str, str]]:
    """List (file, channel, value) for every test name in an order's folder.

    Parameters
    ----------
    folder : Path
        One of the sample orders.
    """
    rows = [(".", "folder name", value) for value in canaries_in(folder.name.encode())]
    for path in sorted(folder.iterdir()):
        if path.name == "expected.json":
            continue
        channels = [("file name", path.name.encode()), *_channels(path)]
        rows += [
            (path.name, channel, value) for channel, data in channels for value in canaries_in(data)
        ]
    return rows


def _channels(path: Path) -> Iterator[tuple[str, bytes]]:
    data = path.read_bytes()
    suffix = path.suffix.lower()
    if suffix == ".stl":
        yield from _ascii_stl(data) if data[:6] == b"solid " else _binary_stl(data)
    elif suffix == ".ply":
        yield from _ply(data)
    elif suffix in {".obj", ".mtl"}:
        yield from _lines(data, suffix[1:].upper())
    elif suffix == ".json":
        yield from _json(json.loads(data), "order")
    elif suffix == ".png":
        body, _, tail = data.partition(b"IEND")
        yield "PNG text", body
        yield "PNG trailing bytes", tail
    else:
        yield "XML", data


def _binary_stl(data: bytes) -> Iterator[tuple[str, bytes]]:
    (count,) = struct.unpack_from("<I", data, 80)
    end = 84 + 50 * count
    yield "STL header", data[:80]
    yield (
        "STL attribute bytes",
        bytes(
            byte
            for start in range(84 + 48, min(end, 84 + 50 * 200), 50)
            for byte in data[start : start + 2]
        ),
    )
    yield "STL trailing bytes", data[end:]


def _ascii_stl(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "STL solid name", b"\n".join(re.findall(rb"(?m)^(?:end)?solid .*$", data))


def _ply(data: bytes) -> Iterator[tuple[str, bytes]]:
    head, _, body = data.partition(b"end_header\n")
    yield "PLY comment", b"\n".join(re.findall(rb"(?m)^comment .*$", head))
    yield "PLY obj_info", b"\n".join(re.findall(rb"(?m)^obj_info .*$", head))
    yield "PLY trailing bytes", body[-400:]


def _lines(data: bytes, kind: str) -> Iterator[tuple[str, bytes]]:
    words = {
        "OBJ": {
            b"#": "comment",
            b"o": "object",
            b"g": "group",
            b"usemtl": "material",
            b"mtllib": "library",
        },
        "MTL": {b"#": "comment", b"newmtl": "material", b"map_Kd": "texture"},
    }[kind]
    for word, channel in words.items():
        pattern = rb"(?m)^" + re.escape(word) + rb" .*$"
        yield f"{kind} {channel}", b"\n".join(re.findall(pattern, data))


def _json(value: object, place: str) -> Iterator[tuple[str, bytes]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _json(part, f"{place}.{key}")
    elif isinstance(value, list):
        for part in value:
            yield from _json(part, f"{place}[]")
    elif isinstance(value, str):
        yield place, value.encode()
