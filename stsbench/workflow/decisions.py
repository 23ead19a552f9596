"""What a technician decides as answers, taken back and decided again.

Rules owned here:
- Undo takes the last decision off, whatever it was about, and leaves the very answers there were
  before it; redo brings it back; a new decision forgets what was undone.
- Deciding what is decided already is no decision.
- What was answered before the bench opened is where undo ends.
"""

from typing import NamedTuple

from stsbench.domain.answers import Answers
from stsbench.errors import InputError

__all__ = ["Decided", "Decisions"]


class Decided(NamedTuple):
    """One decision.

    Parameters
    ----------
    what : str
        The word for it, such as "plane".
    scan_id : str
        Empty where it is about every scan.
    key : str
        Of the answer.
    before : tuple
        The answer there was; empty for none.
    after : object
    """

    what: str
    scan_id: str
    key: str
    before: tuple[object, ...]
    after: object


class Decisions:
    """Answers that change one by one.

    Parameters
    ----------
    answers : Answers
        As they were when the bench opened.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self._stand: list[Decided] = []
        self._undone: list[Decided] = []

    @property
    def next_undo(self) -> str | None:
        """What undo would take back; None where there is nothing."""
        return self._stand[-1].what if self._stand else None

    @property
    def next_redo(self) -> str | None:
        """What redo would decide again; None where there is nothing."""
        return self._undone[-1].what if self._undone else None

    def decide(self, what: str, scan_id: str, key: str, value: object) -> None:
        """Answer something.

        Parameters
        ----------
        what, scan_id, key : str
            As in `Decided`.
        value : object
        """
        before = (self.answers.values[key],) if key in self.answers.values else ()
        if before == (value,):
            return
        self._stand.append(Decided(what, scan_id, key, before, value))
        self._undone.clear()
        self.answers = self.answers.with_answer(key, value)

    def undo(self) -> Decided:
        """Take the last decision back.

        Raises
        ------
        InputError
            There is none.
        """
        if not self._stand:
            raise InputError("There is nothing to undo.", "Decide something first.")
        last = self._stand.pop()
        self._undone.append(last)
        values = {key: value for key, value in self.answers.values.items() if key != last.key}
        if last.before:
            values[last.key] = last.before[0]
        self.answers = Answers(values)
        return last

    def redo(self) -> Decided:
        """Decide again what was taken back last.

        Raises
        ------
        InputError
            Nothing was.
        """
        if not self._undone:
            raise InputError("There is nothing to redo.", "Undo a step first.")
        again = self._undone.pop()
        self._stand.append(again)
        self.answers = self.answers.with_answer(again.key, again.after)
        return again

    def drop_last(self) -> None:
        """Take the last decision back for good: nothing could be made of it."""
        self.undo()
        self._undone.pop()
