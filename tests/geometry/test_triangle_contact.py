import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.triangle_contact import faces_meet

FLOOR = [(0, 0, 0), (4, 0, 0), (0, 4, 0)]

# Further places, the second face by index (0-2 are the floor's corners), do they meet?
CASES = {
    "far": ([(9, 9, 9), (10, 9, 9), (9, 10, 9)], (3, 4, 5), False),
    "above": ([(0, 0, 1), (4, 0, 1), (0, 4, 1)], (3, 4, 5), False),
    "through the middle": ([(1, 1, -1), (1, 1, 1), (2, 1, 1)], (3, 4, 5), True),
    "past the side": ([(3, 3, -1), (3, 3, 1), (5, 3, 1)], (3, 4, 5), False),
    "tip on the middle": ([(1, 1, 0), (1, 1, 2), (2, 1, 2)], (3, 4, 5), True),
    "tip just above": ([(1, 1, 1e-6), (1, 1, 2), (2, 1, 2)], (3, 4, 5), False),
    "tip on a corner": ([(0, 0, 0), (0, 0, 2), (-1, 0, 2)], (3, 4, 5), True),
    "edge on an edge": ([(1, 0, 0), (3, 0, 0), (2, 0, 2)], (3, 4, 5), True),
    "edges that cross": ([(2, -1, -1), (2, 1, 1), (2, -1, 2)], (3, 4, 5), True),
    "flat and inside": ([(1, 1, 0), (1.5, 1, 0), (1, 1.5, 0)], (3, 4, 5), True),
    "flat and around": ([(-9, -9, 0), (20, -9, 0), (-9, 20, 0)], (3, 4, 5), True),
    "flat and apart": ([(5, 5, 0), (6, 5, 0), (5, 6, 0)], (3, 4, 5), False),
    "flat, edges touch": ([(-1, 0, 0), (0, 2, 0), (-1, 3, 0)], (3, 4, 5), True),
    "joined corner, away": ([(-1, 0, 1), (0, -1, 1)], (0, 3, 4), False),
    "joined corner, through": ([(1, 1, 1), (1, 1, -1)], (0, 3, 4), True),
    "joined corner, flat beside": ([(-1, 0, 0), (0, -1, 0)], (0, 3, 4), False),
    "joined corner, flat over": ([(1, 2, 0), (2, 1, 0)], (0, 3, 4), True),
    "joined corner, along the edge": ([(2, 0, 0), (0, 0, 2)], (0, 3, 4), True),
    "joined edge, roof": ([(1, -1, 1)], (1, 0, 3), False),
    "joined edge, flat": ([(1, -1, 0)], (1, 0, 3), False),
    "joined edge, folded shut": ([(1, 1, 0)], (1, 0, 3), True),
    "joined edge, almost shut": ([(1, 1, 1e-6)], (1, 0, 3), False),
    "copy": ([], (1, 2, 0), True),
    "turned copy": ([], (2, 1, 0), True),
}


def meet(points, first, second):
    points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    return bool(faces_meet(points, np.array([first], np.int32), 0, np.array([second], np.int32), 0))


@pytest.mark.parametrize("name", CASES)
def test_named_cases(name):
    further, second, answer = CASES[name]
    points = FLOOR + further
    for k in range(3):
        turned = tuple(np.roll(second, k))
        assert meet(points, (0, 1, 2), turned) is answer
        assert meet(points, turned, (2, 1, 0)) is answer


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(sorted(CASES)), st.integers(0, 5), st.integers(-3, 3), st.integers(-20, 20))
def test_axes_size_and_place_do_not_matter(name, order, power, shift):
    """Powers of two and swapped axes change no digit; the shift is exact for these numbers."""
    further, second, answer = CASES[name]
    axes = [(0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1), (2, 1, 0), (1, 0, 2)][order]
    points = np.asarray(FLOOR + further, dtype=np.float64)[:, axes] * 2.0**power
    if "1e-6" not in repr(further) and "e-06" not in repr(further):
        points = points + shift
    assert meet(points, (0, 1, 2), second) is answer
