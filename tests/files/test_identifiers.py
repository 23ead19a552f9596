"""The preview of an order's folder: every channel of every format, counts, bounds; no value."""

import base64
import dataclasses
import json
import os
import struct
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from stsbench.domain.access import IdentifierPlace
from stsbench.files.identifiers import PLACES, describe, find_identifiers
from stsbench.files.scans import decode_scan, encode_obj, encode_ply, encode_stl
from stsbench.privacy.identifying_text import KINDS
from tests.scans_for_identifiers import (
    ASCII_PLY,
    ASCII_STL,
    BINARY_PLY,
    BINARY_STL,
    OBJ,
    binary_ply,
    binary_stl,
)

NAME = "Quintarelli"
posix = pytest.mark.skipif(os.name == "nt", reason="pipes, links and hollow files are POSIX's")
ORDER = {
    "schema": "stsbench.order/1",
    "patient": {"name": f"Zora {NAME}"},
    "doctor": {"name": "Dr. Wörthmüller"},
    "clinic": {"name": "Clinic Oberfeld"},
}
WORD = NAME.encode()


def order_folder(tmp_path: Path, files: dict[str, bytes], document: object = ORDER) -> Path:
    folder = tmp_path / "order"
    folder.mkdir()
    if document is not None:
        (folder / "order.json").write_text(json.dumps(document), encoding="utf-8")
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def found(folder: Path, document: dict | None = ORDER) -> dict[tuple[str, str], int]:
    places = find_identifiers(folder, document)
    assert places == sorted(places)
    assert all(place.count > 0 for place in places)
    assert {place.kind for place in places} <= KINDS.keys()
    assert {place.place for place in places} <= PLACES.keys()
    return {(place.kind, place.place): place.count for place in places}


