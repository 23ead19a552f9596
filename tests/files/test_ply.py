"""PLY: three encodings, any properties, any polygons, one mesh."""

import itertools
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import FormatError, MeshError
from stsbench.files.ply import encode_ply
from stsbench.files.scans import decode_scan
from tests.files.mesh_files import CORNERS, LIST, SQUARE, XYZ, ply, ply_mesh
from tests.shapes import sheet, sphere, tetrahedron

ORDERS = pytest.mark.parametrize("order", ["<", ">", ""], ids=["little", "big", "ascii"])
QUAD = [[0, 1, 2, 3]]
FACES = [((0, 1, 2),), ((0, 2, 3),)]
VERTICES = [tuple(row) for row in CORNERS.tolist()]
NAN = float("nan")
COLOURS = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255), (10, 20, 30)], np.uint8)


def is_square(mesh):
    return np.array_equal(mesh.vertices, CORNERS) and np.array_equal(mesh.faces, SQUARE)


@ORDERS
@pytest.mark.parametrize("coordinate", ["float", "double", "int", "short", "char", "uchar"])
@pytest.mark.parametrize("index", ["int", "uint", "uchar", "short", "ushort", "char", "int64"])
def test_types(order, coordinate, index):
    whole = coordinate not in ("float", "double")
    vertices = CORNERS.astype(int) if whole else CORNERS
    properties = [(coordinate, axis) for axis in "xyz"]
    lists = [("list", "uchar", index, "vertex_index")]
    assert is_square(
        decode_scan(
            ply_mesh(vertices, SQUARE, properties=properties, list_property=lists, order=order)
        )
    )


@ORDERS
@pytest.mark.parametrize("count", ["uchar", "char", "ushort", "int", "uint"])
@pytest.mark.parametrize("faces", [QUAD, [[0, 1, 2], [0, 2, 3]]], ids=["quad", "triangles"])
def test_quads_are_split_and_counts_of_any_type_read(order, count, faces):
    lists = [("list", count, "int", "vertex_indices")]
    assert is_square(decode_scan(ply_mesh(CORNERS, faces, list_property=lists, order=order)))


@ORDERS
def test_mixed_polygons_become_fans_in_order(order):
    hexagon = [(np.cos(a), np.sin(a), 0.0) for a in np.arange(6) * np.pi / 3]
    faces = [[0, 1, 2, 3, 4, 5], [5, 4, 3], [0, 1], [], [2], [3, 2, 1, 0]]
    mesh = decode_scan(ply_mesh(hexagon, faces, order=order))
    expected = [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (5, 4, 3), (3, 2, 1), (3, 1, 0)]
    assert mesh.faces.tolist() == [list(face) for face in expected]


@ORDERS
@pytest.mark.parametrize("varying", [False, True], ids=["even rows", "uneven rows"])
def test_unknown_elements_and_properties_are_passed_over(order, varying):
    texture = [[0.5] * 6, [NAN] * (3 if varying else 6)]
    elements = [
        ("camera", [("double", "focus"), ("list", "ushort", "float", "matrix")],
         [(1.0, [1.0, 2.0]), (2.0, [3.0] * (5 if varying else 2))]),
        ("nothing", [], []),
        ("vertex", [("float", "nx"), *XYZ, ("double", "quality"), ("uchar", "alpha")],
         [(NAN, *row, NAN, 7) for row in VERTICES]),
        ("edge", [("int", "a"), ("int", "b")], [(0, 1), (2, 3)]),
        ("face", [("uchar", "flags"), *LIST, ("list", "uchar", "float", "texcoord"), ("int", "n")],
         [(1, face, uv, 9) for (face,), uv in zip(FACES, texture, strict=True)]),
        ("material", [("list", "uchar", "uchar", "name")], [(list(b"Anna"),)]),
    ]  # fmt: skip
    assert is_square(decode_scan(ply(elements, order=order)))


@ORDERS
def test_faces_may_come_before_vertices(order):
    assert is_square(
        decode_scan(ply([("face", LIST, FACES), ("vertex", XYZ, VERTICES)], order=order))
    )


@ORDERS
@pytest.mark.parametrize("lengths", [(1, 1, 1, 1), (0, 3, 1, 2)], ids=["even", "uneven"])
def test_vertices_may_have_lists_between_their_coordinates(order, lengths):
    properties = [XYZ[0], ("list", "uchar", "short", "labels"), *XYZ[1:], *rgb("uchar")]
    rows = [
        (row[0], [5] * n, *row[1:], *colour.tolist())
        for row, n, colour in zip(VERTICES, lengths, COLOURS, strict=True)
    ]
    mesh = decode_scan(ply([("vertex", properties, rows), ("face", LIST, FACES)], order=order))
    assert is_square(mesh)
    assert np.array_equal(mesh.colours, COLOURS)


def rgb(kind, names=("red", "green", "blue")):
    return [(kind, name) for name in names]


@ORDERS
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uchar", COLOURS),
        ("float", COLOURS / np.float32(255)),
        ("double", COLOURS / 255.0),
        ("float", COLOURS.astype(np.float32)),
        ("ushort", COLOURS.astype(int) * 257),
        ("int", COLOURS.astype(int)),
    ],
    ids=["bytes", "0 to 1", "0 to 1 double", "0 to 255 float", "16 bit", "int"],
)
@pytest.mark.parametrize("alpha", [False, True])
def test_colours_of_any_type(order, kind, values, alpha):
    if order == "" and kind in ("ushort", "int"):
        pytest.skip("ASCII says nothing about the width of a value")
    names = ["red", "green", "blue", "alpha"][: 3 + alpha]
    rows = [
        (*row, *(v.item() for v in colour), *([colour[0].item()] if alpha else []))
        for row, colour in zip(VERTICES, values, strict=True)
    ]
    mesh = decode_scan(ply_mesh(rows, SQUARE, properties=[*XYZ, *rgb(kind, names)], order=order))
    assert np.array_equal(mesh.colours, COLOURS)


