"""Cases, objects and verdicts as rows, written inside a transaction of the audit log.

Rules owned here:
- Case numbers count up within a month, in the transaction that makes the case: none is given twice.
- An object is written once; a newer one of the same kind and scan gets the next version.
- Rows hold the pseudonymous order only; what identifies is sealed (`case_seals`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from stsbench.domain.order import Order
from stsbench.privacy.codes import CaseNumber
from stsbench.vault.records import CaseRecord, CaseSummary, ObjectEntry, VerdictEntry
from stsbench.vault.schema import (
    case_counters,
    cases,
    erasures,
    object_parents,
    objects,
    patients,
    verdicts,
)
from stsbench.vault.wire import as_document, value_from

__all__ = [
    "CaseHead",
    "ObjectRow",
    "case_record",
    "find_case",
    "find_object",
    "insert_object",
    "insert_verdict",
    "is_erased",
    "list_cases",
    "next_case_number",
]


@dataclass(frozen=True, slots=True)
class CaseHead:
    """What an access to a case needs to know."""

    case_id: str
    case_number: str
    patient_id: str
    subject: str  # code of the patient in the audit log


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """What opening an object needs to know."""

    object_id: str
    kind: str
    scan_id: str
    size_bytes: int
    version: int = 1


def next_case_number(rows: Connection, today: date) -> str:
    """Return the next number of this month and count it as given."""
    month = f"{today.year:04d}-{today.month:02d}"
    last = rows.execute(select(case_counters.c.last).where(case_counters.c.month == month)).scalar()
    if last is None:
        rows.execute(insert(case_counters), {"month": month, "last": 1})
    else:
        rows.execute(
            update(case_counters).where(case_counters.c.month == month).values(last=last + 1)
        )
    return str(CaseNumber(today.year, today.month, (last or 0) + 1))


def find_case(rows: Connection, case_number: str) -> CaseHead | None:
    """Return the head of a case, or None when there is none."""
    row = rows.execute(
        select(cases.c.case_id, cases.c.case_number, cases.c.patient_id, patients.c.audit_code)
        .join(patients, patients.c.patient_id == cases.c.patient_id)
        .where(cases.c.case_number == case_number)
    ).first()
    return None if row is None else CaseHead(*row)


def is_erased(rows: Connection, case_number: str) -> bool:
    """Return whether a case of this number was erased."""
    found = rows.execute(
        select(erasures.c.case_number).where(erasures.c.case_number == case_number)
    ).first()
    return found is not None


def find_object(rows: Connection, case_id: str, name: str) -> ObjectRow | None:
    """Return an object by its id, or a clinic's scan by its scan id."""
    scan = and_(objects.c.scan_id == name, objects.c.kind == "scan")
    row = rows.execute(
        select(
            objects.c.object_id,
            objects.c.kind,
            objects.c.scan_id,
            objects.c.size_bytes,
            objects.c.version,
        )
        .where(objects.c.case_id == case_id, or_(objects.c.object_id == name, scan))
        .order_by(objects.c.version.desc())
        .limit(1)
    ).first()
    return None if row is None else ObjectRow(*row)


def insert_object(
    rows: Connection,
    case_id: str,
    *,
    row: ObjectRow,
    parents: Sequence[str],
    summary: Mapping[str, object],
    at: str,
) -> ObjectEntry:
    """Write the row of a sealed object that is already on disk."""
    version = 1 + int(
        rows.execute(
            select(func.max(objects.c.version)).where(
                objects.c.case_id == case_id,
                objects.c.kind == row.kind,
                objects.c.scan_id == row.scan_id,
            )
        ).scalar()
        or 0
    )
    values = {
        "object_id": row.object_id,
        "case_id": case_id,
        "kind": row.kind,
        "scan_id": row.scan_id,
        "version": version,
        "created_at": at,
        "size_bytes": row.size_bytes,
        "summary": json.dumps(as_document(summary), sort_keys=True),
    }
    rows.execute(insert(objects), values)
    if parents:
        rows.execute(
            insert(object_parents),
            [
                {"object_id": row.object_id, "parent_id": parent, "place": place}
                for place, parent in enumerate(parents)
            ],
        )
    return ObjectEntry(
        object_id=row.object_id,
        kind=row.kind,
        scan_id=row.scan_id,
        parents=tuple(parents),
        created_at=at,
        size_bytes=row.size_bytes,
        version=version,
        summary=dict(summary),
    )


def insert_verdict(
    rows: Connection,
    case_id: str,
    *,
    stage: str,
    verdict: str,
    detail: Mapping[str, object],
    at: str,
) -> None:
    """Write a verdict; the case shows its stage and verdict from now on."""
    rows.execute(
        insert(verdicts),
        {
            "case_id": case_id,
            "stage": stage,
            "verdict": verdict,
            "detail": json.dumps(as_document(detail), sort_keys=True),
            "recorded_at": at,
        },
    )
    rows.execute(
        update(cases).where(cases.c.case_id == case_id).values(stage=stage, verdict=verdict)
    )


def list_cases(rows: Connection) -> list[CaseSummary]:
    """Return every case, oldest first."""
    found = rows.execute(
        select(cases, patients.c.code)
        .join(patients, patients.c.patient_id == cases.c.patient_id)
        .order_by(cases.c.received_on, cases.c.case_number)
    )
    return [
        CaseSummary(
            case_number=row.case_number,
            patient_code=row.code,
            profile=str(json.loads(row.order_document)["profile"]),
            stage=row.stage,
            verdict=row.verdict,
            received_on=row.received_on,
        )
        for row in found
    ]


def case_record(rows: Connection, case_id: str) -> CaseRecord:
    """Return everything about a case that may be seen below the vault."""
    row = rows.execute(select(cases).where(cases.c.case_id == case_id)).one()
    made = rows.execute(
        select(objects)
        .where(objects.c.case_id == case_id)
        .order_by(objects.c.created_at, objects.c.kind, objects.c.scan_id, objects.c.version)
    ).all()
    said = rows.execute(
        select(verdicts).where(verdicts.c.case_id == case_id).order_by(verdicts.c.verdict_id)
    ).all()
    parents = _parents(rows, case_id)
    return CaseRecord(
        order=value_from(Order, json.loads(row.order_document)),
        stage=row.stage,
        verdict=row.verdict,
        received_on=row.received_on,
        objects=tuple(_entry(each, parents.get(each.object_id, ())) for each in made),
        verdicts={each.stage: each.verdict for each in said},
        history=tuple(
            VerdictEntry(each.stage, each.verdict, json.loads(each.detail), each.recorded_at)
            for each in said
        ),
    )


def _parents(rows: Connection, case_id: str) -> dict[str, tuple[str, ...]]:
    found = rows.execute(
        select(object_parents)
        .join(objects, objects.c.object_id == object_parents.c.object_id)
        .where(objects.c.case_id == case_id)
        .order_by(object_parents.c.object_id, object_parents.c.place)
    )
    parents: dict[str, tuple[str, ...]] = {}
    for row in found:
        parents[row.object_id] = (*parents.get(row.object_id, ()), row.parent_id)
    return parents


def _entry(row: Any, parents: tuple[str, ...]) -> ObjectEntry:
    return ObjectEntry(
        object_id=row.object_id,
        kind=row.kind,
        scan_id=row.scan_id,
        parents=parents,
        created_at=row.created_at,
        size_bytes=row.size_bytes,
        version=row.version,
        summary=json.loads(row.summary),
    )
