"""Questions, recorded answers and the panel that joins them."""

import pytest

from stsbench.domain.access import ReasonCode
from stsbench.domain.answers import Answers
from stsbench.errors import InputError
from stsbench.vault.records import IntakePreview
from stsbench.widgets.decisions import edit
from stsbench.workflow.intake import attestations_from
from stsbench.workflow.questions import Question, for_intake
from stsbench.workflow.recorded import read_answers, write_answers


def preview(*asked_for):
    return IntakePreview("T-0000-0000-0000", (), (), True, tuple(asked_for), "")


def test_nothing_missing_asks_nothing():
    assert for_intake(preview()) == ()


def test_a_hold_asks_what_is_missing_who_attests_and_when():
    asked = for_intake(preview(ReasonCode.AGE_UNKNOWN))
    assert [q.key for q in asked] == ["attest/age_unknown", "attest/by", "attest/on"]
    assert all(q.text.endswith(("?", ".")) for q in asked)


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


def test_in_batch_defaults_fill_what_was_not_recorded_and_no_widget_is_made():
    questions = (Question("a", "A?", ("no", "yes"), "no"), Question("b", "B?", ("x", "y"), "x"))
    chosen = edit(questions, Answers({"b": "y"}), interactive=False)
    assert chosen.answers.values == {"a": False, "b": "y"}


def test_a_panel_edits_answers_and_nothing_else():
    pytest.importorskip("ipywidgets")
    questions = (Question("a", "A?", ("no", "yes"), "no"),)
    chosen = edit(questions, Answers(), interactive=False)
    before = chosen.answers
    chosen.choose("a", "yes")
    assert chosen.answers.values == {"a": True}
    assert before.values == {"a": False}
    assert chosen.shown_value(questions[0]) == "yes"
