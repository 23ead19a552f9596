"""What the viewer is sent: small JSON and raw buffers beside it, checked before they leave.

Rules owned here:
- A mesh travels in the buffers of custom messages only. Traits are saved into the notebook file;
  nothing of a mesh is ever one.
- Coordinates cross as float32: 8 um at most at 100 mm, and Python keeps the exact ones.
- A mesh that would leave the screen blank or freeze it is refused with a line that says why.
"""

from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stsbench.errors import InputError, MeshError

__all__ = [
    "MOST_FACES",
    "Change",
    "Delta",
    "Message",
    "as_buffer",
    "as_colours",
    "as_delta",
    "as_faces",
    "as_slots",
    "as_triple",
    "as_vertices",
    "mesh_message",
]

MOST_FACES = 3_000_000  # choice, not fact: a browser without a graphics card still turns it

Positions = NDArray[np.float32]
Slots = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Message:
    """One message to the page.

    Parameters
    ----------
    content : dict
        JSON with a `type`.
    buffers : tuple of bytes-like
    """

    content: dict[str, object]
    buffers: tuple[memoryview, ...] = ()


class Change(TypedDict, total=False):
    """The arguments of a delta; each may be left out."""

    removed: ArrayLike
    revived: ArrayLike
    vertex_count: int | None
    face_count: int | None
    vertices: ArrayLike
    faces: ArrayLike
    colours: ArrayLike | None
    moved: ArrayLike
    moved_to: ArrayLike


@dataclass(frozen=True, eq=False, slots=True)
class Delta:
    """A change of a layer: counts are cut first, then slots die, move, revive and are appended.

    Parameters
    ----------
    removed, revived : (R,) uint32
        Face slots.
    vertex_count, face_count : int or None
        Cut off everything from here on, as an undo does.
    vertices : (N, 3) float32, mm
    faces : (M, 3) uint32
        Vertex indices over old and new vertices.
    colours : (N, 3) uint8 or None
    moved : (K,) uint32
    moved_to : (K, 3) float32, mm
    """

    removed: Slots = field(default_factory=lambda: np.zeros(0, np.uint32))
    revived: Slots = field(default_factory=lambda: np.zeros(0, np.uint32))
    vertex_count: int | None = None
    face_count: int | None = None
    vertices: Positions = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    faces: Slots = field(default_factory=lambda: np.zeros((0, 3), np.uint32))
    colours: NDArray[np.uint8] | None = None
    moved: Slots = field(default_factory=lambda: np.zeros(0, np.uint32))
    moved_to: Positions = field(default_factory=lambda: np.zeros((0, 3), np.float32))

    def message(self, layer: str, *, preview: bool) -> Message:
        """Return the message that asks the page for this change."""
        colours = np.zeros(0, np.uint8) if self.colours is None else self.colours
        arrays = (
            self.removed, self.revived, self.vertices, self.faces, colours, self.moved,
            self.moved_to,
        )  # fmt: skip
        content: dict[str, object] = {
            "type": "delta",
            "layer": layer,
            "preview": preview,
            "vertex_count": self.vertex_count,
            "face_count": self.face_count,
        }
        return Message(content, tuple(as_buffer(array) for array in arrays))


def as_buffer(array: NDArray[np.generic]) -> memoryview:
    """Return the bytes of an array without a copy."""
    if not array.size:
        return memoryview(b"")
    return np.ascontiguousarray(array).data.cast("B")


def as_vertices(vertices: ArrayLike, *, what: str = "Vertices") -> Positions:
    """Return (V, 3) float32 coordinates, or refuse them.

    Raises
    ------
    MeshError
        Another shape, or a coordinate that is not finite.
    """
    array = np.ascontiguousarray(vertices, dtype=np.float32)
    if array.size == 0:
        array = array.reshape(0, 3)
    if array.ndim != 2 or array.shape[1] != 3:
        raise MeshError(f"{what} have shape {array.shape}, not (V, 3).", "Pass x, y, z in mm.")
    if not np.isfinite(array).all():
        raise MeshError(f"{what} are not all finite numbers.", "Export the scan again.")
    return array


