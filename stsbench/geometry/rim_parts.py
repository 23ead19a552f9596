"""Part rims into halves that take about as long to fill.

Rules owned here:
- Loops that touch, or are an edge apart, stay together: a patch of one sees those of the others.
- The work of a loop goes with the third power of its rim, 2.6 times that where its patch is wide
  enough to be drawn onto a zero set: measured, one loop at a time. The same rims are parted the same
  way, whatever the number of threads.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.hole_rims import Rims

__all__ = ["part_rims", "take_rims"]

_PARTS = 2
_LEAST_PLACES = 64  # fewer take less time than to part them
_LINEAR = 1200.0  # of the work: a part per place
_WIDE, _LONGEST = 50, 160  # places; beyond the longest it grows evenly


def part_rims(rims: Rims) -> list[NDArray[np.int64]]:
    """Return the loops of each part, ascending; one part where little is to be done.

    Parameters
    ----------
    rims : Rims
    """
    sizes = np.diff(rims.offsets).astype(np.float64)
    if len(sizes) < _PARTS or len(rims.vertex) < _LEAST_PLACES:
        return [np.arange(len(sizes))]
    stands_for = rims.group[rims.group]
    while not np.array_equal(stands_for, rims.group[stands_for]):
        stands_for = rims.group[stands_for]
    power = np.minimum(sizes, _LONGEST) ** 2 * np.where(sizes < _WIDE, 1.0, 2.6)
    work = np.bincount(stands_for, sizes * (_LINEAR + power))
    part_of = np.zeros(len(work), np.int64)
    done = [0.0] * _PARTS
    # The longest first, each to whoever has least; of equal ones the lower loop first.
    for group in np.argsort(-work, kind="stable").tolist():
        part_of[group] = done.index(min(done))
        done[part_of[group]] += work[group]
    parts = (np.flatnonzero(part_of[stands_for] == part) for part in range(_PARTS))
    return [loops for loops in parts if len(loops)]


def take_rims(rims: Rims, loops: NDArray[np.int64]) -> Rims:
    """Return some of the rims.

    Parameters
    ----------
    rims : Rims
    loops : (N,) int64
        Ascending.
    """
    sizes = np.diff(rims.offsets)[loops]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = np.repeat(rims.offsets[loops] - offsets[:-1], sizes) + np.arange(offsets[-1])
    number = np.full(len(rims.offsets) - 1, -1)
    number[loops] = np.arange(len(loops))
    banned = rims.banned.copy()
    banned[:, 0] = number[banned[:, 0]]
    return rims._replace(
        vertex=rims.vertex[rows],
        offsets=offsets,
        owner=rims.owner[rows],
        normal=rims.normal[rows],
        spacing_mm=rims.spacing_mm[rows],
        supported=rims.supported[loops],
        banned=banned[banned[:, 0] >= 0],
        group=number[rims.group[loops]].astype(np.int32),
    )
