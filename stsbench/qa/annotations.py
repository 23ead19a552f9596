"""Letters, rings, legends and scale bars, laid over what was drawn.

Rules owned here:
- A ring around a place that the surface hides is dashed and its number grey: it is there, but out
  of sight from this side.
- Letters carry a light rim, so that they read on stone as on white.
- Every picture that shows a scan has a scale bar; a map has its legend within the picture.
"""

from typing import Any

import numpy as np

# Imported for what it registers: the fonts behind VTK's text renderer.
import vtkmodules.vtkRenderingFreeType  # noqa: F401
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkTextProperty, vtkTextRenderer

from stsbench.qa.drawing import Canvas, blend, draw_ring, fill_box
from stsbench.qa.pictures import ColourBar, Panel, Picture

__all__ = ["annotate_foot", "annotate_panel", "lettering"]

INK = (38, 42, 48)
GREY = (112, 118, 126)
_HIDDEN_MM = 1.5  # a place deeper than this below what is seen lies behind it
_TEXT = 15  # pixels, at scale 1
_LEAST_RING = 9.0
_BAR_WIDTH = 300


def annotate_panel(
    canvas: Canvas, panel: Panel, height_mm: NDArray[np.float32], *, text_scale: float
) -> None:
    """Add caption, side letters and markers of one panel, in place.

    Parameters
    ----------
    canvas : (H, W, 3) uint8
    panel : Panel
    height_mm : (h, w) float32, mm
        How far what is seen lies in front of the focus; NaN for the background.
    text_scale : float
    """
    size = round(_TEXT * text_scale)
    taken: list[tuple[float, float]] = []
    for marker in panel.markers:
        x, y, towards = panel.camera.on_screen(marker.place_mm)
        column = panel.width / 2 + x / panel.mm_per_pixel
        row = panel.height / 2 - y / panel.mm_per_pixel
        inside = 0 <= column < panel.width and 0 <= row < panel.height
        seen = height_mm[int(row), int(column)] if inside else np.float32(np.nan)
        hidden = bool(np.isfinite(seen) and towards < seen - _HIDDEN_MM)
        radius = max(marker.radius_mm / panel.mm_per_pixel, _LEAST_RING)
        x, y = column + panel.left, row + panel.top
        draw_ring(canvas, x=x, y=y, radius=radius, line=2.2, colour=INK, faint=hidden)
        beside = _free_spot(x, y, radius + 0.5 * size, size, taken)
        taken.append(beside)
        write(canvas, marker.word, *beside, size, ink=GREY if hidden else INK)
    # Above the panel and never on it: right or left, what it is, left or right.
    above, right = panel.top - 0.8 * size, panel.left + panel.width
    write(canvas, panel.camera.left_word, panel.left + 1.2 * size, above, size + 3, ink=INK)
    write(canvas, panel.caption, (panel.left + right) / 2, above, size, ink=GREY)
    write(canvas, panel.camera.right_word, right - 1.2 * size, above, size + 3, ink=INK)


def _free_spot(
    x: float, y: float, reach: float, size: int, taken: list[tuple[float, float]]
) -> tuple[float, float]:
    """Return where a number goes: top right of its ring, or the next corner that is free."""
    spots = [
        (x + reach * across, y + reach * down)
        for across, down in ((0.75, -0.75), (0.75, 0.75), (-0.75, 0.75), (-0.75, -0.75))
    ]

    def room(spot: tuple[float, float]) -> float:
        gaps = [abs(spot[0] - other[0]) + abs(spot[1] - other[1]) for other in taken]
        return min(min(gaps, default=np.inf), 1.6 * size)

    return max(spots, key=room)  # the first of equals


def annotate_foot(canvas: Canvas, picture: Picture) -> None:
    """Add the legend at the left of the foot and the scale bar at its right, in place."""
    line = picture.height - picture.foot // 2
    size = round((_TEXT - 1) * picture.text_scale)
    left = 16.0
    if picture.bar is not None:
        left = _colour_bar(canvas, picture.bar, left, line)
    for colour, text in picture.entries:
        fill_box(canvas, GREY, left=round(left), top=line - 8, width=16, height=16)
        fill_box(canvas, colour, left=round(left) + 1, top=line - 7, width=14, height=14)
        left += 24 + write(canvas, text, left + 22, line, size, anchor=0.0) + 18
    if picture.scale_mm and picture.panels:
        length = round(picture.scale_mm / picture.panels[0].mm_per_pixel)
        right, low = picture.width - 16, line + round(0.55 * size)
        fill_box(canvas, INK, left=right - length, top=low, width=length, height=3)
        for end in (right - length, right - 2):
            fill_box(canvas, INK, left=end, top=low - 4, width=2, height=11)
        words = f"{picture.scale_mm:g} mm"
        write(canvas, words, right - length / 2, low - 0.95 * size, size)


def _colour_bar(canvas: Canvas, bar: ColourBar, left: float, line: int) -> float:
    """Draw a scale of colours; return where the next entry may start."""
    height = 12
    left += write(canvas, bar.title, left, line, 14, anchor=0.0) + 20
    place = np.linspace(0, len(bar.colours) - 1, _BAR_WIDTH).round().astype(np.intp)
    strip = np.asarray(bar.colours, dtype=np.uint8)[place]
    start = round(left)
    canvas[line - height : line, start : start + _BAR_WIDTH] = strip[None]
    for where, text in bar.ticks:
        x = start + round(where * (_BAR_WIDTH - 1))
        fill_box(canvas, INK, left=x, top=line - height, width=1, height=height + 4)
        write(canvas, text, x, line + 12, 12)
    return start + _BAR_WIDTH + 60.0


def write(
    canvas: Canvas,
    text: str,
    x: float,
    y: float,
    size: int,
    *,
    ink: tuple[int, int, int] = INK,
    anchor: float = 0.5,
) -> float:
    """Write one line with its middle at height y; return its width in pixels."""
    if not text:
        return 0.0
    cover = lettering(text, size)
    height, width = cover.shape
    left, top = round(x - anchor * width), round(y - height / 2)
    rim = np.zeros((height + 4, width + 4))
    for down in range(5):
        for across in range(5):
            window = rim[down : down + height, across : across + width]
            np.maximum(window, cover, out=window)
    blend(canvas, 0.85 * rim, (255, 255, 255), left=left - 2, top=top - 2)
    blend(canvas, cover, ink, left=left, top=top)
    return float(width)


def lettering(text: str, size: int) -> NDArray[np.float64]:
    """Return the density (h, w) of a line of text, 0 to 1, cut to what is inked.

    The height is that of the font, not of these letters, so that lines stand level.
    """
    style = vtkTextProperty()
    style.SetFontFamilyToArial()
    style.SetFontSize(size)
    style.SetColor(1.0, 1.0, 1.0)
    image, extent = vtkImageData(), [0, 0]
    vtkTextRenderer.GetInstance().RenderString(style, text, image, extent, 72)
    width, height, _ = image.GetDimensions()
    scalars: NDArray[Any] = vtk_to_numpy(image.GetPointData().GetScalars())  # type: ignore[no-untyped-call]
    pixels = scalars.reshape(height, width, -1)[::-1, :, -1]
    rows, columns = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((1, 1))
    inked = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    density: NDArray[np.float64] = inked.astype(np.float64) / 255.0
    return density
