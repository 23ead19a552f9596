"""Orders as clinics send them: `order.json`, schema `stsbench.order/1`.

Rules kept here:
- The schema is closed. A field it does not know is refused: it could hold anything. A refusal says
  where and what kind, never a key or a value that the clinic wrote.
- Patient, doctor and clinic may all be absent; an order needs no personal data to be valid.
- A scan is named by a plain file name in the same folder, and the file must be there.
- One document, one reading: doubled keys, NaN and numbers in text are refused.

The text of an order stays with the vault and its keyless parsing child.
"""

import json
import stat
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stsbench.domain.access import Purpose
from stsbench.domain.dentition import check_fdi
from stsbench.domain.order import OrderItem, ScanRole, Unit
from stsbench.domain.subject import (
    Clinic,
    ConsentRecord,
    DataSubject,
    Doctor,
    Guardian,
    IdentifiedOrder,
    IdentifiedScan,
)
from stsbench.errors import InputError, OrderError

__all__ = [
    "ORDER_FILE",
    "SCHEMA",
    "decode_order",
    "order_from",
    "read_order",
    "read_order_document",
]

ORDER_FILE = "order.json"
SCHEMA = "stsbench.order/1"

_LARGEST_ORDER = 1 << 20
_Name = Annotated[str, Field(max_length=200)]
_Word = Annotated[str, Field(max_length=60)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _Named(_Part):
    name: _Name = ""


class _Patient(_Named):
    age: Annotated[int, Field(ge=0, le=130)] | None = None
    age_on: date | None = None
    gender: _Word = ""
    adult_attested: bool = False


class _Guardian(_Named):
    method: _Word = ""
    verified_by: _Name = ""
    evidence_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""


class _Consent(_Part):
    purpose: Purpose
    text_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    given_on: date
    withdrawn_on: date | None = None


class _Item(_Part):
    type: Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")]
    fdi: Annotated[list[int], Field(max_length=52)] = []
    material: _Word = ""
    shade: _Word = ""


class _Scan(_Part):
    file: Annotated[str, Field(min_length=1, max_length=255)]
    role: ScanRole | None = None
    unit: Unit = Unit.MILLIMETRE


class _Document(_Part):
    schema_: Annotated[Literal["stsbench.order/1"], Field(alias="schema")]
    clinic_order_no: _Name = ""
    clinic: _Named | None = None
    doctor: _Named | None = None
    patient: _Patient | None = None
    guardian: _Guardian | None = None
    origin: Annotated[str, Field(pattern="^([A-Z]{2})?$")] = ""
    consents: Annotated[list[_Consent], Field(max_length=64)] = []
    items: Annotated[list[_Item], Field(max_length=64)] = []
    scans: Annotated[list[_Scan], Field(max_length=64)] = []
    notes: Annotated[str, Field(max_length=20_000)] = ""


def read_order(folder: Path) -> IdentifiedOrder:
    """Read the order of a folder and check that its scans are there.

    Parameters
    ----------
    folder : Path
        Holds `order.json` and the scans it names.

    Returns
    -------
    IdentifiedOrder

    Raises
    ------
    OrderError
        No order, another schema, an unknown or wrong field, or a scan that is not there.
    """
    order = order_from(read_order_document(folder))
    for number, scan in enumerate(order.scans, start=1):
        if not _is_plain_file(folder / scan.file):
            raise OrderError(
                f"Scan {number} of the order is not in its folder.",
                "Put the file beside order.json, or ask the clinic for it.",
            )
    return order


def read_order_document(folder: Path) -> dict[str, object]:
    """Read `order.json` as it is, unchecked beyond being one JSON object.

    Raises
    ------
    OrderError
        There is none, it is too large, or it is no JSON object.
    """
    path = folder / ORDER_FILE
    if not _is_plain_file(path):
        raise OrderError("The folder holds no order.json.", "Name the folder of one order.")
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST_ORDER + 1)
    except OSError:
        raise OrderError("order.json cannot be read.", "Check the rights of its folder.") from None
    return decode_order(data)


