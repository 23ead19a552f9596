"""Reports and edit records: the same bytes twice, and no hostile byte gets through."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.verdicts import Verdict
from stsbench.errors import FormatError, InputError
from stsbench.files.records import EDITS_SCHEMA, decode_edits, encode_edits, encode_report

FIELDS = (
    "vertex_source", "vertex_moved_mm", "face_source", "removed_face", "removed_reason",
    "added_reason",
)  # fmt: skip


def record(vertices=5, faces=7, removed=3):
    return EditRecord(
        vertex_source=np.arange(-1, vertices - 1, dtype=np.int32),
        vertex_moved_mm=np.linspace(0, 1, vertices, dtype=np.float32),
        face_source=np.arange(-1, faces - 1, dtype=np.int32),
        removed_face=np.arange(removed, dtype=np.int32),
        removed_reason=np.full(removed, EditReason.SPIKE, np.uint8),
        added_reason=np.full(faces, EditReason.HOLE_FILL, np.uint8),
    )


def test_a_report_is_canonical():
    document = {
        "verdict": Verdict.PASS,
        "b": [1, 2.5, None, True, "\u00fc"],
        "a": {"z": np.float32(0.5), "y": np.int64(3), "x": np.bool_(False)},
        "n": np.arange(2),
        "t": (1, 2),
    }
    expected = (
        '{\n  "a": {\n    "x": false,\n    "y": 3,\n    "z": 0.5\n  },\n'
        '  "b": [\n    1,\n    2.5,\n    null,\n    true,\n    "\\u00fc"\n  ],\n'
        '  "n": [\n    0,\n    1\n  ],\n  "t": [\n    1,\n    2\n  ],\n  "verdict": "pass"\n}\n'
    )
    assert encode_report(document).decode("ascii") == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_any_report_comes_back_whatever_the_order_of_its_keys(document):
    encoded = encode_report(document)
    assert json.loads(encoded) == document
    assert encode_report(dict(reversed(document.items()))) == encoded


NESTED = []
NESTED.append(NESTED)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"), float("inf"), np.float32("nan"), np.array([1.0, -np.inf]), {1, 2}, b"bytes",
        object(), {1: "a"}, {None: "a"}, 1j, NESTED,
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(InputError) as caught:
        encode_report({"a": [value]})
    assert caught.value.remedy


@pytest.mark.parametrize("sizes", [(5, 7, 3), (0, 0, 0), (1, 0, 2), (1000, 2000, 500)])
def test_an_edit_record_comes_back(sizes):
    edits = record(*sizes)
    encoded = encode_edits(edits)
    again = decode_edits(encoded)
    for name in FIELDS:
        assert np.array_equal(getattr(again, name), getattr(edits, name))
        assert getattr(again, name).dtype == getattr(edits, name).dtype
    assert encode_edits(again) == encoded
    assert decode_edits(memoryview(encoded)).removed_face.tolist() == edits.removed_face.tolist()


def test_numpy_opens_an_edit_record_and_its_legend_is_json():
    with np.load(io.BytesIO(encode_edits(record())), allow_pickle=False) as archive:
        assert set(archive.files) == {"legend", *FIELDS}
        legend = json.loads(str(archive["legend"]))
    assert legend["schema"] == EDITS_SCHEMA
    assert legend["reasons"] == {reason.name.lower(): reason.value for reason in EditReason}


def test_an_edit_record_says_nothing_of_when_or_where():
    with zipfile.ZipFile(io.BytesIO(encode_edits(record()))) as archive:
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.compress_type == zipfile.ZIP_STORED
            assert (info.create_system, info.extra, info.comment) == (3, b"", b"")


def repacked(edit, *, compression=zipfile.ZIP_STORED):
    """An edit record whose members went through `edit(name, bytes) -> bytes or None`."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(encode_edits(record()))) as old,
        zipfile.ZipFile(buffer, "w", compression) as new,
    ):
        for name in old.namelist():
            data = edit(name.removesuffix(".npy"), old.read(name))
            if data is not None:
                new.writestr(name, data)
    return buffer.getvalue()


def npy(array, **options):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


def swap(target, data):
    return repacked(lambda name, old: data if name == target else old)


NOTE = json.dumps({"schema": EDITS_SCHEMA, "reasons": {}})
GOOD = encode_edits(record())
SEVEN = npy(np.zeros(7, np.int32))
REFUSED = {
    "empty": (b"", "damaged"),
    "not a zip": (b"PK\x03\x04 Anna", "damaged"),
    "cut off": (GOOD[: len(GOOD) // 2], "damaged"),
    "a flipped byte": (GOOD[:400] + bytes([GOOD[400] ^ 1]) + GOOD[401:], "damaged"),
    "a member missing": (swap("removed_face", None), "no edit record"),
    "deflated": (repacked(lambda _, old: old, compression=zipfile.ZIP_DEFLATED), "packed"),
    "a zip bomb": (
        repacked(lambda _, old: old + bytes(1 << 24), compression=zipfile.ZIP_DEFLATED), "packed"),
    "another schema": (swap("legend", npy(np.array('{"schema": "stsbench.edits/2"}'))), "no edit"),
    "another legend": (swap("legend", npy(np.array(NOTE))), "otherwise"),
    "a legend that is no JSON": (swap("legend", npy(np.array("Anna"))), "damaged"),
    "a legend that is a list": (swap("legend", npy(np.array("[]"))), "no edit record"),
    "a legend of bytes": (swap("legend", npy(np.zeros(3, np.uint8))), "another kind"),
    "another type": (swap("face_source", npy(np.zeros(7, np.int64))), "another kind"),
    "another byte order": (swap("face_source", npy(np.zeros(7, ">i4"))), "another kind"),
    "two dimensions": (swap("face_source", npy(np.zeros((7, 1), np.int32))), "another kind"),
    "objects": (
        swap("face_source", npy(np.array([{}], object), allow_pickle=True)), "another kind"),
    "a claim of 8 TB": (
        swap("face_source", SEVEN.replace(b"(7,), ", b"(1099511627776,), "))
        , "damaged|another kind"),
    "a negative length": (
        swap("face_source", SEVEN.replace(b"(7,), ", b"(-7,),")),
        "damaged|another kind"),
    "a header that is code": (
        swap("face_source", SEVEN.replace(b"(7,), ", b"exit()")), "damaged"),
    "another npy version": (
        swap("face_source", npy(np.zeros(7, np.int32), version=(2, 0))), "version"),
    "not an npy": (swap("face_source", b"Anna"), "damaged"),
    "trailing bytes": (swap("face_source", SEVEN + b"Anna"), "another kind"),
    "lengths that differ": (swap("face_source", npy(np.zeros(6, np.int32))), "damaged"),
    "a reason without a name": (
        swap("added_reason", npy(np.full(7, 99, np.uint8))), "without a name"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_edit_records_are_refused(name):
    data, problem = REFUSED[name]
    with pytest.raises(FormatError, match=problem) as caught:
        decode_edits(data)
    assert "Anna" not in str(caught.value)
    assert caught.value.remedy


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_changed_byte_trips_the_reader(data):
    changed = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    try:
        again = decode_edits(bytes(changed))
    except FormatError:
        return
    # Bytes that mean nothing, such as the date of a member, may change; the arrays may not.
    assert encode_edits(again) == GOOD
