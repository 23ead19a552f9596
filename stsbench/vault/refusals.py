"""The sentence that goes with each reason for which the vault says no.

Rules owned here:
- A refusal tells its reason code and what to do, and nothing about the case or the person.
"""

from datetime import date

from stsbench.domain.access import ReasonCode
from stsbench.errors import AccessRefusedError

__all__ = ["ended", "refused"]

_SENTENCES: dict[ReasonCode, tuple[str, str]] = {
    ReasonCode.AGE_UNKNOWN: (
        "The patient's age is not known.",
        "Ask the clinic and attest the answer at intake.",
    ),
    ReasonCode.CONSENT_MISSING: (
        "There is no consent yet for this case.",
        "Ask the clinic and attest the answer at intake.",
    ),
    ReasonCode.CONSENT_WITHHELD: (
        "Consent was not given for this purpose.",
        "Do not use the case for it.",
    ),
    ReasonCode.CONSENT_WITHDRAWN: (
        "Consent for this purpose was withdrawn.",
        "Stop this work; ask the privacy officer.",
    ),
    ReasonCode.MINOR_WITHOUT_GUARDIAN: (
        "The patient is a child without a verified guardian's consent.",
        "Ask the clinic for it.",
    ),
    ReasonCode.PURPOSE_NOT_COVERED: (
        "The case may not be used for this purpose.",
        "Name the purpose of your work: repair, model, manufacture or quality.",
    ),
    ReasonCode.ROLE_NOT_ALLOWED: (
        "This role may not do that.",
        "Ask a colleague whose role covers it.",
    ),
    ReasonCode.CASE_UNKNOWN: (
        "The vault holds no such case or object.",
        "Look at the list of cases and type the number again.",
    ),
    ReasonCode.CASE_ERASED: (
        "The case was erased.",
        "Ask the clinic to send the order again if it is still needed.",
    ),
    ReasonCode.LEASE_EXPIRED: (
        "The case is no longer open here.",
        "Open it again.",
    ),
}


def refused(reason: ReasonCode) -> AccessRefusedError:
    """Return the error for a reason code."""
    problem, remedy = _SENTENCES.get(
        reason, ("The vault does not allow this.", "Ask the privacy officer.")
    )
    return AccessRefusedError(f"{problem} ({reason.value})", remedy)


_ENDED: dict[ReasonCode, tuple[str, str]] = {
    ReasonCode.CONSENT_WITHDRAWN: (
        "Consent was withdrawn on {on}: the case is closed.",
        "Stop this work and keep nothing of it; ask the privacy officer what follows.",
    ),
    ReasonCode.CASE_ERASED: (
        "The case was erased on {on}.",
        "Ask the clinic to send the order again if it is still needed.",
    ),
}


def ended(reason: ReasonCode, on: date) -> AccessRefusedError:
    """Return the error for an access that was granted and then taken back.

    Parameters
    ----------
    reason : ReasonCode
        Of the ending; without a sentence of its own it is that of `refused`.
    on : date
        The day it ended.
    """
    if reason not in _ENDED:
        return refused(reason)
    problem, remedy = _ENDED[reason]
    return AccessRefusedError(f"{problem.format(on=on.isoformat())} ({reason.value})", remedy)
