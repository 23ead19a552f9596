"""The audit log: nothing is granted before its intent is on disk, and nothing ends without outcome.

Rules owned here:
- Entries and the rows they speak of are written in one transaction: both are there, or neither.
- When the log cannot be written the answer is no: `AuditError`, and nothing else happened.
- A checkpoint (size, root, Ed25519 signature) is made every so many entries, on demand and at the
  end; the last one is also kept with the keys.

References
----------
RFC 6962 section 2.1; C2SP tlog-checkpoint. Entries, tree and notes are in `privacy`.
"""

import contextlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select

from stsbench.domain.access import LegalBasis, Purpose, ReasonCode, Role
from stsbench.errors import AuditError, SealError, StorageError
from stsbench.privacy.audit_entries import AuditEntry, EntryKind, Outcome
from stsbench.privacy.audit_tree import Frontier, leaf_hash
from stsbench.privacy.checkpoints import (
    checkpoint_of,
    open_checkpoint,
    public_key_of,
    sign_checkpoint,
)
from stsbench.vault.audit_rows import entry_mac, read_stored
from stsbench.vault.database import Database
from stsbench.vault.keystore import Keystore
from stsbench.vault.schema import audit_entries, checkpoints, open_intents

__all__ = [
    "NO_CONTEXT",
    "AuditBatch",
    "AuditContext",
    "AuditKeys",
    "AuditLog",
]

_INSERT_ENTRY = "INSERT INTO audit_entries (sequence, entry, leaf, mac) VALUES (?, ?, ?, ?)"
_INSERT_OPEN = "INSERT INTO open_intents (sequence) VALUES (?)"
_DELETE_OPEN = "DELETE FROM open_intents WHERE sequence = ?"


@dataclass(frozen=True, slots=True)
class AuditContext:
    """Which case, subject, object or ticket an entry speaks of, and for what."""

    role: Role | None = None
    purpose: Purpose | None = None
    legal_basis: LegalBasis | None = None
    subject: str = ""
    case_number: str = ""
    object_id: str = ""
    ticket: str = ""


NO_CONTEXT = AuditContext()


@dataclass(frozen=True, slots=True)
class AuditKeys:
    """What the log signs and names edited entries with.

    Parameters
    ----------
    origin : str
        Names this log in its checkpoints.
    signing_key : bytes
        Ed25519, 32 bytes.
    mac_key : bytes
        32 bytes.
    """

    origin: str
    signing_key: bytes = field(repr=False)
    mac_key: bytes = field(repr=False)

    @property
    def public_key(self) -> bytes:
        """What a reader of checkpoints needs."""
        return public_key_of(self.signing_key)


class AuditBatch:
    """Entries and row changes of one transaction; made by `AuditLog.writing`."""

    def __init__(self, rows: Connection, *, first: int, at: str, actor: str) -> None:
        self.rows = rows
        self.at = at
        self._actor = actor
        self._first = first
        self.entries: list[bytes] = []
        self.opened: list[tuple[int]] = []
        self.settled: list[tuple[int]] = []

    def intent(self, action: str, context: AuditContext = NO_CONTEXT) -> int:
        """Write that something is about to be granted or done; return its sequence number."""
        sequence = self._write(EntryKind.INTENT, action, context)
        self.opened.append((sequence,))
        return sequence

    def outcome(
        self,
        action: str,
        outcome: Outcome,
        context: AuditContext = NO_CONTEXT,
        *,
        intent: int,
        reason: ReasonCode = ReasonCode.NONE,
    ) -> int:
        """Write what became of an intent; return the outcome's sequence number."""
        self.settled.append((intent,))
        return self._write(EntryKind.OUTCOME, action, context, outcome, reason, intent)

    def event(
        self,
        action: str,
        outcome: Outcome,
        context: AuditContext = NO_CONTEXT,
        *,
        reason: ReasonCode = ReasonCode.NONE,
    ) -> int:
        """Write something that is decided and done in one step, such as a refusal."""
        return self._write(EntryKind.EVENT, action, context, outcome, reason)

    def _write(
        self,
        kind: EntryKind,
        action: str,
        context: AuditContext,
        outcome: Outcome = Outcome.NONE,
        reason: ReasonCode = ReasonCode.NONE,
        intent: int | None = None,
    ) -> int:
        sequence = self._first + len(self.entries)
        entry = AuditEntry(
            sequence=sequence,
            at=self.at,
            kind=kind,
            action=action,
            actor=self._actor,
            role=context.role,
            purpose=context.purpose,
            legal_basis=context.legal_basis,
            subject=context.subject,
            case_number=context.case_number,
            object_id=context.object_id,
            ticket=context.ticket,
            reason=reason,
            outcome=outcome,
            intent=intent,
        )
        self.entries.append(entry.canonical())
        return sequence


