"""Scans that are crumpled beyond repair are tidied, listed and held; others are repaired."""

import numpy as np
import pytest

from stsbench.domain.findings import Action, FindingKind
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.verdicts import Verdict
from stsbench.repair import hopeless as module
from stsbench.repair.first_draft import start_draft
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.repair.tidying import Tidied
from tests.repair.damage import dome, rounded, spike
from tests.shapes import sheet, sphere

STUDY = load_profile("study")


def crumpled(noise_mm):
    """A sphere of 10 mm with edges of 0.7 mm whose vertices are thrown about."""
    ball = sphere(4, radius_mm=10.0)
    noise = noise_mm * np.random.default_rng(8).normal(size=ball.vertices.shape)
    return TriangleMesh(rounded(ball.vertices + noise), ball.faces)


@pytest.mark.parametrize("mesh", [crumpled(0.8), crumpled(2.0)], ids=["0.8 mm", "2 mm"])
def test_a_crumpled_scan_comes_back_whole_and_held(mesh):
    result = repair_scan(mesh, profile=STUDY)
    assert np.array_equal(result.mesh.vertices, mesh.vertices)
    assert np.array_equal(np.sort(result.mesh.faces, axis=1), np.sort(mesh.faces, axis=1))
    assert (result.edited_mm2, result.outside_defects_mm2) == (0.0, 0.0)
    assert len(result.edits.removed_face) == 0
    assert result.verdict is Verdict.HOLD
    assert not [f for f in result.findings if f.action in (Action.REPAIRED, Action.FILLED)
                and f.kind is not FindingKind.FLIPPED_WINDING]  # fmt: skip
    (why,) = [f for f in result.findings if f.detail.startswith("Nothing was cut or filled: ")]
    assert why.action is Action.UNSOLVED
    again = repair_scan(result.mesh, profile=STUDY)
    assert again.mesh.faces.tobytes() == result.mesh.faces.tobytes()


@pytest.mark.parametrize(
    ("noise_mm", "limit", "verdict"),
    [(0.15, 0.05, Verdict.PASS), (0.15, 0.02, Verdict.REVIEW), (0.18, 0.05, Verdict.HOLD)],
)
def test_much_that_was_made_anew_is_no_pass(noise_mm, limit, verdict, monkeypatch):
    monkeypatch.setattr(module, "MUCH_MADE", limit)
    result = repair_scan(crumpled(noise_mm), profile=STUDY)
    assert result.verdict is verdict, (result.edited_share, result.findings)
    why = [f for f in result.findings if "made anew" in f.detail]
    assert len(why) == (verdict is not Verdict.PASS)
    for each in why:
        assert each.area_mm2 == pytest.approx(result.edited_mm2, rel=0.05)
        assert each.detail.startswith(f"{100 * result.edited_share:.0f} %")


def test_a_scan_that_falls_apart_under_the_knife_comes_back_whole(monkeypatch):
    monkeypatch.setattr(module, "MOST_WRONG", 1.1)
    mesh = crumpled(2.0)
    seen = []
    result = repair_scan(mesh, profile=STUDY, on_mesh=seen.append)
    assert np.array_equal(result.mesh.faces, mesh.faces)
    assert result.verdict is Verdict.HOLD
    assert [f for f in result.findings if f.detail.startswith("Nothing was cut or filled: ")]
    assert len(seen) == 1
    assert seen[0] is result.mesh


@pytest.mark.parametrize(
    ("pieces", "before", "apart"), [(1, 200, True), (1, 100, False), (2, 200, False)]
)
def test_less_than_half_of_a_single_piece_is_hopeless(pieces, before, apart):
    draft = start_draft(sheet(6, 8))
    draft.pair()
    draft.face_source[90:] = -1  # patches count as nothing
    tidied = Tidied(draft, component_count=pieces)
    assert module.has_fallen_apart(tidied, before) is apart


def test_a_few_long_spikes_are_no_reason(monkeypatch):
    """More of the area than is allowed here, but few of the faces."""
    monkeypatch.setattr(module, "MOST_WRONG", 0.05)
    mesh = dome(24)
    for row, column in ((6, 8), (6, 30), (18, 8), (18, 30), (12, 20)):
        mesh = spike(mesh, row, column, height_mm=3.0)
    result = repair_scan(mesh, profile=STUDY)
    spikes = [f for f in result.findings if f.kind is FindingKind.SPIKE]
    assert [f.action for f in spikes] == [Action.REPAIRED] * 5
    assert sum(f.area_mm2 for f in spikes) > 0.05 * 24 * 12
    assert np.ptp(result.mesh.vertices[:, 2]) < 6
