import math

import pytest

from stsbench.domain.order import Profile
from stsbench.domain.verdicts import CheckResult, Verdict
from stsbench.errors import InputError
from stsbench.qa.gates import evaluate, load_gates, not_checked_here, verdict_of_rows
from stsbench.qa.limits import Rule, Stage

# Every limit once more, by hand: a slip in the data file must not pass unseen.
LIMITS = {
    "I1": (0.0, 20.0),
    "I2": ((100000, 300000), (50000, 1000000)),
    "I3": (18.0, 4.0),
    "R1.p99": (0.010, 0.020),
    "R1.max": (0.050, 0.100),
    "R2": (1.0, 3.0),
    "R3": (4.0, 15.0),
    "R3.told": (0, None),
    "R4": (0.0, None),
    "R6": (0, None),
    "R6.double": ((0, 0), (0, 1000)),
    "A1": (("confirmed",), ("given", "sure")),
    "M1.closed": (True, None),
    "M1.shells": (1, None),
    "M1.volume": (1.0, None),
    "M1.genus": (0, None),
    "M1.crossings": (0, None),
    "M2": (0.005, 0.010),
    "M3": (90.0, 80.0),
    "M3.floor": (1.0, None),
    "M6": ((13.0, 19.0), (11.0, 22.0)),
    "M7.flat": (0.02, None),
    "M7.parallel": (0.5, None),
}
GOOD = {
    "box_outside_percent": 0.0,
    "face_count": 200000,
    "vertex_density_per_mm2": 20.0,
    "untouched_p99_mm": 0.0,
    "untouched_max_mm": 0.0,
    "filled_area_percent": 0.2,
    "largest_filled_perimeter_mm": 1.5,
    "fills_not_found": 0,
    "edited_mm2": 0.0,
    "leftover_defects": 0,
    "leftover_double_layers": 0,
    "orientation": "confirmed",
    "watertight": True,
    "shells": 1,
    "volume_mm3": 20000.0,
    "genus_excess": 0,
    "self_intersections": 0,
    "anatomy_max_mm": 0.0,
    "wall_p0_1_percent": 99.0,
    "wall_p0_1_mm": 1.98,
    "height_mm": 15.0,
    "bottom_flatness_mm": 0.0,
    "bottom_angle_deg": 0.0,
}


def by_id(rows):
    return {row.gate.check_id: row for row in rows}


def test_the_limits_are_those_written_down():
    assert {gate.check_id: (gate.passes, gate.warns) for gate in load_gates()} == LIMITS


def test_every_check_is_complete():
    gates = load_gates()
    assert len({gate.measure for gate in gates}) == len(gates)
    for gate in gates:
        assert gate.title
        assert gate.meaning.endswith(".")
        assert len(gate.source) >= len("choice, not fact")
        assert gate.stage in Stage
        assert gate.threshold
    assert {gate.measure for gate in gates} == set(GOOD)


def test_limits_without_a_measured_source_say_so():
    measured = {
        "R3.told",
        "R4",
        "R6",
        "M1.closed",
        "M1.shells",
        "M1.volume",
        "M1.genus",
        "M1.crossings",
    }
    measured |= {"M3.floor"}
    choices = {gate.check_id for gate in load_gates() if gate.is_choice}
    assert choices == set(LIMITS) - measured


def test_the_warning_range_holds_the_passing_one():
    for gate in load_gates():
        if gate.rule is Rule.BETWEEN:
            assert gate.warns[0] <= gate.passes[0] <= gate.passes[1] <= gate.warns[1]
        elif gate.rule in {Rule.AT_MOST, Rule.AT_LEAST} and gate.warns is not None:
            assert (gate.warns > gate.passes) is (gate.rule is Rule.AT_MOST)


def test_what_is_not_answered_names_its_reason():
    rows = not_checked_here()
    assert {row.check_id for row in rows} >= {"I4", "I5", "I6", "I7", "I8", "R5", "P1"}
    assert all(row.reason and row.title for row in rows)
    assert not {row.check_id for row in rows} & set(LIMITS)


