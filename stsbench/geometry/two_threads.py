"""Work on both cores: the calling thread and one helper that waits beside it.

Rules owned here:
- Kernels release the GIL, so two plain threads use both cores. The answer must not depend on how
  many threads there are: split the work by data, never by thread.
- The helper is started once and kept: starting a thread for each call cost more than many a kernel.
  Who asks works too and takes whatever the helper has not begun, so calls may be nested and made
  from several threads at once, and none ever waits for work that nobody has started.
- A fork does not take threads along: the child starts a helper of its own.
"""

import os
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

__all__ = ["in_threads", "side_by_side"]

_THREADS = 2

Argument = TypeVar("Argument")
Result = TypeVar("Result")
Other = TypeVar("Other")


class _Job:
    """Chunks that two threads take turns at, and what came of each."""

    def __init__(self, function: Callable[[Any], Any], chunks: list[Any]) -> None:
        self._function = function
        self._chunks = chunks
        self._turns = iter(range(len(chunks)))  # taking the next one is atomic
        self._errors: dict[int, BaseException] = {}
        self._helping = Lock()  # held while the helper is at it
        self.results: list[Any] = [None] * len(chunks)

    def work(self) -> None:
        """Take chunks until none is left or one has failed."""
        for turn in self._turns:
            if self._errors:
                return
            try:
                self.results[turn] = self._function(self._chunks[turn])
            except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
                self._errors[turn] = error

    def help(self) -> None:
        """Work as the helper does."""
        with self._helping:
            self.work()

    def finish(self) -> None:
        """Wait for a helper that has begun; one that has not finds nothing to do any more."""
        with self._helping:
            errors, self._errors = self._errors, {}
        if errors:
            # Of several the first chunk's, whatever the threads did: lower turns began earlier.
            raise errors[min(errors)]


class _Helper:
    """A thread that helps with whatever is asked, one thing after the other."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[_Job] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None

    def ask(self, job: _Job) -> None:
        """Let the helper take part as soon as it can."""
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._serve, name="stsbench-helper", daemon=True)
                self._thread.start()
        self._asked.put(job)

    def _serve(self) -> None:
        while True:
            job = self._asked.get()
            job.help()
            del job  # holds arrays that may be large


_helper = _Helper()


def _forget_helper() -> None:
    global _helper  # noqa: PLW0603 - the one thread of the process
    _helper = _Helper()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_helper)


def in_threads(
    function: Callable[[Argument], Result], chunks: Iterable[Argument], *, threads: int = _THREADS
) -> list[Result]:
    """Apply a kernel to each chunk on both cores; results keep the order of the chunks.

    Parameters
    ----------
    function : callable
    chunks : iterable
    threads : int
        1 stays in the calling thread.
    """
    work = list(chunks)
    if len(work) < 2 or threads < 2:
        return [function(chunk) for chunk in work]
    job = _Job(function, work)
    _helper.ask(job)
    job.work()
    job.finish()
    return job.results


def side_by_side(first: Callable[[], Result], second: Callable[[], Other]) -> tuple[Result, Other]:
    """Do two things that do not need each other at once, one on each core; return both results."""
    calls: list[Callable[[], Any]] = [first, second]
    now, later = in_threads(lambda call: call(), calls)
    return now, later
