"""Solve symmetric positive definite systems within a band; a dense one is a band of full width.

Rules owned here:
- A system is one flat array of rows: entry d of row x couples x with x + d; after the band come
  `SPARE` zeros, then the right sides. What a row couples with past the last unknown is never read.
- Rows rarely reach the end of the band. No row is subtracted beyond the farthest unknown that it or
  one before it couples with; there elimination leaves zeros.
- Four rows are subtracted from a later one at once, which reads and writes it a quarter as often;
  every entry still sees the rows in their order, so the sums are those of plain elimination.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import kernel

__all__ = ["GROUP", "SPARE", "solve_band"]

GROUP = 4
SPARE = GROUP - 1
_LEAST_PIVOT = 1e-12


@kernel
def solve_band(system: NDArray[np.float64], n: int, band: int, channels: int) -> bool:
    """Solve in place; the answers stand where the right sides stood.

    Parameters
    ----------
    system : (N,) float64
        At least n rows of band + 1 + `SPARE` + channels.
    n, band, channels : int
        Unknowns, entries beside the diagonal, right sides.

    Returns
    -------
    bool
        False where the system is not positive definite.
    """
    wide = band + 1 + SPARE + channels
    right = band + 1 + SPARE
    end = 0  # one past the farthest unknown that rows so far couple with
    for x in range(0, n, GROUP):
        for row in range(x, min(x + GROUP, n)):
            far = min(row + band, n - 1)
            while far >= end and far > row and system[row * wide + far - row] == 0.0:
                far -= 1
            end = max(end, far + 1)
        first = system[x * wide :]
        second = system[(x + 1) * wide :]
        third = system[(x + 2) * wide :]
        fourth = system[(x + 3) * wide :]
        for row in range(x, min(x + GROUP, n)):
            pivot = system[row * wide :]
            if not pivot[0] > _LEAST_PIVOT:
                return False
            for d in range(1, min(x + GROUP, end) - row):
                ratio = pivot[d] / pivot[0]
                target = system[(row + d) * wide :]
                ahead = pivot[d:]
                for z in range(min(row + band + 1, end) - row - d):
                    target[z] -= ratio * ahead[z]
                for k in range(right, wide):
                    target[k] -= ratio * pivot[k]
        for row in range(x + GROUP, end):
            d = row - x
            ratio_1 = first[d] / first[0]
            ratio_2 = second[d - 1] / second[0]
            ratio_3 = third[d - 2] / third[0]
            ratio_4 = fourth[d - 3] / fourth[0]
            target = system[row * wide :]
            ahead_1 = first[d:]
            ahead_2 = second[d - 1 :]
            ahead_3 = third[d - 2 :]
            ahead_4 = fourth[d - 3 :]
            for z in range(end - row):
                target[z] = (
                    target[z] - ratio_1 * ahead_1[z] - ratio_2 * ahead_2[z]
                    - ratio_3 * ahead_3[z] - ratio_4 * ahead_4[z]
                )  # fmt: skip
            for k in range(right, wide):
                target[k] = (
                    target[k] - ratio_1 * first[k] - ratio_2 * second[k]
                    - ratio_3 * third[k] - ratio_4 * fourth[k]
                )  # fmt: skip
    for x in range(n - 1, -1, -1):
        own = system[x * wide :]
        reach = min(band, n - 1 - x)
        while reach > 0 and own[reach] == 0.0:
            reach -= 1
        # Three right sides at once: one sum by itself waits for every subtraction.
        for k in range(right, wide, 3):
            other, last = min(k + 1, wide - 1), min(k + 2, wide - 1)
            total_0, total_1, total_2 = own[k], own[other], own[last]
            for d in range(1, reach + 1):
                ahead = system[(x + d) * wide :]
                total_0 -= own[d] * ahead[k]
                total_1 -= own[d] * ahead[other]
                total_2 -= own[d] * ahead[last]
            own[last] = total_2 / own[0]
            own[other] = total_1 / own[0]
            own[k] = total_0 / own[0]
    return True
