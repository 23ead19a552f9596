import math

import pytest

from stsbench.domain.order import Profile
from stsbench.domain.verdicts import CheckResult
from stsbench.qa.limits import Gate, Rule, Stage

PASS, WARN, FAIL, OPEN = (
    CheckResult.PASS,
    CheckResult.WARN,
    CheckResult.FAIL,
    CheckResult.NOT_CHECKED,
)


def gate(rule, passes, warns=None, *, unit="mm", digits=3, **more):
    return Gate(
        "X", "title", "meaning", "x", unit, digits, rule, passes, warns, Stage.MODEL, "s", **more
    )


@pytest.mark.parametrize(
    ("rule", "passes", "warns", "value", "result"),
    [
        (Rule.AT_MOST, 0.01, 0.02, 0.0, PASS),
        (Rule.AT_MOST, 0.01, 0.02, 0.01, PASS),
        (Rule.AT_MOST, 0.01, 0.02, math.nextafter(0.01, 1), WARN),
        (Rule.AT_MOST, 0.01, 0.02, 0.02, WARN),
        (Rule.AT_MOST, 0.01, 0.02, math.nextafter(0.02, 1), FAIL),
        (Rule.AT_MOST, 0.01, None, 0.02, FAIL),
        (Rule.AT_MOST, 0, None, 0, PASS),
        (Rule.AT_MOST, 0, None, 1, FAIL),
        (Rule.AT_MOST, 0.01, 0.02, math.inf, FAIL),
        (Rule.AT_MOST, 0.01, 0.02, -math.inf, FAIL),
        (Rule.AT_MOST, 0.01, 0.02, math.nan, FAIL),
        (Rule.AT_MOST, 0.01, 0.02, None, OPEN),
        (Rule.AT_MOST, 0.01, 0.02, True, FAIL),
        (Rule.AT_MOST, 0.01, 0.02, "0", FAIL),
        (Rule.AT_LEAST, 18.0, 4.0, 18.0, PASS),
        (Rule.AT_LEAST, 18.0, 4.0, math.nextafter(18.0, 0), WARN),
        (Rule.AT_LEAST, 18.0, 4.0, 4.0, WARN),
        (Rule.AT_LEAST, 18.0, 4.0, math.nextafter(4.0, 0), FAIL),
        (Rule.AT_LEAST, 18.0, 4.0, math.inf, FAIL),
        (Rule.AT_LEAST, 18.0, 4.0, math.nan, FAIL),
        (Rule.BETWEEN, (13.0, 19.0), (11.0, 22.0), 13.0, PASS),
        (Rule.BETWEEN, (13.0, 19.0), (11.0, 22.0), 19.0, PASS),
        (Rule.BETWEEN, (13.0, 19.0), (11.0, 22.0), 12.999, WARN),
        (Rule.BETWEEN, (13.0, 19.0), (11.0, 22.0), 22.0, WARN),
        (Rule.BETWEEN, (13.0, 19.0), (11.0, 22.0), 10.999, FAIL),
        (Rule.BETWEEN, (13.0, 19.0), (11.0, 22.0), 22.001, FAIL),
        (Rule.BETWEEN, (13.0, 19.0), (11.0, 22.0), math.nan, FAIL),
        (Rule.EQUALS, True, None, True, PASS),
        (Rule.EQUALS, True, None, False, FAIL),
        (Rule.EQUALS, True, None, 1, FAIL),
        (Rule.EQUALS, 1, None, 1, PASS),
        (Rule.EQUALS, 1, None, 2, FAIL),
        (Rule.EQUALS, 1, None, True, FAIL),
        (Rule.EQUALS, 1, None, None, OPEN),
        (Rule.ONE_OF, ("confirmed",), ("sure", "given"), "confirmed", PASS),
        (Rule.ONE_OF, ("confirmed",), ("sure", "given"), "given", WARN),
        (Rule.ONE_OF, ("confirmed",), ("sure", "given"), "unsure", FAIL),
        (Rule.ONE_OF, ("confirmed",), ("sure", "given"), "", FAIL),
        (Rule.ONE_OF, ("confirmed",), ("sure", "given"), 1, FAIL),
    ],
)
def test_a_value_against_its_limits(rule, passes, warns, value, result):
    assert gate(rule, passes, warns).judge(value) is result


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (gate(Rule.AT_MOST, 0.01, 0.02), "at most 0.01 mm; warning up to 0.02 mm"),
        (gate(Rule.AT_LEAST, 18.0, 4.0, unit="/mm2"), "at least 18 /mm²; warning down to 4 /mm²"),
        (gate(Rule.AT_MOST, 0, unit=""), "at most 0"),
        (
            gate(Rule.BETWEEN, (100000, 300000), (50000, 1000000), unit=""),
            "100,000 to 300,000; warning 50,000 to 1,000,000",
        ),
        (gate(Rule.BETWEEN, (0, 0), (0, 9), unit=""), "0; warning 0 to 9"),
        (gate(Rule.EQUALS, True, unit=""), "yes"),
        (gate(Rule.ONE_OF, ("a",), ("b", "c"), unit=""), "a; warning b or c"),
    ],
)
def test_limits_in_words(made, words):
    assert made.threshold == words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        ("sure", "sure"),
        (12345.6789, "12,345.679 mm"),
        (0, "0.000 mm"),
        (math.nan, "not a number"),
        (math.inf, "not a number"),
    ],
)
def test_a_value_as_printed(value, shown):
    assert gate(Rule.AT_MOST, 1.0).show(value) == shown


def test_a_profile_may_have_limits_of_its_own():
    made = gate(Rule.AT_MOST, 4.0, 15.0, special={Profile.RESTORATIVE: (2.0, None)})
    assert made.for_profile(Profile.STUDY).judge(3.0) is PASS
    assert made.for_profile(Profile.RESTORATIVE).judge(3.0) is FAIL
    assert made.passes == 4.0


def test_a_choice_is_told_by_its_source():
    made = gate(Rule.AT_MOST, 1.0)
    assert not made.is_choice
