"""What becomes of loops: by plan, left open in vain, and planned again."""

import numpy as np
import pytest

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action
from stsbench.repair.choices import NO_ANSWERS
from stsbench.repair.first_draft import start_draft
from stsbench.repair.holes import Fate, plan_loops
from stsbench.repair.loop_fates import LoopFates
from stsbench.repair.profiles import load_profile
from tests.shapes import sheet

STUDY = load_profile("study")


def planned(draft):
    return plan_loops(draft, draft.sheets(), profile=STUDY, answers=NO_ANSWERS)


def cut(draft, x, y, reach=1.1):
    middle = draft.vertices[draft.faces].mean(axis=1)
    gone = np.hypot(middle[:, 0] - x, middle[:, 1] - y) < reach
    draft.drop(gone, EditReason.SPIKE)


@pytest.fixture
def draft():
    """A sheet of 20 mm with a hole in it: loop 0 is the border, loop 1 the hole."""
    draft = start_draft(sheet(40, 40, pitch_mm=0.5))
    draft.pair()
    draft.mark_faces()
    cut(draft, 5, 5)
    return draft


def test_a_loop_as_planned_is_not_planned_again(draft):
    fates = LoopFates(draft, planned(draft))
    loops = planned(draft).loops
    assert fates.are_as_planned(loops)
    assert not fates.plan_again(planned(draft), ())
    assert fates.of(loops).tolist() == [Fate.BORDER, Fate.FILL]


@pytest.mark.parametrize(("answered", "again"), [((), True), ((0,), True), ((1,), False)])
def test_a_hole_left_open_is_filled_later_unless_answered_for(draft, answered, again):
    fates = LoopFates(draft, planned(draft))
    loops = planned(draft).loops
    fates.leave_open(loops.take(np.array([1])), "for a test.")
    assert not fates.are_as_planned(loops)
    assert fates.of(loops).tolist() == [Fate.BORDER, Fate.OPEN]
    assert fates.findings()[1].detail == "Loop 1: left open: for a test."
    assert fates.plan_again(planned(draft), answered) is again
    assert fates.are_as_planned(loops) is again
    last = fates.findings()[1]
    assert last.action is (Action.FILLED if again else Action.UNSOLVED)
    assert last.detail.startswith("Loop 1: ")
    assert fates.unplanned() == []


def test_a_loop_that_a_cut_made_has_one_finding_however_often_it_is_tried(draft):
    fates = LoopFates(draft, planned(draft))
    cut(draft, 14, 14, 1.6)
    loops = planned(draft).loops
    new = int(np.flatnonzero(fates.of(loops) == Fate.FILL)[0])
    fates.leave_open(loops.take(np.array([new])), "for a test.")
    (left,) = fates.unplanned()
    assert left.detail == "Left open: for a test."
    for _ in range(2):
        assert fates.plan_again(planned(draft), ())
        assert fates.unplanned() == []
        assert [f.action for f in fates.findings()] == [Action.KEPT, Action.FILLED, Action.FILLED]
        assert fates.findings()[2].detail.startswith("Filled; look at it")
        fates.leave_open(loops.take(np.array([new])), "for a test.")
        assert fates.findings()[2].detail == "Left open: for a test."
    assert fates.unplanned() == []


def test_a_kept_border_that_a_cut_made_small_is_filled(draft):
    plan = planned(draft)
    plan.fates[1] = Fate.BORDER
    fates = LoopFates(draft, plan)
    assert fates.are_as_planned(planned(draft).loops)
    cut(draft, 6, 5, 0.8)
    assert not fates.are_as_planned(planned(draft).loops)
    assert fates.plan_again(planned(draft), ())
    assert fates.of(planned(draft).loops).tolist() == [Fate.BORDER, Fate.FILL]
    assert fates.findings()[1].detail.startswith("Loop 1: filled")
    assert len(fates.findings()) == 2
