"""Intake: a folder becomes a ticket and a preview; confirmed, it becomes a case, or nothing.

Rules owned here:
- Until it is confirmed, what was read lives in the broker's memory and nowhere else.
- A ticket is random, lives an hour, and is decided once: confirming again gives the same answer,
  also after the broker was started anew.
- Held: nothing is stored, the ticket stays open for answers. Refused or abandoned: everything read
  is forgotten; the audit log keeps ticket and reason code.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from sqlalchemy import select

from stsbench.domain.access import Attestation, IntakeVerdict
from stsbench.errors import InputError, StorageError
from stsbench.privacy.audit_entries import Outcome
from stsbench.privacy.codes import new_intake_ticket
from stsbench.privacy.intake_rules import IntakeAssessment, answered_roles, assess_order
from stsbench.privacy.policy import Policy
from stsbench.vault.audit_log import AuditContext
from stsbench.vault.case_making import (
    INTAKE,
    AcceptedOrder,
    begin_case,
    commit_case,
    discard_case,
    seal_scans,
)
from stsbench.vault.intake_scans import extents_mm, held_for_scans, prepared_scans, with_arches
from stsbench.vault.parsing import ParsedFolder, parse_folder
from stsbench.vault.patients import PatientFinder
from stsbench.vault.private_folders import runtime_folder
from stsbench.vault.pseudonymous_order import scan_ids
from stsbench.vault.records import IntakeOutcome, IntakePreview, ScanPreview
from stsbench.vault.scan_units import suggested_factor
from stsbench.vault.schema import cases, patients
from stsbench.vault.vault_store import VaultStore

__all__ = ["IntakeDesk"]

Made = TypeVar("Made")

_ORIGINALS = (
    "The clinic's files still lie in the folder you named, with everything in them. "
    "Delete them there once the case is stored."
)


@dataclass(slots=True)
class _Ticket:
    preview: IntakePreview
    intent: int
    ends: float
    parsed: ParsedFolder | None = field(repr=False)
    outcome: IntakeOutcome | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def held_bytes(self) -> int:
        return sum(len(scan.ply) for scan in self.parsed.scans) if self.parsed else 0


class IntakeDesk:
    """Tickets and what becomes of them; its methods run on the broker's event loop.

    Parameters
    ----------
    store : VaultStore
    policy : Policy
    workers : Executor
        Threads for reading folders and sealing scans.
    """

    def __init__(self, store: VaultStore, policy: Policy, workers: Executor) -> None:
        self._store = store
        self._policy = policy
        self._workers = workers
        self._finder = PatientFinder(store.keys)
        self._tickets: dict[str, _Ticket] = {}

    @property
    def count(self) -> int:
        """Tickets that wait for a decision."""
        return sum(ticket.parsed is not None for ticket in self._tickets.values())

    async def preview(self, folder: str, *, actor: str) -> IntakePreview:
        """Read a folder and open a ticket for it.

        Raises
        ------
        InputError
            There is no such folder, or it cannot be read.
        StorageError
            Too much waits to be confirmed already.
        """
        settings = self._store.settings
        room = settings.preview_bytes - sum(each.held_bytes for each in self._tickets.values())
        if room <= 0:
            raise StorageError(
                f"{self.count} intakes wait to be confirmed; there is no room for more.",
                "Confirm or abandon one first.",
            )
        parsed = await self._in_thread(
            partial(
                parse_folder,
                folder,
                scratch=runtime_folder(settings.home) / "tmp",
                wall_s=settings.parse_wall_s,
                memory_bytes=settings.parse_memory_bytes,
                answer_bytes=room,
            )
        )
        return self.admit(parsed, actor=actor)

    def admit(self, parsed: ParsedFolder, *, actor: str) -> IntakePreview:
        """Open a ticket for what the child has read."""
        number = new_intake_ticket()
        with self._store.audit.writing(actor) as batch:
            intent = batch.intent(INTAKE, AuditContext(ticket=number))
        preview = self._previewed(number, parsed)
        ends = time.monotonic() + self._store.settings.ticket_s
        self._tickets[number] = _Ticket(preview, intent, ends, parsed)
        return preview

    def preview_of(self, number: str) -> IntakePreview:
        """Return the preview of an open ticket; of the newest one when no number is given.

        Raises
        ------
        InputError
            There is none.
        """
        waiting = [ticket for ticket in self._tickets.values() if ticket.parsed is not None]
        if not number and waiting:
            return waiting[-1].preview
        return self._find(number).preview

    async def confirm(
        self,
        number: str,
        *,
        attestations: Sequence[Attestation],
        apply_unit: bool,
        arch_answers: Mapping[str, str],
        actor: str,
    ) -> IntakeOutcome:
        """Decide a ticket: store the case, hold it, or refuse it.

        Raises
        ------
        InputError
            There is no such ticket, or an answer is none.
        AuditError, StorageError
            Nothing could be written; the ticket stays open.
        """
        stored = self._stored(number)
        if stored is not None:
            return stored
        ticket = self._find(number)
        async with ticket.lock:
            if ticket.outcome is not None:
                return ticket.outcome
            if ticket.parsed is None:
                raise _no_ticket()
            return await self._decide(
                ticket, ticket.parsed, attestations, apply_unit, arch_answers, actor
            )

    async def abandon(self, number: str, *, actor: str) -> None:
        """Forget a ticket and everything read for it; a decided one is let be."""
        ticket = self._find(number)
        async with ticket.lock:
            self._forget(number, ticket, actor)

    def expire(self, *, actor: str, everything: bool = False) -> None:
        """Forget the tickets whose time is up, or all of them."""
        now = time.monotonic()
        for number, ticket in list(self._tickets.items()):
            if everything or (ticket.ends <= now and not ticket.lock.locked()):
                self._forget(number, ticket, actor)

    async def _decide(
        self,
        ticket: _Ticket,
        parsed: ParsedFolder,
        attestations: Sequence[Attestation],
        apply_unit: bool,
        arch_answers: Mapping[str, str],
        actor: str,
    ) -> IntakeOutcome:
        number = ticket.preview.ticket
        order = with_arches(parsed.order, arch_answers)
        assessed = assess_order(
            order, attestations=attestations, today=self._store.today(), policy=self._policy
        )
        if assessed.verdict is IntakeVerdict.REFUSED:
            return self._refuse(ticket, assessed, actor)
        roles = answered_roles(order, attestations)
        held = (*assessed.reasons, *held_for_scans(parsed, roles, apply_unit))
        if held:
            with self._store.audit.writing(actor) as batch:
                context = AuditContext(ticket=number)
                batch.event("hold_intake", Outcome.COMPLETED, context, reason=held[0])
            return IntakeOutcome(number, IntakeVerdict.HOLD, reasons=held, asked_for=held)
        accepted = AcceptedOrder(
            ticket=number,
            intent=ticket.intent,
            order=order,
            standing=assessed.standing,
            attestations=attestations,
            scans=prepared_scans(parsed, roles),
            synthetic=parsed.synthetic,
        )
        begun = begin_case(self._store, accepted)
        try:
            rows = await self._in_thread(partial(seal_scans, self._store, accepted, begun))
            outcome = commit_case(self._store, self._finder, accepted, begun, rows, actor=actor)
        except Exception:
            with contextlib.suppress(StorageError):  # else the next start removes it
                discard_case(self._store, begun)
            raise  # cancelled: its thread may still be writing, and the next start removes it
        ticket.parsed, ticket.outcome = None, outcome
        return outcome

    def _refuse(self, ticket: _Ticket, assessed: IntakeAssessment, actor: str) -> IntakeOutcome:
        number = ticket.preview.ticket
        with self._store.audit.writing(actor) as batch:
            batch.outcome(
                INTAKE,
                Outcome.REFUSED,
                AuditContext(ticket=number),
                intent=ticket.intent,
                reason=assessed.reasons[0],
            )
        outcome = IntakeOutcome(number, IntakeVerdict.REFUSED, reasons=assessed.reasons)
        ticket.parsed, ticket.outcome = None, outcome
        return outcome

    def _forget(self, number: str, ticket: _Ticket, actor: str) -> None:
        self._tickets.pop(number, None)
        ticket.parsed = None  # whoever waits to confirm it finds nothing
        if ticket.outcome is None:
            with self._store.audit.writing(actor) as batch:
                context = AuditContext(ticket=number)
                batch.outcome(INTAKE, Outcome.FAILED, context, intent=ticket.intent)

    def _find(self, number: str) -> _Ticket:
        ticket = self._tickets.get(number)
        if ticket is None or (ticket.ends <= time.monotonic() and ticket.outcome is None):
            raise _no_ticket()
        return ticket

    def _stored(self, number: str) -> IntakeOutcome | None:
        """Return the answer of a ticket that became a case, whatever happened since."""
        with self._store.database.snapshot() as rows:
            found = rows.execute(
                select(cases.c.case_number, patients.c.code)
                .join(patients, patients.c.patient_id == cases.c.patient_id)
                .where(cases.c.ticket == number)
            ).first()
        if found is None:
            return None
        return IntakeOutcome(
            number,
            IntakeVerdict.ACCEPTED,
            case_number=found.case_number,
            patient_code=found.code,
        )

    def _previewed(self, number: str, parsed: ParsedFolder) -> IntakePreview:
        assessed = assess_order(parsed.order, today=self._store.today(), policy=self._policy)
        roles = answered_roles(parsed.order)
        names = scan_ids(roles)
        scans = [
            ScanPreview(
                scan_id=name,
                role=role.value if role else "",
                face_count=scan.face_count,
                extents_mm=extents_mm(parsed, place),
                unit_factor_suggested=suggested_factor(extents_mm(parsed, place), role),
            )
            for place, (scan, role, name) in enumerate(zip(parsed.scans, roles, names, strict=True))
            if scan.readable
        ]
        about_scans = held_for_scans(parsed, roles, apply_unit=True)
        return IntakePreview(
            ticket=number,
            identifiers=parsed.identifiers,
            scans=tuple(scans),
            order_present=parsed.order_present,
            asked_for=(*assessed.asked_for, *about_scans),
            originals_note=_ORIGINALS,
        )

    async def _in_thread(self, work: "partial[Made]") -> Made:
        return await asyncio.get_running_loop().run_in_executor(self._workers, work)


def _no_ticket() -> InputError:
    return InputError("There is no open intake ticket of this number.", "Preview the folder again.")