def decode_order(data: bytes) -> dict[str, object]:
    """Return the JSON object in the bytes of an `order.json`.

    Raises
    ------
    OrderError
        Too large, not UTF-8, no JSON object, a key twice, or a number that is none.
    """
    if len(data) > _LARGEST_ORDER:
        raise OrderError(
            f"order.json is larger than {_LARGEST_ORDER} bytes.",
            "Send scans as files of their own.",
        )
    try:
        document = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except OrderError:
        raise
    except (ValueError, RecursionError):
        # The parser's own message quotes the text around the fault.
        raise OrderError("order.json is no JSON in UTF-8.", "Export the order again.") from None
    if not isinstance(document, dict):
        raise OrderError("order.json holds no JSON object.", "Export the order again.")
    return document


def order_from(document: Mapping[str, object]) -> IdentifiedOrder:
    """Check a document against the schema and return the order it describes.

    Raises
    ------
    OrderError
        Another schema, an unknown field, a wrong value, a path instead of a file name, or one file
        named twice.
    """
    try:
        # By way of JSON: the strict reading of JSON takes dates as text and nothing else as text.
        checked = _Document.model_validate_json(json.dumps(document))
    except ValidationError as exc:
        raise _refusal(exc) from None
    except (TypeError, ValueError, RecursionError):
        raise OrderError("The order is no JSON object.", "Export it again.") from None
    patient, guardian = checked.patient, checked.guardian
    return IdentifiedOrder(
        clinic_order_no=checked.clinic_order_no,
        clinic=None if checked.clinic is None else Clinic(checked.clinic.name),
        doctor=None if checked.doctor is None else Doctor(checked.doctor.name),
        patient=None if patient is None else DataSubject(**dict(patient)),
        guardian=None if guardian is None else Guardian(**dict(guardian)),
        origin=checked.origin,
        consents=tuple(ConsentRecord(**dict(consent)) for consent in checked.consents),
        items=tuple(_item(number, item) for number, item in enumerate(checked.items, start=1)),
        scans=_scans(checked.scans),
        notes=checked.notes,
    )


def _item(number: int, item: _Item) -> OrderItem:
    try:
        teeth = tuple(check_fdi(tooth) for tooth in item.fdi)
    except InputError:
        raise OrderError(
            f"Item {number} of the order names a tooth that is none.",
            "Use FDI numbers 11-48 or 51-85 (ISO 3950).",
        ) from None
    return OrderItem(item.type, teeth, item.material, item.shade)


def _scans(scans: list[_Scan]) -> tuple[IdentifiedScan, ...]:
    for number, scan in enumerate(scans, start=1):
        forbidden = {"/", "\\", ":", "\0"} & set(scan.file)
        if forbidden or scan.file in {".", "..", ORDER_FILE} or not scan.file.isprintable():
            raise OrderError(
                f"Scan {number} of the order is no plain file name.",
                "Name a file in the order's own folder, without a path.",
            )
    if len({scan.file.casefold() for scan in scans}) != len(scans):
        raise OrderError("The order names one scan file twice.", "List each file once.")
    return tuple(IdentifiedScan(scan.file, scan.role, scan.unit) for scan in scans)


def _is_plain_file(path: Path) -> bool:
    """Return True for a file itself: no link out of the folder, no pipe, no device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise OrderError("order.json has a key twice.", "Export the order again.")
    return document


def _no_constant(_name: str) -> object:
    raise OrderError("order.json has a number that is none.", "Export the order again.")


def _field_names(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


_KNOWN = frozenset().union(
    *(
        _field_names(model)
        for model in (_Document, _Named, _Patient, _Guardian, _Consent, _Item, _Scan)
    )
)


def _refusal(exc: ValidationError) -> OrderError:
    """Say where the first fault is, in words of the schema; keys of the clinic are not repeated."""
    faults = exc.errors(include_url=False, include_context=False, include_input=False)
    unknown = sum(fault["type"] == "extra_forbidden" for fault in faults)
    place = ".".join(
        str(step) for step in faults[0]["loc"] if isinstance(step, int) or step in _KNOWN
    )
    if unknown:
        return OrderError(
            f"order.json has fields that {SCHEMA} does not know: {unknown}.",
            "Remove them, or ask the clinic to export the order again.",
        )
    return OrderError(
        f"order.json is not as {SCHEMA} says, at {place or 'its top'} "
        f"({faults[0]['type'].replace('_', ' ')}; faults found: {len(faults)}).",
        "Correct the field, or ask the clinic to export the order again.",
    )
