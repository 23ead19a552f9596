"""Who may ask for what: purposes, roles and legal bases, as words everyone may use.

The rules that join them are data in `privacy/policy.toml` and decided in `privacy/policy.py`.
"""

from enum import StrEnum

__all__ = ["IntakeVerdict", "LegalBasis", "Purpose", "ReasonCode", "Role"]


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
