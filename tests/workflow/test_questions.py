"""What intake asks, and answers on their way through a parameter."""

import pytest

from stsbench.domain.access import ReasonCode
from stsbench.domain.answers import Answers
from stsbench.errors import InputError
from stsbench.workflow.intake import attestations_from
from stsbench.workflow.questions import questions_for
from stsbench.workflow.recorded import read_answers, write_answers


def test_nothing_missing_asks_nothing():
    assert questions_for(()) == ()


def test_a_hold_asks_what_is_missing_who_attests_and_when():
    asked = questions_for((ReasonCode.AGE_UNKNOWN, ReasonCode.SCAN_UNREADABLE))
    assert [q.key for q in asked] == ["attest/age_unknown", "attest/by", "attest/on"]
    assert [q.choices for q in asked] == [("", "adult"), ("", "clinic", "lab"), ()]


def test_answers_survive_the_way_through_a_parameter():
    answers = Answers({"attest/age_unknown": "adult", "hole/3": "fill", "orientation": [0, 0, 1]})
    assert read_answers(write_answers(answers)).values == answers.values


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no JSON", "yes"),
        ("a list", "[]"),
        ("another schema", '{"schema": "stsbench.report/1", "answers": {}}'),
        ("nested", '{"schema": "stsbench.answers/1", "answers": {"a": {"b": 1}}}'),
    ],
)
def test_what_is_no_record_is_refused(name, text):
    with pytest.raises(InputError) as caught:
        read_answers(text)
    assert caught.value.remedy


def test_an_attestation_needs_a_role_and_a_date():
    answers = Answers({"attest/age_unknown": "adult", "attest/by": "clinic"})
    with pytest.raises(InputError):
        attestations_from(answers)
    (made,) = attestations_from(answers.with_answer("attest/on", "2026-11-22"))
    assert (made.question, made.answer) == (ReasonCode.AGE_UNKNOWN, "adult")


def test_unanswered_questions_attest_nothing():
    assert attestations_from(Answers({"attest/age_unknown": "", "attest/by": ""})) == ()
