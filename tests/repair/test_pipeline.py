"""The repair engine as a whole, judged by the referee and by what the damage took away."""

from dataclasses import replace

import numpy as np
import pytest

from stsbench.domain.answers import Answers
from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.verdicts import Verdict
from stsbench.errors import CancelledError, MeshError
from stsbench.files.records import encode_edits, encode_report
from stsbench.files.scans import decode_scan, encode_ply, encode_stl
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from tests.repair.damage import (
    PLAN,
    at,
    beside,
    bow_tie,
    copied,
    damaged_dome,
    degenerate,
    dome,
    fin,
    flipped,
    fold,
    hole,
    island,
    moebius,
    spike,
    with_faces,
    with_vertices,
)
from tests.repair.referee import (
    as_stl,
    border_loops,
    edge_counts,
    identical_faces,
    judge,
)
from tests.shapes import sphere

STUDY = load_profile("study")
# A vertex farther than this from the middle of every defect of the plan is away from the damage.
AWAY_MM = 2.4


def single(values):
    return values.astype(np.float32)


def check_sound(vertices, faces, *, loops=1, intersections=True):
    """The referee finds nothing, in memory and after an STL round trip."""
    for name, (v, f) in {"memory": (vertices, faces), "stl": as_stl(vertices, faces)}.items():
        found = judge(v, f, intersections=intersections and name == "stl")
        assert found.branching_edges == 0, name
        assert found.bow_ties == 0, name
        assert found.components == 1, name
        assert found.loops == loops, name
        assert found.badly_wound_edges == 0, name
        assert found.degenerate == 0, name
        assert found.duplicates == 0, name
        assert found.doubled_vertices == 0, name
        assert found.unreferenced == 0, name
        assert found.meetings <= 0, name


def check_record(before, result):
    """The edit record tells the truth about the mesh it comes with."""
    after, edits = result.mesh, result.edits
    assert edits.vertex_source.shape == (after.vertex_count,)
    assert edits.face_source.shape == edits.added_reason.shape == (after.face_count,)
    old = edits.vertex_source >= 0
    assert np.array_equal(
        single(after.vertices[old]), single(before.vertices[edits.vertex_source[old]])
    )
    assert not edits.vertex_moved_mm.any()
    kept = edits.face_source >= 0
    ours = single(after.vertices)[after.faces[kept]]
    theirs = single(before.vertices)[before.faces[edits.face_source[kept]]]
    turns = [np.roll(theirs, k, axis=1) for k in range(3)]
    turns += [np.roll(theirs[:, ::-1], k, axis=1) for k in range(3)]
    same = np.array([(ours == turn).all(axis=(1, 2)) for turn in turns])
    assert same.any(axis=0).all()
    assert np.array_equal(
        np.sort(np.concatenate([edits.face_source[kept], edits.removed_face])),
        np.arange(before.face_count),
    )
    assert (edits.removed_reason != EditReason.NONE).all()
    assert np.array_equal(edits.added_reason != EditReason.NONE, ~kept)
    return same


def border_of(mesh):
    """Vertices on open edges as sorted float32 rows."""
    unique, counts = edge_counts(mesh.faces)
    return np.unique(single(mesh.vertices[np.unique(unique[counts == 1])]), axis=0)


def check_untouched(before, result):
    assert single(result.mesh.vertices).tobytes() == single(before.vertices).tobytes()
    assert result.mesh.faces.tobytes() == before.faces.tobytes()
    assert np.array_equal(result.edits.vertex_source, np.arange(before.vertex_count))
    assert np.array_equal(result.edits.face_source, np.arange(before.face_count))
    assert not len(result.edits.removed_face)
    assert result.edited_mm2 == 0


def of_kind(result, kind):
    return [finding for finding in result.findings if finding.kind is kind]


def clone(mesh):
    return TriangleMesh(mesh.vertices.copy(), mesh.faces.copy(), mesh.colours, mesh.attributes)


@pytest.fixture(scope="module")
def case():
    mesh, places = damaged_dome()
    return mesh, places, repair_scan(mesh, profile=STUDY)


