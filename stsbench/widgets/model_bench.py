"""`ModelBench`: the models of a case, on a bench by hand, straight through in a batch."""

from functools import partial

from stsbench.domain.answers import Answers
from stsbench.widgets import stills, tables
from stsbench.widgets.notebook_bench import Desk, NotebookBench
from stsbench.workflow.model import CaseModel, model_case

__all__ = ["ModelBench"]


class ModelBench(NotebookBench[CaseModel]):
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

    next_step = "Next: 4_review_model."

    def __init__(
        self,
        case_number: str = "",
        *,
        profile: str = "",
        body: str = "solid",
        answers: str = "",
        interactive: bool = True,
    ) -> None:
        super().__init__(
            answers,
            interactive=interactive,
            open_desk=partial(_desk, case_number, profile, body),
            run=lambda given: model_case(case_number, profile=profile, body=body, answers=given),
        )

    def _show(self, done: CaseModel) -> None:
        tables.show_model_checks(done)
        stills.show_models(done)

    def _outcome(self, done: CaseModel) -> dict[str, object]:
        return done.outcome


def _desk(case_number: str, profile: str, body: str, answers: Answers | None) -> Desk:
    from stsbench.widgets.model_desk import ModelDesk  # noqa: PLC0415 - loads widgets

    return ModelDesk(case_number, profile=profile, body=body, answers=answers)
