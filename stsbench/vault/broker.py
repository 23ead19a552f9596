"""The broker: the store with its desks, what every request goes through, and when it may end.

Rules owned here:
- Everything that decides runs on one thread, the event loop; threads only read, seal and open.
- Before it is served, what a killed broker left is settled.
- It wants to end when it was told to, or when nothing is open and nobody asked for a while.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.metadata import version
from types import TracebackType
from typing import Any

from sqlalchemy import func, select

from stsbench.domain.access import Purpose, ReasonCode
from stsbench.errors import AuditError, StorageError
from stsbench.files.homes import read_home_settings
from stsbench.privacy.audit_entries import Outcome
from stsbench.privacy.policy import load_policy
from stsbench.vault.audit_log import AuditContext
from stsbench.vault.case_rows import CaseHead, find_case, is_erased
from stsbench.vault.case_seals import STANDING_FIELD, open_standing, replace_sealed
from stsbench.vault.derivations import DerivationDesk
from stsbench.vault.intake_desk import IntakeDesk
from stsbench.vault.leases import LeaseDesk
from stsbench.vault.open_cases import OpenCases
from stsbench.vault.recovery import BROKER, recover
from stsbench.vault.refusals import refused
from stsbench.vault.schema import cases
from stsbench.vault.settings import VaultSettings
from stsbench.vault.vault_store import VaultStore

__all__ = ["Broker"]

_THREADS = 4


class Broker:
    """A vault in service.

    Parameters
    ----------
    settings : VaultSettings
    open_doors : tuple of str
        What the process could not close; the doctor shows it.
    """

    def __init__(self, settings: VaultSettings, *, open_doors: tuple[str, ...] = ()) -> None:
        self.settings = settings
        self.open_doors = open_doors
        self.store = VaultStore(settings)
        try:
            chosen = read_home_settings(settings.home)
            self.policy = load_policy().with_minor_age(chosen.minor_age)
            self.recovery = recover(self.store)
            self.workers = ThreadPoolExecutor(_THREADS, thread_name_prefix="vault")
            self.cases = OpenCases(self.store)
            self.leases = LeaseDesk(self.store, self.policy, self.cases)
            self.intake = IntakeDesk(self.store, self.policy, self.workers)
            self.derivations = DerivationDesk(self.store, self.leases, self.workers)
        except BaseException:
            self.store.close()
            raise
        self._version = version("stsbench")
        self.started_at = self.store.now()
        self._last_asked = time.monotonic()
        self._told_to_stop = False

    @property
    def wants_to_stop(self) -> bool:
        """Whether the process may end now."""
        idle = time.monotonic() - self._last_asked > self.settings.idle_s
        return self._told_to_stop or (idle and not self.leases.count and not self.intake.count)

    def touch(self) -> None:
        """Note that somebody asked something."""
        self._last_asked = time.monotonic()

    def stop(self) -> None:
        """Ask the process to end."""
        self._told_to_stop = True

    def tick(self) -> None:
        """End leases and tickets whose time is up."""
        try:
            self.leases.expire()
            self.intake.expire(actor=BROKER)
        except AuditError:
            return  # the outcome is missing now; the next start presumes access

    def find_case(self, case_number: str) -> CaseHead:
        """Return the head of a case.

        Raises
        ------
        AccessRefusedError
            There is none, or it was erased.
        """
        with self.store.database.snapshot() as rows:
            case = find_case(rows, case_number)
            erased = case is None and is_erased(rows, case_number)
        if case is None:
            raise refused(ReasonCode.CASE_ERASED if erased else ReasonCode.CASE_UNKNOWN)
        return case

    def withdraw_consent(self, case_number: str, purpose: Purpose, *, actor: str) -> date:
        """Withdraw consent for one purpose: no further open, and running leases end now."""
        case, today = self.find_case(case_number), self.store.today()
        key = self.store.keys.case_key(case.case_id)
        context = AuditContext(purpose=purpose, subject=case.subject, case_number=case.case_number)
        with self.store.audit.writing(actor) as batch:
            standing = open_standing(batch.rows, case.case_id, key)
            withdrawn = standing.with_withdrawal([purpose], today)
            replace_sealed(
                batch.rows, case.case_id, key, field=STANDING_FIELD, value=withdrawn.as_json()
            )
            batch.event("withdraw_consent", Outcome.COMPLETED, context)
        self.cases.forget(case_number)
        # A consent may cover several purposes: those are closed as well.
        hit = [
            each
            for each, rule in self.policy.rules.items()
            if each is purpose or purpose in rule.consents
        ]
        self.leases.end_for_case(case_number, ReasonCode.CONSENT_WITHDRAWN, hit)
        return today

    def status(self) -> dict[str, Any]:
        """Return the broker's account of itself."""
        with self.store.database.snapshot() as rows:
            count = rows.execute(select(func.count()).select_from(cases)).scalar()
        return {
            "schema": "stsbench.vault-status/1",
            "running": True,
            "process": os.getpid(),
            "version": self._version,
            "started_at": self.started_at,
            "cases": count,
            "open_leases": self.leases.count,
            "open_tickets": self.intake.count,
            "audit_entries": self.store.audit.size,
            "idle_s": self.settings.idle_s,
        }

    def close(self) -> None:
        """End every lease and ticket with its outcome, sign the log and close the store."""
        try:
            self.leases.close_all()
            self.intake.expire(actor=BROKER, everything=True)
        except (AuditError, StorageError):
            pass  # the next start settles what has no outcome
        finally:
            self.workers.shutdown(wait=True, cancel_futures=True)
            self.store.close()

    def __enter__(self) -> "Broker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
