"""What commands write: tables and results on stdout, progress and remarks on stderr."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from stsbench.domain.progress import NO_PROGRESS, CancellableProgress, Progress

__all__ = ["ERROR_STREAM", "OUTSIDE_THE_VAULT", "VERDICT_STYLES", "print_json", "progress_bar"]

ERROR_STREAM = Console(stderr=True, highlight=False, soft_wrap=True)
OUTSIDE_THE_VAULT = (
    "Outside the vault: this file is neither pseudonymised nor audited; "
    "its teeth identify a person."
)
VERDICT_STYLES: Mapping[str, str] = {
    "pass": "green",
    "accepted": "green",
    "review": "yellow",
    "pending": "yellow",
    "warn": "yellow",
    "hold": "red",
    "refused": "red",
    "fail": "red",
}


def print_json(document: object) -> None:
    """Write a document as JSON for scripts."""
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n")


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Show a bar on stderr while work runs; nothing where no one is looking."""
    if not sys.stderr.isatty():
        yield NO_PROGRESS
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns: Any = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=ERROR_STREAM, transient=True) as bar:
        task = bar.add_task(title, total=1.0)

        def show(name: str, done: float) -> None:
            bar.update(task, description=f"{title}: {name}", completed=done)

        yield CancellableProgress(show)
