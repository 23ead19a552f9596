"""Orders: what the schema takes, what it refuses, and that a refusal repeats nothing."""

import json
import os
from datetime import date

import pytest

from stsbench.domain.access import Purpose
from stsbench.domain.order import ScanRole, Unit
from stsbench.errors import OrderError
from stsbench.files.orders import SCHEMA, decode_order, order_from, read_order, read_order_document

HASH = "ab" * 32
SECRET = "Quintarelli"
FULL = {
    "schema": SCHEMA,
    "clinic_order_no": "K-1",
    "clinic": {"name": "Clinic Oberfeld"},
    "doctor": {"name": "Dr. Abendroth"},
    "patient": {
        "name": f"Zora {SECRET}",
        "age": 44,
        "age_on": "2026-11-01",
        "gender": "female",
        "adult_attested": False,
    },
    "guardian": {
        "name": f"Ada {SECRET}",
        "method": "in_person",
        "verified_by": "Bruno Nurse",
        "evidence_sha256": HASH,
    },
    "origin": "DE",
    "consents": [
        {"purpose": "repair", "text_sha256": HASH, "given_on": "2026-11-01"},
        {
            "purpose": "model",
            "text_sha256": HASH,
            "given_on": "2026-11-01",
            "withdrawn_on": "2026-11-02",
        },
    ],
    "items": [{"type": "crown", "fdi": [11, 12], "material": "zirconia", "shade": "A2"}],
    "scans": [
        {"file": "upper.stl", "role": "upper", "unit": "mm"},
        {"file": "b.ply", "role": None, "unit": "inch"},
    ],
    "notes": "call first",
}
SMALL = {"schema": SCHEMA}


def write(folder, document=FULL, names=("upper.stl", "b.ply")):
    (folder / "order.json").write_text(json.dumps(document), encoding="utf-8")
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def test_every_field_arrives(tmp_path):
    order = read_order(write(tmp_path))
    assert order.patient.name == f"Zora {SECRET}"
    assert (order.patient.age, order.patient.age_on) == (44, date(2026, 11, 1))
    assert (order.patient.gender, order.patient.adult_attested) == ("female", False)
    assert (order.clinic.name, order.doctor.name) == ("Clinic Oberfeld", "Dr. Abendroth")
    assert (order.guardian.method, order.guardian.verified_by) == ("in_person", "Bruno Nurse")
    assert order.guardian.evidence_sha256 == HASH
    assert (order.clinic_order_no, order.origin, order.notes) == ("K-1", "DE", "call first")
    assert [consent.purpose for consent in order.consents] == [Purpose.REPAIR, Purpose.MODEL]
    assert order.consents[1].withdrawn_on == date(2026, 11, 2)
    assert order.items[0].fdi == (11, 12)
    assert (order.items[0].type, order.items[0].material, order.items[0].shade) == (
        "crown",
        "zirconia",
        "A2",
    )
    assert [(scan.file, scan.role, scan.unit) for scan in order.scans] == [
        ("upper.stl", ScanRole.UPPER, Unit.MILLIMETRE),
        ("b.ply", None, Unit.INCH),
    ]


def test_an_order_needs_no_personal_data():
    order = order_from(SMALL)
    assert order.patient is order.guardian is order.doctor is order.clinic is None
    assert order.consents == order.items == order.scans == ()


@pytest.mark.parametrize("role", [*ScanRole])
@pytest.mark.parametrize("unit", [*Unit])
def test_every_role_and_unit_is_read(role, unit):
    order = order_from(SMALL | {"scans": [{"file": "a.stl", "role": role, "unit": unit}]})
    assert (order.scans[0].role, order.scans[0].unit) == (role, unit)


def test_a_byte_order_mark_is_no_fault():
    assert decode_order(b"\xef\xbb\xbf" + json.dumps(SMALL).encode()) == SMALL


def changed(**fields: object) -> dict:
    return {**FULL, **fields}


def patient(**fields: object) -> dict:
    return changed(patient={**FULL["patient"], **fields})


def consent(**fields: object) -> dict:
    return changed(consents=[{**FULL["consents"][0], **fields}])


def scan(file: str) -> dict:
    return changed(scans=[{"file": file, "role": "upper"}])


