"""A panel that edits `Answers` and nothing else: the next cell reads them, Run All never waits."""

from collections.abc import Sequence
from typing import Any

from stsbench.domain.answers import Answers
from stsbench.workflow.questions import Question

__all__ = ["Decisions", "edit"]


class Decisions:
    """The answers as they stand now.

    Parameters
    ----------
    questions : sequence of Question
    recorded : Answers
        Decisions made before; they win over defaults.
    """

    def __init__(self, questions: Sequence[Question], recorded: Answers) -> None:
        self.questions = tuple(questions)
        self._answers = recorded
        for question in self.questions:
            if question.key not in recorded.values and question.default:
                self.choose(question.key, question.default)

    @property
    def answers(self) -> Answers:
        """The current decisions; yes and no as True and False."""
        return self._answers

    def choose(self, key: str, value: str) -> None:
        """Set one answer."""
        plain: object = {"yes": True, "no": False}.get(value, value)
        self._answers = self._answers.with_answer(key, plain)

    def shown_value(self, question: Question) -> str:
        """Return the answer as its choice reads."""
        value = self._answers.get(question.key, question.default)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return str(value)


def edit(
    questions: Sequence[Question], recorded: Answers, *, interactive: bool = True
) -> Decisions:
    """Show a panel for the questions and return the live decisions.

    Parameters
    ----------
    questions : sequence of Question
    recorded : Answers
    interactive : bool
        False in batch: no widget is created.
    """
    decisions = Decisions(questions, recorded)
    if interactive:
        _show_panel(decisions)
    return decisions


def _show_panel(decisions: Decisions) -> None:
    import ipywidgets  # noqa: PLC0415 - only by hand
    from IPython.display import display  # noqa: PLC0415

    if not decisions.questions:
        display({"text/plain": "Nothing to decide here."}, raw=True)
        return
    rows: list[Any] = []
    for question in decisions.questions:
        value = decisions.shown_value(question)
        if question.choices:
            field = ipywidgets.Dropdown(
                options=[(choice.replace("_", " ") or "…", choice) for choice in question.choices],
                value=value if value in question.choices else question.choices[0],
            )
        else:
            field = ipywidgets.Text(value=value, continuous_update=False)
        field.observe(
            lambda change, key=question.key: decisions.choose(key, str(change["new"])),
            names="value",
        )
        label = ipywidgets.Label(question.text, layout=ipywidgets.Layout(min_width="30em"))
        rows.append(ipywidgets.HBox([label, field]))
    display(ipywidgets.VBox(rows))
