"""The whole way from an open scan to a solid: judged by a referee that shares no code with it."""

import dataclasses

import manifold3d
import numpy as np
import pytest
from scipy.spatial import cKDTree

from stsbench.domain.dentition import Arch
from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.occlusion import apply_transform
from stsbench.domain.progress import CancellableProgress
from stsbench.domain.verdicts import Verdict
from stsbench.errors import CancelledError, InputError, MeshError, NotManifoldError
from stsbench.files.records import encode_report
from stsbench.files.scans import decode_scan, encode_ply, encode_stl
from stsbench.modelling.orientation import given_frame
from stsbench.modelling.pipeline import make_model
from stsbench.modelling.profiles import load_profile
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.arches import make_arch, random_pose
from tests.repair import referee
from tests.shapes import sheet, sphere

UP = np.array([0.0, 0, 1])
LOWER, UPPER = Arch.MANDIBULAR, Arch.MAXILLARY
STUDY = load_profile("study")


def _compact(vertices, faces):
    used, renamed = np.unique(faces, return_inverse=True)
    rounded = vertices[used].astype(np.float32).astype(np.float64)
    return TriangleMesh(rounded, renamed.reshape(-1, 3).astype(np.int32))


def _dome(*, pitch_mm=0.8, radius_mm=11.0, lift_mm=7.0):
    """A bump over a disc: a sheet with a cosine hill, cut round with a toothed edge."""
    n = int(2 * (radius_mm + 2) / pitch_mm)
    middle = n * pitch_mm / 2

    def hill(x, y):
        return lift_mm * np.cos(np.hypot(x - middle, y - middle) / radius_mm * np.pi / 2)

    ground = sheet(n, n, pitch_mm=pitch_mm, height=hill)
    away = np.linalg.norm(ground.vertices[ground.faces].mean(axis=1)[:, :2] - middle, axis=1)
    return _compact(ground.vertices - [middle, middle, 0], ground.faces[away < radius_mm])


def _rim(mesh):
    """Vertices on edges of one face."""
    edges, counts = referee.edge_counts(mesh.faces)
    return np.unique(edges[counts == 1])


def _jittered(mesh, sigma_mm, seed):
    vertices = mesh.vertices.copy()
    rim = _rim(mesh)
    vertices[rim] += np.random.default_rng(seed).normal(0, sigma_mm, (len(rim), 3))
    return TriangleMesh(vertices.astype(np.float32).astype(np.float64), mesh.faces)


def _flap(mesh, *, from_mm, over_mm):
    """Fold all that lies beyond x = from_mm back over the scan, as a cheek caught by a scanner."""
    vertices = mesh.vertices.copy()
    beyond = vertices[:, 0] > from_mm
    vertices[beyond, 0] = 2 * from_mm - vertices[beyond, 0]
    vertices[beyond, 2] += over_mm
    return TriangleMesh(vertices.astype(np.float32).astype(np.float64), mesh.faces)


def _holed(mesh, places, *, radius_mm):
    centre = mesh.vertices[mesh.faces].mean(axis=1)
    gone = np.zeros(mesh.face_count, bool)
    for place in places:
        gone |= np.linalg.norm(centre[:, :2] - place, axis=1) < radius_mm
    return _compact(mesh.vertices, mesh.faces[~gone])


def _frame(mesh, normal=UP, *, arch=LOWER):
    return given_frame(mesh, np.asarray(normal, float), arch=arch)


def _model(mesh, *, arch=LOWER, normal=UP, profile=STUDY, **options):
    return make_model(
        mesh, arch=arch, profile=profile, frame=_frame(mesh, normal, arch=arch), **options
    )


def _volume(mesh):
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def assert_solid(mesh, *, crossings=False):
    """Closed, wound one way, in one shell without a handle: counted, then by manifold3d."""
    rounded = mesh.vertices.astype(np.float32)
    assert len(np.unique(rounded + np.float32(0), axis=0)) == mesh.vertex_count
    ends = mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
    key = ends[:, 0] * mesh.vertex_count + ends[:, 1]
    assert len(np.unique(key)) == len(key), "an edge runs twice in one direction"
    back = ends[:, 1] * mesh.vertex_count + ends[:, 0]
    assert np.isin(key, back).all(), "an edge has no partner"
    assert referee.pieces(mesh.faces).max() == 0
    assert len(referee.bow_ties(mesh.faces)) == 0
    assert len(np.unique(mesh.faces)) == mesh.vertex_count
    assert mesh.vertex_count - len(key) // 2 + mesh.face_count == 2  # a sphere
    assert _volume(mesh) > 0
    for vertices in (mesh.vertices, rounded.astype(np.float64)):
        solid = manifold3d.Manifold(
            manifold3d.Mesh64(
                vert_properties=np.ascontiguousarray(vertices),
                tri_verts=mesh.faces.astype(np.uint64),
            )
        )
        assert solid.status() == manifold3d.Error.NoError
        assert solid.genus() == 0
        assert len(solid.decompose()) == 1
        assert solid.volume() == pytest.approx(_volume(mesh), rel=1e-6)
    if crossings:
        assert len(referee.meetings(rounded.astype(np.float64), mesh.faces)) == 0


