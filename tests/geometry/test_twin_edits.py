import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.topology import BRANCHING, GONE, faces_at_edges, half_edge_twins
from stsbench.geometry.twin_edits import Room, append_twins, drop_faces, settle_branching
from tests.shapes import grid_faces

FAN = np.array([[0, 1, 2], [1, 0, 3], [0, 1, 4]], dtype=np.int32)  # three on the edge 0-1


def test_two_that_are_left_at_an_edge_are_paired():
    twin = half_edge_twins(FAN, 5)
    assert faces_at_edges(twin, BRANCHING).all()
    faces, table = drop_faces(FAN, twin, np.array([True, True, False]))
    assert (table == BRANCHING).any()
    half_edges, twins = settle_branching(faces, table)
    settled = table.copy()
    settled[half_edges] = twins
    assert np.array_equal(settled, half_edge_twins(faces, 5))
    assert (table == BRANCHING).any()  # the old table stays as it was


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_settling_is_building_anew(seed):
    rng = np.random.default_rng(seed)
    faces = grid_faces(4, 5)
    fins = rng.integers(0, 30, (25, 3))
    fins = fins[
        (fins[:, 0] != fins[:, 1]) & (fins[:, 1] != fins[:, 2]) & (fins[:, 2] != fins[:, 0])
    ]
    on_edges = faces[rng.integers(0, len(faces), 20)].copy()
    on_edges[:, 2] = 30 + np.arange(20)
    faces = np.concatenate([faces, fins, on_edges]).astype(np.int32)
    twin = half_edge_twins(faces, 50)
    kept, table = drop_faces(faces, twin, rng.random(len(faces)) < 0.6)
    half_edges, twins = settle_branching(kept, table)
    table[half_edges] = twins
    assert np.array_equal(table, half_edge_twins(kept, 50))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_appending_is_building_anew(seed, count):
    rng = np.random.default_rng(seed)
    faces = np.concatenate([grid_faces(4, 5), FAN + 3]).astype(np.int32)
    faces = faces[rng.random(len(faces)) < 0.8]
    added = rng.integers(0, 40, (count, 3)).astype(np.int32)
    joined, table = append_twins(faces, half_edge_twins(faces, 40), added)
    assert np.array_equal(joined, np.concatenate([faces, added]))
    assert np.array_equal(table, half_edge_twins(joined, 40))


def test_a_face_that_was_taken_out_is_met_by_no_added_one():
    faces = np.array([[0, 1, 2], [3, 4, 5]], dtype=np.int32)
    twin = half_edge_twins(faces, 6)
    twin[:3] = GONE
    _, table = append_twins(faces, twin, np.array([[1, 0, 3]], dtype=np.int32))
    assert table.tolist() == [GONE] * 3 + [-1] * 6


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5, 0.97, 1.0]))
def test_so_many_faces_that_both_cores_drop_them(seed, share):
    rng = np.random.default_rng(seed)
    faces = rng.permutation(grid_faces(110, 110), axis=0)
    keep = rng.random(len(faces)) < share
    kept, table = drop_faces(faces, half_edge_twins(faces, 111 * 111), keep)
    assert np.array_equal(kept, faces[keep])
    assert np.array_equal(table, half_edge_twins(kept, 111 * 111))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_with_room_to_grow_everything_is_the_same(seed):
    rng, room = np.random.default_rng(seed), Room()
    faces = np.concatenate([grid_faces(9, 9), grid_faces(9, 9) + 100]).astype(np.int32)
    first, copy = faces, faces.copy()
    twin, grown = half_edge_twins(faces, 400), 0
    for turn in range(6):
        if turn == 3:  # rows of somebody else, which nobody may write behind
            faces = np.ascontiguousarray(faces[::-1])
            twin = half_edge_twins(faces, 400)
            added = np.array([[1, 0, 2]], dtype=np.int32)
            plain = append_twins(faces, twin, added)
            faces, twin = append_twins(faces, twin, added, room)
            assert np.array_equal(faces, plain[0])
            assert np.array_equal(twin, plain[1])
        keep = rng.random(len(faces)) < 0.95
        plain = drop_faces(faces, twin.copy(), keep)
        faces, twin = drop_faces(faces, twin, keep, room)
        assert np.array_equal(faces, plain[0])
        assert np.array_equal(twin, plain[1])
        for _ in range(3):
            added = rng.integers(0, 400, (rng.integers(0, 4), 3)).astype(np.int32)
            plain = append_twins(faces, twin.copy(), added)
            before = faces
            faces, twin = append_twins(faces, twin, added, room)
            grown += faces.base is before.base
            assert np.array_equal(faces, plain[0])
            assert np.array_equal(twin, plain[1])
            assert np.array_equal(before, faces[: len(before)])
    assert grown > 3, "rows that fit are not copied"
    assert np.array_equal(first, copy)
