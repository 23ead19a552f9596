"""`IntakeBench`: taking in an order, on a bench by hand, straight through in a batch.

Rules owned here:
- Codes, kinds and counts are shown, never a value: names stay in the vault.
"""

from functools import partial

from stsbench.domain.answers import Answers
from stsbench.widgets import tables
from stsbench.widgets.notebook_bench import Desk, NotebookBench
from stsbench.workflow.intake import TakenIn, confirm_intake, outcome_row, preview_ticket

__all__ = ["IntakeBench"]


class IntakeBench(NotebookBench[TakenIn]):
    """An order's intake.

    Parameters
    ----------
    ticket : str
        Empty for the newest open one.
    answers : str
        Recorded answers, JSON: what the clinic attests.
    interactive : bool
        False in batch.
    """

    next_step = "Next: 2_repair_scan."

    def __init__(self, ticket: str = "", *, answers: str = "", interactive: bool = True) -> None:
        super().__init__(
            answers,
            interactive=interactive,
            open_desk=partial(_desk, ticket),
            run=partial(_take_in, ticket),
        )

    def _show(self, done: TakenIn) -> None:
        tables.show_preview(done.preview)

    def _outcome(self, done: TakenIn) -> dict[str, object]:
        return outcome_row(done.outcome)


def _take_in(ticket: str, answers: Answers) -> TakenIn:
    preview = preview_ticket(ticket)
    return TakenIn(preview, confirm_intake(preview.ticket, answers))


def _desk(ticket: str, answers: Answers | None) -> Desk:
    from stsbench.widgets.intake_desk import IntakeDesk  # noqa: PLC0415 - loads widgets

    return IntakeDesk(ticket, answers=answers or Answers())
