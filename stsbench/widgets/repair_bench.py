"""`RepairBench`: the repair of a case, on a bench by hand, straight through in a batch.

Rules owned here:
- By hand the cell shows the bench and returns at once; Run All never waits.
- In a batch, or without a front end, no widget is made: the same repair runs from the same answers.
"""

from typing import TYPE_CHECKING

from stsbench.domain.answers import Answers
from stsbench.widgets import outcomes, stills, tables
from stsbench.widgets.front_end import has_front_end, show_widget
from stsbench.workflow.recorded import read_answers
from stsbench.workflow.repair import CaseRepair, repair_case

if TYPE_CHECKING:
    from stsbench.widgets.repair_desk import RepairDesk

__all__ = ["RepairBench"]

_NEXT = "Next: 3_make_model."


class RepairBench:
    """A case's repair.

    Parameters
    ----------
    case_number : str
        Empty for the newest case.
    profile : str
        Limits to use; empty for the order's own.
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
        answers: str = "",
        interactive: bool = True,
    ) -> None:
        self._recorded = read_answers(answers)
        self._done: CaseRepair | None = None
        self.desk: RepairDesk | None = None
        if interactive and has_front_end():
            given = self._recorded if answers.strip() else None
            self.desk = _desk()(case_number, profile=profile, answers=given, next_step=_NEXT)
            show_widget(self.desk.box)
        else:
            self._done = repair_case(case_number, profile=profile, answers=self._recorded)

    @property
    def answers(self) -> Answers:
        """Everything decided so far: recorded answers and the steps taken on the bench."""
        return self._recorded if self.desk is None else self.desk.answers

    @property
    def done(self) -> CaseRepair | None:
        """The version stored last; None while the bench still works on the first."""
        return self._done if self.desk is None else self.desk.saved

    def show_results(self) -> None:
        """Show findings and stills; by hand the bench shows them itself."""
        if self.desk is None and self._done is not None:
            tables.show_findings(self._done)
            stills.show_repair(self._done)

    def show_outcome(self) -> None:
        """Show verdict, codes and the next step; by hand the bench shows them itself."""
        if self.desk is None and self._done is not None:
            outcomes.show_outcome(self._done.outcome, next_step=_NEXT)


def _desk() -> "type[RepairDesk]":
    from stsbench.widgets.repair_desk import RepairDesk  # noqa: PLC0415 - loads widgets

    return RepairDesk
