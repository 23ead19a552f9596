"""Whole or not at all: also when the process dies, the disk is full or the target is no file."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stsbench.domain.failpoints import VARIABLE
from stsbench.errors import FormatError, StorageError
from stsbench.files import atomic
from stsbench.files.atomic import WrittenAside, write_aside
from tests.files.mesh_files import as_nobody


def names_in(folder):
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture(params=["nameless", "named"])
def way(request, monkeypatch):
    """Both ways to write aside; the second is what other systems get."""
    if request.param == "named":
        monkeypatch.setattr(atomic, "_NAMELESS", None)
    elif atomic._NAMELESS is None:
        pytest.skip("this system has no nameless files")
    return request.param


@pytest.mark.parametrize("old", [None, b"old"], ids=["new", "replace"])
@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize(
    "data",
    [b"", b"whole", bytearray(b"whole"), memoryview(b"whole"), [b"wh", memoryview(b""), b"ole"]],
    ids=["empty", "bytes", "bytearray", "view", "parts"],
)
def test_the_file_is_there_and_nothing_else(tmp_path, way, old, durable, data):
    path = tmp_path / "scan.ply"
    if old is not None:
        path.write_bytes(old)
    write_aside(path, data, durable=durable)
    assert path.read_bytes() == (b"" if data == b"" else b"whole")
    assert names_in(tmp_path) == ["scan.ply"]


def test_parts_of_wider_items_are_written_as_bytes(tmp_path, way):
    view = memoryview(bytes(range(24))).cast("I", shape=[2, 3])
    write_aside(tmp_path / "a", [view])
    assert (tmp_path / "a").read_bytes() == bytes(range(24))


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_permissions_are_set_from_the_start(tmp_path, way, mode):
    old = os.umask(0o022)
    try:
        write_aside(tmp_path / "a", b"x", mode=mode)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


def failing_parts():
    yield b"half"
    raise FormatError("The scan broke off.", "Export it again.")


def test_an_error_in_a_part_leaves_the_old_file(tmp_path, way):
    path = tmp_path / "scan.ply"
    path.write_bytes(b"old")
    with pytest.raises(FormatError, match="broke off"):
        write_aside(path, failing_parts())
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["scan.ply"]


def test_a_file_that_is_not_put_in_place_leaves_the_old_one(tmp_path, way):
    path = tmp_path / "scan.ply"
    path.write_bytes(b"old")
    with WrittenAside(path, [b"ne", b"w"]):
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["scan.ply"]
    with WrittenAside(path, [b"ne", b"w"]) as written:
        written.put_in_place()
    assert path.read_bytes() == b"new"
    assert names_in(tmp_path) == ["scan.ply"]


def fifo(folder):
    os.mkfifo(folder / "Anna")
    return folder / "Anna"


def below_a_file(folder):
    (folder / "Anna").write_bytes(b"")
    return folder / "Anna" / "b"


def link_to_device(folder):
    (folder / "Anna").symlink_to("/dev/null")
    return folder / "Anna"


REFUSED = {
    "a folder": (lambda folder: folder, "folder"),
    "a device": (lambda _: "/dev/null", "device"),
    "a link to a device": (link_to_device, "device"),
    "a pipe": (fifo, "device or a pipe"),
    "a folder that is not there": (lambda folder: folder / "Anna" / "b", "does not exist"),
    "a file as folder": (below_a_file, "is a file"),
    "a name too long": (lambda folder: folder / ("Anna" * 100), "too long"),
    "a null character": (lambda folder: folder / "An\0na", "could not be written"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_file_is_refused_in_one_line(tmp_path, way, name):
    make, problem = REFUSED[name]
    path = make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StorageError, match=problem) as caught:
        write_aside(atomic.Path(path), b"data")
    assert sorted(tmp_path.rglob("*")) == before
    assert "Anna" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.remedy
    assert caught.value.__context__ is None or caught.value.__suppress_context__  # it has the path


@pytest.mark.skipif(os.name == "nt", reason="permissions are others there")
def test_an_unwritable_folder_is_refused(tmp_path, way):
    with as_nobody(tmp_path), pytest.raises(StorageError, match="not writable"):
        write_aside(atomic.Path("a"), b"data")
    assert names_in(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits are set in a child")
def test_a_full_disk_leaves_the_old_file(tmp_path):
    """A limit on file size stands in for the disk: the write fails half-way either way."""
    program = f"""
import pathlib, resource, signal
from stsbench.errors import StorageError
from stsbench.files.atomic import WrittenAside, write_aside
from tests.files.mesh_files import as_nobody
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_aside(pathlib.Path({str(tmp_path / "a")!r}), [b"x" * 999, b"y" * 999])
except StorageError as error:
    print(error)
"""
    (tmp_path / "a").write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert "too large for this disk" in done.stdout
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names_in(tmp_path) == ["a"]


KILLED = {
    ("atomic.before_rename", None): None,
    ("atomic.before_rename", b"old"): b"old",
    ("atomic.between_link_and_rename", b"old"): b"old",
    ("atomic.after_rename", None): b"new",
    ("atomic.after_rename", b"old"): b"new",
}


@pytest.mark.parametrize(("place", "old"), KILLED, ids=str)
def test_a_killed_process_leaves_the_old_file_or_the_new(tmp_path, place, old):
    path = tmp_path / "a"
    if old is not None:
        path.write_bytes(old)
    program = (
        "import pathlib, sys; from stsbench.files.atomic import WrittenAside, write_aside;"
        "write_aside(pathlib.Path(sys.argv[1]), [b'n', b'ew'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={**os.environ, VARIABLE: place},
        capture_output=True,
        timeout=60,
        check=False,
    )
    if place == "atomic.between_link_and_rename" and done.returncode == 0:
        pytest.skip("this system has no nameless files")
    assert done.returncode == -signal.SIGKILL
    assert (path.read_bytes() if path.exists() else None) == KILLED[place, old]
    # What else lies there is whole: never a part of the new file under any name.
    rest = [each.read_bytes() for each in tmp_path.iterdir() if each != path]
    assert rest in ([], [b"new"])
    if atomic._NAMELESS is not None and place != "atomic.between_link_and_rename":
        assert not rest


def test_the_old_file_is_let_go_of(tmp_path, way):
    """Nobody waits for it, but it does not stay open."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system does not list open files")
    path = tmp_path / "scan.ply"
    for n in range(3):
        write_aside(path, b"%d" % n)
    assert path.read_bytes() == b"2"
    for _ in range(200):
        links = [each for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
        if not any(str(tmp_path) in str(link.readlink()) for link in links):
            return
        time.sleep(0.05)
    pytest.fail("an old file is still open")
