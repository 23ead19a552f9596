"""What the 3D view is told of places: the occlusal plane, directions, tooth numbers, notes.

Rules owned here:
- Python's list of notes is the list: the page shows what it is given, and what a technician just
  wrote only until the answer comes.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from stsbench.domain.dentition import check_fdi
from stsbench.errors import InputError
from stsbench.widgets.channel import Channel
from stsbench.widgets.wire import Message, as_triple

__all__ = ["PlacesShown"]


class PlacesShown(Channel):
    """The part of the viewer that shows places and directions."""

    def show_plane(
        self, point: Sequence[float], normal: Sequence[float], *, confirmed: bool
    ) -> None:
        """Show the occlusal plane; the technician confirms it or picks three points.

        Parameters
        ----------
        point, normal : (3,) float
            A place in mm and a direction out of the bite.
        confirmed : bool
        """
        content: dict[str, object] = {
            "type": "plane",
            "point": as_triple(point),
            "normal": as_triple(normal),
            "confirmed": bool(confirmed),
        }
        if not np.linalg.norm(as_triple(normal)) > 0.0:
            raise InputError("The plane has no direction.", "Pass a normal of any length.")
        self._keep("plane", Message(content))

    def set_directions(
        self, *, occlusal: Sequence[float], frontal: Sequence[float], upper: bool
    ) -> None:
        """Say how a scan lies, for the record views; else the axes of the file are taken.

        Parameters
        ----------
        occlusal : (3,) float
            Out of the bite: up for a lower arch, down for an upper one.
        frontal : (3,) float
            Out of the mouth.
        upper : bool
        """
        content: dict[str, object] = {
            "type": "directions",
            "occlusal": as_triple(occlusal),
            "frontal": as_triple(frontal),
            "upper": bool(upper),
        }
        self._keep("directions", Message(content))

    def show_teeth(self, places: Mapping[int, Sequence[float]]) -> None:
        """Write tooth numbers at their places, in the notation of the settings.

        Parameters
        ----------
        places : mapping of int to (3,) float
            FDI number to place in mm; empty takes them away.
        """
        items = [{"fdi": check_fdi(fdi), "place_mm": as_triple(at)} for fdi, at in places.items()]
        self._keep("teeth", Message({"type": "teeth", "items": items}))

    def show_notes(self, layer: str, notes: Sequence[tuple[Sequence[float], str]]) -> None:
        """Show the notes of a layer, all of them; an empty list takes them away.

        Parameters
        ----------
        layer : str
        notes : sequence of ((3,) float, str)
            Place in mm and words, in their order.
        """
        items = [{"place_mm": as_triple(at), "note": str(text)} for at, text in notes]
        self._keep(f"notes/{layer}", Message({"type": "notes", "layer": layer, "items": items}))
