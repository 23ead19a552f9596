"""Finish line of a prepared tooth: the outer edge of its shoulder, as ground truth.

Rules owned here:
- The line is traced on the fields that make the tooth, then moved onto the surface: it does not
  depend on the triangles of a scan.
"""

import math

import numpy as np
from numpy.typing import NDArray

from stsbench.errors import InputError
from stsbench.geometry.compiled import kernel
from stsbench.samples.arch_model import ArchModel
from stsbench.samples.field_sampling import project
from stsbench.samples.fields import finish_height, lateral

__all__ = ["finish_line"]


@kernel
def _trace(m, i, line):
    """Fill line (N, 3) in the frame of tooth i: height and wall fix each other in a few rounds."""
    for n in range(len(line)):
        angle = 2 * math.pi * n / len(line)
        u, v = math.cos(angle), math.sin(angle)
        w = m.shapes[i, 6]
        radius = 0.0
        for _ in range(12):
            low, high = 0.5, m.shapes[i, 8]
            for _ in range(40):
                radius = (low + high) / 2
                wall, proximal = lateral(m, i, radius * u, radius * v, w)
                if wall > 0.0:
                    high = radius
                else:
                    low = radius
            _, proximal = lateral(m, i, radius * u, radius * v, w)
            w = finish_height(m, i, proximal)
        line[n, 0], line[n, 1], line[n, 2] = radius * u, radius * v, w


def finish_line(model: ArchModel, fdi: int, *, count: int = 240) -> NDArray[np.float64]:
    """Return the finish line (N, 3) of a prepared tooth in the arch frame, mm, once round.

    Raises
    ------
    InputError
        The tooth is not there or not prepared.
    """
    found = np.flatnonzero((model.fdi == fdi) & (model.prepared > 0))
    if not len(found):
        raise InputError(f"Tooth {fdi} has no preparation.", "Name a prepared tooth.")
    i = int(found[0])
    line = np.zeros((count, 3))
    _trace(model, i, line)
    places = model.origins[i] + line @ model.axes[i]
    return project(model, places, rounds=3, farthest_mm=0.05)
