"""How panels are laid out on a picture: one scale, even margins, room for the foot."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stsbench.qa.cameras import View, camera_on
from stsbench.qa.palette import Rgb
from stsbench.qa.pictures import Camera, ColourBar, Marker, Panel, Picture

__all__ = ["FOOT", "grid_picture", "record_pictures"]

FOOT = 44  # pixels at the bottom for legend and scale bar
_GAP = 10


def _sized(camera: Camera, width: int, height: int, mm_per_pixel: float) -> Camera:
    """Return the camera opened to exactly what a panel of this size spans."""
    return replace(camera, width_mm=width * mm_per_pixel, height_mm=height * mm_per_pixel)


def record_pictures(
    views: Sequence[View],
    vertices: Sequence[Sequence[NDArray[np.floating]]],
    *,
    names: Sequence[str],
    size: tuple[int, int],
    surfaces: Sequence[tuple[int, ...]],
) -> list[Picture]:
    """Return one picture per view, all as wide as each other and at one scale.

    Parameters
    ----------
    views : sequence of View
    vertices : per view, a sequence of (V, 3) float, mm
        What must fit.
    names : sequence of str
        Picture names.
    size : (width, height), pixels
        Width of every picture; greatest height of one.
    surfaces : per view, tuple of int
        What is shown.
    """
    width, tallest = size[0], max(size[1] - FOOT, 1)
    cameras = [camera_on(view, some) for view, some in zip(views, vertices, strict=True)]
    scale = max(
        *(camera.width_mm / width for camera in cameras),
        *(camera.height_mm / tallest for camera in cameras),
    )
    pictures = []
    for view, camera, name, shown in zip(views, cameras, names, surfaces, strict=True):
        height = max(round(camera.height_mm / scale), 1)
        opened = _sized(camera, width, height, scale)
        panel = Panel(opened, shown, 0, 0, width, height, view.caption)
        pictures.append(Picture(name, width, height + FOOT, (panel,)))
    return pictures


def grid_picture(
    name: str,
    cells: Sequence[Sequence[tuple[View, tuple[int, ...], str]]],
    vertices: Sequence[NDArray[np.floating]],
    *,
    width: int,
    markers: tuple[Marker, ...] = (),
    entries: tuple[tuple[Rgb, str], ...] = (),
    bar: ColourBar | None = None,
) -> Picture:
    """Return a picture of rows of views, all at one scale; columns are equally wide.

    Parameters
    ----------
    name : str
    cells : rows of (view, surfaces, caption)
    vertices : sequence of (V, 3) float, mm
        What must fit.
    width : int
        Pixels.
    markers : tuple of Marker
        Drawn in every panel.
    entries, bar
        Legend.
    """
    columns = max(len(row) for row in cells)
    cell_width = (width - (columns - 1) * _GAP) // columns
    cameras = [[camera_on(view, vertices) for view, _, _ in row] for row in cells]
    scale = max(camera.width_mm for row in cameras for camera in row) / cell_width
    panels, top = [], 0
    for row, row_cameras in zip(cells, cameras, strict=True):
        height = round(max(camera.height_mm for camera in row_cameras) / scale)
        left = (width - len(row) * cell_width - (len(row) - 1) * _GAP) // 2
        for (_, surfaces, caption), camera in zip(row, row_cameras, strict=True):
            opened = _sized(camera, cell_width, height, scale)
            panels.append(Panel(opened, surfaces, left, top, cell_width, height, caption, markers))
            left += cell_width + _GAP
        top += height + _GAP
    return Picture(name, width, top + FOOT, tuple(panels), entries, bar)
