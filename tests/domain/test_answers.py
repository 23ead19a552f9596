"""Answers hold what a person decided, as plain JSON and nothing else."""

import json

import pytest

from stsbench.domain.answers import Answers
from stsbench.errors import InputError

USES = [
    {"tool": "fill", "edge": [3, 8]},
    {"tool": "smooth", "faces": [[0, 4], [9, 12]], "cap_mm": 0.05, "passes": 10},
    {"tool": "trim_curve", "points": [[0.0, 1.0, 2.0], [1.0, 1.0, 2.0]], "goes": [5, 5, 5]},
]


def test_steps_survive_their_file_in_order():
    answers = Answers({"upper/steps": USES, "lower/hole/0": "fill"})
    read = Answers.from_json(json.loads(json.dumps(answers.as_json())))
    assert [dict(use) for use in read.steps("upper")] == USES
    assert read.steps("lower") == ()
    assert Answers({"steps": USES}).steps() == tuple(USES)


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("fill", "no list"),
        (["fill"], "Step 1 names no tool"),
        ([USES[0], {"edge": [1, 2]}], "Step 2 names no tool"),
        ([{"tool": 3}], "Step 1 names no tool"),
        ([{"tool": "fill", "edge": float("nan")}], "Step 1 holds something else"),
        ([{"tool": "fill", "edge": {"a": 1}}], "Step 1 holds something else"),
        ([{"tool": "fill", "edge": None}], "Step 1 holds something else"),
        ([{"tool": "fill", 3: 4}], "Step 1 holds something else"),
        ([{"tool": "fill", "edge": [[[[1]]]]}], "Step 1 holds something else"),
        ([USES[0]] * 10_001, "10001 steps"),
    ],
)
def test_what_no_replay_could_read_is_refused(steps, problem):
    with pytest.raises(InputError, match=problem):
        Answers({"upper/steps": steps})


def test_only_plain_values_are_answers():
    with pytest.raises(InputError, match="dict"):
        Answers({"hole/1": {}})
    with pytest.raises(InputError, match="no answers file"):
        Answers.from_json({"schema": "other/1", "answers": {}})
