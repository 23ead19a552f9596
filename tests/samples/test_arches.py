from dataclasses import replace

import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.errors import InputError
from stsbench.samples.adjacency import (
    border_loop_count,
    edge_table,
    face_components,
    pinched_vertices,
    tunnel_count,
    vertex_normals,
)
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.arches import make_arch, random_pose, rounded
from stsbench.samples.crossings import crossing_pairs

LOWER_TEETH = {10 * q + n for q in (3, 4) for n in range(1, 8)}


@pytest.fixture(scope="session")
def ridge():
    plan = ArchPlan(Arch.MANDIBULAR, seed=5, edentulous=True, depth_mm=7.0)
    return make_arch(plan, faces=8_000)


@pytest.mark.parametrize("name", ["lower", "upper", "quadrant", "upper_in_place", "ridge"])
def test_a_clean_scan_is_one_manifold_piece_with_one_border(name, request):
    mesh = request.getfixturevalue(name).mesh
    _, edge = edge_table(mesh.faces)
    assert np.bincount(edge.ravel()).max() == 2
    directed = mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    assert len(np.unique(directed, axis=0)) == len(directed)
    assert len(pinched_vertices(mesh.faces)) == 0
    assert len(np.unique(face_components(mesh.faces))) == 1
    assert border_loop_count(mesh) == 1
    assert len(crossing_pairs(mesh)) == 0
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    assert (np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2).min() > 1e-7
    assert len(np.unique(mesh.vertices, axis=0)) == mesh.vertex_count
    assert tunnel_count(mesh) == 0


@pytest.mark.parametrize(
    ("name", "faces"), [("lower", 10_000), ("upper", 10_000), ("quadrant", 8_000)]
)
def test_the_face_count_is_met(name, faces, request):
    assert request.getfixturevalue(name).mesh.face_count == pytest.approx(faces, rel=0.08)


def test_labels_name_the_teeth_that_stand_and_colours_tell_tooth_from_gingiva(lower):
    labels = lower.mesh.attributes["fdi"]
    assert labels.dtype == np.int16
    assert set(np.unique(labels).tolist()) == {0, *LOWER_TEETH}
    assert set(lower.truth.fdi) == LOWER_TEETH
    red, green, _ = lower.mesh.colours.T.astype(float)
    assert np.median((red - green)[labels > 0]) < 40 < np.median((red - green)[labels == 0])


def test_left_is_left(lower):
    x = lower.mesh.vertices[:, 0]
    labels = lower.mesh.attributes["fdi"]
    assert x[labels == 36].min() > 10
    assert x[labels == 46].max() < -10


def test_truth_knows_where_the_scan_looks(lower, upper):
    assert lower.truth.occlusal_normal.tolist() == [0, 0, 1]
    for scan in (lower, upper):
        mesh = scan.mesh
        labels = mesh.attributes["fdi"]
        teeth, gum = mesh.vertices[labels > 0].mean(axis=0), mesh.vertices[labels == 0].mean(axis=0)
        assert (teeth - gum) @ scan.truth.occlusal_normal > 1.0
        front = mesh.vertices[(labels > 0) & (labels % 10 == 1)].mean(axis=0)
        back = mesh.vertices[(labels > 0) & (labels % 10 == 7)].mean(axis=0)
        assert (front - back) @ scan.truth.anterior > 25.0
        normals = vertex_normals(mesh.vertices, mesh.faces)
        # Molars are wide: what faces up on them is outside, so winding is right.
        molars = (labels > 0) & (labels % 10 >= 6)
        assert (normals[molars] @ scan.truth.occlusal_normal).mean() > 0.2


def test_same_plan_same_bytes_and_another_seed_another_mouth(quadrant):
    plan = quadrant.truth.plan
    again = make_arch(plan, faces=8_000).mesh
    for here, there in (
        (quadrant.mesh.vertices, again.vertices),
        (quadrant.mesh.faces, again.faces),
        (quadrant.mesh.colours, again.colours),
        (quadrant.mesh.attributes["fdi"], again.attributes["fdi"]),
    ):
        assert here.tobytes() == there.tobytes()
    other = make_arch(replace(plan, seed=plan.seed + 1), faces=8_000).mesh
    assert other.vertices.tobytes() != again.vertices.tobytes()


def test_coordinates_are_what_a_file_holds(lower):
    vertices = lower.mesh.vertices
    assert np.array_equal(vertices, vertices.astype(np.float32).astype(np.float64))
    assert np.abs(vertices - np.round(vertices, 4)).max() < 4e-6
    assert np.array_equal(rounded(vertices), vertices)


def test_an_open_palate_leaves_a_gap_and_an_edentulous_arch_no_tooth(upper_in_place, upper, ridge):
    def reach(scan):
        local = (scan.mesh.vertices - scan.truth.scanner_from_common[:3, 3]) @ (
            scan.truth.scanner_from_common[:3, :3]
        )
        return local[np.abs(local[:, 0]) < 5][:, 1].max()  # how far back along the midline

    assert reach(upper) > 40
    assert reach(upper_in_place) < 25
    assert set(np.unique(ridge.mesh.attributes["fdi"])) == {0}
    assert ridge.truth.fdi == ()


def test_a_pose_is_rigid():
    pose = random_pose(9)
    assert np.allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-10)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1.0)
    turn = random_pose(9, most_deg=10.0)[:3, :3]
    assert np.trace(turn) >= 1 + 2 * np.cos(np.radians(10.0)) - 1e-9


@pytest.mark.parametrize("faces", [100, 5_000_000])
def test_refuses_sizes_that_are_not_to_be_made(faces):
    with pytest.raises(InputError, match="not to be made") as caught:
        make_arch(ArchPlan(Arch.MANDIBULAR), faces=faces)
    assert caught.value.remedy
