"""Decimal text: the float that Python reads, or none at all."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stsbench.geometry.decimal_text import is_word, read_decimal, read_integer


def octets(text):
    found = np.frombuffer(text.encode("latin-1"), np.uint8)
    found.flags.writeable = False
    return found


def decimal(text):
    value, end = read_decimal(octets(text), 0)
    return value if end == len(text) and text else None


WRITTEN = [
    "0", "-0", "+0", "1", "-1", "+1", "00012", "0.5", ".5", "5.", "-.5", "1e5", "1E5", "1e+5",
    "1e-5", "1.25e-03", "123456789012345678", "1234567890123456789", "12345678901234567890123",
    "0.000000000000000000000000000000123456789", "9007199254740993", "1e22", "1e23", "1e-22",
    "1e-23", "3.4028234663852886e38", "1.401298464324817e-45", "5e-46",
    "-57.909999847412109375", "0.1000000014901161193847656", "1" + "0" * 30, "0." + "0" * 30 + "1",
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_numbers_as_people_and_programs_write_them(text):
    value = decimal(text)
    assert value == float(text)
    assert math.copysign(1, value) == math.copysign(1, float(text))


@pytest.mark.parametrize(
    "text",
    ["", "-", "+", ".", "-.", "e5", "1e", "1e+", "1e5.", "1.2.3", "1,5", "1_000", "0x10", "1.5x",
     "--1", "+-1", "nan", "inf", "-inf", "Infinity", "1d5", "1f", "\u00bd", "1e" + "9" * 19],
)  # fmt: skip
def test_what_is_no_number_is_none(text):
    assert decimal(text) is None


@settings(deadline=None, max_examples=400)
@given(st.floats(min_value=1e-60, max_value=1e60), st.booleans())
@example(5e-324, False)
@example(9007199254740993.0, True)
def test_whatever_repr_writes_comes_back(value, negative):
    value = -value if negative else value
    if abs(value) > 1e-80:
        assert decimal(repr(value)) == value
        assert decimal(f"{value:.17e}") == value
        assert decimal(f"{value:.25e}") == float(f"{value:.25e}")


@settings(deadline=None, max_examples=300)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_nine_digits_give_a_float32_back(value):
    assert np.float32(decimal(f"{value:.9g}")) == np.float32(value)


@pytest.mark.parametrize(
    ("text", "expected"), [("1e81", math.inf), ("-1e400", -math.inf), ("1e-400", 0.0)]
)
def test_what_no_coordinate_can_be(text, expected):
    assert decimal(text) == expected


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="0123456789+-.eE \n", max_size=12))
def test_it_never_disagrees_with_python(text):
    value, end = read_decimal(octets(text), 0)
    if end > 0:
        expected = float(text[:end])
        # Near the ends of what a coordinate can be, either reading is right.
        allowed = {expected}
        if abs(expected) > 1e79:
            allowed.add(math.copysign(math.inf, expected))
        elif abs(expected) < 1e-89:
            allowed.add(0.0)
        assert value in allowed
        assert end == len(text) or text[end] in " \n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", (0, 1)), ("-12 3", (-12, 3)), ("+7/8", (7, 2)), ("3.5", (3, 1)),
        ("999999999999999999", (10**18 - 1, 18)), ("1000000000000000000", (0, 0)),
        ("", (0, 0)), ("-", (0, 0)), ("x1", (0, 0)),
    ],
)  # fmt: skip
def test_integers(text, expected):
    assert read_integer(octets(text), 0) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("facet", True), ("FaCeT", True), ("facet normal", True), ("facet\nx", True),
        ("facets", False), ("face", False), ("", False), ("f", False), ("facet.", False),
    ],
)  # fmt: skip
def test_words_stand_in_full(text, found):
    assert is_word(octets(text), 0, octets("facet")) == found
