"""What decides must not know how a scan is named, ordered or turned."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from stsbench.domain.answers import Answers
from stsbench.domain.findings import Action
from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.bounding_tree import build_tree
from stsbench.geometry.cleaning import turn_thin_faces
from stsbench.geometry.face_groups import measure_groups
from stsbench.geometry.hole_filling import fill_loops
from stsbench.geometry.hole_rims import gather_rims, shaken_places
from stsbench.geometry.layers import layer_gaps
from stsbench.geometry.topology import half_edge_twins
from stsbench.geometry.wide_normals import sum_near, sum_normals
from stsbench.repair.listing import largest_first
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.samples.arches import random_pose
from tests.shapes import sheet

SEEDS = st.integers(0, 2**31)


def renamed(vertices, faces, seed):
    """The same surface: vertices renamed, faces shuffled, corners turned."""
    rng = np.random.default_rng(seed)
    name = rng.permutation(len(vertices))
    there = np.empty_like(vertices)
    there[name] = vertices
    shuffled = name[faces][rng.permutation(len(faces))]
    turn = (rng.integers(0, 3, len(faces))[:, None] + np.arange(3)) % 3
    return there, np.ascontiguousarray(np.take_along_axis(shuffled, turn, axis=1), dtype=np.int32)


def as_set(vertices, faces):
    rows = [tuple(map(tuple, face)) for face in vertices[faces].tolist()]
    return sorted(min(row, row[1:] + row[:1], row[2:] + row[:2]) for row in rows)


@settings(deadline=None, max_examples=15)
@given(SEEDS)
def test_rings_to_look_at_do_not_depend_on_the_corner_a_face_begins_with(seed):
    # Sides of 0.2, 0.48 and 0.52 mm: the first corners alone would decide otherwise each time.
    mesh = sheet(6, 6)
    vertices = mesh.vertices * [0.4, 0.96, 1.0]
    here = sum_normals(vertices, mesh.faces).passes
    assert here == 1
    assert sum_normals(*renamed(vertices, mesh.faces, seed)).passes == here


def _needles():
    """Two thin faces back to back in a square, with a vertex of the one on the other's edge."""
    line = [[0, 0, 0], [3, 0, 0], [1, 0, 0], [2, 0, 0], [1, 2, 0], [2, -2, 0.0]]
    faces = [[0, 1, 2], [1, 0, 3], [0, 2, 4], [2, 1, 4], [0, 5, 3], [3, 5, 1]]
    return np.array(line), np.array(faces, dtype=np.int32)


@settings(deadline=None, max_examples=15)
@given(SEEDS)
def test_thin_faces_are_turned_alike(seed):
    vertices, faces = _needles()
    outs = []
    for v, f in [(vertices, faces), renamed(vertices, faces, seed)]:
        corners = v[f]
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        thin = np.flatnonzero(np.linalg.norm(across, axis=1) == 0)
        assert len(thin) == 2
        out, twin, state = turn_thin_faces(v, f, half_edge_twins(f, len(v)), thin, thin_mm=1e-6)
        assert not np.isin(state, (1, 3)).any()
        assert np.array_equal(twin, half_edge_twins(out, len(v)))
        outs.append(as_set(v, out))
    assert outs[0] == outs[1]


