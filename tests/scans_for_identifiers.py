"""Smallest scan files of each format, byte by byte, with a place for a word in each channel."""

import struct

__all__ = ["ASCII_PLY", "ASCII_STL", "BINARY_PLY", "BINARY_STL", "OBJ", "binary_ply", "binary_stl"]

TRIANGLE = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def binary_stl(*, header: bytes = b"", attribute: bytes = b"\0\0") -> bytes:
    """Two triangles; the second carries the attribute."""
    corners = struct.pack("<12f", *(0.0, 0.0, 1.0), *(value for row in TRIANGLE for value in row))
    rows = corners + b"\0\0" + corners + attribute
    return header.ljust(80, b"\0") + struct.pack("<I", 2) + rows


def binary_ply(
    *,
    order: str = "<",
    corners: tuple[int, ...] = (3,),
    colours: bool = False,
    extra: bytes = b"",
    extra_property: bytes = b"",
) -> bytes:
    """One face per entry of `corners`, with that many corners."""
    word = b"binary_little_endian" if order == "<" else b"binary_big_endian"
    header = b"ply\nformat " + word + b" 1.0\nelement vertex 3\n"
    header += b"".join(b"property float " + axis + b"\n" for axis in (b"x", b"y", b"z"))
    if colours:
        header += b"".join(
            b"property uchar " + colour + b"\n" for colour in (b"red", b"green", b"blue")
        )
    if extra_property:
        header += b"property uchar " + extra_property + b"\n"
    header += b"element face %d\nproperty list uchar int vertex_indices\n" % len(corners)
    rows = b""
    for vertex in TRIANGLE:
        rows += struct.pack(f"{order}3f", *vertex) + (b"\1\2\3" if colours else b"")
        rows += b"\0" if extra_property else b""
    for count in corners:
        rows += struct.pack(f"{order}B{count}i", count, *range(count))
    return header + extra + b"end_header\n" + rows


BINARY_STL = binary_stl()
BINARY_PLY = binary_ply()
ASCII_STL = b"""solid
  facet normal 0 0 1
    outer loop
      vertex 0 0 0
      vertex 1 0 0
      vertex -1.5e-3 +1. .5E+2
    endloop
  endfacet
endsolid
"""
ASCII_PLY = b"""ply
format ascii 1.0
element vertex 3
property float x
property float y
property float z
element face 1
property list uchar int vertex_indices
end_header
0 0 0
1 0 0
0 1.5e-3 -0.5
3 0 1 2
"""
OBJ = b"""v 0 0 0
v 1 0 0
v 0 1.5e-3 -.5
vt 0 1
vn 0 0 1

s off
f 1 2 3
f 1//1 2//1 3//1
"""