def beside_order(places: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    return {key: count for key, count in places.items() if key[1] != "order.json"}


CHANNELS = {
    "STL header": ("upper.stl", binary_stl(header=WORD), "STL header"),
    "STL attributes": (
        "upper.stl",
        bytes(80) + struct.pack("<I", 8)
        + b"".join(bytes(48) + WORD.ljust(16)[2 * i : 2 * i + 2] for i in range(8)),
        "STL attribute bytes",
    ),
    "STL tail": ("upper.stl", BINARY_STL + WORD, "STL trailing bytes"),
    "solid name": ("upper.stl", b"solid " + WORD + ASCII_STL[5:], "STL solid name"),
    "line of an STL": ("upper.stl", ASCII_STL + b"# " + WORD, "STL foreign line"),
    "PLY comment": ("upper.ply", binary_ply(extra=b"comment " + WORD + b"\n"), "PLY comment"),
    "PLY obj_info": ("upper.ply", binary_ply(extra=b"obj_info " + WORD + b"\n"), "PLY obj_info"),
    "PLY element": ("upper.ply", binary_ply(extra=b"element " + WORD + b" 0\n"), "PLY element"),
    "PLY property": ("upper.ply", binary_ply(extra_property=WORD), "PLY property"),
    "PLY line": ("upper.ply", binary_ply(extra=b"by " + WORD + b"\n"), "PLY foreign line"),
    "PLY tail": ("upper.ply", BINARY_PLY + WORD, "PLY trailing bytes"),
    "ASCII PLY tail": ("upper.ply", ASCII_PLY + WORD, "PLY trailing bytes"),
    "OBJ comment": ("upper.obj", OBJ + b"# " + WORD, "OBJ comment"),
    "OBJ object": ("upper.obj", OBJ + b"o " + WORD, "OBJ object"),
    "OBJ group": ("upper.obj", OBJ + b"g " + WORD, "OBJ group"),
    "OBJ material": ("upper.obj", OBJ + b"usemtl " + WORD, "OBJ material"),
    "OBJ library": ("upper.obj", OBJ + b"mtllib " + WORD + b".mtl", "OBJ library"),
    "OBJ statement": ("upper.obj", OBJ + WORD, "OBJ statement"),
    "photo": ("upper.jpg", b"\xff\xd8\xff\xe1Exif\0\0" + WORD + b"\xff\xd9", "image file"),
    "behind a photo": ("upper.jpg", b"\xff\xd8\xff\xd9" + WORD, "image file"),
    "PNG text": ("upper.png", b"\x89PNG\r\n\x1a\n\0\0\0\x09tEXt" + WORD, "image file"),
    "XML": ("case.dentalProject", b"<Treatment><PatientName>" + WORD, "XML file"),
    "XML in UTF-16": ("case.xml", b"\xff\xfe" + f"<a>{NAME}".encode("utf-16-le"), "XML file"),
    "locked scan": (
        "upper.dcm", b'<HPS version="1.1">' + base64.b64encode(b"x" + NAME.encode("utf-16-le")),
        "XML file",
    ),
    "JSON": ("upper.json", b'{"a": "' + WORD + b'"}', "JSON file"),
    "text": ("readme.txt", WORD, "text file"),
    "HTML": ("upper.html", b"<html>" + WORD, "text file"),
    "material": ("upper.mtl", b"newmtl " + WORD, "text file"),
    "archive": ("upper.zip", b"PK\3\4\0\0\0\0" + WORD, "other file"),
    "PDF": ("upper.pdf", b"%PDF\0\xff" + WORD, "other file"),
    "file name": (f"{NAME}_upper.stl", BINARY_STL, "file name"),
    "file name glued": (f"upperzora{NAME.lower()}2.stl", BINARY_STL, "file name"),
    "folder in the folder": (f"{NAME}/upper.stl", BINARY_STL, "folder name"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "data", "place"), CHANNELS.values(), ids=CHANNELS)
def test_a_name_is_found_in_every_channel(tmp_path, name, data, place):
    places = beside_order(found(order_folder(tmp_path, {name: data})))
    assert places["name", place] == 1
    assert {key[1] for key in places if key[0] == "name"} == {place}


def test_no_value_is_in_what_comes_back(tmp_path):
    files = {name: data for name, data, _ in CHANNELS.values() if "/" not in name}
    places = find_identifiers(order_folder(tmp_path, files), ORDER)
    text = json.dumps([dataclasses.asdict(place) for place in places]) + repr(places)
    for word in (NAME, "Zora", "Wörthmüller", "Oberfeld", str(tmp_path)):
        assert word.lower() not in text.lower()


CLEAN = {
    "upper.stl": BINARY_STL,
    "lower.ply": BINARY_PLY,
    "bite_left.obj": OBJ,
    "UpperJawScan.stl": ASCII_STL,
    "bite-right 2.ply": ASCII_PLY,
}


def test_a_clean_folder_has_nothing_to_report(tmp_path):
    assert found(order_folder(tmp_path, CLEAN, {"schema": "x"}), {"schema": "x"}) == {}


@pytest.mark.parametrize("encode", [encode_stl, encode_ply, encode_obj])
def test_what_stsbench_writes_has_nothing_to_report(tmp_path, encode):
    written = encode(decode_scan(binary_stl(header=WORD, attribute=b"Qu")))
    suffix = encode.__name__.removeprefix("encode_")
    assert beside_order(found(order_folder(tmp_path, {f"upper.{suffix}": written}))) == {}


def test_counts_are_of_lines_and_files(tmp_path):
    files = {
        "upper.obj": OBJ + b"# Zora\n" * 3 + b"# made elsewhere\n" + b"o x\n",
        "lower.stl": binary_stl(header=WORD),
        "bite_left.stl": binary_stl(header=b"1980-03-12 " + WORD),
        "Zora.txt": b"x",
    }
    assert beside_order(found(order_folder(tmp_path, files))) == {
        ("name", "OBJ comment"): 3,
        ("free text", "OBJ comment"): 1,
        ("free text", "OBJ object"): 1,
        ("name", "STL header"): 2,
        ("date", "STL header"): 1,
        ("name", "file name"): 1,
        ("free text", "text file"): 1,
    }


def test_the_fields_of_the_order_are_counted(tmp_path):
    document = {
        **ORDER,
        "patient": {"name": f"Zora {NAME}", "age": 44, "gender": "female", "age_on": "2026-11-01"},
        "guardian": {"name": f"Ada {NAME}", "verified_by": "Bruno Nurse"},
        "clinic_order_no": "K-20771",
        "notes": "ask Zora, +49 30 1234567",
        "items": [{"type": "crown", "shade": f"A2 for {NAME}"}, {"type": "bridge"}],
    }
    assert found(order_folder(tmp_path, {}, document), document) == {
        ("name", "order.json"): 6,
        ("clinic name", "order.json"): 1,
        ("order number", "order.json"): 1,
        ("age", "order.json"): 1,
        ("gender", "order.json"): 1,
        ("phone number", "order.json"): 1,
        ("free text", "order.json"): 1,
    }


def test_the_folders_own_name_is_looked_at(tmp_path):
    folder = order_folder(tmp_path, {})
    for name, kind in (
        (f"{NAME} Zora", "name"),
        ("2026-11-22 48213", "date"),
        ("for Ada", "free text"),
    ):
        folder = folder.rename(tmp_path / name)
        assert beside_order(found(folder)) == {(kind, "folder name"): 1}


def test_without_an_order_patterns_and_free_text_are_found(tmp_path):
    files = {"order.json": b'{"patient": ', "Zora.stl": binary_stl(header=b"a.b@example.org")}
    folder = order_folder(tmp_path, files, None)
    assert found(folder, None) == {
        ("free text", "file name"): 1,
        ("e-mail", "STL header"): 1,
        ("free text", "JSON file"): 1,
    }


def test_names_in_other_encodings_of_the_file_system_are_found(tmp_path):
    folder = order_folder(tmp_path, {})
    raw = os.fsencode(folder) + b"/" + "Wörthmüller.stl".encode("latin-1")
    try:
        Path(os.fsdecode(raw)).write_bytes(BINARY_STL)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert found(folder)["name", "file name"] == 1


@posix
def test_links_pipes_and_empty_files_are_not_followed(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_bytes(WORD)
    folder = order_folder(tmp_path, {"upper.stl": b""})
    (folder / "upper.txt").symlink_to(outside)
    (folder / "upper").symlink_to(tmp_path)
    os.mkfifo(folder / "lower.stl")
    assert beside_order(found(folder)) == {("unread data", "folder"): 3}


def test_deep_and_crowded_folders_are_read_in_part(tmp_path):
    deep = "/".join(["upper"] * 12)
    places = found(order_folder(tmp_path, {f"{deep}/Zora.stl": BINARY_STL}))
    assert places["unread data", "folder"] == 1
    assert ("name", "file name") not in places


def test_two_thousand_files_are_the_most(tmp_path):
    folder = order_folder(tmp_path, {})
    for number in range(2_100):
        (folder / f"upper {number}").touch()
    assert found(folder)["unread data", "folder"] == 1


LIES = {
    "2^32 triangles": bytes(80) + struct.pack("<I", 2**32 - 1) + b"x" * 500,
    "2^32 vertices": BINARY_PLY.replace(b"vertex 3", b"vertex 4294967295"),
    "2^32 faces": BINARY_PLY.replace(b"face 1", b"face 4294967295"),
    "10^17 rows": BINARY_PLY.replace(b"face 1", b"face 100000000000000000"),
}


@pytest.mark.parametrize("data", LIES.values(), ids=LIES)
@pytest.mark.parametrize("suffix", ["stl", "ply", "obj", "txt"])
def test_a_claim_of_billions_takes_no_memory(tmp_path, data, suffix):
    folder = order_folder(tmp_path, {f"upper.{suffix}": data})
    found(folder)  # first: modules and tables are loaded
    tracemalloc.start()
    found(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


@posix
def test_a_hollow_file_of_eight_gigabytes_is_read_at_its_ends(tmp_path):
    folder = order_folder(tmp_path, {})
    with (folder / "upper.bin").open("wb") as stream:
        stream.write(b"\0" + WORD)
        stream.truncate(8 << 30)
    with (folder / "lower.stl").open("wb") as stream:
        stream.write(binary_stl(header=WORD))
        stream.truncate(8 << 30)
    assert beside_order(found(folder)) == {
        ("name", "other file"): 1,
        ("unknown data", "other file"): 1,
        ("unread data", "other file"): 1,
        ("name", "STL header"): 1,
        ("unknown data", "STL trailing bytes"): 1,
    }


def test_a_decompression_bomb_is_not_unpacked(tmp_path):
    folder = order_folder(tmp_path, {})
    with zipfile.ZipFile(folder / "upper.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{NAME}.stl", bytes(10 << 20))
    places = beside_order(found(folder))
    assert places == {("name", "other file"): 1, ("unknown data", "other file"): 1}


def test_so_many_other_files_are_read_only_up_to_a_limit(tmp_path):
    data = b"\0" * (1 << 20)
    folder = order_folder(tmp_path, {f"upper_{number}.bin": data for number in range(12)})
    places = beside_order(found(folder))
    assert places["unknown data", "other file"] == 12
    assert places["unread data", "other file"] == 4


def test_a_polyglot_is_looked_at_as_a_scan(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr(f"{NAME}.txt", "x")
    folder = order_folder(tmp_path, {"upper.stl": BINARY_STL + archive.read_bytes()})
    assert beside_order(found(folder)) == {
        ("name", "STL trailing bytes"): 1,
        ("unknown data", "STL trailing bytes"): 1,
    }


def test_many_different_lines_are_counted_even_when_not_read(tmp_path):
    comments = b"".join(b"# line %d\n" % number for number in range(3_000))
    places = beside_order(found(order_folder(tmp_path, {"upper.obj": OBJ + comments})))
    lines = Counter({key: count for key, count in places.items() if key[1] == "OBJ comment"})
    assert lines["unread data", "OBJ comment"] == 1_000
    assert sum(lines.values()) >= 3_000


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"patient": 7},
        {"items": [7, None, {"shade": 7}]},
        {"notes": 7},
        {"notes": "\ud800"},
        {"clinic": []},
    ],
)
def test_a_malformed_order_does_not_make_it_fail(tmp_path, document):
    found(order_folder(tmp_path, {"upper.stl": BINARY_STL}), document)


def test_what_is_looked_for_is_described():
    rows = dict(describe())
    assert rows.keys() == KINDS.keys() | PLACES.keys()
    assert all(rows.values())


def test_an_identifier_place_holds_no_value():
    assert [field.name for field in dataclasses.fields(IdentifierPlace)] == [
        "kind",
        "place",
        "count",
    ]
