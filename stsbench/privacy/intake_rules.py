"""What intake decides about an order: take it, hold it and ask, or refuse it.

Rules kept here:
- Refused: consent that is there but does not cover the work, or was withdrawn; a child without a
  verified guardian. Nothing is kept but ticket and reason code.
- Held: age unknown, consent not mentioned, arch unknown, no scans. What is missing is asked for
  and may be attested, with who and when.
- An attestation fills a gap. It never overrides what the order says.
- An order without any personal data passes on the clinic's word that the patient is an adult: no
  name is needed to repair a scan (privacy notice II).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from stsbench.domain.access import Attestation, IntakeVerdict, Purpose, ReasonCode
from stsbench.domain.order import ScanRole
from stsbench.domain.subject import ConsentRecord, DataSubject, IdentifiedOrder
from stsbench.errors import InputError
from stsbench.privacy.consent import (
    AgeStatement,
    Standing,
    consent_answer,
    guardian_is_verified,
    is_minor,
)
from stsbench.privacy.policy import Policy, load_policy

__all__ = ["ANSWERS", "IntakeAssessment", "answered_roles", "assess_order", "standing_of"]

# What may be answered to each question, one code word each.
ANSWERS: dict[ReasonCode, tuple[str, ...]] = {
    ReasonCode.AGE_UNKNOWN: ("adult", "minor"),
    ReasonCode.CONSENT_MISSING: ("clinic_confirmed", "withheld"),
    ReasonCode.ARCH_UNKNOWN: ("upper", "lower"),
}

# Reasons in the order they are reported; the refusing ones first.
_REFUSING = (
    ReasonCode.MINOR_WITHOUT_GUARDIAN,
    ReasonCode.CONSENT_WITHHELD,
    ReasonCode.CONSENT_WITHDRAWN,
)
_HOLDING = (
    ReasonCode.AGE_UNKNOWN,
    ReasonCode.CONSENT_MISSING,
    ReasonCode.NO_SCANS,
    ReasonCode.ARCH_UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class IntakeAssessment:
    """What intake decided, and what it still asks.

    Parameters
    ----------
    verdict : IntakeVerdict
    reasons : tuple of ReasonCode
        Empty when accepted.
    asked_for : tuple of ReasonCode
        The questions of a hold.
    standing : Standing
        Consents, age and guardian with the attestations counted in; sealed with an accepted case.
    """

    verdict: IntakeVerdict
    reasons: tuple[ReasonCode, ...]
    asked_for: tuple[ReasonCode, ...]
    standing: Standing


def assess_order(
    order: IdentifiedOrder,
    *,
    attestations: Sequence[Attestation] = (),
    today: date,
    policy: Policy | None = None,
    presented_by: str = "",
) -> IntakeAssessment:
    """Assess an order on the day it comes in.

    Parameters
    ----------
    order : IdentifiedOrder
    attestations : sequence of Attestation
        Answers to what an earlier assessment asked.
    today : date
    policy : Policy, optional
        The package's table when left out.
    presented_by : str
        Who hands it over, where known: a guardian may not verify by uploading.

    Raises
    ------
    InputError
        An attestation answers another question, with another word, or is dated after today.
    """
    policy = load_policy() if policy is None else policy
    answers = _checked(attestations, today)
    standing = standing_of(
        order, attestations=attestations, today=today, policy=policy, presented_by=presented_by
    )
    found = set(_about_person(standing, today, policy))
    if not order.consents and answers.get(ReasonCode.CONSENT_MISSING) == "withheld":
        found.add(ReasonCode.CONSENT_WITHHELD)
    if not order.scans:
        found.add(ReasonCode.NO_SCANS)
    if None in answered_roles(order, attestations):
        found.add(ReasonCode.ARCH_UNKNOWN)
    refusing = tuple(reason for reason in _REFUSING if reason in found)
    holding = tuple(reason for reason in _HOLDING if reason in found)
    if refusing:
        return IntakeAssessment(IntakeVerdict.REFUSED, refusing, (), standing)
    if holding:
        return IntakeAssessment(IntakeVerdict.HOLD, holding, holding, standing)
    return IntakeAssessment(IntakeVerdict.ACCEPTED, (), (), standing)


def standing_of(
    order: IdentifiedOrder,
    *,
    attestations: Sequence[Attestation] = (),
    today: date,
    policy: Policy | None = None,
    presented_by: str = "",
) -> Standing:
    """Return consents, age and guardian of an order, attestations counted in."""
    policy = load_policy() if policy is None else policy
    answers = _checked(attestations, today)
    patient = order.patient or DataSubject()
    age_answer = answers.get(ReasonCode.AGE_UNKNOWN)
    age = AgeStatement(
        age=patient.age,
        # An age without its day was true at the latest when the order came in.
        age_on=(patient.age_on or today) if patient.age is not None else None,
        adult_attested=patient.adult_attested or age_answer == "adult",
        minor_attested=age_answer == "minor",
    )
    consents = order.consents
    if not consents and answers.get(ReasonCode.CONSENT_MISSING) == "clinic_confirmed":
        consents = _attested_consents(attestations, policy.needed_at_intake)
    verified = guardian_is_verified(
        order.guardian, patient_name=patient.name, presented_by=presented_by
    )
    return Standing(consents=consents, age=age, guardian_verified=verified)


def answered_roles(
    order: IdentifiedOrder, attestations: Sequence[Attestation] = ()
) -> tuple[ScanRole | None, ...]:
    """Return the role of each scan; one unknown role may be answered by an attestation."""
    roles = [scan.role for scan in order.scans]
    given = [
        attestation.answer
        for attestation in attestations
        if attestation.question is ReasonCode.ARCH_UNKNOWN
    ]
    if given and roles.count(None) == 1:
        roles[roles.index(None)] = ScanRole(given[-1])
    return tuple(roles)


def _about_person(standing: Standing, today: date, policy: Policy) -> list[ReasonCode]:
    """Return what stands against keeping the data at all, per purpose needed at intake."""
    found: list[ReasonCode] = []
    if is_minor(standing.age, on=today, minor_age=policy.minor_age) is None:
        # Ask for the age, and judge the consents as an adult's meanwhile: one round of questions.
        found.append(ReasonCode.AGE_UNKNOWN)
        standing = replace(standing, age=AgeStatement(adult_attested=True))
    for purpose in policy.needed_at_intake:
        answer = consent_answer(
            standing,
            purposes=policy.rules[purpose].consents,
            on=today,
            minor_age=policy.minor_age,
        )
        if answer is not ReasonCode.NONE:
            found.append(answer)
    return found


def _attested_consents(
    attestations: Sequence[Attestation], purposes: Collection[Purpose]
) -> tuple[ConsentRecord, ...]:
    days = [
        date.fromisoformat(attestation.attested_on)
        for attestation in attestations
        if attestation.question is ReasonCode.CONSENT_MISSING
    ]
    return tuple(ConsentRecord(purpose, "", max(days)) for purpose in purposes)


def _checked(attestations: Sequence[Attestation], today: date) -> dict[ReasonCode, str]:
    """Return the last answer to each question, all of them checked."""
    answers: dict[ReasonCode, str] = {}
    for attestation in attestations:
        choices = ANSWERS.get(attestation.question)
        if choices is None:
            raise InputError(
                f"Nobody asked to attest {attestation.question.value}.",
                f"Attest {', '.join(question.value for question in ANSWERS)}.",
            )
        if attestation.answer not in choices:
            raise InputError(
                f"{attestation.question.value} is answered with another word.",
                f"Answer {' or '.join(choices)}.",
            )
        if date.fromisoformat(attestation.attested_on) > today:
            raise InputError(
                f"The attestation for {attestation.question.value} is dated after today.",
                "Give the day it was made.",
            )
        answers[attestation.question] = attestation.answer
    return answers
