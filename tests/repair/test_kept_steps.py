"""What is kept of steps: a hundred of any kind at 200,000 faces, in little memory and exact."""

import tracemalloc
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.edits import EditReason
from stsbench.errors import InputError
from stsbench.repair.kept_steps import KeptNumbers, UndoneStep, narrowed
from stsbench.repair.ranges import ranges_of
from stsbench.repair.step import Step
from stsbench.repair.tool_steps import plan_step
from stsbench.repair.working_mesh import WorkingMesh
from tests.repair.tooled import coloured
from tests.shapes import sheet

SIDE, PITCH_MM = 316, 0.5  # 199,712 faces
LIMIT = 200_000_000
NONE = np.zeros(0, dtype=np.int32)
NO_FACES = np.zeros((0, 3), dtype=np.int32)


def prints_of(working):
    """What undo must bring back, in a few bytes: everything that the mesh holds."""
    parts = (working.vertices, working.faces, working.alive, working.twin)
    colours = () if working.colours is None else (working.colours,)
    return tuple(crc32(np.ascontiguousarray(part)) for part in (*parts, *colours))


def places_of(working):
    return crc32(np.ascontiguousarray(working.vertices))


def move_of_all(working, seed):
    """A smooth of the whole arch: every vertex moves, each by another way."""
    moved = np.arange(working.vertex_count, dtype=np.int32)
    before = working.vertices.copy()
    after = (before * (1.0 + 1e-3 * (1 + seed)) + 0.01).astype(np.float32).astype(np.float64)
    nowhere = np.zeros((0, 3))
    return Step("smooth", EditReason.SMOOTH, NONE, nowhere, NO_FACES, moved, before, after)


def lift_of_all(working):
    """The whole arch goes up by 0.01 mm."""
    moved = np.arange(working.vertex_count, dtype=np.int32)
    after = (working.vertices + np.array([0.0, 0.0, 0.01])).astype(np.float32).astype(np.float64)
    before, nowhere = working.vertices.copy(), np.zeros((0, 3))
    return Step("smooth", EditReason.SMOOTH, NONE, nowhere, NO_FACES, moved, before, after)


def back_and_forth(working, states, prints=prints_of):
    """Undo everything, then do it again; return what was held while all was undone."""
    undone = []
    for state in reversed(states[:-1]):
        step = working.revert()
        undone.append(UndoneStep.of(step, working.vertex_count, working.face_count))
        assert prints(working) == state
    held = sum(kept.byte_count for kept in undone)
    with pytest.raises(InputError, match="no step to take back"):
        working.revert()
    for state in states[1:]:
        working.apply(undone.pop().step(working.vertices))
        assert prints(working) == state
    return held


def test_a_hundred_moves_of_a_whole_arch_keep_less_than_200_mb_and_go_back_exactly():
    working = WorkingMesh(sheet(SIDE, SIDE))
    rest = prints_of(working)[1:]
    states = [places_of(working)]
    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        for seed in range(100):
            working.apply(move_of_all(working, seed))
            states.append(places_of(working))
        held = tracemalloc.get_traced_memory()[0] - start
    finally:
        tracemalloc.stop()
    assert held <= 0.7 * LIMIT
    assert working.undo_bytes <= held
    assert back_and_forth(working, states, places_of) <= 0.7 * LIMIT
    assert prints_of(working)[1:] == rest


def test_a_hundred_steps_of_all_kinds_keep_less_than_200_mb_and_go_back_exactly():
    working = WorkingMesh(coloured(sheet(SIDE, SIDE)))
    corner = {"tool": "trim_plane", "normal": [1, 0, 0]}
    states = [prints_of(working)]
    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        for n in range(25):
            rows = [[2 * SIDE * (n + 10 * k) + 200, 2 * SIDE * (n + 10 * k) + 260] for k in (1, 20)]
            uses = [
                {"tool": "delete", "faces": rows},
                {"tool": "fill_below", "rim_mm": 400.0},
                {**corner, "point": [PITCH_MM * (SIDE - 1 - n / 2), 0, 0]},
            ]
            for use in uses:
                working.apply(plan_step(working, use))
                states.append(prints_of(working))
            working.apply(lift_of_all(working))
            states.append(prints_of(working))
        held = tracemalloc.get_traced_memory()[0] - start
    finally:
        tracemalloc.stop()
    assert len(working.steps) == 100
    assert held <= LIMIT
    assert back_and_forth(working, states) <= LIMIT


def test_a_smooth_as_large_as_the_tool_allows_keeps_less_than_its_share():
    working = WorkingMesh(coloured(sheet(SIDE, SIDE)))
    rough = np.random.default_rng(1).normal(0.0, 0.02, working.vertex_count)
    lifted = working.vertices + np.column_stack([0 * rough, 0 * rough, rough])
    moved = np.arange(working.vertex_count, dtype=np.int32)
    lifted = lifted.astype(np.float32).astype(np.float64)
    first = Step(
        "smooth", EditReason.SMOOTH, NONE, np.zeros((0, 3)), NO_FACES,
        moved, working.vertices.copy(), lifted,
    )  # fmt: skip
    working.apply(first)
    before, held = prints_of(working), working.undo_bytes
    faces = ranges_of(np.arange(working.face_count // 4 - 1))
    use = {"tool": "smooth", "faces": faces, "cap_mm": 0.05, "passes": 3}
    working.apply(plan_step(working, use))
    assert len(working.steps[-1].touched.numbers()) > 20_000
    assert 0 < 100 * (working.undo_bytes - held) <= 0.2 * LIMIT
    working.revert()
    assert prints_of(working) == before


def test_older_steps_do_not_stay_in_memory_but_are_still_told_of():
    working = WorkingMesh(sheet(60, 60))
    began = working.vertices.copy()
    for seed in range(12):
        working.apply(move_of_all(working, seed))
        working.forget(keep=5)
    assert len(working.steps) == 12
    one = working.undo_bytes / 5
    working.forget(keep=5, most_bytes=int(2.5 * one))
    assert working.undo_bytes == 2 * one
    working.forget(keep=5, most_bytes=0)
    assert working.undo_bytes == one  # the last one can always be taken back
    working.revert()
    assert not working.can_revert
    assert len(working.steps) == 11
    assert not np.array_equal(working.vertices, began)


@settings(deadline=None, max_examples=25)
@given(st.sets(st.integers(0, 400)), st.integers(401, 3000))
def test_numbers_come_back_from_the_smaller_of_two_ways(chosen, bound):
    numbers = np.array(sorted(chosen), dtype=np.int32)
    kept = KeptNumbers.of(numbers, bound)
    assert kept.numbers().tobytes() == numbers.tobytes()
    assert kept.byte_count <= min(numbers.nbytes, (bound + 7) // 8)


def test_numbers_that_do_not_ascend_keep_their_order():
    for numbers in ([5, 3, 4], [3, 3, 4]):
        kept = KeptNumbers.of(np.array(numbers, dtype=np.int32), 8)
        assert kept.numbers().tolist() == numbers


@pytest.mark.parametrize(
    ("name", "places", "dtype"),
    [
        ("file coordinates", [[0.5, -0.0, 3.25]], np.float32),
        ("one bit too many", [[0.5, 1.0 + 2.0**-30, 3.25]], np.float64),
        ("none", np.zeros((0, 3)), np.float32),
    ],
)
def test_places_are_narrowed_only_where_no_bit_is_lost(name, places, dtype):
    given_places = np.array(places, dtype=np.float64).reshape(-1, 3)
    kept = narrowed(given_places)
    assert kept.dtype == dtype
    assert kept.astype(np.float64).tobytes() == given_places.tobytes()
