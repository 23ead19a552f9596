"""Leases: who may read which object of a case until when.

Rules owned here:
- Policy decides, the intent is made durable, then the lease exists. Many intents share one commit.
- A refusal is written too, with its reason code, and tells no more than that code.
- A lease ends when it is closed, runs out or loses its consent; each writes the outcome. Whoever
  was reading gets no further piece, and is told when consent or the case is what went.
"""

import asyncio
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from stsbench.domain.access import Purpose, ReasonCode, Role
from stsbench.domain.failpoints import failpoint
from stsbench.errors import AccessRefusedError
from stsbench.privacy.audit_entries import Outcome
from stsbench.privacy.policy import AccessRequest, Policy, decide
from stsbench.vault.audit_log import AuditContext
from stsbench.vault.case_rows import CaseHead, ObjectRow
from stsbench.vault.open_cases import OpenCases
from stsbench.vault.records import LeaseAnswer, LeaseRequest
from stsbench.vault.refusals import ended, refused
from stsbench.vault.vault_store import VaultStore

__all__ = ["Lease", "LeaseDesk"]

OPEN = "open_object"
_REMEMBERED = 4096  # taken back and not yet asked about: a memory, not a record; the log has them


@dataclass(frozen=True, slots=True)
class Lease:
    """A granted access that has not ended."""

    lease_id: str
    intent: int
    actor: str
    case: CaseHead
    held: ObjectRow
    context: AuditContext
    ends: float  # on the monotonic clock
    open_until: str


