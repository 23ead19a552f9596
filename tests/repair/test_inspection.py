"""What inspection counts, against what was injected."""

import json

import numpy as np
import pytest

from stsbench.domain.findings import NOT_CHECKED, Action, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.verdicts import Verdict
from stsbench.errors import CancelledError, MeshError
from stsbench.files.records import encode_report
from stsbench.repair.inspection import inspect_scan
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
    with_vertices,
)

KIND = FindingKind
FINDING_KEYS = {
    "kind",
    "place_mm",
    "size_mm",
    "area_mm2",
    "faces_count",
    "severity",
    "action",
    "detail",
}
# Of `damaged_dome`: holes are those of the plan and two per bow-tie; the larger hole leaves nine
# vertices alone, the small one one; the block of nine vertices has 30 faces.
INJECTED = {
    KIND.HOLE: 6,
    KIND.BORDER: 1,
    KIND.ISLAND: 1,
    KIND.SPIKE: 2,
    KIND.FOLD: 2,
    KIND.NON_MANIFOLD_EDGE: 2,
    KIND.NON_MANIFOLD_VERTEX: 2,
    KIND.DEGENERATE_FACE: 3,
    KIND.DUPLICATE_FACE: 6,
    KIND.UNREFERENCED_VERTEX: 10,
    KIND.FLIPPED_WINDING: 30,
}


@pytest.fixture(scope="module")
def inspected():
    mesh, places = damaged_dome()
    return mesh, places, inspect_scan(mesh)


def test_every_kind_is_counted_as_injected(inspected):
    _, _, seen = inspected
    assert dict(seen.counts) == INJECTED


@pytest.mark.parametrize(
    ("damage", "counts"),
    [
        (lambda m: m, {}),
        (lambda m: hole(hole(m, 8, 10), 8, 30, reach=1), {
            KIND.HOLE: 2, KIND.UNREFERENCED_VERTEX: 10}),
        (lambda m: spike(spike(m, 8, 10), 8, 30, height_mm=-3), {KIND.SPIKE: 2}),
        (lambda m: fin(fin(fin(m, 4, 10), 8, 20), 8, 30), {KIND.NON_MANIFOLD_EDGE: 3}),
        (lambda m: bow_tie(m, 8, 20), {KIND.NON_MANIFOLD_VERTEX: 1, KIND.HOLE: 2}),
        (lambda m: flipped(m, 8, 20), {KIND.FLIPPED_WINDING: 30}),
        (lambda m: copied(m, 8, 20), {KIND.DUPLICATE_FACE: 6}),
        (lambda m: degenerate(m, 8, 20), {KIND.DEGENERATE_FACE: 3}),
        (lambda m: fold(fold(m, 8, 10), 8, 30), {KIND.FOLD: 2}),
        (lambda m: island(island(m), centre=(3, 3, 9)), {KIND.ISLAND: 2}),
        (lambda m: with_vertices(m, np.full((2, 3), 9.0)), {
            KIND.UNREFERENCED_VERTEX: 1, KIND.DUPLICATE_VERTEX: 1}),
        (lambda m: with_vertices(m, m.vertices[:7]), {KIND.DUPLICATE_VERTEX: 7}),
    ],
    ids=["clean", "holes", "spikes", "fins", "bow-tie", "flipped", "copies", "degenerate", "folds",
         "islands", "loose vertices", "doubled vertices"],
)  # fmt: skip
def test_a_defect_alone_is_counted_and_nothing_else(damage, counts):
    seen = inspect_scan(damage(dome(16)))
    assert dict(seen.counts) == {KIND.BORDER: 1, **counts}


def test_defects_are_placed_where_they_were_put(inspected):
    _, _, seen = inspected
    clean = dome()
    named = {"spike out": KIND.SPIKE, "spike in": KIND.SPIKE, "fold": KIND.FOLD,
             "fin": KIND.NON_MANIFOLD_EDGE, "bow-tie": KIND.NON_MANIFOLD_VERTEX,
             "hole": KIND.HOLE, "small hole": KIND.HOLE, "copies": KIND.DUPLICATE_FACE,
             "flipped": KIND.FLIPPED_WINDING, "degenerate": KIND.DEGENERATE_FACE}  # fmt: skip
    for name, _, row, column, _ in PLAN:
        place = clean.vertices[at(row, column)]
        found = [f for f in seen.findings if f.kind is named[name]]
        gaps = [np.linalg.norm(np.subtract(f.place_mm, place)[:2]) for f in found]
        assert min(gaps) < 1.6, name


