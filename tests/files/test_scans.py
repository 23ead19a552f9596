"""Any file a clinic may send: what it is, its bytes say; what it says, nobody hears."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import FormatError, InputError, MeshError, StorageError, StsbenchError
from stsbench.files.scans import (
    decode_scan,
    encode_obj,
    encode_ply,
    encode_stl,
    read_scan,
    write_scan,
)
from tests.canaries import needles
from tests.files.mesh_files import CORNERS, SQUARE, as_nobody, obj, ply_mesh, stl_ascii, stl_binary
from tests.shapes import sheet, sphere

SOUP = CORNERS[SQUARE]
HERE = Path(__file__).resolve().parents[2]
NAME = "Annegret Mustermann"  # nobody's
SOUND = {
    "stl": stl_binary(SOUP),
    "stl ascii": stl_ascii(SOUP),
    "ply": ply_mesh(CORNERS, SQUARE),
    "ply big endian": ply_mesh(CORNERS, SQUARE, order=">"),
    "ply ascii": ply_mesh(CORNERS, SQUARE, order=""),
    "obj": obj(CORNERS, SQUARE + 1),
}


@pytest.mark.parametrize("content", SOUND)
@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj", ".STL", ".dcm", ".txt", ""])
def test_content_decides_and_the_suffix_does_not(tmp_path, content, suffix):
    path = tmp_path / f"scan{suffix}"
    path.write_bytes(SOUND[content])
    mesh = read_scan(path)
    assert np.array_equal(mesh.vertices, CORNERS)
    assert np.array_equal(mesh.faces, SQUARE)


@pytest.mark.parametrize("content", SOUND)
@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview], ids=lambda kind: kind.__name__)
def test_bytes_of_any_kind_are_read_and_left_alone(content, wrap):
    data = wrap(bytearray(SOUND[content]))
    assert decode_scan(data).face_count == 2
    assert bytes(data) == SOUND[content]


def test_bytes_that_begin_anywhere_are_read():
    for offset in range(1, 4):
        for content in SOUND.values():
            shifted = memoryview(b"x" * offset + content)[offset:]
            assert np.array_equal(decode_scan(shifted).vertices, CORNERS)


@pytest.mark.parametrize("suffix", [".ply", ".stl", ".obj", ".PLY"])
@pytest.mark.parametrize("durable", [True, False])
def test_what_is_written_is_what_is_encoded(tmp_path, suffix, durable):
    mesh = sphere(2)
    encode = {".ply": encode_ply, ".stl": encode_stl, ".obj": encode_obj}[suffix.lower()]
    for _ in range(2):
        write_scan(mesh, tmp_path / f"model{suffix}", durable=durable)
        assert (tmp_path / f"model{suffix}").read_bytes() == encode(mesh)
    assert [each.name for each in tmp_path.iterdir()] == [f"model{suffix}"]
    assert read_scan(tmp_path / f"model{suffix}").face_count == mesh.face_count


def test_the_same_mesh_gives_the_same_bytes_in_another_process():
    program = (
        "import sys; from stsbench.files.scans import encode_obj, encode_ply, encode_stl;"
        "from tests.shapes import sphere; write = sys.stdout.buffer.write;"
        "[write(encode(sphere(1))) for encode in (encode_ply, encode_stl, encode_obj)]"
    )
    other = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        cwd=HERE,
        capture_output=True,
        timeout=120,
        check=True,
    )
    mesh = sphere(1)
    assert other.stdout == encode_ply(mesh) + encode_stl(mesh) + encode_obj(mesh)


@pytest.mark.parametrize("encode", [encode_ply, encode_stl, encode_obj])
def test_encoding_changes_nothing(encode):
    mesh = sheet(3, 4)
    colours = np.arange(3 * mesh.vertex_count, dtype=np.uint8).reshape(-1, 3)
    mesh = TriangleMesh(mesh.vertices, mesh.faces, colours)
    before = [each.tobytes() for each in (mesh.vertices, mesh.faces, mesh.colours)]
    encode(mesh)
    assert [each.tobytes() for each in (mesh.vertices, mesh.faces, mesh.colours)] == before


PLANTED = {
    "STL header": ("{}.stl", stl_binary(SOUP, header=NAME.encode())),
    "STL header, solid": ("a.stl", stl_binary(SOUP, header=b"solid " + NAME.encode())),
    "solid name": ("a.stl", stl_ascii(SOUP, name=NAME)),
    "STL tail": ("a.stl", stl_binary(np.tile(SOUP, (50, 1, 1))) + NAME.encode()),
    "PLY comment": ("a.ply", ply_mesh(CORNERS, SQUARE, comments=[f"TextureFile {NAME}.png"])),
    "PLY obj_info": ("a.ply", ply_mesh(CORNERS, SQUARE).replace(
        b"1.0\n", b"1.0\nobj_info " + NAME.encode() + b"\n")),
    "PLY trailing bytes": ("a.ply", ply_mesh(CORNERS, SQUARE) + NAME.encode()),
    "OBJ comment, group, object, library": ("a.obj", obj(CORNERS, SQUARE + 1, comments=[
        f"# {NAME}", f"mtllib {NAME}.mtl", f"o {NAME}", f"g {NAME}", f"usemtl {NAME}"])),
    "file name": ("{}.ply", ply_mesh(CORNERS, SQUARE)),
    "folder name": ("{0}/{0}.obj", obj(CORNERS, SQUARE + 1)),
}  # fmt: skip


@pytest.mark.parametrize("channel", PLANTED)
def test_a_planted_name_does_not_come_through(tmp_path, channel):
    pattern, content = PLANTED[channel]
    path = tmp_path / pattern.format(NAME)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    words = needles([NAME, *NAME.split()])
    assert any(word in bytes(path) + content for word in words)  # the search finds what is there
    mesh = read_scan(path)
    out = tmp_path / "out"
    out.mkdir()
    for suffix in (".ply", ".stl", ".obj"):
        write_scan(mesh, out / f"a{suffix}")
        written = (out / f"a{suffix}").read_bytes()
        assert not any(word in written for word in words)
    assert not any(word in repr(mesh).encode() for word in words)


def test_no_file_that_an_obj_names_is_opened(tmp_path):
    """A library that is a pipe nobody writes to would stop a reader for good."""
    os.mkfifo(tmp_path / "library.mtl")
    (tmp_path / "a.obj").write_bytes(b"mtllib library.mtl\n" + SOUND["obj"])
    assert read_scan(tmp_path / "a.obj").face_count == 2


def fifo(folder):
    os.mkfifo(folder / NAME)
    return folder / NAME


def link_to_nothing(folder):
    (folder / NAME).symlink_to(folder / "nothing")
    return folder / NAME


def link_to_itself(folder):
    (folder / NAME).symlink_to(folder / NAME)
    return folder / NAME


def sparse(size):
    def make(folder):
        with (folder / NAME).open("wb") as file:
            file.write(stl_binary(SOUP, claimed=min((size - 84) // 50, 2**32 - 1))[:84])
            file.truncate(size)
        return folder / NAME

    return make


def below_a_file(folder):
    (folder / "a").write_bytes(b"")
    return folder / "a" / NAME


PATHS = {
    "a folder": (lambda folder: folder, "folder"),
    "a pipe": (fifo, "pipe"),
    "a device": (lambda _: "/dev/zero", "device"),
    "a terminal": (lambda _: "/dev/tty", "device"),
    "nothing": (lambda folder: folder / NAME, "does not exist"),
    "a link to nothing": (link_to_nothing, "does not exist"),
    "a link to itself": (link_to_itself, "could not be read"),
    "a path below a file": (below_a_file, "could not be read"),
    "a name too long": (lambda folder: folder / (NAME * 100), "could not be read"),
    "a null character": (lambda folder: folder / f"\0{NAME}", "could not be read"),
    "a file of 3 GiB": (sparse(3 << 30), "3.0 GiB; the limit is 1 GiB"),
    "a file of 8 TiB": (sparse(8 << 40), "the limit is 1 GiB"),
}


@pytest.mark.parametrize("name", PATHS)
def test_what_is_no_file_is_refused_in_one_line(tmp_path, name):
    make, problem = PATHS[name]
    try:
        path = make(tmp_path)
    except OSError:
        pytest.skip("this system has no such thing")
    with pytest.raises(FormatError, match=problem) as caught:
        read_scan(path)
    check_refusal(caught.value, tmp_path)


def check_refusal(error, folder):
    text = str(error)
    assert NAME not in text
    assert str(folder) not in text
    assert "\n" not in text
    assert len(text) < 200
    assert error.remedy
    assert error.__context__ is None or error.__suppress_context__


@pytest.mark.skipif(os.name == "nt", reason="permissions are others there")
def test_a_file_without_permission_is_refused(tmp_path):
    (tmp_path / "a.stl").write_bytes(SOUND["stl"])
    (tmp_path / "a.stl").chmod(0)
    with as_nobody(tmp_path), pytest.raises(FormatError, match="may not be read") as caught:
        read_scan(Path("a.stl"))
    check_refusal(caught.value, tmp_path)


HPS = b'<HPS version="1.0"><Properties><Property name="' + NAME.encode() + b'"/></Properties></HPS>'
CONTENTS = {
    "empty": (b"", "empty"),
    "one byte": (b"s", "not an STL, PLY or OBJ"),
    "a name": (NAME.encode(), "not an STL, PLY or OBJ"),
    "blanks": (b" \n" * 100, "not an STL, PLY or OBJ"),
    "zeros": (bytes(1000), "not an STL, PLY or OBJ"),
    "zeros, a few": (bytes(50), "not an STL, PLY or OBJ|no mesh"),
    "noise": (np.random.default_rng(5).bytes(5000), "no mesh"),
    "prose": (b"Dear colleague, please find enclosed the scan of " + NAME.encode(), "not an STL"),
    "a table": (b"name,age\n" + NAME.encode() + b",12\n", "not an STL"),
    "JSON": (b'{"patient": "' + NAME.encode() + b'"}', "not an STL"),
    "an HPS file": (HPS, "3Shape"),
    "a DICOM file": (bytes(128) + b"DICM" + bytes(200), "DICOM"),
    "a zip": (b"PK\x03\x04" + bytes(200), "zip"),
    "a gzip": (b"\x1f\x8b\x08" + bytes(200), "compressed"),
    "a glTF": (b"glTF\x02\0\0\0" + bytes(200), "glTF"),
    "a PNG": (b"\x89PNG\r\n\x1a\n" + bytes(200), "picture"),
    "a PDF": (b"%PDF-1.7 " + NAME.encode(), "document"),
    "a JPEG": (b"\xff\xd8\xff\xe0" + bytes(200), "picture"),
    "an XML file": (b"<?xml version='1.0'?><Treatment><Patient>", "XML"),
    "an HTML file": (b"<!doctype html><title>404 Not Found", "XML"),
    "UTF-16 text": ("solid a".encode("utf-16"), "no mesh|not an STL"),
    "an STL of 83 bytes": (SOUND["stl"][:83], "not an STL"),
    "an STL header": (SOUND["stl"][:84], "claims 2 faces but has room for 0"),
    "an STL cut in its first record": (SOUND["stl"][:100], "claims 2 faces but has room for 0"),
    "an STL cut in its last byte": (SOUND["stl"][:-1], "claims 2 faces but has room for 1"),
    "an STL with a record too many": (SOUND["stl"] + bytes(50), "face count is wrong"),
    "an STL with another behind it": (stl_binary(np.tile(SOUP, (50, 1, 1))) + SOUND["stl"] * 22,
                                      "face count is wrong"),
    "a large STL with 4097 bytes behind it": (
        stl_binary(np.tile(SOUP, (500, 1, 1))) + bytes(4097), "face count is wrong"),
    "an STL that claims none": (stl_binary(SOUP, claimed=0), "face count is wrong"),
    "an STL that claims 2^32": (stl_binary(SOUP, claimed=2**32 - 1), "claims 4294967295 faces"),
    "an STL without faces": (stl_binary([]), "not an STL, PLY or OBJ|no faces"),
    "an STL named solid, cut": (stl_binary(SOUP, header=b"solid a")[:-1], "room for 1"),
    "an STL that is not a number": (stl_binary([[(0, 0, 0), (1, 0, np.nan), (0, 1, 0)]]), "finite"),
    "an STL that is infinite": (stl_binary([[(0, 0, 0), (1, np.inf, 0), (0, 1, 0)]]), "finite"),
    "solid and no more": (b"solid", "cut off"),
    "solid and prose": (b"solid advice for " + NAME.encode() + b"\nread on\n", "Line 2"),
    "a long first word": (b"solid" * 5000, "not an STL"),
    "a line of a million blanks": (b"solid" + b" " * 10**6, "cut off"),
    "an OBJ with a zero byte": (b"\0" + SOUND["obj"], "no mesh|not an STL"),
    "an OBJ without faces": (obj(CORNERS, []), "no faces"),
    "a PLY of one line": (b"ply\n", "does not end"),
    "a PLY header in UTF-16": ("ply\nformat".encode("utf-16-le"), "no mesh|not an STL"),
    "a PLY without data": (SOUND["ply"][: SOUND["ply"].index(b"end_header") + 11], "room for 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENTS)
def test_what_is_no_mesh_is_refused_in_one_line(tmp_path, name):
    content, problem = CONTENTS[name]
    path = tmp_path / f"{NAME}.stl"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=problem) as caught:
        read_scan(path)
    check_refusal(caught.value, tmp_path)


def test_hostile_tables_are_long_enough():
    assert len(PATHS) + len(CONTENTS) >= 40


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_no_changed_byte_trips_a_reader(data):
    changed = bytearray(SOUND[data.draw(st.sampled_from(sorted(SOUND)))])
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    check_total(bytes(changed))


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            [*SOUND["ply ascii"].split(b"\n")[:-1], *SOUND["obj"].split(b"\n"),
             *SOUND["stl ascii"].split(b"\n"), b"f 1/2/3 -1 2\\", b"element face 99999999999",
             b"property list char int8 vertex_index", b"v 1 2 3 4 5 6 7", b"\xff\0", b"1e999 nan"]
        ),
        max_size=40,
    ),
    st.sampled_from([b"\n", b"\r\n", b" ", b"\r"]),
)  # fmt: skip
def test_no_jumble_of_lines_trips_a_reader(lines, newline):
    for start in ([], [b"ply"], [b"solid"]):
        check_total(newline.join([*start, *lines]))


def check_total(content):
    """A reader gives a mesh that keeps every rule, or a FormatError: never anything else."""
    refusal = None
    try:
        mesh = decode_scan(content)
    except FormatError as error:
        refusal = error
    if refusal is not None:
        assert refusal.remedy
        assert "damaged (" not in refusal.problem  # the net for what nobody foresaw
        return
    assert mesh.face_count > 0
    assert mesh.faces.min() >= 0
    assert mesh.faces.max() < mesh.vertex_count
    assert np.isfinite(mesh.vertices.astype(np.float32)).all()


@pytest.mark.parametrize("suffix", ["", ".dcm", ".txt", ".ply.tmp"])
def test_other_outputs_are_refused(tmp_path, suffix):
    with pytest.raises(InputError, match="no format") as caught:
        write_scan(sphere(0), tmp_path / f"{NAME}{suffix}")
    check_refusal(caught.value, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".ply", ".stl", ".obj"])
@pytest.mark.parametrize(
    ("mesh", "problem"),
    [
        (TriangleMesh(np.zeros((3, 3)), np.empty((0, 3), np.int32)), "no faces"),
        (TriangleMesh(np.full((3, 3), 1e39), np.array([[0, 1, 2]])), "too large"),
    ],
    ids=["no faces", "beyond float32"],
)
def test_meshes_that_cannot_be_written_leave_the_old_file(tmp_path, suffix, mesh, problem):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    with pytest.raises(MeshError, match=problem):
        write_scan(mesh, path)
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="does not exist") as caught:
        write_scan(sphere(0), tmp_path / NAME / "a.ply")
    check_refusal(caught.value, tmp_path)


def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.stl"
    path.write_bytes(SOUND["stl"])
    real = os.fstat

    def longer(descriptor):
        status = list(real(descriptor))
        status[6] += 50
        return os.stat_result(status)

    monkeypatch.setattr(os, "fstat", longer)
    with pytest.raises(FormatError, match="shorter"):
        read_scan(path)
    path.write_bytes(stl_binary(SOUP, claimed=3))  # a whole STL by its claim and its old size
    with pytest.raises(FormatError, match="shorter"):
        read_scan(path)


def test_where_no_file_is_read_at_a_place_it_is_read_after_a_seek(tmp_path, monkeypatch):
    """As on Windows, also by two threads at once."""
    mesh = sheet(160, 170)
    path = tmp_path / "a.stl"
    write_scan(mesh, path)
    here = read_scan(path)
    monkeypatch.delattr(os, "preadv")
    there = read_scan(path)
    assert np.array_equal(here.vertices, there.vertices)
    assert np.array_equal(here.faces, there.faces)


CLAIMS = {
    "stl": (stl_binary(SOUP, claimed=2**32 - 1), "claims 4294967295 faces"),
    "ply faces": (SOUND["ply"].replace(b"face 2", b"face 9900000"), "claims 9900000 faces but"),
    "ply vertices": (SOUND["ply"].replace(b"x 4", b"x 29000000"), "claims 29000000 vertices but"),
    "ascii": (SOUND["ply ascii"].replace(b"x 4", b"x 29000000"), "claims 29000000 vertices but"),
    "ascii list": (SOUND["ply ascii"].replace(b"3 0 1 2", b"29999999 0 1 2"), "too early"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on memory")
def test_a_claim_costs_no_memory(tmp_path):
    """A child may ask for 64 MiB more than it has: a claim that is believed would end it."""
    program = """
import pathlib, resource, sys
from stsbench.errors import FormatError
from stsbench.files.scans import decode_scan
sound, claims = ([path.read_bytes() for path in sorted(pathlib.Path(folder).iterdir())]
                 for folder in sys.argv[1:])
for each in sound:
    decode_scan(each)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20),) * 2)
for each in claims:
    try:
        decode_scan(each)
    except FormatError as error:
        print(error)
"""
    for folder, files in (("sound", SOUND), ("claims", {k: v for k, (v, _) in CLAIMS.items()})):
        (tmp_path / folder).mkdir()
        for name, content in files.items():
            (tmp_path / folder / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "sound", tmp_path / "claims"],
        cwd=HERE,
        capture_output=True,
        timeout=120,
        check=True,
    )
    lines = done.stdout.decode().splitlines()
    for line, name in zip(lines, sorted(CLAIMS), strict=True):
        assert CLAIMS[name][1] in line


def test_every_refusal_is_of_the_tree():
    assert issubclass(FormatError, StsbenchError)
