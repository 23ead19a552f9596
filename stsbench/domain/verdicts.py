"""Verdicts of a repair or a model, and of a check.

pass: nothing to see. review: a person must look at the listed places. hold: not usable unattended.
"""

from collections.abc import Iterable
from enum import StrEnum

from stsbench.domain.findings import Finding, Severity

__all__ = ["CheckResult", "Verdict", "verdict_of", "worst"]


class Verdict(StrEnum):
    """How far a result may go without a person."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    REVIEW = "review"
    HOLD = "hold"


class CheckResult(StrEnum):
    """Outcome of one check against its thresholds."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    WARN = "warn"
    FAIL = "fail"
    NOT_CHECKED = "not_checked"


_RANK = {Verdict.PASS: 0, Verdict.REVIEW: 1, Verdict.HOLD: 2}
_FROM_SEVERITY = {
    Severity.NOTE: Verdict.PASS,
    Severity.REVIEW: Verdict.REVIEW,
    Severity.HOLD: Verdict.HOLD,
}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the strictest of several verdicts; pass when there is none."""
    return max(verdicts, key=_RANK.__getitem__, default=Verdict.PASS)


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Return the verdict that a list of findings asks for."""
    return worst(_FROM_SEVERITY[finding.severity] for finding in findings)
