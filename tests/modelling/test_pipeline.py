"""make_model: closed forms, marks of doubt, the report, refusals and sameness."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.domain.findings import FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.occlusion import OcclusalFrame
from stsbench.domain.progress import CancellableProgress
from stsbench.domain.verdicts import Verdict
from stsbench.errors import CancelledError, InputError, MeshError, NotManifoldError
from stsbench.geometry.self_intersection import self_meetings
from stsbench.geometry.solid import measure_solid
from stsbench.geometry.welding import weld_exact
from stsbench.modelling.orientation import given_frame
from stsbench.modelling.pipeline import ModelResult, make_model
from stsbench.modelling.profiles import load_profile
from tests.modelling.ragged import folded, pierced, rim_of
from tests.shapes import sheet, sphere, tetrahedron, toothed_arch

SCANS = Path(os.environ.get("STSBENCH_SCANS", Path(__file__).parents[3] / "shared" / "scans"))
ARCH = toothed_arch(0.8)
STUDY = load_profile("study")
LOWER = Arch.MANDIBULAR
FRAME = OcclusalFrame(
    np.array([0, 0, 1.0]), np.array([0, 1.0, 0]), np.array([0, 0, 10.5]), True, True, "given"
)


def _made(mesh=ARCH, **options) -> ModelResult:
    given = {"arch": LOWER, "profile": STUDY, "frame": FRAME, "confirmed": True}
    return make_model(mesh, **(given | options))


def _kinds(result):
    return [(finding.kind, finding.severity) for finding in result.findings]


def _disc(radius_mm, rings=24, height=None):
    """A disc of faces about the origin; height is a function of the radius."""
    angle = np.arange(72) * 2 * np.pi / 72
    radius = np.arange(1, rings + 1) * radius_mm / rings
    x = np.r_[0, np.outer(radius, np.cos(angle)).ravel()]
    y = np.r_[0, np.outer(radius, np.sin(angle)).ravel()]
    z = np.zeros_like(x) if height is None else height(np.hypot(x, y))
    index = np.arange(72)
    faces = [np.stack([np.zeros(72, int), 1 + index, 1 + (index + 1) % 72], axis=1)]
    for ring in range(rings - 1):
        a = 1 + 72 * ring + index
        b = 1 + 72 * ring + (index + 1) % 72
        faces += [np.stack([a, a + 72, b + 72], axis=1), np.stack([a, b + 72, b], axis=1)]
    return TriangleMesh(np.stack([x, y, z], axis=1), np.concatenate(faces).astype(np.int32))


def test_a_flat_disc_becomes_a_cylinder_with_a_collar():
    result = _made(_disc(15.0), base_height_mm=6.0)
    # The collar widens by 0.3 mm within the first millimetre, less what smoothing takes off.
    radius = 15.0 + 0.3 - (1.5**2 + 0.6**2) / 30
    assert result.verdict is Verdict.PASS
    assert result.checks.volume_mm3 == pytest.approx(np.pi * radius**2 * 6.0, rel=0.01)
    assert result.checks.height_mm == pytest.approx(6.0)


def test_a_hemisphere_stands_on_its_base():
    dome = _disc(10.0, rings=60, height=lambda r: np.sqrt(np.maximum(100.0 - r**2, 0)))
    result = _made(dome, base_height_mm=5.0)
    radius = 10.0 + 0.3 - (1.5**2 + 0.6**2) / 20
    expected = 2 / 3 * np.pi * 1000 + np.pi * radius**2 * 5
    assert result.checks.volume_mm3 == pytest.approx(expected, rel=0.01)
    assert result.checks.height_mm == pytest.approx(15.0)
    assert result.checks.base_below_mm == pytest.approx(5.0)


def test_a_confirmed_clean_arch_passes_all_checks():
    result = _made()
    assert result.verdict is Verdict.PASS
    assert result.findings == ()
    checks = result.checks
    assert (checks.watertight, checks.genus, checks.shells) == (True, 0, 1)
    assert checks.self_intersections == 0
    assert max(checks.anatomy_max_mm, checks.anatomy_back_max_mm) < 1e-9
    assert checks.anatomy_compared_share == 1.0
    assert checks.bottom_flatness_mm <= 0.02
    assert checks.bottom_angle_deg <= 0.5
    assert checks.height_mm >= 15.0
    assert result.wall_mm is None
    assert (result.mesh.vertices[: ARCH.vertex_count] == ARCH.vertices).all()


def test_the_file_is_as_good_as_the_mesh():
    mesh = _made().mesh
    corners = mesh.vertices[mesh.faces].astype(np.float32).reshape(-1, 3)
    vertices, corner_vertex = weld_exact(corners)  # what an STL reader does
    found = measure_solid(vertices, corner_vertex.reshape(-1, 3))
    assert (found.watertight, found.genus, found.shells) == (True, 0, 1)


@pytest.mark.parametrize("profile", ["study", "aligner", "restorative", "denture", "ortho-record"])
def test_every_profile_gets_its_heights(profile):
    shape = load_profile(profile)
    checks = _made(profile=shape).checks
    assert checks.base_below_mm >= shape.base_below_mm - 1e-5
    assert checks.height_mm >= shape.total_height_mm - 1e-5
    gap = min(checks.base_below_mm - shape.base_below_mm, checks.height_mm - shape.total_height_mm)
    assert gap == pytest.approx(0, abs=1e-5)


DOUBT = {
    "nobody looked": ({"frame": None, "confirmed": False}, Severity.REVIEW, Verdict.REVIEW),
    "given but not confirmed": ({"confirmed": False}, Severity.REVIEW, Verdict.REVIEW),
    "confirmed": ({}, None, Verdict.PASS),
}


@pytest.mark.parametrize(("options", "severity", "verdict"), DOUBT.values(), ids=DOUBT.keys())
def test_an_unconfirmed_orientation_is_marked(options, severity, verdict):
    result = _made(**options)
    expected = [] if severity is None else [(FindingKind.ORIENTATION_UNSURE, severity)]
    assert _kinds(result) == expected
    assert result.verdict is verdict
    assert result.report()["orientation"]["confirmed"] is (severity is None)


def test_an_unsure_orientation_holds_and_is_written_all_the_same():
    result = _made(sheet(40, 40), frame=None, confirmed=False)
    assert (FindingKind.ORIENTATION_UNSURE, Severity.HOLD) in _kinds(result)
    assert result.verdict is Verdict.HOLD
    assert result.checks.watertight


def test_an_upside_down_orientation_shows():
    upside_down = given_frame(ARCH, np.array([0, 0, -1.0]), arch=LOWER)
    result = _made(frame=upside_down, confirmed=False)
    assert (FindingKind.FLIPPED_WINDING, Severity.HOLD) in _kinds(result)
    assert result.verdict is Verdict.HOLD


def test_what_a_ragged_rim_cost_is_listed():
    result = _made(folded(ARCH, 3, seed=1))
    kinds = {kind for kind, _ in _kinds(result)}
    assert kinds <= {FindingKind.BORDER, FindingKind.SELF_INTERSECTION, FindingKind.HOLE}
    assert kinds
    assert result.verdict is not Verdict.PASS
    assert result.checks.self_intersections == 0
    assert result.checks.anatomy_band_mm == 0.5
    assert result.report()["edits"]["edited_mm2"] > 0


def test_an_inner_opening_becomes_part_of_the_solid():
    holed = pierced(ARCH, (0, 38, 10), 1.5)
    result = _made(holed)
    assert (FindingKind.HOLE, Severity.REVIEW) in _kinds(result)
    assert (result.checks.watertight, result.checks.genus) == (True, 0)
    assert result.checks.anatomy_max_mm < 1e-9
    assert result.patched_mm2 > 1.0


def test_a_tunnel_in_the_scan_holds():
    # A handle through the sheet: two openings joined by a tube below.
    ground = sheet(40, 40)
    centres = ground.vertices[ground.faces].mean(axis=1)[:, :2]
    squares = [np.abs(centres - place).max(axis=1) < 0.5 for place in ((7.0, 10.0), (13.0, 10.0))]
    faces = [ground.faces[~(squares[0] | squares[1])]]
    rings = []
    for row_of, column in ((20, 14), (20, 26)):
        r, c = np.array([-1, -1, -1, 0, 1, 1, 1, 0]), np.array([-1, 0, 1, 1, 1, 0, -1, -1])
        rings.append(((row_of + r) * 41 + column + c).astype(np.int32))
    first, second = rings[0], rings[1][[2, 1, 0, 7, 6, 5, 4, 3]]
    low = ground.vertex_count + np.arange(8, dtype=np.int32)
    deep = ground.vertices[np.r_[first, second]] - np.array([0, 0, 3.0])

    def joined(a, b):
        following = np.roll(a, -1), np.roll(b, -1)
        return np.concatenate([np.c_[a, following[0], following[1]], np.c_[a, following[1], b]])

    tube = np.concatenate([joined(first, low), joined(low, low + 8), joined(low + 8, second)])
    for turned in (tube, tube[:, ::-1]):
        mesh = TriangleMesh(
            np.vstack([ground.vertices, deep]), np.concatenate([*faces, turned]).astype(np.int32)
        )
        try:
            result = _made(mesh)
        except MeshError:
            continue
        assert result.checks.genus == 1
        assert (FindingKind.MODEL_INVALID, Severity.HOLD) in _kinds(result)
        return
    pytest.fail("neither winding of the tube fits")


def test_the_print_frame_stands_on_its_bottom():
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    posed = TriangleMesh(
        (ARCH.vertices @ turn.T + [30.0, -20, 9]).astype(np.float32).astype(float), ARCH.faces
    )
    frame = given_frame(posed, turn[:, 2], arch=LOWER)
    result = _made(posed, frame=frame, output_frame="print")
    assert result.mesh.vertices[:, 2].min() == pytest.approx(0, abs=1e-5)
    assert result.checks.anatomy_max_mm < 0.005
    assert result.checks.bottom_angle_deg < 0.01
    report = result.report()
    matrix = np.array(report["output_from_scanner"])
    moved = posed.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    assert moved == pytest.approx(result.mesh.vertices[: ARCH.vertex_count], abs=1e-4)
    assert np.array(report["model_from_scanner"])[:3, :3] == pytest.approx(matrix[:3, :3])
    # The teeth point up: the highest vertices are the tips.
    tips = ARCH.vertices[:, 2] > 10
    assert result.mesh.vertices[: ARCH.vertex_count][tips][:, 2].min() > 14.0


def test_the_scanner_frame_keeps_the_axes():
    report = _made().report()
    assert report["output_from_scanner"] == np.eye(4).tolist()
    assert np.array(report["model_from_scanner"])[2] == pytest.approx([0, 0, 1, -10.5])


def test_colours_and_attributes_survive():
    colours = np.random.default_rng(0).integers(0, 255, (ARCH.vertex_count, 3)).astype(np.uint8)
    labels = np.arange(ARCH.vertex_count)
    result = _made(TriangleMesh(ARCH.vertices, ARCH.faces, colours, {"tooth": labels}))
    assert (result.mesh.colours[: ARCH.vertex_count] == colours).all()
    assert (result.mesh.attributes["tooth"][: ARCH.vertex_count] == labels).all()
    # New vertices take after the nearest of the scan: the rim, for a base.
    new = result.mesh.attributes["tooth"][ARCH.vertex_count :]
    assert np.isin(new, rim_of(ARCH)).mean() > 0.95


def test_the_report_is_complete_and_plain():
    report = _made(frame=None, confirmed=False).report()
    text = json.dumps(report, allow_nan=False)
    assert "/" not in text.replace("stsbench.model/1", "")
    assert report["schema"] == "stsbench.model/1"
    assert set(report) >= {
        "verdict", "review", "findings", "edits", "not_checked", "model_from_scanner",
        "orientation", "wall_mm", "checks",
    }  # fmt: skip
    names = [row["name"] for row in report["checks"]]
    assert names[:5] == ["status", "watertight", "genus", "shells", "volume_mm3"]
    assert {"anatomy_max_mm", "bottom_flatness_mm", "bottom_angle_deg", "height_mm"} <= set(names)
    assert len(report["review"]) == 1
    assert report["orientation"]["source"] == "automatic"


def test_twice_the_same_is_the_same():
    first, second = (_made(folded(ARCH, 2, seed=5)) for _ in range(2))
    assert (first.mesh.vertices == second.mesh.vertices).all()
    assert (first.mesh.faces == second.mesh.faces).all()
    assert json.dumps(first.report()) == json.dumps(second.report())


def test_the_scan_is_not_changed():
    before = ARCH.vertices.copy(), ARCH.faces.copy()
    _made()
    assert (ARCH.vertices == before[0]).all()
    assert (ARCH.faces == before[1]).all()


REFUSED = {
    "a solid": (lambda: _made(sphere(3)), InputError, "already a solid"),
    "empty": (lambda: _made(TriangleMesh(ARCH.vertices, ARCH.faces[:0])), InputError, "no faces"),
    "a closed crumb": (lambda: _made(tetrahedron()), InputError, "already a solid"),
    "not oriented": (
        lambda: _made(
            TriangleMesh(ARCH.vertices, np.vstack([ARCH.faces[:50, ::-1], ARCH.faces[50:]]))
        ),
        MeshError,
        "disagree",
    ),
    "branching": (
        lambda: _made(
            TriangleMesh(
                np.vstack([ARCH.vertices, [[0, 38.0, 20]]]),
                np.vstack([ARCH.faces, [[*ARCH.faces[2000][:2], ARCH.vertex_count]]]),
            )
        ),
        NotManifoldError,
        "more than two",
    ),
    "another body": (lambda: _made(body="foam"), InputError, "not a body"),
    "another frame": (lambda: _made(output_frame="moon"), InputError, "not an output frame"),
    "a wall without hollow": (lambda: _made(wall_mm=2.0), InputError, "no wall"),
    "a base too low": (lambda: _made(base_height_mm=0.1), InputError, "can't be made"),
}


@pytest.mark.parametrize(("call", "error", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals(call, error, problem):
    with pytest.raises(error, match=problem) as refusal:
        call()
    assert refusal.value.remedy


def test_steps_are_told_and_can_be_cancelled():
    seen = []

    def stop_at(name):
        def show(step, _done):
            seen.append(step)
            if step == name:
                progress.cancel()

        progress = CancellableProgress(show)
        return progress

    _made(progress=stop_at("never"))
    assert {"prepare the scan", "build the base", "measure the model"} <= set(seen)
    for name in ("prepare the scan", "build the base", "measure the model"):
        with pytest.raises(CancelledError):
            _made(progress=stop_at(name))


@pytest.mark.scans
@pytest.mark.skipif(not SCANS.is_dir(), reason="the folder of real scans is absent")
@pytest.mark.parametrize("given", [True, False])
def test_the_real_cast(given):
    from stsbench.files.scans import read_scan

    cast = read_scan(SCANS / "cast_lower_open.ply")
    frame = given_frame(cast, np.array([0, 0, 1.0]), arch=LOWER) if given else None
    result = _made(cast, frame=frame, confirmed=given)
    checks = result.checks
    assert (checks.watertight, checks.genus, checks.shells) == (True, 0, 1)
    assert checks.self_intersections == 0
    assert checks.volume_mm3 > 0
    assert max(checks.anatomy_max_mm, checks.anatomy_back_max_mm) <= 0.005
    assert checks.bottom_flatness_mm <= 0.02
    assert checks.bottom_angle_deg <= 0.5
    assert result.verdict is (Verdict.PASS if given else Verdict.HOLD)


def test_what_was_measured_while_building_holds_for_the_finished_mesh():
    result = _made(folded(ARCH, 3, seed=1))
    solid = measure_solid(result.mesh.vertices, result.mesh.faces)
    told = result.checks
    assert (told.watertight, told.genus, told.shells) == (True, solid.genus, solid.shells)
    assert told.volume_mm3 == solid.volume_mm3
    meetings = self_meetings(result.mesh.vertices, result.mesh.faces).pairs
    assert told.self_intersections == len(meetings) == 0
