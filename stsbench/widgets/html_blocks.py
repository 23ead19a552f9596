"""The blocks of HTML that a bench is made of: a folding title, a table, a line, what comes next."""

from collections.abc import Sequence
from html import escape

from stsbench.widgets.labels import Labels

__all__ = ["folded_block", "next_block", "plain_table", "said_block"]

_COLOURS = {"info": "currentcolor", "warning": "#c98500", "error": "#d03b35"}


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
    head = "".join(f"<th scope='col'>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(value)}</td>" for value in row) + "</tr>" for row in rows
    )
    # One rule for all cells: a style in each made five objects a finding in the page.
    return (
        "<style>.stsbench-table td,.stsbench-table th"
        "{text-align:left;padding:.1em 1.2em .1em 0}</style>"
        f"<table class='stsbench-table'>{f'<tr>{head}</tr>' if head else ''}{body}</table>"
    )


def said_block(text: str, level: str = "info") -> str:
    """Return a line that a screen reader speaks; `level` is info, warning or error."""
    role = "alert" if level == "error" else "status"
    return (
        f"<div class='stsbench-say' role='{role}' style='border-left:6px solid {_COLOURS[level]};"
        f"padding:.2em .8em;font-size:1.1em'>{escape(text)}</div>"
    )


def next_block(said: str, labels: Labels, notebook: str = "") -> str:
    """Return what was done and, as a link beside this notebook, the one that follows.

    Parameters
    ----------
    said : str
        A sentence in the reader's language.
    labels : Labels
    notebook : str
        Such as 3_make_model; empty where none follows.
    """
    link = ""
    if notebook:
        title = f"{notebook[0]} · {labels(notebook, 'title')}"
        link = (
            f" <a class='stsbench-next' href='{escape(notebook)}.ipynb' target='_blank' "
            f"style='font-weight:600;text-decoration:underline'>{escape(labels('next'))}: "
            f"{escape(title)}</a>"
        )
    return f"<div style='font-size:1.1em;padding:.4em 1em'>{escape(said)}{link}</div>"
