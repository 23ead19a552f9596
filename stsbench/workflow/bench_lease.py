"""The right to look at a case on screen: leases that are watched, and who is told when they end.

Rules owned here:
- Leases are asked for once a second and before every use. When one ended (time, consent, erasure),
  when a reviewer signed the case off meanwhile, or when the vault is gone, `ended` is called once.
- Whoever is told takes every mesh off the screen; nothing is read or stored afterwards.
- Closing writes the outcome of every lease, and a kernel that ends closes them: shut down, restarted,
  or ended because nobody used it. One that is killed leaves that to the leases' own end.
"""

import atexit
import contextlib
import threading
from collections.abc import Callable

from stsbench.domain.access import Purpose, Role
from stsbench.errors import AccessRefusedError, StsbenchError
from stsbench.vault.client import Lease
from stsbench.workflow.cases import OpenCase

__all__ = ["HeldCase", "WatchedLeases"]

_EVERY_S = 1.0
_PATIENCE_S = 5.0
_SIGNED_OFF = AccessRefusedError(
    "A reviewer signed this case off: it is closed here.",
    "Run the cell again to work on it further.",
)


class WatchedLeases:
    """The leases of one bench.

    Parameters
    ----------
    case : OpenCase
        Its client stays open as long as the bench does.
    purpose : Purpose
    role : Role
    ended : callable
        Takes the error that says why; called once, from the watching thread or the caller's.
    every_s : float
        Seconds between two looks.
    """

    def __init__(
        self,
        case: OpenCase,
        *,
        purpose: Purpose,
        role: Role,
        ended: Callable[[StsbenchError], object],
        every_s: float = _EVERY_S,
    ) -> None:
        self.case = case
        self.purpose = purpose
        self._role = role
        self._ended = ended
        self._every_s = every_s
        self._leases: list[Lease] = []
        self._reason: StsbenchError | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._signatures = _signatures(case)

    @property
    def open_until(self) -> str:
        """When the first of them ends by itself, ISO 8601 in UTC; empty before the first."""
        return min((lease.open_until for lease in self._leases), default="")

    @property
    def reason(self) -> StsbenchError | None:
        """Why they ended; None while they hold."""
        return self._reason

    def open(self, object_id: str) -> Lease:
        """Open one more object of the case and start watching.

        Raises
        ------
        AccessRefusedError
            Purpose, role or consent do not cover it.
        """
        lease = self.case.client.open_object(
            self.case.number, object_id, purpose=self.purpose, role=self._role
        )
        with self._lock:
            self._leases.append(lease)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
                atexit.register(self.close)
        return lease

    def check(self) -> None:
        """Look now.

        Raises
        ------
        StsbenchError
            A lease ended, or the vault cannot be reached.
        """
        if self._reason is None:
            try:
                self._look()
            except StsbenchError as error:
                self._end(error)
        if self._reason is not None:
            raise self._reason

    def close(self) -> None:
        """Stop watching and write the outcomes; closing again does nothing."""
        self._stop.set()
        atexit.unregister(self.close)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_PATIENCE_S)  # else it would use a connection that the caller closes
        with self._lock:
            leases, self._leases = self._leases, []
        for lease in leases:
            with contextlib.suppress(StsbenchError):  # it ended by itself, or the vault is gone
                lease.close()

    def _look(self) -> None:
        with self._lock:
            leases = tuple(self._leases)
        for lease in leases:
            lease.confirm_open()
        fresh = OpenCase(self.case.client, self.case.client.case(self.case.number))
        if _signatures(fresh) > self._signatures:
            raise _SIGNED_OFF

    def _watch(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._look()
            except StsbenchError as error:
                self._end(error)

    def _end(self, reason: StsbenchError) -> None:
        with self._lock:
            if self._reason is not None or self._stop.is_set():
                return
            self._reason = reason
        self._stop.set()
        self._ended(reason)
        self.close()


def _signatures(case: OpenCase) -> int:
    """Count how often the case was accepted."""
    return sum(
        entry.stage == "review" and entry.verdict == "accept" for entry in case.record.history
    )


class HeldCase:
    """What every bench says of the case it holds; its session sets `case` and `_leases`."""

    case: OpenCase
    _leases: WatchedLeases

    @property
    def number(self) -> str:
        """The case number."""
        return self.case.number

    @property
    def purpose(self) -> str:
        """What the case was opened for."""
        return self._leases.purpose.value

    @property
    def open_until(self) -> str:
        """When the bench closes by itself, ISO 8601 in UTC."""
        return self._leases.open_until
