"""Sampling of an arch's fields on grids and at places, on two threads.

Rules owned here:
- Grid values are rounded to 2^-16 mm before anyone polygonises them, so that the last bits of a
  processor's exp and pow decide nothing.
- Work is split by data in fixed pieces; the answer knows no thread count.
"""

import math

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import in_threads, kernel
from stsbench.samples.arch_model import ArchModel
from stsbench.samples.fields import arch_fields, arch_value, blend_min, noise

__all__ = ["FieldValues", "evaluate", "fractal_noise", "project", "sample_grid"]

Values = NDArray[np.float64]

_PIECE = 4096
_PROBE_MM = 0.02


class FieldValues:
    """Fields at N places: distances to crowns, gingiva and surface, and the nearest tooth."""

    __slots__ = ("crown", "gingiva", "nearest", "surface")

    def __init__(self, table: Values) -> None:
        self.crown, self.gingiva, self.surface = table[:, 0], table[:, 1], table[:, 2]
        self.nearest = table[:, 3].astype(np.int64)  # index into the model's teeth, or -1


@kernel
def _evaluate(m, places, table):
    for i in range(len(places)):
        crown, gum, who = arch_fields(m, places[i, 0], places[i, 1], places[i, 2])
        table[i, 0], table[i, 1], table[i, 3] = crown, gum, who
        table[i, 2] = blend_min(crown, gum, 0.14)


@kernel
def _project(m, places, rounds, farthest):
    """Move places onto the surface by Newton steps along a forward difference."""
    slope = np.zeros(3)
    for i in range(len(places)):
        for _ in range(rounds):
            here = 0.0
            for axis in range(-1, 3):  # one call site: the fields are compiled in once
                value = arch_value(
                    m,
                    places[i, 0] + (_PROBE_MM if axis == 0 else 0.0),
                    places[i, 1] + (_PROBE_MM if axis == 1 else 0.0),
                    places[i, 2] + (_PROBE_MM if axis == 2 else 0.0),
                )
                if axis < 0:
                    here = value
                else:
                    slope[axis] = (value - here) / _PROBE_MM
            squared = slope[0] ** 2 + slope[1] ** 2 + slope[2] ** 2 + 1e-3
            step = here / squared
            step *= min(farthest / (abs(step) * math.sqrt(squared) + 1e-12), 1.0)
            for axis in range(3):
                places[i, axis] -= step * slope[axis]


@kernel
def _sample(m, origin, spacing, volume, first, last, block, nudge):
    """Fill the blocks first <= b < last; blocks far from the surface get one value."""
    layers, rows, columns = volume.shape
    across = (rows + block - 1) // block
    reach = 1.6 * block * spacing * 0.8661
    middle = (block - 1) * 0.5
    for b in range(first, last):
        i0, j0 = (b // across) * block, (b % across) * block
        for k0 in range(0, columns, block):
            far = 0.0
            for n in range(-1, block * block * block):  # one call site here too
                i, j, k = i0, j0, k0
                if n < 0:
                    di, dj, dk = middle, middle, middle
                else:
                    i, j, k = i0 + n // (block * block), j0 + n // block % block, k0 + n % block
                    di, dj, dk = i - i0 + 0.0, j - j0 + 0.0, k - k0 + 0.0
                    if i >= layers or j >= rows or k >= columns:
                        continue
                value = far
                if n < 0 or abs(far) < reach:
                    value = arch_value(
                        m,
                        origin[0] + (i0 + di) * spacing,
                        origin[1] + (j0 + dj) * spacing,
                        origin[2] + (k0 + dk) * spacing,
                    )
                if n < 0:
                    far = value
                else:
                    stored = np.float32(math.floor(value * 65536.0 + 0.5) / 65536.0)
                    volume[i, j, k] = nudge if abs(stored) < nudge else stored


@kernel
def _fractal(places, scale, octaves, seed, values):
    for i in range(len(places)):
        share, k = 1.0, 1.0 / scale
        values[i] = 0.0
        for octave in range(octaves):
            x, y, z = places[i, 0] * k, places[i, 1] * k, places[i, 2] * k
            values[i] += share * noise(x + 17.0 * octave, y + seed, z)
            share *= 0.5
            k *= 2.1


def _pieces(count: int) -> list[slice]:
    return [slice(first, min(first + _PIECE, count)) for first in range(0, count, _PIECE)]


def evaluate(model: ArchModel, places: Values) -> FieldValues:
    """Return the fields at places (N, 3) of the arch frame, mm."""
    places = np.ascontiguousarray(places, dtype=np.float64)
    table = np.zeros((len(places), 4))
    in_threads(lambda part: _evaluate(model, places[part], table[part]), _pieces(len(places)))
    return FieldValues(table)


def project(model: ArchModel, places: Values, *, rounds: int, farthest_mm: float) -> Values:
    """Return places (N, 3) moved onto the surface, at most `farthest_mm` in each round."""
    moved = np.array(places, dtype=np.float64)
    in_threads(lambda part: _project(model, moved[part], rounds, farthest_mm), _pieces(len(moved)))
    return moved


def fractal_noise(places: Values, *, scale_mm: float, octaves: int, seed: int) -> Values:
    """Return smooth noise (N,) at places (N, 3); the first octave lies within [-1, 1]."""
    places = np.ascontiguousarray(places, dtype=np.float64)
    values = np.zeros(len(places))
    in_threads(
        lambda part: _fractal(places[part], float(scale_mm), octaves, float(seed), values[part]),
        _pieces(len(places)),
    )
    return values


def sample_grid(
    model: ArchModel, origin: Values, spacing_mm: float, shape: tuple[int, int, int]
) -> NDArray[np.float32]:
    """Return the surface field (nx, ny, nz) float32 on a grid of the arch frame.

    No node lies on the surface: values near 0 are nudged outwards. Only blocks near the surface
    are sampled node by node; the sign is right everywhere.
    """
    volume = np.zeros(shape, dtype=np.float32)
    block = max(3, round(0.9 / spacing_mm))
    across = -(-shape[1] // block)
    layers = -(-shape[0] // block)
    origin = np.ascontiguousarray(origin, dtype=np.float64)
    nudge = np.float32(1e-4 * spacing_mm)
    in_threads(
        lambda layer: _sample(
            model, origin, spacing_mm, volume, layer * across, (layer + 1) * across, block, nudge
        ),
        range(layers),
    )
    return volume
