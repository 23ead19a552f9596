"""What commands write: tables and results on stdout, progress and remarks on stderr."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from stsbench.domain.progress import NO_PROGRESS, CancellableProgress, Progress

__all__ = [
    "ERROR_STREAM",
    "OUTSIDE_THE_VAULT",
    "VERDICT_STYLES",
    "print_json",
    "print_table",
    "progress_bar",
    "styled",
]

# ECMA-48, select graphic rendition. rich would take 25 ms of every command to import.
_STYLES: Mapping[str, str] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
}
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


def styled(text: str, style: str, stream: TextIO) -> str:
    """Return a text in a style, where the stream is a terminal that takes one."""
    code = _STYLES.get(style)
    if code is None or not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


class _ErrorStream:
    """Remarks on stderr, one line each."""

    def print(self, text: str, style: str = "") -> None:
        """Write a line."""
        sys.stderr.write(styled(text, style, sys.stderr) + "\n")


ERROR_STREAM = _ErrorStream()


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table on stdout; a column is as wide as its widest text."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for number, row in enumerate([titles, *rows]):
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        sys.stdout.write(styled(line.rstrip(), "" if number else "bold", sys.stdout) + "\n")


def print_json(document: object) -> None:
    """Write a document as JSON for scripts."""
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n")


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Show a bar on stderr while work runs; nothing where no one is looking."""
    if not sys.stderr.isatty():
        yield NO_PROGRESS
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns: Any = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0)

        def show(name: str, done: float) -> None:
            bar.update(task, description=f"{title}: {name}", completed=done)

        yield CancellableProgress(show)
