"""Decisions taken back and decided again: the very answers there were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.answers import Answers
from stsbench.errors import InputError
from stsbench.workflow.decisions import Decisions

KEYS = ("upper/orientation_confirmed", "body", "lower/orientation_confirmed")


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(["a", "b"])), max_size=8))
def test_undo_and_redo_go_through_the_very_answers(decided):
    decisions = Decisions(Answers({"body": "a", "profile": "study"}))
    states = [decisions.answers.as_json()]
    for key, value in decided:
        decisions.decide(key, "", key, value)
        if decisions.answers.as_json() != states[-1]:
            states.append(decisions.answers.as_json())
    for state in reversed(states[:-1]):
        decisions.undo()
        assert decisions.answers.as_json() == state
    assert decisions.next_undo is None
    with pytest.raises(InputError, match="nothing to undo"):
        decisions.undo()
    for state in states[1:]:
        decisions.redo()
        assert decisions.answers.as_json() == state
    with pytest.raises(InputError, match="nothing to redo"):
        decisions.redo()


def test_a_new_decision_forgets_what_was_undone():
    decisions = Decisions(Answers())
    decisions.decide("body", "", "body", "hollow")
    decisions.undo()
    assert decisions.next_redo == "body"
    decisions.decide("plane_confirm", "upper", KEYS[0], True)
    assert (decisions.next_undo, decisions.next_redo) == ("plane_confirm", None)


def test_what_nothing_could_be_made_of_is_gone_for_good():
    decisions = Decisions(Answers({"body": "solid"}))
    decisions.decide("body", "", "body", "hollow")
    decisions.drop_last()
    assert decisions.answers == Answers({"body": "solid"})
    assert (decisions.next_undo, decisions.next_redo) == (None, None)
