"""Wavefront OBJ: bytes to a mesh and back.

Rules owned here:
- Only `v` and `f` are read. `mtllib` is never opened, whatever it names; `o`, `g`, `usemtl` and
  comments are passed over.
- Colours are the three numbers after x y z, as floats 0 to 1 or 0 to 255; they count only when
  every vertex has them.
- What is written has `v` and `f` lines alone: shortest decimals that give the float32 back.

Source: Wavefront, *Object Files (.obj)*, Advanced Visualizer manual, appendix B1; vertex colours
as MeshLab writes them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import FormatError
from stsbench.files.mesh_checks import (
    MAX_CORNERS,
    Buffer,
    as_colours,
    check_face_count,
    check_polygons,
    check_vertex_count,
    float32_vertices,
    mesh_of,
)
from stsbench.files.plain_text import check_outcome, without_mark
from stsbench.geometry.list_rows import fan_triangles
from stsbench.geometry.obj_text import scan_obj

__all__ = ["decode_obj", "encode_obj", "obj_parts"]

_ROWS_AT_ONCE = 16384


def decode_obj(data: Buffer) -> TriangleMesh:
    """Read an OBJ file.

    Raises
    ------
    FormatError
        No vertices or faces, or a line that is not valid.
    """
    octets = without_mark(data)
    nothing = np.empty((0, 3))
    no_colours = np.empty((0, 3), np.float32)
    vertex_count, coloured, polygon_count, corner_count, end, outcome = scan_obj(
        octets,
        False,
        nothing,
        no_colours,
        np.empty(0, np.int32),
        np.empty(0, np.int64),
        MAX_CORNERS,
    )
    check_outcome(octets, end, outcome, "OBJ")
    if vertex_count == 0:
        raise FormatError("The file is not an STL, PLY or OBJ mesh.", "Export it as one of these.")
    check_vertex_count(vertex_count)
    check_face_count(polygon_count)
    vertices = np.empty((vertex_count, 3))
    colours = np.empty((vertex_count, 3), np.float32) if coloured == vertex_count else no_colours
    counts = np.empty(polygon_count, np.int32)
    corners = np.empty(corner_count, np.int64)
    *_, end, outcome = scan_obj(octets, True, vertices, colours, counts, corners, MAX_CORNERS)
    check_outcome(octets, end, outcome, "OBJ")
    check_polygons(counts, corners)
    columns = list(colours.T) if len(colours) else []
    return mesh_of(vertices, fan_triangles(counts, corners), as_colours(columns))


def obj_parts(mesh: TriangleMesh) -> list[bytes]:
    """Return the lines of an OBJ in pieces, to be written one after the other."""
    vertices = float32_vertices(mesh).astype(np.float64)  # so that %.9g sees the float32 value
    line = "v %.9g %.9g %.9g\n"
    if mesh.colours is not None:
        vertices = np.hstack([vertices, mesh.colours / 255.0])
        line = "v %.9g %.9g %.9g %.4f %.4f %.4f\n"
    return _lines(line, vertices) + _lines("f %d %d %d\n", mesh.faces.astype(np.int64) + 1)


def _lines(line: str, rows: NDArray[Any]) -> list[bytes]:
    parts = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        parts.append((line * len(part) % tuple(part.reshape(-1).tolist())).encode("ascii"))
    return parts


def encode_obj(mesh: TriangleMesh) -> bytes:
    """Return a mesh as OBJ: positions, colours if there are any, triangles.

    Raises
    ------
    MeshError
        A coordinate beyond float32.
    """
    return b"".join(obj_parts(mesh))
