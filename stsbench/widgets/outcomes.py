"""The last cell of a notebook: what came of it, for the eye and for the batch that reads it."""

from collections.abc import Mapping
from html import escape

from stsbench.domain.outcomes import OUTCOME_MIME

__all__ = ["show_outcome"]


_COLOURS = {"hold": "#a12622", "refused": "#a12622", "review": "#8a6100", "pending": "#8a6100"}


def show_outcome(outcome: Mapping[str, object], *, next_step: str = "") -> None:
    """Show verdict, codes and the next step of a notebook.

    Parameters
    ----------
    outcome : mapping
        Verdicts, reason codes, case number; no mesh, no name, no path.
    next_step : str
        One sentence: what to open next.
    """
    from IPython.display import display  # noqa: PLC0415 - only in a notebook

    verdict = str(outcome.get("verdict", ""))
    colour = _COLOURS.get(verdict, "#1b6b3a")
    rows = "".join(
        f"<tr><td style='text-align:left;padding-right:1.5em'>{escape(key.replace('_', ' '))}</td>"
        f"<td style='text-align:left'>{escape(_text(value))}</td></tr>"
        for key, value in outcome.items()
        if key not in {"verdict", "schema"}
    )
    html = (
        f"<div style='border-left:6px solid {colour};padding:0.3em 1em'>"
        f"<div style='font-size:1.3em;color:{colour}'>{escape(verdict)}</div>"
        f"<table>{rows}</table><div>{escape(next_step)}</div></div>"
    )
    text = f"{verdict}: " + ", ".join(
        f"{key}={_text(value)}" for key, value in outcome.items() if key != "verdict"
    )
    display(
        {"text/html": html, "text/plain": text, OUTCOME_MIME: dict(outcome)},
        raw=True,
    )


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {part}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value) or "none"
    return str(value)
