"""The vault as notebooks, batch workers and commands see it: codes, leases and sealed objects.

    with VaultClient.connect() as client:
        with client.open_object("2611-0042-K", "upper", purpose=Purpose.REPAIR, role=role) as lease:
            data = lease.read()

Rules owned here:
- Nothing here holds a key or a name. Every method is one request to the broker, or two.
- Leaving a lease's block writes its outcome, also when the work in it failed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from stsbench.domain.access import Attestation, Purpose, Role
from stsbench.errors import AccessRefusedError, SealError
from stsbench.vault.records import (
    CaseRecord,
    CaseSummary,
    IntakeOutcome,
    IntakePreview,
    LeaseAnswer,
    LeaseRequest,
    ObjectEntry,
)
from stsbench.vault.settings import load_settings
from stsbench.vault.transport import CutShortError, Transport
from stsbench.vault.wire import as_document, value_from

__all__ = ["Lease", "VaultClient"]

Document = dict[str, Any]


class Lease:
    """An open object; close it, or leave its block, to write the outcome."""

    def __init__(self, transport: Transport, answer: LeaseAnswer) -> None:
        self._transport = transport
        self._answer = answer
        self._open = True

    @property
    def lease_id(self) -> str:
        """What `store_object` is given."""
        return self._answer.lease_id

    @property
    def object_id(self) -> str:
        """The object that is open."""
        return self._answer.object_id

    @property
    def open_until(self) -> str:
        """When it ends by itself, ISO 8601 in UTC."""
        return self._answer.open_until

    def read(self) -> bytearray:
        """Return the whole content.

        Raises
        ------
        AccessRefusedError
            The lease ended.
        SealError, StorageError
            The sealed object is damaged or gone.
        """
        path = f"/v1/leases/{self.lease_id}"
        try:
            return self._transport.read_into(f"{path}/bytes")
        except CutShortError:
            self._transport.call("GET", path, again=True)  # tells when the lease has ended
            raise SealError(
                "A sealed object does not open.",
                "Run stsbench vault doctor; restore it from a backup if the store was damaged.",
            ) from None

    def confirm_open(self) -> None:
        """Ask whether it still holds; reads nothing and is not audited.

        Raises
        ------
        AccessRefusedError
            It ran out, its consent was withdrawn, or it was closed.
        """
        self._transport.call("GET", f"/v1/leases/{self.lease_id}", again=True)

    def close(self, *, failed: bool = False) -> None:
        """Write the outcome; closing again does nothing."""
        if self._open:
            self._open = False
            body = {"leases": [self.lease_id], "failed": failed}
            self._transport.call("POST", "/v1/leases/close", body, again=True)

    def __enter__(self) -> "Lease":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close(failed=error is not None)

    def __repr__(self) -> str:
        return f"Lease({self._answer.case_number}, open until {self.open_until})"


class VaultClient:
    """A connection to the broker of one home.

    Make it with `connect`; use it as a context manager, or close it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @classmethod
    def connect(cls, home: Path | None = None, *, start: bool = True) -> "VaultClient":
        """Connect to the broker of a home.

        Parameters
        ----------
        home : Path, optional
            STSBENCH_HOME or the user's own by default.
        start : bool
            Start the broker when there is none.

        Raises
        ------
        StorageError
            It is not running and may not be started, or cannot be.
        """
        return cls(Transport(load_settings(home), start=start))

    def preview_intake(self, folder: Path) -> IntakePreview:
        """Hand a clinic's folder to the broker; nothing is stored yet."""
        body = {"folder": str(Path(folder).resolve())}
        return value_from(IntakePreview, self._post("/v1/intake/preview", body))

    def preview_of(self, ticket: str = "") -> IntakePreview:
        """Return the preview of an open ticket; of the newest one by default."""
        return value_from(IntakePreview, self._post("/v1/intake/show", {"ticket": ticket}))

    def confirm_intake(
        self,
        ticket: str,
        *,
        attestations: Sequence[Attestation] = (),
        apply_unit: bool = True,
        arch_answers: Mapping[str, str] | None = None,
    ) -> IntakeOutcome:
        """Store the case, or learn what holds or refuses it; confirming again is harmless."""
        body = {
            "ticket": ticket,
            "attestations": as_document(list(attestations)),
            "apply_unit": apply_unit,
            "arch_answers": dict(arch_answers or {}),
        }
        return value_from(IntakeOutcome, self._post("/v1/intake/confirm", body, again=True))

    def abandon_intake(self, ticket: str) -> None:
        """Forget a ticket and everything read for it."""
        self._post("/v1/intake/abandon", {"ticket": ticket})

    def cases(self) -> list[CaseSummary]:
        """Return every case, oldest first."""
        found = self._transport.call("GET", "/v1/cases", again=True)["cases"]
        return [value_from(CaseSummary, each) for each in found]

    def case(self, case_number: str) -> CaseRecord:
        """Return a case: order, stage, objects, verdicts."""
        found = self._transport.call("GET", f"/v1/cases/{case_number}", again=True)
        return value_from(CaseRecord, found)

    def open_object(
        self, case_number: str, object_id: str, *, purpose: Purpose, role: Role
    ) -> Lease:
        """Open an object, or the newest version of a scan by its scan id.

        Raises
        ------
        AccessRefusedError
            Purpose, role or consent do not cover it, or there is no such case.
        AuditError
            The intent could not be written, so nothing was granted.
        """
        request = LeaseRequest(case_number, object_id, str(purpose), str(role))
        (answer,) = self.open_many([request])
        if not answer.granted:
            raise AccessRefusedError(answer.problem, answer.remedy)
        return self.lease(answer)

    def open_many(self, requests: Sequence[LeaseRequest]) -> list[LeaseAnswer]:
        """Ask for many leases in one request, which share one durable write."""
        body = {"requests": as_document(list(requests))}
        answers = self._post("/v1/leases", body)["answers"]
        return [value_from(LeaseAnswer, each) for each in answers]

    def lease(self, answer: LeaseAnswer) -> Lease:
        """Return the lease of a grant."""
        return Lease(self._transport, answer)

    def close_many(self, lease_ids: Sequence[str]) -> None:
        """Write the outcome of many leases in one request."""
        self._post("/v1/leases/close", {"leases": list(lease_ids)}, again=True)

    def store_object(
        self,
        case_number: str,
        *,
        kind: str,
        data: bytes | bytearray | memoryview,
        parents: Sequence[str],
        lease_id: str,
        summary: Mapping[str, object] | None = None,
    ) -> ObjectEntry:
        """Seal something made from an open object; parents are object or scan ids of the case."""
        head = json.dumps(
            {
                "kind": kind,
                "parents": list(parents),
                "lease": lease_id,
                "summary": as_document(summary or {}),
            }
        ).encode()
        path, framed = f"/v1/cases/{case_number}/objects", len(head).to_bytes(4, "big") + head
        entry = self._transport.call("POST", path, content=[framed, data])
        return value_from(ObjectEntry, entry)

    def record_verdict(
        self,
        case_number: str,
        *,
        stage: str,
        verdict: str,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Record what a stage (intake, repair, model, review) came to."""
        body = {"stage": stage, "verdict": verdict, "detail": as_document(detail or {})}
        self._post(f"/v1/cases/{case_number}/verdicts", body)

    def release(self, case_number: str, object_id: str, *, role: Role) -> Path:
        """Write an object to the case's out folder and return the file."""
        body = {"object_id": object_id, "role": str(role)}
        return Path(self._post(f"/v1/cases/{case_number}/release", body, again=True)["path"])

    def erase_case(self, case_number: str, *, role: Role, reason: str) -> Document:
        """Destroy a case's key and everything sealed with it; return the receipt."""
        body = {"role": str(role), "reason": reason}
        return dict(self._post(f"/v1/cases/{case_number}/erase", body, again=True))

    def withdraw_consent(self, case_number: str, purpose: Purpose) -> None:
        """Withdraw consent for a purpose: the next open is refused, running leases end."""
        self._post(f"/v1/cases/{case_number}/withdraw", {"purpose": str(purpose)}, again=True)

    def verify_audit(self, *, witnessed: Sequence[str] = ()) -> Document:
        """Check the audit log, also against checkpoints kept outside the vault."""
        return dict(self._post("/v1/audit/verify", {"witnessed": list(witnessed)}, again=True))

    def audit_entries(self, *, case_number: str | None = None, last: int = 0) -> list[Document]:
        """Return entries, oldest first: all of them, the last few, or those of one case."""
        body = {"case_number": case_number, "last": last}
        return list(self._post("/v1/audit/entries", body, again=True)["entries"])

    def audit_checkpoint(self) -> str:
        """Sign the log as it stands; keep the note elsewhere, and it is a witness."""
        return str(self._post("/v1/audit/checkpoint", {}, again=True)["checkpoint"])

    def audit_export(self) -> Document:
        """Return entries, checkpoints and public key: all that a check outside needs."""
        return dict(self._post("/v1/audit/export", {}, again=True))

    def status(self) -> Document:
        """Return the broker's account of itself."""
        return dict(self._transport.call("GET", "/v1/status", again=True))

    def doctor(self) -> Document:
        """Return the level of protection, what is weak and what is not proven."""
        return dict(self._transport.call("GET", "/v1/doctor", again=True))

    def stop(self) -> None:
        """End the broker and wait for it; outcomes and a checkpoint are written first."""
        self._post("/v1/stop", {})
        self._transport.wait_stopped()

    def close(self) -> None:
        """Close the connection; the broker runs on."""
        self._transport.close()

    def __enter__(self) -> "VaultClient":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _post(self, path: str, body: Document, *, again: bool = False) -> Any:
        return self._transport.call("POST", path, body, again=again)
