"""What is made from a case: scans, models, reports; sealed, and tied to what they came from.

Rules owned here:
- Something is stored under an open lease of the same case, and names its parents in it. So a model
  carries the case's consents: opening it asks the same standing as opening the scan.
- Intent, sealed object on disk, then row and outcome in one transaction: a crash in between leaves
  a failed intent and nothing visible.
- Nothing is overwritten: the next repair of a scan is the next version.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

from sqlalchemy import delete, insert

from stsbench.domain.access import ReasonCode
from stsbench.domain.failpoints import failpoint
from stsbench.errors import InputError
from stsbench.privacy.audit_entries import Outcome
from stsbench.privacy.streams import seal_object_parts
from stsbench.vault.case_rows import ObjectRow, find_object, insert_object
from stsbench.vault.leases import Lease, LeaseDesk
from stsbench.vault.records import ObjectEntry
from stsbench.vault.refusals import refused
from stsbench.vault.schema import pending_objects
from stsbench.vault.vault_store import VaultStore, header_of

__all__ = ["DERIVED_KINDS", "DerivationDesk"]

STORE = "store_object"
DERIVED_KINDS = (
    "answers",
    "edits",
    "model",
    "model_report",
    "notebook",
    "qa_record",
    "qa_report",
    "repair_report",
    "repaired_scan",
    "still",
)


class DerivationDesk:
    """Stores what was made from an open object; used on the broker's event loop.

    Parameters
    ----------
    store : VaultStore
    leases : LeaseDesk
    workers : Executor
        Threads for sealing.
    """

    def __init__(self, store: VaultStore, leases: LeaseDesk, workers: Executor) -> None:
        self._store = store
        self._leases = leases
        self._workers = workers

    async def store(
        self,
        case_number: str,
        *,
        kind: str,
        data: bytes | bytearray | memoryview,
        parents: Sequence[str],
        lease_id: str,
        summary: Mapping[str, object],
        actor: str,
    ) -> ObjectEntry:
        """Seal and keep one object.

        Parameters
        ----------
        case_number : str
        kind : str
            One of `DERIVED_KINDS`.
        data : buffer
        parents : sequence of str
            Object ids or scan ids of the case; the first gives the scan it belongs to.
        lease_id : str
            An open lease of the case.
        summary : mapping
            Small and pseudonymous; it is listed with the case.
        actor : str

        Raises
        ------
        InputError
            Another kind, or parents that are not of this case.
        AccessRefusedError
            The lease ended, or is of another case.
        AuditError, StorageError
            It could not be written; nothing of it is kept.
        """
        if kind not in DERIVED_KINDS:
            raise InputError("The vault keeps no such kind.", f"Use {', '.join(DERIVED_KINDS)}.")
        lease = self._leases.find(lease_id)
        if lease.case.case_number != case_number:
            raise refused(ReasonCode.PURPOSE_NOT_COVERED)
        ancestors = self._ancestors(lease, parents)
        object_id = secrets.token_hex(16)
        context = replace(lease.context, object_id=object_id)
        with self._store.audit.writing(actor) as batch:
            intent = batch.intent(STORE, context)
            batch.rows.execute(
                insert(pending_objects), {"object_id": object_id, "case_id": lease.case.case_id}
            )
        failpoint("derivations.after_intent")
        try:
            key = self._store.keys.case_key(lease.case.case_id)
            header = header_of(lease.case.case_id, object_id, kind)
            parts = seal_object_parts(data, patient_key=key, header=header)
            put = partial(self._store.objects.put, object_id, parts)
            await asyncio.get_running_loop().run_in_executor(self._workers, put)
            # Erased, withdrawn or run out while it was being sealed: then it is not kept.
            self._leases.find(lease_id)
            failpoint("derivations.before_commit")
            with self._store.audit.writing(actor) as batch:
                entry = insert_object(
                    batch.rows,
                    lease.case.case_id,
                    row=ObjectRow(object_id, kind, ancestors[0].scan_id, len(data)),
                    parents=[ancestor.object_id for ancestor in ancestors],
                    summary=summary,
                    at=batch.at,
                )
                batch.rows.execute(
                    delete(pending_objects).where(pending_objects.c.object_id == object_id)
                )
                batch.outcome(STORE, Outcome.COMPLETED, context, intent=intent)
        except Exception:  # cancelled: its thread may still be writing, the next start settles it
            self._store.objects.delete(object_id)
            self._store.audit.write_failure(STORE, context, intent=intent, actor=actor)
            raise
        failpoint("derivations.after_commit")
        return entry

    def _ancestors(self, lease: Lease, parents: Sequence[str]) -> list[ObjectRow]:
        with self._store.database.snapshot() as rows:
            found = [find_object(rows, lease.case.case_id, name) for name in parents]
        known = [row for row in found if row is not None]
        if not known or len(known) != len(parents):
            raise InputError(
                "What this was made from is not in the case.",
                "Name the scan or the object that was opened.",
            )
        return known
