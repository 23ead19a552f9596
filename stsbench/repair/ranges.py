"""Sets of face slots as short lists of ranges: what a selection looks like in `Answers`.

Rules owned here:
- Ranges are half-open `[start, stop]` pairs, ascending and apart; a selection of neighbours in the
  file is a few numbers instead of thousands.
- A range may span slots that are dead: they are no part of the selection.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask
from stsbench.errors import InputError

__all__ = ["ranges_of", "slots_of"]

_REMEDY = "Pass ascending pairs [start, stop] of face slots."


def ranges_of(slots: NDArray[np.integer]) -> list[list[int]]:
    """Return face slots as ranges.

    Parameters
    ----------
    slots : (N,) int
        In any order.
    """
    ordered = np.unique(slots).astype(np.int64)
    if not len(ordered):
        return []
    breaks = np.flatnonzero(np.diff(ordered) != 1)
    starts = ordered[np.concatenate([[0], breaks + 1])]
    stops = ordered[np.concatenate([breaks, [len(ordered) - 1]])] + 1
    return [[int(start), int(stop)] for start, stop in zip(starts, stops, strict=True)]


def slots_of(ranges: object, alive: Mask) -> NDArray[np.int32]:
    """Return the slots alive in some ranges, (N,) int32 ascending.

    Parameters
    ----------
    ranges : list of [start, stop]
    alive : (F,) bool

    Raises
    ------
    InputError
        No list of ascending pairs, a slot that does not exist, or no face alive among them.
    """
    if not isinstance(ranges, list | tuple) or not ranges:
        raise InputError("No faces are selected.", "Select some faces first.")
    end = 0
    parts = []
    for pair in ranges:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise InputError("The selection holds something else than pairs.", _REMEDY)
        start, stop = pair
        if not all(isinstance(x, int) and not isinstance(x, bool) for x in pair):
            raise InputError("The selection holds something else than whole numbers.", _REMEDY)
        if not end <= start < stop:
            raise InputError(f"The range [{start}, {stop}] does not follow {end}.", _REMEDY)
        if stop > len(alive):
            raise InputError(
                f"The selection names face {stop - 1}; there are {len(alive)}.", "Select again."
            )
        end = stop
        parts.append(np.arange(start, stop, dtype=np.int32))
    slots = np.concatenate(parts)
    slots = slots[alive[slots]]
    if not len(slots):
        raise InputError("All selected faces are gone already.", "Select again.")
    return slots
