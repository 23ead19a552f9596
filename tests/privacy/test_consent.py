"""Consent: days at which it begins and ends, ages at their edges, guardians who are none."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.access import Purpose, ReasonCode
from stsbench.domain.subject import ConsentRecord, Guardian
from stsbench.errors import InputError
from stsbench.privacy.consent import (
    AgeStatement,
    Standing,
    consent_answer,
    guardian_is_verified,
    is_minor,
    youngest_age,
)

HASH = "ab" * 32
ADULT = AgeStatement(adult_attested=True)
TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def consent(
    purpose: Purpose = Purpose.REPAIR, given_on: date = TODAY, withdrawn_on: date | None = None
) -> ConsentRecord:
    return ConsentRecord(purpose, HASH, given_on, withdrawn_on)


def answer(
    standing: Standing, *, on: date = TODAY, purpose: Purpose = Purpose.REPAIR
) -> ReasonCode:
    return consent_answer(standing, purposes=(purpose,), on=on, minor_age=16)


STATED = date(2026, 3, 1)
AGES = {
    "on the day": (15, STATED, 15),
    "a day before one year": (15, date(2027, 2, 28), 15),
    "after one year": (15, date(2027, 3, 1), 16),
    "after ten years": (5, date(2036, 3, 1), 15),
    "the day before it was stated": (16, date(2026, 2, 28), 15),
    "exactly a year before": (16, date(2025, 3, 1), 15),
    "a year and a day before": (16, date(2025, 2, 28), 14),
}


@pytest.mark.parametrize(("age", "on", "youngest"), AGES.values(), ids=AGES)
def test_an_age_grows_and_is_taken_at_its_lowest(age, on, youngest):
    assert youngest_age(AgeStatement(age, STATED), on) == youngest


def test_a_leap_day_is_no_birthday_in_other_years():
    stated = AgeStatement(15, date(2024, 2, 29))
    assert youngest_age(stated, date(2025, 2, 28)) == 15
    assert youngest_age(stated, date(2025, 3, 1)) == 16


@given(
    birth=st.dates(date(1950, 1, 1), date(2020, 12, 31)),
    stated=st.integers(0, 20_000),
    asked=st.integers(0, 30_000),
)
@settings(deadline=None, max_examples=200)
def test_nobody_is_younger_than_their_youngest_age(birth, stated, asked):
    def age(on: date) -> int:
        return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))

    stated_on, asked_on = birth + stated * DAY, birth + asked * DAY
    lowest = youngest_age(AgeStatement(age(stated_on), stated_on), asked_on)
    assert age(asked_on) - 2 <= lowest <= age(asked_on)


MINORS = {
    "15": (AgeStatement(15, TODAY), True),
    "16": (AgeStatement(16, TODAY), False),
    "0": (AgeStatement(0, TODAY), True),
    "unknown": (AgeStatement(), None),
    "attested adult": (AgeStatement(adult_attested=True), False),
    "attested minor": (AgeStatement(minor_attested=True), True),
    "attested both": (AgeStatement(adult_attested=True, minor_attested=True), True),
    "15 and attested adult": (AgeStatement(15, TODAY, adult_attested=True), True),
    "16 and attested minor": (AgeStatement(16, TODAY, minor_attested=True), False),
    "15 a year ago": (AgeStatement(15, date(2025, 11, 22)), False),
    "15 a year less a day ago": (AgeStatement(15, date(2025, 11, 23)), True),
}


@pytest.mark.parametrize(("statement", "minor"), MINORS.values(), ids=MINORS)
def test_who_is_a_minor(statement, minor):
    assert is_minor(statement, on=TODAY, minor_age=16) is minor


def test_the_minor_age_is_the_callers():
    assert is_minor(AgeStatement(17, TODAY), on=TODAY, minor_age=18) is True


ANSWERS = {
    "given today": ((consent(),), ReasonCode.NONE),
    "given tomorrow": ((consent(given_on=TODAY + DAY),), ReasonCode.CONSENT_MISSING),
    "none at all": ((), ReasonCode.CONSENT_MISSING),
    "for another purpose": ((consent(Purpose.MODEL),), ReasonCode.CONSENT_WITHHELD),
    "withdrawn today": ((consent(withdrawn_on=TODAY),), ReasonCode.CONSENT_WITHDRAWN),
    "withdrawn tomorrow": ((consent(withdrawn_on=TODAY + DAY),), ReasonCode.NONE),
    "withdrawn long ago": (
        (consent(given_on=TODAY - 9 * DAY, withdrawn_on=TODAY - 3 * DAY),),
        ReasonCode.CONSENT_WITHDRAWN,
    ),
    "withdrawn and given anew later": (
        (consent(given_on=TODAY - 9 * DAY, withdrawn_on=TODAY - 3 * DAY), consent()),
        ReasonCode.NONE,
    ),
    "given twice, withdrawn after both": (
        (consent(given_on=TODAY - 9 * DAY, withdrawn_on=TODAY), consent(given_on=TODAY - 5 * DAY)),
        ReasonCode.CONSENT_WITHDRAWN,
    ),
    "given anew on the day of withdrawal": (
        (consent(given_on=TODAY - 9 * DAY, withdrawn_on=TODAY), consent()),
        ReasonCode.CONSENT_WITHDRAWN,
    ),
    "another purpose withdrawn": (
        (consent(), consent(Purpose.MODEL, TODAY - DAY, TODAY)),
        ReasonCode.NONE,
    ),
}


@pytest.mark.parametrize(("consents", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_what_a_consent_is_worth_today(consents, expected):
    assert answer(Standing(consents, ADULT)) is expected
    assert answer(Standing(consents[::-1], ADULT)) is expected


def test_a_consent_for_any_of_several_purposes_suffices():
    standing = Standing((consent(Purpose.MODEL),), ADULT)
    both = consent_answer(
        standing, purposes=(Purpose.QUALITY, Purpose.MODEL), on=TODAY, minor_age=16
    )
    assert both is ReasonCode.NONE


CHILD = AgeStatement(12, TODAY)
CHILDREN = {
    "no guardian": (Standing((consent(),), CHILD), ReasonCode.MINOR_WITHOUT_GUARDIAN),
    "a guardian": (Standing((consent(),), CHILD, guardian_verified=True), ReasonCode.NONE),
    "a guardian who gave none": (
        Standing((), CHILD, guardian_verified=True),
        ReasonCode.CONSENT_MISSING,
    ),
    "a guardian who withdrew": (
        Standing((consent(withdrawn_on=TODAY),), CHILD, guardian_verified=True),
        ReasonCode.CONSENT_WITHDRAWN,
    ),
    "unknown age": (Standing((consent(),)), ReasonCode.AGE_UNKNOWN),
    "unknown age with a guardian": (
        Standing((consent(),), guardian_verified=True),
        ReasonCode.AGE_UNKNOWN,
    ),
}


@pytest.mark.parametrize(("standing", "expected"), CHILDREN.values(), ids=CHILDREN)
def test_what_a_childs_consent_is_worth(standing, expected):
    assert answer(standing) is expected


def test_turning_sixteen_does_not_mend_a_childs_own_consent():
    at_fifteen = Standing((consent(),), AgeStatement(15, TODAY))
    grown = TODAY.replace(year=2028)
    assert answer(at_fifteen) is ReasonCode.MINOR_WITHOUT_GUARDIAN
    assert answer(at_fifteen, on=grown) is ReasonCode.CONSENT_MISSING
    renewed = replace(at_fifteen, consents=(*at_fifteen.consents, consent(given_on=grown)))
    assert answer(renewed, on=grown) is ReasonCode.NONE


def test_a_guardians_consent_stands_past_the_birthday():
    at_fifteen = Standing((consent(),), AgeStatement(15, TODAY), guardian_verified=True)
    assert answer(at_fifteen, on=TODAY.replace(year=2028)) is ReasonCode.NONE


GUARDIAN = Guardian("Ada Quintarelli", "in_person", "Bruno Nurse", HASH)
GUARDIANS = {
    "as it should be": (GUARDIAN, {}, True),
    "none": (None, {}, False),
    "no name": (replace(GUARDIAN, name=""), {}, False),
    "no method": (replace(GUARDIAN, method=""), {}, False),
    "a method nobody knows": (replace(GUARDIAN, method="by_heart"), {}, False),
    "nobody verified": (replace(GUARDIAN, verified_by=""), {}, False),
    "a blank verified": (replace(GUARDIAN, verified_by=" . "), {}, False),
    "verified by herself": (replace(GUARDIAN, verified_by="QUINTARELLI, Ada"), {}, False),
    "verified by the patient": (GUARDIAN, {"patient_name": "bruno nurse"}, False),
    "is the patient": (GUARDIAN, {"patient_name": "Ada Quintarelli"}, False),
    "handed the order over": (GUARDIAN, {"presented_by": "Ada  Quintarelli"}, False),
    "another handed it over": (GUARDIAN, {"presented_by": "Clara Desk"}, True),
    "no evidence": (replace(GUARDIAN, evidence_sha256=""), {}, False),
    "short evidence": (replace(GUARDIAN, evidence_sha256="ab"), {}, False),
    "evidence that is no hash": (replace(GUARDIAN, evidence_sha256="z" * 64), {}, False),
}


@pytest.mark.parametrize(("guardian", "people", "good"), GUARDIANS.values(), ids=GUARDIANS)
def test_who_is_a_verified_guardian(guardian, people, good):
    assert guardian_is_verified(guardian, **people) is good


def test_a_withdrawal_ends_the_purposes_named_and_no_other():
    before = Standing((consent(), consent(Purpose.MODEL), consent(given_on=TODAY + DAY)), ADULT)
    after = before.with_withdrawal({Purpose.REPAIR}, TODAY)
    assert answer(after) is ReasonCode.CONSENT_WITHDRAWN
    assert answer(after, purpose=Purpose.MODEL) is ReasonCode.NONE
    assert answer(after, on=TODAY + DAY) is ReasonCode.NONE
    assert answer(before) is ReasonCode.NONE  # the old value is as it was


@pytest.mark.parametrize("age", [ADULT, CHILD, AgeStatement(), AgeStatement(minor_attested=True)])
def test_a_standing_comes_back_from_its_document(age):
    standing = Standing((consent(), consent(Purpose.MODEL, TODAY, TODAY)), age, True)
    assert Standing.from_json(standing.as_json()) == standing


@pytest.mark.parametrize(
    "change",
    [
        {"consents": None},
        {"consents": [{}]},
        {"consents": ["x"]},
        {"age": "12"},
        {"age": 12, "age_on": None},
        {"age_on": "yesterday"},
        {
            "consents": [
                {
                    "purpose": "sale",
                    "text_sha256": "",
                    "given_on": "2026-11-22",
                    "withdrawn_on": None,
                }
            ]
        },
        {
            "consents": [
                {"purpose": "repair", "text_sha256": "", "given_on": None, "withdrawn_on": None}
            ]
        },
    ],
)
def test_another_document_is_refused(change):
    document = Standing((consent(),), CHILD).as_json() | change
    with pytest.raises(InputError):
        Standing.from_json(document)


def test_an_age_is_not_printed():
    assert "44" not in repr(Standing((), AgeStatement(44, TODAY)))


def test_an_age_without_a_day_is_refused():
    with pytest.raises(InputError):
        AgeStatement(12)
