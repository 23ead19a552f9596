"""Rims and heights by closed forms."""

import numpy as np
import pytest

from stsbench.geometry.hole_rims import Rims
from stsbench.geometry.patch_measures import measure_heights, measure_rims


def _rims(*sizes):
    offsets = np.cumsum([0, *sizes]).astype(np.int64)
    count = int(offsets[-1])
    return Rims(
        np.arange(count, dtype=np.int32), offsets, np.zeros(count, np.int32),
        np.zeros((count, 3)), np.ones(count), np.ones(len(sizes), bool),
        np.empty(0, np.int32), np.empty((0, 3), np.int64), 0.0,
        np.arange(len(sizes), dtype=np.int32),
    )  # fmt: skip


SQUARE = np.array([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]], dtype=float)
LINE = np.array([[0, 0, 0], [1, 0, 0], [3, 0, 0]], dtype=float)


def test_a_square_and_a_line():
    measures = measure_rims(np.vstack([SQUARE, LINE]), _rims(4, 3))
    assert measures.middle[0].tolist() == [1, 1, 0]
    assert measures.normal[0].tolist() == [0, 0, 1]
    assert measures.length_mm.tolist() == [8, 6]
    assert measures.radius_mm == pytest.approx([np.sqrt(2), 5 / 3])
    assert measures.normal[1].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("heights", "expected"),
    [([0.1, 0.3], 0.3), ([0.1, -0.3], -0.3), ([-0.1, -0.2], -0.2), ([], 0.0)],
)
def test_the_height_is_that_of_the_farthest_vertex(heights, expected):
    measures = measure_rims(np.vstack([LINE, SQUARE]), _rims(3, 4))
    places = np.array([[1.0, 1.0, height] for height in heights]).reshape(-1, 3)
    found = measure_heights(measures, places, np.full(len(heights), 1))
    assert found.tolist() == pytest.approx([0.0, expected])


def test_a_rim_read_backwards_faces_the_other_way():
    there = measure_rims(SQUARE, _rims(4))
    back = measure_rims(SQUARE[::-1].copy(), _rims(4))
    assert (there.normal == -back.normal).all()