def test_a_damaged_dome_comes_back_sound(case):
    _, _, result = case
    check_sound(result.mesh.vertices, result.mesh.faces)
    through_stl = decode_scan(encode_stl(result.mesh))
    assert single(through_stl.vertices[through_stl.faces]).tobytes() == (
        single(result.mesh.vertices[result.mesh.faces]).tobytes()
    )
    check_sound(through_stl.vertices, through_stl.faces, intersections=False)
    assert np.array_equal(border_of(result.mesh), border_of(dome()))
    assert result.verdict is Verdict.REVIEW  # the hole of 8 mm may lie on a tooth
    assert not [f for f in result.findings if f.severity is Severity.HOLD]


def test_nothing_changes_away_from_the_damage(case):
    _, places, result = case
    clean = dome()
    distance = np.linalg.norm(clean.vertices[:, None] - places, axis=2).min(axis=1)
    away = distance > AWAY_MM
    assert away.sum() > clean.vertex_count / 2
    there = {row.tobytes() for row in single(result.mesh.vertices)}
    assert all(row.tobytes() in there for row in single(clean.vertices[away]))
    quiet = away[clean.faces].all(axis=1)
    kept = identical_faces(
        result.mesh.vertices, result.mesh.faces, clean.vertices, clean.faces[quiet]
    )
    assert kept.all()
    # And no further face lies there: an added one would have a corner within the damage.
    added = result.mesh.vertices[result.mesh.faces[result.edits.face_source < 0]]
    assert np.linalg.norm(added[:, :, None] - places, axis=3).min(axis=2).max() < AWAY_MM


def test_the_surface_is_close_to_the_clean_one(case):
    _, _, result = case
    clean = dome()
    added = result.mesh.vertices[result.edits.vertex_source < 0]
    assert len(added)
    cell = np.linalg.norm(clean.vertices[None, :, :2] - added[:, None, :2], axis=2).argmin(axis=1)
    assert np.abs(added[:, 2] - clean.vertices[cell, 2]).max() < 0.6


def test_the_edit_record_agrees_with_the_mesh(case):
    mesh, _, result = case
    same = check_record(mesh, result)
    turned = ~same[:3].any(axis=0)  # found only against the old winding
    kept = result.edits.face_source[result.edits.face_source >= 0]
    backwards = np.cross(
        mesh.vertices[mesh.faces[:, 1]] - mesh.vertices[mesh.faces[:, 0]],
        mesh.vertices[mesh.faces[:, 2]] - mesh.vertices[mesh.faces[:, 0]],
    )[:, 2]
    assert np.array_equal(np.flatnonzero(turned), np.flatnonzero(backwards[kept] < 0))
    assert turned.sum() >= 20
    removed = set(result.edits.removed_reason.tolist())
    for reason in (
        EditReason.DUPLICATE,
        EditReason.DEGENERATE,
        EditReason.NON_MANIFOLD_EDGE,
        EditReason.ISLAND,
        EditReason.SPIKE,
        EditReason.FOLD,
    ):
        assert reason in removed, reason
    counts = np.bincount(result.edits.removed_reason, minlength=16)
    assert counts[EditReason.DUPLICATE] == 6
    assert counts[EditReason.DEGENERATE] == 3
    assert counts[EditReason.NON_MANIFOLD_EDGE] == 2
    assert counts[EditReason.ISLAND] == 18
    assert 12 <= counts[EditReason.SPIKE] <= 40
    assert EditReason.HOLE_FILL in result.edits.added_reason