REFUSED = {
    "no schema": {key: value for key, value in FULL.items() if key != "schema"},
    "another schema": changed(schema="stsbench.order/2"),
    "a field nobody knows": changed(**{f"{SECRET} Zora": 1}),
    "a field nobody knows in the patient": patient(nickname=SECRET),
    "a birth date": patient(born="1980-03-12"),
    "an age in words": patient(age=SECRET),
    "an age as text": patient(age="44"),
    "half an age": patient(age=44.5),
    "yes for an age": patient(age=True),
    "an age no person has": patient(age=1980),
    "a name that is a list": patient(name=[SECRET]),
    "a name of 300 letters": patient(name=SECRET * 30),
    "a German date": patient(age_on="01.11.2026"),
    "a number for a date": patient(age_on=20261101),
    "a time for a date": patient(age_on="2026-11-01T12:00:00"),
    "yes as text": patient(adult_attested="yes"),
    "a purpose nobody knows": consent(purpose="sale"),
    "a consent to no text": consent(text_sha256=SECRET),
    "a consent without a day": consent(given_on=None),
    "a consent withdrawn before it was given": consent(withdrawn_on="2026-10-01"),
    "consents that are no list": changed(consents={SECRET: 1}),
    "too many consents": changed(consents=FULL["consents"] * 40),
    "a tooth that is none": changed(items=[{"type": "crown", "fdi": [19]}]),
    "a type with a name in it": changed(items=[{"type": f"crown for {SECRET}"}]),
    "an origin in words": changed(origin="Germany"),
    "a role nobody knows": changed(scans=[{"file": "a.stl", "role": SECRET}]),
    "a unit nobody knows": changed(scans=[{"file": "a.stl", "unit": "cubit"}]),
    "a path": scan(f"../{SECRET}.stl"),
    "an absolute path": scan(f"/home/{SECRET}.stl"),
    "a Windows path": scan(f"C:\\{SECRET}.stl"),
    "a stream of a file": scan(f"a.stl:{SECRET}"),
    "the folder itself": scan("."),
    "the order itself": scan("order.json"),
    "a line break": scan(f"a\n{SECRET}.stl"),
    "a NUL": scan(f"a\0{SECRET}.stl"),
    "no file name": scan(""),
    "one file twice": changed(scans=[{"file": "a.stl"}, {"file": "A.STL"}]),
    "a note of 30 KB": changed(notes=SECRET * 3000),
    "a number that is none": changed(notes=float("nan")),
    "a lone surrogate": changed(notes="\ud800"),
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED)
def test_what_the_schema_does_not_say_is_refused(document):
    with pytest.raises(OrderError) as caught:
        order_from(document)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


BYTES = {
    "empty": b"",
    "no JSON": SECRET.encode(),
    "half an object": b'{"schema": ',
    "a list": b"[]",
    "a text": b'"x"',
    "a key twice": b'{"schema": "a", "schema": "b"}',
    "a key twice deep down": b'{"patient": {"age": 12, "age": 44}}',
    "not a number": b'{"patient": {"age": NaN}}',
    "infinity": b'{"patient": {"age": -Infinity}}',
    "Latin-1": '{"notes": "Müller"}'.encode("latin-1"),
    "UTF-16": json.dumps(FULL).encode("utf-16"),
    "deep": b'{"a":' * 100_000,
    "a number of 5,000 digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "two megabytes": b'{"notes": "' + b"x" * (2 << 20) + b'"}',
}


@pytest.mark.parametrize("data", BYTES.values(), ids=BYTES)
def test_what_is_no_order_is_refused(data):
    with pytest.raises(OrderError) as caught:
        decode_order(data)
    assert SECRET not in str(caught.value)


def test_a_folder_without_an_order_is_refused(tmp_path):
    for call in (read_order, read_order_document):
        with pytest.raises(OrderError) as caught:
            call(tmp_path)
        assert str(tmp_path) not in str(caught.value)


def test_a_scan_that_is_not_there_is_refused_by_its_number(tmp_path):
    with pytest.raises(OrderError, match="Scan 2") as caught:
        read_order(write(tmp_path, names=("upper.stl",)))
    assert "b.ply" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="pipes and links are POSIX's")
def test_links_pipes_and_folders_are_no_files(tmp_path):
    (tmp_path / "elsewhere.stl").write_bytes(b"")
    folder = tmp_path / "order"
    folder.mkdir()
    write(folder, names=("b.ply",))
    makers = {
        "link": lambda path: path.symlink_to(tmp_path / "elsewhere.stl"),
        "pipe": os.mkfifo,
        "folder": os.mkdir,
    }
    for make in makers.values():
        make(folder / "upper.stl")
        with pytest.raises(OrderError, match="Scan 1"):
            read_order(folder)
        path = folder / "upper.stl"
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_an_order_that_is_a_link_is_not_followed(tmp_path):
    target = tmp_path / "a"
    target.mkdir()
    write(target)
    link = tmp_path / "b"
    link.mkdir()
    (link / "order.json").symlink_to(target / "order.json")
    with pytest.raises(OrderError):
        read_order(link)
