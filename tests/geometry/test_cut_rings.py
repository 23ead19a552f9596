"""What hangs together after a cut: the faces about it tell what joining all faces would."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.cut_rings import CRUMB_FACES, crumbs_about
from stsbench.geometry.face_sets import join_faces
from stsbench.geometry.topology import BOUNDARY, GONE, half_edge_twins
from tests.shapes import sheet

SIDE = 40
SHEET = sheet(SIDE, SIDE)


def cut(gone):
    """Cut squares, (column, row), out of the sheet; return what is known and what is true."""
    faces = SHEET.faces
    square = np.arange(len(faces)) // 2
    keep = ~np.isin(square, [row * SIDE + column for column, row in gone])
    left = np.ascontiguousarray(faces[keep])
    twin = half_edge_twins(left, SHEET.vertex_count)
    lost = np.ascontiguousarray(faces[~keep])
    count, crumb = crumbs_about(left, twin, lost, SHEET.vertex_count)
    table = half_edge_twins(faces, SHEET.vertex_count).reshape(-1, 3)
    table = np.where((table >= 0) & ~keep[table // 3], BOUNDARY, table)
    table[~keep] = GONE
    with_rows, numbers = crumbs_about(faces, table.ravel(), lost, SHEET.vertex_count)
    assert with_rows == count
    if count >= 0:
        assert np.array_equal(numbers[keep], crumb)
    return count, crumb, join_faces(np.empty((0, 3), np.int32), twin).component


def frame(low, high):
    """The squares of a square frame."""
    return [
        (c, r)
        for c in range(low, high + 1)
        for r in range(low, high + 1)
        if c in (low, high) or r in (low, high)
    ]


CASES = {
    "one square": ([(5, 5)], 0),
    "two squares that touch in a corner": ([(5, 5), (6, 6)], 0),
    "two places": ([(5, 5), (20, 20)], 0),
    "at the border": ([(0, 7)], 0),
    "a corner cut off": ([(2, 0), (2, 1), (2, 2), (1, 2), (0, 2)], 1),
    "a frame with what is in it": (frame(10, 14), 1),
    "a frame in a frame": (frame(10, 14) + frame(6, 18), 2),
    "in two halves": ([(20, r) for r in range(SIDE)], -1),
    "a frame with too much in it": (frame(4, 30), -1),
    "two rows and a crumb between them": (
        [(c, 20) for c in range(SIDE) if c != 3]
        + [(2, 19), (2, 21), (3, 19), (3, 21), (4, 19), (4, 21)],
        -1,
    ),
}


@pytest.mark.parametrize(("gone", "expected"), CASES.values(), ids=CASES)
def test_crumbs(gone, expected):
    count, crumb, component = cut(gone)
    assert count == expected
    if count >= 0:
        agree(count, crumb, component)


def agree(count, crumb, component):
    """Crumbs are the components that joining finds, but for the largest."""
    assert component.max() == count
    pairs = np.unique(np.stack([crumb, component]), axis=1)
    assert len(set(pairs[0])) == len(set(pairs[1])) == pairs.shape[1] == count + 1
    assert np.bincount(crumb).argmax() == 0
    assert (np.bincount(crumb)[1:] < CRUMB_FACES).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 700))
def test_what_is_known_is_true(seed, count):
    squares = np.random.default_rng(seed).integers(0, SIDE, (count, 2))
    known, crumb, component = cut([tuple(each) for each in squares.tolist()])
    if known >= 0:
        agree(known, crumb, component)
