"""Pictures of scans and models, drawn by a process of its own.

Rules owned here:
- A machine without OpenGL libraries kills whoever draws. Here that is a child: its death, silence
  or error becomes one RenderError that names the packages to install.
- One child draws all pictures of a case; loading VTK costs as much as three views.
- Meshes travel through pipes; nothing is written to disk.
- A desktop is never used even where there is one: pictures must not depend on who is logged in.

Which libraries work without a screen: research, viewer, headless rendering.
"""

import contextlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.occlusion import OcclusalFrame
from stsbench.errors import RenderError
from stsbench.qa.cameras import ARCH_VIEWS, Anatomy, fallback_anatomy
from stsbench.qa.layouts import record_pictures
from stsbench.qa.pictures import Picture, Surface, pack

__all__ = ["APT_LINE", "MissingGraphicsError", "draw_pictures", "plan_views", "render_views"]

APT_LINE = "apt-get install -y libegl1 libgl1 libgl1-mesa-dri libosmesa6"
_CHILD = ("-P", "-m", "stsbench.qa.render_child")
_SOFTWARE_WINDOW = {"VTK_DEFAULT_OPENGL_WINDOW": "vtkOSOpenGLRenderWindow"}
_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY")


class MissingGraphicsError(RenderError):
    """The drawing process died with every kind of window: the libraries are missing."""


def draw_pictures(
    surfaces: Sequence[Surface],
    pictures: Sequence[Picture],
    *,
    timeout_s: float = 120.0,
    command: Sequence[str] | None = None,
) -> dict[str, bytes]:
    """Draw pictures in a guarded process.

    Parameters
    ----------
    surfaces : sequence of Surface
        Panels name them by index.
    pictures : sequence of Picture
    timeout_s : float
        For each of at most two attempts.
    command : sequence of str, optional
        Another drawing process; for tests.

    Returns
    -------
    dict of picture name to PNG bytes, in the order asked for

    Raises
    ------
    RenderError
        The child died, hung or answered nonsense, also with the software window.
    """
    if not pictures:
        return {}
    job = pack(surfaces, pictures)
    argv = list(command) if command is not None else [sys.executable, *_CHILD]
    answer = _attempt(argv, job, {}, timeout_s) or _attempt(argv, job, _SOFTWARE_WINDOW, timeout_s)
    if answer is None:
        raise MissingGraphicsError(
            "No picture could be drawn: the drawing process died.", f"Run: {APT_LINE}"
        )
    if set(answer) != {picture.name for picture in pictures}:
        raise RenderError(
            f"The drawing process returned {len(answer)} other pictures than were asked for.",
            "Report it with the version of vtk.",
        )
    return {picture.name: answer[picture.name] for picture in pictures}


def _attempt(
    argv: list[str], job: bytes, extra: Mapping[str, str], timeout_s: float
) -> dict[str, bytes] | None:
    """Return the pictures, or None when the child was killed by a signal."""
    environment = {key: value for key, value in os.environ.items() if key not in _SCREEN}
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, [environment.get("PYTHONPATH")])]
    environment |= {"PYTHONPATH": os.pathsep.join(paths), **extra}
    try:
        child = subprocess.run(  # noqa: S603 - our own module, no shell
            argv, input=job, capture_output=True, timeout=timeout_s, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"The drawing process gave no answer within {timeout_s:g} s.",
            "Try again when the machine is less busy.",
        ) from None
    except OSError as problem:
        raise RenderError(
            f"The drawing process did not start ({type(problem).__name__}).",
            "Check the Python installation.",
        ) from None
    if child.returncode < 0 or child.returncode > 128:
        return None
    return _answer(child)


def _answer(child: subprocess.CompletedProcess[bytes]) -> dict[str, bytes]:
    with (
        contextlib.suppress(ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile),
        np.load(io.BytesIO(child.stdout), allow_pickle=False) as arrays,
    ):
        answer = {name: arrays[name].tobytes() for name in arrays.files}
        if child.returncode == 0:
            return answer
    words = child.stderr.decode(errors="replace")
    last = words.strip().rsplit("\n", 1)[-1]
    kind = last.split(":", 1)[0] if ":" in last else "no message"
    error = RenderError(
        f"The drawing process failed with code {child.returncode} ({kind[:60]}).",
        "Report it with the version of vtk.",
    )
    error.add_note(words[-2000:])
    raise error


def render_views(
    mesh: TriangleMesh,
    *,
    arch: Arch = Arch.MANDIBULAR,
    frame: OcclusalFrame | None = None,
    confirmed: bool = False,
    views: Sequence[str] = ARCH_VIEWS,
    size: tuple[int, int] = (960, 1000),
    timeout_s: float = 120.0,
) -> dict[str, bytes]:
    """Return the record views of one mesh, all at one scale.

    Parameters
    ----------
    mesh : TriangleMesh
        In scanner axes; its colours are used when it has any.
    arch : Arch
    frame : OcclusalFrame, optional
        Orients the camera. Without one the principal axes do, and no side is named.
    confirmed : bool
        A person confirmed the frame.
    views : sequence of str
        Out of `cameras.ARCH_VIEWS`.
    size : (width, height), pixels
        Width of each picture and its greatest height; the height follows what is seen.
    timeout_s : float

    Returns
    -------
    dict of view name to PNG bytes

    Raises
    ------
    RenderError
        No picture could be drawn on this machine.
    """
    surface, pictures = plan_views(
        mesh, 0, names=views, arch=arch, frame=frame, confirmed=confirmed, views=views, size=size
    )
    return draw_pictures([surface], pictures, timeout_s=timeout_s)


def plan_views(
    mesh: TriangleMesh,
    number: int,
    *,
    names: Sequence[str],
    views: Sequence[str],
    arch: Arch,
    frame: OcclusalFrame | None = None,
    confirmed: bool = False,
    size: tuple[int, int],
) -> tuple[Surface, list[Picture]]:
    """Plan the record views of one mesh among several that one process draws.

    Parameters
    ----------
    mesh : TriangleMesh
    number : int
        Where its surface will stand among all.
    names : sequence of str
        Of the pictures, one per view.
    views, arch, frame, confirmed, size
        As for `render_views`.

    Returns
    -------
    Surface, list of Picture
    """
    if frame is not None:
        anatomy = Anatomy.of(frame, arch, confirmed=confirmed)
    else:
        anatomy = fallback_anatomy(mesh.vertices, arch)
    surface = Surface.of(mesh, vertex_colours=mesh.colours)
    pictures = record_pictures(
        [anatomy.view(name, arch) for name in views],
        [[surface.vertices]] * len(views),
        names=names,
        size=size,
        surfaces=[(number,)] * len(views),
    )
    return surface, pictures
