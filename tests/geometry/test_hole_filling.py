"""Filled holes: closed forms, hostile rims, and validity by counting edges for any hole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.progress import CancellableProgress
from stsbench.errors import CancelledError
from stsbench.geometry import hole_filling
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.hole_filling import Patches, fill_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.samples.arches import random_pose
from tests.repair import referee
from tests.shapes import sheet, sphere


def _loops(mesh):
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    return twin, boundary_loops(mesh.faces, twin)


def _inner(loops, vertices):
    """All loops but the longest one."""
    sizes = [
        np.linalg.norm(np.diff(vertices[np.r_[x, x[:1]]], axis=0), axis=1).sum()
        for x in (loops.loop(k) for k in range(len(loops)))
    ]
    return loops.take(np.delete(np.arange(len(loops)), int(np.argmax(sizes))))


def _fill(mesh, *, all_loops=False, **options):
    twin, loops = _loops(mesh)
    if not all_loops:
        loops = _inner(loops, mesh.vertices)
    return fill_loops(mesh.vertices, mesh.faces, twin, loops.vertices, loops.offsets, **options)


def _joined(mesh, patches):
    return TriangleMesh(
        np.vstack([mesh.vertices, patches.vertices]), np.concatenate([mesh.faces, patches.faces])
    )


def _without(mesh, gone):
    return TriangleMesh(mesh.vertices, mesh.faces[~gone])


def _holed(mesh, *holes):
    """Take out the faces whose centre is nearer than a radius to a place."""
    centre = mesh.vertices[mesh.faces].mean(axis=1)
    gone = np.zeros(mesh.face_count, bool)
    for place, radius in holes:
        gone |= np.linalg.norm(centre - place, axis=1) < radius
    return _without(mesh, gone)


def _double_areas(mesh):
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1)


def assert_valid(mesh, *, loops):
    """Every edge once per direction, no repeated face, and the loops that should be left."""
    ends = mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
    key = ends[:, 0] * mesh.vertex_count + ends[:, 1]
    assert len(np.unique(key)) == len(key)
    _, counts = referee.edge_counts(mesh.faces)
    assert counts.max() <= 2
    assert referee.badly_wound(mesh.faces) == 0
    assert referee.border_loops(mesh.faces) == loops
    assert (mesh.faces != np.roll(mesh.faces, 1, axis=1)).all()
    assert len(np.unique(np.sort(mesh.faces, axis=1), axis=0)) == mesh.face_count
    assert np.isfinite(mesh.vertices).all()


def _square_hole():
    return _holed(sheet(20, 20), ([5, 5, 0], 2.6))


@pytest.mark.parametrize("fair", [True, False])
def test_a_hole_in_a_plane_stays_in_the_plane(fair):
    ground = sheet(20, 20)
    square = (np.abs(ground.vertices[ground.faces].mean(axis=1)[:, :2] - 5) < 2).all(axis=1)
    mesh = _without(ground, square)
    patches = _fill(mesh, fair=fair)
    assert len(patches.vertices) > 20
    assert np.abs(patches.vertices[:, 2]).max() < 1e-6
    assert patches.area_mm2.tolist() == pytest.approx([16.0], rel=1e-6)
    whole = _joined(mesh, patches)
    assert_valid(whole, loops=1)
    # All faces look up: nothing folds.
    a, b, c = (whole.vertices[whole.faces[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()
    assert not patches.failed.any()


@pytest.mark.parametrize(("cap_mm", "limit_mm"), [(1.5, 0.004), (2.5, 0.01), (3.5, 0.014)])
def test_a_hole_in_a_ball_becomes_round_again(cap_mm, limit_mm):
    ball = sphere(4, radius_mm=5.0)
    mesh = _holed(ball, ([0.0, 0, 5], cap_mm))
    patches = _fill(mesh, all_loops=True)
    whole = _joined(mesh, patches)
    assert_valid(whole, loops=0)
    radius = np.linalg.norm(patches.vertices, axis=1)
    assert np.abs(radius - 5).max() < limit_mm
    flat = _fill(mesh, all_loops=True, fair=False)
    assert flat.apart_mm.tolist() == [0.0]  # it is the membrane
    assert np.abs(np.linalg.norm(flat.vertices, axis=1) - 5).max() > 3 * np.abs(radius - 5).max()


@pytest.mark.parametrize("inside_out", [False, True])
def test_rim_and_height_of_a_cap(inside_out):
    """A cap of radius a on a ball of radius R stands R - sqrt(R^2 - a^2) over its rim."""
    ball = sphere(5, radius_mm=5.0)
    faces = np.ascontiguousarray(ball.faces[:, ::-1]) if inside_out else ball.faces
    height = ball.vertices[:, 2]
    mesh = _without(TriangleMesh(ball.vertices, faces), (height[faces] > 4.5).all(axis=1))
    patches = _fill(mesh, all_loops=True)
    rim = mesh.vertices[_loops(mesh)[1].vertices]
    plane = rim[:, 2].mean()
    sign = -1 if inside_out else 1
    assert sign * patches.height_mm[0] == pytest.approx(5.0 - plane, rel=0.05)
    # A membrane on a level circle is flat: the cap is apart from it by its own height.
    assert patches.apart_mm[0] == pytest.approx(5.0 - plane, rel=0.1)
    length = np.linalg.norm(np.diff(np.vstack([rim, rim[:1]]), axis=0), axis=1).sum()
    assert patches.rim_mm[0] == pytest.approx(length, rel=1e-9)


def test_a_hole_in_a_saddle_follows_the_saddle():
    def saddle(x, y):
        return 0.08 * ((x - 5) ** 2 - (y - 5) ** 2)

    mesh = _holed(sheet(40, 40, pitch_mm=0.25, height=saddle), ([5, 5, 0], 2.0))
    patches = _fill(mesh)
    x, y, z = patches.vertices.T
    assert np.abs(z - saddle(x, y)).max() < 0.01
    assert_valid(_joined(mesh, patches), loops=1)


def test_a_cylinder_is_continued():
    def barrel(x, _):
        return np.sqrt(64 - (x - 5) ** 2)

    mesh = _holed(sheet(40, 40, pitch_mm=0.25, height=barrel), ([5, 5, 8], 2.0))
    x, _, z = _fill(mesh).vertices.T
    assert np.abs(np.hypot(x - 5, z) - 8).max() < 0.02


@pytest.mark.parametrize("edges", [3, 4])
def test_the_smallest_holes(edges):
    ball = sphere(3)
    gone = np.zeros(ball.face_count, bool)
    gone[100] = True
    if edges == 4:
        shared = np.isin(ball.faces, ball.faces[100]).sum(axis=1) == 2
        gone[np.flatnonzero(shared)[0]] = True
    mesh = _without(ball, gone)
    assert len(_loops(mesh)[1].vertices) == edges
    patches = _fill(mesh, all_loops=True)
    assert len(patches.vertices) <= edges - 2  # at most one to each face that was there
    whole = _joined(mesh, patches)
    assert_valid(whole, loops=0)
    missing = _double_areas(_without(ball, ~gone)).sum() / 2
    assert patches.area_mm2[0] == pytest.approx(missing, rel=0.02)
    assert np.linalg.norm(whole.vertices, axis=1) == pytest.approx(5.0, abs=0.03)
    if edges == 3:
        coarse = _fill(mesh, all_loops=True, target_edge_mm=5.0)
        assert len(coarse.vertices) == 0
        assert set(coarse.faces[0].tolist()) == set(ball.faces[100].tolist())


def test_several_holes_in_one_call():
    places = [([2, 2, 0], 0.9), ([7, 2, 0], 1.4), ([2, 8, 0], 1.1), ([7.5, 7.5, 0], 1.7)]
    mesh = _holed(sheet(20, 20), *places)
    twin, loops = _loops(mesh)
    inner = _inner(loops, mesh.vertices)
    assert len(inner) == 4
    patches = _fill(mesh)
    assert (np.diff(patches.hole_of_face) >= 0).all()
    assert (np.diff(patches.hole_of_vertex) >= 0).all()
    assert sorted(set(patches.hole_of_face.tolist())) == [0, 1, 2, 3]
    assert not patches.failed.any()
    whole = _joined(mesh, patches)
    assert_valid(whole, loops=1)
    areas = _double_areas(TriangleMesh(whole.vertices, patches.faces)) / 2
    for k in range(4):
        mine = patches.faces[patches.hole_of_face == k]
        rim = set(inner.loop(k).tolist())
        own = {v for v in mine.ravel().tolist() if v < mesh.vertex_count}
        assert own == rim
        new = set(mine[mine >= mesh.vertex_count].tolist())
        assert new == set(
            (mesh.vertex_count + np.flatnonzero(patches.hole_of_vertex == k)).tolist()
        )
        assert areas[patches.hole_of_face == k].sum() == pytest.approx(patches.area_mm2[k])
        # Alone it comes out the same.
        chosen = inner.take(np.array([k]))
        alone = fill_loops(mesh.vertices, mesh.faces, twin, chosen.vertices, chosen.offsets)
        assert np.allclose(alone.vertices, patches.vertices[patches.hole_of_vertex == k], atol=1e-5)


def test_no_loops_give_nothing():
    mesh = _square_hole()
    twin, loops = _loops(mesh)
    none = loops.take(np.zeros(0, int))
    patches = fill_loops(mesh.vertices, mesh.faces, twin, none.vertices, none.offsets)
    assert (len(patches.vertices), len(patches.faces), len(patches.area_mm2)) == (0, 0, 0)


def test_values_continue_from_the_rim():
    mesh = _square_hole()
    x, y, _ = mesh.vertices.T
    values = np.stack([x, 3 - 2 * y, np.full(len(x), 7.0), (x > 5) * 255.0], axis=1)
    patches = _fill(mesh, values=values)
    rim = values[_inner(_loops(mesh)[1], mesh.vertices).vertices]
    assert (patches.values >= rim.min(axis=0) - 1e-9).all()
    assert (patches.values <= rim.max(axis=0) + 1e-9).all()
    assert np.allclose(patches.values[:, 2], 7.0)
    # Halfway between black and white lies grey.
    middle = np.abs(patches.vertices[:, 0] - 5).argmin()
    assert 60 < patches.values[middle, 3] < 195
    assert _fill(mesh).values.shape == (len(patches.vertices), 0)


@pytest.mark.parametrize("edge_mm", [0.25, 0.5, 1.0])
def test_the_edge_length_asked_for(edge_mm):
    mesh = _holed(sheet(40, 40, pitch_mm=0.25), ([5, 5, 0], 3.0))
    patches = _fill(mesh, target_edge_mm=edge_mm)
    whole = _joined(mesh, patches)
    assert_valid(whole, loops=1)
    # Edges between new vertices only: those at the rim keep its spacing.
    edges = np.unique(referee.edges_of(patches.faces), axis=0)
    inside = edges[(edges >= mesh.vertex_count).all(axis=1)]
    lengths = np.linalg.norm(whole.vertices[inside[:, 0]] - whole.vertices[inside[:, 1]], axis=1)
    assert 0.5 * edge_mm < np.median(lengths) < 1.6 * edge_mm


@pytest.mark.parametrize("seed", [1, 2])
def test_moving_the_mesh_moves_the_patch(seed):
    """A rigid motion commutes with filling, to float32 rounding of the patch."""
    mesh = _holed(sheet(24, 24, height=lambda x, y: np.sin(x) * np.cos(y / 2)), ([6, 6, 0], 2.2))
    pose = random_pose(seed, shift_mm=2.0)
    here = _fill(mesh)
    turned = TriangleMesh(mesh.vertices @ pose[:3, :3].T + pose[:3, 3], mesh.faces)
    there = _fill(turned)
    assert np.array_equal(here.faces, there.faces)
    moved = here.vertices @ pose[:3, :3].T + pose[:3, 3]
    assert np.abs(moved - there.vertices).max() < 3e-6
    assert there.area_mm2 == pytest.approx(here.area_mm2, rel=1e-5)


def test_the_same_twice_wherever_the_loop_starts():
    mesh = _holed(sphere(4), ([0.0, 0, 5], 2.0))
    twin, loops = _loops(mesh)
    first = _fill(mesh, all_loops=True)
    again = _fill(mesh, all_loops=True)
    turned = fill_loops(mesh.vertices, mesh.faces, twin, np.roll(loops.vertices, 7), loops.offsets)
    for other in (again, turned):
        assert first.vertices.tobytes() == other.vertices.tobytes()
        assert first.faces.tobytes() == other.faces.tobytes()


def test_new_vertices_survive_a_file():
    patches = _fill(_holed(sphere(4), ([0.0, 0, 5], 2.0)), all_loops=True)
    assert np.array_equal(patches.vertices, patches.vertices.astype(np.float32))


def test_inputs_are_left_alone():
    mesh = _square_hole()
    twin, loops = _loops(mesh)
    values = np.random.default_rng(0).random((mesh.vertex_count, 3))
    parts = (mesh.vertices, mesh.faces, twin, loops.vertices, loops.offsets, values)
    before = [part.copy() for part in parts]
    fill_loops(*parts[:5], values=values)
    assert all(np.array_equal(a, b) for a, b in zip(before, parts, strict=True))


def test_progress_and_cancelling():
    seen = []
    _fill(_square_hole(), progress=CancellableProgress(lambda *step: seen.append(step)))
    assert seen[-1][1] == 1.0
    cancelled = CancellableProgress()
    cancelled.cancel()
    with pytest.raises(CancelledError):
        _fill(_square_hole(), progress=cancelled)


def _ring(count, *, radius_mm=20.0, width_mm=1.0, wave_mm=0.0):
    """A band around a round hole."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lift = wave_mm * np.sin(5 * angle)
    inner = np.column_stack([radius_mm * circle, lift])
    outer = np.column_stack([(radius_mm + width_mm) * circle, lift])
    i = np.arange(count)
    j = (i + 1) % count
    faces = np.concatenate(
        [np.stack([i, i + count, j], axis=1), np.stack([j, i + count, j + count], axis=1)]
    )
    return TriangleMesh(np.vstack([inner, outer]), faces.astype(np.int32))


