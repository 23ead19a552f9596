"""Intake: taken, held with a question, or refused; and what an attestation can change."""

from dataclasses import replace
from datetime import date

import pytest

from stsbench.domain.access import Attestation, IntakeVerdict, Purpose, ReasonCode
from stsbench.domain.order import ScanRole
from stsbench.domain.subject import (
    ConsentRecord,
    DataSubject,
    Guardian,
    IdentifiedOrder,
    IdentifiedScan,
)
from stsbench.errors import InputError
from stsbench.privacy.consent import AgeStatement
from stsbench.privacy.intake_rules import ANSWERS, answered_roles, assess_order, standing_of
from stsbench.privacy.policy import load_policy

TODAY = date(2026, 11, 22)
HASH = "ab" * 32
BOTH = tuple(ConsentRecord(purpose, HASH, TODAY) for purpose in (Purpose.REPAIR, Purpose.MODEL))
UPPER = IdentifiedScan("upper.stl", ScanRole.UPPER)
UNKNOWN = IdentifiedScan("a.stl")
GUARDIAN = Guardian("Ada Quintarelli", "in_person", "Bruno Nurse", HASH)
GOOD = IdentifiedOrder(
    patient=DataSubject("Zora Quintarelli", 44, TODAY), consents=BOTH, scans=(UPPER,)
)


def aged(age: int | None, **fields: object) -> IdentifiedOrder:
    return replace(GOOD, patient=DataSubject("Zora Quintarelli", age, TODAY), **fields)


def attested(question: ReasonCode, answer: str, on: str = "2026-11-22") -> Attestation:
    return Attestation(question, answer, "clinic", on)


ADULT = attested(ReasonCode.AGE_UNKNOWN, "adult")
MINOR = attested(ReasonCode.AGE_UNKNOWN, "minor")
CONFIRMED = attested(ReasonCode.CONSENT_MISSING, "clinic_confirmed")
WITHHELD = attested(ReasonCode.CONSENT_MISSING, "withheld")
LOWER = attested(ReasonCode.ARCH_UNKNOWN, "lower")

