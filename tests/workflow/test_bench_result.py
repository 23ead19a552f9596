"""A result after work by hand: what was listed stays listed, what is new is found anew."""

import pytest

from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.verdicts import Verdict
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.workflow.bench_result import worked_result
from tests.repair.damage import bow_tie, dome, fold, hole, spike

STUDY = load_profile("study")
STEP = Finding(FindingKind.BY_HAND, (0.0, 0.0, 0.0), severity=Severity.REVIEW)


@pytest.fixture(scope="module")
def clean():
    return repair_scan(dome(), profile=STUDY)


def worked(automatic, mesh, by_hand=()):
    """The result if hands had made this mesh; the edit record plays no part in the findings."""
    kept = repair_scan(mesh, profile=load_profile("ortho-record")).edits
    return worked_result(automatic, mesh, kept, profile=STUDY, by_hand=by_hand)


def test_a_clean_mesh_passes_and_keeps_what_was_listed(clean):
    result = worked(clean, clean.mesh)
    assert result.verdict is Verdict.PASS
    assert [f.kind for f in result.findings] == [f.kind for f in clean.findings]


@pytest.mark.parametrize(
    ("damage", "kind", "verdict"),
    [
        (lambda mesh: fold(mesh, 20, 24), FindingKind.FOLD, Verdict.HOLD),
        (lambda mesh: bow_tie(mesh, 20, 24), FindingKind.NON_MANIFOLD_VERTEX, Verdict.HOLD),
        (lambda mesh: spike(mesh, 20, 24), FindingKind.SPIKE, Verdict.HOLD),
        (lambda mesh: hole(mesh, 20, 24), FindingKind.HOLE, Verdict.REVIEW),
    ],
    ids=["fold", "bow tie", "spike", "hole"],
)
def test_what_hands_broke_is_seen(damage, kind, verdict, clean):
    result = worked(clean, damage(clean.mesh))
    new = [f for f in result.findings if f.kind is kind]
    assert new
    assert all(f.action in {Action.UNSOLVED, Action.LEFT_OPEN} for f in new)
    assert result.verdict is verdict


def test_a_hole_left_open_stays_as_listed_until_it_is_gone():
    open_dome = repair_scan(hole(dome(), 20, 24, reach=4), profile=STUDY)
    assert open_dome.verdict is Verdict.HOLD
    still = worked(open_dome, open_dome.mesh)
    assert still.verdict is Verdict.HOLD
    assert [f.detail for f in still.findings] == [f.detail for f in open_dome.findings]
    closed = worked(open_dome, dome())
    assert closed.verdict is Verdict.REVIEW
    (filled,) = [f for f in closed.findings if f.kind is FindingKind.HOLE]
    assert filled.action is Action.FILLED


def test_steps_are_listed_for_review(clean):
    assert worked(clean, clean.mesh, [STEP]).verdict is Verdict.REVIEW
