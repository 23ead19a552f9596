"""The wire of the viewer: a widget whose meshes travel in binary messages and never in saved state.

Rules owned here:
- Python keeps what every layer shows (`mirrors.py`), so that a second view of the same viewer, or
  a page that was reloaded, is given everything when it says `ready`.
- Nothing is sent before a view is ready; a handler's error becomes a line on the screen.
- What a page may never need (the mesh as it came) waits here until the page asks for it.
- The JavaScript is fetched by a loader of 1 kB once per page: widget state stays small.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import Any

import anywidget
import traitlets

from stsbench.errors import InputError, StorageError, StsbenchError
from stsbench.widgets.live_viewers import LiveViewers, place_of_run
from stsbench.widgets.mirrors import LayerMirror
from stsbench.widgets.wire import Message

__all__ = ["LANGUAGES", "TOOTH_NUMBERS", "Channel", "Handler", "one_of"]

LANGUAGES = ("en", "zh", "de")
TOOTH_NUMBERS = ("fdi", "universal", "palmer")

Handler = Callable[[dict[str, Any], list[memoryview]], None]

_LIVE = LiveViewers()


class Channel(anywidget.AnyWidget):
    """Sends messages to every view that is ready and hands their events to handlers."""

    _esm = traitlets.Unicode().tag(sync=True)
    bundle = traitlets.Unicode().tag(sync=True)
    height_px = traitlets.Int(640).tag(sync=True)
    language = traitlets.Enum(LANGUAGES, "en").tag(sync=True)
    tooth_numbers = traitlets.Enum(TOOTH_NUMBERS, "fdi").tag(sync=True)
    shows_colours = traitlets.Bool(True).tag(sync=True)

    def __init__(
        self, *, height_px: int, language: str, tooth_numbers: str, shows_colours: bool
    ) -> None:
        self._layers: dict[str, LayerMirror] = {}
        self._shown: dict[str, Message] = {}  # what is beside the meshes, by its kind and layer
        self._asked_for: dict[str, Message] = {}  # sent to the view that asks, by the same keys
        self._handlers: dict[str, list[Handler]] = {}
        self._views: set[str] = set()
        self._sequence = 0
        if not 240 <= height_px <= 4000:
            raise InputError(f"A height of {height_px} px.", "Use 240 to 4000.")
        one_of(language, LANGUAGES, "language")
        one_of(tooth_numbers, TOOTH_NUMBERS, "notation of teeth")
        loader, digest = _scripts()
        super().__init__(
            _esm=loader,
            bundle=digest,
            height_px=height_px,
            language=language,
            tooth_numbers=tooth_numbers,
            shows_colours=shows_colours,
        )
        self.on_msg(self._receive)
        place, run = place_of_run()
        if place:
            _LIVE.enter(self, place, run)

    def on(self, event: str, handler: Handler) -> None:
        """Call a handler with content and buffers of every such event; several may be added."""
        self._handlers.setdefault(event, []).append(handler)

    def say(self, text: str, level: str = "info") -> None:
        """Show one line at the foot of the viewer; screen readers read it out.

        Parameters
        ----------
        text : str
        level : {"info", "warning", "error"}
        """
        one_of(level, ("info", "warning", "error"), "level")
        self._keep("say", Message({"type": "say", "text": text, "level": level}))

    @property
    def is_empty(self) -> bool:
        """Whether no mesh is shown."""
        return not self._layers

    def clear(self, text: str) -> None:
        """Take every mesh off the screen at once and show the line instead."""
        self._let_go()
        self._keep("clear", Message({"type": "clear", "text": text}))

    def close(self) -> None:
        """Take the widget off every page and give back what it holds."""
        _LIVE.leave(self)
        self._let_go()
        self._handlers.clear()
        self._views.clear()
        super().close()

    def _receive(self, _: object, content: dict[str, Any], buffers: list[memoryview]) -> None:
        kind, view = str(content.get("type", "")), str(content.get("view", ""))
        if kind == "load":
            script = {"type": "bundle", "digest": self.bundle}
            self.send(script, buffers=[memoryview(_static("viewer.js"))])
            return
        if kind == "ready":
            self._views.add(view)
            for message in self._everything():
                self._post(message, to=view)
        elif kind == "gone":
            self._views.discard(view)
        elif kind == "before":
            asked = self._asked_for.get(f"before/{content.get('layer', '')}")
            if asked is not None:
                self._post(asked, to=view)
        for handler in tuple(self._handlers.get(kind, ())):
            self._call(handler, content, list(buffers or ()))

    def _call(self, handler: Handler, content: dict[str, Any], buffers: list[memoryview]) -> None:
        try:
            handler(content, buffers)
        except StsbenchError as error:
            self.say(str(error), "error")
        except Exception as error:
            self.say(f"That did not work ({type(error).__name__}). Try again.", "error")
            raise

    def _everything(self) -> list[Message]:
        return [
            *(mirror.message() for mirror in tuple(self._layers.values())),
            *self._shown.values(),
        ]

    def _keep(self, key: str, message: Message) -> None:
        self._shown.pop(key, None)  # to the end: a preview comes after what it changes
        self._shown[key] = message
        self._post(message)

    def _forget(self, key: str, message: Message) -> None:
        self._shown.pop(key, None)
        self._post(message)

    def _drop(self, part: str) -> None:
        for kept in (self._shown, self._asked_for):
            for key in [key for key in kept if key.startswith(part) or key.endswith(part)]:
                del kept[key]

    def _let_go(self) -> None:
        self._layers.clear()
        self._shown.clear()
        self._asked_for.clear()

    def _post(self, message: Message, *, to: str | None = None) -> None:
        if not self._views:
            return
        self._sequence += 1
        content = {**message.content, "seq": self._sequence}
        if to is not None:
            content["to"] = to
        self.send(content, buffers=list(message.buffers))


def one_of(value: str, allowed: Sequence[str], what: str) -> None:
    """Refuse a word that is not in the list.

    Raises
    ------
    InputError
    """
    if value not in allowed:
        raise InputError(f"{value!r} is no {what}.", f"Use one of: {', '.join(allowed)}.")


@cache
def _static(name: str) -> bytes:
    file = resources.files("stsbench.widgets") / "static" / name
    if not file.is_file():
        raise StorageError(
            "This installation has no 3D viewer.", "Install it again, or run: make viewer"
        )
    return file.read_bytes()


@cache
def _scripts() -> tuple[str, str]:
    return _static("loader.js").decode(), hashlib.sha256(_static("viewer.js")).hexdigest()[:16]
