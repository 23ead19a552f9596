"""Checking a whole audit log: what was changed, where, and what no check can show.

Rules kept here:
- Entries count from 1 without gaps; an entry says its own number; its leaf is the hash of its
  bytes; the root over the leaves is the one that was signed.
- A change that leaves the leaf alone is placed exactly. One that repairs the leaf as well is placed
  between the two checkpoints around it: sign often.
- A checkpoint from outside the vault (a witness) is what stops the log's own keeper. Without one,
  or after the last one, the answer says so in words.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from stsbench.errors import SealError
from stsbench.privacy.audit_tree import Frontier
from stsbench.privacy.checkpoints import Checkpoint, open_checkpoint

__all__ = ["AuditProblem", "AuditVerification", "ProblemKind", "StoredEntry", "verify_log"]


class StoredEntry(NamedTuple):
    """One row of the log as it lies in the store, in the store's order."""

    sequence: int
    entry: bytes  # canonical bytes
    leaf: bytes  # leaf hash written with it


class ProblemKind(StrEnum):
    """What is wrong."""

    EDITED = "edited"  # its bytes do not match the leaf written with it
    MISSING = "missing"  # numbers are left out
    OUT_OF_ORDER = "out_of_order"  # a number comes again or too late
    MOVED = "moved"  # an entry that says another number than its row
    ALTERED = "altered"  # somewhere in this range, entry and leaf together
    TRUNCATED = "truncated"  # a signed checkpoint counts more entries than there are
    BAD_CHECKPOINT = "bad_checkpoint"  # its signature or form does not verify


_BREAKS_THE_ROOT = (
    ProblemKind.MISSING,
    ProblemKind.OUT_OF_ORDER,
    ProblemKind.MOVED,
    ProblemKind.ALTERED,
)


@dataclass(frozen=True, order=True, slots=True)
class AuditProblem:
    """One problem and the entries it concerns; 0 to 0 for a checkpoint that cannot be read."""

    first: int
    last: int
    kind: ProblemKind

    def __str__(self) -> str:
        place = (
            f"entry {self.first}"
            if self.first == self.last
            else (f"entries {self.first} to {self.last}")
        )
        return {
            ProblemKind.EDITED: f"{place}: edited",
            ProblemKind.MISSING: f"{place}: missing from its place",
            ProblemKind.OUT_OF_ORDER: f"{place}: out of order or doubled",
            ProblemKind.MOVED: f"{place}: says another number than its place",
            ProblemKind.ALTERED: f"{place}: at least one was altered after it was signed",
            ProblemKind.TRUNCATED: f"{place}: signed, but cut off",
            ProblemKind.BAD_CHECKPOINT: "a checkpoint does not verify",
        }[self.kind]


@dataclass(frozen=True, slots=True)
class AuditVerification:
    """What a check found, and how far it reaches.

    Parameters
    ----------
    entries : int
        Rows read.
    last_sequence : int
        Highest number among them.
    signed_until : int
        Entries up to this number stand as they were signed.
    witnessed_until : int
        The same against checkpoints kept outside the vault; 0 when none was given.
    problems : tuple of AuditProblem
        In the order of the entries.
    """

    entries: int
    last_sequence: int
    signed_until: int
    witnessed_until: int
    problems: tuple[AuditProblem, ...]

    @property
    def intact(self) -> bool:
        """True when nothing was found; read `not_proven` before relying on it."""
        return not self.problems

    @property
    def not_proven(self) -> tuple[str, ...]:
        """What this check cannot show, in sentences for a person."""
        after = self.witnessed_until
        lines = [
            "That every access was asked for through the broker: the log holds what it was asked.",
            "That the times are right: they are the broker's clock.",
        ]
        if after == 0:
            lines.append(
                "That the log was not rewritten or cut as a whole by whoever holds its signing "
                "key: no checkpoint kept outside the vault was given."
            )
        else:
            lines.append(
                f"That nothing after entry {after} was cut off or rewritten by whoever holds the "
                "signing key: that is the last one witnessed outside the vault."
            )
        if self.last_sequence > self.signed_until:
            lines.append(
                f"That entries {self.signed_until + 1} to {self.last_sequence} are as they were "
                "written: no checkpoint that verifies covers them."
            )
        return tuple(lines)


