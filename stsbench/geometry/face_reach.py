"""Which faces lie within so many rings of some vertices: a walk that costs no more than it reaches.

Rules owned here:
- Ring 0 are the faces that name a seed, ring n + 1 those that share a vertex with ring n. The walk
  turns about a vertex over the half-edges and stops at open and branching edges, so at a bow-tie it
  stays in the fan it came by.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask
from stsbench.geometry.compiled import kernel

__all__ = ["faces_near"]


@kernel
def _reach(faces, twin, seeds, rings):
    ring = np.full(len(faces), -1, np.int32)
    queue = np.empty(len(faces), np.int32)
    done = np.zeros(len(seeds), np.bool_)
    last = 0
    for f in range(len(faces)):
        if seeds[faces[f, 0]] or seeds[faces[f, 1]] or seeds[faces[f, 2]]:
            ring[f] = 0
            queue[last] = f
            last += 1
    first = 0
    while first < last:
        f = queue[first]
        first += 1
        if ring[f] == rings:
            continue
        for j in range(3):
            v = faces[f, j]
            if done[v]:
                continue
            done[v] = True
            for way in range(2):
                # Forwards over the edge that starts at v, backwards over the one that ends there.
                h = 3 * f + j if way == 0 else 3 * f + (j + 2) % 3
                while True:
                    t = twin[h]
                    if t < 0 or t // 3 == f:
                        break
                    g = t // 3
                    if ring[g] < 0:
                        ring[g] = ring[f] + 1
                        queue[last] = g
                        last += 1
                    k = t - 3 * g
                    h = 3 * g + ((k + 1) % 3 if way == 0 else (k + 2) % 3)
                if t >= 0:
                    break  # all the way round
    return ring


def faces_near(faces: Faces, twin: NDArray[np.int32], seeds: Mask, rings: int) -> NDArray[np.int32]:
    """Return the ring of each face about some vertices, -1 beyond the last one.

    Parameters
    ----------
    faces : (F, 3) int32
        Consistently wound.
    twin : (3F,) int32
    seeds : (V,) bool
    rings : int

    Returns
    -------
    (F,) int32
    """
    ring: NDArray[np.int32] = _reach(faces, twin, seeds, rings)
    return ring
