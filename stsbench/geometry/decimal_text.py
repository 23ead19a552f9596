"""Decimal numbers in text, read by kernels: millions of coordinates a second.

Rules owned here:
- A number must be written in full and end at a blank: "1.5x" and "1,5" are not 1.5.
- The value is the nearest float64 for every number of up to 19 digits that is not within 2^-98 of
  a tie, so whatever `repr` writes comes back; longer ones are within one unit in the last place.
- Beyond 1e80 it is infinite, below 1e-90 it is 0: no coordinate is either.

Source: Clinger, "How to read floating point numbers accurately", PLDI 1990 (the exact fast path);
Dekker, "A floating-point technique for extending the available precision", 1971 (the slow one).
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import kernel

__all__ = [
    "BLANK",
    "SOUND",
    "TOO_MANY",
    "UNEXPECTED",
    "UNFINISHED",
    "Text",
    "is_word",
    "read_decimal",
    "read_integer",
    "skip_blanks",
    "skip_line",
    "skip_word",
]

Text = NDArray[np.uint8]

BLANK = 32  # a space; every byte up to it separates words, as do tabs, line ends and zero bytes
SOUND, UNEXPECTED, UNFINISHED, TOO_MANY = 0, 1, 2, 3  # how a scan of text ended

_LOWEST, _HIGHEST = -110, 80
_MOST_DIGITS = 19  # that an unsigned 64-bit integer always holds
_SPLITTER = 2.0**27 + 1.0


def _powers_of_ten() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return 10^_LOWEST to 10^_HIGHEST, each as the sum of two float64."""
    exact = [Fraction(10) ** e for e in range(_LOWEST, _HIGHEST + 1)]
    high = [float(each) for each in exact]
    low = [float(each - Fraction(first)) for each, first in zip(exact, high, strict=True)]
    return np.array(high), np.array(low)


_POWER, _POWER_REST = _powers_of_ten()


@kernel
def skip_blanks(text: Text, at: int) -> int:
    """Return where the next word begins, or the end."""
    while at < text.shape[0] and text[at] <= BLANK:
        at += 1
    return at


@kernel
def skip_word(text: Text, at: int) -> int:
    """Return where this word ends."""
    while at < text.shape[0] and text[at] > BLANK:
        at += 1
    return at


@kernel
def skip_line(text: Text, at: int) -> int:
    """Return where this line ends."""
    while at < text.shape[0] and text[at] != 10 and text[at] != 13:
        at += 1
    return at


@kernel
def is_word(text: Text, at: int, word: Text) -> bool:
    """Whether this word stands here in full, in upper or lower case."""
    end = at + word.shape[0]
    if end > text.shape[0] or (end < text.shape[0] and text[end] > BLANK):
        return False
    same = True
    for k in range(word.shape[0]):
        same = same and (text[at + k] | 32) == word[k]
    return same


@kernel
def read_integer(text: Text, at: int) -> tuple[int, int]:
    """Read an integer of up to 18 digits.

    Returns the value and where it ends, which is `at` when there is none.
    """
    start = at
    size = text.shape[0]
    negative = at < size and text[at] == 45
    if at < size and (text[at] == 43 or text[at] == 45):
        at += 1
    digits = 0
    value = 0
    while at < size and 48 <= text[at] <= 57:
        value = value * 10 + int(text[at]) - 48
        digits += 1
        at += 1
        if digits > 18:
            return 0, start
    if digits == 0:
        return 0, start
    return (-value if negative else value), at


@kernel
def _scaled(mantissa: np.uint64, exponent: int) -> float:
    """Return mantissa * 10^exponent, in twice the precision of float64 until the last step."""
    high = np.float64(mantissa)
    back = np.uint64(high)
    rest = np.float64(mantissa - back) if mantissa >= back else -np.float64(back - mantissa)
    power = _POWER[exponent - _LOWEST]
    product = high * power
    t = _SPLITTER * high
    high_a = t - (t - high)
    high_b = high - high_a
    t = _SPLITTER * power
    power_a = t - (t - power)
    power_b = power - power_a
    error = ((high_a * power_a - product) + high_a * power_b + high_b * power_a) + high_b * power_b
    error += high * _POWER_REST[exponent - _LOWEST] + rest * power
    scaled: float = product + error
    return scaled


@kernel
def read_decimal(text: Text, at: int) -> tuple[float, int]:
    """Read a number such as -12, 0.5, .5, 5. or 1.25e-03.

    Returns the value and where it ends, which is `at` when no number stands here in full.
    """
    start = at
    size = text.shape[0]
    negative = at < size and text[at] == 45
    if at < size and (text[at] == 43 or text[at] == 45):
        at += 1
    mantissa = np.uint64(0)
    kept = 0  # digits in the mantissa, leading zeros aside
    digits = 0
    exponent = 0
    fraction = False
    while at < size:
        octet = text[at]
        if 48 <= octet <= 57:
            digits += 1
            if kept < _MOST_DIGITS:
                mantissa = mantissa * np.uint64(10) + np.uint64(octet - 48)
                if mantissa > np.uint64(0):
                    kept += 1
                if fraction:
                    exponent -= 1
            elif not fraction:
                exponent += 1
        elif octet == 46 and not fraction:
            fraction = True
        else:
            break
        at += 1
    if digits == 0:
        return 0.0, start
    if at < size and (text[at] | 32) == 101:
        shift, end = read_integer(text, at + 1)
        if end == at + 1:
            return 0.0, start
        exponent += min(max(shift, -(10**6)), 10**6)
        at = end
    if at < size and text[at] > BLANK:
        return 0.0, start
    if mantissa == np.uint64(0) or exponent < _LOWEST:
        value = 0.0
    elif exponent > _HIGHEST:
        value = np.inf
    elif mantissa < np.uint64(1 << 53) and -22 <= exponent <= 22:
        # Both are exact in float64, so one operation rounds once.
        if exponent < 0:
            value = np.float64(mantissa) / _POWER[-exponent - _LOWEST]
        else:
            value = np.float64(mantissa) * _POWER[exponent - _LOWEST]
    else:
        value = _scaled(mantissa, exponent)
    return (-value if negative else value), at
