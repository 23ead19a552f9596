"""Sheets over sheets, pieces through pieces, open ends: what is dropped, kept, cut or asked."""

import numpy as np
import pytest

from stsbench.domain.answers import Answers
from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.verdicts import Verdict
from stsbench.repair.inspection import inspect_scan
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from tests.repair.damage import at, beside, dome, fold, hole, island, rounded, spike
from tests.repair.referee import border_loops, judge
from tests.shapes import sheet

KIND, STUDY = FindingKind, load_profile("study")


def of_kind(result, kind):
    return [finding for finding in result.findings if finding.kind is kind]


def patch(mesh, centre, radius_mm, lift_mm):
    """The part of a mesh about a place, lifted."""
    near = np.linalg.norm(mesh.vertices[:, :2] - centre, axis=1) < radius_mm
    faces = mesh.faces[near[mesh.faces].all(axis=1)]
    used, names = np.unique(faces, return_inverse=True)
    vertices = mesh.vertices[used] + np.array([0, 0, lift_mm])
    return TriangleMesh(vertices, names.reshape(-1, 3).astype(np.int32))


def tube(*, radius_mm=2.0, length_mm=8.0, around=24):
    """An open tube: a sheet rolled up and welded."""
    flat = sheet(around, 16)
    turn = flat.vertices[:, 1] / 0.5 * (2 * np.pi / around)
    x = radius_mm * np.cos(turn)
    z = radius_mm * np.sin(turn)
    y = flat.vertices[:, 0] * (length_mm / 8.0)
    columns = 17
    names = np.arange(flat.vertex_count) % (around * columns)
    return TriangleMesh(
        rounded(np.stack([x, y, z], axis=1)[: around * columns]),
        names[flat.faces].astype(np.int32)[:, ::-1],
    )


@pytest.mark.parametrize(
    ("profile", "severity"), [("study", Severity.REVIEW), ("restorative", Severity.HOLD)]
)
@pytest.mark.parametrize("lift_mm", [0.2, -0.3])
def test_a_loose_layer_is_measured_dropped_and_told(profile, severity, lift_mm):
    clean = dome()
    mesh = beside(clean, patch(clean, (12, 10), 3.0, lift_mm), shift_mm=0.0)
    assert inspect_scan(mesh).counts == {KIND.BORDER: 1, KIND.DOUBLE_LAYER: 1}
    result = repair_scan(mesh, profile=load_profile(profile))
    (layer,) = of_kind(result, KIND.DOUBLE_LAYER)
    assert (layer.action, layer.severity) == (Action.REMOVED, severity)
    gap = float(layer.detail.split(",")[1].split()[0])
    assert gap == pytest.approx(abs(lift_mm), abs=0.06)  # along the normals of a slope
    assert np.linalg.norm(np.subtract(layer.place_mm, clean.vertices).T[:2], axis=0).min() < 1
    assert result.mesh.faces.tobytes() == clean.faces.tobytes()
    assert result.review


def test_a_scrap_near_the_surface_is_an_island():
    clean = dome(16)
    mesh = island(clean, centre=clean.vertices[at(8, 24)] + [0, 0, 0.3], cells=1)
    assert inspect_scan(mesh).counts == {KIND.BORDER: 1, KIND.ISLAND: 1}


def test_a_large_layer_is_kept_and_told():
    clean = dome()
    half = patch(clean, (6, 10), 9.0, 0.3)
    result = repair_scan(beside(clean, half, shift_mm=0.0), profile=STUDY)
    assert [f.action for f in of_kind(result, KIND.DOUBLE_LAYER)] == [Action.KEPT]
    assert [f.action for f in of_kind(result, KIND.ISLAND)] == [Action.KEPT]
    assert result.mesh.face_count == clean.face_count + half.face_count
    assert result.verdict is Verdict.HOLD


