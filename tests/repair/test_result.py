"""The review list and what is left after a repair."""

import numpy as np
import pytest

from stsbench.domain.answers import Answers
from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.verdicts import Verdict
from stsbench.repair.inspection import inspect_scan
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.repair.result import RepairResult
from tests.repair.damage import (
    at,
    beside,
    damaged_dome,
    dome,
    fold,
    hole,
    island,
    moebius,
    spike,
)

KIND, STUDY = FindingKind, load_profile("study")


def counted(findings):
    return {kind: sum(f.kind is kind for f in findings) for kind in {f.kind for f in findings}}


@pytest.mark.parametrize(
    ("mesh", "answers", "left"),
    [
        (dome(16), {}, {KIND.BORDER: 1}),
        (damaged_dome()[0], {}, {KIND.BORDER: 1}),
        (hole(spike(dome(16), 8, 10), 8, 30), {"hole/1": "keep_open"},
            {KIND.BORDER: 1, KIND.HOLE: 1}),
        (beside(dome(16), dome(8), shift_mm=(0, 0, 30)), {}, {KIND.BORDER: 2, KIND.ISLAND: 1}),
        (moebius(), {}, {KIND.NOT_ORIENTABLE: 1}),
    ],
    ids=["clean", "everything", "hole kept open", "second piece", "one-sided"],
)  # fmt: skip
def test_findings_after_are_those_of_an_inspection_of_the_result(mesh, answers, left):
    result = repair_scan(mesh, profile=STUDY, answers=Answers(answers))
    seen = inspect_scan(result.mesh, answers=Answers(answers))
    for kind, count in left.items():
        assert counted(result.findings_after)[kind] == count
    assert counted(result.findings_after) == counted(seen.findings)
    assert {f.action for f in result.findings_after} == {Action.NONE}
    report = result.report()
    assert len(report["findings_after"]) == len(result.findings_after)


def test_a_record_keeps_what_was_found():
    result = repair_scan(island(dome(8)), profile=load_profile("ortho-record"))
    assert result.findings_after == result.findings
    assert counted(result.findings_after)[KIND.ISLAND] == 1


def found(kind, severity, *, size=1.0, action=Action.NONE):
    return Finding(kind, (0.0, 0.0, 0.0), size, severity=severity, action=action)


def test_the_review_list_runs_from_the_highest_risk_down():
    hold, review = Severity.HOLD, Severity.REVIEW
    wanted = [
        found(KIND.PREPARATION_UNMARKED, hold),
        found(KIND.HOLE, hold, size=20.0, action=Action.LEFT_OPEN),
        found(KIND.ISLAND, hold, size=30.0, action=Action.KEPT),
        found(KIND.STITCHING_STEP, review, size=0.2),
        found(KIND.DOUBLE_LAYER, review, size=0.1),
        found(KIND.HOLE, review, size=2.0, action=Action.LEFT_OPEN),
        found(KIND.HOLE, review, size=9.0, action=Action.FILLED),
        found(KIND.HOLE, review, size=5.0, action=Action.FILLED),
        found(KIND.ISLAND, review, size=50.0, action=Action.REMOVED),
        found(KIND.DUPLICATE_FACE, review, size=99.0),
    ]
    mixed = [*wanted[::-1], found(KIND.BORDER, Severity.NOTE, size=500.0)]
    none = np.zeros(0, dtype=np.int32)
    bytes_ = none.astype(np.uint8)
    edits = EditRecord(none, none.astype(np.float32), none, none, bytes_, bytes_)
    result = RepairResult(dome(2), edits, tuple(mixed), (), Verdict.HOLD, 0.0, 0.0, 0.0)
    assert list(result.review) == wanted


def test_every_patch_carries_the_reason_its_place_was_cut_for():
    mesh = fold(spike(hole(dome(), 8, 10), 8, 30), 30, 20)
    result = repair_scan(mesh, profile=STUDY)
    added = result.edits.added_reason
    centres = result.mesh.vertices[result.mesh.faces].mean(axis=1)
    for place, reason in (
        ((8, 10), EditReason.HOLE_FILL),
        ((8, 30), EditReason.SPIKE),
        ((30, 20), EditReason.FOLD),
    ):
        spot = dome().vertices[at(*place)]
        near = (np.linalg.norm(centres[:, :2] - spot[:2], axis=1) < 3) & (added > 0)
        assert near.any()
        assert (added[near] == reason).all()
