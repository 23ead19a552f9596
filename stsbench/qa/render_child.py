"""The drawing process: a job on standard input, PNG files on standard output.

Started as `python -m stsbench.qa.render_child`. It runs apart from everything else because a
machine without OpenGL libraries does not raise, it dies. It reads and writes pipes only: no file
holds a patient's teeth. VTK draws the surfaces at twice the size; creases, letters and legends are
added as pixels.

VTK is called without pyvista's plotter, whose import takes as long as three views.
"""

import io
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

# Imported for what they register: the OpenGL classes and the fonts behind VTK's factories.
import vtkmodules.vtkRenderingFreeType
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import (
    vtkFloatArray,
    vtkPoints,
    vtkUnsignedCharArray,
)
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkLight,
    vtkPolyDataMapper,
    vtkProperty,
    vtkRenderer,
    vtkRenderWindow,
    vtkTextProperty,
    vtkTextRenderer,
)

from stsbench.qa.drawing import blend, darken_creases, draw_ring, encode_png, fill_box, halve
from stsbench.qa.palette import BACK_OF_SURFACE
from stsbench.qa.pictures import Camera, ColourBar, Panel, Picture, Surface, unpack

__all__ = ["draw", "main"]

INK = (38, 42, 48)
GREY = (118, 124, 132)
_LIGHTS = (((-0.45, 0.75, 1.0), 0.72), ((0.95, 0.1, 0.75), 0.30), ((0.0, -0.9, 0.7), 0.18))
_REACH_MM = 400.0
_FOOT = 44  # pixels kept at the bottom for the legend and the scale bar


def draw(data: bytes) -> dict[str, bytes]:
    """Draw a packed job.

    Parameters
    ----------
    data : bytes
        From `pictures.pack`.

    Returns
    -------
    dict of picture name to PNG bytes
    """
    job = unpack(data)
    stage = _Stage(job.surfaces)
    # Packing a picture needs no lock, so it runs beside the drawing of the next one.
    with ThreadPoolExecutor(max_workers=1) as packer:
        packed = {
            picture.name: packer.submit(encode_png, _canvas(stage, picture))
            for picture in job.pictures
        }
        return {name: future.result() for name, future in packed.items()}


