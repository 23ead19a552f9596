"""`ModelBench`: the models of a case, on a bench by hand, straight through in a batch.

Rules owned here:
- By hand the cell shows the bench and returns at once; Run All never waits.
- In a batch, or without a front end, no widget is made: the same models come of the same answers.
"""

from typing import TYPE_CHECKING

from stsbench.domain.answers import Answers
from stsbench.widgets import outcomes, stills, tables
from stsbench.widgets.front_end import has_front_end, show_widget
from stsbench.workflow.model import CaseModel, model_case
from stsbench.workflow.recorded import read_answers

if TYPE_CHECKING:
    from stsbench.widgets.model_desk import ModelDesk

__all__ = ["ModelBench"]

_NEXT = "Next: 4_review_model."


class ModelBench:
    """A case's models.

    Parameters
    ----------
    case_number : str
        Empty for the newest case.
    profile : str
        Empty for the order's own.
    body : str
        solid or hollow.
    answers : str
        Recorded answers, JSON; empty by hand for those saved with the case.
    interactive : bool
        False in batch.
    """

    def __init__(
        self,
        case_number: str = "",
        *,
        profile: str = "",
        body: str = "solid",
        answers: str = "",
        interactive: bool = True,
    ) -> None:
        self._recorded = read_answers(answers)
        self._done: CaseModel | None = None
        self.desk: ModelDesk | None = None
        if interactive and has_front_end():
            given = self._recorded if answers.strip() else None
            self.desk = _desk()(
                case_number, profile=profile, body=body, answers=given, next_step=_NEXT
            )
            show_widget(self.desk.box)
        else:
            self._done = model_case(case_number, profile=profile, body=body, answers=self._recorded)

    @property
    def answers(self) -> Answers:
        """Everything decided so far."""
        return self._recorded if self.desk is None else self.desk.answers

    @property
    def done(self) -> CaseModel | None:
        """The version stored last; None while the bench still works on the first."""
        return self._done if self.desk is None else self.desk.saved

    def show_results(self) -> None:
        """Show what was measured and stills; by hand the bench shows them itself."""
        if self.desk is None and self._done is not None:
            tables.show_model_checks(self._done)
            stills.show_models(self._done)

    def show_outcome(self) -> None:
        """Show verdict, codes and the next step; by hand the bench shows them itself."""
        if self.desk is None and self._done is not None:
            outcomes.show_outcome(self._done.outcome, next_step=_NEXT)


def _desk() -> "type[ModelDesk]":
    from stsbench.widgets.model_desk import ModelDesk  # noqa: PLC0415 - loads widgets

    return ModelDesk
