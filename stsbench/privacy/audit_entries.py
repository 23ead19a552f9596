"""One entry of the audit log and its canonical bytes, which the tree hashes.

Rules kept here:
- An entry holds codes and numbers only. Free text cannot be put into it: every field has an
  alphabet, so a name, a line break or an escape sequence in a "reason" is refused, not cleaned.
- The person is named by the patient code of the AUDIT domain. Anything longer is sealed under the
  patient's key (`details`); the tree hashes the ciphertext, so erasing never edits the log.
- Intent first, then the grant, then the outcome. An intent without outcome counts as accessed.
- Canonical bytes: JSON, ASCII, keys sorted, no spaces, every key present. One entry, one spelling.

References
----------
RFC 8785 (JSON canonicalization; this is the subset with strings and integers only).
"""

import json
import re
from dataclasses import dataclass, fields
from enum import StrEnum

from stsbench.domain.access import LegalBasis, Purpose, ReasonCode, Role
from stsbench.errors import AuditError, InputError
from stsbench.privacy.codes import AUDIT, TICKET, is_case_number, is_code

__all__ = ["SCHEMA", "AuditEntry", "EntryKind", "Outcome"]

SCHEMA = "stsbench.audit/1"

_AT = re.compile(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z",
    re.ASCII,
)
_ACTION = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_ACTOR = re.compile(r"[a-z0-9][a-z0-9:._/-]{0,63}", re.ASCII)
_OBJECT = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LARGEST_DETAILS = 64 << 10


class EntryKind(StrEnum):
    """When an entry was written."""

    INTENT = "intent"  # before anything is granted
    OUTCOME = "outcome"  # what became of an intent
    EVENT = "event"  # stands alone: start, checkpoint, refusal at the door


class Outcome(StrEnum):
    """What became of an intent."""

    NONE = ""  # an intent has none yet
    GRANTED = "granted"
    REFUSED = "refused"
    COMPLETED = "completed"
    FAILED = "failed"
    PRESUMED = "presumed_accessed"  # the broker died between intent and outcome


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which case, why, and what came of it.

    Parameters
    ----------
    sequence : int
        From 1, without gaps.
    at : str
        UTC with microseconds, `2026-11-22T15:04:05.000000Z`.
    kind : EntryKind
    action : str
        A word such as "open_object".
    actor : str
        Account code such as "uid:1000"; never a person's name.
    role, purpose, legal_basis : optional
    subject : str
        Code of the AUDIT domain, or "".
    case_number, object_id, ticket : str
        Or "". An object id is 32 hexadecimal digits.
    reason : ReasonCode
    outcome : Outcome
    intent : int or None
        Sequence number of the intent this outcome belongs to.
    details : bytes
        Sealed; or b"".

    Raises
    ------
    InputError
        A field is not of its alphabet, or the fields contradict each other.
    """

    sequence: int
    at: str
    kind: EntryKind
    action: str
    actor: str
    role: Role | None = None
    purpose: Purpose | None = None
    legal_basis: LegalBasis | None = None
    subject: str = ""
    case_number: str = ""
    object_id: str = ""
    ticket: str = ""
    reason: ReasonCode = ReasonCode.NONE
    outcome: Outcome = Outcome.NONE
    intent: int | None = None
    details: bytes = b""

    def __post_init__(self) -> None:
        well_formed = {
            # bool and float print otherwise, and would give one entry two spellings
            "sequence": type(self.sequence) is int and 1 <= self.sequence < 1 << 53,
            "at": bool(_AT.fullmatch(self.at)),
            "action": bool(_ACTION.fullmatch(self.action)),
            "actor": bool(_ACTOR.fullmatch(self.actor)),
            "subject": not self.subject or is_code(self.subject, AUDIT),
            "case_number": not self.case_number or is_case_number(self.case_number),
            "object_id": not self.object_id or bool(_OBJECT.fullmatch(self.object_id)),
            "ticket": not self.ticket or is_code(self.ticket, TICKET),
            "intent": self.intent is None
            or (type(self.intent) is int and 1 <= self.intent < self.sequence),
            "details": len(self.details) <= _LARGEST_DETAILS,
        }
        wrong = [name for name, good in well_formed.items() if not good]
        if wrong:
            raise InputError(
                f"An audit entry cannot hold this {wrong[0]}.",
                "Use codes; seal anything longer into its details.",
            )
        if (self.kind is EntryKind.OUTCOME) != (self.intent is not None):
            raise InputError(
                f"An audit entry of kind {self.kind.value} has a wrong intent.",
                "Give the intent's number to its outcome and to nothing else.",
            )
        if (self.kind is EntryKind.INTENT) != (self.outcome is Outcome.NONE):
            raise InputError(
                f"An audit entry of kind {self.kind.value} has a wrong outcome.",
                "Give an outcome to everything but an intent.",
            )

    def canonical(self) -> bytes:
        """Return the bytes the tree hashes."""
        document: dict[str, object] = {
            field.name: getattr(self, field.name) for field in fields(self)
        }
        document["schema"] = SCHEMA
        document["details"] = self.details.hex()
        return json.dumps(
            document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
        ).encode("ascii")

    @classmethod
    def parse(cls, data: bytes) -> "AuditEntry":
        """Read an entry from its canonical bytes.

        Raises
        ------
        AuditError
            These bytes are no entry, or not spelled canonically.
        """
        try:
            document = json.loads(data)
            entry = cls._from_document(document)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # InputError is a ValueError; none of them may quote what was read.
            raise _unreadable() from None
        if entry.canonical() != data:
            raise _unreadable()
        return entry

    @classmethod
    def _from_document(cls, document: dict[str, object]) -> "AuditEntry":
        values = dict(document)
        if values.pop("schema") != SCHEMA or set(values) != {field.name for field in fields(cls)}:
            raise _unreadable()
        words: dict[str, type[StrEnum]] = {
            "kind": EntryKind,
            "role": Role,
            "purpose": Purpose,
            "legal_basis": LegalBasis,
            "reason": ReasonCode,
            "outcome": Outcome,
        }
        for name, word in words.items():
            values[name] = None if values[name] is None else word(str(values[name]))
        values["details"] = bytes.fromhex(str(values["details"]))
        return cls(**values)  # type: ignore[arg-type]


def _unreadable() -> AuditError:
    return AuditError(
        "An audit entry is not as stsbench writes it.",
        "Run stsbench audit verify and call the privacy officer.",
    )
