import numpy as np
import pytest

from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from tests.shapes import sheet

INNER = 6 * 13 + 6  # has six faces


def with_one_at(value):
    mesh = sheet(12, 12)
    vertices = mesh.vertices.copy()
    vertices[INNER] = (value, value, 0)
    return TriangleMesh(vertices, mesh.faces)


@pytest.mark.parametrize("value", [1e4, 1e6, 1e30])
def test_only_the_faces_at_a_vertex_far_off_go(value):
    mesh = with_one_at(value)
    before = mesh.vertices.copy()
    result = repair_scan(mesh, profile=load_profile("study"))
    assert np.array_equal(mesh.vertices, before)
    at_it = np.flatnonzero((mesh.faces == INNER).any(axis=1))
    assert np.array_equal(np.sort(result.edits.removed_face), at_it)
    far = [f for f in result.findings if f.kind is FindingKind.SPIKE]
    assert [(f.action, f.severity, f.faces_count) for f in far] == [
        (Action.REMOVED, Severity.REVIEW, 6)
    ]
    assert f"Vertex {INNER} is far off" in far[0].detail
    assert far[0].size_mm == pytest.approx(value * 2**0.5, rel=1e-3)
    # Six half squares of 0.5 mm, and a flat patch in their place.
    assert result.edited_mm2 == pytest.approx(6 * 0.125, rel=1e-6)
    assert result.mesh.vertices.max() <= 6.0


def test_a_large_part_far_off_is_not_taken_for_a_slip():
    """A hundredth of the vertices and more is a part of the file, whatever it means."""
    mesh = sheet(12, 12)
    vertices = np.concatenate([mesh.vertices, mesh.vertices[:20] + 1e4])
    faces = np.concatenate([mesh.faces, [[169, 170, 182]]]).astype(np.int32)
    result = repair_scan(TriangleMesh(vertices, faces), profile=load_profile("study"))
    assert not any(f.kind is FindingKind.SPIKE for f in result.findings)


def test_a_welded_scan_is_not_written_to():
    """Its arrays are shared with the draft instead of copied."""
    mesh = with_one_at(1e6)
    welded = TriangleMesh.of_welded(mesh.vertices, mesh.faces)
    before = welded.vertices.copy()
    result = repair_scan(welded, profile=load_profile("study"))
    assert len(result.edits.removed_face) == 6
    assert np.array_equal(welded.vertices, before)
