"""Storing an accepted order as a case: scans sealed first, then every row in one transaction.

Rules owned here:
- Scans are sealed and on disk before a row names them; keys are on disk before that row too. The
  case exists when its transaction is committed, whole, with the audit outcome in it.
- Patient, case number and code are chosen inside that last step, by one thread: eight orders of one
  patient at once give one patient.
- Until then nothing is visible; what a crash leaves behind is swept at the next start.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, insert

from stsbench.domain.access import Attestation, IntakeVerdict
from stsbench.domain.failpoints import failpoint
from stsbench.domain.order import ScanEntry
from stsbench.domain.subject import IdentifiedOrder
from stsbench.privacy.audit_entries import Outcome
from stsbench.privacy.consent import Standing
from stsbench.privacy.seals import new_patient_key
from stsbench.privacy.streams import seal_object_parts
from stsbench.vault.audit_log import AuditContext
from stsbench.vault.case_rows import ObjectRow, insert_object, insert_verdict, next_case_number
from stsbench.vault.case_seals import STANDING_FIELD, insert_sealed, sealed_order_fields
from stsbench.vault.patients import PatientFinder
from stsbench.vault.pseudonymous_order import public_order
from stsbench.vault.records import IntakeOutcome
from stsbench.vault.schema import cases, pending_objects
from stsbench.vault.vault_store import VaultStore, header_of
from stsbench.vault.wire import as_document

__all__ = [
    "AcceptedOrder",
    "BegunCase",
    "PreparedScan",
    "begin_case",
    "commit_case",
    "discard_case",
    "seal_scans",
]

INTAKE = "intake"


@dataclass(frozen=True, slots=True)
class PreparedScan:
    """A scan in millimetres, ready to be sealed; `make_ply` runs in the sealing thread."""

    entry: ScanEntry
    make_ply: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class AcceptedOrder:
    """An order that intake accepted."""

    ticket: str
    intent: int
    order: IdentifiedOrder = field(repr=False)
    standing: Standing = field(repr=False)
    attestations: Sequence[Attestation]
    scans: Sequence[PreparedScan]
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class BegunCase:
    """A case to come: its key, and the objects that are being written for it."""

    case_id: str
    key: bytes = field(repr=False)
    object_ids: tuple[str, ...]


def begin_case(store: VaultStore, accepted: AcceptedOrder) -> BegunCase:
    """Name the objects of a case to come, durably, so that a crash leaves nothing unknown."""
    begun = BegunCase(
        case_id=secrets.token_hex(16),
        key=new_patient_key(),
        object_ids=tuple(secrets.token_hex(16) for _ in accepted.scans),
    )
    with store.database.transaction() as rows:
        rows.execute(
            insert(pending_objects),
            [{"object_id": object_id, "case_id": begun.case_id} for object_id in begun.object_ids],
        )
    failpoint("intake.after_begin")
    return begun


def seal_scans(store: VaultStore, accepted: AcceptedOrder, begun: BegunCase) -> list[ObjectRow]:
    """Seal the scans of an accepted order; safe in any thread, touches no row.

    Raises
    ------
    StorageError
        An object could not be written.
    """
    rows: list[ObjectRow] = []
    for scan, object_id in zip(accepted.scans, begun.object_ids, strict=True):
        data = scan.make_ply()
        rows.append(ObjectRow(object_id, "scan", scan.entry.scan_id, len(data)))
        header = header_of(begun.case_id, object_id, "scan")
        parts = seal_object_parts(data, patient_key=begun.key, header=header)
        store.objects.put(object_id, parts)
        failpoint("intake.between_scans")
    return rows


def discard_case(store: VaultStore, begun: BegunCase) -> None:
    """Remove the sealed scans and keys of a case that did not come to be."""
    for object_id in begun.object_ids:
        store.objects.delete(object_id)
    store.keys.drop_unconfirmed([begun.case_id])
    with store.database.transaction() as rows:
        rows.execute(delete(pending_objects).where(pending_objects.c.case_id == begun.case_id))


def commit_case(
    store: VaultStore,
    finder: PatientFinder,
    accepted: AcceptedOrder,
    begun: BegunCase,
    scans: Sequence[ObjectRow],
    *,
    actor: str,
) -> IntakeOutcome:
    """Make the case: keys first, then every row with the audit outcome.

    Raises
    ------
    AuditError
        The rows could not be written; there is no case.
    """
    failpoint("intake.before_keys")
    with store.audit.writing(actor) as batch:
        rows = batch.rows
        patient = finder.find_or_make(rows, accepted.order)
        store.keys.add_case(
            begun.case_id, begun.key, patient_id=patient.patient_id, patient_key=patient.key
        )
        number = next_case_number(rows, store.today())
        order = public_order(
            accepted.order,
            case_number=number,
            patient_code=patient.code,
            scans=[scan.entry for scan in accepted.scans],
            synthetic=accepted.synthetic,
        )
        finder.insert(rows, patient, at=batch.at)
        rows.execute(
            insert(cases),
            {
                "case_id": begun.case_id,
                "case_number": number,
                "patient_id": patient.patient_id,
                "ticket": accepted.ticket,
                "received_on": store.today().isoformat(),
                "order_document": json.dumps(as_document(order), sort_keys=True),
                "stage": INTAKE,
                "verdict": IntakeVerdict.ACCEPTED.value,
            },
        )
        insert_sealed(
            rows,
            begun.case_id,
            begun.key,
            {
                **sealed_order_fields(accepted.order),
                STANDING_FIELD: accepted.standing.as_json(),
                "attestations": as_document(list(accepted.attestations)),
            },
        )
        for row in scans:
            insert_object(rows, begun.case_id, row=row, parents=(), summary={}, at=batch.at)
        rows.execute(delete(pending_objects).where(pending_objects.c.case_id == begun.case_id))
        insert_verdict(
            rows,
            begun.case_id,
            stage=INTAKE,
            verdict=IntakeVerdict.ACCEPTED.value,
            detail={},
            at=batch.at,
        )
        batch.outcome(
            INTAKE,
            Outcome.COMPLETED,
            AuditContext(subject=patient.audit_code, case_number=number, ticket=accepted.ticket),
            intent=accepted.intent,
        )
        failpoint("intake.before_commit")
    failpoint("intake.after_commit")
    return IntakeOutcome(
        ticket=accepted.ticket,
        verdict=IntakeVerdict.ACCEPTED,
        case_number=number,
        patient_code=patient.code,
    )
