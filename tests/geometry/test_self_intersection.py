import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.bounding_tree import build_tree
from stsbench.geometry.self_intersection import flat_stars, meetings_with, self_meetings
from stsbench.geometry.topology import half_edge_twins, open_vertices
from stsbench.geometry.wide_normals import sum_normals
from tests.repair.damage import rounded
from tests.repair.referee import meetings
from tests.shapes import sheet, sphere, tetrahedron


def joined(*meshes):
    first = np.cumsum([0] + [len(v) for v, _ in meshes])
    vertices = np.concatenate([v for v, _ in meshes]).astype(np.float32).astype(np.float64)
    faces = np.concatenate([f + k for (_, f), k in zip(meshes, first, strict=False)])
    return vertices, faces.astype(np.int32)


def arrays(mesh, shift=(0, 0, 0)):
    return mesh.vertices + np.asarray(shift, dtype=float), mesh.faces


FLOOR = arrays(sheet(1, 1, pitch_mm=4.0))
SAIL = (np.array([[2.5, 1, -1], [2.5, 1, 1], [3, 1, 1.0]]), np.array([[0, 1, 2]]))


@pytest.mark.parametrize(
    ("mesh", "pairs"),
    [
        (arrays(sheet(6, 7)), []),
        (arrays(tetrahedron()), []),
        (arrays(sphere(2)), []),
        (joined(FLOOR, SAIL), [[0, 2]]),
        (joined(SAIL, FLOOR), [[0, 1]]),
        (joined(FLOOR, arrays(sheet(1, 1), (0, 0, 3))), []),
    ],
    ids=["sheet", "tetrahedron", "sphere", "sail through a floor", "the same turned", "above"],
)
def test_pairs(mesh, pairs):
    vertices, faces = mesh
    found = self_meetings(vertices, np.ascontiguousarray(faces, dtype=np.int32))
    assert found.complete
    assert found.pairs.tolist() == pairs
    assert found.faces.tolist() == sorted(set(np.ravel(pairs).astype(int).tolist()))


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_boxes_that_only_touch_are_searched(axis, side, swapped):
    """A tip on a floor: their boxes have one plane in common, whichever way they face."""
    floor, (tip, face) = FLOOR, (np.array([[2.5, 1, 0], [2.5, 1, 1], [3, 1, 1.0]]), SAIL[1])
    parts = [(np.roll(v * [1, 1, side], axis, axis=1), f) for v, f in (floor, (tip, face))]
    found = self_meetings(*joined(*parts[:: -1 if swapped else 1]))
    assert found.pairs.tolist() == ([[0, 1]] if swapped else [[0, 2]])


def test_a_search_past_its_limit_says_so():
    vertices, faces = joined(arrays(sphere(2)), arrays(sphere(2), (1, 0.3, 0.2)))
    whole = self_meetings(vertices, faces)
    assert whole.complete
    assert len(whole.pairs) > 20
    cut = self_meetings(vertices, faces, limit=10)
    assert not cut.complete
    assert len(cut.pairs) <= 10


def test_stars_of_a_sheet_are_flat_but_for_its_border():
    mesh = sheet(6, 6)
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    near = sum_normals(mesh.vertices, mesh.faces).near
    flat = flat_stars(mesh.vertices, mesh.faces, near, open_vertices(mesh.faces, twin))
    inside = (mesh.vertices[:, :2] % 3.0 > 0).all(axis=1)
    assert np.array_equal(flat.astype(bool), inside)


def star(turns, count, facing, start, *, lift=0.0):
    """A vertex and faces all round it, `turns` times; seen from `facing` they turn left."""
    angles = start + 2 * np.pi * turns * np.arange(count) / count
    ring = np.stack([np.cos(angles), 1.5 * np.sin(angles), lift * np.cos(3 * angles)], axis=1)
    z = np.asarray(facing) / np.linalg.norm(facing)
    x = np.cross(np.eye(3)[np.abs(z).argmin()], z)
    x /= np.linalg.norm(x)
    places = np.concatenate([np.zeros((1, 3)), ring]) @ np.stack([x, np.cross(z, x), z])
    following = np.arange(count)
    faces = np.stack([0 * following, 1 + following, 1 + (following + 1) % count], axis=1)
    turned = (np.arange(3) + following[:, None]) % 3  # each corner is the first one at times
    faces = np.take_along_axis(faces, turned, axis=1).astype(np.int32)
    return rounded(places), faces, np.arange(1, count + 1)


@pytest.mark.parametrize(
    "facing", [(0, 0, 1), (1, 0, 0), (0, -1, 0), (1, 2, 0.5), (2, -0.5, 1), (-0.5, 1, 3)]
)
@pytest.mark.parametrize(
    ("turns", "count", "flat"), [(1, 3, 1), (1, 6, 1), (1, 11, 1), (2, 5, 0), (2, 9, 0), (3, 11, 0)]
)
def test_a_star_is_flat_when_it_goes_round_once(turns, count, flat, facing):
    for start in np.linspace(0, 1, 7):
        places, faces, ring = star(turns, count, facing, start, lift=0.2)
        found = flat_stars(places, faces, sum_normals(places, faces).near, ring)
        assert found.tolist() == [flat, *[0] * count]


def test_a_star_with_a_face_turned_over_is_not_flat():
    places, faces, ring = star(1, 6, (1, 2, 3), 0.1)
    near = sum_normals(places, faces).near
    for f in range(6):
        turned = faces.copy()
        turned[f] = turned[f, ::-1]
        assert not flat_stars(places, turned, near, ring).any()


def test_asked_faces_meet_only_what_is_alive():
    vertices, faces = joined(FLOOR, SAIL)
    floor, sail = np.ascontiguousarray(faces[:2]), np.ascontiguousarray(faces[2:])
    tree, asked = build_tree(vertices, floor), build_tree(vertices, sail)
    flat = np.zeros(len(vertices), dtype=np.uint8)
    alive = np.ones(2, dtype=bool)
    assert meetings_with(vertices, asked, tree, alive=alive, flat=flat).pairs.tolist() == [[0, 0]]
    alive[0] = False
    assert not len(meetings_with(vertices, asked, tree, alive=alive, flat=flat).pairs)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.just(0.0) | st.floats(1e-9, 0.6))
def test_the_pairs_are_those_of_brute_force(seed, rough):
    """Down to a millionth of a micrometre; below about 1e-100 mm products underflow to nothing."""
    rng = np.random.default_rng(seed)
    mesh = sheet(6, 6)
    vertices = mesh.vertices + rng.uniform(-rough, rough, mesh.vertices.shape)
    vertices = vertices.astype(np.float32).astype(np.float64)
    expected = meetings(vertices, mesh.faces.astype(np.int64))
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    near = sum_normals(vertices, mesh.faces).near
    flat = flat_stars(vertices, mesh.faces, near, open_vertices(mesh.faces, twin))
    for known in (None, flat):
        found = self_meetings(vertices, mesh.faces, flat=known)
        assert found.pairs.tolist() == np.unique(np.sort(expected, axis=1), axis=0).tolist()
