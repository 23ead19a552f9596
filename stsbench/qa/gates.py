"""The release checks: limits read from `gates.toml` into frozen values, and held against figures.

Rules owned here:
- A check says where its limits come from, or "choice, not fact".
- A value that is missing is `not_checked`, never passed. A value that is not a finite number fails:
  something was measured and the measuring broke.
- A check that does not concern this case (another profile, a solid body has no wall) is listed as
  `not_checked` with its reason and does not touch the verdict; one that concerns it and could not
  be answered asks for a person.
- No list of checks accepts a model: the strictest answer here is a verdict, the decision is a
  reviewer's.

Limits: research, dental, table 7.3.
"""

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from stsbench.domain.order import Profile
from stsbench.domain.verdicts import CheckResult, Verdict, worst
from stsbench.errors import InputError

__all__ = [
    "SCHEMA",
    "CheckRow",
    "Gate",
    "Measured",
    "NotChecked",
    "Rule",
    "Stage",
    "evaluate",
    "load_gates",
    "not_checked_here",
    "verdict_of_rows",
]

SCHEMA = "stsbench.gates/1"
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


@dataclass(frozen=True, slots=True)
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

    @property
    def is_choice(self) -> bool:
        """True where at least one limit was chosen and not measured by anyone."""
        return CHOICE in self.source

    @property
    def threshold(self) -> str:
        """The limits in words."""
        unit = f" {self.unit}" if self.unit and self.unit != "%" else self.unit
        passing, warning = self._limit(self.passes), self._limit(self.warns)
        text = {
            Rule.AT_MOST: f"at most {passing}{unit}",
            Rule.AT_LEAST: f"at least {passing}{unit}",
            Rule.BETWEEN: f"{passing}{unit}",
            Rule.EQUALS: passing,
            Rule.ONE_OF: passing,
        }[self.rule]
        if self.warns is None:
            return text
        link = {Rule.AT_MOST: "up to ", Rule.AT_LEAST: "down to "}.get(self.rule, "")
        return f"{text}; warning {link}{warning}{unit}"

    def _limit(self, limit: object) -> str:
        if isinstance(limit, bool):
            return "yes" if limit else "no"
        if isinstance(limit, tuple) and self.rule is Rule.BETWEEN:
            low, high = (self._limit(end) for end in limit)
            return low if low == high else f"{low} to {high}"
        if isinstance(limit, tuple):
            return " or ".join(str(word) for word in limit)
        return (
            f"{limit:,.{self.digits}f}".rstrip("0").rstrip(".")
            if self._decimal(limit)
            else (f"{limit:,}" if isinstance(limit, int) else str(limit))
        )

    def _decimal(self, limit: object) -> bool:
        return isinstance(limit, float) and self.digits > 0

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
        unit = f" {self.unit}" if self.unit and self.unit != "%" else self.unit
        return f"{value:,.{self.digits}f}{unit}"


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


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A check the research lists and today's stages cannot answer."""

    check_id: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One answered line of the report.

    Parameters
    ----------
    subject : str
        What was measured: a scan id such as "upper".
    gate : Gate
    value : float, int, bool, str or None
    result : CheckResult
    applies : bool
        False when the check does not concern this case.
    note : str
        Why there is no value, or how it was measured.
    """

    subject: str
    gate: Gate
    value: Measured
    result: CheckResult
    applies: bool = True
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the row as the QA record writes it."""
        finite = not isinstance(self.value, float) or math.isfinite(self.value)
        value = (
            round(self.value, 6) + 0.0 if isinstance(self.value, float) and finite else self.value
        )
        return {
            "subject": self.subject,
            "id": self.gate.check_id,
            "title": self.gate.title,
            "stage": self.gate.stage.value,
            "value": value if finite else None,
            "unit": self.gate.unit,
            "result": self.result.value,
            "applies": self.applies,
            "threshold": self.gate.threshold,
            "source": self.gate.source,
            "choice": self.gate.is_choice,
            "note": self.note,
        }


def evaluate(
    measured: Mapping[str, Measured],
    *,
    profile: Profile | str,
    subject: str = "",
    reasons: Mapping[str, str] | None = None,
) -> tuple[CheckRow, ...]:
    """Hold measured values against every check, in the order of `gates.toml`.

    Parameters
    ----------
    measured : mapping of measure name to value
        What is absent or None could not be measured.
    profile : Profile
        What the model is for.
    subject : str
        Scan id the values belong to.
    reasons : mapping of measure name to str, optional
        Why a value is absent on purpose: the check is then listed as not concerning this case.

    Raises
    ------
    InputError
        A measured value no check knows.
    """
    gates = load_gates()
    unknown = sorted(set(measured) - {gate.measure for gate in gates})
    if unknown:
        raise InputError(f"No check asks for {', '.join(unknown)}.", "Add it to gates.toml.")
    return tuple(
        _row(gate, measured.get(gate.measure), Profile(profile), subject, reasons or {})
        for gate in gates
    )


def _row(
    gate: Gate, value: Measured, profile: Profile, subject: str, reasons: Mapping[str, str]
) -> CheckRow:
    if gate.only_for and profile not in gate.only_for:
        words = " and ".join(wanted.value for wanted in gate.only_for)
        note = f"only for the profile {words}"
        return CheckRow(subject, gate, None, CheckResult.NOT_CHECKED, applies=False, note=note)
    if value is None:
        reason = reasons.get(gate.measure)
        return CheckRow(
            subject,
            gate,
            None,
            CheckResult.NOT_CHECKED,
            applies=reason is None,
            note=reason or "could not be measured",
        )
    result = gate.judge(value)
    broken = isinstance(value, float) and not math.isfinite(value)
    return CheckRow(subject, gate, value, result, note="the measuring failed" if broken else "")


def verdict_of_rows(rows: Iterable[CheckRow]) -> Verdict:
    """Return what the checks ask for: a failure holds, a warning or a gap wants a person."""
    answers = {
        CheckResult.PASS: Verdict.PASS,
        CheckResult.WARN: Verdict.REVIEW,
        CheckResult.FAIL: Verdict.HOLD,
        CheckResult.NOT_CHECKED: Verdict.REVIEW,
    }
    return worst(answers[row.result] for row in rows if row.applies)


@cache
def load_gates() -> tuple[Gate, ...]:
    """Return the checks of `gates.toml`, in its order."""
    return tuple(_gate(table) for table in _document()["check"])


@cache
def not_checked_here() -> tuple[NotChecked, ...]:
    """Return what the research lists and today's stages cannot answer."""
    return tuple(
        NotChecked(table["id"], table["title"], table["reason"])
        for table in _document()["not_checked"]
    )


@cache
def _document() -> dict[str, list[dict[str, str]]]:
    text = resources.files("stsbench.qa").joinpath("gates.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    if document.pop("schema", None) != SCHEMA:
        raise InputError("The checks have another schema.", f"It must be {SCHEMA}.")
    return document


def _gate(table: Mapping[str, object]) -> Gate:
    def frozen(limit: object) -> object:
        return tuple(limit) if isinstance(limit, list) else limit

    profiles = table.get("only_for", [])
    return Gate(
        check_id=str(table["id"]),
        title=str(table["title"]),
        meaning=str(table["meaning"]),
        measure=str(table["measure"]),
        unit=str(table["unit"]),
        digits=int(str(table["digits"])),
        rule=Rule(str(table["rule"])),
        passes=frozen(table["pass"]),
        warns=frozen(table.get("warn")),
        stage=Stage(str(table["stage"])),
        source=str(table["source"]),
        only_for=tuple(Profile(name) for name in profiles) if isinstance(profiles, list) else (),
    )