def test_a_piece_through_another_is_cut_back():
    clean = dome()
    wall = sheet(24, 20)
    standing = wall.vertices[:, [0, 2, 1]] + np.array([7.03, 9.77, -2.01])
    mesh = beside(clean, TriangleMesh(rounded(standing), wall.faces), shift_mm=0.0)
    result = repair_scan(mesh, profile=STUDY)
    found = judge(result.mesh.vertices, result.mesh.faces)
    assert found.meetings == 0
    assert found.branching_edges == found.bow_ties == found.badly_wound_edges == 0
    (through,) = of_kind(result, KIND.SELF_INTERSECTION)
    assert through.severity is Severity.HOLD
    # The cut follows the line in which they meet: nothing beside it goes.
    assert result.outside_defects_mm2 == 0.0
    # The larger one stays as it is.
    kept = result.edits.face_source[result.edits.face_source >= 0]
    assert np.array_equal(kept[: clean.face_count], np.arange(clean.face_count))
    again = repair_scan(result.mesh, profile=STUDY)
    assert again.mesh.faces.tobytes() == result.mesh.faces.tobytes()


def test_a_copy_that_waves_through_the_scan_goes_as_a_second_layer():
    flat = sheet(40, 40)
    wave = flat.vertices + np.array([0.1, 0.07, 0.0])
    wave[:, 2] += 0.05 * np.sin(2 * wave[:, 0])
    mesh = beside(flat, TriangleMesh(rounded(wave), flat.faces), shift_mm=0.0)
    result = repair_scan(mesh, profile=STUDY)
    assert result.mesh.face_count == flat.face_count
    assert result.outside_defects_mm2 == 0.0
    assert result.verdict is Verdict.HOLD
    layers = of_kind(result, KIND.DOUBLE_LAYER)
    gone = [f for f in layers if f.detail == "A loose second layer, left over by a cut."]
    assert gone
    assert {f.action for f in gone} == {Action.REMOVED}
    again = repair_scan(result.mesh, profile=STUDY)
    assert again.mesh.faces.tobytes() == result.mesh.faces.tobytes()


@pytest.mark.parametrize(
    ("mesh", "answers", "loops"),
    [
        (tube(), {}, 2),
        (tube(), {"loop/1": "hole"}, 1),
        (tube(radius_mm=1.0, length_mm=12.0), {}, 2),
        (hole(dome(), 20, 24, reach=2), {}, 1),
    ],
    ids=["tube", "answered", "thin tube", "a hole is no end"],
)
def test_open_ends_are_borders(mesh, answers, loops):
    result = repair_scan(mesh, profile=STUDY, answers=Answers(answers))
    assert border_loops(result.mesh.faces) == loops
    assert len(of_kind(result, KIND.BORDER)) == loops


def test_a_gap_in_the_middle_is_a_border_unless_answered():
    mesh = dome(72, 72)
    rows, columns = np.divmod(np.arange(mesh.vertex_count), 73)
    inside = (np.abs(rows - 36) <= 11) & (np.abs(columns - 36) <= 11)
    faces = mesh.faces[~inside[mesh.faces].any(axis=1)]
    gap = TriangleMesh(mesh.vertices, faces)
    result = repair_scan(gap, profile=STUDY)
    assert [f.severity for f in of_kind(result, KIND.BORDER)] == [Severity.NOTE, Severity.REVIEW]
    assert not of_kind(result, KIND.HOLE)
    answered = repair_scan(gap, profile=STUDY, answers=Answers({"loop/1": "hole"}))
    (found,) = of_kind(answered, KIND.HOLE)
    assert found.action is Action.LEFT_OPEN
    assert answered.verdict is Verdict.HOLD


@pytest.mark.parametrize("seed", range(6))
def test_a_second_repair_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    mesh = dome()
    for _ in range(7):
        row, column = rng.integers(4, 36), rng.integers(4, 44)
        way = (spike, fold)[rng.integers(2)]
        more = {"height_mm": rng.uniform(0.4, 3) * rng.choice([-1, 1])} if way is spike else {}
        mesh = way(mesh, row, column, **more)
    result = repair_scan(mesh, profile=STUDY)
    again = repair_scan(result.mesh, profile=STUDY)
    assert again.mesh.vertices.tobytes() == result.mesh.vertices.tobytes()
    assert again.mesh.faces.tobytes() == result.mesh.faces.tobytes()
    assert not len(again.edits.removed_face)
