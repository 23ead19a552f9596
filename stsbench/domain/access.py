"""Who may ask for what: purposes, roles and legal bases, as words everyone may use.

The rules that join them are data in `privacy/policy.toml` and decided in `privacy/policy.py`.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stsbench.errors import InputError

__all__ = [
    "Attestation",
    "IdentifierPlace",
    "IntakeVerdict",
    "LegalBasis",
    "Purpose",
    "ReasonCode",
    "Role",
]


class Purpose(StrEnum):
    """What an access is for (privacy notice, section III)."""

    REPAIR = "repair"
    MODEL = "model"
    MANUFACTURE = "manufacture"
    QUALITY = "quality"
    COMMUNICATE = "communicate"
    LEGAL = "legal"
    IMPROVE = "improve"


class Role(StrEnum):
    """Who is asking."""

    TECHNICIAN = "technician"
    ENGINEER = "engineer"
    QA = "qa"
    PRIVACY_OFFICER = "privacy_officer"
    ADMIN = "admin"
    AUDITOR = "auditor"


class LegalBasis(StrEnum):
    """Why a purpose is lawful (privacy notice, section XI)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGITIMATE_INTEREST = "legitimate_interest"


class IntakeVerdict(StrEnum):
    """What intake decided about an order."""

    ACCEPTED = "accepted"
    HOLD = "hold"  # something is missing; ask for it
    REFUSED = "refused"  # nothing is kept but ticket and reason code


class ReasonCode(StrEnum):
    """Why an intake holds or refuses, or an access is refused.

    An audit entry holds this code and no other reason.
    """

    NONE = "none"
    AGE_UNKNOWN = "age_unknown"
    CONSENT_MISSING = "consent_missing"
    ARCH_UNKNOWN = "arch_unknown"
    UNIT_SUSPECT = "unit_suspect"
    CONSENT_WITHHELD = "consent_withheld"
    MINOR_WITHOUT_GUARDIAN = "minor_without_guardian"
    SCAN_UNREADABLE = "scan_unreadable"
    NO_SCANS = "no_scans"
    PURPOSE_NOT_COVERED = "purpose_not_covered"
    ROLE_NOT_ALLOWED = "role_not_allowed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CASE_UNKNOWN = "case_unknown"
    CASE_ERASED = "case_erased"
    LEASE_EXPIRED = "lease_expired"


@dataclass(frozen=True, slots=True)
class Attestation:
    """An answer to something intake asked for, with who gave it and when.

    Parameters
    ----------
    question : ReasonCode
        What was asked: the reason code of the hold.
    answer : str
        One short word, such as "adult", "upper" or "clinic_confirmed"; never a name.
    attested_by_role : str
        An account or role code, such as "clinic" or "technician"; no name.
    attested_on : str
        ISO date, YYYY-MM-DD.

    Raises
    ------
    InputError
        The date is no ISO date, or answer or account is no short code.
    """

    question: ReasonCode
    answer: str
    attested_by_role: str
    attested_on: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "question", ReasonCode(self.question))
        try:
            date.fromisoformat(self.attested_on)
        except ValueError:
            raise InputError("An attestation has no date.", "Give it as YYYY-MM-DD.") from None
        for word in (self.answer, self.attested_by_role):
            if not (word.isascii() and word.replace("_", "").replace("-", "").isalnum()):
                raise InputError(
                    "An attestation is answered with free text.",
                    "Answer with one code word, such as adult or upper.",
                )
            if len(word) > 40:
                raise InputError(
                    f"An attestation's answer has {len(word)} characters.",
                    "Answer with one code word of 40 characters at most.",
                )


@dataclass(frozen=True, order=True, slots=True)
class IdentifierPlace:
    """Identifying data found at intake: what kind, where, how often; never the value.

    Parameters
    ----------
    kind : str
        "name", "birth date", "e-mail", "free text", ...
    place : str
        "file name", "folder name", "STL header", "PLY comment", "OBJ group", ...; never a path.
    count : int
    """

    kind: str
    place: str
    count: int
