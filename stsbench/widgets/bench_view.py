"""A bench with a 3D view: what the view asks for is answered, and cleared when the case must go.

Rules owned here:
- The session and what the view shows change together, under one lock.
- An error while nothing is on screen stands where the mesh would be: never a blank canvas.
- When the case may no longer be looked at, the view is cleared before anything else is done.
"""

import threading
from collections.abc import Callable
from typing import Any

from stsbench.errors import StsbenchError
from stsbench.files.homes import read_home_settings
from stsbench.widgets.bench_frame import BenchFrame
from stsbench.widgets.sentences import in_words
from stsbench.widgets.viewer import Viewer
from stsbench.workflow.bench_directions import Directions

__all__ = ["BenchWithView"]

_PATIENCE_S = 1.0

Handler = Callable[[dict[str, Any], list[Any]], object]


class BenchWithView(BenchFrame):
    """A frame around a viewer."""

    viewer: Viewer

    def __init__(self) -> None:
        self.screen = threading.RLock()
        self.standing = ""  # an error that stays until a check takes it back
        super().__init__()

    def _view(self) -> list[Any]:
        settings = read_home_settings()
        self.viewer = Viewer(language=settings.language, tooth_numbers=settings.tooth_numbers)
        return [self.viewer]

    def say(self, text: str, level: str = "info") -> None:
        """Show one line above the view, and in it: a view may fill the screen."""
        super().say(text, level)
        if not text or self._ended:
            return
        if level == "error" and self.viewer.is_empty:
            self.viewer.clear(text)
        else:
            self.viewer.say(text, level)

    def turn_views(self, found: Directions | None) -> None:
        """Let the record views follow how the scans lie; None leaves them as they are."""
        with self.screen:
            if found is not None and not self._ended:
                self.viewer.set_directions(
                    occlusal=found.occlusal, frontal=found.frontal, upper=found.upper
                )

    def listen(self, event: str, handler: Handler) -> None:
        """Answer an event of the view; an error is a line and takes a preview away."""

        def answer(content: dict[str, Any], buffers: list[Any]) -> None:
            if self._ended:
                return
            super(BenchWithView, self).say(self.standing, "error")
            with self.screen:
                if not self.guard(lambda: handler(content, buffers)) and not self._ended:
                    self.viewer.drop_preview()

        self.viewer.on(event, answer)

    def end(self, reason: StsbenchError) -> None:
        """Take every mesh off the screen at once and say why."""
        self._ended = True
        words = in_words(str(reason), self.labels)
        self.viewer.clear(words)
        self.say(words, "error")
        self.head(*self._headed, "")
        self.cancel()
        # Once more after whatever was being shown in this moment. The wait has an end, because the
        # caller may hold what that work waits for; the work then fails, as nothing is open any more.
        if self.screen.acquire(timeout=_PATIENCE_S):
            self.viewer.clear(words)
            self.screen.release()

    def close(self) -> None:
        """Close the view and every widget; closing again does nothing."""
        self._ended = True
        self.viewer.close()
        super().close()
