"""PLY files that are damaged, cut off or lie: each is refused in one line."""

import struct

import pytest

from stsbench.errors import FormatError
from stsbench.files.scans import decode_scan
from tests.files.mesh_files import CORNERS, LIST, SQUARE, XYZ, ply, ply_mesh

FACES = [((0, 1, 2),), ((0, 2, 3),)]
VERTICES = [tuple(row) for row in CORNERS.tolist()]
DOUBLES = [("double", axis) for axis in "xyz"]
NAN = float("nan")


def list_of(count, kind):
    return [("list", count, kind, "vertex_index")]


def edited(old, new, **options):
    data = ply_mesh(CORNERS, SQUARE, **options)
    assert old in data
    return data.replace(old, new, 1)


TRIANGLE_OF = b"\x03" + struct.pack("<3i", 0, 1, 2)
REFUSED = {
    "no end of header": (b"ply\nformat ascii 1.0\ncomment Anna\n", "does not end"),
    "a header of 2 MB": (b"ply\n" + b"comment Anna\n" * 160_000, "does not end within 1048576"),
    "only the first word": (b"ply\n", "does not end"),
    "no format": (edited(b"format binary_little_endian 1.0\n", b""), "Line 3 of the PLY header"),
    "another version": (edited(b"1.0", b"2.0"), "Line 2"),
    "another encoding": (edited(b"binary_little", b"binary_middle"), "Line 2"),
    "an unknown type": (edited(b"float x", b"fload Anna"), "Line 4"),
    "a property of nothing": (b"ply\nformat ascii 1.0\nproperty float x\nend_header\n", "Line 3"),
    "a count in words": (edited(b"vertex 4", b"vertex four"), "Line 3"),
    "a negative count": (edited(b"face 2", b"face -2"), "Line 7"),
    "a count of 20 digits": (edited(b"face 2", b"face " + b"9" * 20), "more rows than any file"),
    "2^32 faces": (edited(b"face 2", b"face 4294967296"), "claims 4294967296 faces; the limit"),
    "many vertices": (edited(b"vertex 4", b"vertex 25000000"), "claims 25000000 vertices but has"),
    "too many vertices": (edited(b"vertex 4", b"vertex 600000000"), "the limit is 30000000"),
    "more faces than bytes": (edited(b"face 2", b"face 3000"), "claims 3000 faces but has room"),
    "the last byte missing": (ply_mesh(CORNERS, SQUARE)[:-1], "cut off"),
    "the last byte missing, big endian": (ply_mesh(CORNERS, SQUARE, order=">")[:-1], "cut off"),
    "the last row missing, ASCII": (ply_mesh(CORNERS, SQUARE, order="")[:-8], "cut off|too early"),
    "the last index missing, ASCII": (ply_mesh(CORNERS, SQUARE, order="")[:-3], "too early"),
    "all data missing": (ply_mesh(CORNERS, SQUARE).partition(b"end_header\n")[0] + b"end_header\n",
                         "claims 4 vertices but has room for 0"),
    "no face element": (ply([("vertex", XYZ, VERTICES)]), "no faces"),
    "no face": (ply_mesh(CORNERS, []), "no faces"),
    "only edges as faces": (ply_mesh(CORNERS, [[0, 1], [1, 2]]), "no faces"),
    "only edges as faces, ASCII": (ply_mesh(CORNERS, [[0, 1], [1, 2]], order=""), "no faces"),
    "no vertex element": (ply([("face", LIST, FACES)]), "no vertices"),
    "no z": (ply_mesh(CORNERS[:, :2], SQUARE, properties=XYZ[:2]), "no x, y and z"),
    "no vertex list": (ply_mesh(CORNERS, SQUARE, list_property=[(*LIST[0][:3], "corners")]),
                       "no vertex list"),
    "a vertex list of floats": (
        ply_mesh(CORNERS, SQUARE).replace(b"uchar int", b"uchar float"), "not integers"),
    "a count of type float": (edited(b"list uchar", b"list float"), "Line 8"),
    "an index too high": (ply_mesh(CORNERS, [[0, 1, 4]]), "vertices 0 to 4, but there are 4"),
    "an index too high in a quad": (ply_mesh(CORNERS, [[0, 1, 2, 9]]), "vertices 0 to 9"),
    "a negative index": (ply_mesh(CORNERS, [[0, 1, -1]]), "vertices -1 to 1"),
    "a negative index, ASCII": (ply_mesh(CORNERS, [[0, 1, -1]], order=""), "vertices -1 to 1"),
    "an index beyond int32": (
        ply_mesh(CORNERS, [[0, 1, 2**31]], list_property=list_of("uchar", "uint")),
        "2147483648"),
    "an index beyond int32, ASCII": (ply_mesh(CORNERS, [[0, 1, 2**40]], order=""), str(2**40)),
    "a lying list count": (
        ply_mesh(CORNERS, SQUARE).replace(TRIANGLE_OF, b"\xff" + TRIANGLE_OF[1:]), "cut off"),
    "a negative list count": (
        ply_mesh(CORNERS, [[0, 1, 2], [0, 1, 2, 3]], list_property=list_of("char", "int"))
        .replace(b"\x04" + struct.pack("<i", 0), b"\xfc" + struct.pack("<i", 0)), "cut off"),
    "a lying list count, ASCII": (edited(b"3 0 1 2", b"9999999 0 1 2", order=""), "too early"),
    "a negative list count, ASCII": (edited(b"3 0 1 2", b"-3 0 1 2", order=""), "Line 14"),
    "a fraction as index, ASCII": (edited(b"3 0 1 2", b"3 0 1.5 2", order=""), "Line 14"),
    "a word as coordinate": (edited(b"1.0 1.0 0.0", b"1.0 Anna 0.0", order=""), "Line 12 .* valid"),
    "not a number": (ply_mesh([(NAN, 0, 0), *VERTICES[1:]], SQUARE), "1 vertices have .* finite"),
    "not a number, ASCII": (edited(b"1.0 1.0 0.0", b"1.0 -nan 0.0", order=""), "Line 12 .* finite"),
    "infinite": (ply_mesh([*VERTICES[1:], (0, float("-inf"), 0)], SQUARE), "finite"),
    "beyond float32": (
        ply_mesh([*VERTICES[1:], (0, 1e39, 0)], SQUARE, properties=DOUBLES),
        "finite"),
    "an element twice": (
        ply([("vertex", XYZ, VERTICES), ("face", LIST, FACES), ("face", LIST, FACES)]), "twice"),
    "a hundred elements": (ply([(f"e{i}", [], []) for i in range(100)]), "too many"),
    "a thousand properties": (
        ply([("vertex", [("char", f"p{i}") for i in range(1000)], [])]), "too many properties"),
    "rows of nothing": (
        b"ply\nformat ascii 1.0\nelement nothing 999999999999999999\n"
        + ply_mesh(CORNERS, [], order="").partition(b"1.0\n")[2], "no faces"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_damaged_files_are_refused(name):
    data, problem = REFUSED[name]
    with pytest.raises(FormatError, match=problem) as caught:
        decode_scan(data)
    assert "Anna" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
