"""STL: what is read is what was there, and what is written says nothing but geometry."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import FormatError, MeshError
from stsbench.files import stl
from stsbench.files.scans import decode_scan
from stsbench.files.stl import encode_stl
from tests.files.mesh_files import CORNERS, SQUARE, stl_ascii, stl_binary
from tests.shapes import sheet, sphere, tetrahedron

SOUP = CORNERS[SQUARE]
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
SOUPS = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 30), st.just(3), st.just(3)), elements=FLOATS
)


def corners_of(mesh):
    return mesh.vertices[mesh.faces].astype(np.float32)


FILES = {
    "binary": stl_binary(SOUP),
    "binary that starts with solid": stl_binary(SOUP, header=b"solid case"),
    "binary that looks like ASCII for 80 bytes": stl_binary(
        SOUP, header=b"solid a\n facet normal 0 0 1\n  outer loop\n   vertex 0 0 0\n"
    ),
    "binary with a non-ASCII header": stl_binary(SOUP, header=bytes(range(128, 208))),
    "ascii": stl_ascii(SOUP),
    "ascii with a name": stl_ascii(SOUP, name="upper jaw 17"),
    "ascii with Windows line ends": stl_ascii(SOUP, newline="\r\n"),
    "ascii with old Macintosh line ends": stl_ascii(SOUP, newline="\r"),
    "ascii in capitals": stl_ascii(SOUP).upper(),
    "ascii with a byte order mark": b"\xef\xbb\xbf" + stl_ascii(SOUP),
    "ascii behind blank lines": b"\n \t\n" + stl_ascii(SOUP),
    "ascii on few lines": stl_ascii(SOUP).replace(b"\n    ", b" "),
    "ascii with tabs": stl_ascii(SOUP).replace(b" ", b"\t"),
    "ascii with exponents": stl_ascii(SOUP, number=lambda x: f"{x:.6E}"),
    "ascii with nineteen digits": stl_ascii(SOUP, number=lambda x: f"{x:.18e}"),
    "ascii with normals that are no numbers": stl_ascii(SOUP, normal="nan -nan(ind) inf"),
    "ascii with a name in another encoding": stl_ascii(SOUP, name="M\xfcller \xff\xfe"),
    "two solids": stl_ascii(SOUP[:1], name="a") + stl_ascii(SOUP[1:], name="b"),
    "no line end at the end": stl_ascii(SOUP).rstrip(),
}


@pytest.mark.parametrize("name", FILES)
def test_dialects_give_the_same_square(name):
    mesh = decode_scan(FILES[name])
    assert np.array_equal(mesh.vertices, CORNERS)
    assert np.array_equal(mesh.faces, SQUARE)
    assert mesh.colours is None


@pytest.mark.parametrize("mesh", [tetrahedron(), sheet(7, 9), sphere(2)], ids=["t", "sheet", "s"])
def test_a_welded_mesh_comes_back(mesh):
    again = decode_scan(encode_stl(mesh))
    assert again.vertex_count == mesh.vertex_count
    assert np.array_equal(corners_of(again), corners_of(mesh))
    assert encode_stl(again) == encode_stl(mesh)


@settings(deadline=None, max_examples=40)
@given(SOUPS)
def test_any_finite_soup_comes_back_bit_for_bit(soup):
    read = decode_scan(stl_binary(soup))
    assert np.array_equal(corners_of(read), soup)
    again = decode_scan(encode_stl(read))
    assert np.array_equal(again.vertices, read.vertices)
    assert np.array_equal(again.faces, read.faces)


@settings(deadline=None, max_examples=25)
@given(SOUPS)
def test_text_and_binary_agree(soup):
    text, binary = decode_scan(stl_ascii(soup)), decode_scan(stl_binary(soup))
    assert np.array_equal(text.vertices, binary.vertices)
    assert np.array_equal(text.faces, binary.faces)


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_scan_welded_in_two_threads_is_the_same(shuffled, monkeypatch):
    mesh = sheet(160, 170)
    assert mesh.face_count > stl._FACES_FOR_TWO
    faces = np.random.default_rng(1).permutation(mesh.faces) if shuffled else mesh.faces
    data = stl_binary(mesh.vertices[faces])
    two = decode_scan(data)
    monkeypatch.setattr(stl, "_FACES_FOR_TWO", mesh.face_count)
    one = decode_scan(data)
    assert np.array_equal(two.vertices, one.vertices)
    assert np.array_equal(two.faces, one.faces)
    written = encode_stl(one)
    monkeypatch.undo()
    assert encode_stl(two) == written


def test_the_layout_is_the_specified_one():
    data = encode_stl(TriangleMesh(CORNERS.astype(np.float64), SQUARE))
    assert len(data) == 84 + 50 * 2
    assert data[:80] == bytes(80)
    assert struct.unpack("<I", data[80:84]) == (2,)
    assert struct.unpack("<12fH", data[84:134]) == (0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0)


@pytest.mark.parametrize("size_mm", [1e-18, 1e-3, 1.0, 1e3, 1e18])
def test_normals_are_unit_and_outward_at_every_scale(size_mm):
    data = encode_stl(sphere(1, size_mm))
    records = np.frombuffer(data, np.dtype([("f", "<f4", (4, 3)), ("a", "<u2")]), offset=84)["f"]
    normals, middle = records[:, 0].astype(float), records[:, 1:].astype(float).mean(axis=1)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)
    assert ((normals * middle).sum(axis=1) > 0).all()


def test_a_face_without_area_has_no_normal():
    mesh = TriangleMesh(np.zeros((1, 3)), np.zeros((1, 3), np.int32))
    assert encode_stl(mesh)[84:96] == bytes(12)


def test_a_coordinate_beyond_float32_is_not_written():
    with pytest.raises(MeshError, match="too large"):
        encode_stl(TriangleMesh(np.full((3, 3), 1e39), np.array([[0, 1, 2]])))


TEXT = stl_ascii(SOUP, name="Anna")
REFUSED = {
    "ends inside a facet": (TEXT[: len(TEXT) // 2], "cut off"),
    "ends between facets": (TEXT[: TEXT.rindex(b"endsolid")], "cut off"),
    "ends in the keyword": (TEXT[: TEXT.rindex(b"endsolid") + 3], "Line 16"),
    "two corners": (TEXT.replace(b"vertex 1.0 1.0 0.0", b"", 1), "Line 7"),
    "four corners": (TEXT.replace(b"endloop", b"vertex 1 2 3\nendloop", 1), "Line 7"),
    "two coordinates": (TEXT.replace(b"vertex 1.0 1.0 0.0", b"vertex 1.0 1.0", 1), "Line 7"),
    "a decimal comma": (TEXT.replace(b"1.0 1.0", b"1,0 1,0", 1), "Line 6 .* not valid"),
    "a misspelt keyword": (TEXT.replace(b"outer", b"inner", 1), "Line 3"),
    "not a number": (TEXT.replace(b"1.0 1.0", b"nan 1.0", 1), "Line 6 .* finite"),
    "infinite": (TEXT.replace(b"1.0 1.0", b"-inf 1.0", 1), "Line 6 .* finite"),
    "beyond float32": (TEXT.replace(b"1.0 1.0", b"1e39 1.0", 1), "finite"),
    "no facet": (b"solid x\nendsolid x\n", "no faces"),
    "a facet outside a solid": (TEXT[TEXT.index(b"facet") :], "Line 1"),
    "something after the end": (TEXT + b"Anna", "Line 17"),
    "a solid in a solid": (b"solid a\n" + TEXT, "Line 2"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_damaged_text_is_refused_by_its_line(name):
    data, problem = REFUSED[name]
    with pytest.raises(FormatError, match=problem) as caught:
        decode_scan(data)
    assert "Anna" not in str(caught.value)
    assert caught.value.remedy
