"""What a picture shows, as plain values, and how it travels to the process that draws it.

A picture is one or more panels, each a camera on some surfaces, with markers, a legend and a scale
bar. Nothing here draws. The values travel as one uncompressed NPZ through a pipe, never through a
file: a scan is a patient's.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from stsbench.domain.mesh import TriangleMesh
from stsbench.qa.palette import STONE, Rgb

__all__ = [
    "Camera",
    "ColourBar",
    "Job",
    "Marker",
    "Panel",
    "Picture",
    "Surface",
    "foot_height",
    "head_height",
    "pack",
    "unpack",
]

Vector = tuple[float, float, float]


def foot_height(text_scale: float = 1.0) -> int:
    """Return the pixels kept at the bottom of a picture for legend and scale bar."""
    return round(44 * text_scale)


def head_height(text_scale: float = 1.0) -> int:
    """Return the pixels kept above a panel for its caption."""
    return round(26 * text_scale)


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """A mesh as it is to look.

    Parameters
    ----------
    vertices : (V, 3) float32, mm
    faces : (F, 3) int32
    vertex_colours : (V, 3) uint8, optional
    face_colours : (F, 3) uint8, optional
        Wins over vertex colours.
    colour : (red, green, blue)
        Where there are no others.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    vertex_colours: NDArray[np.uint8] | None = None
    face_colours: NDArray[np.uint8] | None = None
    colour: Rgb = STONE

    @classmethod
    def of(
        cls,
        mesh: TriangleMesh,
        *,
        vertex_colours: NDArray[np.uint8] | None = None,
        face_colours: NDArray[np.uint8] | None = None,
        colour: Rgb = STONE,
    ) -> "Surface":
        """Return a mesh as a surface to draw."""
        vertices = mesh.vertices.astype(np.float32)
        return cls(vertices, mesh.faces, vertex_colours, face_colours, colour)


@dataclass(frozen=True, slots=True)
class Camera:
    """A parallel projection, in the axes of the surfaces.

    Parameters
    ----------
    toward_viewer, up : (3,) unit vectors, at right angles
    focus : (3,) mm
        Centre of the panel.
    width_mm, height_mm : float
        What the panel spans.
    left_word, right_word : str
        Letters at the sides, such as R and L for the patient's right and left.
    near_mm : float
        What lies farther in front of the focus than this is left out, such as the other side of
        the arch in a close-up.
    """

    toward_viewer: Vector
    up: Vector
    focus: Vector
    width_mm: float
    height_mm: float
    left_word: str = ""
    right_word: str = ""
    near_mm: float = 200.0

    @property
    def right(self) -> Vector:
        """The direction that points to the right of the picture."""
        x, y, z = np.cross(self.up, self.toward_viewer)
        return float(x), float(y), float(z)

    def on_screen(self, place_mm: Vector) -> Vector:
        """Return a place as (right, up, towards the viewer) in mm from the focus."""
        offset = np.asarray(place_mm, dtype=np.float64) - np.asarray(self.focus)
        axes = np.array([self.right, self.up, self.toward_viewer])
        right, up, toward = axes @ offset
        return float(right), float(up), float(toward)


@dataclass(frozen=True, slots=True)
class Marker:
    """A numbered ring around a place."""

    place_mm: Vector
    word: str
    radius_mm: float = 1.5


@dataclass(frozen=True, slots=True)
class Panel:
    """One view within a picture: where on the canvas, in pixels from the top left.

    Width and height are even.
    """

    camera: Camera
    surfaces: tuple[int, ...]
    left: int
    top: int
    width: int
    height: int
    caption: str = ""
    markers: tuple[Marker, ...] = ()

    @property
    def mm_per_pixel(self) -> float:
        """The scale at which the whole span of the camera fits."""
        return max(self.camera.width_mm / self.width, self.camera.height_mm / self.height)


@dataclass(frozen=True, slots=True)
class ColourBar:
    """A scale of colours: (N, 3) from low to high, ticks as (0..1, text)."""

    title: str
    colours: tuple[Rgb, ...]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """One PNG.

    Parameters
    ----------
    name : str
        Key of the result.
    width, height : int
        Pixels.
    panels : tuple of Panel
    entries : tuple of (colour, text)
        Legend of single colours, in a row at the bottom.
    bar : ColourBar, optional
    scale_mm : float
        Length of the scale bar; 0 for none.
    text_scale : float
        Of all letters; more for a picture that is shown small.
    """

    name: str
    width: int
    height: int
    panels: tuple[Panel, ...]
    entries: tuple[tuple[Rgb, str], ...] = ()
    bar: ColourBar | None = None
    scale_mm: float = 10.0
    text_scale: float = 1.0

    @property
    def foot(self) -> int:
        """Pixels kept at the bottom for legend and scale bar."""
        return foot_height(self.text_scale)


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """Everything one drawing process is asked for."""

    surfaces: tuple[Surface, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """The part of a job that is no array."""

    colours: tuple[Rgb, ...]
    pictures: tuple[Picture, ...]


_PLAN = TypeAdapter(_Plan)


def pack(surfaces: Sequence[Surface], pictures: Sequence[Picture]) -> bytes:
    """Return surfaces and pictures as the bytes a drawing process reads."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for index, surface in enumerate(surfaces):
        arrays[f"{index}/vertices"] = np.ascontiguousarray(surface.vertices, dtype=np.float32)
        arrays[f"{index}/faces"] = np.ascontiguousarray(surface.faces, dtype=np.int32)
        if surface.vertex_colours is not None:
            arrays[f"{index}/vertex_colours"] = np.asarray(surface.vertex_colours, dtype=np.uint8)
        if surface.face_colours is not None:
            arrays[f"{index}/face_colours"] = np.asarray(surface.face_colours, dtype=np.uint8)
    plan = _Plan(tuple(surface.colour for surface in surfaces), tuple(pictures))
    arrays["plan"] = np.frombuffer(_PLAN.dump_json(plan), dtype=np.uint8)
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]  # the stub takes one keyword for all
    return stream.getvalue()


def unpack(data: bytes) -> Job:
    """Read what `pack` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        held = {name: arrays[name] for name in arrays.files}
    plan = _PLAN.validate_json(held["plan"].tobytes())
    surfaces = tuple(
        Surface(
            held[f"{index}/vertices"],
            held[f"{index}/faces"],
            held.get(f"{index}/vertex_colours"),
            held.get(f"{index}/face_colours"),
            colour,
        )
        for index, colour in enumerate(plan.colours)
    )
    return Job(surfaces, plan.pictures)
