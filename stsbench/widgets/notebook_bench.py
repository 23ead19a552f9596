"""The shape of every bench of a notebook: a desk by hand, the same work straight through in a batch.

Rules owned here:
- By hand the cell shows the desk and returns at once; Run All never waits.
- In a batch, or without a front end, no widget is made: the same work runs from the same answers.
- What the desk shows itself is not shown again by the cells below it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from stsbench.domain.answers import Answers
from stsbench.widgets.front_end import has_front_end, show_widget
from stsbench.widgets.outcomes import show_outcome
from stsbench.workflow.recorded import read_answers

__all__ = ["Desk", "NotebookBench"]

Done = TypeVar("Done")


class Desk(Protocol):
    """What a bench needs of its widgets."""

    box: Any

    @property
    def answers(self) -> Answers:
        """Everything decided so far."""

    @property
    def saved(self) -> Any:
        """What was stored last; None before."""


class NotebookBench(ABC, Generic[Done]):
    """A bench; subclasses say what its desk is and what a batch does instead.

    Parameters
    ----------
    answers : str
        Recorded answers, JSON; empty by hand for those saved with the case.
    interactive : bool
        False in batch.
    open_desk : callable
        Takes the recorded answers, None where there are none.
    run : callable
        The same without widgets.
    """

    next_step: ClassVar[str]  # one sentence for the notebook that a batch leaves

    def __init__(
        self,
        answers: str,
        *,
        interactive: bool,
        open_desk: Callable[[Answers | None], Desk],
        run: Callable[[Answers], Done],
    ) -> None:
        self._recorded = read_answers(answers)
        self._done: Done | None = None
        self.desk: Any = None
        if interactive and has_front_end():
            self.desk = open_desk(self._recorded if answers.strip() else None)
            show_widget(self.desk.box)
        else:
            self._done = run(self._recorded)

    @property
    def answers(self) -> Answers:
        """Everything decided so far: recorded answers and what was done on the bench."""
        return self._recorded if self.desk is None else self.desk.answers

    @property
    def done(self) -> Done | None:
        """What was stored last; None while the bench still works on the first."""
        return self._done if self.desk is None else self.desk.saved

    def show_results(self) -> None:
        """Show what was found and stills; by hand the bench shows them itself."""
        if self._done is not None:
            self._show(self._done)

    def show_outcome(self) -> None:
        """Show verdict, codes and the next step; by hand the bench shows them itself."""
        if self._done is not None:
            show_outcome(self._outcome(self._done), next_step=self.next_step)

    @abstractmethod
    def _show(self, done: Done) -> None:
        """Show tables and stills."""

    @abstractmethod
    def _outcome(self, done: Done) -> dict[str, object]:
        """Return codes and verdict, as the last cell shows them."""
