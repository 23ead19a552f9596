"""Mesh files by formula, in every dialect a clinic may send; written without the package."""

import contextlib
import os
import struct

import numpy as np

CORNERS = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], np.float32)  # a unit square
SQUARE = np.array([(0, 1, 2), (0, 2, 3)], np.int32)


def stl_binary(soup, *, header=b"", claimed=None) -> bytes:
    """(F, 3, 3) corners as binary STL."""
    soup = np.asarray(soup, np.float32).reshape(-1, 9)
    records = np.zeros(len(soup), np.dtype([("n", "<f4", 3), ("v", "<f4", 9), ("a", "<u2")]))
    records["v"] = soup
    count = len(soup) if claimed is None else claimed
    return header.ljust(80, b"\0")[:80] + struct.pack("<I", count) + records.tobytes()


def stl_ascii(soup, *, name="", normal="0 0 1", newline="\n", number=repr) -> bytes:
    """(F, 3, 3) corners as ASCII STL."""
    lines = [f"solid {name}"]
    for face in np.asarray(soup, np.float64).tolist():
        lines += [f"  facet normal {normal}", "    outer loop"]
        lines += ["      vertex " + " ".join(map(number, corner)) for corner in face]
        lines += ["    endloop", "  endfacet"]
    return newline.join([*lines, f"endsolid {name}", ""]).encode("latin-1")


KINDS = {
    "char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i", "uint": "I",
    "float": "f", "double": "d", "int64": "q",
}  # fmt: skip
XYZ = [("float", "x"), ("float", "y"), ("float", "z")]
LIST = [("list", "uchar", "int", "vertex_indices")]


def ply(elements, *, order="<", comments=(), newline="\n") -> bytes:
    """A PLY file of any dialect.

    `elements` is [(name, properties, rows)], a property (type, name) or ("list", count type, type,
    name), a row a tuple of values and lists; `order` is "<", ">" or "" for ASCII.
    """
    names = {"<": "binary_little_endian", ">": "binary_big_endian", "": "ascii"}
    lines = ["ply", f"format {names[order]} 1.0", *(f"comment {text}" for text in comments)]
    body = b""
    for name, properties, rows in elements:
        lines.append(f"element {name} {len(rows)}")
        lines += ["property " + " ".join(each) for each in properties]
        body += b"".join(_ply_row(properties, row, order) for row in rows)
    return newline.join([*lines, "end_header", ""]).encode("latin-1") + body


def _ply_row(properties, row, order) -> bytes:
    words, packed = [], b""
    for each, value in zip(properties, row, strict=True):
        items = value if each[0] == "list" else [value]
        words += [len(items), *items] if each[0] == "list" else items
        if order and each[0] == "list":
            packed += struct.pack(order + KINDS[each[1]], len(items))
        if order:
            packed += struct.pack(f"{order}{len(items)}{KINDS[each[-2]]}", *items)
    return packed if order else (" ".join(map(str, words)) + "\n").encode()


def ply_mesh(vertices, faces, *, properties=XYZ, list_property=None, **options) -> bytes:
    """Vertices (rows of values) and faces (lists of indices) as PLY."""
    faces = [(list(map(int, face)),) for face in faces]
    vertices = [
        tuple(each.item() if hasattr(each, "item") else each for each in row) for row in vertices
    ]
    return ply(
        [("vertex", properties, vertices), ("face", list_property or LIST, faces)], **options
    )


def obj(vertices, faces, *, comments=(), newline="\n") -> bytes:
    """Vertices (rows of numbers) and faces (rows of words) as OBJ."""
    lines = [*comments]
    lines += ["v " + " ".join(map(repr, map(float, row))) for row in vertices]
    lines += ["f " + " ".join(map(str, face)) for face in faces]
    return newline.join([*lines, ""]).encode("latin-1")


@contextlib.contextmanager
def as_nobody(folder):
    """Work in a folder that all may enter and none change; not as root, if the tests are root."""
    folder.chmod(0o555)
    before, is_root = os.getcwd(), os.geteuid() == 0  # noqa: PTH109 - paths from here stay relative
    os.chdir(folder)
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        os.chdir(before)
        folder.chmod(0o755)
