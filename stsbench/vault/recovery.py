"""What the next start does about a broker that was killed.

Rules owned here:
- An open or release without outcome is "presumed accessed". Everything else without outcome failed:
  it never became visible. An erasure whose key is gone is finished.
- Outcomes are written before anything is swept, so that a crash in between only sweeps again.
- A log that is damaged or cannot be written is left alone: the doctor tells, nothing is granted.
"""

from dataclasses import dataclass

from sqlalchemy import delete, select

from stsbench.domain.failpoints import failpoint
from stsbench.errors import AuditError, SealError
from stsbench.privacy.audit_entries import AuditEntry, Outcome
from stsbench.vault.audit_log import AuditContext
from stsbench.vault.case_rows import find_case
from stsbench.vault.erasure import ERASE, finish_erasure
from stsbench.vault.schema import cases, objects, pending_objects
from stsbench.vault.vault_store import VaultStore

__all__ = ["BROKER", "Recovery", "recover"]

BROKER = "broker"
_GRANTING = frozenset({"open_object", "release"})


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a start found to clean up."""

    presumed: int = 0
    failed: int = 0
    finished: int = 0
    swept: int = 0


def recover(store: VaultStore) -> Recovery:
    """Settle what was under way when the last broker of this vault ended."""
    try:
        finished = _finish_erasures(store)
        presumed, failed = _settle_intents(store)
    except AuditError:
        return Recovery()
    failpoint("recovery.before_sweep")
    return Recovery(presumed, failed, finished, _sweep(store))


def _sweep(store: VaultStore) -> int:
    store.objects.clear_incoming()
    with store.database.snapshot() as rows:
        pending = rows.execute(select(pending_objects)).all()
        confirmed = set(rows.execute(select(cases.c.case_id)).scalars())
        kept = set(rows.execute(select(objects.c.object_id)).scalars())
    for row in pending:
        if row.object_id not in kept:
            store.objects.delete(row.object_id)
    store.keys.drop_unconfirmed({row.case_id for row in pending} - confirmed)
    with store.database.transaction() as rows:
        rows.execute(delete(pending_objects))
    return len(pending)


def _finish_erasures(store: VaultStore) -> int:
    finished = 0
    for entry in store.audit.open_intents():
        if entry.action != ERASE:
            continue
        with store.database.snapshot() as rows:
            case = find_case(rows, entry.case_number)
        if case is None or _opens(store, case.case_id):
            continue
        finish_erasure(store, case, intent=entry.sequence, reason="resumed", actor=BROKER)
        finished += 1
    return finished


def _opens(store: VaultStore, case_id: str) -> bool:
    try:
        store.keys.case_key(case_id)
    except SealError:
        return False
    return True


def _settle_intents(store: VaultStore) -> tuple[int, int]:
    waiting = store.audit.open_intents()
    granting = sum(entry.action in _GRANTING for entry in waiting)
    if waiting:
        with store.audit.writing(BROKER) as batch:
            for entry in waiting:
                presumed = entry.action in _GRANTING
                outcome = Outcome.PRESUMED if presumed else Outcome.FAILED
                batch.outcome(entry.action, outcome, _same(entry), intent=entry.sequence)
    return granting, len(waiting) - granting


def _same(entry: AuditEntry) -> AuditContext:
    return AuditContext(
        role=entry.role,
        purpose=entry.purpose,
        legal_basis=entry.legal_basis,
        subject=entry.subject,
        case_number=entry.case_number,
        object_id=entry.object_id,
        ticket=entry.ticket,
    )