@pytest.mark.parametrize("profile", list(Profile))
def test_good_figures_pass_every_check_that_applies(profile):
    rows = evaluate(GOOD, profile=profile, subject="lower")
    assert {row.result for row in rows if row.applies} == {CheckResult.PASS}
    assert verdict_of_rows(rows) is Verdict.PASS
    idle = {row.gate.check_id for row in rows if not row.applies}
    assert idle == {"R4", "M6"} - ({"R4"} if profile is Profile.ORTHO_RECORD else set()) - (
        {"M6"} if profile is Profile.ALIGNER else set()
    )


@pytest.mark.parametrize("measure", sorted(GOOD))
@pytest.mark.parametrize(("value", "verdict"), [(None, Verdict.REVIEW), (math.nan, Verdict.HOLD)])
def test_a_missing_value_never_passes(measure, value, verdict):
    profile = Profile.ALIGNER if measure == "height_mm" else Profile.ORTHO_RECORD
    rows = evaluate(GOOD | {measure: value}, profile=profile)
    assert verdict_of_rows(rows) is verdict
    (row,) = [row for row in rows if row.gate.measure == measure]
    assert row.note
    assert row.as_json()["value"] is None


def test_nothing_measured_is_nothing_passed():
    rows = evaluate({}, profile="study")
    assert {row.result for row in rows} == {CheckResult.NOT_CHECKED}
    assert verdict_of_rows(rows) is Verdict.REVIEW


def test_an_absence_on_purpose_does_not_touch_the_verdict():
    left = {key: value for key, value in GOOD.items() if not key.startswith("wall")}
    reasons = {"wall_p0_1_percent": "the model is solid", "wall_p0_1_mm": "the model is solid"}
    rows = evaluate(left, profile="study", reasons=reasons)
    assert verdict_of_rows(rows) is Verdict.PASS
    assert by_id(rows)["M3"].note == "the model is solid"
    assert not by_id(rows)["M3"].applies


def test_a_gap_keeps_its_reason_and_asks_for_a_person():
    left = {key: value for key, value in GOOD.items() if key != "watertight"}
    rows = evaluate(left, profile="study", gaps={"watertight": "no model was made"})
    assert by_id(rows)["M1.closed"].note == "no model was made"
    assert verdict_of_rows(rows) is Verdict.REVIEW


@pytest.mark.parametrize(
    ("profile", "perimeter", "result"),
    [
        ("study", 4.0, "pass"),
        ("study", 15.0, "warn"),
        ("study", 15.1, "fail"),
        ("restorative", 2.1, "warn"),
        ("restorative", 10.1, "fail"),
        ("denture", 25.0, "pass"),
        ("denture", 25.1, "fail"),
    ],
)
def test_holes_are_judged_by_profile(profile, perimeter, result):
    rows = evaluate(GOOD | {"largest_filled_perimeter_mm": perimeter}, profile=profile)
    assert by_id(rows)["R3"].result == result


def test_one_failure_holds_and_one_warning_asks():
    assert verdict_of_rows(evaluate(GOOD | {"shells": 2}, profile="study")) is Verdict.HOLD
    warned = evaluate(GOOD | {"orientation": "sure"}, profile="study")
    assert verdict_of_rows(warned) is Verdict.REVIEW
    assert verdict_of_rows([]) is Verdict.PASS


def test_a_figure_no_check_knows_is_refused():
    with pytest.raises(InputError, match="height_inch") as caught:
        evaluate({"height_inch": 1.0}, profile="study")
    assert caught.value.remedy


def test_a_row_as_json_rounds_and_has_no_negative_zero():
    row = by_id(evaluate(GOOD | {"anatomy_max_mm": -1e-12}, profile="study"))["M2"].as_json()
    assert str(row["value"]) == "0.0"
    assert row["choice"] is True
    assert row["threshold"].startswith("at most 0.005 mm")
