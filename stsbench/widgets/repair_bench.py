"""`RepairBench`: the repair of a case, on a bench by hand, straight through in a batch."""

from functools import partial

from stsbench.domain.answers import Answers
from stsbench.widgets import stills, tables
from stsbench.widgets.notebook_bench import Desk, NotebookBench
from stsbench.workflow.repair import CaseRepair, repair_case

__all__ = ["RepairBench"]


class RepairBench(NotebookBench[CaseRepair]):
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

    next_step = "Next: 3_make_model."

    def __init__(
        self,
        case_number: str = "",
        *,
        profile: str = "",
        answers: str = "",
        interactive: bool = True,
    ) -> None:
        super().__init__(
            answers,
            interactive=interactive,
            open_desk=partial(_desk, case_number, profile),
            run=lambda given: repair_case(case_number, profile=profile, answers=given),
        )

    def _show(self, done: CaseRepair) -> None:
        tables.show_findings(done)
        stills.show_repair(done)

    def _outcome(self, done: CaseRepair) -> dict[str, object]:
        return done.outcome


def _desk(case_number: str, profile: str, answers: Answers | None) -> Desk:
    from stsbench.widgets.repair_desk import RepairDesk  # noqa: PLC0415 - loads widgets

    return RepairDesk(case_number, profile=profile, answers=answers)