class AuditLog:
    """The log of one vault, for one writing thread.

    Parameters
    ----------
    database : Database
        Holds the entries next to the rows they speak of.
    keystore : Keystore
        Keeps a copy of the last checkpoint.
    keys : AuditKeys
    every : int
        Entries between two checkpoints.
    now : callable () -> str
        The time, ISO 8601 in UTC.
    """

    def __init__(
        self,
        database: Database,
        keystore: Keystore,
        keys: AuditKeys,
        *,
        every: int,
        now: Callable[[], str],
    ) -> None:
        self._database = database
        self._keystore = keystore
        self.keys = keys
        self._every = every
        self._now = now
        self.damage = ""  # what was wrong with the log when it was opened
        self._signed = 0
        self._frontier = self._find_frontier()

    @property
    def size(self) -> int:
        """Entries so far."""
        return self._frontier.size

    @contextmanager
    def writing(self, actor: str) -> Iterator[AuditBatch]:
        """Collect entries and row changes; they are durable when the block has ended.

        Parameters
        ----------
        actor : str
            Who asks, as the system tells: "uid:1000".

        Raises
        ------
        AuditError
            They could not be written; none of them happened, and nothing may be granted. A log
            that was damaged before it was opened is not written on.
        """
        if self.damage:
            raise AuditError(self.damage, "Run stsbench audit verify; call the privacy officer.")
        try:
            with self._database.transaction() as rows:
                batch = AuditBatch(rows, first=self.size + 1, at=self._now(), actor=actor)
                yield batch
                frontier = self._append(batch)
                note = self._sign_when_due(batch.rows, frontier)
        except StorageError as error:
            raise AuditError(
                "The audit log cannot be written, so nothing was granted.",
                f"{error.problem} {error.remedy}",
            ) from None
        self._frontier = frontier
        if note:
            self._signed = frontier.size
            self._keystore.keep_checkpoint(frontier.size, note)

    def write_failure(self, action: str, context: AuditContext, *, intent: int, actor: str) -> None:
        """Write that an intent failed; when even that is impossible, the next start does it."""
        with contextlib.suppress(AuditError), self.writing(actor) as batch:
            batch.outcome(action, Outcome.FAILED, context, intent=intent)

    def checkpoint(self) -> str:
        """Sign the log as it stands and return the note; the last one when nothing was added."""
        with self._database.transaction() as rows:
            found = rows.execute(
                select(checkpoints.c.note).where(checkpoints.c.size == self.size)
            ).scalar()
            note = str(found) if found else self._sign(rows, self._frontier)
        self._signed = self.size
        self._keystore.keep_checkpoint(self.size, note)
        return note

    def open_intents(self) -> list[AuditEntry]:
        """Return the intents that have no outcome yet, oldest first."""
        query = select(audit_entries.c.entry).join(
            open_intents, open_intents.c.sequence == audit_entries.c.sequence
        )
        with self._database.snapshot() as rows:
            found = rows.execute(query.order_by(audit_entries.c.sequence)).all()
        return [AuditEntry.parse(row.entry) for row in found]

    def _append(self, batch: AuditBatch) -> Frontier:
        first = self.size + 1
        leaves = [leaf_hash(entry) for entry in batch.entries]
        written = [
            (sequence, entry, leaf, entry_mac(self.keys.mac_key, entry))
            for sequence, (entry, leaf) in enumerate(
                zip(batch.entries, leaves, strict=True), start=first
            )
        ]
        for statement, values in (
            (_INSERT_ENTRY, written),
            (_INSERT_OPEN, batch.opened),
            (_DELETE_OPEN, batch.settled),
        ):
            if values:
                batch.rows.exec_driver_sql(statement, values)
        return self._frontier.extend(leaves)

    def _sign_when_due(self, rows: Connection, frontier: Frontier) -> str:
        due = frontier.size - self._signed >= self._every
        return self._sign(rows, frontier) if due else ""

    def _sign(self, rows: Connection, frontier: Frontier) -> str:
        signed = checkpoint_of(frontier, origin=self.keys.origin, at=self._now())
        note = sign_checkpoint(signed, signing_key=self.keys.signing_key)
        rows.execute(delete(checkpoints).where(checkpoints.c.size == frontier.size))
        rows.execute(
            insert(checkpoints),
            {"size": frontier.size, "note": note, "frontier": b"".join(frontier.roots)},
        )
        return note

    def _find_frontier(self) -> Frontier:
        """Continue from the last checkpoint that verifies, else from the first entry."""
        with self._database.snapshot() as rows:
            last = rows.execute(select(checkpoints).order_by(checkpoints.c.size.desc())).first()
            frontier = Frontier() if last is None else self._verified(last.note, last.frontier)
            newer = list(read_stored(rows, after=frontier.size))
        self._signed = frontier.size
        kept = self._keystore.kept_checkpoint()
        for sequence, row in enumerate(newer, start=frontier.size + 1):
            mac = entry_mac(self.keys.mac_key, row.entry)
            if row.sequence != sequence or not hmac.compare_digest(row.mac, mac):
                self.damage = f"The audit log is damaged at entry {sequence}."
        frontier = frontier.extend(leaf_hash(row.entry) for row in newer)
        if kept is not None and kept[0] > frontier.size:
            self.damage = f"The audit log ends at entry {frontier.size}, but {kept[0]} were signed."
        return frontier

    def _verified(self, note: str, roots: bytes) -> Frontier:
        try:
            signed = open_checkpoint(
                note, origin=self.keys.origin, public_keys=[self.keys.public_key]
            )
        except SealError:
            return Frontier()
        pieces = tuple(roots[start : start + 32] for start in range(0, len(roots), 32))
        if len(pieces) != signed.size.bit_count():
            return Frontier()
        frontier = Frontier(signed.size, pieces)
        return frontier if frontier.root == signed.root else Frontier()
