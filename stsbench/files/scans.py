"""Scans on disk: any mesh file to a TriangleMesh, and back as our own clean file.

Rules owned here:
- What a file is, its bytes say; its name is never trusted and never repeated.
- No other file that a scan names is ever opened.
- Every failure is one FormatError or StorageError with a remedy; nothing foreign gets through.
- Names and metadata stop here: a TriangleMesh has no place for them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import FormatError, InputError, MeshError, StsbenchError
from stsbench.files.atomic import WrittenAside
from stsbench.files.mesh_checks import MAX_FILE_BYTES, Buffer, too_large
from stsbench.files.obj import decode_obj, encode_obj, obj_parts
from stsbench.files.plain_text import first_word, looks_like_text
from stsbench.files.ply import decode_ply, encode_ply, ply_parts
from stsbench.files.ply_header import starts_as_ply
from stsbench.files.regular_file import RegularFile
from stsbench.files.stl import (
    STL_PREFIX,
    binary_faces,
    decode_ascii_stl,
    decode_binary_stl,
    encode_stl,
    read_binary_stl,
    stl_parts,
)

__all__ = [
    "decode_scan",
    "encode_obj",
    "encode_ply",
    "encode_stl",
    "read_scan",
    "write_scan",
    "write_scan_aside",
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
    with RegularFile(Path(path)) as file, _translated():
        head = file.read(0, min(file.size, STL_PREFIX))
        faces = 0 if starts_as_ply(head) else binary_faces(head, file.size)
        if faces:
            return read_binary_stl(file.read, faces)  # welded while it is read, never held whole
        return decode_scan(file.read(0, file.size))


def decode_scan(data: Buffer) -> TriangleMesh:
    """Read a mesh from the bytes of a file of any supported format.

    Raises
    ------
    FormatError
        The bytes are no sound mesh.
    """
    with _translated():
        return _decode(data)


@contextmanager
def _translated() -> Iterator[None]:
    """Let nothing foreign through, whatever a reader trips over."""
    try:
        yield
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
    if len(data) > MAX_FILE_BYTES:
        raise too_large(len(data))
    if len(data) == 0:
        raise FormatError("The file is empty.", "Export or copy it again.")
    if starts_as_ply(data):
        return decode_ply(data)
    if binary_faces(data, len(data)):
        return decode_binary_stl(data)
    for magic, problem, remedy in _OTHERS:
        if magic.match(bytes(data[:256])):
            raise FormatError(problem, remedy)
    if not looks_like_text(data):
        return decode_binary_stl(data)  # says how many faces it should have and has
    if first_word(data) in (b"solid", b"facet"):
        return decode_ascii_stl(data)
    return decode_obj(data)


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
    with write_scan_aside(mesh, path, durable=durable) as written:
        written.put_in_place()


def write_scan_aside(mesh: TriangleMesh, path: Path, *, durable: bool = True) -> WrittenAside:
    """Write a mesh whole, but not yet in its place: as `write_scan`, in two steps.

    Parameters
    ----------
    mesh : TriangleMesh
    path : Path
    durable : bool

    Returns
    -------
    WrittenAside
        To be put in place or closed.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise InputError(
            "The output is no format that is written.", f"End its name in {', '.join(_WRITERS)}."
        )
    if mesh.face_count == 0:
        raise MeshError("The mesh has no faces.", "Look at what removed them; nothing was written.")
    return WrittenAside(path, _WRITERS[suffix](mesh), durable=durable)


_WRITERS = {".ply": ply_parts, ".stl": stl_parts, ".obj": obj_parts}
