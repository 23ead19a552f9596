"""Channels of scan files: each place by a small file, lies and polyglots, and clean scans."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.files.scan_channels import Channel, channels_of, sniffed_format
from tests.scans_for_identifiers import (
    ASCII_PLY,
    ASCII_STL,
    BINARY_PLY,
    BINARY_STL,
    OBJ,
    binary_ply,
    binary_stl,
)


def found(data: bytes, suffix: str = "") -> list[tuple[str, bytes]]:
    view = memoryview(data)
    form = sniffed_format(view, suffix)
    assert form is not None
    return [(channel.place, channel.data) for channel in channels_of(view, form)]


CLEAN = {
    "binary STL": (BINARY_STL, "stl"),
    "binary STL that starts with solid": (b"solid" + bytes(75) + BINARY_STL[80:], "stl"),
    "ASCII STL": (ASCII_STL, "ascii stl"),
    "ASCII STL in upper case": (ASCII_STL.upper(), "ascii stl"),
    "ASCII STL with Windows line ends": (ASCII_STL.replace(b"\n", b"\r\n"), "ascii stl"),
    "binary PLY": (BINARY_PLY, "ply"),
    "big-endian PLY": (binary_ply(order=">"), "ply"),
    "PLY with quads": (binary_ply(corners=(4, 3)), "ply"),
    "PLY with colours": (binary_ply(colours=True), "ply"),
    "ASCII PLY": (ASCII_PLY, "ply"),
    "OBJ": (OBJ, "obj"),
    "OBJ with colours": (OBJ.replace(b"v 0 0 0", b"v 0 0 0 0.5 0.25 1"), "obj"),
    "OBJ with Windows line ends": (OBJ.replace(b"\n", b"\r\n"), "obj"),
    "OBJ with continued lines": (OBJ.replace(b"f 1 2 3", b"f 1 2 \\\n 3"), "obj"),
    "OBJ with negative indices": (OBJ.replace(b"f 1 2 3", b"f -3/-1/-2 -2//1 -1"), "obj"),
}


@pytest.mark.parametrize(("data", "form"), CLEAN.values(), ids=CLEAN)
def test_a_clean_scan_has_no_channel(data, form):
    assert sniffed_format(memoryview(data), "") == form
    assert found(data) == []


DIRTY = {
    "STL header": (binary_stl(header=b"Zora"), "STL header", b"Zora"),
    "STL header after solid": (binary_stl(header=b"solid Zora"), "STL header", b"Zora"),
    "STL header behind NULs": (binary_stl(header=b"\0\0Zora"), "STL header", b"Zora"),
    "STL attributes": (binary_stl(attribute=b"Zo"), "STL attribute bytes", b"\0\0Zo"),
    "STL tail": (BINARY_STL + b"Zora", "STL trailing bytes", b"Zora"),
    "STL tail, one archive": (BINARY_STL + b"PK\3\4Zora", "STL trailing bytes", b"PK\3\4Zora"),
    "solid name": (b"solid Zora Q" + ASCII_STL[5:], "STL solid name", b"Zora Q"),
    "endsolid name": (ASCII_STL.replace(b"endsolid", b"endsolid Zora"), "STL solid name", b"Zora"),
    "line in an ASCII STL": (
        ASCII_STL.replace(b"endloop", b"endloop\n# Zora"), "STL foreign line", b"# Zora",
    ),
    "word behind a vertex": (
        ASCII_STL.replace(b"vertex 1 0 0", b"vertex 1 0 0 Nina"),
        "STL foreign line", b"vertex 1 0 0 Nina",
    ),
    "word behind endfacet": (
        ASCII_STL.replace(b"endfacet", b"endfacet Nina"), "STL foreign line", b"endfacet Nina",
    ),
    "PLY comment": (binary_ply(extra=b"comment Zora\n"), "PLY comment", b"Zora"),
    "PLY obj_info": (binary_ply(extra=b"obj_info Zora\n"), "PLY obj_info", b"Zora"),
    "PLY foreign line": (binary_ply(extra=b"author Zora\n"), "PLY foreign line", b"author Zora"),
    "PLY element": (binary_ply(extra=b"element zora 0\n"), "PLY element", b"zora"),
    "PLY property": (binary_ply(extra_property=b"zora"), "PLY property", b"zora"),
    "PLY tail": (BINARY_PLY + b"Zora", "PLY trailing bytes", b"Zora"),
    "PLY tail after quads": (
        binary_ply(corners=(4, 3)) + b"Zora", "PLY trailing bytes", b"Zora",
    ),
    "ASCII PLY tail": (ASCII_PLY + b"Zora\n", "PLY trailing bytes", b"Zora\n"),
    "word in an ASCII PLY row": (
        ASCII_PLY.replace(b"1 0 0\n", b"1 0 0 Nina\n"), "PLY foreign line", b"1 0 0 Nina",
    ),
    "OBJ comment": (OBJ + b"#Zora\n", "OBJ comment", b"Zora"),
    "OBJ object": (OBJ + b"o Zora\n", "OBJ object", b"Zora"),
    "OBJ group": (OBJ + b"g\tZora\n", "OBJ group", b"Zora"),
    "OBJ material": (OBJ + b"usemtl Zora\n", "OBJ material", b"Zora"),
    "OBJ library": (OBJ + b"mtllib /home/zora/a.mtl\n", "OBJ library", b"/home/zora/a.mtl"),
    "OBJ statement": (OBJ + b"call zora.com\n", "OBJ statement", b"call zora.com"),
    "OBJ smoothing group with a name": (OBJ + b"s zora\n", "OBJ statement", b"s zora"),
    "comment behind a vertex": (
        OBJ.replace(b"v 0 0 0", b"v 0 0 0 # Nina"), "OBJ statement", b"v 0 0 0 # Nina",
    ),
    "word behind a face": (
        OBJ.replace(b"f 1 2 3", b"f 1 2 3 nina"), "OBJ statement", b"f 1 2 3 nina",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "place", "value"), DIRTY.values(), ids=DIRTY)
def test_each_place_is_found(data, place, value):
    assert (place, value) in found(data)


def test_a_name_made_of_the_letters_of_numbers_is_found():
    # "Nina", "Enea", "Ina": every letter occurs in nan, inf or an exponent.
    for name in (b"Nina", b"Enea", b"ina", b"e", b"fan"):
        assert found(ASCII_STL.replace(b"vertex 1 0 0", b"vertex 1 0 " + name))
        assert found(OBJ.replace(b"v 1 0 0", b"v 1 0 " + name))
        assert found(ASCII_PLY.replace(b"1 0 0\n", b"1 0 " + name + b"\n"))


LIES = {
    "2^32 triangles": binary_stl()[:80] + struct.pack("<I", 2**32 - 1) + b"x" * 200,
    "no triangles": bytes(80) + struct.pack("<I", 0),
    "half a triangle": binary_stl()[:100],
    "a header only": bytes(80),
    "2^32 vertices": BINARY_PLY.replace(b"vertex 3", b"vertex 4294967295"),
    "10^17 vertices": BINARY_PLY.replace(b"vertex 3", b"vertex 100000000000000000"),
    "10^30 vertices": BINARY_PLY.replace(b"vertex 3", b"vertex 1" + b"0" * 30),
    "2^32 faces": BINARY_PLY.replace(b"face 1", b"face 4294967295"),
    "a list of 255": BINARY_PLY[:-13] + b"\xff" + BINARY_PLY[-12:],
    "no end of the header": BINARY_PLY.split(b"end_header")[0],
    "no rows": BINARY_PLY.split(b"end_header")[0] + b"end_header\n",
    "an unknown type": BINARY_PLY.replace(b"float x", b"quaternion x"),
    "a property before any element": b"ply\nproperty float x\nend_header\n",
    "an element without a count": b"ply\nelement vertex\nend_header\n",
    "an element with a text for a count": b"ply\nelement vertex many\nend_header\n",
    "magic only": b"ply\n",
    "ASCII PLY with too many rows": ASCII_PLY.replace(b"vertex 3", b"vertex 99999999"),
    "ASCII PLY without rows": ASCII_PLY.split(b"end_header\n")[0] + b"end_header\n",
    "solid only": b"solid",
}


@pytest.mark.parametrize("data", LIES.values(), ids=LIES)
@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj"])
def test_no_lie_makes_it_fail(data, suffix):
    view = memoryview(data)
    form = sniffed_format(view, suffix)
    assert all(isinstance(channel, Channel) for channel in channels_of(view, form or "stl"))


@given(
    data=st.binary(max_size=400),
    head=st.sampled_from([b"", b"ply\n", b"solid ", b"v 0 0 0\n", BINARY_PLY[:120], BINARY_STL]),
    form=st.sampled_from(["stl", "ascii stl", "ply", "obj"]),
)
@settings(deadline=None, max_examples=150)
def test_no_bytes_make_it_fail(data, head, form):
    for _ in channels_of(memoryview(head + data), form):
        pass


def test_a_polyglot_is_a_scan_with_a_tail():
    # A ZIP is read from its end, an STL from its start: one file, two readers.
    archive = b"PK\x05\x06" + bytes(18)
    assert found(BINARY_STL + archive) == [("STL trailing bytes", archive)]
    assert found(BINARY_PLY + archive) == [("PLY trailing bytes", archive)]


def test_a_long_tail_is_kept_in_part():
    ((_, data),) = found(BINARY_STL + bytes(3 << 20) + b"x")
    assert len(data) == 1 << 20


def test_blank_tails_are_none():
    for tail in (b"\n", b"\0" * 600, b" \r\n"):
        assert found(BINARY_STL + tail) == []


def test_attribute_bytes_of_every_triangle_are_kept():
    rows = np.zeros((1000, 50), dtype=np.uint8)
    rows[999, 48] = 7
    data = bytes(80) + struct.pack("<I", 1000) + rows.tobytes()
    ((place, value),) = found(data)
    assert (place, len(value), value[-2]) == ("STL attribute bytes", 2000, 7)


def test_what_is_no_scan_is_none():
    for data in (b"", b"hello", b"\xff\xd8\xff", b"<Treatment>", b"plymouth"):
        assert sniffed_format(memoryview(data), ".txt") is None


HOSTILE = {
    "one long row of numbers": b"solid\nfacet normal 0 0 0\nvertex " + b"1 " * 300_000,
    "one long number": b"v " + b"1" * 500_000,
    "blanks": b"v 1 2 3\n" + b" " * 500_000,
    "blank lines": b"v 1 2 3\n" + b"\n \t" * 200_000,
    "a long face": b"v 1 2 3\nf" + b" 1/" * 200_000 + b"x",
    "signs": b"v 1 2 3\nv " + b"+-" * 200_000,
    "slashes": b"v 1 2 3\nf 1" + b"/" * 300_000,
    "many comments": b"v 1 2 3\n" + b"# Zora\n" * 50_000,
    "a row of dots in a PLY": ASCII_PLY + b"." * 500_000,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_lines_end(data):
    found(data)
