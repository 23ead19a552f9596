"""The reviewer's guide says what the data files say."""

from pathlib import Path

import pytest

from stsbench.domain.findings import NOT_CHECKED
from stsbench.qa.gates import load_gates, not_checked_here

GUIDE = Path(__file__).parents[2] / "docs" / "reviewer.md"


@pytest.fixture(scope="module")
def guide():
    return GUIDE.read_text(encoding="utf-8")


@pytest.mark.parametrize("gate", load_gates(), ids=lambda gate: gate.check_id)
def test_every_check_is_explained_with_its_limits_and_source(guide, gate):
    (line,) = [line for line in guide.splitlines() if line.startswith(f"| {gate.check_id} |")]
    for words in (gate.title, gate.meaning, gate.threshold, gate.source):
        assert words in line
    for profile in gate.special:
        assert f"{profile.value}: {gate.for_profile(profile).threshold}" in line
    for profile in gate.only_for:
        assert profile.value in line


def test_what_is_not_checked_is_listed(guide):
    for row in not_checked_here():
        assert f"| {row.check_id} | {row.title} | {row.reason} |" in guide
    for line in NOT_CHECKED:
        assert f"- {line}" in guide
