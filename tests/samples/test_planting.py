import struct

import numpy as np
import pytest

from data_samples import planting
from data_samples.channels import ENCODINGS, canaries_in, planted_channels
from data_samples.identities import CANARIES, CLINICS, PEOPLE
from stsbench.files.scans import decode_scan
from tests.shapes import sphere

PERSON, CLINIC = PEOPLE["pair"], CLINICS["de"]
BALL = sphere(2)


def test_canaries_are_odd_enough_not_to_occur_by_chance():
    assert len(set(CANARIES)) == len(CANARIES)
    for canary in CANARIES:
        assert len(canary.encode()) >= 6
    noise = np.random.default_rng(1).bytes(1 << 20)
    assert canaries_in(noise) == []


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_search_finds_every_canary_that_an_encoding_can_write(encoding):
    found = 0
    for canary in CANARIES:
        try:
            data = b"\x01" + canary.encode(encoding) + b"\xff"
        except UnicodeEncodeError:
            continue
        assert canary in canaries_in(data)
        found += 1
    assert found > 20


@pytest.mark.parametrize(
    ("name", "data", "channels"),
    [
        (
            "a.stl",
            planting.clinic_stl(BALL, PERSON, CLINIC, trailing=True),
            {"STL header", "STL attribute bytes", "STL trailing bytes"},
        ),
        (
            "b.stl",
            planting.clinic_stl(BALL, PEOPLE["palate"], CLINICS["cn"], encoding="gbk"),
            {"STL header", "STL attribute bytes"},
        ),
        ("c.stl", planting.clinic_ascii_stl(BALL, PERSON, CLINIC), {"STL solid name"}),
        (
            "d.ply",
            planting.clinic_ply(BALL, PERSON, CLINIC, big_endian=True),
            {"PLY comment", "PLY obj_info", "PLY trailing bytes"},
        ),
        (
            "e.obj",
            planting.clinic_obj(BALL, PERSON, CLINIC, library=f"{PERSON.last}.mtl"),
            {"OBJ comment", "OBJ object", "OBJ group", "OBJ material", "OBJ library"},
        ),
        (
            "f.mtl",
            planting.clinic_mtl(PERSON, texture=f"{PERSON.last}.png"),
            {"MTL comment", "MTL material", "MTL texture"},
        ),
        ("g.png", planting.clinic_texture(PERSON, CLINIC), {"PNG text", "PNG trailing bytes"}),
        (
            "h.dentalProject",
            planting.dental_project(PERSON, CLINIC, order_no="1", teeth=(11,)),
            {"XML"},
        ),
        (
            "i.xml",
            planting.three_shape_order(PERSON, CLINIC, order_no="1", model_file="u.stl"),
            {"XML"},
        ),
        ("nobody.stl", planting.clinic_stl(BALL), set()),
        ("nobody.ply", planting.clinic_ply(BALL), set()),
    ],
)
def test_every_channel_of_a_format_is_planted(name, data, channels, tmp_path):
    (tmp_path / name).write_bytes(data)
    assert {channel for _, channel, _ in planted_channels(tmp_path)} == channels


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("binary STL", planting.clinic_stl(BALL, PERSON, CLINIC)),
        ("ASCII STL", planting.clinic_ascii_stl(BALL, PERSON, CLINIC)),
        ("little PLY", planting.clinic_ply(BALL, PERSON, CLINIC, texture="t.png")),
        ("big PLY", planting.clinic_ply(BALL, PERSON, CLINIC, big_endian=True)),
        ("OBJ", planting.clinic_obj(BALL, PERSON, CLINIC, library="m.mtl")),
    ],
)
def test_a_planted_file_is_still_the_scan(name, data):
    mesh = decode_scan(data)
    assert mesh.face_count == BALL.face_count
    assert mesh.vertex_count == BALL.vertex_count
    assert np.allclose(mesh.vertices.max(axis=0), BALL.vertices.max(axis=0), atol=1e-4)
    assert not canaries_in(mesh.vertices.tobytes() + mesh.faces.tobytes())


def test_metres_are_a_thousandth():
    data = planting.clinic_ply(BALL, scale=0.001)
    assert np.allclose(decode_scan(data).extents_mm * 1000, BALL.extents_mm, rtol=1e-5)


def test_attribute_bytes_hold_letters_and_the_count_is_true():
    data = planting.clinic_stl(BALL, PERSON, CLINIC)
    assert struct.unpack_from("<I", data, 80) == (BALL.face_count,)
    letters = b"".join(data[84 + 50 * i + 48 : 84 + 50 * i + 50] for i in range(6))
    assert letters == PERSON.last.encode()[:9] + b" To"