NOBODY = IdentifiedOrder(patient=DataSubject(adult_attested=True), consents=BOTH, scans=(UPPER,))
WITHDRAWN = tuple(replace(consent, withdrawn_on=TODAY) for consent in BOTH)
CASES = {
    "as it should be": (GOOD, [], "accepted", []),
    "no personal data, adult attested": (NOBODY, [], "accepted", []),
    "sixteen": (aged(16), [], "accepted", []),
    "a child with a guardian": (aged(12, guardian=GUARDIAN), [], "accepted", []),
    "other consents too": (
        replace(GOOD, consents=(*BOTH, ConsentRecord(Purpose.IMPROVE, HASH, TODAY))),
        [], "accepted", [],
    ),
    "a bite scan beside the arch": (
        replace(GOOD, scans=(UPPER, IdentifiedScan("b.stl", ScanRole.BITE_LEFT))),
        [], "accepted", [],
    ),
    "unknown age": (aged(None), [], "hold", ["age_unknown"]),
    "no patient at all": (replace(GOOD, patient=None), [], "hold", ["age_unknown"]),
    "no consents": (replace(GOOD, consents=()), [], "hold", ["consent_missing"]),
    "consents of tomorrow": (
        replace(
            GOOD,
            consents=tuple(replace(consent, given_on=date(2026, 11, 23)) for consent in BOTH),
        ),
        [], "hold", ["consent_missing"],
    ),
    "no role": (replace(GOOD, scans=(UNKNOWN,)), [], "hold", ["arch_unknown"]),
    "no scans": (replace(GOOD, scans=()), [], "hold", ["no_scans"]),
    "nothing at all": (
        IdentifiedOrder(), [], "hold", ["age_unknown", "consent_missing", "no_scans"],
    ),
    "unknown age, attested": (aged(None), [ADULT], "accepted", []),
    "no consents, attested": (replace(GOOD, consents=()), [CONFIRMED], "accepted", []),
    "no role, attested": (replace(GOOD, scans=(UNKNOWN,)), [LOWER], "accepted", []),
    "two without a role, one answer": (
        replace(GOOD, scans=(UNKNOWN, IdentifiedScan("b.stl"))), [LOWER], "hold", ["arch_unknown"],
    ),
    "everything attested": (
        IdentifiedOrder(scans=(UNKNOWN,)), [ADULT, CONFIRMED, LOWER], "accepted", [],
    ),
    "half attested": (
        IdentifiedOrder(scans=(UNKNOWN,)), [ADULT], "hold", ["consent_missing", "arch_unknown"],
    ),
    "the last answer counts": (aged(None), [MINOR, ADULT], "accepted", []),
    "fifteen": (aged(15), [], "refused", ["minor_without_guardian"]),
    "twelve": (aged(12), [], "refused", ["minor_without_guardian"]),
    "twelve, attested an adult": (aged(12), [ADULT], "refused", ["minor_without_guardian"]),
    "unknown age, attested a minor": (aged(None), [MINOR], "refused", ["minor_without_guardian"]),
    "a guardian who verified herself": (
        aged(12, guardian=replace(GUARDIAN, verified_by="Ada Quintarelli")),
        [], "refused", ["minor_without_guardian"],
    ),
    "consent for repair only": (
        replace(GOOD, consents=BOTH[:1]), [], "refused", ["consent_withheld"],
    ),
    "consent for something else": (
        replace(GOOD, consents=(ConsentRecord(Purpose.QUALITY, HASH, TODAY),)),
        [], "refused", ["consent_withheld"],
    ),
    "withheld, and attested given": (
        replace(GOOD, consents=BOTH[1:]), [CONFIRMED], "refused", ["consent_withheld"],
    ),
    "attested withheld": (
        replace(GOOD, consents=()), [WITHHELD], "refused", ["consent_withheld"],
    ),
    "consent withdrawn": (replace(GOOD, consents=WITHDRAWN), [], "refused", ["consent_withdrawn"]),
    "a child, and consent withheld": (
        aged(12, consents=BOTH[:1]), [], "refused", ["minor_without_guardian"],
    ),
    "a child with a guardian, consent withheld": (
        aged(12, consents=BOTH[:1], guardian=GUARDIAN), [], "refused", ["consent_withheld"],
    ),
    "withheld and no role": (
        replace(GOOD, consents=BOTH[:1], scans=(UNKNOWN,)), [], "refused", ["consent_withheld"],
    ),
    "unknown age and withheld": (
        aged(None, consents=BOTH[:1]), [], "refused", ["consent_withheld"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("order", "answers", "verdict", "reasons"), CASES.values(), ids=CASES)
def test_what_intake_decides(order, answers, verdict, reasons):
    found = assess_order(order, attestations=answers, today=TODAY)
    assert found.verdict == verdict
    assert list(found.reasons) == reasons
    held = found.verdict is IntakeVerdict.HOLD
    assert found.asked_for == (found.reasons if held else ())


GROWN = {
    "fifteen a year ago, consent now": (15, date(2025, 11, 22), TODAY, "accepted", []),
    "fifteen a day less than a year ago": (
        15, date(2025, 11, 23), TODAY, "refused", ["minor_without_guardian"],
    ),
    "fifteen two years ago, consent then": (
        15, date(2024, 11, 22), date(2024, 11, 22), "hold", ["consent_missing"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("age", "age_on", "given", "verdict", "reasons"), GROWN.values(), ids=GROWN
)
def test_an_age_may_have_grown(age, age_on, given, verdict, reasons):
    order = replace(
        GOOD,
        patient=DataSubject("Zora", age, age_on),
        consents=tuple(replace(consent, given_on=given) for consent in BOTH),
    )
    found = assess_order(order, today=TODAY)
    assert (found.verdict, list(found.reasons)) == (verdict, reasons)


def test_an_age_without_its_day_counts_from_today():
    order = replace(GOOD, patient=DataSubject(age=15))
    assert assess_order(order, today=TODAY).verdict is IntakeVerdict.REFUSED
    assert standing_of(order, today=TODAY).age == AgeStatement(15, TODAY)


def test_a_guardian_who_hands_the_order_over_is_not_verified_by_that():
    order = aged(12, guardian=GUARDIAN)
    found = assess_order(order, today=TODAY, presented_by="Ada Quintarelli")
    assert found.verdict is IntakeVerdict.REFUSED


def test_a_laboratory_that_raised_the_age_asks_more():
    found = assess_order(aged(17), today=TODAY, policy=load_policy().with_minor_age(18))
    assert found.reasons == (ReasonCode.MINOR_WITHOUT_GUARDIAN,)


def test_attested_consents_are_for_what_intake_needs_and_from_that_day():
    order = replace(GOOD, consents=())
    early = attested(ReasonCode.CONSENT_MISSING, "clinic_confirmed", "2026-11-20")
    standing = assess_order(order, attestations=[early], today=TODAY).standing
    assert {consent.purpose for consent in standing.consents} == {Purpose.REPAIR, Purpose.MODEL}
    assert {consent.given_on for consent in standing.consents} == {date(2026, 11, 20)}
    assert {consent.text_sha256 for consent in standing.consents} == {""}


def test_the_order_is_left_as_it_was():
    order = IdentifiedOrder(scans=(UNKNOWN,))
    assess_order(order, attestations=[ADULT, CONFIRMED, LOWER], today=TODAY)
    assert order == IdentifiedOrder(scans=(UNKNOWN,))
    assert answered_roles(order, [LOWER]) == (ScanRole.LOWER,)
    assert answered_roles(order) == (None,)
    two = IdentifiedOrder(scans=(UNKNOWN, UNKNOWN))
    assert answered_roles(two, [LOWER]) == (None, None)  # one answer cannot mean two scans


REFUSED = {
    "an answer nobody offered": attested(ReasonCode.AGE_UNKNOWN, "perhaps"),
    "a question nobody asked": attested(ReasonCode.UNIT_SUSPECT, "adult"),
    "a day to come": attested(ReasonCode.AGE_UNKNOWN, "adult", "2026-11-23"),
}


@pytest.mark.parametrize("attestation", REFUSED.values(), ids=REFUSED)
def test_an_attestation_of_something_else_is_refused(attestation):
    with pytest.raises(InputError) as caught:
        assess_order(GOOD, attestations=[attestation], today=TODAY)
    assert caught.value.remedy


FREE_TEXT = [
    ("Zora Quintarelli", "clinic", "2026-11-22"),
    ("adult", "Zora Quintarelli", "2026-11-22"),
    ("", "clinic", "2026-11-22"),
    ("adult", "clinic", "yesterday"),
    ("a" * 41, "clinic", "2026-11-22"),
]


@pytest.mark.parametrize(("answer", "who", "when"), FREE_TEXT)
def test_an_attestation_holds_no_free_text(answer, who, when):
    with pytest.raises(InputError) as caught:
        Attestation(ReasonCode.AGE_UNKNOWN, answer, who, when)
    assert "Zora" not in str(caught.value)


def test_every_question_that_may_be_attested_has_answers():
    assert all(len(words) == 2 for words in ANSWERS.values())
