"""The demo: every sample order through the four notebooks, unattended, two orders at a time.

Each row is compared with the order's `expected.json`; the demo succeeds only when all agree. It
works on synthetic orders in a home of its own, made anew by every run, and writes openly.
"""

import json
import multiprocessing
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stsbench.batch.notebook_run import run_notebook
from stsbench.batch.shared_kernel import SharedKernel
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import StorageError, StsbenchError
from stsbench.files.atomic import write_aside
from stsbench.files.bundled import notebooks_folder, samples_folder
from stsbench.files.homes import demo_home
from stsbench.qa.summaries import SummaryRow, render_summary
from stsbench.vault.client import VaultClient
from stsbench.workflow.release import release_report

__all__ = ["DemoResult", "run_demo"]

STAGES = ("intake", "repair", "model", "review")
_NOTEBOOKS = {"repair": "2_repair_scan", "model": "3_make_model", "review": "4_review_model"}
_MARK = ".stsbench-demo"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo came to.

    Parameters
    ----------
    rows : list of dict
        Per order: title, case number, verdict per stage, reason, seconds, as_expected.
    report_path : Path
        Overview page with a link to each case's QA report.
    """

    rows: list[Row]
    report_path: Path
    seconds: float
    home: Path = field(repr=False)

    @property
    def as_expected(self) -> bool:
        """True when every row equals its `expected.json`."""
        return bool(self.rows) and all(row["as_expected"] for row in self.rows)

    @property
    def summary(self) -> str:
        """One line for the terminal."""
        agreed = sum(bool(row["as_expected"]) for row in self.rows)
        return f"{agreed} of {len(self.rows)} orders as expected, {self.seconds:.0f} s"

    def as_json(self) -> dict[str, object]:
        """Return the rows as `stsbench demo --json` prints them."""
        return {
            "schema": "stsbench.demo/1",
            "as_expected": self.as_expected,
            "report": str(self.report_path),
            "seconds": round(self.seconds, 1),
            "rows": self.rows,
        }


def run_demo(
    home: Path | None = None, *, workers: int = 2, progress: Progress = NO_PROGRESS
) -> DemoResult:
    """Run the whole chain on the sample orders.

    Parameters
    ----------
    home : Path, optional
        A new or earlier demo folder; the user's demo home by default. What an earlier demo left
        there is removed first.
    workers : int
        Orders at a time.
    progress : Progress

    Raises
    ------
    StorageError
        The folder holds something that is no demo, or the vault cannot be started.
    """
    started = time.perf_counter()
    folder = _fresh_home(home or demo_home())
    orders = sorted(path.parent for path in samples_folder().glob("*/expected.json"))
    rows: dict[Path, Row] = {}
    # Spawned, not forked: this process may hold threads of the vault's client.
    context = multiprocessing.get_context("spawn")
    with (
        VaultClient.connect(folder) as client,
        ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool,
    ):
        running = {pool.submit(run_order, order, folder): order for order in orders}
        try:
            for done in as_completed(running):
                rows[running[done]] = done.result()
                progress.step(f"{len(rows)} of {len(orders)} orders", len(rows) / len(orders))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        in_order = [rows[order] for order in orders]
        report = _write_overview(folder, in_order)
        client.audit_checkpoint()
    return DemoResult(in_order, report, time.perf_counter() - started, folder)


def run_order(order: Path, home: Path) -> Row:
    """Take one sample order through intake, repair, model and review."""
    import os  # noqa: PLC0415 - only workers change their environment

    os.environ["STSBENCH_HOME"] = str(home)
    expected = json.loads((order / "expected.json").read_text(encoding="utf-8"))
    started = time.perf_counter()
    row: Row = {"order": expected["title"], "case_number": "", "reason": "", "error": ""}
    row |= {"report": "", **dict.fromkeys(STAGES)}
    try:
        _run_stages(order, home, row)
    except StsbenchError as error:
        row["error"] = str(error)
    row["seconds"] = round(time.perf_counter() - started, 2)
    row["as_expected"] = not row["error"] and _agrees(row, expected)
    return row


def _run_stages(order: Path, home: Path, row: Row) -> None:
    with VaultClient.connect(home) as client:
        ticket = client.preview_intake(order).ticket
    with SharedKernel() as kernel:
        _run_notebooks(ticket, home, row, kernel)


def _run_notebooks(ticket: str, home: Path, row: Row, kernel: SharedKernel) -> None:
    outcome = _run(home, "1_intake", {"ticket": ticket}, name=ticket, kernel=kernel)
    row["intake"] = outcome["verdict"]
    row["reason"] = ", ".join(outcome["reasons"])
    row["case_number"] = outcome["case_number"]
    if outcome["verdict"] != "accepted":
        return
    number = str(outcome["case_number"])
    for stage, notebook in _NOTEBOOKS.items():
        outcome = _run(home, notebook, {"case_number": number}, name=number, kernel=kernel)
        row[stage] = outcome["verdict"]
        row["reason"] = ", ".join(outcome.get("reasons", ())) or row["reason"]
    row["report"] = release_report(number).relative_to(home / "out").as_posix()


def _run(
    home: Path, notebook: str, parameters: Mapping[str, str], *, name: str, kernel: SharedKernel
) -> Row:
    run = run_notebook(notebooks_folder() / f"{notebook}.ipynb", parameters, kernel=kernel)
    folder = home / "runs" / "demo" / name
    folder.mkdir(parents=True, exist_ok=True)
    write_aside(folder / f"{notebook}.ipynb", run.document.encode())
    return dict(run.outcome)


def _agrees(row: Row, expected: Mapping[str, Any]) -> bool:
    stages = {"intake": expected["intake"], **expected.get("stages", {})}
    reason = expected.get("reason") or ""
    return all(row[stage] == stages.get(stage) for stage in STAGES) and (
        not reason or reason in row["reason"].split(", ")
    )


def _fresh_home(folder: Path) -> Path:
    """Return an empty demo home; only what an earlier demo marked as its own is removed."""
    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / _MARK).is_file():
                raise StorageError(
                    "The demo's folder holds other files.", "Name a new folder with --home."
                )
            _stop_broker(folder)
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / _MARK).write_text("made by stsbench demo\n", encoding="utf-8")
    except OSError:
        raise StorageError("The demo's folder cannot be written.", "Try --home.") from None
    return folder.resolve()


def _stop_broker(folder: Path) -> None:
    try:
        with VaultClient.connect(folder, start=False) as client:
            client.stop()
    except StorageError:
        return  # none runs


def _write_overview(home: Path, rows: list[Row]) -> Path:
    folder = home / "out"
    folder.mkdir(exist_ok=True, mode=0o700)
    shown: list[SummaryRow] = []
    for row in rows:
        shown.append(
            SummaryRow(
                title=row["order"],
                case_number=row["case_number"],
                verdicts={stage: row[stage] or "" for stage in STAGES},
                reason=row["reason"] or row["error"],
                report_link=row["report"],
            )
        )
    path = folder / "demo.html"
    write_aside(path, render_summary(shown).encode())
    return path
