"""Search for planted names in every byte of a folder, also where bytes are wrapped or packed."""

import base64
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "gbk")
_DEFLATE_START = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|PK\x03\x04")
_LARGEST_UNPACKED = 64 << 20


def needles(names):
    """Every spelling of every name: five encodings, upper and lower case, base64 at 3 offsets."""
    found = set()
    for name in names:
        for spelling in {name, name.upper(), name.lower()}:
            for encoding in ENCODINGS:
                try:
                    raw = spelling.encode(encoding)
                except UnicodeEncodeError:
                    continue
                found.add(raw)
                found.update(base64_inner(raw))
    return sorted(needle for needle in found if len(needle) >= 5)


def base64_inner(raw):
    """The base64 characters that a name gives at each alignment, without its neighbours'."""
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw)
        first = {0: 0, 1: 2, 2: 3}[offset]
        last = len(text.rstrip(b"=")) - (1 if (offset + len(raw)) % 3 else 0)
        inner = text[first:last]
        if len(inner) >= 6:
            yield inner


def streams(path: Path) -> Iterator[tuple[str, bytes]]:
    """A file's bytes, and what its packed parts hold."""
    data = path.read_bytes()
    yield path.name, data
    for match in _DEFLATE_START.finditer(data):
        start = match.start()
        if data[start : start + 2] == b"PK":
            yield from zip_members(path.name, data[start:])
            continue
        try:
            if data[start] == 0x1F:
                yield f"{path.name}@{start}", gzip.decompress(data[start:])
            else:
                unpacked = zlib.decompressobj().decompress(data[start:], _LARGEST_UNPACKED)
                if len(unpacked) > 8:
                    yield f"{path.name}@{start}", unpacked
        except (zlib.error, OSError, EOFError):
            continue


def zip_members(name, data):
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                yield f"{name}!{member.filename}", archive.read(member)
    except (zipfile.BadZipFile, OSError, zlib.error, NotImplementedError, RuntimeError):
        return


def hits(folders, names, *, allowed=()):
    """Where a name was found: file names, contents, packed contents.

    `allowed` are files that may hold names (the clinic's originals).
    """
    wanted = needles(names)
    found = []
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            label = path.relative_to(folder).as_posix().encode()
            found += [f"path of {path}" for needle in wanted if needle in label]
            if not path.is_file() or path.is_symlink() or path in allowed:
                continue
            for where, data in streams(path):
                found += [f"{where}: {needle!r}" for needle in wanted if needle in data]
    return found
