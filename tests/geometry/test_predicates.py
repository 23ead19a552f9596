"""Signs of determinants against whole numbers, down to where float64 alone turns them."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from stsbench.geometry.predicates import side_of_line, side_of_plane

# A hair is less than float64 can see beside products of a million.
HAIRS = (0.0, 2.0**-31, -(2.0**-31), 2.0**-28, -(2.0**-28))


def sign(number):
    return (number > 0) - (number < 0)


def exact_line(p, i, j, a, b, c):
    u, v, w = ([Fraction(float(p[n, k])) for k in (i, j)] for n in (a, b, c))
    return sign((u[0] - w[0]) * (v[1] - w[1]) - (u[1] - w[1]) * (v[0] - w[0]))


def exact_plane(p, a, b, c, d):
    rows = [
        [Fraction(float(p[n, k])) - Fraction(float(p[d, k])) for k in range(3)] for n in (a, b, c)
    ]
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = rows
    return sign(ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx))


def nearly_flat(seed):
    """Four places of a plane through whole numbers, the last a hair beside it along an axis."""
    rng = np.random.default_rng(seed)
    u, v = rng.integers(-500_000, 500_000, (2, 3))
    s, t = rng.integers(-2, 3, 2)
    places = np.array([0 * u, u, v, s * u + t * v]) + rng.integers(-100_000, 100_000, 3)
    places = places.astype(np.float64)
    places[3, rng.integers(3)] += rng.choice(HAIRS)
    return places


@pytest.mark.parametrize(
    ("d", "side"),
    [((0.2, 0.2, 1), -1), ((0.2, 0.2, -1), 1), ((0.2, 0.2, 0), 0), ((9, -9, 0), 0), ((0, 0, 0), 0)],
)
def test_a_vertex_above_sees_the_others_turn_left(d, side):
    places = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), d], dtype=np.float64)
    assert side_of_plane(places, 0, 1, 2, 3) == side
    assert side_of_plane(places, 1, 0, 2, 3) == -side


@pytest.mark.parametrize(
    ("c", "side"), [((1, 1), 1), ((1, -1), -1), ((1, 0), 0), ((5, 0), 0), ((0, 0), 0)]
)
@pytest.mark.parametrize(("i", "j"), [(0, 1), (1, 2), (2, 0)])
def test_left_of_a_line_along_each_axis(c, side, i, j):
    places = np.zeros((3, 3))
    places[1, i] = 2.0
    places[2, [i, j]] = c
    assert side_of_line(places, i, j, 0, 1, 2) == side
    assert side_of_line(places, i, j, 1, 0, 2) == -side
    assert side_of_line(places, j, i, 0, 1, 2) == -side


@pytest.mark.parametrize("seed", range(4))
def test_a_hair_beside_a_plane_is_told_from_every_side(seed):
    seen = set()
    for n in range(40):
        places = nearly_flat(1000 * seed + n)
        for order in permutations(range(4)):
            side = side_of_plane(places, *order)
            assert side == exact_plane(places, *order)
            seen.add(side)
    assert seen == {-1, 0, 1}


@pytest.mark.parametrize("seed", range(4))
def test_a_hair_beside_a_line_is_told_from_every_side(seed):
    seen = set()
    for n in range(40):
        rng = np.random.default_rng(1000 * seed + n)
        u = rng.integers(-500_000, 500_000, 3)
        places = np.array([0 * u, u, rng.integers(-3, 4) * u]) + rng.integers(-100_000, 100_000, 3)
        places = places.astype(np.float64)
        places[2, rng.integers(3)] += rng.choice(HAIRS)
        for order in permutations(range(3)):
            for i, j in ((0, 1), (1, 2), (2, 0)):
                side = side_of_line(places, i, j, *order)
                assert side == exact_line(places, i, j, *order)
                seen.add(side)
    assert seen == {-1, 0, 1}


def test_float64_alone_would_turn_some_of_these():
    """Or the tests above would say nothing about the second, finer evaluation."""
    wrong = 0
    for n in range(160):
        places = nearly_flat(n)
        rows = places[:3] - places[3]
        plain = sign(float(np.dot(rows[0], np.cross(rows[1], rows[2]))))
        wrong += plain != exact_plane(places, 0, 1, 2, 3)
    assert wrong > 5
