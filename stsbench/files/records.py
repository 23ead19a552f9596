"""Reports and edit records as bytes: the same value gives the same bytes, on any machine.

Rules owned here:
- A report is canonical JSON: keys sorted, two spaces, ASCII, one newline at the end; a number that
  JSON cannot hold is refused, not written as NaN.
- An edit record is a zip of NumPy arrays in a fixed order with a fixed date, stored and not
  deflated: compressors differ in their bytes from machine to machine.
- An edit record is read as hostile: nothing is unpacked, unpickled or allocated before its size is
  compared with the bytes that are there.

Source: RFC 8259; APPNOTE.TXT (zip) 4.4.6; NumPy NEP 1 (the .npy format, version 1.0).
"""

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.errors import FormatError, InputError, StsbenchError
from stsbench.files.mesh_checks import Buffer

__all__ = ["EDITS_SCHEMA", "decode_edits", "encode_edits", "encode_report"]

EDITS_SCHEMA = "stsbench.edits/1"

_ARRAYS: dict[str, np.dtype[Any]] = {
    "vertex_source": np.dtype("<i4"),
    "vertex_moved_mm": np.dtype("<f4"),
    "face_source": np.dtype("<i4"),
    "removed_face": np.dtype("<i4"),
    "removed_reason": np.dtype("u1"),
    "added_reason": np.dtype("u1"),
}
_LEGEND = {reason.name.lower(): int(reason) for reason in EditReason}
_NOTE = "legend"  # the member that holds schema and legend as JSON text
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can hold: says nothing about when
_UNIX = 3
_DAMAGED = "Repair the scan again to get a new one."


def encode_report(document: Mapping[str, object]) -> bytes:
    """Return a report as canonical JSON.

    Parameters
    ----------
    document : mapping
        Text keys; values of JSON's types, or NumPy scalars and arrays of them.

    Raises
    ------
    InputError
        A number that is not finite, a key that is no text, or a value JSON does not know.
    """
    try:
        text = json.dumps(
            _plain(document), sort_keys=True, indent=2, ensure_ascii=True, allow_nan=False
        )
    except StsbenchError:
        raise
    except (TypeError, ValueError, RecursionError):
        raise InputError(
            "The report holds a value that JSON cannot.", "Use text, finite numbers and lists."
        ) from None
    return text.encode("ascii") + b"\n"


def _plain(value: object) -> object:
    """Turn NumPy values into Python's, and refuse keys that JSON would rewrite."""
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise InputError("The report has a key that is no text.", "Name every entry.")
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def encode_edits(edits: EditRecord) -> bytes:
    """Return an edit record as an NPZ file, `stsbench.edits/1`.

    Its arrays are those of `EditRecord`; `legend` is JSON text with the schema and the number of
    every reason.
    """
    note = json.dumps({"schema": EDITS_SCHEMA, "reasons": _LEGEND}, sort_keys=True)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, _NOTE, np.array(note))
        for name, kind in _ARRAYS.items():
            _add(archive, name, np.ascontiguousarray(getattr(edits, name), dtype=kind))
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    member = zipfile.ZipInfo(f"{name}.npy", _DATE)
    member.create_system = _UNIX
    member.external_attr = 0o644 << 16
    packed = io.BytesIO()
    np.lib.format.write_array(packed, array, version=(1, 0), allow_pickle=False)
    archive.writestr(member, packed.getbuffer())


def decode_edits(data: Buffer) -> EditRecord:
    """Read an edit record.

    Raises
    ------
    FormatError
        The bytes are no edit record of this version, or a damaged one.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            arrays = _members(archive)
        _check_note(arrays.pop(_NOTE))
        _check_reasons(arrays["removed_reason"], arrays["added_reason"])
        return EditRecord(**arrays)
    except FormatError:
        raise
    except (
        zipfile.BadZipFile, ValueError, TypeError, KeyError, EOFError, OSError, NotImplementedError,
        RuntimeError, MemoryError, OverflowError, struct.error,
    ):  # fmt: skip
        raise FormatError("The edit record is damaged.", _DAMAGED) from None


def _members(archive: zipfile.ZipFile) -> dict[str, NDArray[Any]]:
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if set(members) != {_NOTE, *_ARRAYS} or len(archive.infolist()) != len(members):
        raise FormatError("This is no edit record.", f"Its schema must be {EDITS_SCHEMA}.")
    arrays = {}
    for name, info in members.items():
        # Stored members are as long as they say, so none can swell when it is read.
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise FormatError("The edit record is packed.", "Use the file as it was written.")
        arrays[name] = _array(archive.read(info), _ARRAYS.get(name))
    return arrays


def _array(packed: bytes, kind: np.dtype[Any] | None) -> NDArray[Any]:
    """Read one .npy member after checking its claims; `kind` is None for the note."""
    stream = io.BytesIO(packed)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise FormatError("The edit record is of another version.", _DAMAGED)
    shape, _, found = np.lib.format.read_array_header_1_0(stream)
    is_kind = found == kind if kind is not None else found.kind == "U"
    dimensions = 1 if kind is not None else 0
    count = int(np.prod(shape, dtype=object)) if shape else 1
    rest = len(packed) - stream.tell()
    if not is_kind or len(shape) != dimensions or count * found.itemsize != rest:
        raise FormatError("The edit record holds an array of another kind.", _DAMAGED)
    values = np.frombuffer(packed, found, count=count, offset=stream.tell())
    return values.reshape(shape).copy()


def _check_note(note: NDArray[Any]) -> None:
    document = json.loads(str(note))
    if not isinstance(document, dict) or document.get("schema") != EDITS_SCHEMA:
        raise FormatError("This is no edit record.", f"Its schema must be {EDITS_SCHEMA}.")
    if document.get("reasons") != _LEGEND:
        raise FormatError("The edit record numbers its reasons otherwise.", _DAMAGED)


def _check_reasons(*reasons: NDArray[Any]) -> None:
    if any(len(each) and int(each.max()) > max(EditReason) for each in reasons):
        raise FormatError("The edit record has a reason without a name.", _DAMAGED)
