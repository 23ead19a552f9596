"""A case as the verbs see it: found by number, read and written through the vault's client.

Everything here carries codes only. A case number left empty means the newest case of this home.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stsbench.domain.access import Purpose, Role
from stsbench.domain.order import ScanEntry, ScanRole
from stsbench.errors import InputError
from stsbench.vault.client import VaultClient
from stsbench.vault.records import CaseRecord, ObjectEntry

__all__ = ["OpenCase", "case_rows", "latest_object", "newest_case", "open_case"]

_ARCH_ROLES = (ScanRole.UPPER, ScanRole.LOWER)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case with the client that reaches it; shown by its number only."""

    client: VaultClient
    record: CaseRecord

    @property
    def number(self) -> str:
        """The case number."""
        return self.record.order.case_number

    @property
    def scans(self) -> tuple[ScanEntry, ...]:
        """The scans to work on: arches first, then preparations; bite scans are not repaired."""
        rank = {ScanRole.UPPER: 0, ScanRole.LOWER: 1, ScanRole.PREPARATION: 2}
        worked = [scan for scan in self.record.order.scans if scan.role in rank]
        return tuple(sorted(worked, key=lambda scan: (rank[scan.role], scan.scan_id)))

    @property
    def arch_scans(self) -> tuple[ScanEntry, ...]:
        """The scans a model is made from."""
        return tuple(scan for scan in self.scans if scan.role in _ARCH_ROLES)

    def read(self, object_id: str, *, purpose: Purpose, role: Role) -> bytes:
        """Open one object under a lease, read it and close the lease."""
        with self.client.open_object(self.number, object_id, purpose=purpose, role=role) as lease:
            return bytes(lease.read())

    def __repr__(self) -> str:
        return f"OpenCase({self.number})"


@contextmanager
def open_case(case_number: str = "") -> Iterator[OpenCase]:
    """Connect to the vault and find a case.

    Parameters
    ----------
    case_number : str
        Such as 2611-0042-K; empty for the newest case.

    Raises
    ------
    InputError
        There is no case yet.
    AccessRefusedError
        There is no such case, or it was erased.
    StorageError
        The vault cannot be reached.
    """
    with VaultClient.connect() as client:
        yield newest_case(client, case_number)


def newest_case(client: VaultClient, case_number: str = "") -> OpenCase:
    """Return a case of a connection that stays open; empty for the newest one."""
    return OpenCase(client, client.case(case_number.strip() or _newest(client)))


def case_rows() -> list[dict[str, Any]]:
    """Return one row per case of this home, newest first: number, stage, verdict."""
    with VaultClient.connect() as client:
        return [
            {
                "case_number": case.case_number,
                "profile": str(case.profile),
                "stage": case.stage,
                "verdict": case.verdict,
                "received_on": case.received_on,
            }
            for case in reversed(client.cases())
        ]


def latest_object(objects: Sequence[ObjectEntry], kind: str, scan_id: str) -> ObjectEntry:
    """Return the newest object of a kind for a scan.

    Raises
    ------
    InputError
        The step that makes it has not run.
    """
    found = [entry for entry in objects if entry.kind == kind and entry.scan_id == scan_id]
    if not found:
        raise InputError(
            f"This case has no {kind.replace('_', ' ')} for scan {scan_id}.",
            "Run the notebooks in their order: 1, 2, 3, 4.",
        )
    return found[-1]


def _newest(client: VaultClient) -> str:
    cases = client.cases()
    if not cases:
        raise InputError("There is no case yet.", "Take one in: stsbench intake FOLDER.")
    return cases[-1].case_number
