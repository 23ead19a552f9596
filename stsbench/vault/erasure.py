"""Erasing a case: its key is destroyed, then everything that was sealed with it is removed.

Rules owned here:
- Only the privacy officer, with a reason in one code word. The intent is durable first.
- The key goes first: from that moment every byte of the case is unreadable, whatever else happens.
  A crash after it is finished at the next start, never undone.
- The receipt says what was destroyed, what was not covered, and by which audit entry.
"""

import json
import re
from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from stsbench.domain.access import ReasonCode, Role
from stsbench.domain.failpoints import failpoint
from stsbench.errors import InputError
from stsbench.privacy.audit_entries import Outcome
from stsbench.vault.audit_log import AuditContext
from stsbench.vault.case_rows import CaseHead, find_case, is_erased
from stsbench.vault.refusals import refused
from stsbench.vault.releasing import remove_released
from stsbench.vault.schema import (
    cases,
    erasures,
    objects,
    patients,
    pending_objects,
)
from stsbench.vault.vault_store import VaultStore

__all__ = ["ERASE", "erase_case", "finish_erasure"]

ERASE = "erase_case"
_REASON = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)

_NOT_COVERED = (
    "Files that were released and copied elsewhere, and the clinic's own files.",
    "A backup of the data together with a backup of the root key, both made before the erasure. "
    "A backup of the data or of keys.db alone opens nothing of the case.",
    "Whether a name was known: an older copy of vault.db, tried with this vault's keys, still "
    "tells. The index key is not changed by an erasure yet.",
    "Blocks that a solid-state disk keeps of the replaced root key file, until it reuses them.",
    "The audit log: it goes on holding case number, subject code and times, and no name.",
)
_RELEASED_REMAIN = (
    "Released files in this home's out folder: they could not be deleted. Delete them by hand."
)


def erase_case(
    store: VaultStore, *, case_number: str, role: Role, reason: str, actor: str
) -> dict[str, object]:
    """Erase a case and return the receipt; erasing it again returns the same receipt.

    Raises
    ------
    AccessRefusedError
        Another role than the privacy officer, or no such case.
    InputError
        The reason is no code word.
    AuditError
        The intent could not be written; nothing was erased.
    """
    if not _REASON.fullmatch(reason):
        raise InputError(
            "The reason of an erasure is one code word.", "Write it as patient_request."
        )
    with store.database.snapshot() as rows:
        case = find_case(rows, case_number)
        done = is_erased(rows, case_number)
    subject = case.subject if case else ""
    known = case_number if case or done else ""
    context = AuditContext(role=role, subject=subject, case_number=known)
    refusing = ReasonCode.NONE
    if role is not Role.PRIVACY_OFFICER:
        refusing = ReasonCode.ROLE_NOT_ALLOWED
    elif case is None and not done:
        refusing = ReasonCode.CASE_UNKNOWN
    if refusing is not ReasonCode.NONE:
        with store.audit.writing(actor) as batch:
            batch.event(ERASE, Outcome.REFUSED, context, reason=refusing)
        raise refused(refusing)
    if case is None:
        return _receipt_of(store, case_number)
    with store.audit.writing(actor) as batch:
        intent = batch.intent(ERASE, context)
    failpoint("erasure.after_intent")
    store.keys.destroy_case(case.case_id)
    failpoint("erasure.after_key")
    return finish_erasure(store, case, intent=intent, reason=reason, actor=actor)


def finish_erasure(
    store: VaultStore, case: CaseHead, *, intent: int, reason: str, actor: str
) -> dict[str, object]:
    """Remove what a destroyed key has made unreadable, and write the receipt."""
    released_gone = remove_released(store, case.case_number)
    with store.audit.writing(actor) as batch:
        rows = batch.rows
        held = list(
            rows.execute(
                select(objects.c.object_id).where(objects.c.case_id == case.case_id)
            ).scalars()
        )
        patient_gone = _delete_rows(rows, case)
        if held:
            rows.execute(
                insert(pending_objects),
                [{"object_id": each, "case_id": case.case_id} for each in held],
            )
        context = AuditContext(
            role=Role.PRIVACY_OFFICER, subject=case.subject, case_number=case.case_number
        )
        outcome = batch.outcome(ERASE, Outcome.COMPLETED, context, intent=intent)
        receipt: dict[str, object] = {
            "schema": "stsbench.erasure/1",
            "case_number": case.case_number,
            "erased_at": batch.at,
            "reason": reason,
            "audit_entries": [intent, outcome],
            "covered": _covered(held, patient_gone=patient_gone, released_gone=released_gone),
            "not_covered": [*_NOT_COVERED, *([] if released_gone else [_RELEASED_REMAIN])],
        }
        encoded = json.dumps(receipt, sort_keys=True)
        rows.execute(insert(erasures), {"case_number": case.case_number, "receipt": encoded})
    failpoint("erasure.after_rows")
    for object_id in held:
        store.objects.delete(object_id)
    with store.database.transaction() as rows:
        rows.execute(delete(pending_objects).where(pending_objects.c.case_id == case.case_id))
    store.database.truncate_log()
    return receipt


def _delete_rows(rows: Connection, case: CaseHead) -> bool:
    rows.execute(delete(cases).where(cases.c.case_id == case.case_id))
    others = rows.execute(select(cases.c.case_id).where(cases.c.patient_id == case.patient_id))
    if others.first() is not None:
        return False
    # Their index entries go with them (ON DELETE CASCADE).
    rows.execute(delete(patients).where(patients.c.patient_id == case.patient_id))
    return True


def _covered(held: Sequence[str], *, patient_gone: bool, released_gone: bool) -> list[str]:
    covered = [
        "The key of the case, and every copy of keys.db made before: its root key was destroyed.",
        f"The {len(held)} sealed objects of the case and every sealed field of its order.",
    ]
    if patient_gone:
        covered.append("The key, the code and the index entries of the patient: no other case.")
    if released_gone:
        covered.append("Released files in this home's out folder.")
    return covered


def _receipt_of(store: VaultStore, case_number: str) -> dict[str, object]:
    with store.database.snapshot() as rows:
        found = rows.execute(
            select(erasures.c.receipt).where(erasures.c.case_number == case_number)
        ).scalar()
    receipt: dict[str, object] = json.loads(str(found))
    return receipt
