"""One protocol for progress and cancelling, for the terminal, notebooks and batch alike.

Kernels never print and never read a clock: they call `progress.step` between units of work. A face
(rich, ipywidgets) turns that into a bar, and raises CancelledError from `step` to stop the work.
"""

from collections.abc import Callable
from typing import Protocol

from stsbench.errors import CancelledError

__all__ = ["NO_PROGRESS", "CancellableProgress", "Progress", "SilentProgress"]


class Progress(Protocol):
    """What long work reports to."""

    def step(self, name: str, done: float) -> None:
        """Say that the named step is `done` (0 to 1) complete.

        Raises
        ------
        CancelledError
            The person asked to stop; the caller must let it through.
        """


class SilentProgress:
    """Reports nothing and never cancels."""

    def step(self, name: str, done: float) -> None:
        """Do nothing."""


class CancellableProgress:
    """Passes each step on and stops once `cancel` was called.

    Parameters
    ----------
    show : callable (name, done) -> None, optional
    """

    def __init__(self, show: Callable[[str, float], None] | None = None) -> None:
        self._show = show
        self._cancelled = False

    def cancel(self) -> None:
        """Ask the work to stop at its next step; safe to call from another thread."""
        self._cancelled = True

    def step(self, name: str, done: float) -> None:
        """Pass the step on, or raise CancelledError."""
        if self._cancelled:
            raise CancelledError("The work was cancelled.", "Start it again when you are ready.")
        if self._show is not None:
            self._show(name, done)


NO_PROGRESS = SilentProgress()
