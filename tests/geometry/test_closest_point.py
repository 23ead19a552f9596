"""The closest point of one face: weights stay on the face, needles fall back to their edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.closest_point import closest_on_face

LENGTHS = st.floats(-5, 5, allow_subnormal=False)
PLACE = st.tuples(LENGTHS, LENGTHS, LENGTHS)

NO_AREA = {
    "a point": ([1, 1, 1] * 3, (4, 5, 1), 25.0),
    "a segment, b and c alike": ([0, 0, 0, 2, 0, 0, 2, 0, 0], (1, 3, 4), 25.0),
    "a segment, a and b alike": ([0, 0, 0, 0, 0, 0, 2, 0, 0], (1, 3, 4), 25.0),
    "three corners on a line": ([0, 0, 0, 1, 0, 0, 4, 0, 0], (3, 0, 5), 25.0),
    "a long needle, past its tip": ([0, 0, 0, 4, 1e-9, 0, 4, 0, 0], (7, 4, 0), 25.0),
}


@pytest.mark.parametrize(("corners", "point", "expected"), NO_AREA.values(), ids=NO_AREA.keys())
def test_faces_without_area(corners, point, expected):
    assert closest_on_face(np.array(corners, float), *map(float, point))[0] == pytest.approx(
        expected, abs=1e-6
    )


@settings(deadline=None, max_examples=100)
@given(PLACE, PLACE, PLACE, PLACE)
def test_no_sampled_point_of_the_face_is_nearer(a, b, c, point):
    corners = np.array([*a, *b, *c])
    d2, *closest = closest_on_face(corners, *point)
    share = np.linspace(0, 1, 12)
    u, v = np.meshgrid(share, share)
    inside = u + v <= 1
    weights = np.stack([1 - u - v, u, v], axis=-1)[inside]
    sampled = weights @ corners.reshape(3, 3)
    nearest = ((sampled - np.array(point)) ** 2).sum(axis=1).min()
    assert d2 <= nearest * (1 + 1e-9) + 1e-9
    assert d2 == pytest.approx(((np.array(closest) - point) ** 2).sum(), abs=1e-9)
    assert (np.array(closest) >= corners.reshape(3, 3).min(axis=0) - 1e-9).all()
    assert (np.array(closest) <= corners.reshape(3, 3).max(axis=0) + 1e-9).all()
