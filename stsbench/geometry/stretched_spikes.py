"""Blunt spikes: many vertices pulled off the surface, told by the faces that stretched with them.

Rules owned here:
- A scanner samples what it sees evenly, a cusp or a nodule as finely as the flat surface beside it.
  A reading that slips pulls vertices along the line of sight and adds none, so the faces on the
  flanks of a spike grow. The stretch of ring k and within is the mean area of a face there over the
  mean area in rings k + 2 and k + 3.
- A vertex that stands over ring k of at most `RADIUS_MM` by `STEEPNESS` times the radius and by
  `HEIGHT_MM` is the tip of a spike when its faces are stretched, and the more the less the quadric
  through the surroundings can be trusted: stretch - 1 is at least `STRETCH` times the doubt, which
  is the quadric's own misfit plus half the departure of ring k, over the height; at most `DOUBT`.
- Of several rings the one with the least doubt tells, a wider one only when it has `BETTER` less;
  the base is the ring beyond, for the foot lies between. Rings on the border tell nothing.
- Little in the rings departs farther than the tip, or the other way: the foot of a spike is no pit.
- No vertex within lies face down, as seen from the surroundings: that is a fold.

A bump that was there when the scan was taken, such as an attachment or a bubble of moisture, is
sampled like everything else: it is none of these, however steep. The limits are choices, measured on
clean scans (docs/repair.md, "Spikes").
"""

import numpy as np

from stsbench.geometry.compiled import kernel
from stsbench.geometry.quadric_fit import depart
from stsbench.geometry.vertex_rings import walk_rings

__all__ = [
    "DOUBT",
    "HEIGHT_MM",
    "RADIUS_MM",
    "RINGS",
    "STEEPNESS",
    "STRETCH",
    "find_stretched",
    "mean_face",
]

RINGS = 7
HEIGHT_MM = 0.25
RADIUS_MM = 1.8
STEEPNESS = 0.6
STRETCH = 1.45
DOUBT = 0.6
BETTER = 0.05
DOWN = 0.4
HIGHEST = 1.25
LOWEST = 0.5
_LEAST_DOUBT = 0.1  # no planted spike has less


@kernel
def mean_face(start, sums, ring, first, last):
    """Measure the mean area of the faces about some vertices.

    Parameters
    ----------
    start : (V + 1,) int32
        From `vertex_rings.vertex_neighbours`.
    sums : (V, 4) float64
        Vector area about every vertex, and the area.
    ring : (N,) int32
    first, last : int
        The vertices are ``ring[first:last]``.

    Returns
    -------
    float, mm2
    """
    area = 0.0
    faces = 0
    for n in range(first, last):
        v = np.uint32(ring[n])
        area += sums[v, 3]
        faces += start[v + np.uint32(1)] - start[v]
    return area / max(faces, 1)


@kernel
def _rise(vertices, border, ring, first, last):
    """How far ring 0 is from the middle of some vertices, and their mean distance from it."""
    x = 0.0
    y = 0.0
    z = 0.0
    for n in range(first, last):
        u = np.uint32(ring[n])
        if border[u]:
            return -1.0, 0.0
        x += vertices[u, 0]
        y += vertices[u, 1]
        z += vertices[u, 2]
    count = last - first
    x /= count
    y /= count
    z /= count
    spread = 0.0
    for n in range(first, last):
        u = np.uint32(ring[n])
        spread += np.sqrt(
            (vertices[u, 0] - x) ** 2 + (vertices[u, 1] - y) ** 2 + (vertices[u, 2] - z) ** 2
        )
    v = ring[0]
    off = np.sqrt((vertices[v, 0] - x) ** 2 + (vertices[v, 1] - y) ** 2 + (vertices[v, 2] - z) ** 2)
    return off, spread / count


@kernel
def find_stretched(vertices, start, around, border, sums, walk, room):
    """Judge whether ring 0 is the tip of a spike with stretched flanks.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    start, around : int32
        From `vertex_rings.vertex_neighbours`.
    border : (V,) bool
        Vertices on open edges.
    sums : (V, 4) float64
        Vector area about every vertex, and the area.
    walk : (mark, ring, ends, whole)
        Of a walk about the tip, stamped with the tip, that goes on here.
    room : (frame, centre, place, matrix, right)
        For the work of `quadric_fit.depart`.

    Returns
    -------
    height_mm : float
    base : int
        Ring that is the base, 0 where there is no spike.
    whole : int
        Rings that are walked now.
    """
    mark, ring, ends, whole = walk
    frame, centre, place, matrix, right = room
    best = DOUBT
    height = 0.0
    base = 0
    v = ring[0]
    for k in range(2, RINGS + 1):
        if whole < k:
            whole = walk_rings(start, around, v, mark, v, ring, ends, whole, k)
        if whole < k:
            break
        off, spread = _rise(vertices, border, ring, ends[k], ends[k + 1])
        if off < 0 or spread > RADIUS_MM:
            break
        if off < max(HEIGHT_MM, STEEPNESS * spread):
            continue
        if whole < k + 3:
            whole = walk_rings(start, around, v, mark, v, ring, ends, whole, k + 3)
        if whole < k + 3:
            break
        outside = mean_face(start, sums, ring, ends[k + 2], ends[k + 4])
        stretch = mean_face(start, sums, ring, 0, ends[k + 1]) / max(outside, 1e-30) - 1
        if stretch < STRETCH * _LEAST_DOUBT:
            continue
        rough = depart(vertices, sums, ring, ends, k, k + 3, frame, centre, place, matrix, right)
        tall = abs(place[0, 2])
        if tall < max(HEIGHT_MM, STEEPNESS * spread):
            continue
        sign = 1.0 if place[0, 2] > 0 else -1.0
        highest = 0.0
        lowest = 0.0
        for x in range(1, ends[k + 4]):
            highest = max(highest, sign * place[x, 2])
            lowest = min(lowest, sign * place[x, 2])
        if highest > HIGHEST * tall or -lowest > LOWEST * tall:
            continue
        upright = True
        for x in range(ends[k + 2]):
            u = ring[x]
            along = 0.0
            for m in range(3):
                along += sums[u, m] * frame[2, m]
            upright &= along > -DOWN * sums[u, 3]
        if not upright:
            continue
        foot = 0.0
        for x in range(ends[k], ends[k + 1]):
            foot += abs(place[x, 2])
        foot /= ends[k + 1] - ends[k]
        doubt = (rough + foot / 2) / tall
        # A wider ring has to be better than one that will do: it takes more away.
        if doubt <= best and stretch >= STRETCH * doubt:
            best = doubt - BETTER
            height = place[0, 2]
            base = k + 1 if k > 2 else k  # `spike_feet` gives back what does not stand out
    return height, base, whole
