"""Maps on the scan: what was edited and why, how far the surface moved, where to look.

Rules owned here:
- Left stands the scan as received, with what was taken away; right the repaired scan, with what
  was made. Both from the same cameras.
- What the repair made has nothing beneath it to be compared with, so a deviation map shows it in
  one colour of its own and not as a deviation.
- A close-up cuts away what stands in front of it, such as the other side of the arch.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.dentition import Arch
from stsbench.domain.edits import EditRecord
from stsbench.domain.findings import FindingKind
from stsbench.domain.mesh import Colours, TriangleMesh
from stsbench.qa.cameras import Anatomy
from stsbench.qa.layouts import grid_picture
from stsbench.qa.palette import (
    DEVIATION_LIMIT_MM,
    EDIT_COLOURS,
    MADE_BY_REPAIR,
    PALE_STONE,
    Rgb,
    deviation_colours,
    reason_words,
)
from stsbench.qa.pictures import Camera, ColourBar, Marker, Panel, Picture, Vector, foot_height

__all__ = [
    "close_up",
    "deviation_bar",
    "deviation_face_colours",
    "edit_entries",
    "edit_face_colours",
    "map_picture",
    "marker_of",
    "removed_face_colours",
]

_MAP_VIEWS = ("occlusal", "front", "lingual")
_CLOSE_UP = (320, 240)
_CLOSE_UP_MM = 14.0
_AROUND_MM = 6.0


def edit_face_colours(edits: EditRecord) -> Colours:
    """Return the colour per face of the repaired scan: why it was made, or pale stone."""
    return _reason_table()[edits.added_reason]


def removed_face_colours(face_count: int, edits: EditRecord) -> Colours:
    """Return the colour per face of the scan as received: why it went, or pale stone."""
    reasons = np.zeros(face_count, dtype=np.uint8)
    reasons[edits.removed_face] = edits.removed_reason
    return _reason_table()[reasons]


def _reason_table() -> Colours:
    table = np.tile(np.array(PALE_STONE, dtype=np.uint8), (256, 1))
    for reason, colour in EDIT_COLOURS.items():
        table[reason] = colour
    return table


def edit_entries(edits: EditRecord, *, removed: bool = True) -> tuple[tuple[Rgb, str], ...]:
    """Return the legend of the reasons that occur, in their order.

    Parameters
    ----------
    edits : EditRecord
    removed : bool
        Also those for which something was taken away.
    """
    present = set(np.unique(edits.added_reason).tolist())
    if removed:
        present |= set(np.unique(edits.removed_reason).tolist())
    return tuple(
        (colour, reason_words(reason))
        for reason, colour in EDIT_COLOURS.items()
        if int(reason) in present
    )


def deviation_face_colours(
    mesh: TriangleMesh, deviation_mm: NDArray[np.float64], made: NDArray[np.bool_] | None = None
) -> Colours:
    """Return the colour per face of a deviation map.

    Parameters
    ----------
    mesh : TriangleMesh
    deviation_mm : (V,) float64, mm
        Signed; infinite where there is nothing to compare with.
    made : (F,) bool, optional
        Faces the repair made.
    """
    bounded = np.clip(deviation_mm, -10.0, 10.0)
    colours = deviation_colours(bounded[mesh.faces].mean(axis=1))
    if made is not None:
        colours[made] = MADE_BY_REPAIR
    return colours


def deviation_bar() -> ColourBar:
    """Return the scale of the deviation map, in micrometres."""
    places = np.linspace(-DEVIATION_LIMIT_MM, DEVIATION_LIMIT_MM, 101)
    colours = tuple(
        (int(red), int(green), int(blue)) for red, green, blue in deviation_colours(places)
    )
    limit = round(1000 * DEVIATION_LIMIT_MM)
    ticks = (
        (0.0, f"≤ \u2212{limit}"),
        (0.25, f"\u2212{limit // 2}"),
        (0.5, "0"),
        (0.75, f"+{limit // 2}"),
        (1.0, f"≥ +{limit} µm"),
    )
    return ColourBar("taken away / added", colours, ticks)


def map_picture(
    name: str,
    anatomy: Anatomy,
    arch: Arch,
    meshes: tuple[TriangleMesh, TriangleMesh],
    surfaces: tuple[int, int],
    *,
    captions: tuple[str, str],
    width: int,
    entries: tuple[tuple[Rgb, str], ...] = (),
    bar: ColourBar | None = None,
) -> Picture:
    """Return a map: the scan as received beside the repaired one, from three sides.

    Parameters
    ----------
    name : str
    anatomy : Anatomy
    arch : Arch
    meshes : (received, repaired)
        Where to point the cameras. Loose pieces farther than 6 mm from the arch may fall outside.
    surfaces : (int, int)
        Indices of what is drawn.
    captions : (str, str)
    width : int
        Pixels.
    entries, bar
        Legend.
    """
    views = [anatomy.view(name_of_view, arch) for name_of_view in _MAP_VIEWS]
    cells = [
        [
            (view, (surface,), caption if row == 0 else view.caption)
            for surface, caption in zip(surfaces, captions, strict=True)
        ]
        for row, view in enumerate(views)
    ]
    received, repaired = meshes
    kept = repaired.vertices if repaired.vertex_count else received.vertices
    low, high = kept.min(axis=0) - _AROUND_MM, kept.max(axis=0) + _AROUND_MM
    near = ((received.vertices >= low) & (received.vertices <= high)).all(axis=1)
    return grid_picture(
        name, cells, [kept, received.vertices[near]], width=width, entries=entries, bar=bar
    )


def marker_of(finding: Mapping[str, Any], word: str) -> Marker:
    """Return the numbered ring around a finding of a report."""
    x, y, z = finding["place_mm"]
    size = float(finding["size_mm"])
    # A perimeter is about three times as wide as what it surrounds.
    across = size / np.pi if finding["kind"] == FindingKind.HOLE else size
    return Marker((float(x), float(y), float(z)), word, float(np.clip(across / 2 + 0.6, 0.9, 4.5)))


def close_up(
    name: str, marker: Marker, mesh: TriangleMesh, surface: int, up: NDArray[np.float64]
) -> Picture:
    """Return a picture of one place, seen from outside the surface.

    Parameters
    ----------
    name : str
    marker : Marker
    mesh : TriangleMesh
        Gives the direction to look from.
    surface : int
        Index of what is drawn.
    up : (3,) float64
        Up in the picture where the surface is steep.
    """
    toward = _outward(mesh, np.asarray(marker.place_mm), up)
    rising = up - (up @ toward) * toward
    if np.linalg.norm(rising) < 0.2:  # looking along `up`: any level direction will do
        level = np.eye(3)[int(np.argmin(np.abs(toward)))]
        rising = level - (level @ toward) * toward
    rising = rising / np.linalg.norm(rising)
    width, height = _CLOSE_UP
    span = max(_CLOSE_UP_MM, 4.0 * marker.radius_mm)
    camera = Camera(
        _vector(toward),
        _vector(rising),
        marker.place_mm,
        span,
        span * height / width,
        near_mm=_AROUND_MM,
    )
    panel = Panel(camera, (surface,), 0, 0, width, height, "", (marker,))
    return Picture(name, width, height + foot_height(), (panel,), scale_mm=2.0)


def _outward(
    mesh: TriangleMesh, place: NDArray[np.float64], up: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean direction of the faces around a place, leaning towards `up`."""
    corners = mesh.vertices[mesh.faces]
    gap = np.linalg.norm(corners.mean(axis=1) - place, axis=1)
    near = gap <= max(2.0, 1.2 * float(gap.min(initial=np.inf)))
    around = corners[near]
    across = np.cross(around[:, 1] - around[:, 0], around[:, 2] - around[:, 0]).sum(axis=0)
    length = float(np.linalg.norm(across))
    outward = (across / length if length > 1e-9 else np.zeros(3)) + 0.35 * up
    toward: NDArray[np.float64] = outward / max(float(np.linalg.norm(outward)), 1e-9)
    return toward if np.linalg.norm(toward) > 0.5 else np.asarray(up, dtype=np.float64)


def _vector(values: Sequence[float] | NDArray[np.float64]) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z