def test_the_report_sums_up_the_record(case):
    _, _, result = case
    report = result.report()
    assert report["schema"] == "stsbench.repair/1"
    assert report["faces_count"] == result.mesh.face_count
    edits = report["edits"]
    assert edits["added_faces_count"] == (result.edits.face_source < 0).sum()
    assert edits["removed_faces_count"] == len(result.edits.removed_face)
    added = result.mesh.faces[result.edits.face_source < 0]
    a, b, c = (result.mesh.vertices[added[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    assert edits["edited_mm2"] == pytest.approx(area, abs=1e-3)
    whole = judge(result.mesh.vertices, result.mesh.faces, intersections=False).area_mm2
    assert edits["edited_share"] == pytest.approx(area / whole, abs=1e-5)
    assert len(report["findings"]) == len(result.findings)
    assert len(report["review"]) == len(result.review)
    assert report["not_checked"]


def test_the_same_scan_gives_the_same_bytes_twice(case):
    mesh, _, result = case
    again = repair_scan(clone(mesh), profile=STUDY)
    assert encode_ply(again.mesh) == encode_ply(result.mesh)
    assert encode_edits(again.edits) == encode_edits(result.edits)
    assert encode_report(again.report()) == encode_report(result.report())


def test_a_repaired_scan_needs_no_repair(case):
    _, _, result = case
    again = repair_scan(result.mesh, profile=STUDY)
    check_untouched(result.mesh, again)
    assert again.verdict is Verdict.PASS


def test_the_scan_passed_in_is_not_changed():
    mesh, _ = damaged_dome()
    mesh.vertices.setflags(write=False)
    mesh.faces.setflags(write=False)
    before = mesh.vertices.tobytes(), mesh.faces.tobytes()
    repair_scan(mesh, profile=STUDY)
    assert (mesh.vertices.tobytes(), mesh.faces.tobytes()) == before


@pytest.mark.parametrize(
    ("damage", "kinds"),
    [
        (lambda m: hole(m, 8, 20), {FindingKind.HOLE}),
        (lambda m: spike(m, 8, 20), {FindingKind.SPIKE}),
        (lambda m: spike(m, 8, 20, height_mm=-3), {FindingKind.SPIKE}),
        (lambda m: fin(m, 8, 20), {FindingKind.NON_MANIFOLD_EDGE}),
        (lambda m: bow_tie(m, 8, 20), {FindingKind.NON_MANIFOLD_VERTEX, FindingKind.HOLE}),
        (lambda m: flipped(m, 8, 20), {FindingKind.FLIPPED_WINDING}),
        (lambda m: copied(m, 8, 20), {FindingKind.DUPLICATE_FACE}),
        (lambda m: degenerate(m, 8, 20), {FindingKind.DEGENERATE_FACE}),
        (lambda m: fold(m, 8, 20), {FindingKind.FOLD}),
        (island, {FindingKind.ISLAND}),
        (lambda m: with_vertices(m, [(1, 2, 3)]), {FindingKind.UNREFERENCED_VERTEX}),
        (
            lambda m: replace(m, faces=m.faces[:, ::-1]),
            {FindingKind.FLIPPED_WINDING},
        ),
    ],
    ids=[
        "hole",
        "spike",
        "pit",
        "fin",
        "bow-tie",
        "flipped",
        "copies",
        "degenerate",
        "fold",
        "island",
        "loose-vertex",
        "inside-out",
    ],
)
def test_each_defect_alone_is_named_and_repaired(damage, kinds):
    clean = dome(16)
    mesh = damage(clean)
    result = repair_scan(mesh, profile=STUDY)
    seen = {f.kind for f in result.findings} - {
        FindingKind.BORDER,
        FindingKind.UNREFERENCED_VERTEX,
    }
    assert seen == kinds - {FindingKind.UNREFERENCED_VERTEX}
    for kind in kinds:
        assert of_kind(result, kind)
    check_sound(result.mesh.vertices, result.mesh.faces)
    check_record(mesh, result)
    assert np.array_equal(border_of(result.mesh), border_of(clean))
    assert (np.cross(*np.diff(result.mesh.vertices[result.mesh.faces], axis=1).swapaxes(0, 1)))[
        :, 2
    ].min() > 0


def test_a_seam_of_doubled_vertices_is_welded():
    clean = dome(16)
    mesh = TriangleMesh(
        clean.vertices[clean.faces].reshape(-1, 3),
        np.arange(3 * clean.face_count).reshape(-1, 3),
    )
    result = repair_scan(mesh, profile=STUDY)
    check_sound(result.mesh.vertices, result.mesh.faces)
    assert result.mesh.vertex_count == clean.vertex_count
    assert result.mesh.face_count == clean.face_count
    check_record(mesh, result)


def test_a_clean_scan_comes_back_as_it_is():
    clean = dome()
    result = repair_scan(clean, profile=STUDY)
    check_untouched(clean, result)
    assert result.verdict is Verdict.PASS
    assert [f.kind for f in result.findings] == [FindingKind.BORDER]
    assert result.review == ()


def test_colours_and_attributes_stay_and_spread_into_patches(case):
    mesh, _, plain = case
    count = np.arange(mesh.vertex_count)
    colours = np.stack([count % 251, count % 241, count % 239], axis=1).astype(np.uint8)
    attributes = {
        "fdi": np.where(mesh.vertices[:, 0] < 12, 36, 46).astype(np.int16),
        "depth": mesh.vertices[:, 0] * 2,
    }
    coloured = TriangleMesh(mesh.vertices, mesh.faces, colours, attributes)
    result = repair_scan(coloured, profile=STUDY)
    assert encode_edits(result.edits) == encode_edits(plain.edits)
    source = result.edits.vertex_source
    old = source >= 0
    assert np.array_equal(result.mesh.colours[old], colours[source[old]])
    for name, values in attributes.items():
        assert result.mesh.attributes[name].dtype == values.dtype
        assert np.array_equal(result.mesh.attributes[name][old], values[source[old]])
    new = result.mesh.vertices[~old]
    assert np.abs(result.mesh.attributes["depth"][~old] - 2 * new[:, 0]).max() < 2.0
    sides = np.where(new[:, 0] < 12, 36, 46)
    clear = np.abs(new[:, 0] - 12) > 2
    assert np.array_equal(result.mesh.attributes["fdi"][~old][clear], sides[clear])


def test_the_ortho_record_is_never_edited(case):
    mesh, _, _ = case
    result = repair_scan(mesh, profile=load_profile("ortho-record"))
    check_untouched(mesh, result)
    assert result.verdict is Verdict.HOLD
    assert {f.action for f in result.findings} == {Action.NONE}
    assert repair_scan(dome(), profile=load_profile("ortho-record")).verdict is Verdict.PASS


TWO_HOLES = hole(hole(dome(18), 6, 12, reach=1), 10, 34)  # loops 1 (larger) and 2


@pytest.mark.parametrize(
    ("answers", "loops", "verdict"),
    [
        ({}, 1, Verdict.REVIEW),
        ({"hole/1": "keep_open"}, 2, Verdict.REVIEW),
        ({"hole/1": "keep_open", "hole/2": "keep_open"}, 3, Verdict.REVIEW),
        ({"hole/2": "keep_open"}, 2, Verdict.REVIEW),
        ({"loop/2": "border"}, 2, Verdict.REVIEW),
        ({"loop/1": "border"}, 2, Verdict.PASS),
        ({"loop/0": "hole"}, 1, Verdict.HOLD),
        ({"hole/9": "fill", "loop/9": "hole"}, 1, Verdict.REVIEW),
    ],
    ids=lambda value: repr(value) if isinstance(value, dict) else None,
)
def test_answers_decide_about_loops(answers, loops, verdict):
    result = repair_scan(TWO_HOLES, profile=STUDY, answers=Answers(answers))
    assert border_loops(result.mesh.faces) == loops
    assert result.verdict is verdict
    check_sound(result.mesh.vertices, result.mesh.faces, loops=loops)
    open_holes = [f for f in of_kind(result, FindingKind.HOLE) if f.action is Action.LEFT_OPEN]
    borders = of_kind(result, FindingKind.BORDER)
    assert len(open_holes) + len(borders) == loops


def test_a_hole_above_the_limit_stays_open_until_it_is_answered():
    mesh = hole(dome(20), 10, 24, reach=4)  # 20 mm about
    result = repair_scan(mesh, profile=STUDY)
    (found,) = of_kind(result, FindingKind.HOLE)
    assert 15 < found.size_mm < 22
    assert (found.action, found.severity) == (Action.LEFT_OPEN, Severity.HOLD)
    assert result.verdict is Verdict.HOLD
    assert (result.edits.face_source >= 0).all()
    check_sound(result.mesh.vertices, result.mesh.faces, loops=2)
    answered = repair_scan(mesh, profile=STUDY, answers=Answers({"hole/1": "fill"}))
    check_sound(answered.mesh.vertices, answered.mesh.faces)
    assert answered.verdict is Verdict.REVIEW
    # Wider limits fill it unasked.
    assert border_loops(repair_scan(mesh, profile=load_profile("denture")).mesh.faces) == 1


def test_nothing_is_filled_at_a_preparation_without_a_margin_line():
    result = repair_scan(TWO_HOLES, profile=STUDY, preparation=True)
    assert border_loops(result.mesh.faces) == 3
    assert (result.edits.face_source >= 0).all()
    assert result.verdict is Verdict.HOLD
    assert of_kind(result, FindingKind.PREPARATION_UNMARKED)
    assert {f.action for f in of_kind(result, FindingKind.HOLE)} == {Action.LEFT_OPEN}


def test_with_a_margin_line_only_holes_away_from_it_are_filled():
    mesh = TWO_HOLES
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.stack([2.5 * np.cos(turn), 2.5 * np.sin(turn), 0 * turn], axis=1)
    line = ring + dome(18).vertices[at(6, 12)]
    result = repair_scan(mesh, profile=STUDY, preparation=True, margin_line=line)
    assert border_loops(result.mesh.faces) == 2
    actions = [f.action for f in of_kind(result, FindingKind.HOLE)]
    assert actions == [Action.LEFT_OPEN, Action.FILLED]
    assert result.verdict is Verdict.HOLD
    far = repair_scan(mesh, profile=STUDY, preparation=True, margin_line=line + 40.0)
    assert border_loops(far.mesh.faces) == 1


class StopAt:
    """Stops the work at its n-th step."""

    def __init__(self, count):
        self.left = count

    def step(self, name, done):
        assert 0 <= done <= 1
        self.left -= 1
        if self.left < 0:
            raise CancelledError("Stopped.", "Go on.")


def test_cancelling_at_any_step_changes_nothing(case):
    mesh, _, result = case
    mesh = clone(mesh)
    before = mesh.vertices.tobytes(), mesh.faces.tobytes()
    stopped = 0
    while True:
        try:
            whole = repair_scan(mesh, profile=STUDY, progress=StopAt(stopped))
            break
        except CancelledError:
            stopped += 1
            assert (mesh.vertices.tobytes(), mesh.faces.tobytes()) == before
    assert stopped >= 8
    assert encode_ply(whole.mesh) == encode_ply(result.mesh)


def test_a_one_sided_surface_holds_and_claims_nothing():
    strip = moebius()
    result = repair_scan(strip, profile=STUDY)
    assert result.verdict is Verdict.HOLD
    assert of_kind(result, FindingKind.NOT_ORIENTABLE)
    claimed = {Action.FILLED, Action.REPAIRED}
    assert not [f for f in result.findings if f.action in claimed]
    assert (result.edits.face_source >= 0).all()
    assert result.mesh.face_count == strip.face_count


def test_a_one_sided_scrap_goes_with_the_islands():
    scrap = moebius(radius_mm=1.2, width_mm=0.6)
    mesh = beside(hole(dome(16), 8, 20), scrap, shift_mm=(12, 10, 15))
    result = repair_scan(mesh, profile=STUDY)
    check_sound(result.mesh.vertices, result.mesh.faces)
    (found,) = of_kind(result, FindingKind.ISLAND)
    assert (found.action, found.faces_count) == (Action.REMOVED, scrap.face_count)
    assert not of_kind(result, FindingKind.NOT_ORIENTABLE)
    assert of_kind(result, FindingKind.HOLE)[0].action is Action.FILLED


def test_a_second_large_piece_is_kept_and_holds():
    other = dome(20, 24)
    mesh = beside(dome(), other, shift_mm=(40, 0, 0))
    result = repair_scan(mesh, profile=STUDY)
    check_untouched(mesh, result)
    (found,) = of_kind(result, FindingKind.ISLAND)
    assert (found.action, found.severity) == (Action.KEPT, Severity.HOLD)
    assert result.verdict is Verdict.HOLD


def test_a_piece_that_filling_closes_faces_outwards():
    """Open, it tells no side; once closed its volume does. A second repair turns nothing."""
    ball = sphere(3, 2.0)
    pierced = np.delete(ball.faces, [0, 1, 2, 3], axis=0)[:, ::-1]
    base = dome(40, 60)
    both = TriangleMesh(
        np.vstack([base.vertices, ball.vertices + np.array([0.0, 0.0, 30.0])]),
        np.vstack([base.faces, pierced + base.vertex_count]).astype(np.int32),
    )
    result = repair_scan(both, profile=STUDY, answers=Answers({"loop/1": "hole"}))
    piece = result.mesh.vertices[:, 2] > 25.0
    closed = result.mesh.faces[piece[result.mesh.faces].all(axis=1)]
    a, b, c = (result.mesh.vertices[closed[:, j]] for j in range(3))
    assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6 > 25.0
    again = repair_scan(result.mesh, profile=STUDY)
    assert np.array_equal(again.mesh.faces, result.mesh.faces)


def test_a_single_triangle_is_left_alone():
    mesh = TriangleMesh(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.0]]), np.array([[0, 1, 2]]))
    check_untouched(mesh, repair_scan(mesh, profile=STUDY))


