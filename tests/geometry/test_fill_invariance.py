"""A patch depends on the surface alone: not on names, order, start or pose; awkward rims close."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.distance import point_to_surface
from stsbench.geometry.hole_filling import PatchKind, fill_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.samples.arches import random_pose
from tests.repair import referee
from tests.shapes import sheet, sphere


def _rough_ball(seed=3):
    """A dented ball of irregular triangles, so that nothing ties."""
    ball = sphere(4)
    rng = np.random.default_rng(seed)
    bump = 1 + 0.05 * np.sin(ball.vertices @ [1.1, 0.7, -0.9])
    vertices = ball.vertices * bump[:, None] + rng.normal(0, 0.02, ball.vertices.shape)
    return TriangleMesh(vertices.astype(np.float32).astype(float), ball.faces)


def _holed(mesh, *holes):
    centre = mesh.vertices[mesh.faces].mean(axis=1)
    gone = np.zeros(mesh.face_count, bool)
    for place, radius in holes:
        gone |= np.linalg.norm(centre - place, axis=1) < radius
    return TriangleMesh(mesh.vertices, mesh.faces[~gone])


HOLES = (([0.0, 0, 5], 1.9), ([5.0, 0, 0], 0.8), ([0, -5.0, 0], 1.2), ([-3.0, 3.0, -3.0], 0.45))


def _filled(mesh, **options):
    loops = boundary_loops(mesh.faces, half_edge_twins(mesh.faces, mesh.vertex_count))
    return _fill(mesh, loops, **options)


def _fill(mesh, loops, **options):
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    patches = fill_loops(mesh.vertices, mesh.faces, twin, loops.vertices, loops.offsets, **options)
    return patches, np.vstack([mesh.vertices, patches.vertices])


def _as_set(vertices, faces):
    """Triangles by the positions of their corners, each from its smallest corner, sorted."""
    corners = vertices[faces].astype(np.float32)
    rows = [tuple(map(tuple, face)) for face in corners.tolist()]
    return sorted(min(row, row[1:] + row[:1], row[2:] + row[:2]) for row in rows)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**31), st.booleans())
def test_names_and_order_play_no_part(seed, fair):
    mesh = _holed(_rough_ball(), *HOLES)
    rng = np.random.default_rng(seed)
    name = rng.permutation(mesh.vertex_count)
    vertices = np.empty_like(mesh.vertices)
    vertices[name] = mesh.vertices
    faces = name[mesh.faces][rng.permutation(mesh.face_count)]
    turn = rng.integers(0, 3, len(faces))
    faces = np.take_along_axis(faces, (turn[:, None] + np.arange(3)) % 3, axis=1)
    here, known = _filled(mesh, fair=fair)
    there, renamed = _filled(TriangleMesh(vertices, faces.astype(np.int32)), fair=fair)
    assert _as_set(known, here.faces) == _as_set(renamed, there.faces)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**31))
def test_start_and_order_of_loops_play_no_part(seed):
    mesh = _holed(_rough_ball(), *HOLES)
    loops = boundary_loops(mesh.faces, half_edge_twins(mesh.faces, mesh.vertex_count))
    first, known = _fill(mesh, loops)
    rng = np.random.default_rng(seed)
    shuffled = loops.take(rng.permutation(len(loops)))
    turned = shuffled.vertices.copy()
    for low, high in zip(shuffled.offsets[:-1], shuffled.offsets[1:], strict=True):
        turned[low:high] = np.roll(turned[low:high], int(rng.integers(0, high - low)))
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    other = fill_loops(mesh.vertices, mesh.faces, twin, turned, shuffled.offsets)
    positions = np.vstack([mesh.vertices, other.vertices])
    assert _as_set(known, first.faces) == _as_set(positions, other.faces)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_moved_scan_gets_the_moved_patch(seed):
    mesh = _holed(_rough_ball(seed), *HOLES)
    pose = random_pose(seed, shift_mm=20.0)
    there = (mesh.vertices @ pose[:3, :3].T + pose[:3, 3]).astype(np.float32).astype(float)
    here, _ = _filled(mesh)
    moved, positions = _filled(TriangleMesh(there, mesh.faces))
    assert moved.kind.tolist() == here.kind.tolist()
    expected = here.vertices @ pose[:3, :3].T + pose[:3, 3]
    away, _, _ = point_to_surface(expected, positions, moved.faces)
    assert away.max() < 0.01


def _zigzag():
    """Every other triangle of the rim stands out: a saw."""
    mesh = _holed(
        sheet(30, 30, height=lambda x, y: 0.3 * np.sin(x) * np.cos(y)), ([7, 7, 0.1], 3.5)
    )
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    loops = boundary_loops(mesh.faces, twin)
    inner = min(range(len(loops)), key=lambda k: len(loops.loop(k)))
    gone = loops.edges_of(inner)[::3] // 3
    keep = np.ones(mesh.face_count, bool)
    keep[gone] = False
    return TriangleMesh(mesh.vertices, mesh.faces[keep])


def _ragged():
    """A rim whose vertices are thrown about, up and aside."""
    mesh = _holed(sheet(30, 30), ([7, 7, 0], 3.5))
    loops = boundary_loops(mesh.faces, half_edge_twins(mesh.faces, mesh.vertex_count))
    inner = loops.loop(min(range(len(loops)), key=lambda k: len(loops.loop(k))))
    vertices = mesh.vertices.copy()
    vertices[inner] += np.random.default_rng(1).uniform(-0.18, 0.18, (len(inner), 3))
    return TriangleMesh(vertices, mesh.faces)


def _figure_eight():
    """Two holes that share one vertex."""
    ground = sheet(20, 20)
    index = np.arange(21 * 21).reshape(21, 21)
    gone = np.zeros(ground.face_count, bool)
    gone.reshape(20, 20, 2)[6:10, 6:10] = True
    gone.reshape(20, 20, 2)[10:14, 10:14] = True
    assert index[10, 10] == 220
    return TriangleMesh(ground.vertices, ground.faces[~gone])


def _near_touching():
    """Two holes with one row of triangles between them."""
    ground = sheet(20, 20, height=lambda x, y: 0.05 * x * y)
    gone = np.zeros((20, 20, 2), bool)
    gone[5:10, 5:9] = True
    gone[5:10, 10:14] = True
    return TriangleMesh(ground.vertices, ground.faces[~gone.ravel()])


def _normals_apart():
    """The mouth of a tube: the faces behind the rim point away from each other."""
    angle, height = np.meshgrid(np.arange(24) * np.pi / 12, np.arange(8) * 0.4)
    vertices = np.stack([2 * np.cos(angle), 2 * np.sin(angle), height], axis=-1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(24), np.arange(7))
    a, b = 24 * j + i, 24 * j + (i + 1) % 24
    faces = np.stack([a, b, a + 24, b, b + 24, a + 24], axis=-1).reshape(-1, 3)
    return TriangleMesh(vertices, faces.astype(np.int32))


def _nested():
    """An island in the middle of a hole: its rim lies within the other."""
    ground = sheet(30, 30)
    middle = np.linalg.norm(ground.vertices[ground.faces].mean(axis=1) - [7.5, 7.5, 0], axis=1)
    return TriangleMesh(ground.vertices, ground.faces[(middle > 4) | (middle < 1.5)])


AWKWARD = {
    "zigzag": (_zigzag, 1),
    "ragged": (_ragged, 1),
    "figure eight": (_figure_eight, 1),
    "near touching": (_near_touching, 1),
    "normals apart": (_normals_apart, 1),
    "nested": (_nested, 2),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_rims_get_valid_patches(name):
    make, kept = AWKWARD[name]
    mesh = make()
    loops = boundary_loops(mesh.faces, half_edge_twins(mesh.faces, mesh.vertex_count))
    by_size = np.argsort([-len(loops.loop(k)) for k in range(len(loops))], kind="stable")
    if name == "nested":  # the hole about the island, not the island's own rim or the border
        by_size = np.array([by_size[0], by_size[2], by_size[1]])
    chosen = loops.take(np.sort(by_size[kept:]))
    patches, vertices = _fill(mesh, chosen)
    assert not patches.failed.any()
    assert (patches.kind != PatchKind.NONE).all()
    whole = np.concatenate([mesh.faces, patches.faces])
    _, counts = referee.edge_counts(whole)
    assert counts.max() == 2
    assert referee.badly_wound(whole) == 0
    assert referee.border_loops(whole) == kept
    corners = vertices[patches.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (np.linalg.norm(across, axis=1) > 0).all()
