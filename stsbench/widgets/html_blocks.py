"""Two blocks of HTML that every bench is made of: a title that folds, and a table."""

from collections.abc import Sequence
from html import escape

__all__ = ["folded_block", "plain_table"]


def folded_block(title: str, body: str, *, is_open: bool = True) -> str:
    """Return a titled block that folds.

    Parameters
    ----------
    title : str
    body : str
        HTML already.
    is_open : bool
    """
    state = " open" if is_open else ""
    return (
        f"<details{state} style='margin:.3em 1.5em .3em 0;line-height:1.5'>"
        f"<summary style='font-weight:600;font-size:1.05em;cursor:pointer'>{escape(title)}"
        f"</summary>{body}</details>"
    )


def plain_table(rows: Sequence[tuple[str, ...]], columns: tuple[str, ...] = ()) -> str:
    """Return a table; every cell is escaped."""
    cell = "style='text-align:left;padding:.1em 1.2em .1em 0'"
    head = "".join(f"<th {cell} scope='col'>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td {cell}>{escape(value)}</td>" for value in row) + "</tr>"
        for row in rows
    )
    return f"<table>{f'<tr>{head}</tr>' if head else ''}{body}</table>"
