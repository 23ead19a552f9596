"""Record views of a loose mesh file, for `stsbench render`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stsbench.domain.dentition import Arch
from stsbench.errors import StorageError
from stsbench.files.atomic import write_aside
from stsbench.files.scans import read_scan
from stsbench.modelling.orientation import estimate_frame, given_frame
from stsbench.qa.renders import render_views

__all__ = ["render_file"]


def render_file(
    path: str | Path,
    folder: str | Path,
    *,
    arch: str = "lower",
    orientation: Sequence[float] | None = None,
) -> list[str]:
    """Draw the five record views of a mesh and write them as PNG.

    Parameters
    ----------
    path : str or Path
        STL, PLY or OBJ, mm.
    folder : str or Path
        Made when it is missing.
    arch : str
        upper or lower.
    orientation : sequence of 3 float, optional
        Direction out of the biting surface; estimated when absent, and used only when sure.

    Returns
    -------
    list of str
        Names of the pictures.

    Raises
    ------
    FormatError
        No mesh.
    RenderError
        No picture can be drawn on this machine.
    """
    jaw = Arch.parse(arch)
    mesh = read_scan(Path(path))
    if orientation is not None:
        frame = given_frame(mesh, np.asarray(orientation, dtype=np.float64), arch=jaw)
    else:
        frame = estimate_frame(mesh, arch=jaw)
    usable = frame if frame.sure or orientation is not None else None
    pictures = render_views(mesh, arch=jaw, frame=usable, confirmed=orientation is not None)
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StorageError("The folder cannot be made.", "Name another with --out.") from None
    for name, png in pictures.items():
        write_aside(target / f"{name}.png", png)
    return [f"{name}.png" for name in pictures]
