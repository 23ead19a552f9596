from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.face_measures import measure_faces, tell_thin, thin_height_mm
from stsbench.geometry.needles import collapse_needles, resolve_thin
from stsbench.geometry.topology import half_edge_twins
from tests.shapes import grid_faces

THIN_MM = 1e-5


def int32(rows):
    return np.asarray(rows, dtype=np.int32).reshape(-1, 3)


def sheet(count=4):
    y, x = np.mgrid[0 : count + 1, 0 : count + 1].astype(float)
    vertices = np.stack([x, y, 0.1 * x * y], axis=-1).reshape(-1, 3)
    return vertices, grid_faces(count, count)


def around(faces, vertex):
    """The neighbours of an inner vertex, in turn."""
    after = {}
    for face in faces.tolist():
        if vertex in face:
            j = face.index(vertex)
            after[face[j - 2]] = face[j - 1]
    ring = [min(after)]
    while len(ring) < len(after):
        ring.append(after[ring[-1]])
    return ring


def split(vertices, faces, vertex, step, first=0, last=3):
    """Split a vertex in two that lie a step apart: two needles more between them."""
    ring = around(faces, vertex)
    new = len(vertices)
    moved = faces.copy()
    fan = ring[first : last + 1]
    for a, b in pairwise(fan):
        row = np.flatnonzero((faces == vertex).any(axis=1) & (faces == a).any(axis=1))
        for f in row:
            if b in faces[f].tolist():
                moved[f][moved[f] == vertex] = new
    needles = int32([[vertex, ring[first], new], [new, ring[last], vertex]])
    return np.vstack([vertices, vertices[vertex] + step]), np.vstack([moved, needles])


def collapse(vertices, faces, thin_mm=THIN_MM):
    twin = half_edge_twins(faces, len(vertices))
    thin = np.flatnonzero(measure_faces(vertices, faces, thin_mm=thin_mm).thin)
    faces, twin, state = collapse_needles(vertices, faces, twin, thin, thin_mm=thin_mm)
    return thin, faces, twin, state


def as_sets(faces):
    return {tuple(sorted(face)) for face in faces.tolist()}


@pytest.mark.parametrize("step", [[4e-6, 0, 0], [-4e-6, 1e-6, 0], [0, 0, 3e-6]])
def test_a_vertex_that_was_split_is_one_again(step):
    clean, grid = sheet()
    vertices, faces = split(clean, grid, 12, step)
    thin, out, twin, state = collapse(vertices, faces)
    assert thin.tolist() == [len(grid), len(grid) + 1]
    assert state[thin].tolist() == [1, 1]
    kept = np.ascontiguousarray(out[state != 1])
    one = np.where(kept == len(clean), 12, kept)
    assert as_sets(one) == as_sets(grid)
    assert len(np.unique(kept)) == len(clean)  # either end may stay, not both
    table = twin.reshape(-1, 3)[state != 1].ravel()
    assert np.array_equal(table, half_edge_twins(kept, len(vertices)))
    assert (state == 2).sum() in (3, 4, 5)


def test_a_needle_on_the_border_goes_and_the_border_keeps_its_other_vertices():
    vertices, faces = sheet()
    new = len(vertices)
    # The lower edge 1-2 of the border gets a vertex next to 2.
    row = int(np.flatnonzero((faces == 1).any(axis=1) & (faces == 2).any(axis=1))[0])
    apex = ({*faces[row].tolist()} - {1, 2}).pop()
    faces = faces.copy()
    faces[row][faces[row] == 2] = new
    faces = np.vstack([faces, int32([[new, 2, apex]])])
    vertices = np.vstack([vertices, vertices[2] - [3e-6, 0, 0]])
    thin, out, twin, state = collapse(vertices, faces)
    assert thin.tolist() == [len(faces) - 1]
    assert state[thin].tolist() == [1]
    kept = np.ascontiguousarray(out[state != 1])
    assert len(np.unique(kept)) == new
    table = twin.reshape(-1, 3)[state != 1].ravel()
    assert np.array_equal(table, half_edge_twins(kept, len(vertices)))


def tent(height):
    """Two vertices next to each other under one of three neighbours: a third common neighbour."""
    vertices = np.array(
        [[0, 0, 0], [4e-6, 0, 0], [1, 1, 0], [1, -1, 0], [-1, 0, height], [2, 0, 0.0]]
    )
    return vertices, int32([[0, 1, 2], [1, 0, 3], [0, 2, 4], [4, 3, 0], [1, 5, 2], [5, 1, 3]])


@pytest.mark.parametrize(
    ("name", "extra", "wanted"),
    [
        ("two common neighbours", [], [1, 1]),
        ("a third common neighbour", [[1, 4, 5]], [0, 0]),
        ("fans that meet at an end", [[0, 6, 7]], [0, 0]),
    ],
)
def test_only_what_leaves_a_surface_is_collapsed(name, extra, wanted):
    vertices, faces = tent(0.5)
    vertices = np.vstack([vertices, [[0, 0, 2], [0, 1, 2.0]]])
    faces = np.vstack([faces, int32(extra)])
    thin, _, _, state = collapse(vertices, faces)
    assert thin.tolist() == [0, 1], name
    assert state[thin].tolist() == wanted, name