def test_a_closed_sphere_is_left_alone_and_wound_outwards():
    ball = sphere(2)
    mesh = TriangleMesh(single(ball.vertices), ball.faces)
    result = repair_scan(mesh, profile=STUDY)
    check_untouched(mesh, result)
    assert result.verdict is Verdict.PASS
    inside_out = TriangleMesh(mesh.vertices, mesh.faces[:, ::-1])
    turned = repair_scan(inside_out, profile=STUDY).mesh
    volume = np.einsum("ij,ij->i", turned.vertices[turned.faces[:, 0]], np.cross(
        turned.vertices[turned.faces[:, 1]], turned.vertices[turned.faces[:, 2]])).sum()  # fmt: skip
    assert volume > 0


@pytest.mark.parametrize("scale", [1e9, 1e-9])
def test_absurd_sizes_come_back_or_are_refused_in_one_line(scale):
    clean = hole(dome(12, 12), 1, 1)
    mesh = TriangleMesh(single(clean.vertices * scale), clean.faces)
    try:
        result = repair_scan(mesh, profile=STUDY)
    except MeshError:
        return
    else:
        check_record(mesh, result)
        found = judge(*as_stl(result.mesh.vertices, result.mesh.faces), intersections=False)
        assert (found.branching_edges, found.bow_ties, found.badly_wound_edges) == (0, 0, 0)


