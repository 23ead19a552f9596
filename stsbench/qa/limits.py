"""One check with its limits, and what the limits say about a value.

Rules owned here:
- A value that is missing is `not_checked`, never passed. A value that is not a finite number fails:
  something was measured and the measuring broke.
- Limits are inclusive. A word or a yes/no passes only when it is of the kind the check asks for.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from stsbench.domain.order import Profile
from stsbench.domain.verdicts import CheckResult

__all__ = ["CHOICE", "Gate", "Measured", "Rule", "Stage"]

CHOICE = "choice, not fact"

Measured = float | int | bool | str | None
Say = Callable[[str], str]  # takes a word of a limit, gives that of another language


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


_BOUNDS = {Rule.AT_MOST: ("at most", "up to"), Rule.AT_LEAST: ("at least", "down to")}


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
        return self.limits_in_words(str)

    def limits_in_words(self, say: Say) -> str:
        """Return the limits in words of another language."""
        passing, warning = self._limit(self.passes, say), self._limit(self.warns, say)
        words = f"{passing}{self._unit(say)}"
        if self.rule in _BOUNDS:
            words = f"{say(_BOUNDS[self.rule][0])} {words}"
        if self.warns is None:
            return words
        if self.rule in _BOUNDS:
            warning = f"{say(_BOUNDS[self.rule][1])} {warning}"
        return f"{words}; {say('warning')} {warning}{self._unit(say)}"

    def _unit(self, say: Say) -> str:
        unit = self.unit.replace("mm2", "mm²").replace("mm3", "mm³")
        return f" {say(unit)}" if unit else ""

    def _limit(self, limit: object, say: Say) -> str:
        if isinstance(limit, bool):
            return say("yes" if limit else "no")
        if isinstance(limit, tuple) and self.rule is Rule.BETWEEN:
            low, high = (self._limit(end, say) for end in limit)
            return low if low == high else f"{low} {say('to')} {high}"
        if isinstance(limit, tuple):
            return f" {say('or')} ".join(say(str(word)) for word in limit)
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

    def show(self, value: Measured, say: Say = str) -> str:
        """Return a measured value as the report prints it, or in words of another language."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return say("yes" if value else "no")
        if isinstance(value, str):
            return say(value)
        if not math.isfinite(value):
            return say("not a number")
        return f"{value:,.{self.digits}f}{self._unit(say)}"


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
