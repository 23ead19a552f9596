"""How large a scan may be, and the checks that every format shares.

Rules owned here:
- A claim is compared with the bytes that are there before memory is asked for, so the largest file
  that is read stays under 4 GB and a minute. Scans of one arch have 0.02 to 2 million faces.
- A coordinate must be a finite float32: that is what every file that is written holds.
- A message names counts and line numbers, never text from the file: it may be a name.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Colours, Faces, TriangleMesh, Vertices
from stsbench.errors import FormatError, MeshError

__all__ = [
    "MAX_CORNERS",
    "MAX_FACES",
    "MAX_FILE_BYTES",
    "MAX_VERTICES",
    "Buffer",
    "as_colours",
    "check_face_count",
    "check_polygons",
    "check_vertex_count",
    "cut_off",
    "float32_vertices",
    "mesh_of",
    "too_large",
    "too_many_faces",
]

MAX_FILE_BYTES = 1 << 30
MAX_FACES = 10_000_000
MAX_VERTICES = 3 * MAX_FACES  # loose triangles share none
MAX_CORNERS = 3 * MAX_FACES  # of polygons, before they are cut into triangles

Buffer = bytes | bytearray | memoryview

# The last float64 that rounds to a finite float32: its largest, written with nine digits, is above.
_LARGEST = float(np.nextafter(2.0**128 - 2.0**103, 0.0))
_ROWS_AT_ONCE = 65536  # so that a conversion needs no array of the size of the scan
_AGAIN = "Export the scan again."


def check_face_count(count: int) -> None:
    """Refuse more faces than can be handled, or none."""
    if count > MAX_FACES:
        raise FormatError(
            f"The file claims {count} faces; the limit is {MAX_FACES}.", "Export it coarser."
        )
    if count == 0:
        raise FormatError("The file has no faces.", "Export a surface, not a point cloud.")


def check_vertex_count(count: int) -> None:
    """Refuse more vertices than can be handled."""
    if count > MAX_VERTICES:
        raise FormatError(
            f"The file claims {count} vertices; the limit is {MAX_VERTICES}.", "Export it coarser."
        )


def check_polygons(counts: NDArray[np.int32], corners: NDArray[np.int64]) -> None:
    """Refuse polygons that would make too many faces, or whose indices no int32 can hold.

    Parameters
    ----------
    counts : (P,) int32
        Corners of each polygon.
    corners : (sum of counts,) int64
    """
    check_face_count(int(np.maximum(counts.astype(np.int64) - 2, 0).sum()))
    low, high = int(corners.min()), int(corners.max())
    if low < 0 or high > np.iinfo(np.int32).max:
        raise FormatError(f"Faces name vertices {low} to {high}.", _AGAIN)


def as_colours(columns: Sequence[NDArray[Any]]) -> Colours | None:
    """Return red, green, blue columns as bytes, (V, 3) uint8; None when there are none.

    Of 16-bit integers the leading 8 bits are kept; floats are 0 to 1, or 0 to 255 when one
    exceeds 1.
    """
    if not columns:
        return None
    colours = np.empty((len(columns[0]), 3), np.uint8)
    floats = columns[0].dtype.kind == "f"
    above_one = floats and any(bool((column > 1.0).any()) for column in columns)
    for channel, column in enumerate(columns):
        for start in range(0, len(column), _ROWS_AT_ONCE):
            part = column[start : start + _ROWS_AT_ONCE]
            if floats:
                part = np.nan_to_num(part.astype(np.float64), posinf=0.0, neginf=0.0)
                part = np.rint(part if above_one else 255.0 * part)
            elif part.dtype.itemsize == 2:
                part = part >> 8
            colours[start : start + _ROWS_AT_ONCE, channel] = np.clip(part, 0, 255)
    return colours


def cut_off(claimed: int, what: str, there: int) -> FormatError:
    """Return the error for a file that ends too early."""
    return FormatError(
        f"The file claims {claimed} {what} but has room for {there}: it is cut off, or no mesh.",
        "Export or copy it again.",
    )


def mesh_of(
    vertices: Vertices, faces: NDArray[np.integer], colours: Colours | None = None
) -> TriangleMesh:
    """Make a mesh of what a file holds, or say what is wrong with it.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) integer
        Of any width, so that an index beyond int32 is refused and not wrapped.
    colours : (V, 3) uint8, optional

    Raises
    ------
    FormatError
        No faces, too many, a coordinate that is no finite float32, an index out of range.
    """
    check_face_count(len(faces))
    check_vertex_count(len(vertices))
    _check_coordinates(vertices)
    low, high = int(faces.min()), int(faces.max())
    if low < 0 or high >= len(vertices):
        raise FormatError(
            f"Faces name vertices {low} to {high}, but there are {len(vertices)}.", _AGAIN
        )
    narrow: Faces = faces.astype(np.int32, copy=False)
    return TriangleMesh(vertices, narrow, colours)


def _check_coordinates(vertices: Vertices) -> None:
    if not len(vertices):
        return
    # Not-a-number passes through both; one pass each and no array of the size of the mesh.
    low, high = float(vertices.min()), float(vertices.max())
    if -_LARGEST <= low <= high <= _LARGEST:
        return
    bad = int(np.count_nonzero(~(np.abs(vertices) <= _LARGEST).all(axis=1)))
    raise FormatError(f"{bad} vertices have coordinates that are not finite numbers.", _AGAIN)


def too_large(size: int) -> FormatError:
    """Return the error for a file of more bytes than are read."""
    return FormatError(
        f"The file has {size / 2**30:.1f} GiB; the limit is {MAX_FILE_BYTES / 2**30:g} GiB.",
        "Export it coarser.",
    )


def too_many_faces() -> FormatError:
    """Return the error for a file whose faces are more than it was worth counting."""
    return FormatError(
        f"The file has more than {MAX_FACES} faces, or more vertices than these need.",
        "Export it coarser.",
    )


def float32_vertices(mesh: TriangleMesh) -> NDArray[np.float32]:
    """Return the vertices as files hold them, (V, 3) float32, mm.

    Raises
    ------
    MeshError
        A coordinate beyond float32.
    """
    with np.errstate(over="ignore"):
        vertices = mesh.vertices.astype(np.float32)
    if not np.isfinite(vertices).all():
        raise MeshError("A coordinate is too large for a file.", "Check the unit of the scan.")
    return vertices
