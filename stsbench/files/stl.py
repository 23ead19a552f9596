"""STL, binary and ASCII: bytes to a welded mesh and back.

Rules owned here:
- A file is binary when its length is what its face count asks for, whatever its header says: many
  exporters begin binary files with "solid". A short tail after the last face is left unread; it
  may be a note, and must not be a second solid.
- Corners are welded where they are bit-identical. Stored normals and attribute bytes are not read:
  winding decides, and per-face colours exist in two contradicting dialects.
- What is written is binary, its header 80 zero bytes: no name, no program, no date.

Source: StereoLithography Interface Specification, 3D Systems, 1988 (as quoted in the Library of
Congress format description fdd000505).
"""

import struct
from collections.abc import Callable

import numpy as np

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import FormatError
from stsbench.files.mesh_checks import (
    MAX_FACES,
    Buffer,
    check_face_count,
    cut_off,
    float32_vertices,
)
from stsbench.files.plain_text import check_outcome, without_mark
from stsbench.geometry.compiled import in_threads
from stsbench.geometry.face_records import RECORD_WORDS, fill_face_records
from stsbench.geometry.mesh_text import scan_stl
from stsbench.geometry.welding import ExactWelder

__all__ = [
    "STL_PREFIX",
    "binary_faces",
    "decode_ascii_stl",
    "decode_binary_stl",
    "encode_stl",
    "read_binary_stl",
    "stl_parts",
]

STL_PREFIX = 84  # 80 bytes of header and the face count
_RECORD_BYTES = 2 * RECORD_WORDS
_NORMAL_WORDS = 6
_FACES_FOR_TWO = 50_000  # below, a second thread costs more than it brings
_SMALLEST_FACET = 84  # bytes, every number one digit: never more facets than this allows
_LONGEST_TAIL = 4096  # bytes, and a tenth of the faces: no chance count in another file fits this
_FACES_AT_ONCE = 8192  # a piece of the file that stays in the processor's cache


def binary_faces(head: Buffer, size: int) -> int:
    """Return the face count of a binary STL, or 0 when the file is none.

    Parameters
    ----------
    head : bytes-like
        At least the first STL_PREFIX bytes, if there are as many.
    size : int
        Bytes of the file: as many as the faces need, or a little more.
    """
    faces = _claimed_faces(head)
    tail = size - STL_PREFIX - _RECORD_BYTES * faces
    return faces if faces > 0 and 0 <= tail <= min(_LONGEST_TAIL, 5 * faces) else 0


def _claimed_faces(head: Buffer) -> int:
    return int(struct.unpack_from("<I", head, 80)[0]) if len(head) >= STL_PREFIX else 0


def decode_binary_stl(data: Buffer) -> TriangleMesh:
    """Read a binary STL and weld its corners.

    Raises
    ------
    FormatError
        Too short for the faces it claims, none, too many, or coordinates that are no numbers.
    """
    faces = binary_faces(data, len(data))
    if not faces:
        claimed, room = _claimed_faces(data), max(0, len(data) - STL_PREFIX) // _RECORD_BYTES
        if claimed > room:
            raise cut_off(claimed, "faces", room)
        raise FormatError(
            "The file is not an STL, PLY or OBJ mesh, or its face count is wrong.",
            "Export it again as one of these.",
        )
    view = memoryview(data)
    return read_binary_stl(lambda start, count: view[start : start + count], faces)


def read_binary_stl(read: Callable[[int, int], Buffer], faces: int) -> TriangleMesh:
    """Read a binary STL piece by piece and weld its corners.

    Parameters
    ----------
    read : callable (start, count) -> bytes-like
        Returns bytes of the file; called from two threads at once.
    faces : int
        As `binary_faces` found.

    Raises
    ------
    FormatError
        Too many faces, or coordinates that are no numbers.
    """
    check_face_count(faces)
    half = faces // 2 if faces > _FACES_FOR_TWO else faces

    def weld(start: int) -> ExactWelder:
        end = half if start == 0 else faces
        # The first also takes in the corners of the other.
        welder = ExactWelder(3 * (faces - start))
        for at in range(start, end, _FACES_AT_ONCE):
            count = min(_FACES_AT_ONCE, end - at)
            piece = read(STL_PREFIX + _RECORD_BYTES * at, _RECORD_BYTES * count)
            words = np.frombuffer(piece, np.dtype("<u2")).reshape(count, RECORD_WORDS)
            welder.add_records(words, first=_NORMAL_WORDS, each=3)
        return welder

    welder, *others = in_threads(weld, [0] if half == faces else [0, half])
    for other in others:
        welder.join(other)
    return _welded_mesh(welder)


def decode_ascii_stl(data: Buffer) -> TriangleMesh:
    """Read an ASCII STL, of one solid or several, and weld its corners.

    Raises
    ------
    FormatError
        A line that is not valid, an end that comes too early, no facets.
    """
    octets = without_mark(data)
    most = min(len(octets) // _SMALLEST_FACET, MAX_FACES)
    corners = np.empty((3 * most, 3), np.float32)
    facets, end, outcome = scan_stl(octets, corners)
    check_outcome(octets, end, outcome, "ASCII STL")
    check_face_count(facets)
    welder = ExactWelder(3 * facets)
    welder.add(corners[: 3 * facets])
    return _welded_mesh(welder)


def _welded_mesh(welder: ExactWelder) -> TriangleMesh:
    """Make a mesh of welded corners, three per face."""
    if not welder.finite:
        raise FormatError(
            "The file has coordinates that are not finite numbers.", "Export the scan again."
        )
    vertices, corner_vertex = welder.welded()
    return TriangleMesh.of_welded(vertices, corner_vertex.reshape(-1, 3))


def stl_parts(mesh: TriangleMesh) -> tuple[bytes, memoryview]:
    """Return header and records of a binary STL, ready to be written one after the other."""
    words = np.empty((mesh.face_count, RECORD_WORDS), np.uint16)
    vertices = float32_vertices(mesh)

    def fill(part: slice) -> None:
        fill_face_records(vertices, mesh.faces[part], words[part])

    half = mesh.face_count // 2 if mesh.face_count > _FACES_FOR_TWO else 0
    in_threads(fill, [slice(0, half), slice(half, None)])
    return bytes(80) + struct.pack("<I", mesh.face_count), words.view(np.uint8).reshape(-1).data


def encode_stl(mesh: TriangleMesh) -> bytes:
    """Return a mesh as binary STL; names, colours and attributes stay behind.

    Raises
    ------
    MeshError
        A coordinate beyond float32.
    """
    return b"".join(stl_parts(mesh))