@pytest.mark.parametrize("count", [12, 60, 150])
def test_a_flat_round_hole_is_filled_flat(count):
    mesh = _ring(count, radius_mm=5.0)
    whole = _joined(mesh, _fill(mesh))
    assert_valid(whole, loops=1)
    assert np.abs(whole.vertices[:, 2]).max() < 1e-6
    corners = whole.vertices[whole.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
    assert (across > 0).all()
    polygon = count / 2 * np.sin(2 * np.pi / count) * 6.0**2
    assert across.sum() / 2 == pytest.approx(polygon, rel=1e-6)


def _collinear():
    """A slit: two rows of vertices on one line, one row from each side."""
    ground = sheet(6, 6, pitch_mm=1.0)
    gone = (np.abs(ground.vertices[ground.faces].mean(axis=1)[:, 1] - 3.5) < 0.5) & (
        np.abs(ground.vertices[ground.faces].mean(axis=1)[:, 0] - 3.0) < 2.0
    )
    mesh = _without(ground, gone)
    vertices = mesh.vertices.copy()
    low = np.isclose(vertices[:, 1], 3) & (vertices[:, 0] > 1.5) & (vertices[:, 0] < 4.5)
    high = np.isclose(vertices[:, 1], 4) & (vertices[:, 0] > 1.5) & (vertices[:, 0] < 4.5)
    vertices[low | high, 1] = 3.5
    vertices[low, 0] += 0.25
    return TriangleMesh(vertices, mesh.faces)


def _spike_rim():
    vertices = _square_hole().vertices.copy()
    mesh = _square_hole()
    rim = _inner(_loops(mesh)[1], vertices).vertices
    vertices[rim[3]] += [0, 0, 40.0]
    return TriangleMesh(vertices, mesh.faces)


def _doubled_rim():
    """Two rim vertices at one place."""
    mesh = _square_hole()
    vertices = mesh.vertices.copy()
    rim = _inner(_loops(mesh)[1], vertices).vertices
    vertices[rim[4]] = vertices[rim[5]]
    return TriangleMesh(vertices, mesh.faces)


def _crumpled():
    mesh = _square_hole()
    vertices = mesh.vertices.copy()
    rim = _inner(_loops(mesh)[1], vertices).vertices
    vertices[rim] += np.random.default_rng(5).normal(0, 0.4, (len(rim), 3))
    return TriangleMesh(vertices, mesh.faces)


def _tiny():
    mesh = _square_hole()
    return TriangleMesh(mesh.vertices * 1e-4, mesh.faces)


def _far_away():
    mesh = _square_hole()
    return TriangleMesh(mesh.vertices + np.array([2000.0, -3000, 900]), mesh.faces)


HOSTILE = {
    "collinear": _collinear,
    "a spike on the rim": _spike_rim,
    "two places that coincide": _doubled_rim,
    "crumpled": _crumpled,
    "tiny": _tiny,
    "far away": _far_away,
    "a rim of 150 that is no plane": lambda: _ring(150, radius_mm=5.0, wave_mm=9.0),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_rims_are_closed_or_refused(name):
    mesh = HOSTILE[name]()
    patches = _fill(mesh)
    assert np.isfinite(patches.vertices).all()
    assert np.isfinite(patches.area_mm2).all()
    assert_valid(_joined(mesh, patches), loops=1 + int(patches.failed.sum()))
    for k in np.flatnonzero(patches.failed):
        assert not (patches.hole_of_face == k).any()


def test_the_back_of_a_lone_triangle_is_no_patch():
    lone = TriangleMesh(np.eye(3), np.array([[0, 1, 2]], dtype=np.int32))
    patches = _fill(lone, all_loops=True)
    assert patches.failed.tolist() == [True]
    assert len(patches.faces) == 0


def test_an_edge_across_the_hole_is_not_repeated():
    """Two holes on both sides of one bridge: a chord that exists is never made twice."""
    ball = sphere(1)
    for k in range(ball.face_count):
        near = np.isin(ball.faces, ball.faces[k]).any(axis=1)
        mesh = _without(ball, near)
        patches = _fill(mesh, all_loops=True)
        whole = _joined(mesh, patches)
        assert_valid(whole, loops=int(patches.failed.sum()))


def _connected_patch(faces, first, size, seed):
    """Faces that hang together over edges, grown at random."""
    rng = np.random.default_rng(seed)
    edge = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 3, 2), axis=2)
    _, key = np.unique(edge.reshape(-1, 2), axis=0, return_inverse=True)
    key = key.reshape(-1, 3)
    gone = np.zeros(len(faces), bool)
    gone[first] = True
    for _ in range(size - 1):
        touching = np.flatnonzero(np.isin(key, key[gone]).any(axis=1) & ~gone)
        gone[rng.choice(touching)] = True
    return gone


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["sheet", "sphere"]),
    st.integers(0, 10_000),
    st.integers(1, 60),
    st.integers(0, 2**31),
    st.booleans(),
)
def test_any_hole_is_closed_and_manifold(shape, first, size, seed, fair):
    if shape == "sphere":
        solid = sphere(2)
    else:
        solid = sheet(14, 14, height=lambda x, y: 0.6 * np.sin(2 * x) * np.sin(y))
    gone = _connected_patch(solid.faces, first % solid.face_count, size, seed)
    mesh = _without(solid, gone)
    ties = len(referee.bow_ties(mesh.faces))
    labels = referee.pieces(mesh.faces)
    patches = _fill(mesh, all_loops=shape == "sphere")
    whole = _joined(mesh, patches)
    failed = int(patches.failed.sum())
    if not failed and not ties:
        assert_valid(whole, loops=0 if shape == "sphere" else 1)
        assert len(referee.bow_ties(whole.faces)) == 0
    elif ties:
        _, counts = referee.edge_counts(whole.faces)
        assert counts.max() <= 2
        assert referee.badly_wound(whole.faces) == 0
    # A failure needs its reason: a crumb of few faces, or a rim that touches itself.
    assert not failed or ties or labels.max() > 0
    assert np.array_equal(whole.faces[: mesh.face_count], mesh.faces)
    degenerate = _double_areas(TriangleMesh(whole.vertices, patches.faces)) <= 0
    assert not degenerate.any()
    assert len(np.unique(patches.vertices, axis=0)) == len(patches.vertices)


