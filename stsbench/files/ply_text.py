"""The rows of an ASCII PLY file: columns of single values, and the vertex lists of faces.

Rules owned here:
- Values are words between blanks, wherever lines end; properties that are not wanted are passed
  over unread, so a normal that is not a number does no harm.
- A row needs at least two bytes per property; a count that the bytes cannot hold is refused.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.files.mesh_checks import MAX_CORNERS, Buffer, check_polygons, cut_off
from stsbench.files.plain_text import as_octets, check_outcome
from stsbench.files.ply_header import (
    Element,
    PlyHeader,
    name_rows,
    vertex_columns,
    vertex_list,
)
from stsbench.geometry.list_rows import fan_triangles
from stsbench.geometry.mesh_text import scan_rows

__all__ = ["TextRows"]


class TextRows:
    """The data after the header of an ASCII PLY file.

    Parameters
    ----------
    data : bytes-like
        The whole file.
    header : PlyHeader

    Raises
    ------
    FormatError
        The file is cut off, or a wanted value is not a number.
    """

    def __init__(self, data: Buffer, header: PlyHeader) -> None:
        octets = as_octets(data)
        at = header.data_start
        for element in header.elements[: 1 + max(map(header.place_of, ("vertex", "face")))]:
            wanted = {"vertex": vertex_columns, "face": _list_alone}.get(element.name)
            values, counts, corners, at = _read(
                octets, element, at, wanted(element) if wanted else []
            )
            if element.name == "vertex":
                self._values = values
            elif element.name == "face":
                self._counts, self._corners = counts, corners

    def vertex_values(self) -> list[NDArray[Any]]:
        """Return x, y, z and, if there are colours, red, green, blue: one array each."""
        return list(self._values.T)

    def triangles(self) -> NDArray[np.integer]:
        """Return the faces, larger polygons cut into fans: (F, 3)."""
        check_polygons(self._counts, self._corners)
        return fan_triangles(self._counts, self._corners)


def _list_alone(element: Element) -> list[int]:
    return [vertex_list(element)]


def _read(
    octets: NDArray[np.uint8], element: Element, start: int, wanted: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64], int]:
    """Read the wanted properties of one element; return values, lists and where it ends."""
    properties = element.properties
    room = (len(octets) - start + 1) // max(1, 2 * len(properties))
    if properties and element.count > room:
        raise cut_off(element.count, name_rows(element), room)
    is_list = np.array([each.count_type is not None for each in properties], dtype=np.uint8)
    columns = np.full(len(properties), -1, dtype=np.int64)
    columns[wanted] = range(len(wanted))
    values = np.empty((element.count if len(wanted) >= 3 else 0, len(wanted)))
    counts, corners, corner_count, end, outcome = scan_rows(
        octets, start, element.count if properties else 0, is_list, columns, values, MAX_CORNERS
    )
    check_outcome(octets, end, outcome, "PLY")
    return values, counts, corners[:corner_count], end
