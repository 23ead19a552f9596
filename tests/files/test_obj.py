"""OBJ: vertices, colours and polygons are read; names and materials never."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import FormatError, MeshError
from stsbench.files.obj import encode_obj
from stsbench.files.scans import decode_scan
from tests.files.mesh_files import CORNERS, SQUARE, obj
from tests.shapes import sheet, sphere, tetrahedron

FACES = [(1, 2, 3), (1, 3, 4)]
VERTICES = obj(CORNERS, [])
PLAIN = obj(CORNERS, FACES)
COLOURS = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255), (10, 20, 30)], np.uint8)

FILES = {
    "plain": PLAIN,
    "Windows line ends": obj(CORNERS, FACES, newline="\r\n"),
    "old Macintosh line ends": obj(CORNERS, FACES, newline="\r"),
    "no line end at the end": PLAIN.rstrip(),
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "tabs and blanks": PLAIN.replace(b" ", b" \t ").replace(b"\n", b"  \n\n  "),
    "texture": obj(CORNERS, [("1/1", "2/2", "3/3"), ("1/1", "3/3", "4/4")]),
    "normals": obj(CORNERS, [("1//9", "2//9", "3//9"), ("1//9", "3//9", "4//9")]),
    "texture and normals": obj(CORNERS, [("1/1/9", "2/2/9", "3/3/9"), ("1/1/9", "3/3/9", "4/4/9")]),
    "negative indices": obj(CORNERS, [(-4, -3, -2), (-4, -2, -1)]),
    "negative with texture": obj(CORNERS, [("-4/-4", "-3/-3", "-2/-2"), ("-4/1", "-2/1", "-1/1")]),
    "a quad": obj(CORNERS, [(1, 2, 3, 4)]),
    "edges and points as faces": obj(CORNERS, [(1, 2), (1, 2, 3), (4,), (1, 3, 4)]),
    "faces first": b"f 1 2 3\nf 1 3 4\n" + VERTICES,
    "negative counts the vertices so far": (
        b"v 0 0 0\nv 1 0 0\nv 1 1 0\nf -3 -2 -1\nv 0 1 0\nf -4 -2 -1\n"),
    "a weight": VERTICES.replace(b".0\n", b".0 1.0\n") + b"f 1 2 3 4\n",
    "comments": b"# Anna\n" + PLAIN.replace(b"\n", b" # Anna\n", 2),
    "a comment in another encoding": obj(CORNERS, FACES, comments=["# M\xfcller \xff\xfe"]),
    "lines joined": PLAIN.replace(b"f 1 2 3", b"f 1 \\\n 2 \\\r\n 3"),
    "everything else": (
        b"mtllib /dev/zero\no Anna\ng Anna\ns off\nvn 0 0 1\nvt 0 0\nvp 1 2\nusemtl Anna\nl 1 2\n"
        b"curv 0 1 1 2\nfo 1 2 3\nvertex 1 2 3\n" + PLAIN + b"call Anna.obj\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_dialects_give_the_same_square(name):
    mesh = decode_scan(FILES[name])
    assert np.array_equal(mesh.vertices, CORNERS)
    assert np.array_equal(mesh.faces, SQUARE)
    assert mesh.colours is None


@pytest.mark.parametrize(
    "colours",
    [
        COLOURS / 255.0,
        COLOURS.astype(float),
        np.hstack([COLOURS / 255.0, np.ones((4, 1))]),
    ],
    ids=["0 to 1", "0 to 255", "with alpha"],
)
def test_colours(colours):
    mesh = decode_scan(obj(np.hstack([CORNERS, colours]), FACES))
    assert np.array_equal(mesh.colours, COLOURS)
    assert np.array_equal(mesh.vertices, CORNERS)


def test_colours_of_some_vertices_are_none():
    some = obj(np.hstack([CORNERS, COLOURS / 255.0])[:3], []) + b"v 0 1 0\nf 1 2 3\nf 1 3 4\n"
    mesh = decode_scan(some)
    assert mesh.colours is None
    assert np.array_equal(mesh.vertices, CORNERS)


VALUES = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def meshes(draw):
    count = draw(st.integers(1, 20))
    vertices = draw(hnp.arrays(np.float32, (count, 3), elements=VALUES))
    faces = draw(
        hnp.arrays(np.int32, (draw(st.integers(1, 30)), 3), elements=st.integers(0, count - 1))
    )
    colours = draw(st.none() | hnp.arrays(np.uint8, (count, 3)))
    # All dark: a reader cannot tell 0 to 1 from 0 to 255 then, so one channel is full.
    if colours is not None:
        colours[0] = 255
    return TriangleMesh(vertices.astype(np.float64), faces, colours)


@settings(deadline=None, max_examples=40)
@given(meshes())
def test_any_mesh_comes_back_as_float32(mesh):
    again = decode_scan(encode_obj(mesh))
    assert np.array_equal(again.vertices.astype(np.float32), mesh.vertices.astype(np.float32))
    assert np.array_equal(again.faces, mesh.faces)
    assert (again.colours is None) == (mesh.colours is None)
    assert mesh.colours is None or np.array_equal(again.colours, mesh.colours)
    assert encode_obj(again) == encode_obj(mesh)


@pytest.mark.parametrize(
    "mesh", [tetrahedron(), sheet(200, 100), sphere(2)], ids=["t", "sheet", "s"]
)
def test_lines_are_vertices_and_faces_alone(mesh):
    lines = encode_obj(mesh).decode("ascii").splitlines()
    assert len(lines) == mesh.vertex_count + mesh.face_count
    assert {line[:2] for line in lines} == {"v ", "f "}
    assert np.array_equal(decode_scan(encode_obj(mesh)).faces, mesh.faces)


def test_a_coordinate_beyond_float32_is_not_written():
    with pytest.raises(MeshError, match="too large"):
        encode_obj(TriangleMesh(np.full((3, 3), 1e39), np.array([[0, 1, 2]])))


REFUSED = {
    "no faces": (VERTICES, "no faces"),
    "no vertices": (b"f 1 2 3\n", "not an STL, PLY or OBJ"),
    "only edges": (VERTICES + b"f 1 2\nf 2 3\n", "no faces"),
    "two coordinates": (PLAIN + b"v 1 2\n", "Line 7"),
    "a word": (PLAIN + b"v 1 Anna 2\n", "Line 7 .* not valid"),
    "a decimal comma": (PLAIN + b"v 1,0 2,0 3,0\n", "Line 7 .* not valid"),
    "not a number": (PLAIN + b"v 1 nan 2\n", "Line 7 .* finite"),
    "infinite": (PLAIN + b"v 1 -Infinity 2\n", "Line 7 .* finite"),
    "beyond float32": (PLAIN + b"v 1 1e39 2\n", "finite"),
    "index zero": (PLAIN + b"f 0 1 2\n", "Line 7"),
    "index too high": (PLAIN + b"f 1 2 5\n", "vertices 0 to 4, but there are 4"),
    "index too far back": (PLAIN + b"f -1 -2 -5\n", "Line 7"),
    "index beyond int32": (PLAIN + b"f 1 2 4294967296\n", "4294967295"),
    "index of 20 digits": (PLAIN + b"f 1 2 " + b"9" * 20 + b"\n", "Line 7"),
    "a fraction as index": (PLAIN + b"f 1 2.5 3\n", "Line 7"),
    "a word as index": (PLAIN + b"f 1 Anna 3\n", "Line 7"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_damaged_files_are_refused(name):
    data, problem = REFUSED[name]
    with pytest.raises(FormatError, match=problem) as caught:
        decode_scan(data)
    assert "Anna" not in str(caught.value)
    assert caught.value.remedy