def assert_level_bottom(mesh, normal, *, largest_mm=0.02, largest_deg=0.5):
    """The lowest faces lie in one plane across the normal."""
    height = mesh.vertices @ normal
    low = height < height.min() + 0.15
    assert np.ptp(height[low]) <= largest_mm
    corners = mesh.vertices[mesh.faces[low[mesh.faces].all(axis=1)]]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = across.sum(axis=0)
    cosine = -total @ normal / np.linalg.norm(total)
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))) <= largest_deg
    # It carries the model: as wide as what stands on it.
    assert np.linalg.norm(total) / 2 > 0.3 * np.prod(np.sort(np.ptp(mesh.vertices, axis=0))[1:])


def _faces_as_text(mesh):
    """Each face as its corners' bytes, rotated so that the smallest comes first."""
    rounded = mesh.vertices.astype(np.float32) + np.float32(0)
    corner = [row.tobytes() for row in rounded]
    found = set()
    for a, b, c in mesh.faces.tolist():
        face = (corner[a], corner[b], corner[c])
        first = face.index(min(face))
        found.add(face[first:] + face[:first])
    return found


@pytest.fixture(scope="module")
def arch():
    return make_arch(ArchPlan(LOWER, seed=1), faces=8_000)


@pytest.fixture(scope="module")
def model(arch):
    return _model(arch.mesh)


@pytest.fixture(scope="module")
def dome():
    return _dome()


def test_an_arch_becomes_a_solid(model):
    assert_solid(model.mesh, crossings=True)
    assert_level_bottom(model.mesh, UP)
    checks = model.checks
    assert (checks.status, checks.watertight, checks.genus, checks.shells) == (
        "NoError",
        True,
        0,
        1,
    )
    assert checks.self_intersections == 0
    assert checks.volume_mm3 == pytest.approx(_volume(model.mesh), rel=1e-6)
    assert checks.bottom_flatness_mm <= 0.02
    assert checks.bottom_angle_deg <= 0.5


def test_no_vertex_of_the_scan_moves(arch, model):
    scan = arch.mesh
    kept = {row.tobytes() for row in model.mesh.vertices.astype(np.float32)}
    inner = np.setdiff1d(np.arange(scan.vertex_count), _rim(scan))
    assert len(inner) > 3000
    assert all(row.tobytes() in kept for row in scan.vertices[inner].astype(np.float32))
    # And with them every face, in its direction.
    assert _faces_as_text(scan) <= _faces_as_text(model.mesh)
    assert model.checks.anatomy_max_mm <= 0.005
    assert model.checks.anatomy_back_max_mm <= 0.005
    assert model.checks.anatomy_compared_share == 1.0


@pytest.mark.parametrize(("suffix", "encode"), [("stl", encode_stl), ("ply", encode_ply)])
def test_a_file_holds_the_same_solid(model, suffix, encode):
    again = decode_scan(encode(model.mesh))
    assert again.face_count == model.mesh.face_count, suffix
    assert_solid(again)
    assert_level_bottom(again, UP)
    assert _faces_as_text(again) == _faces_as_text(model.mesh)


@pytest.mark.parametrize("height_mm", [0.5, 2.0, 7.25, 30.0])
def test_the_base_is_as_high_as_asked(dome, height_mm):
    made = _model(dome, base_height_mm=height_mm)
    assert_solid(made.mesh, crossings=True)
    lowest = dome.vertices[:, 2].min()
    assert lowest - made.mesh.vertices[:, 2].min() == pytest.approx(height_mm, abs=1e-4)
    assert made.checks.base_below_mm == pytest.approx(height_mm, abs=1e-4)
    assert made.checks.height_mm == pytest.approx(np.ptp(made.mesh.vertices[:, 2]), abs=1e-9)
    assert_level_bottom(made.mesh, UP)


