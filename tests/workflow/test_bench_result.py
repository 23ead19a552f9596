"""A result after work by hand: what was listed stays listed, what is new is found anew."""

import numpy as np
import pytest

from stsbench.domain.answers import Answers
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.verdicts import Verdict
from stsbench.files.scans import encode_ply, read_scan
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.repair.by_hand import list_steps
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.repair.replay import replay_uses
from stsbench.repair.working_mesh import WorkingMesh
from stsbench.workflow.bench_result import worked_result
from stsbench.workflow.loose_files import repair_file
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


def test_what_hands_took_away_or_moved_counts_as_outside_any_defect():
    """Known areas: faces deleted, faces refilled, and every face that smoothing bent."""
    scan = hole(dome(), 8, 10)
    automatic = repair_scan(scan, profile=STUDY)
    assert automatic.by_hand_mm2 == 0.0
    made = int((automatic.edits.face_source < 0).sum())
    assert made > 0
    last = automatic.mesh.face_count
    uses = [
        {"tool": "delete", "faces": [[0, 7]]},
        {"tool": "refill", "faces": [[1800, 1803]]},
        # The faces of the patch are no scanned surface: taking them away is no edit of it.
        {"tool": "refill", "faces": [[last - made, last]]},
        {"tool": "smooth", "faces": [[2400, 2500]], "cap_mm": 0.02, "passes": 3},
    ]
    working, _ = replay_uses(automatic.mesh, uses, profile=STUDY)
    done = worked_result(
        automatic,
        working.to_mesh(),
        working.record(automatic.edits),
        profile=STUDY,
        by_hand=list_steps(working),
    )
    corners = scan.vertices[scan.faces]
    area = (
        np.linalg.norm(
            np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
        )
        / 2
    )
    old = automatic.mesh.vertices.astype(np.float32)
    moved = (working.vertices[: len(old)] != old).any(axis=1)
    assert moved.sum() > 0
    bent = moved[automatic.mesh.faces].any(axis=1)
    took = np.flatnonzero(~working.alive)
    assert set(np.r_[0:7, 1800:1803]) <= set(took)
    rows = np.union1d(took[took < last], np.flatnonzero(bent))
    rows = rows[automatic.edits.face_source[rows] >= 0]
    expected = area[automatic.edits.face_source[rows]].sum()
    assert done.by_hand_mm2 == pytest.approx(expected, rel=1e-9)
    assert done.outside_defects_mm2 == automatic.outside_defects_mm2 + done.by_hand_mm2
    told = done.report()["edits"]
    assert told["by_hand_mm2"] == round(expected, 4)
    assert told["outside_defects_mm2"] == round(done.outside_defects_mm2, 4)


@pytest.mark.parametrize(
    ("answer", "uses", "loops", "action", "verdict"),
    [
        (None, [], 1, Action.FILLED, Verdict.PASS),
        ("keep_open", [], 2, Action.LEFT_OPEN, Verdict.REVIEW),
        # The answer is done first; the bench works on what it left.
        ("keep_open", ["fill"], 1, Action.FILLED, Verdict.REVIEW),
        ("keep_open", ["fill_below"], 1, Action.FILLED, Verdict.REVIEW),
        ("fill", ["delete"], 2, Action.LEFT_OPEN, Verdict.REVIEW),
    ],
)
def test_an_answer_is_done_first_and_a_step_has_the_last_word(
    answer, uses, loops, action, verdict, tmp_path
):
    source, target = tmp_path / "in.ply", tmp_path / "out.ply"
    source.write_bytes(encode_ply(hole(dome(), 12, 12)))
    given = {} if answer is None else {"hole/1": answer}
    automatic = repair_scan(read_scan(source), profile=STUDY, answers=Answers(given))
    rims = WorkingMesh(automatic.mesh).open_loops()
    made = np.flatnonzero(automatic.edits.face_source < 0)
    choices = {
        "fill": lambda: {"tool": "fill", "edge": rims.loop(_shortest(rims))[:2].tolist()},
        "fill_below": lambda: {"tool": "fill_below", "rim_mm": 15.0},
        "delete": lambda: {"tool": "delete", "faces": [[int(made[0]), int(made[-1]) + 1]]},
    }
    steps = [choices[name]() for name in uses]
    answers = Answers({**given, "steps": steps} if steps else given)
    report = repair_file(source, target, answers=answers)
    assert report["verdict"] == verdict.value
    holes = [f for f in report["findings"] if f["kind"] == "hole"]
    assert action.value in {f["action"] for f in holes}
    mesh = read_scan(target)
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    assert len(boundary_loops(mesh.faces, twin)) == loops


def _shortest(rims):
    return int(np.argmin(np.diff(rims.offsets)))
