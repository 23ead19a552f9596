"""`ReviewBench`: the review of a case, on a bench by hand, straight through in a batch.

Rules owned here:
- In a batch the decision stays pending, whatever was recorded: only a person at the bench accepts.
"""

from stsbench.widgets import stills, tables
from stsbench.widgets.notebook_bench import Desk, NotebookBench
from stsbench.workflow.review import CaseReview, review_case, sign_off

__all__ = ["ReviewBench"]


class ReviewBench(NotebookBench[CaseReview]):
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

    next_step = "Accepted models: stsbench release CASE."

    def __init__(
        self, case_number: str = "", *, answers: str = "", interactive: bool = True
    ) -> None:
        super().__init__(
            answers,
            interactive=interactive,
            open_desk=lambda _recorded: _desk(case_number),
            run=lambda _recorded: review_case(case_number),
        )

    def _show(self, done: CaseReview) -> None:
        tables.show_checks(done)
        stills.show_review(done)

    def _outcome(self, done: CaseReview) -> dict[str, object]:
        return sign_off(done, self._recorded, interactive=False)


def _desk(case_number: str) -> Desk:
    from stsbench.widgets.review_desk import ReviewDesk  # noqa: PLC0415 - loads widgets

    return ReviewDesk(case_number)
