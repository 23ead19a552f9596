"""What every bench has: header, message line, progress with cancel, one worker.

Rules owned here:
- Long work runs in one thread of the bench, so that the page and the cancel button stay alive.
- What that work has freed goes back to the system: a kernel stays open all day.
- An error is one line in the bench, never a traceback: a stack shows values.
- The first line says in the user's language what is done here: the notebook's own headings are
  English, for a file has one language and a home can choose another.
- Running a cell again closes the bench it showed before: one live bench of a kind, one lease.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any, ClassVar

import ipywidgets

from stsbench.domain.progress import CancellableProgress
from stsbench.errors import CancelledError, StsbenchError
from stsbench.files.homes import read_home_settings
from stsbench.widgets.html_blocks import said_block
from stsbench.widgets.labels import Labels, labels_in
from stsbench.widgets.sentences import in_words
from stsbench.workflow.freed_memory import give_back_freed_memory

__all__ = ["BenchFrame"]

_SHOWN: dict[str, "BenchFrame"] = {}  # the live bench of each kind in this kernel
_WIDE = {"width": "100%"}
_NOTEBOOK = {
    "intake": "1_intake",
    "repair": "2_repair_scan",
    "model": "3_make_model",
    "review": "4_review_model",
}


class BenchFrame:
    """Header, message line, progress, and rows below them.

    A new bench of a kind closes the earlier one.
    """

    kind: ClassVar[str]  # such as "repair"

    def __init__(self) -> None:
        if self.kind in _SHOWN:
            _SHOWN.pop(self.kind).close()
        _SHOWN[self.kind] = self
        self.labels: Labels = labels_in(read_home_settings().language)
        self._heading = ipywidgets.HTML()
        self._message = ipywidgets.HTML()
        self._bar = ipywidgets.FloatProgress(value=0.0, min=0.0, max=1.0, layout={"width": "24em"})
        self._step = ipywidgets.Label("")
        self._cancel = ipywidgets.Button(description=self.labels("cancel"), icon="times")
        self._cancel.on_click(lambda _button: self.cancel())
        self._running = ipywidgets.HBox([self._bar, self._step, self._cancel])
        self._running.layout.display = "none"
        self._below = ipywidgets.VBox(layout=_WIDE)
        parts = [self._heading, self._message, self._running, *self._view(), self._below]
        self.box = ipywidgets.VBox(parts, layout=_WIDE)
        self._progress: CancellableProgress | None = None
        self._work = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._ended = False
        self._headed = "", ""

    def _view(self) -> list[Any]:
        """Return what stands between progress and the rows below it."""
        return []

    def has_ended(self) -> bool:
        """Return whether the bench was closed or its case left the screen."""
        return self._ended

    def head(
        self, number: str, purpose: str, open_until: str | None = None, *, what: str = "case"
    ) -> None:
        """Show what is done here and for whom: title, case number, purpose, and until when.

        Parameters
        ----------
        number : str
            Of the case, or of the ticket.
        purpose : str
        open_until : str, optional
            ISO 8601; empty once it is closed, None where nothing is kept open.
        what : str
            The label of what the number is of.
        """
        label = self.labels
        self._headed = number, purpose
        words = [f"{label('purpose')}: {label.find(purpose, 'purpose')}"]
        if open_until and not self._ended:
            clock = datetime.fromisoformat(open_until).astimezone().strftime("%H:%M")
            words.append(f"{label('open_until')} {clock}")
        elif open_until is not None:
            words.append(label("closed"))
        rest = "".join(f" · {escape(word)}" for word in words)
        title = label.find(_NOTEBOOK.get(self.kind, self.kind), "title")
        self._heading.value = (
            f"<div class='stsbench-head' style='font-size:1.25em;padding:.3em 0'>"
            f"<b>{escape(title)} · {escape(label(what))} {escape(number)}</b>{rest}</div>"
        )

    def say(self, text: str, level: str = "info") -> None:
        """Show one line below the header; empty for none."""
        self._message.value = said_block(text, level) if text else ""

    def button(self, label: str, icon: str, action: Callable[[], object]) -> ipywidgets.Button:
        """Return a large button; what it does may fail with one line."""
        made = ipywidgets.Button(
            description=self.labels(label),
            icon=icon,
            layout={"width": "auto", "height": "2.6em", "padding": "0 1.2em"},
        )
        made.on_click(lambda _button: self.guard(action))
        return made

    def below(self, *widgets: Any) -> None:
        """Put widgets under everything else."""
        self._below.children = widgets

    def run(self, work: Callable[[CancellableProgress], None]) -> None:
        """Do long work in a thread, with a bar and a cancel button; one at a time."""
        if not self._work.acquire(blocking=False):
            self.say(self.labels("working"), "warning")
            return
        progress = CancellableProgress(self._show)
        self._progress = progress

        def worker() -> None:
            try:
                self.guard(lambda: work(progress))
            finally:
                self._progress = None
                self._running.layout.display = "none"
                give_back_freed_memory()
                self._work.release()

        self._running.layout.display = None
        thread = threading.Thread(target=worker, name="stsbench-bench", daemon=True)
        self._threads = [*(old for old in self._threads if old.is_alive()), thread]
        thread.start()

    def is_free(self) -> bool:
        """Return whether no work is running; say so where it is."""
        if self._work.locked():
            self.say(self.labels("working"), "warning")
        return not self._work.locked()

    def wait(self, seconds: float = 60.0) -> bool:
        """Wait until no work is running; for tests and for closing."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(seconds)
        return not any(thread.is_alive() for thread in self._threads)

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        if self._progress is not None:
            self._progress.cancel()

    def guard(self, work: Callable[[], object]) -> bool:
        """Do something; show its error as one line. Returns whether it went well."""
        try:
            work()
        except CancelledError:
            self.say(self.labels("cancelled"), "warning")
        except StsbenchError as error:
            if not self._ended:
                self.say(in_words(str(error), self.labels), "error")
        except Exception as error:  # noqa: BLE001 - the bench's last line of defence shows no values
            self.say(f"{self.labels('failed')} ({type(error).__name__})", "error")
        else:
            return True
        return False

    def close(self) -> None:
        """Close every widget; closing again does nothing."""
        self._ended = True
        self.cancel()
        # Every one of them: an open widget is kept for ever, and its handlers keep the bench.
        for widget in _with_children(self.box):
            widget.close()

    def _show(self, name: str, done: float) -> None:
        self._bar.value, self._step.value = done, self.labels.find(name, "progress")


def _with_children(widget: Any) -> list[Any]:
    inner = [_with_children(child) for child in getattr(widget, "children", ())]
    return [part for parts in inner for part in parts] + [widget]