@pytest.mark.parametrize("name", ["study", "aligner", "restorative", "ortho-record", "denture"])
def test_the_profile_sets_the_height(dome, name):
    profile = load_profile(name)
    made = _model(dome, profile=profile)
    low, high = dome.vertices[:, 2].min(), dome.vertices[:, 2].max()
    bottom = min(low - profile.base_below_mm, high - profile.total_height_mm)
    assert made.mesh.vertices[:, 2].min() == pytest.approx(bottom, abs=1e-4)
    assert made.mesh.vertices[:, 2].max() == pytest.approx(high, abs=1e-6)
    assert made.checks.height_mm >= profile.total_height_mm - 1e-4
    assert made.checks.base_below_mm >= profile.base_below_mm - 1e-4


def test_the_volume_under_a_disc():
    """A flat disc on a base h deep is a cylinder, give or take the outline's offset."""
    disc = _dome(lift_mm=0.0)
    area = np.linalg.norm(_across(disc), axis=1).sum() / 2
    low, high = (_volume(_model(disc, base_height_mm=h).mesh) for h in (6.0, 16.0))
    assert (high - low) / 10.0 == pytest.approx(area, rel=0.09)
    assert (high - low) / 10.0 > 0.98 * area


def _across(mesh):
    corners = mesh.vertices[mesh.faces]
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


