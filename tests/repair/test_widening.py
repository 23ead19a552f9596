"""Room for patches: bounded, and given back where it was taken in vain."""

import numpy as np
import pytest

from stsbench.domain.answers import Answers
from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.verdicts import Verdict
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.face_sets import grow_by_rings
from stsbench.geometry.hole_filling import fill_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.repair import widening as module
from stsbench.repair.first_draft import start_draft
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.repair.widening import Widening
from tests.repair.damage import dome, rounded
from tests.shapes import sheet

STUDY = load_profile("study")


def near(draft, x, y, reach=1.1):
    """Faces about a place, (F,) bool."""
    middle = draft.vertices[draft.faces].mean(axis=1)
    return np.hypot(middle[:, 0] - x, middle[:, 1] - y) < reach


def fill(draft, number=0):
    """Fill every hole; all get patch numbers from `number` on, largest rim (the border) left out."""
    loops = boundary_loops(draft.faces, draft.twin)
    order = np.argsort(-np.diff(loops.offsets), kind="stable")[1:]
    loops = loops.take(np.sort(order))
    patches = fill_loops(draft.vertices, draft.faces, draft.twin, loops.vertices, loops.offsets)
    reasons = np.full(len(patches.faces), EditReason.SPIKE, np.uint8)
    draft.add(patches.vertices, patches.faces, reasons, number + patches.hole_of_face)
    return number + len(loops)


@pytest.fixture
def draft():
    """A sheet of 20 mm with two holes cut in it."""
    draft = start_draft(sheet(40, 40, pitch_mm=0.5))
    draft.pair()
    draft.mark_faces()
    draft.drop(near(draft, 5, 5) | near(draft, 14, 14), EditReason.SPIKE)
    return draft


def state(draft):
    arrays = (draft.faces, draft.twin, draft.face_source, draft.mark, draft.patch)
    removed = np.sort(np.concatenate([source for source, _ in draft.removed]))
    return [*(part.tolist() for part in arrays), draft.added_reason.tolist(), removed.tolist()]


def whole_patch(draft, number):
    return draft.patch == number


def test_what_was_taken_in_vain_comes_back_in_its_place(draft):
    before = state(draft)
    room = Widening(draft, 0)
    made = fill(draft)
    for turn in range(2):
        wrong = draft.patch >= 0
        around = grow_by_rings(draft.faces, draft.vertex_count, wrong, 1)
        assert not room.cut(around, np.zeros_like(wrong)).any(), turn
        assert len(draft.faces) < len(before[0])
        made = fill(draft, made)
    assert sum(map(len, draft.around)) > 0
    room.undo(draft.patch >= 0, np.zeros(draft.vertex_count, bool))
    assert state(draft) == before
    assert sum(map(len, draft.around)) == 0
    assert np.array_equal(draft.twin, half_edge_twins(draft.faces, draft.vertex_count))


def test_only_the_place_that_failed_is_given_back(draft):
    room = Widening(draft, 0)
    made = fill(draft)
    around = grow_by_rings(draft.faces, draft.vertex_count, draft.patch >= 0, 1)
    room.cut(around, np.zeros_like(around))
    fill(draft, made)
    first = draft.patch[near(draft, 5, 5, 0.5)]
    other = draft.patch[near(draft, 14, 14, 0.5)]
    assert len(set(first.tolist())) == len(set(other.tolist())) == 1
    room.undo(whole_patch(draft, first[0]), np.zeros(draft.vertex_count, bool))
    assert not near(draft, 5, 5, 0.9).any()
    # The rim of the first hole is what it was; the other patch stays with its wider rim.
    loops = boundary_loops(draft.faces, draft.twin)
    assert len(loops) == 2
    assert (draft.patch == other[0]).any()
    assert set(draft.patch.tolist()) == {-1, other[0]}
    taken = np.concatenate([source for source, _ in draft.removed])
    assert len(np.unique(taken)) == len(taken)
    assert np.array_equal(draft.twin, half_edge_twins(draft.faces, draft.vertex_count))
    kept = draft.face_source[draft.face_source >= 0]
    assert (np.diff(kept) > 0).all()
    assert len(kept) + len(taken) == 3200


def test_fans_that_are_wrong_themselves_do_not_come_back(draft):
    room = Widening(draft, 0)
    fill(draft)
    wrong = whole_patch(draft, 0)
    pinched = np.zeros_like(wrong)
    pinched[np.flatnonzero(draft.mark >= 0)[[7, 8]]] = True
    room.cut(grow_by_rings(draft.faces, draft.vertex_count, wrong, 1), pinched)
    room.undo(np.zeros(len(draft.faces), bool), np.ones(draft.vertex_count, bool))
    fill(draft, 1)
    assert np.isin([7, 8], np.concatenate([source for source, _ in draft.removed])).all()


def test_too_wide_a_cut_is_refused_and_its_patch_goes(draft, monkeypatch):
    before = state(draft)
    monkeypatch.setattr(module, "MOST_SHARE", 0.01)
    room = Widening(draft, 0)
    fill(draft)
    wrong = draft.patch >= 0
    # Two rings about a hole of 3.8 mm2 are more than a hundredth of 400 mm2.
    given_up = room.cut(
        grow_by_rings(draft.faces, draft.vertex_count, wrong, 2), np.zeros_like(wrong)
    )
    assert state(draft) == before
    loops = boundary_loops(draft.faces, draft.twin)
    inner = np.abs(draft.vertices[loops.vertices][:, :2] - 10).max(axis=1) < 9.9
    assert given_up[loops.vertices[inner]].all()
    assert not given_up[loops.vertices[~inner]].any()


