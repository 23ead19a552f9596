"""Polygons become fans, and no row is believed that does not fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.list_rows import fan_triangles, find_in_rows, read_lists


def fans(polygons):
    """The definition, in two lines of Python."""
    return [
        [polygon[0], polygon[k], polygon[k + 1]]
        for polygon in polygons
        for k in range(1, len(polygon) - 1)
    ]


def flat(polygons):
    counts = np.array([len(polygon) for polygon in polygons], np.int32)
    corners = np.array([corner for polygon in polygons for corner in polygon], np.int64)
    return counts, corners


@pytest.mark.parametrize(
    ("polygons", "expected"),
    [
        ([], []),
        ([[], [4], [4, 5]], []),
        ([[7, 8, 9]], [[7, 8, 9]]),
        ([[0, 1, 2, 3]], [[0, 1, 2], [0, 2, 3]]),
        ([[5, 4], [0, 1, 2, 3, 4], [], [2, 1, 0]], [[0, 1, 2], [0, 2, 3], [0, 3, 4], [2, 1, 0]]),
    ],
    ids=["nothing", "no area", "triangle", "quad", "mixed"],
)
def test_known_fans(polygons, expected):
    faces = fan_triangles(*flat(polygons))
    assert faces.tolist() == expected
    assert faces.dtype == np.int32


POLYGONS = st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=6), max_size=12)


@settings(deadline=None, max_examples=50)
@given(POLYGONS)
def test_any_polygons_give_their_fans(polygons):
    assert fan_triangles(*flat(polygons)).tolist() == fans(polygons)


def rows_of(polygons, order):
    """Rows of (uint8 before, list of int32 with int16 count, uint8 after)."""
    return b"".join(
        b"\x01"
        + np.array(len(p), order + "i2").tobytes()
        + np.array(p, order + "i4").tobytes()
        + b"\x02"
        for p in polygons
    )


SHAPES = np.array([(0, 0, 1), (2, 1, 4), (0, 0, 1)], np.int64)


def octets(data):
    found = np.frombuffer(data, np.uint8)
    found.flags.writeable = False
    return found


@settings(deadline=None, max_examples=50)
@given(POLYGONS, st.sampled_from("<>"), st.integers(0, 3))
def test_lists_are_found_and_read_between_other_values(polygons, order, before):
    data = octets(b"\xff" * before + rows_of(polygons, order))
    big = order == ">"
    offsets, values, rows, end = find_in_rows(data, before, len(polygons), SHAPES, 1, big)
    counts, corners = read_lists(data, offsets, SHAPES[1], True, big, values)
    assert (rows, end) == (len(polygons), len(data))
    assert np.array_equal(counts, flat(polygons)[0])
    assert np.array_equal(corners, flat(polygons)[1])


@settings(deadline=None, max_examples=50)
@given(POLYGONS.filter(bool), st.sampled_from("<>"), st.data())
def test_a_cut_is_seen_in_the_row_where_it_is(polygons, order, data):
    whole = rows_of(polygons, order)
    end = data.draw(st.integers(0, len(whole) - 1))
    _, _, rows, _ = find_in_rows(octets(whole[:end]), 0, len(polygons), SHAPES, -1, order == ">")
    lengths = np.cumsum([4 + 4 * len(polygon) for polygon in polygons])
    assert rows == np.count_nonzero(lengths <= end)


@pytest.mark.parametrize("size", [1, 2, 4, 8])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_integers_of_every_width(size, signed, order):
    kind = np.dtype(f"{order}{'i' if signed else 'u'}{size}")
    limits = np.iinfo(kind)
    highest = min(int(limits.max), 2**63 - 1)
    numbers = [0, 1, highest, int(limits.min)]
    data = octets(b"\x04" + np.array(numbers, kind).tobytes())
    shape = np.array([1, 0, size], np.int64)
    counts, corners = read_lists(data, np.zeros(1, np.int64), shape, signed, order == ">", 4)
    assert counts.tolist() == [4]
    assert corners.tolist() == numbers


@pytest.mark.parametrize("count", [b"\xff\xff", b"\xff\x7f"], ids=["negative", "too many"])
def test_a_lying_count_stops_the_walk(count):
    data = octets(b"\x01" + count + bytes(20))
    *_, rows, _ = find_in_rows(data, 0, 1, SHAPES, 1, False)
    assert rows == 0
