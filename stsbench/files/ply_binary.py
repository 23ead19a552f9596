"""The rows of a binary PLY file: columns of single values, and the vertex lists of faces.

Rules owned here:
- Rows of one length are read as a table, where they lie; only rows that differ are walked.
- No count is believed: an element must fit into the bytes that are left before it is touched.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.files.mesh_checks import (
    MAX_CORNERS,
    Buffer,
    check_polygons,
    cut_off,
    too_many_faces,
)
from stsbench.files.plain_text import as_octets
from stsbench.files.ply_header import (
    Element,
    PlyHeader,
    name_rows,
    vertex_columns,
    vertex_list,
)
from stsbench.geometry.list_rows import fan_triangles, find_in_rows, read_lists

__all__ = ["BinaryRows"]

_LONGEST_TABLE_LIST = 256

Column = NDArray[Any]


class BinaryRows:
    """The data after the header of a binary PLY file.

    Parameters
    ----------
    data : bytes-like
        The whole file.
    header : PlyHeader

    Raises
    ------
    FormatError
        The file is cut off.
    """

    def __init__(self, data: Buffer, header: PlyHeader) -> None:
        self._octets = as_octets(data)
        self._header = header
        self._starts: list[int] = []
        at = header.data_start
        last = max(header.place_of("vertex"), header.place_of("face"))
        for place, element in enumerate(header.elements[: last + 1]):
            self._check_room(element, at)
            self._starts.append(at)
            if place < last:
                at = self._end_of(element, at)

    def vertex_values(self) -> list[Column]:
        """Return x, y, z and, if there are colours, red, green, blue: one array each."""
        place = self._header.place_of("vertex")
        element, start = self._header.elements[place], self._starts[place]
        wanted = vertex_columns(element)
        if not element.has_lists:
            table = self._table(element, start, {})
            return [table[f"v{each}"] for each in wanted]
        return [self._scattered_values(element, start, each) for each in wanted]

    def triangles(self) -> NDArray[np.integer]:
        """Return the faces, larger polygons cut into fans: (F, 3) of the file's integer type."""
        place = self._header.place_of("face")
        element, start = self._header.elements[place], self._starts[place]
        wanted = vertex_list(element)
        table = self._uniform_rows(element, start)
        if table is not None and table.dtype[f"v{wanted}"].shape == (3,):
            return np.ascontiguousarray(table[f"v{wanted}"])
        offsets, values, _ = self._walk(element, start, wanted)
        if values > MAX_CORNERS:
            raise too_many_faces()
        signed = element.properties[wanted].value_type.kind == "i"
        shape = _shapes(element)[wanted]
        counts, corners = read_lists(
            self._octets, offsets, shape, signed, self._header.big_endian, values
        )
        check_polygons(counts, corners)
        return fan_triangles(counts, corners)

    def _check_room(self, element: Element, start: int) -> None:
        row = element.smallest_row
        there = len(self._octets) - start
        if row * element.count > there:
            raise cut_off(element.count, name_rows(element), there // row)

    def _end_of(self, element: Element, start: int) -> int:
        if not element.has_lists:
            return start + element.smallest_row * element.count
        table = self._uniform_rows(element, start)
        return start + table.nbytes if table is not None else self._walk(element, start, -1)[2]

    def _table(self, element: Element, start: int, lengths: dict[int, int]) -> Column:
        """Return rows of one length: fields `v<i>` for values and `n<i>` for list counts."""
        fields: list[Any] = []
        for place, each in enumerate(element.properties):
            if each.count_type is None:
                fields.append((f"v{place}", each.value_type))
            else:
                fields.append((f"n{place}", each.count_type))
                fields.append((f"v{place}", each.value_type, (lengths[place],)))
        row = np.dtype(fields)
        rows = (len(self._octets) - start) // max(1, row.itemsize)
        if rows < element.count:
            raise cut_off(element.count, name_rows(element), rows)
        return self._octets[start : start + row.itemsize * element.count].view(row)

    def _uniform_rows(self, element: Element, start: int) -> Column | None:
        """Return the rows as a table if every list is as long as in the first row."""
        lengths: dict[int, int] = {}
        at = start
        for place, each in enumerate(element.properties):
            if each.count_type is None:
                at += each.value_type.itemsize
                continue
            count = self._octets[at : at + each.count_type.itemsize]
            if len(count) < each.count_type.itemsize:
                return None
            lengths[place] = int(count.view(each.count_type)[0])
            if not 0 <= lengths[place] <= _LONGEST_TABLE_LIST:
                return None
            at += each.count_type.itemsize + lengths[place] * each.value_type.itemsize
        if (at - start) * element.count > len(self._octets) - start:
            return None
        table = self._table(element, start, lengths)
        same = all(bool((table[f"n{place}"] == n).all()) for place, n in lengths.items())
        return table if same else None

    def _walk(
        self, element: Element, start: int, wanted: int
    ) -> tuple[NDArray[np.int64], int, int]:
        """Walk over rows of different length; return places, values and the end."""
        offsets, values, rows, end = find_in_rows(
            self._octets,
            start,
            element.count,
            _shapes(element),
            wanted,
            self._header.big_endian,
        )
        if rows < element.count:
            raise cut_off(element.count, name_rows(element), rows)
        return offsets, values, end

    def _scattered_values(self, element: Element, start: int, wanted: int) -> Column:
        kind = element.properties[wanted].value_type
        offsets, _, _ = self._walk(element, start, wanted)
        octets = self._octets[offsets[:, None] + np.arange(kind.itemsize)]
        column: Column = np.ascontiguousarray(octets).view(kind)[:, 0]
        return column


def _shapes(element: Element) -> NDArray[np.int64]:
    """Return the properties as `find_in_rows` wants them."""
    rows = [
        (
            each.count_type.itemsize if each.count_type is not None else 0,
            each.count_type is not None and each.count_type.kind == "i",
            each.value_type.itemsize,
        )
        for each in element.properties
    ]
    return np.array(rows, dtype=np.int64)
