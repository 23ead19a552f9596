"""The keyless child: what it hands over is checked, and its death is one line."""

import json
import sys

import pytest

from stsbench.errors import FormatError, InputError, OrderError
from stsbench.vault import parsing
from stsbench.vault.parsing import check_ply, parse_folder
from tests.shapes import sphere
from tests.vault.house import ADULT, NAME, SCAN, clinic_folder

LIMITS = {"wall_s": 60.0, "memory_bytes": 4 << 30, "answer_bytes": 64 << 20}


@pytest.fixture
def parse(tmp_path):
    def run(folder, **changed):
        return parse_folder(str(folder), scratch=tmp_path / "scratch", **{**LIMITS, **changed})

    return run


PLY = {
    "whole": (SCAN, 4),
    "cut": (SCAN[:-1], None),
    "extended": (SCAN + b"x", None),
    "another count": (SCAN.replace(b"vertex 4", b"vertex 5"), None),
    "a comment": (SCAN.replace(b"element vertex", b"comment Anna\nelement vertex"), None),
    "another property": (SCAN.replace(b"float z\n", b"float z\nproperty float nx\n"), None),
    "ascii": (SCAN.replace(b"binary_little_endian", b"ascii"), None),
    "huge": (SCAN.replace(b"vertex 4", b"vertex 99999999999"), None),
    "empty": (b"", None),
}


@pytest.mark.parametrize("name", PLY)
def test_only_a_ply_of_our_own_form_is_believed(name):
    data, faces = PLY[name]
    if faces is None:
        with pytest.raises(FormatError):
            check_ply(memoryview(data))
    else:
        assert check_ply(memoryview(data)) == faces


def test_a_folder_comes_back_as_values_and_our_own_scans(parse, tmp_path):
    scans = {f"{NAME} OK.stl": (sphere(2, 30.0), "upper"), "b.ply": (sphere(1, 20.0), "lower")}
    folder = clinic_folder(tmp_path / NAME, patient=ADULT, scans=scans, notes="calls at noon")
    parsed = parse(folder)
    assert parsed.order_present
    assert parsed.order.patient is not None
    assert parsed.order.patient.name == NAME  # the broker seals it; no client ever sees it
    assert [scan.face_count for scan in parsed.scans] == [320, 80]
    assert parsed.scans[0].extents == pytest.approx((60, 60, 60), abs=2)
    assert check_ply(memoryview(parsed.scans[0].ply)) == 320
    places = {(place.kind, place.place) for place in parsed.identifiers}
    assert ("name", "order.json") in places
    assert ("name", "file name") in places
    assert NAME not in repr(parsed)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_folder_without_an_order_is_its_scans(parse, tmp_path):
    scans = {"Lower_Jaw.stl": (sphere(1, 30.0), None), "x.ply": (sphere(1, 30.0), None)}
    parsed = parse(clinic_folder(tmp_path / "f", scans=scans, order=False))
    assert not parsed.order_present
    assert [scan.role for scan in parsed.order.scans] == ["lower", None]


def test_a_scan_that_cannot_be_read_is_named_by_its_place(parse, tmp_path):
    folder = clinic_folder(
        tmp_path / "f", scans={"a.ply": (sphere(1), "upper"), "b.stl": (sphere(1), "lower")}
    )
    (folder / "b.stl").write_bytes(b"solid " + b"\0" * 50)
    assert [scan.readable for scan in parse(folder).scans] == [True, False]


REFUSED = {
    "no folder": (None, InputError),
    "an unknown field": ({"phone": "+49 170 0000000"}, OrderError),
    "no JSON": ("{", OrderError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_order_is_refused_without_a_value(parse, tmp_path, name):
    changed, error = REFUSED[name]
    folder = tmp_path / "Hohenfels"
    if changed is not None:
        clinic_folder(folder, patient=ADULT, **(changed if isinstance(changed, dict) else {}))
        if isinstance(changed, str):
            (folder / "order.json").write_text(changed)
    with pytest.raises(error) as caught:
        parse(folder)
    assert "Hohenfels" not in str(caught.value)
    assert "170" not in str(caught.value)


def test_a_child_that_hangs_is_killed(parse, tmp_path):
    with pytest.raises(FormatError, match="scan_unreadable"):
        parse(clinic_folder(tmp_path / "f"), wall_s=0.01)


def test_a_child_that_dies_is_one_line(parse, tmp_path, monkeypatch):
    monkeypatch.setenv("STSBENCH_FAILPOINT", "parsing_child.reading")
    with pytest.raises(FormatError, match="scan_unreadable"):
        parse(clinic_folder(tmp_path / "f"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="address space limits")
def test_a_child_without_memory_is_one_line(parse, tmp_path):
    with pytest.raises(FormatError, match="scan_unreadable"):
        parse(clinic_folder(tmp_path / "f"), memory_bytes=64 << 20)


def test_an_answer_beyond_its_room_is_refused(parse, tmp_path):
    with pytest.raises(FormatError, match="scan_unreadable"):
        parse(clinic_folder(tmp_path / "f"), answer_bytes=1000)


HEAD = {
    "order": {"scans": [{"file": "a", "role": "upper", "unit": "mm"}]},
    "order_present": True,
    "identifiers": [],
    "synthetic": False,
    "scans": [{"readable": True, "face_count": 4, "extents": [1, 2, 3], "size": len(SCAN)}],
}

ANSWERS = {
    "genuine": (HEAD, SCAN, True),
    "a foreign error class": ({"error": {"error": "OSError", "problem": "x", "remedy": "y"}}, b"",
                              False),
    "a long error": ({"error": {"error": "OrderError", "problem": "x" * 999, "remedy": ""}}, b"",
                     False),
    "more bytes than said": (HEAD, SCAN + SCAN, False),
    "fewer bytes than said": (HEAD, SCAN[:-9], False),
    "scans of nobody": ({**HEAD, "scans": []}, b"", False),
    "an unknown field": ({**HEAD, "order": {"surname": "x"}}, SCAN, False),
    "no head": ([], b"", False),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_checked_before_it_is_believed(name):
    head, data, good = ANSWERS[name]
    encoded = json.dumps(head).encode()
    answer = bytearray(len(encoded).to_bytes(8, "big") + encoded + data)
    if good:
        assert parsing._believed(answer).scans[0].face_count == 4
    else:
        with pytest.raises(FormatError, match="scan_unreadable"):
            parsing._believed(answer)
