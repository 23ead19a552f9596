"""What identifies a case: one sealed value per row, under the key of the case.

Rules owned here:
- Every value is bound to its case, its field and its version: moved elsewhere it doesn't open.
- Only what is needed is opened: an access opens the standing (age and consents), never a name.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from stsbench.domain.subject import IdentifiedOrder
from stsbench.privacy.consent import Standing
from stsbench.privacy.seals import RowContext, open_row, refusal, seal_row
from stsbench.vault.schema import sealed_fields
from stsbench.vault.wire import as_document, value_from

__all__ = [
    "ORDER_FIELD",
    "STANDING_FIELD",
    "insert_sealed",
    "open_order",
    "open_standing",
    "replace_sealed",
    "sealed_order_fields",
]

STANDING_FIELD = "standing"
ORDER_FIELD = "patient"

_ORDER_FIELDS = ("clinic_order_no", "clinic", "doctor", "patient", "guardian", "scans", "notes")


def sealed_order_fields(order: IdentifiedOrder) -> dict[str, object]:
    """Return what of an order identifies, field by field; the rest is in the pseudonymous order."""
    document = as_document(order)
    return {name: document[name] for name in _ORDER_FIELDS if document[name]}


def insert_sealed(rows: Connection, case_id: str, key: bytes, values: Mapping[str, object]) -> None:
    """Seal and write the fields of a new case."""
    for field, value in values.items():
        sealed = seal_row(key, _encoded(value), _context(case_id, field, 1))
        rows.execute(
            insert(sealed_fields),
            {"case_id": case_id, "field": field, "version": 1, "sealed_value": sealed},
        )


def replace_sealed(
    rows: Connection, case_id: str, key: bytes, *, field: str, value: object
) -> None:
    """Seal a new version of one field in place of the old one."""
    version = 1 + _row(rows, case_id, field).version
    sealed = seal_row(key, _encoded(value), _context(case_id, field, version))
    rows.execute(
        update(sealed_fields)
        .where(sealed_fields.c.case_id == case_id, sealed_fields.c.field == field)
        .values(version=version, sealed_value=sealed)
    )


def open_standing(rows: Connection, case_id: str, key: bytes) -> Standing:
    """Open age and consents of a case.

    Raises
    ------
    SealError
        The row is gone, was moved or changed, or the key isn't the case's.
    """
    return Standing.from_json(_open(rows, case_id, key, STANDING_FIELD))


def open_order(rows: Connection, case_id: str, key: bytes, *fields: str) -> IdentifiedOrder:
    """Open some identifying fields of a case as an order that holds only these."""
    held = {
        field: _open(rows, case_id, key, field) for field in fields if _has(rows, case_id, field)
    }
    return value_from(IdentifiedOrder, held)


def _has(rows: Connection, case_id: str, field: str) -> bool:
    found = rows.execute(
        select(sealed_fields.c.field).where(
            sealed_fields.c.case_id == case_id, sealed_fields.c.field == field
        )
    ).first()
    return found is not None


def _open(rows: Connection, case_id: str, key: bytes, field: str) -> Any:
    row = _row(rows, case_id, field)
    return json.loads(open_row(key, row.sealed_value, _context(case_id, field, row.version)))


def _row(rows: Connection, case_id: str, field: str) -> Any:
    found = rows.execute(
        select(sealed_fields).where(
            sealed_fields.c.case_id == case_id, sealed_fields.c.field == field
        )
    ).first()
    if found is None:
        raise refusal()
    return found


def _encoded(value: object) -> bytes:
    return json.dumps(as_document(value), sort_keys=True).encode()


def _context(case_id: str, field: str, version: int) -> RowContext:
    return RowContext("sealed_fields", version, case_id, case_id, field)
