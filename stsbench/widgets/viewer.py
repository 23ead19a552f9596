"""The 3D viewer: what a bench shows, by method; what a technician does, by event.

Rules owned here:
- Every argument is checked before anything is sent; a refused call changes nothing.
- A layer's name is the bench's own ("upper"); its face slots keep their numbers for ever.

What the page draws and picks is in the top-level `viewer/`; what changes a mesh is in
`stsbench.repair`. The events are listed in docs/viewer.md.
"""

from collections.abc import Mapping, Sequence
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from stsbench.errors import InputError
from stsbench.widgets.findings_shown import as_shown_finding
from stsbench.widgets.mirrors import LayerMirror
from stsbench.widgets.viewer_places import PlacesShown
from stsbench.widgets.wire import (
    MOST_FACES,
    Change,
    Message,
    as_buffer,
    as_colours,
    as_delta,
    as_faces,
    as_vertices,
    mesh_message,
)

__all__ = ["Viewer"]


class Viewer(PlacesShown):
    """A mesh viewer with the technician's tools.

    Parameters
    ----------
    height_px : int
    language : {"en", "zh", "de"}
    tooth_numbers : {"fdi", "universal", "palmer"}
    shows_colours : bool
        Show the scan's own colours at first.

    Raises
    ------
    InputError
        An unknown language or notation, or a height outside 240-4000.
    StorageError
        The package was built without the viewer's JavaScript.
    """

    def __init__(
        self,
        *,
        height_px: int = 640,
        language: str = "en",
        tooth_numbers: str = "fdi",
        shows_colours: bool = True,
    ) -> None:
        super().__init__(
            height_px=height_px,
            language=language,
            tooth_numbers=tooth_numbers,
            shows_colours=shows_colours,
        )

    def show_mesh(
        self,
        layer: str,
        vertices: ArrayLike,
        faces: ArrayLike,
        *,
        colours: ArrayLike | None = None,
        title: str = "",
        visible: bool = True,
        editable: bool = False,
    ) -> None:
        """Show a mesh as a layer, or replace the layer of that name.

        Parameters
        ----------
        layer : str
            A name of your own, such as "upper".
        vertices : (V, 3) float32, mm
        faces : (F, 3) uint32
            Their order gives the face slots.
        colours : (V, 3) uint8, optional
        title : str
            What people read; the layer's name where empty.
        visible : bool
        editable : bool
            Tools may change it.

        Raises
        ------
        MeshError
            Wrong shapes, indices out of range, no faces.
        InputError
            More faces than a page can show.
        """
        places = as_vertices(vertices)
        corners = as_faces(faces, len(places))
        if not len(corners):
            raise InputError("The mesh has no faces.", "Export the scan again.")
        if len(corners) > MOST_FACES:
            raise InputError(
                f"The mesh has {len(corners):,} faces, more than the {MOST_FACES:,} a page shows.",
                "Reduce it first.",
            )
        content: dict[str, object] = {
            "layer": layer,
            "title": title or layer,
            "visible": visible,
            "editable": editable,
        }
        self._layers[layer] = LayerMirror(
            places, corners, as_colours(colours, len(places)), content
        )
        self._drop(f"/{layer}")
        self._shown.pop("clear", None)
        self._post(self._layers[layer].message())

    def remove_mesh(self, layer: str) -> None:
        """Take a layer off the screen."""
        self._mirror(layer)
        del self._layers[layer]
        self._drop(f"/{layer}")
        self._post(Message({"type": "remove", "layer": layer}))

    def apply_delta(self, layer: str, **change: Unpack[Change]) -> None:
        """Change a layer; only what changes crosses the wire.

        Counts are cut first (undo), then slots are removed, vertices move, slots are revived, and
        new vertices and faces are appended.

        Parameters
        ----------
        layer : str
        **change : Change
            `removed`, `revived` (R,) face slots; `vertex_count`, `face_count`; `vertices` (N, 3)
            mm, `faces` (M, 3), `colours` (N, 3) of what is new; `moved` (K,), `moved_to` (K, 3) mm.

        Raises
        ------
        InputError
            The change does not fit the layer.
        """
        mirror = self._mirror(layer)
        delta = mirror.checked(as_delta(change))
        mirror.apply(delta)
        self._shown.pop(f"preview/{layer}", None)
        self._post(delta.message(layer, preview=False))

    def preview_delta(self, layer: str, **change: Unpack[Change]) -> None:
        """Show a change in another colour until it is dropped or another one comes.

        Parameters and errors are those of `apply_delta`.
        """
        delta = self._mirror(layer).checked(as_delta(change))
        self._drop("preview/")
        self._keep(f"preview/{layer}", delta.message(layer, preview=True))

    def drop_preview(self) -> None:
        """Take the preview away."""
        self._drop("preview/")
        self._post(Message({"type": "drop_preview"}))

    def show_findings(self, layer: str, findings: Sequence[Mapping[str, object]]) -> None:
        """Show findings as markers, legend and list; those to review come first.

        Parameters
        ----------
        layer : str
        findings : sequence of mapping
            `id`, `kind`, `place_mm`, `size_mm`, `severity`, `title`, `loop` (vertex indices or
            None) and `faces` (half-open ranges of slots or None).

        Raises
        ------
        InputError
            A finding without id, kind or place, or two of one id.
        """
        self._mirror(layer)
        rows = [as_shown_finding(finding) for finding in findings]
        if len({row["id"] for row in rows}) != len(rows):
            raise InputError("Two findings share an id.", "Give each its own.")
        self._keep(
            f"findings/{layer}", Message({"type": "findings", "layer": layer, "items": rows})
        )

    def show_values(
        self,
        layer: str,
        values: ArrayLike | None,
        *,
        low: float = -0.05,
        high: float = 0.05,
        unit: str = "mm",
        title: str = "",
    ) -> None:
        """Colour a layer by a value per vertex, with a legend; None takes the map away.

        Parameters
        ----------
        layer : str
        values : (V,) float32 or None
            NaN where nothing was measured.
        low, high : float
            Ends of the colour scale.
        unit : str
        title : str

        Raises
        ------
        InputError
            Not one value per vertex, or a scale of no length.
        """
        mirror = self._mirror(layer)
        content: dict[str, object] = {
            "type": "values", "layer": layer, "low": float(low), "high": float(high),
            "unit": unit, "title": title,
        }  # fmt: skip
        if values is None:
            self._forget(f"values/{layer}", Message(content))
            return
        array = np.ascontiguousarray(values, dtype=np.float32)
        if array.shape != (mirror.vertex_count,):
            raise InputError(
                f"Values have shape {array.shape} for {mirror.vertex_count} vertices.",
                "Pass one value per vertex.",
            )
        if not float(low) < float(high):
            raise InputError(f"A scale from {low} to {high}.", "Pass low below high.")
        self._keep(f"values/{layer}", Message(content, (as_buffer(array),)))

    def show_edits(self, layer: str, reasons: ArrayLike | None) -> None:
        """Colour the faces an edit made by its reason; None takes the map away.

        Parameters
        ----------
        layer : str
        reasons : (F,) uint8 over slots, or None
            `stsbench.domain.edits.EditReason`.

        Raises
        ------
        InputError
            Not one reason per slot.
        """
        mirror = self._mirror(layer)
        content: dict[str, object] = {"type": "edits", "layer": layer}
        if reasons is None:
            self._forget(f"edits/{layer}", Message(content))
            return
        array = np.ascontiguousarray(reasons, dtype=np.uint8)
        if array.shape != (mirror.face_count,):
            raise InputError(
                f"Reasons have shape {array.shape} for {mirror.face_count} slots.",
                "Pass one reason per slot.",
            )
        self._keep(f"edits/{layer}", Message(content, (as_buffer(array),)))

    def show_before(self, layer: str, vertices: ArrayLike, faces: ArrayLike) -> None:
        """Give the slider what the layer looked like before.

        The page is told only that there is one; it gets the mesh while the slider is on.

        Parameters
        ----------
        layer : str
        vertices : (V, 3) float32, mm
        faces : (F, 3) uint32
        """
        self._mirror(layer)
        self._asked_for[f"before/{layer}"] = mesh_message("before", vertices, faces, layer=layer)
        self._keep(f"before/{layer}", Message({"type": "before_known", "layer": layer}))

    def show_base(self, vertices: ArrayLike, faces: ArrayLike) -> None:
        """Show the base a model would get, see-through; two empty lists take it away."""
        self._keep("base", mesh_message("base", vertices, faces))

    def history(self, undo: str | None, redo: str | None) -> None:
        """Name what undo and redo would do; None where there is nothing."""
        self._keep("history", Message({"type": "history", "undo": undo, "redo": redo}))

    def _mirror(self, layer: str) -> LayerMirror:
        try:
            return self._layers[layer]
        except KeyError:
            shown = ", ".join(self._layers) or "none"
            raise InputError(f"No layer {layer!r} is shown.", f"Shown are: {shown}.") from None
