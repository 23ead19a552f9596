"""The control: the search finds a name wherever it may hide, so its silence means something."""

import base64
import gzip
import zipfile
import zlib

import numpy as np
import pytest

from tests.canaries import Wanted, hits

NAME = "Testerson"
RAW = b"x" * 40 + NAME.encode() + b"y" * 40


def zipped(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.txt", RAW * 3)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("plain", lambda p: p.write_bytes(RAW)),
        ("upper case", lambda p: p.write_bytes(RAW.upper())),
        ("utf-16", lambda p: p.write_bytes(b"\0\0" + NAME.encode("utf-16-le"))),
        ("base64 at 0", lambda p: p.write_bytes(base64.b64encode(RAW[40:]))),
        ("base64 at 1", lambda p: p.write_bytes(base64.b64encode(RAW[39:]))),
        ("base64 at 2", lambda p: p.write_bytes(base64.b64encode(RAW[38:]))),
        ("zlib inside", lambda p: p.write_bytes(b"head" + zlib.compress(RAW) + b"tail")),
        ("gzip", lambda p: p.write_bytes(gzip.compress(RAW))),
        ("zip member", zipped),
    ],
)
def test_a_planted_name_is_found(name, write, tmp_path):
    write(tmp_path / "file.bin")
    assert hits([tmp_path], [NAME])


def test_a_planted_file_name_is_found(tmp_path):
    (tmp_path / f"{NAME}.ply").touch()
    assert hits([tmp_path], [NAME])


def test_gbk_is_found(tmp_path):
    (tmp_path / "file.bin").write_bytes("姓名 王测试".encode("gbk"))
    assert hits([tmp_path], ["王测试"])


def test_an_innocent_folder_is_silent(tmp_path):
    (tmp_path / "file.bin").write_bytes(bytes(range(256)) * 100)
    assert not hits([tmp_path], [NAME])


@pytest.mark.parametrize("start", [(4 << 20) - 6, (4 << 20) - 4, (4 << 20) - 1, 4 << 20, 9 << 20])
def test_a_name_is_found_wherever_the_search_is_divided(start, tmp_path):
    (tmp_path / "file.bin").write_bytes(bytes(start) + NAME.encode())
    assert len(hits([tmp_path], [NAME])) == 1


@pytest.mark.parametrize("length", range(5))
def test_a_file_shorter_than_any_name_is_silent(length, tmp_path):
    (tmp_path / "file.bin").write_bytes(NAME.encode()[:length])
    assert not hits([tmp_path], [NAME])


def test_one_pass_finds_what_a_pass_for_each_finds():
    random = np.random.default_rng(3)
    data = random.integers(97, 101, 200_000).astype(np.uint8).tobytes()
    sought = sorted({data[n : n + 7] for n in range(0, 5000, 50)} | {b"abcdabx", b"ddddddddddddd"})
    assert Wanted(sought).within(data) == [needle for needle in sought if needle in data]