@dataclass(frozen=True, slots=True)
class _Decided:
    """What was found and decided about one request."""

    context: AuditContext
    reason: ReasonCode
    minutes: int = 0
    case: CaseHead | None = None
    held: ObjectRow | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Requests of one caller that wait for the next durable write."""

    requests: Sequence[LeaseRequest]
    actor: str
    answers: "asyncio.Future[list[LeaseAnswer]]"

    def give(self, answers: list[LeaseAnswer]) -> None:
        if not self.answers.done():  # done: the caller has hung up
            self.answers.set_result(answers)

    def fail(self, error: Exception) -> None:
        if not self.answers.done():
            self.answers.set_exception(error)


class LeaseDesk:
    """Grants, keeps and ends leases; used by one thread.

    Parameters
    ----------
    store : VaultStore
    policy : Policy
    cases : OpenCases
    """

    def __init__(self, store: VaultStore, policy: Policy, cases: OpenCases) -> None:
        self._store = store
        self._policy = policy
        self._cases = cases
        self._open: dict[str, Lease] = {}
        self._taken: dict[str, tuple[ReasonCode, date]] = {}
        self._waiting: list[_Waiting] = []

    @property
    def count(self) -> int:
        """How many leases are open."""
        return len(self._open)

    def grant(self, requests: Sequence[LeaseRequest], *, actor: str) -> list[LeaseAnswer]:
        """Decide about requests, make every answer durable, then give them.

        Raises
        ------
        AuditError
            The intents could not be written: nothing is granted.
        """
        decided = [self._decide(request) for request in requests]
        sequences: list[int] = []
        with self._store.audit.writing(actor) as batch:
            for found in decided:
                if found.reason is ReasonCode.NONE:
                    sequences.append(batch.intent(OPEN, found.context))
                else:
                    batch.event(OPEN, Outcome.REFUSED, found.context, reason=found.reason)
        failpoint("leases.after_intent")
        numbers = iter(sequences)
        return [
            self._refusal(found)
            if found.case is None or found.held is None or found.reason is not ReasonCode.NONE
            else self._lease(found, found.case, found.held, next(numbers), actor)
            for found in decided
        ]

    async def grant_together(
        self, requests: Sequence[LeaseRequest], *, actor: str
    ) -> list[LeaseAnswer]:
        """Do the same, sharing one durable write with whoever else asks at this moment."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(requests, actor, loop.create_future())
        self._waiting.append(waiting)
        if len(self._waiting) == 1:
            # Runs after every request that has arrived by now has come this far.
            loop.call_soon(self._grant_waiting)
        return await waiting.answers

    def _grant_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for actor in dict.fromkeys(each.actor for each in waiting):
            self._grant_all([each for each in waiting if each.actor == actor], actor)

    def _grant_all(self, waiting: Sequence["_Waiting"], actor: str) -> None:
        together = [request for each in waiting for request in each.requests]
        try:
            answers = iter(self.grant(together, actor=actor))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
            if len(waiting) == 1:
                waiting[0].fail(error)
                return
            # One case that does not open must not refuse the others'.
            for each in waiting:
                self._grant_all([each], actor)
            return
        for each in waiting:
            each.give([next(answers) for _ in each.requests])

    def find(self, lease_id: str) -> Lease:
        """Return an open lease.

        Raises
        ------
        AccessRefusedError
            There is none: it was taken back, ran out, was closed, or never was.
        """
        lease = self._open.get(lease_id)
        if lease_id in self._taken:
            raise ended(*self._taken[lease_id])
        if lease is None or lease.ends <= time.monotonic():
            raise refused(ReasonCode.LEASE_EXPIRED)
        return lease

    def close(self, lease_ids: Iterable[str], *, outcome: Outcome = Outcome.COMPLETED) -> None:
        """End leases; one that has ended already is let pass."""
        self._end([self._open[name] for name in lease_ids if name in self._open], outcome)

    def expire(self) -> None:
        """End the leases whose time is up."""
        now = time.monotonic()
        late = [lease for lease in self._open.values() if lease.ends <= now]
        self._end(late, Outcome.COMPLETED, ReasonCode.LEASE_EXPIRED)

    def end_for_case(
        self, case_number: str, reason: ReasonCode, purposes: Iterable[Purpose] = tuple(Purpose)
    ) -> None:
        """End every lease of a case for some purposes: consent withdrawn, case erased."""
        hit = set(purposes)
        ending = [
            lease
            for lease in self._open.values()
            if lease.case.case_number == case_number and lease.context.purpose in hit
        ]
        today = self._store.today()
        self._taken |= {lease.lease_id: (reason, today) for lease in ending}
        while len(self._taken) > _REMEMBERED:
            del self._taken[next(iter(self._taken))]
        self._end(ending, Outcome.COMPLETED, reason)

    def close_all(self) -> None:
        """End every lease: the broker stops."""
        self._end(list(self._open.values()), Outcome.COMPLETED)

    def _decide(self, request: LeaseRequest) -> _Decided:
        try:
            role, purpose = Role(request.role), Purpose(request.purpose)
        except ValueError:
            known = request.role in tuple(Role)
            reason = ReasonCode.PURPOSE_NOT_COVERED if known else ReasonCode.ROLE_NOT_ALLOWED
            return _Decided(AuditContext(), reason)
        case = self._cases.find(request.case_number)
        if case is None:
            erased = self._cases.was_erased(request.case_number)
            reason = ReasonCode.CASE_ERASED if erased else ReasonCode.CASE_UNKNOWN
            return _Decided(AuditContext(role=role, purpose=purpose), reason)
        held = self._cases.find_object(case, request.object_id)
        decision = decide(
            AccessRequest(role, purpose),
            standing=case.standing,
            today=self._store.today(),
            policy=self._policy,
        )
        reason = decision.reason
        if held is None and reason is ReasonCode.NONE:
            reason = ReasonCode.CASE_UNKNOWN
        context = AuditContext(
            role=role,
            purpose=purpose,
            legal_basis=decision.legal_basis,
            subject=case.head.subject,
            case_number=case.head.case_number,
            object_id=held.object_id if held else "",
        )
        return _Decided(context, reason, decision.lease_minutes, case.head, held)

    def _lease(
        self, found: _Decided, case: CaseHead, held: ObjectRow, intent: int, actor: str
    ) -> LeaseAnswer:
        seconds = min(found.minutes * 60.0, self._store.settings.lease_s)
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        lease = Lease(
            lease_id=secrets.token_hex(16),
            intent=intent,
            actor=actor,
            case=case,
            held=held,
            context=found.context,
            ends=time.monotonic() + seconds,
            open_until=until.isoformat(timespec="seconds"),
        )
        self._open[lease.lease_id] = lease
        return LeaseAnswer(
            granted=True,
            lease_id=lease.lease_id,
            case_number=case.case_number,
            object_id=held.object_id,
            purpose=found.context.purpose,
            legal_basis=found.context.legal_basis,
            size_bytes=held.size_bytes,
            open_until=lease.open_until,
        )

    @staticmethod
    def _refusal(found: _Decided) -> LeaseAnswer:
        error: AccessRefusedError = refused(found.reason)
        return LeaseAnswer(
            granted=False, reason=found.reason, problem=error.problem, remedy=error.remedy
        )

    def _end(
        self,
        leases: Sequence[Lease],
        outcome: Outcome,
        reason: ReasonCode = ReasonCode.NONE,
    ) -> None:
        if not leases:
            return
        # First nobody reads any more; if the outcome can't be written, recovery presumes access.
        for lease in leases:
            self._open.pop(lease.lease_id, None)
        with self._store.audit.writing(leases[0].actor) as batch:
            for lease in leases:
                batch.outcome(OPEN, outcome, lease.context, intent=lease.intent, reason=reason)