def ring(radii_mm, count=200):
    angle = 2 * np.pi * np.arange(count) / count
    rows = [np.stack([r * np.cos(angle), r * np.sin(angle), 0 * angle], axis=-1) for r in radii_mm]
    here, after = np.arange(count), (np.arange(count) + 1) % count
    faces = []
    for n in range(len(radii_mm) - 1):
        a, b = n * count + here, n * count + after
        faces += [np.stack([a, a + count, b + count], -1), np.stack([a, b + count, b], -1)]
    return TriangleMesh(rounded(np.concatenate(rows)), np.concatenate(faces).astype(np.int32))


@pytest.mark.parametrize(
    ("radii_mm", "why"),
    [
        # The second ring of faces is nearly the whole scan.
        ((2.0, 2.1, 6.0), "a patch needs too much of the scan about it"),
        # Every round takes a thousandth more, until the rounds are over.
        ((*np.linspace(2.0, 2.3, 13), 6.0), "no valid patch was found"),
    ],
)
def test_a_hole_that_nothing_fits_stays_as_it_was(radii_mm, why, monkeypatch):
    monkeypatch.setattr("stsbench.geometry.wide_rims.WIDEST_RIM", 170)
    mesh = ring(radii_mm)
    result = repair_scan(mesh, profile=STUDY)
    assert np.array_equal(result.mesh.faces, mesh.faces)
    assert np.array_equal(result.mesh.vertices, mesh.vertices)
    assert len(result.edits.removed_face) == 0
    assert result.outside_defects_mm2 == 0.0
    assert result.verdict is Verdict.HOLD
    (left,) = [f for f in result.findings if f.action is Action.UNSOLVED]
    assert (left.kind, left.severity) == (FindingKind.HOLE, Severity.HOLD)
    assert left.detail == f"Loop 1: left open: {why}."
    assert not [f for f in result.findings if f.action is Action.FILLED]
    assert left.size_mm == pytest.approx(4 * np.pi, rel=1e-3)


def test_a_hole_beside_one_that_nothing_fits_is_tried_again(monkeypatch):
    """The large one was answered for; it takes its neighbour along, and only that is tried again."""
    monkeypatch.setattr("stsbench.geometry.wide_rims.WIDEST_RIM", 170)
    mesh = ring((3.0, 3.05, 3.1, 6.0))
    mesh = TriangleMesh(mesh.vertices, np.delete(mesh.faces, 401, axis=0))
    result = repair_scan(mesh, profile=STUDY, answers=Answers({"hole/1": "fill"}))
    assert result.mesh.face_count == mesh.face_count + 1
    actions = {f.detail[:6]: f.action for f in result.findings}
    assert actions["Loop 1"] is Action.UNSOLVED
    assert actions["Loop 2"] is Action.FILLED
    again = repair_scan(result.mesh, profile=STUDY)
    assert again.mesh.faces.tobytes() == result.mesh.faces.tobytes()


def test_a_rim_beyond_all_patches_is_left_open_by_plan(monkeypatch):
    monkeypatch.setattr("stsbench.repair.holes.WIDEST_RIM", 100)
    mesh = ring((2.0, 2.1, 6.0))
    result = repair_scan(mesh, profile=STUDY)
    assert np.array_equal(result.mesh.faces, mesh.faces)
    assert result.verdict is Verdict.HOLD
    details = [f.detail for f in result.findings if f.action is Action.LEFT_OPEN]
    assert details == ["Loop 1: left open: 200 edges, more than the 100 a patch may have."]


@pytest.mark.parametrize(
    ("crest_mm", "words"),
    [(0.0, "rises {:.1f} mm over"), (4.0, "reaches {:.1f} mm below")],
)
def test_a_patch_to_look_at_says_how_far_it_rises(crest_mm, words):
    flat = ring(np.linspace(2.3, 10.0, 26), count=60)
    vertices = flat.vertices.copy()
    vertices[:, 2] = -0.05 * (np.hypot(*vertices[:, :2].T) - crest_mm) ** 2
    result = repair_scan(TriangleMesh(rounded(vertices), flat.faces), profile=STUDY)
    (found,) = [f for f in result.findings if f.kind is FindingKind.HOLE]
    assert (found.action, found.severity) == (Action.FILLED, Severity.REVIEW)
    made = result.mesh.vertices[result.mesh.faces[result.edits.face_source < 0]]
    # The rim is a level circle: heights are those over its z.
    height = np.abs(made[:, :, 2] - vertices[0, 2]).max()
    assert height > 0.15
    told = f" The patch {words.format(height)} the plane of its rim."
    assert told in found.detail
    # A level rim has a flat membrane: what is told is a half more than the height, rounded up.
    likely = float(found.detail.rsplit("within ", 1)[1].split(" mm")[0])
    assert found.detail == found.detail.split(told)[0] + told + (
        f" Expect what was there within {likely:.1f} mm of it."
    )
    assert likely == pytest.approx(1.5 * height + 0.05, abs=0.1)
    across = np.cross(made[:, 1] - made[:, 0], made[:, 2] - made[:, 0])
    assert found.area_mm2 == pytest.approx(np.linalg.norm(across, axis=1).sum() / 2, rel=1e-9)


def test_a_small_scan_still_gets_its_patches():
    mesh = dome(8, 8)
    keep = np.hypot(*(mesh.vertices[mesh.faces].mean(axis=1)[:, :2] - 2).T) > 0.9
    result = repair_scan(TriangleMesh(mesh.vertices, mesh.faces[keep]), profile=STUDY)
    assert result.verdict is not Verdict.HOLD
