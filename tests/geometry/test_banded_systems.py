"""Banded systems against numpy's dense solver."""

import numpy as np
import pytest

from stsbench.geometry.banded_systems import GROUP, SPARE, solve_band


def _stored(matrix, right, band):
    """A symmetric matrix and right sides as the flat rows that are asked for."""
    n = len(matrix)
    filled = -(-n // GROUP) * GROUP
    rows = np.zeros((filled, band + 1 + SPARE + right.shape[1]))
    rows[n:, 0] = 1.0
    for d in range(min(band, n - 1) + 1):
        rows[: n - d, d] = np.diagonal(matrix, d)
    rows[:n, band + 1 + SPARE :] = right
    return rows


@pytest.mark.parametrize(
    ("n", "band"), [(1, 0), (2, 1), (3, 0), (4, 2), (5, 4), (9, 1), (30, 3), (31, 7), (40, 39)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_answers_are_those_of_a_dense_solver(n, band, channels):
    rng = np.random.default_rng(n)
    matrix = np.triu(np.tril(rng.normal(size=(n, n)), band))
    matrix = matrix + matrix.T + 8 * (band + 1) * np.eye(n)
    right = rng.normal(size=(n, channels))
    rows = _stored(matrix, right, band)
    assert solve_band(rows.ravel(), n, band, channels)
    assert np.allclose(rows[:n, band + 1 + SPARE :], np.linalg.solve(matrix, right), atol=1e-12)


@pytest.mark.parametrize(
    "reach",
    [
        [0] * 9,
        [5, 0, 0, 0, 0, 0, 3, 0, 0],
        [0, 0, 0, 0, 4, 0, 0, 0, 0],
        [1, 2, 3, 4, 0, 0, 0, 1, 0],
        [0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [2, 2, 2, 2, 2, 2, 5, 2, 2, 2, 2, 2, 2, 2],
    ],
)
def test_rows_that_end_before_the_band_count_as_they_are(reach):
    rng = np.random.default_rng(len(reach))
    n, band = len(reach), 5
    upper = np.zeros((n, n))
    for row, far in enumerate(reach):
        upper[row, row + 1 : row + 1 + far] = rng.normal(size=len(upper[row, row + 1 :][:far]))
    matrix = upper + upper.T + 24 * np.eye(n)
    right = rng.normal(size=(n, 3))
    rows = _stored(matrix, right, band)
    assert solve_band(rows.ravel(), n, band, 3)
    assert np.allclose(rows[:n, band + 1 + SPARE :], np.linalg.solve(matrix, right), atol=1e-12)


@pytest.mark.parametrize("at", [0, 3, 5])
def test_what_is_not_definite_is_named(at):
    matrix = np.eye(6)
    matrix[at, at] = -1.0
    assert not solve_band(_stored(matrix, np.ones((6, 1)), 2).ravel(), 6, 2, 1)
