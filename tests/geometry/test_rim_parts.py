"""Rims in two parts: balanced, whole groups, and nothing lost on the way."""

import numpy as np
import pytest

from stsbench.geometry.hole_rims import Rims
from stsbench.geometry.rim_parts import part_rims, take_rims


def _rims(sizes, *, group=None, banned=()):
    count, loops = sum(sizes), len(sizes)
    rng = np.random.default_rng(count)
    return Rims(
        vertex=rng.permutation(count).astype(np.int32),
        offsets=np.cumsum([0, *sizes]).astype(np.int64),
        owner=rng.permutation(count).astype(np.int32),
        normal=rng.normal(size=(count, 3)),
        spacing_mm=rng.random(count),
        supported=rng.random(loops) < 0.5,
        about=np.arange(9, dtype=np.int32),
        banned=np.array(banned, np.int64).reshape(-1, 3),
        thin_mm=1e-6,
        group=np.arange(loops, dtype=np.int32) if group is None else np.array(group, np.int32),
    )


@pytest.mark.parametrize(
    ("sizes", "group", "expected"),
    [
        ([100, 60, 60, 60], None, [[0], [1, 2, 3]]),
        ([40, 40, 40, 40], [0, 0, 2, 3], [[0, 1], [2, 3]]),
        ([40, 40, 40, 40], [0, 0, 1, 3], [[0, 1, 2], [3]]),  # 2 leads to 1, which leads to 0
        ([70, 30], [0, 0], [[0, 1]]),
        ([5, 5, 5], None, [[0, 1, 2]]),
        ([90], None, [[0]]),
        ([], None, [[]]),
    ],
)
def test_parts(sizes, group, expected):
    assert [part.tolist() for part in part_rims(_rims(sizes, group=group))] == expected


def test_taken_rims_are_those_rims():
    rims = _rims([4, 7, 5, 6], group=[0, 1, 0, 1], banned=[(1, 0, 2), (1, 1, 4), (2, 0, 3)])
    taken = take_rims(rims, np.array([1, 3]))
    rows = np.r_[4:11, 16:22]
    assert taken.offsets.tolist() == [0, 7, 13]
    for name in ("vertex", "owner", "normal", "spacing_mm"):
        assert np.array_equal(getattr(taken, name), getattr(rims, name)[rows])
    assert taken.supported.tolist() == rims.supported[[1, 3]].tolist()
    assert taken.banned.tolist() == [[0, 0, 2], [0, 1, 4]]
    assert taken.group.tolist() == [0, 0]
    assert taken.about is rims.about
