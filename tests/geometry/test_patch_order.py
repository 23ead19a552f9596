"""Numbers of patch vertices: by waves in large patches, against the plain words of the method."""

import numpy as np

from stsbench.geometry.patch_order import _SMALL, _in_waves
from tests.shapes import sheet


def _by_waves(faces, rank, low):
    """Number from the lowest rank outwards, neighbours of each by rank."""
    near = {}
    for a, b in np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).tolist():
        near.setdefault(a, set()).add(b)
    order = []
    for start in sorted(near, key=rank.__getitem__):
        queue = [start] if start not in order else []
        order += queue
        while queue:
            ahead = [v for v in near[queue.pop(0)] if v not in order]
            ahead.sort(key=rank.__getitem__)
            order += ahead
            queue += ahead
    return {v: low + n for n, v in enumerate(order)}


def test_large_patches_are_numbered_in_waves_and_small_ones_keep_theirs():
    old, rng = 5, np.random.default_rng(2)
    small, large = sheet(4, 5), sheet(9, 11)  # 30 and 120 vertices
    apart = large.faces[(large.faces % 12 < 6).all(axis=1) | (large.faces % 12 > 6).all(axis=1)]
    used, local = np.unique(apart, return_inverse=True)  # two pieces: a second start is needed
    count = len(used)
    assert count > _SMALL
    apart = local.reshape(-1, 3)
    faces = np.concatenate([small.faces, apart + 30]).astype(np.int32) + old
    offsets = np.array([0, 30, 30 + count])
    number = np.concatenate([rng.permutation(30), 30 + rng.permutation(count)])
    expected = number.copy()
    for v, n in _by_waves(apart + 30, number.tolist(), 30).items():
        expected[v] = n
    _in_waves(faces, old, offsets, np.array([0, len(small.faces), len(faces)]), number)
    assert number.tolist() == expected.tolist()
