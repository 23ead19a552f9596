"""Rows of different length: lists packed in bytes, and polygons cut into triangles.

Rules owned here:
- A count or an index read from bytes is checked against what is there before it is used; a row
  that runs over the end stops the walk.
- A polygon becomes a fan around its first corner, in its own winding; fewer than three corners
  enclose nothing and give no face.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces
from stsbench.geometry.compiled import kernel

__all__ = ["fan_triangles", "find_in_rows", "read_lists"]

Octets = NDArray[np.uint8]
Offsets = NDArray[np.int64]


@kernel
def _integer(octets: Octets, at: int, size: int, signed: bool, big_endian: bool) -> np.int64:
    """Read an integer of 1 to 8 bytes; the caller has checked that they are there."""
    value = np.uint64(0)
    for k in range(size):
        octet = octets[at + k] if big_endian else octets[at + size - 1 - k]
        value = (value << np.uint64(8)) | np.uint64(octet)
    if signed and size < 8 and value >> np.uint64(8 * size - 1):
        return np.int64(value) - (np.int64(1) << np.int64(8 * size))
    return np.int64(value)


@kernel
def find_in_rows(
    octets: Octets, start: int, row_count: int, shapes: Offsets, wanted: int, big_endian: bool
) -> tuple[Offsets, int, int, int]:
    """Walk over rows of different length.

    Parameters
    ----------
    octets : (N,) uint8
    start : int
        Byte where the first row begins.
    row_count : int
        The caller has checked that N bytes can hold as many.
    shapes : (P, 3) int64
        Per property: bytes of its list count (0 for a single value), whether that count is
        signed, bytes of one value.
    wanted : int
        Property whose place is asked for, or -1.
    big_endian : bool

    Returns
    -------
    offsets : (row_count,) int64
        Byte where the wanted property begins, in each row.
    values : int
        How many values the wanted property has in all.
    rows : int
        Rows walked; fewer than asked for when one does not fit.
    end : int
        Byte after the last row.
    """
    offsets = np.empty(row_count if wanted >= 0 else 0, np.int64)
    size = octets.shape[0]
    values = 0
    at = start
    for row in range(row_count):
        for p in range(shapes.shape[0]):
            if p == wanted:
                offsets[row] = at
            count = 1
            if shapes[p, 0] > 0:
                if at + shapes[p, 0] > size:
                    return offsets, values, row, at
                count = _integer(octets, at, shapes[p, 0], shapes[p, 1] > 0, big_endian)
                at += shapes[p, 0]
                if count < 0 or count > size:
                    return offsets, values, row, at
            if p == wanted:
                values += count
            at += count * shapes[p, 2]
            if at > size:
                return offsets, values, row, at
    return offsets, values, row_count, at


@kernel
def read_lists(
    octets: Octets, offsets: Offsets, shape: Offsets, signed: bool, big_endian: bool, values: int
) -> tuple[NDArray[np.int32], Offsets]:
    """Read integer lists at places that `find_in_rows` found.

    Parameters
    ----------
    octets : (N,) uint8
    offsets : (R,) int64
    shape : (3,) int64
        As in `find_in_rows`, of this property.
    signed, big_endian : bool
    values : int
        Their number in all, as `find_in_rows` counted.

    Returns
    -------
    counts : (R,) int32
    corners : (values,) int64
    """
    counts = np.empty(offsets.shape[0], np.int32)
    corners = np.empty(values, np.int64)
    done = 0
    for row in range(offsets.shape[0]):
        at = offsets[row]
        counts[row] = _integer(octets, at, shape[0], shape[1] > 0, big_endian)
        at += shape[0]
        for _ in range(counts[row]):
            corners[done] = _integer(octets, at, shape[2], signed, big_endian)
            at += shape[2]
            done += 1
    return counts, corners


@kernel
def _fan(counts: NDArray[np.int32], corners: Offsets, face_count: int) -> Faces:
    faces = np.empty((face_count, 3), np.int32)
    at = 0
    face = 0
    for row in range(counts.shape[0]):
        for k in range(1, counts[row] - 1):
            faces[face, 0] = corners[at]
            faces[face, 1] = corners[at + k]
            faces[face, 2] = corners[at + k + 1]
            face += 1
        at += counts[row]
    return faces


def fan_triangles(counts: NDArray[np.int32], corners: Offsets) -> Faces:
    """Cut polygons into triangles.

    Parameters
    ----------
    counts : (P,) int32
        Corners of each polygon.
    corners : (sum of counts,) int64
        Vertex indices, each of which fits an int32.

    Returns
    -------
    (F, 3) int32
    """
    face_count = int(np.maximum(counts.astype(np.int64) - 2, 0).sum())
    return _fan(counts, corners, face_count)  # type: ignore[no-any-return]
