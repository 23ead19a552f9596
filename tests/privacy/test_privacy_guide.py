"""docs/privacy.md says what the code does: its tables are compared with `describe`."""

from pathlib import Path

import pytest

from stsbench.files import identifiers
from stsbench.privacy import policy

GUIDE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")


def table_after(marker: str) -> list[tuple[str, ...]]:
    """Return the rows of the table behind a marker, without heading and rule."""
    lines = GUIDE.split(f"<!-- {marker} -->", 1)[1].strip().splitlines()
    rows: list[tuple[str, ...]] = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(tuple(cell.strip() for cell in line.strip("|").split(" | ")))
    return [rows[0], *rows[2:]]


def test_the_guides_policy_is_the_policy():
    assert table_after("policy.describe") == [*policy.describe()]


def test_the_guides_list_of_identifying_data_is_the_list():
    assert table_after("identifiers.describe")[1:] == [*identifiers.describe()]


def test_the_guides_numbers_are_the_policys():
    rules = policy.load_policy()
    assert (
        f"Leases run {rules.lease_minutes} minutes,\n{rules.minor_lease_minutes} for a child"
        in GUIDE
    )
    assert f"a child under {rules.minor_age} without a guardian" in GUIDE


@pytest.mark.parametrize("word", ["compliant", "anonymised", "GDPR-", "certified", "unbreakable"])
def test_the_guide_claims_nothing_it_must_not(word):
    assert word not in GUIDE