@pytest.mark.parametrize(
    "faces",
    [
        [[0, 0, 0]] * 4,
        [[0, 1, 1], [2, 2, 1]],
        [[0, 1, 2]],
        np.zeros((0, 3), dtype=np.int32),
    ],
    ids=["one vertex", "two vertices", "on one line", "none"],
)
def test_a_scan_without_any_area_is_refused(faces):
    mesh = TriangleMesh(np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0.0]]), np.asarray(faces))
    with pytest.raises(MeshError):
        repair_scan(mesh, profile=STUDY)


def test_a_coordinate_beyond_float32_is_refused():
    mesh = TriangleMesh(np.array([[0, 0, 0], [1, 0, 0], [0, 1e39, 0]]), np.array([[0, 1, 2]]))
    with pytest.raises(MeshError):
        repair_scan(mesh, profile=STUDY)


def test_a_heap_of_loose_triangles_is_refused():
    rng = np.random.default_rng(7)
    corners = rng.uniform(-30, 30, (3000, 1, 3)) + rng.uniform(-0.5, 0.5, (3000, 3, 3))
    mesh = TriangleMesh(corners.reshape(-1, 3), np.arange(9000).reshape(-1, 3))
    with pytest.raises(MeshError, match="largest connected piece"):
        repair_scan(mesh, profile=STUDY)


def test_debris_beside_a_scan_goes():
    rng = np.random.default_rng(8)
    corners = (
        rng.uniform(5, 15, (300, 1, 3)) + rng.uniform(-0.2, 0.2, (300, 3, 3)) + np.array([0, 0, 20])
    )
    clean = dome(16)
    first = clean.vertex_count
    mesh = with_faces(
        with_vertices(clean, corners.reshape(-1, 3)), first + np.arange(900).reshape(-1, 3)
    )
    result = repair_scan(mesh, profile=STUDY)
    check_sound(result.mesh.vertices, result.mesh.faces)
    assert result.mesh.face_count == clean.face_count
    assert len(of_kind(result, FindingKind.ISLAND)) == 300


def test_the_plan_keeps_its_defects_apart():
    places = np.array([(row, column) for _, _, row, column, _ in PLAN])
    gaps = np.abs(places[:, None] - places).max(axis=2)[np.triu_indices(len(places), 1)]
    assert gaps.min() >= 8