def as_faces(faces: ArrayLike, vertex_count: int) -> Slots:
    """Return (F, 3) uint32 vertex indices, or refuse them.

    Raises
    ------
    MeshError
        Another shape, or an index out of range.
    """
    array = np.asarray(faces)
    if array.size == 0:
        array = array.reshape(0, 3)
    if array.ndim != 2 or array.shape[1] != 3:
        raise MeshError(f"Faces have shape {array.shape}, not (F, 3).", "Split larger polygons.")
    if len(array) and (int(array.min()) < 0 or int(array.max()) >= vertex_count):
        raise MeshError(
            f"Faces name vertices {int(array.min())} to {int(array.max())}, "
            f"but there are {vertex_count}.",
            "Pass vertices and faces of one mesh.",
        )
    return np.ascontiguousarray(array, dtype=np.uint32)


def as_slots(slots: ArrayLike, count: int, *, what: str) -> Slots:
    """Return (N,) uint32 slots, or refuse them.

    Raises
    ------
    InputError
        Another shape, or a slot out of range.
    """
    array = np.asarray(slots)
    if array.ndim != 1:
        raise InputError(f"{what} have shape {array.shape}.", "Pass a list of numbers.")
    if array.size and (int(array.min()) < 0 or int(array.max()) >= count):
        raise InputError(
            f"{what} go from {int(array.min())} to {int(array.max())}, but there are {count}.",
            "Pass slots of this layer.",
        )
    return np.ascontiguousarray(array, dtype=np.uint32)


def as_colours(colours: ArrayLike | None, vertex_count: int) -> NDArray[np.uint8] | None:
    """Return (V, 3) uint8 colours or None, or refuse them.

    Raises
    ------
    MeshError
        Not one colour per vertex.
    """
    if colours is None:
        return None
    array = np.ascontiguousarray(colours, dtype=np.uint8)
    if array.shape != (vertex_count, 3):
        raise MeshError(
            f"Colours have shape {array.shape} for {vertex_count} vertices.",
            "Pass red, green, blue per vertex.",
        )
    return array


def as_delta(change: Change) -> Delta:
    """Return a change as arrays; whether it fits a layer is the mirror's to say.

    Raises
    ------
    MeshError
        Wrong shapes.
    """
    vertices = as_vertices(change.get("vertices", ()), what="New vertices")
    faces = _whole(change.get("faces", ()))
    return Delta(
        removed=_whole(change.get("removed", ())),
        revived=_whole(change.get("revived", ())),
        vertex_count=change.get("vertex_count"),
        face_count=change.get("face_count"),
        vertices=vertices,
        faces=faces,
        colours=as_colours(change.get("colours"), len(vertices)),
        moved=_whole(change.get("moved", ())),
        moved_to=as_vertices(change.get("moved_to", ()), what="New places"),
    )


def _whole(numbers: ArrayLike) -> Slots:
    # A negative number becomes a huge one, which the range checks refuse.
    return np.asarray(numbers, dtype=np.int64).astype(np.uint32)


def as_triple(place: object) -> list[float]:
    """Return three finite numbers, or refuse them.

    Raises
    ------
    InputError
    """
    array = np.asarray(place, dtype=np.float64)
    if array.shape != (3,) or not np.isfinite(array).all():
        raise InputError("A place or direction is not three numbers.", "Pass x, y, z.")
    return [float(value) for value in array]


def mesh_message(kind: str, vertices: ArrayLike, faces: ArrayLike, **content: object) -> Message:
    """Return a message that carries a whole mesh which no tool changes."""
    places = as_vertices(vertices)
    corners = as_faces(faces, len(places))
    return Message({"type": kind, **content}, (as_buffer(places), as_buffer(corners)))
