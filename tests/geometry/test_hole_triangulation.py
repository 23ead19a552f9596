"""Triangles between the vertices of a rim: the flattest there are, linked, without banned chords."""

from itertools import pairwise

import numpy as np
import pytest

from stsbench.geometry.hole_rims import Rims
from stsbench.geometry.hole_triangulation import EXACT, IMPOSSIBLE, STAR, WIDE, triangulate_rims


def _rims(vertices, *, banned=(), supported=True, normals=None):
    count = len(vertices)
    return Rims(
        np.array(vertices, np.int32), np.array([0, count]), np.zeros(count, np.int32),
        np.zeros((count, 3)) if normals is None else np.array(normals, float), np.ones(count),
        np.array([supported]), np.empty(0, np.int32),
        np.array([(0, *pair) for pair in banned], np.int64).reshape(-1, 3), 1e-9,
        np.zeros(1, np.int32),
    )  # fmt: skip


def _circle(count):
    angle = 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=1)


def _chords(triangulation, count):
    """Pairs of places that are joined but do not follow each other."""
    ends = np.sort(triangulation.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    gap = ends[:, 1] - ends[:, 0]
    return {tuple(pair) for pair in ends[(gap > 1) & (gap < count - 1)].tolist()}


def _assert_linked(triangulation):
    opposite, triangles = triangulation.opposite.ravel(), triangulation.triangles
    start, end = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    inner = np.flatnonzero(opposite >= 0)
    assert (opposite[opposite[inner]] == inner).all()
    assert (start[opposite[inner]] == end[inner]).all()
    assert (end[opposite[inner]] == start[inner]).all()
    rim = {(s, e) for s, e in zip(start[opposite < 0], end[opposite < 0], strict=True)}
    count = int(np.count_nonzero(opposite < 0))
    assert rim == {(k, (k + 1) % count) for k in range(count)}


@pytest.mark.parametrize("count", [3, 4, 7, 40])
def test_a_flat_rim_is_covered_once(count):
    vertices = _circle(count)
    made = triangulate_rims(vertices, _rims(range(count)))
    assert made.method.tolist() == [EXACT]
    assert len(made.triangles) == count - 2
    _assert_linked(made)
    a, b, c = (vertices[made.triangles[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)[:, 2] / 2
    assert (area > 0).all()
    assert area.sum() == pytest.approx(count / 2 * np.sin(2 * np.pi / count))


def test_the_flatter_diagonal_wins_and_a_banned_one_loses():
    """A square bent along one diagonal."""
    vertices = np.array([[0, 0, 0], [1, 0, 0.4], [1, 1, 0], [0, 1, 0.4]], dtype=float)
    lifted = vertices.copy()
    lifted[1, 2] = 0.1  # nearer to the plane of the other three: bends less over 0-2
    flat = _chords(triangulate_rims(lifted, _rims(range(4))), 4)
    other = _chords(triangulate_rims(lifted, _rims(range(4), banned=flat)), 4)
    assert len(flat) == len(other) == 1
    assert flat != other

    def bend(chord):
        a, c = chord
        b, d = sorted({0, 1, 2, 3} - {a, c})
        one = np.cross(lifted[b] - lifted[a], lifted[c] - lifted[a])
        two = np.cross(lifted[c] - lifted[a], lifted[d] - lifted[a])
        return one @ two / np.linalg.norm(one) / np.linalg.norm(two)

    assert bend(next(iter(flat))) >= bend(next(iter(other)))


def test_the_faces_behind_the_rim_have_a_say():
    """A gable: with its slopes known behind the eaves, the ridge is kept."""
    vertices = np.array([[0, 0, 0], [2, 0, 0], [2, 1, 0.7], [2, 2, 0], [0, 2, 0], [0, 1, 0.7]])
    slope = np.array([[0, -0.7, 1], [0, 0.7, 1]]) / np.hypot(0.7, 1)
    nothing = np.zeros(3)
    normals = [slope[0], nothing, nothing, slope[1], nothing, nothing]
    made = triangulate_rims(vertices, _rims(range(6), normals=normals))
    assert (2, 5) in _chords(made, 6)


def test_all_chords_banned_gives_a_star():
    every = [(a, b) for a in range(5) for b in range(a + 2, 5) if (a, b) != (0, 4)]
    made = triangulate_rims(_circle(5), _rims(range(5), banned=every))
    assert made.method.tolist() == [STAR]
    assert made.triangles.tolist() == [[k, (k + 1) % 5, 5] for k in range(5)]
    _assert_linked(made)


@pytest.mark.parametrize(
    ("rim", "banned", "supported", "method"),
    [
        ([0, 1, 0, 2], [(1, 3)], True, IMPOSSIBLE),  # nothing but a star, twice to one vertex
        ([0, 1, 2], [], False, IMPOSSIBLE),
        (list(range(41)), [], True, WIDE),
    ],
)
def test_what_gets_no_triangles(rim, banned, supported, method):
    rims = _rims(rim, banned=banned, supported=supported)
    made = triangulate_rims(_circle(41), rims, exact_rim=40)
    assert made.method.tolist() == [method]
    assert len(made.triangles) == len(made.opposite) == made.offsets[-1] == 0


def test_a_vertex_is_never_joined_with_itself():
    vertices = np.vstack([_circle(6), _circle(3) + np.array([3.0, 0, 0])])
    rim = [0, 1, 2, 3, 0, 6, 7, 8]  # passes vertex 0 twice
    made = triangulate_rims(vertices, _rims(rim))
    assert made.method.tolist() == [EXACT]
    named = np.array(rim)[made.triangles]
    assert all(len(set(corners)) == 3 for corners in named.tolist())
    assert all(low <= high for low, high in pairwise(made.offsets.tolist()))
