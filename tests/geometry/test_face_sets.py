import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.face_groups import group_faces, measure_groups
from stsbench.geometry.face_sets import (
    faces_at,
    join_faces,
    join_on,
    named_vertices,
    sum_sheets,
    touching_faces,
)
from stsbench.geometry.topology import BOUNDARY, GONE, half_edge_twins
from tests.repair.damage import moebius
from tests.shapes import TETRAHEDRON, grid_faces, sheet


def joined(faces, vertex_count):
    return join_faces(faces, half_edge_twins(faces, vertex_count))


@pytest.mark.parametrize(
    ("marked", "rows"),
    [([], []), ([0], [0, 1]), ([4], [0, 1, 3, 4, 6, 7]), ([2, 6], [2, 5])],
)
def test_faces_at_vertices(marked, rows):
    faces = grid_faces(2, 2)
    at = np.zeros(9, dtype=bool)
    at[marked] = True
    found = np.flatnonzero(faces_at(faces, at)).tolist()
    assert found == [f for f in range(8) if set(faces[f]) & set(marked)]
    assert set(rows) <= set(found)


def test_named_vertices_are_those_of_the_faces():
    faces = np.array([[5, 1, 3]], dtype=np.int32)
    assert np.flatnonzero(named_vertices(faces, 7)).tolist() == [1, 3, 5]
    assert touching_faces(grid_faces(2, 2), 9, np.array([[0, 0, 0]], np.int32)).tolist() == [0, 1]


def test_a_moebius_strip_contradicts_itself():
    strip = moebius()
    component, _, contradictions = joined(strip.faces, strip.vertex_count)
    assert not component.any()
    assert contradictions.tolist() == [1]
    assert joined(TETRAHEDRON, 4).contradictions.tolist() == [0]


def test_faces_that_are_gone_are_in_no_component():
    faces = np.array([[0, 1, 2], [2, 2, 3], [4, 5, 6], [0, 2, 7]], dtype=np.int32)
    found = joined(faces, 8)
    assert found.component.tolist() == [0, -1, 1, 0]
    assert found.turned.tolist() == [0, 0, 0, 0]
    assert len(found.contradictions) == 2
    assert joined(faces[1:2], 4).component.tolist() == [-1]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_joining_on_is_joining_anew(seed):
    """Sheets of a torn, badly wound sheet go; edges between those that stay are paired again."""
    rng = np.random.default_rng(seed)
    faces = grid_faces(7, 8)
    faces = rng.permutation(faces[rng.random(len(faces)) < 0.9], axis=0)
    turned = rng.random(len(faces)) < 0.4
    faces = np.ascontiguousarray(np.where(turned[:, None], faces[:, ::-1], faces))
    whole = half_edge_twins(faces, 72)
    torn = whole.copy()
    chosen = np.flatnonzero((whole >= 0) & (whole < np.arange(len(whole))))
    chosen = chosen[rng.random(len(chosen)) < 0.6]
    torn[chosen] = torn[whole[chosen]] = -2
    before = join_faces(faces, torn)
    gone = rng.random(len(before.contradictions)) < 0.2
    dead = np.repeat(gone[before.component], 3)
    after = torn.copy()
    pairs = np.concatenate([chosen, whole[chosen]])
    pairs = pairs[~dead[pairs] & ~dead[whole[pairs]]]
    after[pairs] = whole[pairs]
    after[dead] = -3
    found = join_on(before, faces, pairs, whole[pairs], gone)
    for one, other in zip(found, join_faces(faces, after), strict=True):
        assert np.array_equal(
            np.where(dead[::3], 0, one) if len(one) == len(faces) else one,
            np.where(dead[::3], 0, other) if len(other) == len(faces) else other,
        )
    assert (found.component[dead[::3]] == -1).all()


def test_joining_on_finds_a_moebius_strip():
    strip = moebius()
    whole = half_edge_twins(strip.faces, strip.vertex_count)
    torn = whole.copy()
    cut = np.flatnonzero(whole >= 0)
    torn[cut] = -2  # every face for itself
    before = join_faces(strip.faces, torn)
    assert not before.contradictions.any()
    none = np.zeros(strip.face_count, dtype=bool)
    found = join_on(before, strip.faces, cut, whole[cut], none)
    assert found.contradictions.tolist() == [1]
    assert not found.component.any()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_turning_the_flips_makes_torn_sheets_agree(seed):
    rng = np.random.default_rng(seed)
    faces = grid_faces(7, 8)
    faces = rng.permutation(faces[rng.random(len(faces)) < 0.7], axis=0)
    turned = rng.random(len(faces)) < 0.4
    mixed = np.ascontiguousarray(np.where(turned[:, None], faces[:, ::-1], faces))
    component, flip, contradictions = joined(mixed, 72)
    assert not contradictions.any()
    firsts = np.unique(component, return_index=True)[1]
    assert (np.diff(firsts) > 0).all()
    # A face is flipped when it runs against the first of its component, and only then.
    assert np.array_equal(flip.astype(bool), turned ^ turned[firsts][component])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_groups_are_what_shares_vertices(seed):
    rng = np.random.default_rng(seed)
    mesh = sheet(9, 9)
    faces = rng.permutation(mesh.faces[rng.random(mesh.face_count) < 0.25], axis=0)
    group = group_faces(faces)
    label = np.arange(len(faces))  # spread the lowest label until nothing changes
    while True:
        lowest = np.full(mesh.vertex_count, len(faces))
        np.minimum.at(lowest, faces.ravel(), np.repeat(label, 3))
        spread = lowest[faces].min(axis=1)
        if np.array_equal(spread, label):
            break
        label = spread
    _, expected = np.unique(label, return_inverse=True)
    assert np.array_equal(group, expected.reshape(-1))
    if len(faces):
        places = measure_groups(mesh.vertices, faces, group)
        assert places.area_mm2.sum() == pytest.approx(0.125 * len(faces))
        assert np.array_equal(places.faces_count, np.bincount(group))
        corners = mesh.vertices[faces[group == 0]].reshape(-1, 3)
        centre = corners.mean(axis=0)
        reach = np.linalg.norm(corners - centre, axis=1).max()
        assert places.size_mm[0] == pytest.approx(2 * reach)
        assert places.centre_mm[0] == pytest.approx(centre)


def test_a_group_without_area_is_placed_by_its_faces():
    line = np.array([[0.0, 0, 0], [3, 0, 0], [6, 0, 0]])
    places = measure_groups(line, np.array([[0, 1, 2]], np.int32), np.zeros(1, np.int32))
    assert places.centre_mm.tolist() == [[3.0, 0.0, 0.0]]
    assert places.area_mm2.tolist() == [0.0]


def test_sheets_are_summed_up_and_faces_that_are_gone_left_out():
    component = np.array([0, 1, -1, 0, 1], dtype=np.int32)
    turned = np.array([0, 1, 1, 1, 0], dtype=np.uint8)
    area_mm2 = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    twin = np.zeros(15, dtype=np.int32)
    twin[6:9] = GONE
    twin[13] = BOUNDARY
    sums = sum_sheets(component, 2, area_mm2, turned=turned, twin=twin)
    assert sums.area_mm2.tolist() == [9.0, 18.0]
    assert sums.turned_mm2.tolist() == [8.0, 2.0]
    assert sums.faces_count.tolist() == [2, 2]
    assert sums.closed.tolist() == [True, False]
    plain = sum_sheets(component, 2, area_mm2)
    assert plain.area_mm2.tolist() == [9.0, 18.0]
    assert not plain.turned_mm2.any()
    assert plain.closed.all()
