"""Scans on disk: any mesh file to a TriangleMesh, and back as our own clean file.

Rules owned here:
- What a file is, its bytes say; its name is never trusted and never repeated.
- A path must be a regular file of bounded size before it is opened, and opening never waits: a
  pipe or a device is refused, as is a folder. No other file that a scan names is ever opened.
- Every failure is one FormatError or StorageError with a remedy; nothing foreign gets through.
- Names and metadata stop here: a TriangleMesh has no place for them.
"""

import os
import re
import stat
from pathlib import Path

import numpy as np

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import FormatError, InputError, MeshError, StsbenchError
from stsbench.files.atomic import write_aside
from stsbench.files.mesh_checks import MAX_FILE_BYTES, Buffer
from stsbench.files.obj import decode_obj, encode_obj, obj_parts
from stsbench.files.plain_text import first_word, looks_like_text
from stsbench.files.ply import decode_ply, encode_ply, ply_parts
from stsbench.files.ply_header import starts_as_ply
from stsbench.files.stl import (
    decode_ascii_stl,
    decode_binary_stl,
    encode_stl,
    is_binary_stl,
    stl_parts,
)

__all__ = [
    "decode_scan",
    "encode_obj",
    "encode_ply",
    "encode_stl",
    "read_scan",
    "write_scan",
]

_EXPORT = "Export it as STL, PLY or OBJ."
_OTHERS = (
    (re.compile(rb"\s*<HPS"), "This is a 3Shape HPS file.", _EXPORT),
    (re.compile(rb".{128}DICM", re.DOTALL), "This is a DICOM file.", _EXPORT),
    (re.compile(rb"PK\x03\x04"), "This is a zip archive.", "Unpack it first."),
    (re.compile(rb"\x1f\x8b"), "This is a compressed file.", "Unpack it first."),
    (re.compile(rb"glTF"), "This is a glTF file.", _EXPORT),
    (re.compile(rb"%PDF|\x89PNG|\xff\xd8\xff|GIF8"), "This is a picture or a document.", _EXPORT),
    (re.compile(rb"\s*(<\?xml|<html|<!DOCTYPE)", re.IGNORECASE), "This is an XML file.", _EXPORT),
)
_READ = os.O_RDONLY
for _flag in ("O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "O_BINARY"):
    _READ |= getattr(os, _flag, 0)


def read_scan(path: Path) -> TriangleMesh:
    """Read a mesh file of any supported format.

    Parameters
    ----------
    path : Path
        STL (binary or ASCII), PLY (binary or ASCII) or OBJ; its suffix does not matter.

    Raises
    ------
    FormatError
        The path is no file that can be read, or its content is no sound mesh.
    """
    return decode_scan(_read_file(Path(path)))


def decode_scan(data: Buffer) -> TriangleMesh:
    """Read a mesh from the bytes of a file of any supported format.

    Raises
    ------
    FormatError
        The bytes are no sound mesh.
    """
    if len(data) > MAX_FILE_BYTES:
        raise _too_large(len(data))
    if len(data) == 0:
        raise FormatError("The file is empty.", "Export or copy it again.")
    try:
        return _decode(data)
    except StsbenchError:
        raise
    except MemoryError:
        raise FormatError("The scan does not fit into memory.", "Export it coarser.") from None
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        # None is known; a reader that trips must still not show a traceback or a file's text.
        raise FormatError(
            f"The file is damaged ({type(error).__name__}).", "Export the scan again."
        ) from None


def _decode(data: Buffer) -> TriangleMesh:
    if starts_as_ply(data):
        return decode_ply(data)
    if is_binary_stl(data):
        return decode_binary_stl(data)
    for magic, problem, remedy in _OTHERS:
        if magic.match(bytes(data[:256])):
            raise FormatError(problem, remedy)
    if not looks_like_text(data):
        return decode_binary_stl(data)  # says how many faces it should have and has
    if first_word(data) in (b"solid", b"facet"):
        return decode_ascii_stl(data)
    return decode_obj(data)


def _too_large(size: int) -> FormatError:
    return FormatError(
        f"The file has {size / 2**30:.1f} GiB; the limit is {MAX_FILE_BYTES / 2**30:g} GiB.",
        "Export it coarser.",
    )


def _read_file(path: Path) -> memoryview:
    """Return the bytes of a regular file."""
    try:
        _check_regular(path.stat())
        descriptor = os.open(path, _READ)
        try:
            # Again on what was opened: the name may have changed hands in between.
            size = _check_regular(os.fstat(descriptor))
            return _read_all(descriptor, size)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise FormatError("The file does not exist.", "Check the path.") from None
    except PermissionError:
        raise FormatError("The file may not be read.", "Check its permissions.") from None
    except MemoryError:
        raise FormatError("The file does not fit into memory.", "Export it coarser.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, StsbenchError):
            raise
        raise FormatError("The file could not be read.", "Copy it to a local disk.") from None


def _check_regular(status: os.stat_result) -> int:
    """Return the size of a regular file, or refuse it."""
    if stat.S_ISDIR(status.st_mode):
        raise FormatError("This is a folder, not a scan.", "Name the file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise FormatError("This is a pipe or a device, not a file.", "Name a regular file.")
    if status.st_size > MAX_FILE_BYTES:
        raise _too_large(status.st_size)
    return status.st_size


def _read_all(descriptor: int, size: int) -> memoryview:
    content = np.empty(size, np.uint8).data
    with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
        done = 0
        while done < size:
            count = file.readinto(content[done:])
            if not count:
                raise FormatError("The file became shorter while it was read.", "Try again.")
            done += count
    return content


def write_scan(mesh: TriangleMesh, path: Path, *, durable: bool = True) -> None:
    """Write a mesh: whole or not at all, and nothing but its geometry and colours.

    Parameters
    ----------
    mesh : TriangleMesh
    path : Path
        Its suffix names the format: .ply and .obj keep colours, .stl has none.
    durable : bool
        Wait until the disk has the file; see `write_aside`.

    Raises
    ------
    InputError
        Another suffix.
    MeshError
        No faces, or a coordinate beyond float32.
    StorageError
        The folder or the disk does not take it.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise InputError(
            "The output is no format that is written.", f"End its name in {', '.join(_WRITERS)}."
        )
    if mesh.face_count == 0:
        raise MeshError("The mesh has no faces.", "Look at what removed them; nothing was written.")
    write_aside(path, _WRITERS[suffix](mesh), durable=durable)


_WRITERS = {".ply": ply_parts, ".stl": stl_parts, ".obj": obj_parts}
