"""`ReviewBench`: the review of a case, on a bench by hand, straight through in a batch.

Rules owned here:
- By hand the cell shows the bench and returns at once; Run All never waits.
- In a batch, or without a front end, no widget is made and the decision stays pending, whatever was
  recorded: only a person at the bench accepts.
"""

from typing import TYPE_CHECKING

from stsbench.domain.answers import Answers
from stsbench.widgets import outcomes, stills, tables
from stsbench.widgets.front_end import has_front_end, show_widget
from stsbench.workflow.recorded import read_answers
from stsbench.workflow.review import CaseReview, review_case, sign_off

if TYPE_CHECKING:
    from stsbench.widgets.review_desk import ReviewDesk

__all__ = ["ReviewBench"]

_NEXT = "Accepted models: stsbench release CASE."


class ReviewBench:
    """A case's review.

    Parameters
    ----------
    case_number : str
        Empty for the newest case.
    answers : str
        Recorded answers, JSON.
    interactive : bool
        False in batch.
    """

    def __init__(
        self, case_number: str = "", *, answers: str = "", interactive: bool = True
    ) -> None:
        self._recorded = read_answers(answers)
        self._done: CaseReview | None = None
        self.desk: ReviewDesk | None = None
        if interactive and has_front_end():
            self.desk = _desk()(case_number, next_step=_NEXT)
            show_widget(self.desk.box)
        else:
            self._done = review_case(case_number)

    @property
    def answers(self) -> Answers:
        """The decision, once there is one."""
        return self._recorded if self.desk is None else self.desk.answers

    def show_results(self) -> None:
        """Show checks and record views; by hand the bench shows them itself."""
        if self.desk is None and self._done is not None:
            tables.show_checks(self._done)
            stills.show_review(self._done)

    def show_outcome(self) -> None:
        """Show the decision and the next step; by hand the bench shows them itself."""
        if self.desk is None and self._done is not None:
            outcome = sign_off(self._done, self._recorded, interactive=False)
            outcomes.show_outcome(outcome, next_step=_NEXT)


def _desk() -> "type[ReviewDesk]":
    from stsbench.widgets.review_desk import ReviewDesk  # noqa: PLC0415 - loads widgets

    return ReviewDesk