def test_ends_with_a_neighbour_beyond_their_faces_stay_two():
    """No edge branches yet, but four faces would meet in the edge to the third neighbour."""
    vertices = np.array(
        [[0, 0, 0], [4e-6, 0, 0], [1, 1, 0], [1, -1, 0], [-1, 0, 0.5], [2, -1, 1], [2, 1, 1.0]]
    )
    under = [[0, 1, 2], [1, 0, 3], [0, 2, 4], [0, 4, 3]]
    faces = int32([*under, [1, 3, 5], [1, 5, 4], [1, 4, 6], [1, 6, 2]])
    twin = half_edge_twins(faces, len(vertices))
    assert (twin >= -1).all()  # the edges are sound as they are
    thin, out, table, state = collapse(vertices, faces)
    assert thin.tolist() == [0, 1]
    assert not state.any()
    assert np.array_equal(out, faces)
    assert np.array_equal(table, twin)


def test_a_vertex_that_was_split_twice_is_one_again():
    """The second collapse counts on the number of faces that the first one left."""
    clean, grid = sheet()
    vertices, faces = split(clean, grid, 12, [4e-6, 0, 0])
    vertices, faces = split(vertices, faces, 12, [0, 4e-6, 0], last=2)
    thin, out, _, state = collapse(vertices, faces)
    assert len(thin) == 4
    assert state[thin].tolist() == [1, 1, 1, 1]
    kept = out[state != 1]
    assert len(np.unique(kept)) == len(clean)
    assert as_sets(np.where(kept >= len(clean), 12, kept)) == as_sets(grid)


def test_no_sound_face_is_turned_over():
    """Beyond the needle lies a sound face that is as small: it would face the other way."""
    vertices, faces = sheet()
    vertices, faces = split(vertices, faces, 12, [3e-5, 0, 0])
    rows = np.flatnonzero((faces == 12).any(axis=1) | (faces == len(vertices) - 1).any(axis=1))
    thin = measure_faces(vertices, faces, thin_mm=THIN_MM).thin
    before = np.cross(*(vertices[faces[:, j]] - vertices[faces[:, 0]] for j in (1, 2)))
    _, out, _, state = collapse(vertices, faces)
    stays = rows[(state[rows] != 1) & ~thin[rows]]
    after = np.cross(*(vertices[out[:, j]] - vertices[out[:, 0]] for j in (1, 2)))
    assert (np.einsum("ij,ij->i", before[stays], after[stays]) > 0).all()


def test_the_input_stays():
    vertices, faces = split(*sheet(), 12, [4e-6, 0, 0])
    before = faces.copy()
    collapse(vertices, faces)
    assert np.array_equal(faces, before)


def test_needles_and_caps_go_together():
    vertices, faces = split(*sheet(), 12, [4e-6, 0, 0])
    # A cap: a vertex on the long edge of another face.
    row = 0
    a, b, c = faces[row].tolist()
    middle = len(vertices)
    vertices = np.vstack([vertices, (vertices[a] + vertices[b]) / 2])
    faces = faces.copy()
    faces[row] = [a, b, middle]
    faces = np.vstack([faces, int32([[b, c, middle], [c, a, middle]])])
    twin = half_edge_twins(faces, len(vertices))
    thin = np.flatnonzero(measure_faces(vertices, faces, thin_mm=THIN_MM).thin)
    assert len(thin) == 3
    out, _, state = resolve_thin(vertices, faces, twin, thin, thin_mm=THIN_MM)
    kept = np.ascontiguousarray(out[state != 1])
    assert not (state == 3).any()
    assert not measure_faces(vertices, kept, thin_mm=THIN_MM).thin.any()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_thin_faces_are_the_same_ones_in_every_pose(seed):
    """Heights of nothing, beside the least limit, and well above: none changes class on the way."""
    rng = np.random.default_rng(seed)
    count = 40
    at = rng.uniform(-30, 30, (count, 3))
    along, across = (np.linalg.qr(rng.normal(size=(count, 3, 2)))[0][:, :, j] for j in (0, 1))
    height = np.r_[np.zeros(10), rng.uniform(2e-5, 4.5e-5, 5), rng.uniform(1e-3, 1, 25)]
    corners = np.stack([at, at + along, at + along / 3 + across * height[:, None]], axis=1)
    faces = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    classes = []
    for turned, shift in ((np.eye(3), 0.0), (turn, rng.uniform(-60, 60, 3))):
        vertices = (corners.reshape(-1, 3) @ turned.T + shift).astype(np.float32).astype(float)
        measures, limit = tell_thin(vertices, faces)
        assert np.array_equal(measures.thin, measure_faces(vertices, faces, thin_mm=limit).thin)
        classes.append(measures.thin)
    assert np.array_equal(*classes)
    assert classes[0][:15].all()
    assert not classes[0][15:].any()


def test_the_height_of_thin_faces_follows_the_scan_not_its_place():
    vertices, _ = sheet()
    assert thin_height_mm(vertices + 7.0) == pytest.approx(thin_height_mm(vertices), rel=1e-6)
    assert thin_height_mm(vertices * 10) == thin_height_mm(vertices)  # as large as a scan can be
    assert thin_height_mm(vertices * 50) == pytest.approx(50 * thin_height_mm(vertices))
    assert thin_height_mm(vertices / 50**3) == pytest.approx(thin_height_mm(vertices) / 50**3)
    far = np.spacing(np.float32(1e6))
    assert thin_height_mm(vertices + 1e6) == pytest.approx(2 * float(far))
