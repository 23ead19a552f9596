"""Stitching steps in a report: listed and measured, held where the profile says so, never edited."""

import numpy as np
import pytest

from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.verdicts import Verdict
from stsbench.repair.inspection import inspect_scan
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from tests.geometry.test_stitching import ALONG, shifted, waves

KIND = FindingKind.STITCHING_STEP


@pytest.fixture(scope="module")
def stepped():
    vertices, faces = waves()
    return TriangleMesh(shifted(vertices, 0.25 * ALONG)[0], faces)


@pytest.mark.parametrize(
    ("profile", "severity", "verdict"),
    [
        ("study", Severity.REVIEW, Verdict.REVIEW),
        ("restorative", Severity.HOLD, Verdict.HOLD),
        ("ortho-record", Severity.HOLD, Verdict.HOLD),
    ],
)
def test_a_step_is_listed_with_its_measures(stepped, profile, severity, verdict):
    seen = inspect_scan(stepped, profile=load_profile(profile))
    assert seen.counts[KIND] == 1
    (finding,) = [f for f in seen.findings if f.kind is KIND]
    assert finding.severity is severity
    assert finding.action is Action.NONE
    assert finding.detail.startswith("Two strips of the scan are joined 0.2")
    assert 28 < finding.size_mm < 40
    assert finding.faces_count > 50
    assert finding.area_mm2 == pytest.approx(finding.faces_count * 0.07, rel=0.5)
    assert seen.verdict is verdict


def test_a_repair_leaves_the_surface_along_a_step_alone(stepped):
    result = repair_scan(stepped, profile=load_profile("study"))
    assert np.array_equal(result.mesh.faces, stepped.faces)
    assert result.edited_mm2 == 0


@pytest.mark.parametrize(
    ("profile", "severity", "verdict", "action"),
    [
        ("study", Severity.REVIEW, Verdict.REVIEW, Action.KEPT),
        ("restorative", Severity.HOLD, Verdict.HOLD, Action.KEPT),
        ("ortho-record", Severity.HOLD, Verdict.HOLD, Action.NONE),
    ],
)
def test_a_repair_that_is_asked_reports_the_step_and_leaves_it(
    stepped, profile, severity, verdict, action
):
    result = repair_scan(stepped, profile=load_profile(profile), finds_steps=True)
    (finding,) = [f for f in result.findings if f.kind is KIND]
    assert (finding.severity, finding.action, result.verdict) == (severity, action, verdict)
    assert KIND in {f.kind for f in result.findings_after}
    (seen,) = [f for f in inspect_scan(stepped).findings if f.kind is KIND]
    assert finding.place_mm == seen.place_mm
    assert finding.size_mm == seen.size_mm
    assert np.array_equal(result.mesh.faces, stepped.faces)
    assert result.edited_mm2 == 0


def test_a_repair_that_is_not_asked_does_not_search(stepped):
    result = repair_scan(stepped, profile=load_profile("restorative"))
    assert KIND not in {f.kind for f in result.findings}
