"""What would be shipped, as a page: verdict, open holes, places to look at, edited area, findings.

Rules owned here: everything is words and numbers of results; nothing here draws or decides.
"""

from collections.abc import Mapping
from dataclasses import fields

from stsbench.domain.findings import Action, Severity
from stsbench.domain.verdicts import worst
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.result import RepairResult
from stsbench.widgets.bench_findings import table_rows
from stsbench.widgets.html_blocks import folded_block, plain_table
from stsbench.widgets.labels import Labels
from stsbench.widgets.sentences import in_words

__all__ = ["findings_block", "hold_line", "limits_block", "shipped_block"]


def shipped_block(
    results: Mapping[str, RepairResult], steps: Mapping[str, int], labels: Labels
) -> str:
    """Return the live checks as HTML.

    Parameters
    ----------
    results : mapping of scan id to RepairResult
    steps : mapping of scan id to int
        Steps taken by hand.
    labels : Labels
    """
    verdict = worst(result.verdict for result in results.values())
    rows = [(labels("verdict"), labels(verdict.value, "verdicts"))]
    for scan_id, result in results.items():
        still_open = sum(finding.action is Action.LEFT_OPEN for finding in result.findings)
        area = f"{result.edited_mm2:.2f} mm² ({100 * result.edited_share:.2f} %)"
        rows += [
            (f"{scan_id}: {labels('open_loops')}", str(still_open)),
            (f"{scan_id}: {labels('to_review')}", str(len(result.review))),
            (f"{scan_id}: {labels('edited')}", area),
            (f"{scan_id}: {labels('steps')}", str(steps.get(scan_id, 0))),
        ]
    return folded_block(labels("shipped"), plain_table(rows))


def findings_block(results: Mapping[str, RepairResult], labels: Labels) -> str:
    """Return every finding as a text table, for the eye and for screen readers."""
    rows = [
        (scan_id, *row)
        for scan_id, result in results.items()
        for row in table_rows(result.findings, labels)
    ]
    columns = [labels(name) for name in ("scan", "verdict", "finding", "size", "place", "became")]
    body = plain_table(rows, tuple(columns)) if rows else labels("none")
    count = sum(len(result.findings) for result in results.values())
    return folded_block(f"{labels('findings')} ({count:,})", body, is_open=False)


def hold_line(results: Mapping[str, RepairResult], labels: Labels) -> str:
    """Return one line about the gravest finding that holds the case; empty when none does."""
    held = [
        finding
        for result in results.values()
        for finding in result.review
        if finding.severity is Severity.HOLD
    ]
    if not held:
        return ""
    kind = labels.find(held[0].kind.value, "kind")
    return f"{labels('hold', 'verdicts')}: {kind}. {in_words(held[0].detail, labels)}".strip()


def limits_block(limits: RepairProfile, labels: Labels) -> str:
    """Return the limits of a profile as HTML."""
    rows = [
        (labels.find(field.name, "limit"), _plain(getattr(limits, field.name)))
        for field in fields(limits)
        if field.name != "name"
    ]
    return folded_block(labels("limits"), plain_table(rows), is_open=False)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return f"{value:g}" if isinstance(value, float) else str(value)