def verify_log(
    entries: Iterable[StoredEntry],
    *,
    checkpoints: Sequence[str],
    origin: str,
    public_keys: Sequence[bytes],
    witnessed: Sequence[str] = (),
) -> AuditVerification:
    """Check a log against its signed checkpoints.

    Parameters
    ----------
    entries : iterable of StoredEntry
        All rows, in the order the store claims.
    checkpoints : sequence of str
        Signed notes from the store itself.
    origin : str
        The log's name.
    public_keys : sequence of 32 bytes
        Known from outside the store where possible.
    witnessed : sequence of str
        Signed notes that were kept outside the vault.

    Returns
    -------
    AuditVerification
    """
    problems: list[AuditProblem] = []
    own = _opened(checkpoints, origin, public_keys, problems)
    outside = _opened(witnessed, origin, public_keys, problems)
    signed: dict[int, set[bytes]] = {}
    for checkpoint in own + outside:
        signed.setdefault(checkpoint.size, set()).add(checkpoint.root)
    due = sorted(signed)
    agreed: list[int] = []
    frontier, fresh, rows, highest = Frontier(), list[bytes](), 0, 0
    if due and due[0] == 0:  # a checkpoint of the empty log says nothing about entries
        due = due[1:]
    for highest, leaf in _checked(entries, problems):
        rows += 1
        fresh.append(leaf)
        if not due or highest < due[0]:
            continue
        frontier, fresh = frontier.extend(fresh), []
        while due and due[0] <= highest:
            if signed[due[0]] == {frontier.root}:
                agreed.append(due[0])
            else:  # another root, or two roots signed for one size
                _note_altered(problems, max(agreed, default=0) + 1, due[0])
            due = due[1:]
    if due:
        problems.append(AuditProblem(highest + 1, due[-1], ProblemKind.TRUNCATED))
    untouched = (ProblemKind.BAD_CHECKPOINT, ProblemKind.TRUNCATED)
    altered = min(
        (problem.first for problem in problems if problem.kind not in untouched),
        default=highest + 1,
    )
    standing = [size for size in agreed if size < altered]
    return AuditVerification(
        entries=rows,
        last_sequence=highest,
        signed_until=max(standing, default=0),
        witnessed_until=max((found.size for found in outside if found.size in standing), default=0),
        problems=tuple(sorted(set(problems))),
    )


def _opened(
    notes: Sequence[str], origin: str, public_keys: Sequence[bytes], problems: list[AuditProblem]
) -> list[Checkpoint]:
    opened: list[Checkpoint] = []
    for note in notes:
        try:
            opened.append(open_checkpoint(note, origin=origin, public_keys=public_keys))
        except SealError:
            problems.append(AuditProblem(0, 0, ProblemKind.BAD_CHECKPOINT))
    return opened


def _checked(
    entries: Iterable[StoredEntry], problems: list[AuditProblem]
) -> Iterator[tuple[int, bytes]]:
    """Yield the highest number so far and each row's leaf; note what is wrong with the row."""
    expected = 1
    for sequence, entry, leaf in entries:
        if sequence > expected:
            problems.append(AuditProblem(expected, sequence - 1, ProblemKind.MISSING))
        elif sequence < expected:
            problems.append(AuditProblem(sequence, sequence, ProblemKind.OUT_OF_ORDER))
        # In canonical JSON this text can stand nowhere but at the top: quotes are escaped inside.
        if b'"sequence":%d,' % sequence not in entry:
            problems.append(AuditProblem(sequence, sequence, ProblemKind.MOVED))
        if sha256(b"\0" + entry).digest() != leaf:  # leaf_hash, without the call
            problems.append(AuditProblem(sequence, sequence, ProblemKind.EDITED))
        expected = max(expected, sequence + 1)
        yield expected - 1, leaf


def _note_altered(problems: list[AuditProblem], first: int, last: int) -> None:
    """Note a wrong root, unless something before it explains it already."""
    if not any(problem.kind in _BREAKS_THE_ROOT and problem.first <= last for problem in problems):
        problems.append(AuditProblem(first, last, ProblemKind.ALTERED))
