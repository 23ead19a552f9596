"""Pages and tables over many cases: the overview of a run, the checks as a table in a notebook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stsbench.qa.gates import CheckRow
from stsbench.qa.templating import fill_page, picture_source

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SummaryRow", "checks_table", "render_summary"]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One order of an overview.

    Parameters
    ----------
    title : str
        What the sample shows; never a name.
    case_number : str
        "" where none was given.
    verdicts : mapping of stage to verdict
        "" for a stage that was not reached. All rows name the same stages.
    reason : str
    report_link : str
        Relative address of the case's record, "" for none.
    thumbnail : bytes
        A PNG, empty for none.
    """

    title: str
    case_number: str
    verdicts: Mapping[str, str]
    reason: str = ""
    report_link: str = ""
    thumbnail: bytes = field(default=b"", repr=False)


def render_summary(
    rows: Sequence[SummaryRow], *, title: str = "Sample orders, unattended", subtitle: str = ""
) -> str:
    """Return an overview as one self-contained HTML page.

    Parameters
    ----------
    rows : sequence of SummaryRow
    title, subtitle : str
    """
    stages = list(dict.fromkeys(stage for row in rows for stage in row.verdicts))
    reached = sum(bool(row.report_link) for row in rows)
    return fill_page(
        "summary.html",
        {
            "title": title,
            "subtitle": subtitle or f"{len(rows)} orders, {reached} with a QA record",
            "stages": stages,
            "thumbnails": any(row.thumbnail for row in rows),
            "rows": [
                {
                    "title": row.title,
                    "case_number": row.case_number,
                    "link": row.report_link if _is_relative(row.report_link) else "",
                    "verdicts": [row.verdicts.get(stage, "") for stage in stages],
                    "reason": row.reason,
                    "thumbnail": picture_source(row.thumbnail) if row.thumbnail else "",
                }
                for row in rows
            ],
        },
    )


def _is_relative(link: str) -> bool:
    """Only files beside the page are linked: no scheme, no host, no root."""
    return bool(link) and ":" not in link and not link.startswith(("/", "\\"))


def checks_table(rows: Sequence[CheckRow]) -> "pd.DataFrame":
    """Return the checks as a table for a notebook."""
    import pandas as pd  # noqa: PLC0415 - half a second that reports do not need

    return pd.DataFrame(
        {
            "scan": [row.subject for row in rows],
            "check": [row.gate.check_id for row in rows],
            "what": [row.gate.title for row in rows],
            "measured": [row.gate.show(row.value) for row in rows],
            "limit": [row.gate.threshold for row in rows],
            "result": [row.result.value for row in rows],
            "note": [row.note for row in rows],
        }
    )