def test_sizes_are_those_of_the_damage(inspected):
    _, _, seen = inspected
    heights = sorted(f.size_mm for f in seen.findings if f.kind is KIND.SPIKE)
    assert heights == pytest.approx([2.5, 3.0], abs=0.3)
    rims = sorted(f.size_mm for f in seen.findings if f.kind is KIND.HOLE)
    # Four cells a side on a slope; six edges about one vertex.
    assert rims[-1] == pytest.approx(8.0, rel=0.15)
    assert rims[-2] == pytest.approx(4 * 0.5 + 2 * 0.5 * 2**0.5, rel=0.15)


def test_inspection_names_and_changes_nothing(inspected):
    mesh, _, seen = inspected
    assert {f.action for f in seen.findings} == {Action.NONE}
    harmless = {KIND.BORDER, KIND.UNREFERENCED_VERTEX}
    for finding in seen.findings:
        assert (finding.severity is Severity.NOTE) == (finding.kind in harmless)
    assert seen.verdict is Verdict.REVIEW
    again, _ = damaged_dome()
    assert mesh.vertices.tobytes() == again.vertices.tobytes()
    assert mesh.faces.tobytes() == again.faces.tobytes()


def test_inspection_and_repair_see_the_same(inspected):
    mesh, _, seen = inspected
    repaired = repair_scan(mesh, profile=load_profile("study"))
    for kind in KIND:
        assert sum(f.kind is kind for f in seen.findings) == sum(
            f.kind is kind for f in repaired.findings
        ), kind


def test_the_report_has_its_schema(inspected):
    mesh, _, seen = inspected
    report = seen.report()
    assert sorted(report) == [
        "counts",
        "extents_mm",
        "faces_count",
        "findings",
        "not_checked",
        "schema",
        "verdict",
        "vertices_count",
    ]
    assert report["schema"] == "stsbench.inspect/1"
    assert report["faces_count"] == mesh.face_count
    assert report["vertices_count"] == mesh.vertex_count
    assert report["extents_mm"] == [round(float(x), 4) for x in mesh.extents_mm]
    assert report["counts"] == {kind.value: INJECTED[kind] for kind in KIND if kind in INJECTED}
    assert report["not_checked"] == list(NOT_CHECKED)
    order = [kind.value for kind in KIND]
    kinds = [order.index(finding["kind"]) for finding in report["findings"]]
    assert kinds == sorted(kinds)
    for finding in report["findings"]:
        assert set(finding) == FINDING_KEYS
        assert len(finding["place_mm"]) == 3
    assert encode_report(report) == encode_report(inspect_scan(mesh).report())
    json.loads(encode_report(report))


def test_a_clean_scan_passes():
    assert inspect_scan(dome(16)).verdict is Verdict.PASS


def test_more_of_a_kind_than_a_report_lists_is_still_counted():
    clean = dome(16)
    mesh = TriangleMesh(clean.vertices, np.concatenate([clean.faces, clean.faces[:700]]))
    seen = inspect_scan(mesh)
    assert seen.counts[KIND.DUPLICATE_FACE] == 700
    assert sum(f.kind is KIND.DUPLICATE_FACE for f in seen.findings) == 500


def test_one_sided_surfaces_are_named():
    seen = inspect_scan(moebius())
    assert seen.counts[KIND.NOT_ORIENTABLE] == 1
    assert seen.verdict is Verdict.HOLD
    scrap = beside(dome(16), moebius(radius_mm=1.2, width_mm=0.6), shift_mm=(12, 4, 15))
    assert KIND.ISLAND in inspect_scan(scrap).counts


def test_a_scan_without_faces_is_refused_and_one_without_area_is_described():
    with pytest.raises(MeshError):
        inspect_scan(TriangleMesh(np.zeros((3, 3)), np.zeros((0, 3), dtype=np.int32)))
    nothing = TriangleMesh(np.zeros((3, 3)), np.zeros((2, 3), dtype=np.int32))
    assert inspect_scan(nothing).counts[KIND.DEGENERATE_FACE] == 2


def test_it_can_be_cancelled():
    class Stop:
        def step(self, name, done):
            raise CancelledError("Stopped.", "Go on.")

    with pytest.raises(CancelledError):
        inspect_scan(dome(4), progress=Stop())