@pytest.mark.parametrize("seed", range(6))
def test_the_size_of_a_place_does_not_change_as_it_is_turned(seed):
    mesh = sheet(3, 9, height=lambda x, y: 0.1 * x * y)
    group = np.zeros(mesh.face_count, np.int32)
    turned = mesh.vertices @ random_pose(seed, shift_mm=30.0)[:3, :3].T
    here = measure_groups(mesh.vertices, mesh.faces, group)
    there = measure_groups(turned, mesh.faces, group)
    assert there.size_mm == pytest.approx(here.size_mm, rel=1e-12)
    assert there.area_mm2 == pytest.approx(here.area_mm2, rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_a_sheet_right_over_its_copy_is_seen_from_every_vertex_in_every_pose(seed):
    # Each ray runs into a vertex of the other sheet: rounding alone says which face it meets.
    floor = sheet(12, 12)
    lid = floor.vertices + np.array([0, 0, 0.2])
    pose = random_pose(seed, shift_mm=40.0)
    both = np.concatenate([floor.vertices, lid]) @ pose[:3, :3].T + pose[:3, 3]
    vertices = both.astype(np.float32).astype(np.float64)
    mesh = TriangleMesh(vertices, np.concatenate([floor.faces, floor.faces + floor.vertex_count]))
    asked = np.arange(floor.vertex_count, mesh.vertex_count, dtype=np.int32)
    inside = ((lid[:, :2] > 0.01) & (lid[:, :2] < lid[:, :2].max(axis=0) - 0.01)).all(axis=1)
    gaps = layer_gaps(
        mesh.vertices, sum_near(mesh.vertices, mesh.faces), asked,
        build_tree(mesh.vertices, mesh.faces),
    )  # fmt: skip
    assert gaps[inside] == pytest.approx(np.full(inside.sum(), -0.2), abs=1e-4)


def test_a_ray_does_not_fall_between_faces_that_rounding_parts():
    # Two halves of a floor 0.00002 mm apart, and a vertex right over the crack.
    x = 1e-5
    floor = [[-1, -1, 0], [-x, -1, 0], [-x, 1, 0], [-1, 1, 0], [x, -1, 0], [1, -1, 0], [1, 1, 0]]
    lid = [[0, 0, 0.2], [0.3, 0, 0.2], [0, 0.3, 0.2]]
    vertices = np.array([*floor, [x, 1, 0], *lid], dtype=float)
    faces = [[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7], [8, 9, 10]]
    mesh = np.array(faces, dtype=np.int32)
    tree, sums = build_tree(vertices, mesh), sum_near(vertices, mesh)
    assert layer_gaps(vertices, sums, np.array([8], np.int32), tree) == pytest.approx([-0.2])


def _machined():
    """A regular saddle with a square, a long and a round opening: full of equal edges and angles."""
    count = 24
    ground = sheet(count, count, height=lambda x, y: 0.04 * x * (y - 3.0))
    middles = ground.vertices[ground.faces].mean(axis=1)
    step = np.ptp(ground.vertices[:, 0]) / count
    cell = np.floor(middles[:, :2] / step)
    gone = ((cell >= [4, 3]) & (cell < [10, 9])).all(axis=1)
    gone |= ((cell >= [13, 4]) & (cell < [20, 6])).all(axis=1)
    gone |= np.linalg.norm(middles[:, :2] - [12 * step, 16 * step], axis=1) < 4.2 * step
    return ground.vertices, np.ascontiguousarray(ground.faces[~gone])


def _filled(vertices, faces):
    """The repaired sheet, by the answer that says which loops are holes."""
    answers = Answers({f"hole/{n}": "fill" for n in (1, 2, 3)})
    return repair_scan(
        TriangleMesh(vertices, faces), profile=load_profile("study"), answers=answers
    )


@pytest.mark.parametrize("seed", range(4))
def test_openings_of_a_machined_part_are_filled_alike_in_every_pose(seed):
    vertices, faces = _machined()
    pose = random_pose(seed, shift_mm=50.0)
    moved = (vertices @ pose[:3, :3].T + pose[:3, 3]).astype(np.float32).astype(float)
    here, there = _filled(vertices, faces), _filled(moved, faces)
    assert sum(f.action is Action.FILLED for f in here.findings) == 3
    back = (there.mesh.vertices - pose[:3, 3]) @ pose[:3, :3]
    assert len(back) == here.mesh.vertex_count
    assert there.mesh.face_count == here.mesh.face_count
    for one, other in ((back, here.mesh.vertices), (here.mesh.vertices, back)):
        assert cKDTree(one).query(other)[0].max() < 0.001
    places = [
        np.array([f.place_mm for f in found.findings if f.action is Action.FILLED])
        for found in (here, there)
    ]
    assert (places[1] - pose[:3, 3]) @ pose[:3, :3] == pytest.approx(places[0], abs=1e-3)


@settings(deadline=None, max_examples=15)
@given(SEEDS)
def test_equal_findings_are_listed_alike_in_every_pose(seed):
    rng = np.random.default_rng(seed)
    places = rng.uniform(-20, 20, (60, 3))
    sizes = rng.choice([0.0, 0.5, 0.5004, 2.0], 60)
    pose = random_pose(seed, shift_mm=50.0)
    moved = (places @ pose[:3, :3].T + pose[:3, 3]).astype(np.float32).astype(float)
    noise = 1 + rng.uniform(-1e-6, 1e-6, 60)
    here, there = largest_first(sizes, places), largest_first(sizes * noise, moved)
    assert (np.diff(sizes[here]) <= 0).all()
    assert np.array_equal(here, there)


def _tube(count=48):
    """The end of a scan body: rings of as many equal edges, closed by nothing."""
    turn = 2 * np.pi * np.arange(count) / count
    rings = [
        np.stack([r * np.cos(turn), r * np.sin(turn), np.full(count, z)], axis=1)
        for r, z in ((2.0, 0.0), (2.5, 0.0), (3.2, -0.1), (4.5, -0.6), (4.6, -3.0))
    ]
    here = np.arange(count)
    after = np.roll(here, -1)
    faces = []
    for n in range(len(rings) - 1):
        inner, outer = n * count, (n + 1) * count
        faces.append(np.stack([inner + here, outer + here, outer + after], axis=1))
        faces.append(np.stack([inner + here, outer + after, inner + after], axis=1))
    stalk = [[9.0, 1.0, -3.0]]  # what is no circle tells where it begins
    faces.append([[4 * count, 5 * count, 4 * count + 1]])
    return np.vstack([*rings, stalk]), np.concatenate(faces).astype(np.int32)


@pytest.mark.parametrize("seed", range(3))
def test_a_round_opening_is_filled_alike_in_every_pose(seed):
    vertices, faces = _tube()
    pose = random_pose(seed, shift_mm=50.0)
    moved = (vertices @ pose[:3, :3].T + pose[:3, 3]).astype(np.float32).astype(float)
    loops = boundary_loops(faces, half_edge_twins(faces, len(vertices)))
    inner = loops.take(np.array([int(np.argmin(np.diff(loops.offsets)))]))
    twin = half_edge_twins(faces, len(vertices))
    here, there = (
        fill_loops(places, faces, twin, inner.vertices, inner.offsets)
        for places in (vertices, moved)
    )
    assert len(here.vertices) > 50
    assert len(there.faces) == len(here.faces)
    back = (there.vertices - pose[:3, 3]) @ pose[:3, :3]
    assert cKDTree(back).query(here.vertices)[0].max() < 0.001


@pytest.mark.parametrize("seed", range(3))
def test_shaken_places_turn_with_the_scan_and_lie_on_no_circle(seed):
    vertices, faces = _tube()
    twin = half_edge_twins(faces, len(vertices))
    loops = boundary_loops(faces, twin)
    inner = loops.take(np.array([int(np.argmin(np.diff(loops.offsets)))]))
    rims = gather_rims(vertices, faces, twin, inner.vertices, inner.offsets)
    shaken = shaken_places(vertices, rims)
    moved = np.linalg.norm(shaken - vertices[rims.vertex], axis=1)
    edge = 4.0 * np.sin(np.pi / 48)
    assert moved.max() < 0.015 * edge
    radius = np.linalg.norm(shaken[:, :2], axis=1)
    assert np.unique(radius.round(9)).size == len(radius)
    pose = random_pose(seed, shift_mm=50.0)
    there = vertices @ pose[:3, :3].T + pose[:3, 3]
    turned = rims._replace(normal=np.ascontiguousarray(rims.normal @ pose[:3, :3].T))
    assert shaken_places(there, turned) == pytest.approx(shaken @ pose[:3, :3].T + pose[:3, 3])
