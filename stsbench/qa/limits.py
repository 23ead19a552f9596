"""One check with its limits, and what the limits say about a value.

Rules owned here:
- A value that is missing is `not_checked`, never passed. A value that is not a finite number fails:
  something was measured and the measuring broke.
- Limits are inclusive. A word or a yes/no passes only when it is of the kind the check asks for.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from stsbench.domain.order import Profile
from stsbench.domain.verdicts import CheckResult

__all__ = ["CHOICE", "Gate", "Measured", "Rule", "Stage"]

CHOICE = "choice, not fact"

Measured = float | int | bool | str | None


class Rule(StrEnum):
    """How a value is held against the limits."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    BETWEEN = "between"
    EQUALS = "equals"
    ONE_OF = "one_of"


class Stage(StrEnum):
    """Which stage answers a check."""

    INTAKE = "intake"
    REPAIR = "repair"
    MODEL = "model"


@dataclass(frozen=True, eq=False, slots=True)
class Gate:
    """One check and its limits.

    Parameters
    ----------
    check_id, title, meaning : str
        Number in the research, the line a person reads, one sentence of explanation.
    measure : str
        Key of the measured value.
    unit : str
    digits : int
        Decimals shown.
    rule : Rule
    passes, warns : object
        Limits in the shape the rule asks for; `warns` None when nothing lies between pass and fail.
    stage : Stage
    source : str
        Where the limits come from.
    only_for : tuple of Profile
        Empty for all.
    special : mapping of Profile to (passes, warns)
        Limits of single profiles.
    """

    check_id: str
    title: str
    meaning: str
    measure: str
    unit: str
    digits: int
    rule: Rule
    passes: object
    warns: object
    stage: Stage
    source: str
    only_for: tuple[Profile, ...] = ()
    special: Mapping[Profile, tuple[object, object]] = field(default_factory=dict)

    def for_profile(self, profile: Profile) -> "Gate":
        """Return the check with the limits of one profile."""
        if profile not in self.special:
            return self
        passes, warns = self.special[profile]
        return replace(self, passes=passes, warns=warns)

    @property
    def is_choice(self) -> bool:
        """True where at least one limit was chosen and not measured by anyone."""
        return CHOICE in self.source

    @property
    def threshold(self) -> str:
        """The limits in words."""
        passing, warning = self._limit(self.passes), self._limit(self.warns)
        text = {Rule.AT_MOST: f"at most {passing}", Rule.AT_LEAST: f"at least {passing}"}
        words = f"{text.get(self.rule, passing)}{self._unit}"
        if self.warns is None:
            return words
        link = {Rule.AT_MOST: "up to ", Rule.AT_LEAST: "down to "}.get(self.rule, "")
        return f"{words}; warning {link}{warning}{self._unit}"

    @property
    def _unit(self) -> str:
        unit = self.unit.replace("mm2", "mm²").replace("mm3", "mm³")
        return f" {unit}" if unit else ""

    def _limit(self, limit: object) -> str:
        if isinstance(limit, bool):
            return "yes" if limit else "no"
        if isinstance(limit, tuple) and self.rule is Rule.BETWEEN:
            low, high = (self._limit(end) for end in limit)
            return low if low == high else f"{low} to {high}"
        if isinstance(limit, tuple):
            return " or ".join(str(word) for word in limit)
        return f"{limit:,.10g}" if isinstance(limit, int | float) else str(limit)

    def judge(self, value: Measured) -> CheckResult:
        """Return what the limits say about a value."""
        if value is None:
            return CheckResult.NOT_CHECKED
        if isinstance(value, float) and not math.isfinite(value):
            return CheckResult.FAIL
        if _holds(self.rule, self.passes, value):
            return CheckResult.PASS
        if self.warns is not None and _holds(self.rule, self.warns, value):
            return CheckResult.WARN
        return CheckResult.FAIL

    def show(self, value: Measured) -> str:
        """Return a measured value as the report prints it."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str):
            return value
        if not math.isfinite(value):
            return "not a number"
        return f"{value:,.{self.digits}f}{self._unit}"


def _holds(rule: Rule, limit: object, value: Measured) -> bool:
    if rule is Rule.ONE_OF:
        return isinstance(limit, tuple) and value in limit
    if rule is Rule.EQUALS:
        return type(value) is type(limit) and value == limit
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    if rule is Rule.BETWEEN:
        if not isinstance(limit, tuple):
            return False
        low, high = limit
        return bool(low <= value <= high)
    if not isinstance(limit, int | float):
        return False
    return value <= limit if rule is Rule.AT_MOST else value >= limit