def _many_holes():
    """A wavy sheet with holes of many sizes, some of them corner to corner and an edge apart."""
    ground = sheet(40, 40, pitch_mm=0.5, height=lambda x, y: np.sin(0.5 * x) * np.cos(0.4 * y))
    gone = np.zeros((40, 40, 2), bool)
    for x, y, size in [(2, 2, 6), (8, 8, 3), (20, 3, 9), (30, 3, 2), (33, 3, 2), (3, 20, 2),
                       (5, 22, 2), (14, 20, 4), (25, 22, 12), (6, 32, 1), (12, 32, 5)]:  # fmt: skip
        gone[x : x + size, y : y + size] = True
    return TriangleMesh(ground.vertices, ground.faces[~gone.ravel()])


def test_parting_the_rims_plays_no_part(monkeypatch):
    mesh = _many_holes()
    values = np.random.default_rng(4).random((mesh.vertex_count, 2))
    twin, loops = _loops(mesh)
    loops = loops.take(np.flatnonzero(np.diff(loops.offsets) < 100))
    parts = (mesh.vertices, mesh.faces, twin, loops.vertices, loops.offsets)
    halves = fill_loops(*parts, values=values)
    monkeypatch.setattr(hole_filling, "part_rims", lambda rims: [np.arange(len(rims.supported))])
    whole = fill_loops(*parts, values=values)
    for name in Patches.__slots__:
        one, other = getattr(halves, name), getattr(whole, name)
        assert one.dtype == other.dtype, name
        assert np.array_equal(one, other), name