class _Stage:
    """The surfaces, uploaded once, and the window they are drawn in."""

    def __init__(self, surfaces: tuple[Surface, ...]) -> None:
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(1.0, 1.0, 1.0)
        self._renderer.AutomaticLightCreationOff()
        for position, intensity in _LIGHTS:
            light = vtkLight()
            light.SetLightTypeToCameraLight()
            light.SetPosition(*position)
            light.SetIntensity(intensity)
            self._renderer.AddLight(light)
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        self._window = vtkRenderWindow()
        self._window.OffScreenRenderingOn()
        self._window.SetMultiSamples(0)
        self._window.AddRenderer(self._renderer)
        self._actors = [self._add(surface) for surface in surfaces]

    def _add(self, surface: Surface) -> Any:
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(_poly_data(surface))
        painted = surface.face_colours is not None or surface.vertex_colours is not None
        mapper.SetScalarVisibility(painted)
        actor = vtkActor()
        actor.SetMapper(mapper)
        _paint(actor.GetProperty(), surface.colour)
        if not painted:
            inside = vtkProperty()
            _paint(inside, BACK_OF_SURFACE)
            actor.SetBackfaceProperty(inside)
        self._renderer.AddActor(actor)
        return actor

    def shoot(self, panel: Panel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return colours (H, W, 3) from 0 to 255 and depth (H, W) mm of one panel."""
        for index, actor in enumerate(self._actors):
            actor.SetVisibility(index in panel.surfaces)
        focus, toward = np.asarray(panel.camera.focus), np.asarray(panel.camera.toward_viewer)
        camera = self._renderer.GetActiveCamera()
        camera.SetFocalPoint(*focus)
        camera.SetPosition(*(focus + _REACH_MM / 2 * toward))
        camera.SetViewUp(*panel.camera.up)
        camera.SetParallelScale(_mm_per_pixel(panel) * panel.height / 2)
        near = max(_REACH_MM / 2 - panel.camera.near_mm, 1.0)
        camera.SetClippingRange(near, _REACH_MM)
        width, height = 2 * panel.width, 2 * panel.height
        self._window.SetSize(width, height)
        self._window.Render()
        pixels, depths = vtkUnsignedCharArray(), vtkFloatArray()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
        self._window.GetZbufferData(0, 0, width - 1, height - 1, depths)
        image = _array(pixels).reshape(height, width, 3)[::-1]
        # The deepest of four: the rim of a near surface then darkens with what lies behind it.
        depth = _array(depths).reshape(panel.height, 2, panel.width, 2).max(axis=(1, 3))[::-1]
        depth_mm = np.where(depth < 1.0, depth * (_REACH_MM - near) + near, np.float32(np.nan))
        return halve(image), depth_mm.astype(np.float32)


def _paint(look: Any, colour: tuple[int, int, int]) -> None:
    look.SetColor(*(part / 255 for part in colour))
    look.SetAmbient(0.12)
    look.SetDiffuse(0.92)
    look.SetSpecular(0.12)
    look.SetSpecularPower(24)


def _poly_data(surface: Surface) -> Any:
    """Return a surface with its own smooth normals and its colours as VTK data."""
    points, cells, data = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(_vtk(surface.vertices))
    ends = np.arange(0, 3 * len(surface.faces) + 1, 3, dtype=np.int64)
    corners = surface.faces.ravel().astype(np.int64)
    cells.SetData(_vtk(ends), _vtk(corners))
    data.SetPoints(points)
    data.SetPolys(cells)
    normals = _vertex_normals(surface.vertices, surface.faces)
    data.GetPointData().SetNormals(_vtk(normals))
    if surface.face_colours is not None:
        data.GetCellData().SetScalars(_vtk(surface.face_colours))
    elif surface.vertex_colours is not None:
        data.GetPointData().SetScalars(_vtk(surface.vertex_colours))
    return data


def _vtk(values: NDArray[Any]) -> Any:
    return numpy_to_vtk(values, deep=True)  # type: ignore[no-untyped-call]


def _array(values: object) -> NDArray[Any]:
    view: NDArray[Any] = vtk_to_numpy(values)  # type: ignore[no-untyped-call]
    return view


def _vertex_normals(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return area-weighted vertex normals (V, 3)."""
    a, b, c = (vertices[faces[:, corner]].astype(np.float64) for corner in range(3))
    across = np.cross(b - a, c - a)
    total = np.stack(
        [
            np.bincount(
                faces.ravel(), weights=np.repeat(across[:, axis], 3), minlength=len(vertices)
            )
            for axis in range(3)
        ],
        axis=-1,
    )
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return (total / np.where(length > 0, length, 1.0)).astype(np.float32)


def _mm_per_pixel(panel: Panel) -> float:
    camera = panel.camera
    return max(camera.width_mm / panel.width, camera.height_mm / panel.height)


def _canvas(stage: _Stage, picture: Picture) -> NDArray[np.uint8]:
    canvas = np.full((picture.height, picture.width, 3), 255, dtype=np.uint8)
    for panel in picture.panels:
        image, depth = stage.shoot(panel)
        image = darken_creases(image, depth, mm_per_pixel=_mm_per_pixel(panel))
        rows = slice(panel.top, panel.top + panel.height)
        columns = slice(panel.left, panel.left + panel.width)
        canvas[rows, columns] = np.clip(np.rint(image), 0, 255).astype(np.uint8)
        _annotate(canvas, panel, depth)
    _foot(canvas, picture)
    return canvas


def _annotate(canvas: NDArray[np.uint8], panel: Panel, depth: NDArray[np.float32]) -> None:
    scale = _mm_per_pixel(panel)
    for marker in panel.markers:
        x, y, deep = _on_panel(panel.camera, marker.place_mm)
        x, y = panel.width / 2 + x / scale, panel.height / 2 - y / scale
        row, column = int(np.clip(y, 0, panel.height - 1)), int(np.clip(x, 0, panel.width - 1))
        hidden = bool(np.isfinite(depth[row, column]) and deep > depth[row, column] + 1.5)
        radius = max(marker.radius_mm / scale, 9.0)
        x, y = x + panel.left, y + panel.top
        draw_ring(canvas, x=x, y=y, radius=radius, line=2.2, colour=INK, faint=hidden)
        if marker.word:
            ink = GREY if hidden else INK
            _write(canvas, marker.word, x + 0.75 * radius + 4, y - 0.75 * radius - 4, 15, ink=ink)
    middle = panel.top + panel.height // 2
    _write(canvas, panel.camera.left_word, panel.left + 14, middle, 18, ink=GREY)
    _write(canvas, panel.camera.right_word, panel.left + panel.width - 14, middle, 18, ink=GREY)
    if panel.caption:
        _write(canvas, panel.caption, panel.left + 12, panel.top + 14, 15, ink=GREY, anchor=0.0)


def _on_panel(camera: Camera, place_mm: tuple[float, float, float]) -> tuple[float, float, float]:
    offset = np.asarray(place_mm) - np.asarray(camera.focus)
    x, y = float(offset @ np.asarray(camera.right)), float(offset @ np.asarray(camera.up))
    return x, y, _REACH_MM / 2 - float(offset @ np.asarray(camera.toward_viewer))


def _foot(canvas: NDArray[np.uint8], picture: Picture) -> None:
    """Scale bar at the right of the foot, legend at the left."""
    line = picture.height - _FOOT // 2
    left = 16.0
    if picture.bar is not None:
        left = _colour_bar(canvas, picture.bar, left, line)
    for colour, text in picture.entries:
        fill_box(canvas, GREY, left=round(left), top=line - 8, width=16, height=16)
        fill_box(canvas, colour, left=round(left) + 1, top=line - 7, width=14, height=14)
        left += 24 + _write(canvas, text, left + 22, line, 14, anchor=0.0) + 18
    if picture.scale_mm and picture.panels:
        length = round(picture.scale_mm / _mm_per_pixel(picture.panels[0]))
        right = picture.width - 16
        words = f"{picture.scale_mm:g} mm"
        fill_box(canvas, INK, left=right - length, top=line + 8, width=length, height=3)
        for end in (right - length, right - 2):
            fill_box(canvas, INK, left=end, top=line + 4, width=2, height=11)
        _write(canvas, words, right - length / 2, line - 5, 14)


def _colour_bar(canvas: NDArray[np.uint8], bar: ColourBar, left: float, line: int) -> float:
    width, height = 300, 12
    left += _write(canvas, bar.title, left, line, 14, anchor=0.0) + 16
    place = np.linspace(0, len(bar.colours) - 1, width).round().astype(np.intp)
    strip = np.asarray(bar.colours, dtype=np.uint8)[place]
    start = round(left)
    canvas[line - height : line, start : start + width] = strip[None]
    for where, text in bar.ticks:
        x = start + round(where * (width - 1))
        fill_box(canvas, INK, left=x, top=line - height, width=1, height=height + 4)
        _write(canvas, text, x, line + 12, 12)
    return start + width + 34.0


def _write(
    canvas: NDArray[np.uint8],
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
    cover = _lettering(text, size)
    height, width = cover.shape
    left, top = round(x - anchor * width), round(y - height / 2)
    halo = np.zeros((height + 4, width + 4))
    for down in range(5):
        for across in range(5):
            window = halo[down : down + height, across : across + width]
            np.maximum(window, cover, out=window)
    blend(canvas, 0.85 * halo, (255, 255, 255), left=left - 2, top=top - 2)
    blend(canvas, cover, ink, left=left, top=top)
    return float(width)


def _lettering(text: str, size: int) -> NDArray[np.float64]:
    """Return the density (h, w) of a line of text, 0 to 1."""
    style = vtkTextProperty()
    style.SetFontFamilyToArial()
    style.SetFontSize(size)
    style.SetColor(1.0, 1.0, 1.0)
    image, extent = vtkImageData(), [0, 0]
    vtkTextRenderer.GetInstance().RenderString(style, text, image, extent, 72)
    width, height, _ = image.GetDimensions()
    pixels = _array(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, -1]
    rows, columns = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
    inked = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    density: NDArray[np.float64] = inked.astype(np.float64) / 255.0
    return density


def main(read: Callable[[], bytes] | None = None) -> int:
    """Read a job from standard input, write the pictures as NPZ to standard output."""
    # Libraries below VTK may write to file descriptor 1; the answer must arrive clean.
    answer = os.dup(1)
    os.dup2(2, 1)
    pictures = draw(read() if read is not None else sys.stdin.buffer.read())
    stream = io.BytesIO()
    arrays = {name: np.frombuffer(png, dtype=np.uint8) for name, png in pictures.items()}
    np.savez(stream, **arrays)  # type: ignore[arg-type]  # the stub takes one keyword for all
    with os.fdopen(answer, "wb") as pipe:
        pipe.write(stream.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
