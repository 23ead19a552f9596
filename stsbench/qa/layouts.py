"""How panels are laid out on a picture: one scale, even margins, room for the foot."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stsbench.qa.cameras import View, camera_on
from stsbench.qa.palette import Rgb
from stsbench.qa.pictures import (
    Camera,
    ColourBar,
    Marker,
    Panel,
    Picture,
    foot_height,
    head_height,
)

__all__ = ["grid_picture", "record_pictures"]

_GAP = 10


def _even(pixels: float) -> int:
    """Round to what a panel may measure: even, as the drawing process asks."""
    return max(2 * round(pixels / 2), 2)


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
    text_scale: float = 1.0,
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
    text_scale : float
    """
    head, foot = head_height(text_scale), foot_height(text_scale)
    width, tallest = _even(size[0]), max(size[1] - foot - head, 2)
    cameras = [camera_on(view, some) for view, some in zip(views, vertices, strict=True)]
    scale = max(
        *(camera.width_mm / width for camera in cameras),
        *(camera.height_mm / tallest for camera in cameras),
    )
    pictures = []
    for view, camera, name, shown in zip(views, cameras, names, surfaces, strict=True):
        height = _even(camera.height_mm / scale)
        opened = _sized(camera, width, height, scale)
        panel = Panel(opened, shown, 0, head, width, height, view.caption)
        whole = head + height + foot
        pictures.append(Picture(name, width, whole, (panel,), text_scale=text_scale))
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
    cell_width = (width - (columns - 1) * _GAP) // columns // 2 * 2
    cameras = [[camera_on(view, vertices) for view, _, _ in row] for row in cells]
    scale = max(camera.width_mm for row in cameras for camera in row) / cell_width
    panels, top = [], 0
    for row, row_cameras in zip(cells, cameras, strict=True):
        height = _even(max(camera.height_mm for camera in row_cameras) / scale)
        left = (width - len(row) * cell_width - (len(row) - 1) * _GAP) // 2
        for (_, surfaces, caption), camera in zip(row, row_cameras, strict=True):
            opened = _sized(camera, cell_width, height, scale)
            panels.append(
                Panel(
                    opened,
                    surfaces,
                    left,
                    top + head_height(),
                    cell_width,
                    height,
                    caption,
                    markers,
                )
            )
            left += cell_width + _GAP
        top += head_height() + height + _GAP
    return Picture(name, width, top + foot_height(), tuple(panels), entries, bar)
