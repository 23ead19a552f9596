"""Tables of a notebook: what arrived, what was found, what was checked."""

from collections import Counter
from typing import TYPE_CHECKING

from stsbench.workflow.tables import identifier_rows, scan_rows

if TYPE_CHECKING:
    import pandas as pd

    from stsbench.vault.records import IntakePreview
    from stsbench.workflow.model import CaseModel
    from stsbench.workflow.repair import CaseRepair
    from stsbench.workflow.review import CaseReview

__all__ = ["show_checks", "show_findings", "show_model_checks", "show_preview"]


def show_preview(preview: "IntakePreview") -> None:
    """Show kinds, places and counts of identifying data, and the scans; never a value."""
    _show(identifier_rows(preview), ("found", "where", "times"))
    _show(scan_rows(preview), ("scan", "shows", "faces", "size mm", "unit factor"))
    _say(preview.originals_note)


def show_findings(done: "CaseRepair") -> None:
    """Show what a repair found and what became of it, scan by scan."""
    rows: list[tuple[str, ...]] = []
    for scan in done.scans:
        kinds = Counter((f.kind.value, f.action.value) for f in scan.result.findings)
        for (kind, action), count in kinds.items():
            sizes = [
                f.size_mm
                for f in scan.result.findings
                if (f.kind.value, f.action.value) == (kind, action)
            ]
            words = (kind.replace("_", " "), str(count), f"{max(sizes):.2f}")
            rows.append((scan.scan_id, *words, action.replace("_", " ")))
    _show(rows, ("scan", "finding", "count", "largest mm", "what became of it"))
    for scan in done.scans:
        for finding in scan.result.review[:10]:
            place = ", ".join(f"{x:.1f}" for x in finding.place_mm)
            _say(f"look at {scan.scan_id} ({place}): {finding.detail or finding.kind.value}")


def show_model_checks(made: "CaseModel") -> None:
    """Show what was measured on each model, and how sure its orientation is."""
    rows: list[tuple[str, ...]] = []
    for model in made.models:
        report = model.report
        for check in report["checks"]:
            words = (str(check["name"]).replace("_", " "), _plain(check["value"]))
            rows.append((model.scan_id, *words))
        orientation = report["orientation"]
        state = "confirmed" if orientation["confirmed"] else "not confirmed"
        rows.append((model.scan_id, "orientation", f"{orientation['source']}, {state}"))
    _show(rows, ("model", "measured", "value"))
    for scan_id, why in made.not_made.items():
        _say(f"no model of {scan_id}: {why}")


def show_checks(reviewed: "CaseReview") -> None:
    """Show the checks of a review with their limits."""
    from stsbench.qa.summaries import checks_table  # noqa: PLC0415 - loads pandas

    _display(checks_table(reviewed.rows))


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _show(rows: list[tuple[str, ...]], columns: tuple[str, ...]) -> None:
    import pandas as pd  # noqa: PLC0415 - half a second that commands do not need

    if rows:
        _display(pd.DataFrame(rows, columns=list(columns)))


def _display(table: "pd.DataFrame") -> None:
    from IPython.display import display  # noqa: PLC0415 - only in a notebook

    display({"text/html": table.to_html(index=False), "text/plain": str(table)}, raw=True)


def _say(line: str) -> None:
    from IPython.display import display  # noqa: PLC0415

    if line:
        display({"text/plain": line}, raw=True)
