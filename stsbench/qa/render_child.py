"""The drawing process: a job on standard input, PNG files on standard output.

Started as `python -m stsbench.qa.render_child`. It runs apart from everything else because a
machine without OpenGL libraries does not raise, it dies. It reads and writes pipes only: no file
holds a patient's teeth. VTK draws the surfaces larger than asked; creases, letters and legends are
added as pixels.

VTK's own classes alone: what is imported is paid for by every set of pictures
(docs/decisions/0004-stills.md).
"""

import io
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

# Imported for what it registers: the OpenGL classes behind VTK's factories.
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import VTK_ID_TYPE, vtkFloatArray, vtkPoints, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkLight,
    vtkPolyDataMapper,
    vtkProperty,
    vtkRenderer,
    vtkRenderWindow,
)

from stsbench.qa.annotations import annotate_foot, annotate_panel
from stsbench.qa.drawing import darken_creases, depth_of_three, encode_png, two_of_three
from stsbench.qa.palette import BACK_OF_SURFACE
from stsbench.qa.pictures import Panel, Picture, Surface, unpack
from stsbench.qa.shading import split_sharp_edges

__all__ = ["draw", "main"]

_LIGHTS = (((-0.7, 0.75, 1.0), 0.66), ((1.1, 0.2, 0.7), 0.36), ((-0.1, -1.0, 0.6), 0.30))
_REACH_MM = 400.0
_STEP_MM = 0.8  # between two samples: more is another surface behind the first


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
        camera.SetParallelScale(panel.mm_per_pixel * panel.height / 2)
        near = max(_REACH_MM / 2 - panel.camera.near_mm, 1.0)
        camera.SetClippingRange(near, _REACH_MM)
        # Three samples for two pixels: half the cost of twice the size, and edges as smooth.
        width, height = 3 * panel.width // 2, 3 * panel.height // 2
        self._window.SetSize(width, height)
        self._window.Render()
        pixels, depths = vtkUnsignedCharArray(), vtkFloatArray()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
        self._window.GetZbufferData(0, 0, width - 1, height - 1, depths)
        image = _array(pixels).reshape(height, width, 3)[::-1]
        reach = np.float32(_REACH_MM - near)
        depth = depth_of_three(
            _array(depths).reshape(height, width)[::-1], step=_STEP_MM / float(reach)
        )
        depth_mm = np.where(depth < 1.0, depth * reach + np.float32(near), np.float32(np.nan))
        return two_of_three(image), depth_mm


def _paint(look: Any, colour: tuple[int, int, int]) -> None:
    look.SetColor(*(part / 255 for part in colour))
    look.SetAmbient(0.27)
    look.SetDiffuse(0.8)
    look.SetSpecular(0.12)
    look.SetSpecularPower(24)


def _poly_data(surface: Surface) -> Any:
    """Return a surface with its own smooth normals and its colours."""
    smooth = split_sharp_edges(surface.vertices, surface.faces)
    points, cells, data = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(_copied(surface.vertices[smooth.vertex_source]))
    starts = np.arange(0, 3 * len(smooth.faces) + 1, 3, dtype=np.int64)
    corners = smooth.faces.astype(np.int64).ravel()
    cells.SetData(_copied(starts, VTK_ID_TYPE), _copied(corners, VTK_ID_TYPE))
    data.SetPoints(points)
    data.SetPolys(cells)
    data.GetPointData().SetNormals(_copied(smooth.normals))
    if surface.face_colours is not None:
        data.GetCellData().SetScalars(_copied(surface.face_colours))
    elif surface.vertex_colours is not None:
        data.GetPointData().SetScalars(_copied(surface.vertex_colours[smooth.vertex_source]))
    return data


def _copied(values: NDArray[Any], kind: int | None = None) -> Any:
    """Return values as an array that VTK owns."""
    whole = np.ascontiguousarray(values)
    return numpy_to_vtk(whole, deep=True, array_type=kind)  # type: ignore[no-untyped-call]


def _array(values: object) -> NDArray[Any]:
    view: NDArray[Any] = vtk_to_numpy(values)  # type: ignore[no-untyped-call]
    return view


def _canvas(stage: _Stage, picture: Picture) -> NDArray[np.uint8]:
    canvas = np.full((picture.height, picture.width, 3), 255, dtype=np.uint8)
    for panel in picture.panels:
        image, depth_mm = stage.shoot(panel)
        image = darken_creases(image, depth_mm, mm_per_pixel=panel.mm_per_pixel)
        rows = slice(panel.top, panel.top + panel.height)
        columns = slice(panel.left, panel.left + panel.width)
        canvas[rows, columns] = np.clip(np.rint(image), 0, 255).astype(np.uint8)
        annotate_panel(canvas, panel, _REACH_MM / 2 - depth_mm, text_scale=picture.text_scale)
    annotate_foot(canvas, picture)
    return canvas


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
