"""What `stsbench inspect` and `stsbench repair` do, once their words are understood.

Rules owned here:
- Nothing of typer, pydantic and rich is imported: they take longer than half a repair.
"""

import sys
from pathlib import Path
from typing import Any

from stsbench.cli.screen import (
    ERROR_STREAM,
    OUTSIDE_THE_VAULT,
    print_json,
    print_table,
    progress_bar,
    styled,
)

__all__ = ["conclude", "inspect_loose", "repair_loose"]


def inspect_loose(scan: Path, *, as_json: bool = False) -> int:
    """Inspect a scan file; return the exit code."""
    from stsbench.workflow.loose_files import inspect_file

    ERROR_STREAM.print(OUTSIDE_THE_VAULT, style="dim")
    with progress_bar("inspect") as progress:
        report = inspect_file(scan, progress=progress)
    if as_json:
        print_json(report)
    else:
        _print_findings(report)
    return 0


def repair_loose(
    scan: Path,
    out: Path,
    *,
    report: Path | None = None,
    edits: Path | None = None,
    profile: str = "study",
    decimate_mm: float | None = None,
    remesh_mm: float | None = None,
    max_deviation_mm: float | None = None,
    find_steps: bool = False,
    as_json: bool = False,
) -> int:
    """Repair a scan file; return the exit code."""
    from stsbench.workflow.loose_files import repair_file

    ERROR_STREAM.print(OUTSIDE_THE_VAULT, style="dim")
    with progress_bar("repair") as progress:
        document = repair_file(
            scan,
            out,
            profile=profile,
            edits_path=edits,
            report_path=report,
            decimate_mm=decimate_mm,
            remesh_mm=remesh_mm,
            max_deviation_mm=max_deviation_mm,
            finds_steps=find_steps,
            progress=progress,
        )
    return conclude(document, as_json=as_json)


def conclude(document: dict[str, Any], *, as_json: bool) -> int:
    """Print a report; return the exit code of its verdict."""
    verdict = document["verdict"]
    if as_json:
        print_json(document)
    else:
        _print_findings(document)
        sys.stdout.write(f"verdict: {verdict}\n")
    return 4 if verdict == "hold" else 0


def _print_findings(document: dict[str, Any]) -> None:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for finding in document["findings"]:
        groups.setdefault((finding["kind"], finding["action"]), []).append(finding)
    rows = []
    for (kind, action), group in groups.items():
        first = max(group, key=lambda finding: float(finding["size_mm"]))
        place = ", ".join(f"{x:.1f}" for x in first["place_mm"])
        size = f"{first['size_mm']:.2f}"
        rows.append(
            [kind.replace("_", " "), str(len(group)), size, place, action.replace("_", " ")]
        )
    if rows:
        print_table(["finding", "count", "largest mm", "first at mm", "what became of it"], rows)
    else:
        sys.stdout.write("no defect of the listed kinds\n")
    places = len(document.get("review", []))
    if places:
        line = f"{places} places for a person to look at"
        sys.stdout.write(styled(line, "yellow", sys.stdout) + "\n")
    if document.get("not_checked"):
        line = "no mesh check sees: " + "; ".join(document["not_checked"])
        sys.stdout.write(styled(line, "dim", sys.stdout) + "\n")
