import numpy as np
import pytest

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.mesh import TriangleMesh
from stsbench.qa.deviation import measure_deviation, untouched_vertices
from tests.qa.bodies import filled_hole, joined
from tests.shapes import sheet


def identity_record(mesh, *, removed=()):
    removed = np.asarray(removed, np.int32)
    kept = np.setdiff1d(np.arange(mesh.face_count), removed).astype(np.int32)
    return EditRecord(
        np.arange(mesh.vertex_count, dtype=np.int32),
        np.zeros(mesh.vertex_count, np.float32),
        kept,
        removed,
        np.full(len(removed), EditReason.ISLAND, np.uint8),
        np.zeros(len(kept), np.uint8),
    )


def moved(mesh, vertex, by):
    vertices = mesh.vertices.copy()
    vertices[vertex] += by
    return TriangleMesh(vertices, mesh.faces)


def test_an_untouched_scan_deviates_nowhere():
    mesh = sheet(12, 12, height=lambda x, y: 0.3 * np.sin(x) * np.cos(y))
    found = measure_deviation(mesh, mesh, identity_record(mesh))
    assert found.untouched.all()
    assert found.untouched_max_mm == pytest.approx(0.0, abs=1e-12)
    assert found.untouched_p99_mm == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("by", "sign"), [(0.03, 1.0), (-0.03, -1.0)])
def test_material_added_is_positive_in_both_directions(by, sign):
    mesh = sheet(12, 12)
    after = moved(mesh, 84, (0, 0, by))  # an inner vertex, raised or lowered
    found = measure_deviation(mesh, after, identity_record(mesh))
    assert found.repaired_mm[84] == pytest.approx(by, abs=1e-9)
    assert np.sign(found.scan_mm[84]) == sign
    assert found.untouched_max_mm == pytest.approx(0.03, abs=1e-9)


def test_a_vertex_that_slides_along_the_surface_is_caught():
    mesh = sheet(12, 12)
    found = measure_deviation(mesh, moved(mesh, 84, (0.02, 0, 0)), identity_record(mesh))
    assert found.untouched_max_mm == pytest.approx(0.02, abs=1e-9)


def test_a_record_that_says_nothing_moved_is_not_believed():
    mesh = sheet(12, 12)
    lifted = TriangleMesh(mesh.vertices + np.array([0, 0, 0.2]), mesh.faces)
    found = measure_deviation(mesh, lifted, identity_record(mesh))
    assert found.untouched_p99_mm == pytest.approx(0.2, abs=1e-9)


def test_the_rim_of_a_removed_face_is_touched():
    mesh = sheet(6, 6)
    record = identity_record(mesh, removed=[0, 1])
    touched = ~untouched_vertices(mesh, record)
    assert set(np.flatnonzero(touched)) == set(np.unique(mesh.faces[[0, 1]]))


def test_a_filled_hole_leaves_the_scan_untouched():
    mesh = sheet(20, 20, height=lambda x, y: 0.1 * x * y)
    original, record = filled_hole(mesh, (5.0, 5.0, 2.5), 1.0)
    found = measure_deviation(original, mesh, record)
    assert found.untouched_max_mm == pytest.approx(0.0, abs=1e-12)
    used = np.zeros(original.vertex_count, bool)
    used[original.faces] = True
    assert (found.untouched == used).all()


def test_what_is_gone_reads_as_taken_away():
    mesh = sheet(8, 8)
    island = TriangleMesh(sheet(2, 2).vertices + np.array([1.0, 1.0, 10.0]), sheet(2, 2).faces)
    both = joined(mesh, island)
    removed = np.arange(mesh.face_count, both.face_count)
    record = identity_record(both, removed=removed)
    after = TriangleMesh(both.vertices, mesh.faces)
    found = measure_deviation(both, after, record)
    assert (found.scan_mm[mesh.vertex_count :] == -np.inf).all()
    assert found.untouched_max_mm == pytest.approx(0.0, abs=1e-12)


def test_a_repair_that_left_nothing_has_no_untouched_figure():
    mesh = sheet(2, 2)
    record = identity_record(mesh, removed=np.arange(mesh.face_count))
    empty = TriangleMesh(mesh.vertices, np.zeros((0, 3), np.int32))
    found = measure_deviation(mesh, empty, record)
    assert found.untouched_max_mm is None
    assert found.untouched_p99_mm is None
    assert (found.scan_mm == -np.inf).all()


def test_a_vertex_made_anew_is_measured_by_its_surface():
    mesh = sheet(12, 12)
    record = identity_record(mesh)
    source = record.vertex_source.copy()
    source[84] = -1  # the record calls it added, so no pair of vertices shows the move
    forged = EditRecord(
        source,
        record.vertex_moved_mm,
        record.face_source,
        record.removed_face,
        record.removed_reason,
        record.added_reason,
    )
    found = measure_deviation(mesh, moved(mesh, 84, (0, 0, 0.3)), forged)
    assert found.untouched_max_mm > 0.1
