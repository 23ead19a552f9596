"""PLY, binary of both byte orders and ASCII: bytes to a mesh and back.

Rules owned here:
- Positions, red green blue and the vertex lists of faces are read; all else is skipped by its size.
  Vertices keep the order of the file and are not welded.
- Polygons become fans. Colours may be bytes, 16-bit, or floats from 0 to 1.
- What is written is little-endian: float32 positions, byte colours if there are any, int32
  triangles; no comment, no name, no date. The same mesh gives the same bytes.

Source: Turk, *The PLY Polygon File Format*, Stanford 1994.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import FormatError
from stsbench.files.mesh_checks import (
    Buffer,
    as_colours,
    check_face_count,
    check_vertex_count,
    float32_vertices,
    mesh_of,
)
from stsbench.files.ply_binary import BinaryRows
from stsbench.files.ply_header import COLOUR_NAMES, read_header
from stsbench.files.ply_text import TextRows

__all__ = ["decode_ply", "encode_ply", "ply_parts"]


def decode_ply(data: Buffer) -> TriangleMesh:
    """Read a PLY file.

    Raises
    ------
    FormatError
        Damaged, cut off, or without faces.
    """
    header = read_header(data)
    vertex, face = header.place_of("vertex"), header.place_of("face")
    if vertex < 0 or face < 0:
        raise FormatError(
            f"The PLY file has no {'faces' if face < 0 else 'vertices'}.",
            "Export a surface, not a point cloud.",
        )
    check_vertex_count(header.elements[vertex].count)
    check_face_count(header.elements[face].count)
    rows = TextRows(data, header) if header.text else BinaryRows(data, header)
    columns = rows.vertex_values()
    vertices = np.empty((header.elements[vertex].count, 3))
    for axis in range(3):
        vertices[:, axis] = columns[axis]
    return mesh_of(vertices, rows.triangles(), as_colours(columns[3:]))


def ply_parts(mesh: TriangleMesh) -> tuple[bytes, memoryview, memoryview]:
    """Return header, vertices and faces of a binary PLY, to be written one after the other."""
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {mesh.vertex_count}"]
    lines += [f"property float {axis}" for axis in "xyz"]
    rows: NDArray[Any] = float32_vertices(mesh)
    if mesh.colours is not None:
        lines += [f"property uchar {name}" for name in COLOUR_NAMES[0]]
        packed = np.empty(mesh.vertex_count, np.dtype([("position", "V12"), ("colour", "V3")]))
        packed["position"] = rows.view("V12")[:, 0]
        packed["colour"] = mesh.colours.view("V3")[:, 0]
        rows = packed
    lines += [f"element face {mesh.face_count}", "property list uchar int vertex_indices"]
    faces = np.empty(mesh.face_count, np.dtype([("count", "u1"), ("corners", "V12")]))
    faces["count"] = 3
    faces["corners"] = mesh.faces.view("V12")[:, 0]
    header = "\n".join([*lines, "end_header", ""]).encode("ascii")
    return header, rows.view(np.uint8).reshape(-1).data, faces.view(np.uint8).data


def encode_ply(mesh: TriangleMesh) -> bytes:
    """Return a mesh as binary PLY: positions, colours if there are any, triangles.

    Raises
    ------
    MeshError
        A coordinate beyond float32.
    """
    return b"".join(ply_parts(mesh))