@pytest.mark.parametrize("arch_kind", [LOWER, UPPER])
def test_the_print_frame_stands_on_the_plate(dome, arch_kind):
    pose = random_pose(5)
    moved = TriangleMesh(
        apply_transform(pose, dome.vertices).astype(np.float32).astype(np.float64), dome.faces
    )
    normal = pose[:3, :3] @ UP
    made = _model(moved, normal=normal, arch=arch_kind, output_frame="print")
    assert_solid(made.mesh)
    assert_level_bottom(made.mesh, UP)
    assert made.mesh.vertices[:, 2].min() == pytest.approx(0, abs=1e-4)
    out = made.output_from_scanner
    assert np.allclose(out[:3, :3] @ out[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(out[:3, :3]) == pytest.approx(1.0)
    assert np.allclose(out[:3, :3] @ normal, UP, atol=1e-6)
    # Frame and file differ in height alone.
    shift = out @ np.linalg.inv(made.frame.model_from_scanner)
    assert np.allclose(shift[:3, :3], np.eye(3), atol=1e-9)
    assert np.allclose(shift[:2, 3], 0, atol=1e-9)
    # The scan is where the matrix says it is.
    away = cKDTree(made.mesh.vertices).query(apply_transform(out, moved.vertices))[0]
    assert away.max() < 1e-5
    report = made.report()
    assert np.allclose(report["output_from_scanner"], out, atol=1e-8)
    assert np.allclose(report["model_from_scanner"], made.frame.model_from_scanner, atol=1e-8)
    assert report["output_frame"] == "print"


def test_the_scanner_frame_moves_nothing(model):
    assert np.array_equal(model.output_from_scanner, np.eye(4))
    assert model.report()["output_from_scanner"] == np.eye(4).tolist()


def test_a_posed_scan_gives_the_posed_model(dome):
    """The model of a turned scan is the turned model, to the rounding of float32."""
    pose = random_pose(9)
    moved = TriangleMesh(
        apply_transform(pose, dome.vertices).astype(np.float32).astype(np.float64), dome.faces
    )
    here = _model(dome)
    there = _model(moved, normal=pose[:3, :3] @ UP)
    assert_solid(there.mesh)
    assert_level_bottom(there.mesh, pose[:3, :3] @ UP)
    assert there.checks.volume_mm3 == pytest.approx(here.checks.volume_mm3, rel=2e-3)
    assert there.checks.height_mm == pytest.approx(here.checks.height_mm, abs=1e-3)


RAGGED = {
    "jitter 0.05": lambda mesh: _jittered(mesh, 0.05, 1),
    "jitter 0.2": lambda mesh: _jittered(mesh, 0.2, 2),
    "jitter 0.5": lambda mesh: _jittered(mesh, 0.5, 3),
    "jitter 1.5": lambda mesh: _jittered(mesh, 1.5, 4),
    "folded flap": lambda mesh: _flap(mesh, from_mm=8.5, over_mm=0.4),
    "flap through the surface": lambda mesh: _flap(mesh, from_mm=8.5, over_mm=-1.0),
    "a vertex far below": lambda mesh: _pulled(mesh, (0, 0, -6)),
    "a vertex far out": lambda mesh: _pulled(mesh, (7, 2, 0)),
}


def _pulled(mesh, shift):
    vertices = mesh.vertices.copy()
    vertices[_rim(mesh)[-5]] += shift
    return TriangleMesh(vertices, mesh.faces)


@pytest.mark.parametrize("name", RAGGED)
def test_a_ragged_rim_is_a_solid_or_a_hold(dome, name):
    ragged = RAGGED[name](dome)
    crossing = len(referee.meetings(ragged.vertices, ragged.faces))
    made = _model(ragged, confirmed=True)
    if made.verdict is Verdict.HOLD:
        assert made.review
        return
    assert_solid(made.mesh, crossings=not crossing)
    assert_level_bottom(made.mesh, UP)
    assert made.checks.anatomy_max_mm <= 0.005
    # What was cut or covered is told.
    lost = _faces_as_text(ragged) - _faces_as_text(made.mesh)
    assert bool(lost) <= bool(made.review)
    assert (made.verdict is Verdict.PASS) == (not made.review)


@pytest.mark.parametrize("sigma_mm", [0.05, 0.2, 0.5])
def test_an_arch_with_a_ragged_rim_is_a_solid_or_a_hold(arch, sigma_mm):
    ragged = _jittered(arch.mesh, sigma_mm, 11)
    made = _model(ragged)
    if made.verdict is not Verdict.HOLD:
        assert_solid(made.mesh)
        assert_level_bottom(made.mesh, UP)
        inner = np.setdiff1d(np.arange(ragged.vertex_count), _rim(ragged))
        deep = inner[cKDTree(ragged.vertices[_rim(ragged)]).query(ragged.vertices[inner])[0] > 3.0]
        kept = {row.tobytes() for row in made.mesh.vertices.astype(np.float32)}
        missing = sum(row.tobytes() not in kept for row in ragged.vertices[deep].astype(np.float32))
        assert missing == 0 or made.review
    if sigma_mm == 0.05:
        assert made.verdict is Verdict.REVIEW


def test_small_jitter_does_not_hold(dome):
    assert _model(_jittered(dome, 0.05, 1), confirmed=True).verdict is not Verdict.HOLD


def test_openings_inside_are_closed_and_told(dome):
    open_scan = _holed(dome, [(0, 0), (5, 3)], radius_mm=1.7)
    made = _model(open_scan, confirmed=True)
    assert_solid(made.mesh, crossings=True)
    holes = [f for f in made.findings if f.kind is FindingKind.HOLE]
    assert len(holes) == 2
    assert all(f.action is Action.FILLED for f in holes)
    for place in ([0, 0], [5, 3]):
        nearest = min(np.linalg.norm(np.array(f.place_mm[:2]) - place) for f in holes)
        assert nearest < 0.6
    assert _faces_as_text(open_scan) <= _faces_as_text(made.mesh)
    assert made.verdict is Verdict.REVIEW
    edits = made.report()["edits"]
    assert edits["edited_mm2"] == pytest.approx(sum(f.area_mm2 for f in holes), abs=1e-3)
    assert 0 < edits["edited_share"] < 0.2


def test_the_largest_piece_is_the_model(dome):
    crumb = _compact(dome.vertices * 0.1 + [0, 0, 20], dome.faces)
    both = TriangleMesh(
        np.vstack([dome.vertices, crumb.vertices]),
        np.concatenate([dome.faces, crumb.faces + dome.vertex_count]),
    )
    made = _model(both, confirmed=True)
    assert_solid(made.mesh)
    assert made.mesh.vertices[:, 2].max() < 15
    island = [f for f in made.findings if f.kind is FindingKind.ISLAND]
    assert [f.faces_count for f in island] == [crumb.face_count]
    assert made.verdict is Verdict.REVIEW


def test_a_scan_inside_out_holds_until_confirmed(dome):
    turned = TriangleMesh(dome.vertices, np.ascontiguousarray(dome.faces[:, ::-1]))
    made = _model(turned)
    assert_solid(made.mesh)
    assert made.verdict is Verdict.HOLD
    assert FindingKind.FLIPPED_WINDING in {f.kind for f in made.review}
    assert _model(turned, confirmed=True).verdict is Verdict.REVIEW


def test_the_verdict_follows_the_orientation(dome):
    sure = _frame(dome)
    unsure = dataclasses.replace(sure, sure=False, source="automatic", reasons=("few tips agree",))
    table = {
        (True, False): Verdict.REVIEW,
        (True, True): Verdict.PASS,
        (False, False): Verdict.HOLD,
        (False, True): Verdict.PASS,
    }
    for (is_sure, confirmed), verdict in table.items():
        made = make_model(
            dome,
            arch=LOWER,
            profile=STUDY,
            frame=sure if is_sure else unsure,
            confirmed=confirmed,
        )
        assert made.verdict is verdict, (is_sure, confirmed)
        assert made.report()["verdict"] == verdict.value
        assert made.report()["orientation"]["confirmed"] is confirmed
        kinds = [f.kind for f in made.findings]
        assert (FindingKind.ORIENTATION_UNSURE in kinds) is not confirmed
        assert_solid(made.mesh)


def test_without_a_frame_a_dome_holds(dome):
    made = make_model(dome, arch=LOWER, profile=STUDY)
    assert made.frame.source == "automatic"
    assert not made.frame.sure
    assert made.verdict is Verdict.HOLD


def test_the_report(arch, model):
    report = model.report()
    assert sorted(report) == [
        "arch", "body", "checks", "edits", "findings", "model_from_scanner", "not_checked",
        "orientation", "output_frame", "output_from_scanner", "profile", "review", "schema",
        "verdict", "wall_mm",
    ]  # fmt: skip
    assert report["schema"] == "stsbench.model/1"
    assert (report["arch"], report["profile"], report["body"]) == ("lower", "study", "solid")
    assert report["verdict"] == "review"
    assert report["wall_mm"] is None
    assert [row["name"] for row in report["checks"]] == [
        "status", "watertight", "genus", "shells", "volume_mm3", "self_intersections",
        "anatomy_max_mm", "anatomy_back_max_mm", "anatomy_band_mm", "anatomy_compared_share",
        "bottom_flatness_mm", "bottom_angle_deg", "height_mm", "base_below_mm",
    ]  # fmt: skip
    assert report["orientation"]["source"] == "given"
    assert report["orientation"]["normal"] == [0.0, 0.0, 1.0]
    assert report["edits"] == {"edited_mm2": 0.0, "edited_share": 0.0, "outside_defects_mm2": 0.0}
    assert "not confirmed" in report["review"][0]["detail"]
    assert len(report["not_checked"]) >= 5
    matrix = np.array(report["model_from_scanner"])
    placed = apply_transform(matrix, arch.mesh.vertices)
    tips = placed[arch.mesh.vertices[:, 2] > np.percentile(arch.mesh.vertices[:, 2], 98)]
    assert abs(np.median(tips[:, 2])) < 3  # the origin lies on the occlusal plane
    assert encode_report(report).endswith(b"\n")


def test_the_same_twice(arch, model):
    again = _model(arch.mesh)
    assert encode_stl(again.mesh) == encode_stl(model.mesh)
    assert encode_ply(again.mesh) == encode_ply(model.mesh)
    assert encode_report(again.report()) == encode_report(model.report())


def test_inputs_are_left_alone(dome):
    colours = np.arange(3 * dome.vertex_count).reshape(-1, 3) % 251
    labels = np.arange(dome.vertex_count)
    scan = TriangleMesh(
        dome.vertices.copy(), dome.faces.copy(), colours.astype(np.uint8), {"fdi": labels}
    )
    before = [x.copy() for x in (scan.vertices, scan.faces, scan.colours, labels)]
    for array in (scan.vertices, scan.faces, scan.colours, labels):
        array.setflags(write=False)
    made = _model(scan)
    after = (scan.vertices, scan.faces, scan.colours, scan.attributes["fdi"])
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    # Colours and labels go with their vertices; the base gets those of its neighbours.
    away, source = cKDTree(scan.vertices).query(made.mesh.vertices)
    same = away == 0
    assert same.sum() == scan.vertex_count
    assert np.array_equal(made.mesh.colours[same], scan.colours[source[same]])
    assert np.array_equal(made.mesh.attributes["fdi"][same], labels[source[same]])


def test_progress_rises_and_cancels(dome):
    seen = []
    _model(dome, progress=CancellableProgress(lambda name, done: seen.append((name, done))))
    assert {"prepare the scan", "build the base", "measure the model"} <= {n for n, _ in seen}
    assert all(0 <= done <= 1 for _, done in seen)
    for stop in range(len(seen)):
        progress = _StopsAfter(stop)
        with pytest.raises(CancelledError):
            _model(dome, progress=progress)
        assert progress.steps == stop + 1


class _StopsAfter(CancellableProgress):
    """A person who asks to stop after so many steps."""

    def __init__(self, steps):
        super().__init__()
        self.left, self.steps = steps, 0

    def step(self, name, done):
        if self.steps == self.left:
            self.cancel()
        self.steps += 1
        super().step(name, done)


def _bow_tie(dome):
    """Two domes that share one vertex of their rims."""
    other = dome.vertices + dome.vertices[_rim(dome)[-1]] - dome.vertices[_rim(dome)[0]]
    faces = dome.faces + dome.vertex_count
    faces[faces == dome.vertex_count + _rim(dome)[0]] = _rim(dome)[-1]
    return _compact(np.vstack([dome.vertices, other]), np.concatenate([dome.faces, faces]))


def _branching(dome):
    """A fin on an inner edge."""
    a, b = dome.faces[dome.face_count // 2, :2]
    top = dome.vertices[a] + [0, 0, 5]
    return TriangleMesh(
        np.vstack([dome.vertices, top]), np.vstack([dome.faces, [a, b, dome.vertex_count]])
    )


def _disagreeing(dome):
    faces = dome.faces.copy()
    faces[dome.face_count // 2] = faces[dome.face_count // 2, ::-1]
    return TriangleMesh(dome.vertices, faces)


def _doubled_corner(dome):
    return TriangleMesh(dome.vertices, np.vstack([dome.faces, [0, 0, 1]]))


MESH_REFUSALS = {
    "closed": (lambda _: sphere(2), InputError, "already a solid"),
    "no faces": (lambda dome: TriangleMesh(dome.vertices, dome.faces[:0]), InputError, "no faces"),
    "bow-tie": (_bow_tie, NotManifoldError, "touches itself in a point"),
    "branching": (_branching, NotManifoldError, "more than two faces"),
    "disagreeing": (_disagreeing, MeshError, "disagree on winding"),
    "a vertex twice": (_doubled_corner, MeshError, "name a vertex twice"),
}


@pytest.mark.parametrize("name", MESH_REFUSALS)
def test_meshes_that_are_refused(dome, name):
    make, error, words = MESH_REFUSALS[name]
    with pytest.raises(error, match=words) as caught:
        make_model(make(dome), arch=LOWER, profile=STUDY, frame=_frame(dome))
    assert "\n" not in str(caught.value)


OPTION_REFUSALS = {
    "hollow": ({"body": "hollow"}, "Hollow models are not made"),
    "unknown body": ({"body": "jelly"}, "'jelly' is not a body"),
    "label": ({"label": "A1"}, "Labels are not engraved"),
    "wall of a solid": ({"wall_mm": 2.0}, "has no wall"),
    "unknown frame": ({"output_frame": "room"}, "'room' is not an output frame"),
    "base too low": ({"base_height_mm": 0.1}, "can't be made"),
    "base too high": ({"base_height_mm": 1000.0}, "can't be made"),
    "base not a number": ({"base_height_mm": float("nan")}, "can't be made"),
}


@pytest.mark.parametrize("name", OPTION_REFUSALS)
def test_options_that_are_refused(dome, name):
    options, words = OPTION_REFUSALS[name]
    with pytest.raises(InputError, match=words):
        _model(dome, **options)


def test_a_failed_check_holds(dome):
    """A scan that crosses itself far from the rim is no printable solid, and is not passed."""
    vertices = dome.vertices.copy()
    inner = np.setdiff1d(np.arange(len(vertices)), _rim(dome))
    top = inner[np.argmin(np.linalg.norm(vertices[inner, :2], axis=1))]
    vertices[top] = vertices[top] + [6.0, 1.0, -2.1]
    crossed = TriangleMesh(vertices.astype(np.float32).astype(np.float64), dome.faces)
    assert len(referee.meetings(crossed.vertices, crossed.faces)) > 0
    made = _model(crossed, confirmed=True)
    assert made.checks.self_intersections > 0
    assert made.verdict is Verdict.HOLD
    invalid = [f for f in made.findings if f.kind is FindingKind.MODEL_INVALID]
    assert invalid
    assert all(f.severity is Severity.HOLD for f in invalid)
