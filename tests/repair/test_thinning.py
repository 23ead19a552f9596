"""Decimation: within its bound, borders and colours kept, nothing turned over or passed through."""

import numpy as np
import pytest

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import InputError
from stsbench.geometry.distance import point_to_surface
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.repair.thinning import decimate_result, decimate_scan
from tests.repair.damage import dome, hole
from tests.repair.tooled import check_sound, coloured
from tests.shapes import sheet, sphere


def single(mesh):
    return TriangleMesh(
        mesh.vertices.astype(np.float32).astype(np.float64), mesh.faces, mesh.colours
    )


def border_edges(mesh):
    edges = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, uses = np.unique(edges, axis=0, return_counts=True)
    ends = mesh.vertices[unique[uses == 1]].reshape(-1, 6)
    return {tuple(sorted((tuple(row[:3]), tuple(row[3:])))) for row in ends}


def test_a_plane_keeps_its_border_and_hardly_more():
    mesh = coloured(sheet(20, 48))
    thin = decimate_scan(mesh, bound_mm=0.01)
    found = check_sound(thin.mesh, loops=1)
    assert found.area_mm2 == pytest.approx(240.0)
    assert border_edges(thin.mesh) == border_edges(mesh)
    rim = 2 * (20 + 48)
    assert rim - 2 <= thin.mesh.face_count <= rim + 40
    assert thin.deviation_mm < 1e-9
    assert np.array_equal(thin.mesh.colours, mesh.colours[thin.vertex_source])
    assert np.array_equal(
        thin.mesh.attributes["tooth"], mesh.attributes["tooth"][thin.vertex_source]
    )


@pytest.mark.parametrize("bound_mm", [0.02, 0.05])
def test_a_ball_stays_within_its_bound_both_ways(bound_mm):
    mesh = single(sphere(4))
    thin = decimate_scan(mesh, bound_mm=bound_mm)
    check_sound(thin.mesh, loops=0)
    assert thin.mesh.face_count < (0.3 if bound_mm > 0.02 else 0.5) * mesh.face_count
    assert 0 < thin.deviation_mm <= bound_mm
    back, _, _ = point_to_surface(mesh.vertices, thin.mesh.vertices, thin.mesh.faces)
    middles = thin.mesh.vertices[thin.mesh.faces].mean(axis=1)
    there, _, _ = point_to_surface(middles, mesh.vertices, mesh.faces)
    assert max(back.max(), there.max()) <= bound_mm
    assert np.array_equal(thin.mesh.vertices, mesh.vertices[thin.vertex_source])
    # Nothing turned over: every face looks outwards.
    a, b, c = (thin.mesh.vertices[thin.mesh.faces[:, j]] for j in range(3))
    outwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), a + b + c)
    assert outwards.min() > 0


def test_two_walls_closer_than_the_bound_do_not_pass_through_each_other():
    """Two wavy sheets 0.02 mm apart, simplified with a bound of 0.2 mm."""

    def wave(x, y):
        return 0.05 * np.sin(2 * x) * np.cos(2 * y)

    low = sheet(24, 24, height=wave)
    first = low.vertices
    second = low.vertices + np.array([0.13, 0.07, 0.02])
    second[:, 2] = 0.02 + wave(second[:, 0], second[:, 1])
    mesh = single(
        TriangleMesh(np.vstack([first, second]), np.vstack([low.faces, low.faces + len(first)]))
    )
    from tests.repair.referee import judge

    assert judge(mesh.vertices, mesh.faces).meetings == 0
    thin = decimate_scan(mesh, bound_mm=0.2)
    check_sound(thin.mesh, components=2)
    assert thin.mesh.face_count < mesh.face_count


def test_it_stops_where_told():
    thin = decimate_scan(single(sphere(3)), bound_mm=1.0, least_faces=600)
    assert 598 <= thin.mesh.face_count <= 602


def test_the_record_of_a_decimated_repair_is_true():
    scan = coloured(hole(dome(), 12, 12))
    result = repair_scan(scan, profile=load_profile("study"))
    thin = decimate_result(result, bound_mm=0.02)
    edits = thin.edits
    kept = edits.face_source >= 0
    assert np.array_equal(
        np.sort(np.concatenate([edits.face_source[kept], edits.removed_face])),
        np.arange(scan.face_count),
    )
    ours = thin.mesh.vertices[thin.mesh.faces[kept]]
    assert np.array_equal(ours, scan.vertices[scan.faces[edits.face_source[kept]]])
    assert set(np.unique(edits.added_reason[~kept])) <= {
        EditReason.HOLE_FILL, EditReason.DECIMATED,
    }  # fmt: skip
    assert (edits.added_reason[kept] == EditReason.NONE).all()
    assert "Decimated from" in thin.findings[-1].detail
    assert thin.verdict is result.verdict
    check_sound(thin.mesh, loops=1)


@pytest.mark.parametrize(
    ("mesh", "bound_mm", "problem"),
    [
        (sheet(2, 2), 0.0, "no use"),
        (sheet(2, 2), 5.0, "no use"),
        (sheet(2, 2), float("nan"), "no use"),
        (TriangleMesh(np.zeros((3, 3)), np.zeros((0, 3))), 0.1, "no faces"),
        (TriangleMesh(np.eye(3), np.array([[0, 1, 1]])), 0.1, "twice"),
        (TriangleMesh(np.eye(5, 3), np.array([[0, 1, 2], [1, 0, 3], [0, 1, 4]])), 0.1, "branch"),
    ],
)
def test_what_cannot_be_decimated_is_refused(mesh, bound_mm, problem):
    with pytest.raises(InputError, match=problem):
        decimate_scan(mesh, bound_mm=bound_mm)
