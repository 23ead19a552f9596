"""One viewer per cell: running a cell again closes the viewers its last run left behind.

A widget lives as long as its kernel unless it is closed: without this, twenty runs of a cell keep
twenty meshes.
"""

from typing import Protocol

__all__ = ["Closable", "LiveViewers", "place_of_run"]


class Closable(Protocol):
    """Anything that gives back what it holds."""

    def close(self) -> None:
        """Give it back."""


class LiveViewers:
    """The viewers of one kernel, by the place that made them."""

    def __init__(self) -> None:
        self._by_place: dict[str, tuple[str, list[Closable]]] = {}

    def enter(self, viewer: Closable, place: str, run: str) -> None:
        """Note a viewer; close those an earlier run made at the same place."""
        last_run, viewers = self._by_place.get(place, ("", []))
        if last_run != run:
            for old in tuple(viewers):
                old.close()
            viewers = []
        self._by_place[place] = (run, [*viewers, viewer])

    def leave(self, viewer: Closable) -> None:
        """Forget a closed viewer."""
        for place, (run, viewers) in tuple(self._by_place.items()):
            left = [one for one in viewers if one is not viewer]
            if left:
                self._by_place[place] = (run, left)
            else:
                del self._by_place[place]


def place_of_run() -> tuple[str, str]:
    """Return the cell that runs now and its run; empty where there is no notebook."""
    try:
        from IPython import get_ipython  # noqa: PLC0415 - only in a notebook
    except ModuleNotFoundError:
        return "", ""
    shell = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = parent.get("metadata", {}).get("cellId", "")
    return str(cell), str(parent.get("header", {}).get("msg_id", ""))
