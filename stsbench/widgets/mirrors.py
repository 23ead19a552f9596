"""What the page holds of a layer, kept in Python so that a second view can be given everything.

Rules owned here:
- Slots keep their numbers, as in `stsbench.repair.working_mesh` and in the page.
- Appending costs what is appended: arrays grow by half.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.errors import InputError
from stsbench.widgets.wire import Delta, Message, as_buffer, as_faces, as_slots

__all__ = ["LayerMirror"]


class LayerMirror:
    """One layer as the page shows it.

    Parameters
    ----------
    vertices : (V, 3) float32, mm
    faces : (F, 3) uint32
    colours : (V, 3) uint8 or None
    content : dict
        Title, visibility and the like; sent along.
    """

    def __init__(
        self,
        vertices: NDArray[np.float32],
        faces: NDArray[np.uint32],
        colours: NDArray[np.uint8] | None,
        content: dict[str, object],
    ) -> None:
        self.content = content
        self.vertex_count = len(vertices)
        self.face_count = len(faces)
        self._vertices = vertices
        self._faces = faces
        self._colours = colours
        self._alive = np.ones(len(faces), dtype=np.bool_)
        self._is_borrowed = True  # the caller's arrays: copied before the first change

    @property
    def alive_count(self) -> int:
        """Faces on the screen."""
        return int(np.count_nonzero(self._alive[: self.face_count]))

    def message(self) -> Message:
        """Return the whole layer as one message."""
        alive = self._alive[: self.face_count]
        dead = np.flatnonzero(~alive).astype(np.uint32)
        colours = self._colours
        buffers = (
            as_buffer(self._vertices[: self.vertex_count]),
            as_buffer(self._faces[: self.face_count]),
            as_buffer(np.zeros(0) if colours is None else colours[: self.vertex_count]),
            as_buffer(dead),
        )
        return Message({**self.content, "type": "mesh"}, buffers)

    def checked(self, delta: Delta) -> Delta:
        """Return the delta if it fits this layer.

        Raises
        ------
        InputError
            A slot out of range, dead twice or revived twice, or counts that do not shrink.
        """
        faces_left = _left(delta.face_count, self.face_count, "face_count")
        vertices_left = _left(delta.vertex_count, self.vertex_count, "vertex_count")
        removed = as_slots(delta.removed, faces_left, what="Removed slots")
        revived = as_slots(delta.revived, faces_left, what="Revived slots")
        if not self._alive[removed].all():
            raise InputError("A removed slot is dead already.", "Send each change once.")
        if self._alive[revived].any():
            raise InputError("A revived slot is alive already.", "Send each change once.")
        moved = as_slots(delta.moved, vertices_left, what="Moved vertices")
        if len(moved) != len(delta.moved_to):
            raise InputError(
                f"{len(moved)} vertices move to {len(delta.moved_to)} places.",
                "Pass one place for each.",
            )
        faces = as_faces(delta.faces, vertices_left + len(delta.vertices))
        colours = delta.colours if self._colours is not None else None
        if colours is not None and len(colours) != len(delta.vertices):
            raise InputError(
                f"{len(delta.vertices)} new vertices come with {len(colours)} colours.",
                "Pass one colour for each.",
            )
        return replace(
            delta, removed=removed, revived=revived, moved=moved, faces=faces, colours=colours
        )

    def apply(self, delta: Delta) -> None:
        """Change the layer as the page will; the delta was checked."""
        if self._is_borrowed:
            self._vertices, self._faces = self._vertices.copy(), self._faces.copy()
            self._colours = None if self._colours is None else self._colours.copy()
            self._is_borrowed = False
        if delta.face_count is not None:
            self.face_count = delta.face_count
        if delta.vertex_count is not None:
            self.vertex_count = delta.vertex_count
        self._alive[delta.removed] = False
        self._alive[delta.revived] = True
        self._vertices[delta.moved] = delta.moved_to
        vertices_before, faces_before = self.vertex_count, self.face_count
        self.vertex_count += len(delta.vertices)
        self.face_count += len(delta.faces)
        self._vertices = _with_room(self._vertices, self.vertex_count)
        self._faces = _with_room(self._faces, self.face_count)
        self._alive = _with_room(self._alive, self.face_count)
        self._vertices[vertices_before : self.vertex_count] = delta.vertices
        self._faces[faces_before : self.face_count] = delta.faces
        self._alive[faces_before : self.face_count] = True
        if self._colours is not None:
            self._colours = _with_room(self._colours, self.vertex_count)
            new = 200 if delta.colours is None else delta.colours
            self._colours[vertices_before : self.vertex_count] = new


def _left(count: int | None, now: int, name: str) -> int:
    if count is None:
        return now
    if not 0 <= count <= now:
        raise InputError(f"{name} is {count}, but there are {now}.", "Counts only cut off.")
    return count


def _with_room(array: NDArray[Any], count: int) -> NDArray[Any]:
    if count <= len(array):
        return array
    larger = np.zeros((max(count, len(array) * 3 // 2), *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
