"""The release checks: limits read from `gates.toml` into frozen values, and held against figures.

Rules owned here:
- A check says where its limits come from, or "choice, not fact".
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
from functools import cache
from importlib import resources

from stsbench.domain.order import Profile
from stsbench.domain.verdicts import CheckResult, Verdict, worst
from stsbench.errors import InputError
from stsbench.qa.limits import Gate, Measured, Rule, Stage

__all__ = [
    "SCHEMA",
    "CheckRow",
    "NotChecked",
    "evaluate",
    "load_gates",
    "not_checked_here",
    "verdict_of_rows",
]

SCHEMA = "stsbench.gates/1"


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
    gaps: Mapping[str, str] | None = None,
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
    gaps : mapping of measure name to str, optional
        Why a value that should be there is not.

    Raises
    ------
    InputError
        A measured value no check knows.
    """
    wanted = Profile(profile)
    gates = [gate.for_profile(wanted) for gate in load_gates()]
    unknown = sorted(set(measured) - {gate.measure for gate in gates})
    if unknown:
        raise InputError(f"No check asks for {', '.join(unknown)}.", "Add it to gates.toml.")
    return tuple(
        _row(gate, measured.get(gate.measure), wanted, subject, reasons or {}, gaps or {})
        for gate in gates
    )


def _row(
    gate: Gate,
    value: Measured,
    profile: Profile,
    subject: str,
    reasons: Mapping[str, str],
    gaps: Mapping[str, str],
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
            note=reason or gaps.get(gate.measure, "could not be measured"),
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

    profiles, special = table.get("only_for", []), table.get("for", {})
    assert isinstance(profiles, list)  # noqa: S101 - our own file, narrowed for the type checker
    assert isinstance(special, dict)  # noqa: S101
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
        only_for=tuple(Profile(name) for name in profiles),
        special={
            Profile(name): (frozen(limits["pass"]), frozen(limits.get("warn")))
            for name, limits in special.items()
        },
    )
