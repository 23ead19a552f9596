"""What every bench has around its 3D view: header, message line, progress with cancel, one worker.

Rules owned here:
- Long work runs in one thread of the bench, so that the view and the cancel button stay alive.
- An error is one line in the bench, never a traceback: a stack shows values.
- Running a cell again closes the bench it showed before: one live view, one lease.
- When the case may no longer be looked at, the view is cleared before anything else is done.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any

import ipywidgets

from stsbench.domain.progress import CancellableProgress
from stsbench.errors import CancelledError, StsbenchError
from stsbench.files.homes import read_home_settings
from stsbench.widgets.labels import Labels, labels_in
from stsbench.widgets.viewer import Viewer

__all__ = ["BenchFrame"]

_SHOWN: dict[str, "BenchFrame"] = {}  # the live bench of each kind in this kernel
_COLOURS = {"info": "inherit", "warning": "#8a6100", "error": "#a12622"}
_PATIENCE_S = 1.0
_WIDE = {"width": "100%"}


class BenchFrame:
    """Header, message line, progress, 3D view and a row below it.

    Parameters
    ----------
    kind : str
        Such as "repair": a new bench of a kind closes the earlier one.
    """

    def __init__(self, kind: str) -> None:
        if kind in _SHOWN:
            _SHOWN.pop(kind).close()
        _SHOWN[kind] = self
        settings = read_home_settings()
        self.labels: Labels = labels_in(settings.language)
        self.viewer = Viewer(language=settings.language, tooth_numbers=settings.tooth_numbers)
        self._heading = ipywidgets.HTML()
        self._message = ipywidgets.HTML()
        self._bar = ipywidgets.FloatProgress(value=0.0, min=0.0, max=1.0, layout={"width": "24em"})
        self._step = ipywidgets.Label("")
        self._cancel = ipywidgets.Button(description=self.labels("cancel"), icon="times")
        self._cancel.on_click(lambda _button: self.cancel())
        self._running = ipywidgets.HBox([self._bar, self._step, self._cancel])
        self._running.layout.display = "none"
        self._below = ipywidgets.VBox(layout=_WIDE)
        self.box = ipywidgets.VBox(
            [self._heading, self._message, self._running, self.viewer, self._below],
            layout=_WIDE,
        )
        self.screen = threading.RLock()  # the session and what the view shows change together
        self._progress: CancellableProgress | None = None
        self._work = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._ended = False

    def has_ended(self) -> bool:
        """Return whether the bench was closed or its case left the screen."""
        return self._ended

    def head(self, number: str, purpose: str, open_until: str) -> None:
        """Show whose bench this is: case number, purpose, and until when."""
        label = self.labels
        until = label("closed")
        if open_until:
            clock = datetime.fromisoformat(open_until).astimezone().strftime("%H:%M")
            until = f"{label('open_until')} {clock}"
        self._heading.value = (
            f"<div class='stsbench-head' style='font-size:1.25em;padding:.3em 0'>"
            f"<b>{escape(label('case'))} {escape(number)}</b> · {escape(label('purpose'))}: "
            f"{escape(purpose)} · {escape(until)}</div>"
        )

    def say(self, text: str, level: str = "info") -> None:
        """Show one line above the view; empty for none."""
        colour = _COLOURS[level]
        role = "alert" if level == "error" else "status"
        self._message.value = (
            f"<div class='stsbench-say' role='{role}' style='color:{colour};border-left:5px solid;"
            f"padding:.2em .8em;font-size:1.1em'>{escape(text)}</div>"
            if text
            else ""
        )
        if text and not self._ended:
            self.viewer.say(text, level)  # also beside the tools: a view may fill the screen

    def button(self, label: str, icon: str, action: Callable[[], object]) -> ipywidgets.Button:
        """Return a large button; what it does may fail with one line."""
        made = ipywidgets.Button(
            description=self.labels(label),
            icon=icon,
            layout={"width": "auto", "height": "2.6em", "padding": "0 1.2em"},
        )
        made.on_click(lambda _button: self.guard(action))
        return made

    def listen(self, event: str, handler: Callable[[dict[str, Any], list[Any]], object]) -> None:
        """Answer an event of the view; an error is a line and takes a preview away."""

        def answer(content: dict[str, Any], buffers: list[Any]) -> None:
            if self._ended:
                return
            self.say("")
            with self.screen:
                if not self.guard(lambda: handler(content, buffers)) and not self._ended:
                    self.viewer.drop_preview()

        self.viewer.on(event, answer)

    def below(self, *widgets: Any) -> None:
        """Put widgets under the view."""
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
                self._work.release()

        self._running.layout.display = None
        thread = threading.Thread(target=worker, name="stsbench-bench", daemon=True)
        self._threads = [*(old for old in self._threads if old.is_alive()), thread]
        thread.start()

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
                self.say(str(error), "error")
        except Exception as error:  # noqa: BLE001 - the bench's last line of defence shows no values
            self.say(f"{self.labels('failed')} ({type(error).__name__})", "error")
        else:
            return True
        return False

    def end(self, reason: StsbenchError) -> None:
        """Take every mesh off the screen at once and say why."""
        self._ended = True
        self.viewer.clear(str(reason))
        self.say(str(reason), "error")
        self.cancel()
        # Once more after whatever was being shown in this moment. The wait has an end, because the
        # caller may hold what that work waits for; the work then fails, as nothing is open any more.
        if self.screen.acquire(timeout=_PATIENCE_S):
            self.viewer.clear(str(reason))
            self.screen.release()

    def close(self) -> None:
        """Close the view and every widget; closing again does nothing."""
        self._ended = True
        self.cancel()
        self.viewer.close()
        # Every one of them: an open widget is kept for ever, and its handlers keep the bench.
        for widget in _with_children(self.box):
            widget.close()

    def _show(self, name: str, done: float) -> None:
        self._bar.value, self._step.value = done, name


def _with_children(widget: Any) -> list[Any]:
    inner = [_with_children(child) for child in getattr(widget, "children", ())]
    return [part for parts in inner for part in parts] + [widget]