@pytest.mark.parametrize("names", [("diffuse_red", "diffuse_green", "diffuse_blue"), "rgb"])
def test_colours_under_other_names(names):
    rows = [(*row, *colour.tolist()) for row, colour in zip(VERTICES, COLOURS, strict=True)]
    mesh = decode_scan(ply_mesh(rows, SQUARE, properties=[*XYZ, *rgb("uchar", names)]))
    assert np.array_equal(mesh.colours, COLOURS)


HEADERS = {
    "Windows line ends": dict(newline="\r\n"),
    "old Macintosh line ends": dict(newline="\r"),
    "comments": dict(comments=["TextureFile Anna.png", "", "end_header?", "element face 9"]),
    "a comment in another encoding": dict(comments=["M\xfcller \xff\xfe"]),
    "ten thousand comments": dict(comments=["x" * 80] * 10_000),
}


@ORDERS
@pytest.mark.parametrize("name", HEADERS)
def test_headers(order, name):
    assert is_square(decode_scan(ply_mesh(CORNERS, SQUARE, order=order, **HEADERS[name])))


def test_binary_data_may_begin_with_a_line_end():
    """With a lone carriage return after the header, the next byte already is data."""
    first = struct.unpack("<f", b"\n\n\0?")[0]
    vertices = CORNERS.copy()
    vertices[0, 0] = first
    mesh = decode_scan(ply_mesh(vertices, SQUARE, newline="\r"))
    assert mesh.vertices[0, 0] == first


VALUES = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def meshes(draw):
    count = draw(st.integers(1, 20))
    vertices = draw(hnp.arrays(np.float32, (count, 3), elements=VALUES))
    faces = draw(
        hnp.arrays(np.int32, (draw(st.integers(1, 30)), 3), elements=st.integers(0, count - 1))
    )
    colours = draw(st.none() | hnp.arrays(np.uint8, (count, 3)))
    return TriangleMesh(vertices.astype(np.float64), faces, colours)


@settings(deadline=None, max_examples=40)
@given(meshes())
def test_any_mesh_comes_back_vertex_for_vertex(mesh):
    again = decode_scan(encode_ply(mesh))
    assert np.array_equal(again.vertices, mesh.vertices)
    assert np.array_equal(np.signbit(again.vertices), np.signbit(mesh.vertices))
    assert np.array_equal(again.faces, mesh.faces)
    assert (again.colours is None) == (mesh.colours is None)
    assert mesh.colours is None or np.array_equal(again.colours, mesh.colours)
    assert encode_ply(again) == encode_ply(mesh)


@settings(deadline=None, max_examples=25)
@given(meshes())
def test_the_three_encodings_agree(mesh):
    vertices = mesh.vertices.astype(np.float32)
    for order in ("<", ">", ""):
        again = decode_scan(ply_mesh(vertices, mesh.faces, order=order))
        # Shortest decimals give the float32 back, though not the same float64.
        assert np.array_equal(again.vertices.astype(np.float32), vertices)
        assert np.array_equal(again.faces, mesh.faces)


@pytest.mark.parametrize("mesh", [tetrahedron(), sheet(5, 6), sphere(2)], ids=["t", "sheet", "s"])
def test_the_header_says_nothing_but_the_layout(mesh):
    colours = np.zeros((mesh.vertex_count, 3), np.uint8)
    for made, lines in ((mesh, 9), (TriangleMesh(mesh.vertices, mesh.faces, colours), 12)):
        header, _, body = encode_ply(made).partition(b"end_header\n")
        words = {word for line in header.decode("ascii").splitlines() for word in line.split()[:1]}
        assert words == {"ply", "format", "element", "property"}
        assert len(header.splitlines()) == lines - 1
        assert len(body) == made.vertex_count * (12 if lines == 9 else 15) + made.face_count * 13


def test_a_coordinate_beyond_float32_is_not_written():
    with pytest.raises(MeshError, match="too large"):
        encode_ply(TriangleMesh(np.full((3, 3), 1e39), np.array([[0, 1, 2]])))


@pytest.mark.parametrize("order", ["<", ">", ""], ids=["little", "big", "ascii"])
def test_no_cut_gets_through(order):
    """Cut anywhere, a file is refused or whole: never a smaller mesh, never another error."""
    data = ply_mesh(CORNERS, [[0, 1, 2], [0, 1, 2, 3]], order=order)
    whole = decode_scan(data)
    for end in range(len(data)):
        try:
            mesh = decode_scan(data[:end])
        except FormatError:
            continue
        assert end == len(data) - 1  # the last line end of an ASCII file may be missing
        assert np.array_equal(mesh.faces, whole.faces)


def test_properties_of_one_name_do_not_trip_the_reader():
    properties = [*XYZ, ("float", "s"), ("float", "s")]
    rows = [(*row, 1.0, 2.0) for row in VERTICES]
    for order, _ in itertools.product("<>", range(1)):
        assert is_square(decode_scan(ply_mesh(rows, SQUARE, properties=properties, order=order)))
