"""Spikes: a few vertices that a bad reading pulled out of, or pushed into, the surface.

Rules owned here:
- A place is worth a look where the faces about it point in many directions (`WideNormals.unity`
  below `UNITY`). Clean scans have few such places.
- The tip of a spike lies above all its neighbours along its normal, or below them all.
- About such a vertex the surface is read ring by ring. A quadric is fitted to the three rings
  outside ring k. The vertex is the tip of a spike with base k when it departs from the quadric by
  `HEIGHT_MM` and by `STEEPNESS` times the mean radius of ring k (less for a base of one or two rings,
  more for many, which may be anatomy), and the quadric can be trusted: its own misfit plus half the
  departure of ring k is a small part of the height (`DOUBT`, more where few rings rise steeply).
  A cusp, a fissure or a papilla continues into the rings outside; a spike stands on its own. On edged
  surface, such as a machined part, the quadric misfits.
- Where the surroundings are no quadric, as beside the gum line, a needle is a tip all the same: every
  edge of the vertex falls by `NEEDLE_STEEPNESS` times its way across, by `NEEDLE_MM` in the mean, and
  behind ring 2 the surface falls on by less than `NEEDLE_GROWTH` of its way. A cusp and the corner of
  a machined part fall on.
- The faces of a tip by a quadric are not finer (`NO_FINER`) than those outside; blunt and wide spikes
  are told by their stretched faces: `stretched_spikes`.
- How much of ring k and within is the spike: `spike_feet`.
- Spikes are taken tallest first; two rings about a taken one nothing else is a tip.
- Vertices on the border are never tips: nothing outside says what is right there.

The thresholds are choices, measured on clean scans (docs/repair.md, "Spikes").
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask, Vertices
from stsbench.geometry.compiled import in_threads, kernel
from stsbench.geometry.quadric_fit import depart, set_axis
from stsbench.geometry.spike_feet import find_foot
from stsbench.geometry.stretched_spikes import find_stretched, mean_face
from stsbench.geometry.vertex_rings import walk_rings

__all__ = ["SPIKE_RINGS", "UNITY", "spike_vertices"]

UNITY = 0.87
HEIGHT_MM = 0.15
STEEPNESS = 0.85
STEEPNESS_NEAR = 0.6
RADIUS_MM = 1.1
FEW_RADIUS_MM = 1.5
STEEPER = 0.25
DOUBT = 0.185
DOUBT_NEAR = 0.27
NO_FINER = 0.98
TALL_MM = 0.25
TALL = 1.2
DOUBT_TALL = 0.36
NEEDLE_STEEPNESS = 0.8
NEEDLE_MM = 0.4
NEEDLE_GROWTH = 0.4
_NEEDLE_BASE = 2
_RINGS = 8
_LEAST_SHARE = 0.5  # a round ring seen from its side has 0.64 of its mean radius
SPIKE_RINGS = _RINGS + 3  # nothing farther away has a say about a vertex
_ROOM = 2048
_CHUNKS = 8
_FEW = 200  # places below which a second thread costs more than it brings


@kernel
def _stands_out(vertices, start, around, sums, v):
    """Whether all neighbours of a vertex lie below it along its normal, or all above."""
    higher = True
    lower = True
    for y in range(start[v], start[v + 1]):
        gap = 0.0
        for m in range(3):
            gap += (vertices[around[y], m] - vertices[v, m]) * sums[v, m]
        higher = higher and gap <= 0
        lower = lower and gap >= 0
    return higher or lower


@kernel
def _size_up(vertices, border, ring, ends, k):
    """Whether ring k is off the border, its mean radius, and how far its middle is from ring 0."""
    clear = True
    x = 0.0
    y = 0.0
    z = 0.0
    for n in range(ends[k], ends[k + 1]):
        u = ring[n]
        clear &= not border[u]
        x += vertices[u, 0]
        y += vertices[u, 1]
        z += vertices[u, 2]
    count = ends[k + 1] - ends[k]
    x /= count
    y /= count
    z /= count
    spread = 0.0
    for n in range(ends[k], ends[k + 1]):
        u = ring[n]
        spread += np.sqrt(
            (vertices[u, 0] - x) ** 2 + (vertices[u, 1] - y) ** 2 + (vertices[u, 2] - z) ** 2
        )
    v = ring[0]
    off = np.sqrt((vertices[v, 0] - x) ** 2 + (vertices[v, 1] - y) ** 2 + (vertices[v, 2] - z) ** 2)
    return clear, spread / count, off


@kernel
def _drop(vertices, sums, ring, ends, k, frame):
    """How far ring 0 lies above the middle of ring k, and how far ring k lies about its axis."""
    # The axis is that of the two rings outside, which the spike does not tilt.
    set_axis(sums, ring, ends[k + 1], ends[k + 3], frame)
    tip = ring[0]
    drop = 0.0
    radius = 0.0
    for n in range(ends[k], ends[k + 1]):
        u = ring[n]
        x = vertices[tip, 0] - vertices[u, 0]
        y = vertices[tip, 1] - vertices[u, 1]
        z = vertices[tip, 2] - vertices[u, 2]
        along = x * frame[2, 0] + y * frame[2, 1] + z * frame[2, 2]
        drop += along
        radius += np.sqrt(max(x * x + y * y + z * z - along * along, 0.0))
    count = ends[k + 1] - ends[k]
    return drop / count, radius / count


@kernel
def _falls_steeply(vertices, start, around, sums, v):
    """Whether every edge of a vertex falls steeply along its normal, and far enough in the mean."""
    x = sums[v, 0]
    y = sums[v, 1]
    z = sums[v, 2]
    size = max(np.sqrt(x * x + y * y + z * z), 1e-30)
    total = 0.0
    for n in range(start[v], start[v + 1]):
        dx = vertices[around[n], 0] - vertices[v, 0]
        dy = vertices[around[n], 1] - vertices[v, 1]
        dz = vertices[around[n], 2] - vertices[v, 2]
        along = abs(dx * x + dy * y + dz * z) / size
        across = np.sqrt(max(dx * dx + dy * dy + dz * dz - along * along, 0.0))
        if along < NEEDLE_STEEPNESS * across:
            return False
        total += along
    return total >= NEEDLE_MM * (start[v + 1] - start[v])


@kernel
def _needle(vertices, border, sums, ring, ends, frame):
    """Height of a needle over its base; 0 where the surface falls on behind it: that is none."""
    k = _NEEDLE_BASE
    for x in range(ends[k + 2]):
        if border[ring[x]]:
            return 0.0
    drop, radius = _drop(vertices, sums, ring, ends, k, frame)
    on, farther = _drop(vertices, sums, ring, ends, k + 1, frame)
    sign = 1.0 if drop > 0 else -1.0
    if radius > FEW_RADIUS_MM or sign * drop < NEEDLE_MM:
        return 0.0
    return drop if sign * (on - drop) <= NEEDLE_GROWTH * (farther - radius) else 0.0


@kernel
def _find_tips(vertices, start, around, border, sums, asked, height, base, looked):
    """Height of the vertices that are tips, and the ring that is their base; else base 0.

    The answer about a vertex follows from as many rings as `looked` says.
    """
    mark = np.full(len(vertices), -1, np.int32)
    ring = np.empty(_ROOM, np.int32)
    ends = np.zeros(_RINGS + 6, np.int32)
    place = np.empty((_ROOM, 3))
    frame = np.empty((3, 3))
    centre = np.empty(3)
    matrix = np.empty((6, 6))
    right = np.empty(6)
    for i in range(len(asked)):
        v = asked[i]
        looked[i] = 1
        if not _stands_out(vertices, start, around, sums, v):
            continue
        whole = 0
        reach = _RINGS + 2
        known = 1
        best = 0.0
        for k in range(1, _RINGS + 1):
            if whole < k:
                whole = walk_rings(start, around, v, mark, v, ring, ends, whole, k)
            if whole < k:
                break
            slope = STEEPNESS_NEAR if k < 3 else STEEPNESS + (k - 2) * STEEPER
            widest = FEW_RADIUS_MM if k < 3 else RADIUS_MM
            clear, spread, off = _size_up(vertices, border, ring, ends, k)
            if not clear:
                break
            # No axis brings the vertex farther from the middle of the ring than it is.
            low = off < 0.5 * max(HEIGHT_MM, _LEAST_SHARE * slope * spread)
            if low and spread <= widest:
                continue
            if whole < k + 2 <= reach:
                whole = walk_rings(start, around, v, mark, v, ring, ends, whole, k + 2)
            if whole < k + 2:
                break
            drop, radius = _drop(vertices, sums, ring, ends, k, frame)
            if radius > widest:
                break
            needed = max(HEIGHT_MM, slope * radius)
            if low or abs(drop) < 0.5 * needed:
                continue
            # Rings that were passed over must not have been too wide either.
            wide = False
            while known < k:
                about = _drop(vertices, sums, ring, ends, known, frame)[1]
                wide |= about > (FEW_RADIUS_MM if known < 3 else RADIUS_MM)
                known += 1
            if wide:
                break
            last = min(k + 3, reach)
            if whole < last:
                whole = walk_rings(start, around, v, mark, v, ring, ends, whole, last)
                if whole < last:
                    reach = whole
                    last = whole
            rough = depart(vertices, sums, ring, ends, k, last, frame, centre, place, matrix, right)
            tall = abs(place[0, 2])
            if rough > DOUBT_TALL * tall or tall < needed:
                continue
            foot = 0.0
            for x in range(ends[k], ends[k + 1]):
                foot += abs(place[x, 2])
            foot /= ends[k + 1] - ends[k]
            # Of several rings that qualify the one at the foot, on the smoothest surroundings.
            doubt = (rough + foot / 2) / tall
            score = 1 - doubt
            most = DOUBT
            if k < 3:
                most = DOUBT_TALL if tall >= max(TALL_MM, TALL * radius) else DOUBT_NEAR
            if doubt > most or score <= best:
                continue
            # Pulling vertices makes their faces larger; where they are finer the scanner saw it.
            outside = mean_face(start, sums, ring, ends[k + 2], ends[last + 1])
            if mean_face(start, sums, ring, 0, ends[k + 1]) >= NO_FINER * outside:
                best = score
                height[i] = place[0, 2]
                base[i] = k
        if not base[i] and _falls_steeply(vertices, start, around, sums, v):
            needed = _NEEDLE_BASE + 3
            if whole < needed:
                whole = walk_rings(start, around, v, mark, v, ring, ends, whole, needed)
            if whole >= needed:
                height[i] = _needle(vertices, border, sums, ring, ends, frame)
                base[i] = _NEEDLE_BASE if height[i] else 0
        if not base[i]:
            room = (frame, centre, place, matrix, right)
            walk = (mark, ring, ends, whole)
            height[i], base[i], whole = find_stretched(
                vertices, start, around, border, sums, walk, room
            )
        looked[i] = SPIKE_RINGS if base[i] else whole


@kernel
def _mark_spikes(vertices, start, around, border, sums, tips, base, spike):
    """Give each vertex the number of its spike, tallest tip first; returns which tips count."""
    mark = np.full(len(vertices), -1, np.int32)
    taken = np.zeros(len(vertices), np.uint8)
    counts = np.zeros(len(tips), np.uint8)
    name = np.full(len(vertices), -1, np.int32)
    gone = np.empty(_ROOM, np.bool_)
    ring = np.empty(_ROOM, np.int32)
    ends = np.zeros(_RINGS + 6, np.int32)
    found = 0
    for i in range(len(tips)):
        v = tips[i]
        k = base[i]
        if taken[v]:
            continue
        whole = walk_rings(start, around, v, mark, i, ring, ends, 0, k + 2)
        last = min(whole, k + 2)
        find_foot(vertices, start, around, border, sums, ring, ends, k, last, name, gone)
        for x in range(ends[k + 1]):
            if gone[x] and spike[ring[x]] < 0:
                spike[ring[x]] = found
        # What stands beside a spike looks like a pit: it is not asked again.
        for x in range(ends[min(k + 2, last) + 1]):
            taken[ring[x]] = 1
        counts[i] = 1
        found += 1
    return counts


def spike_vertices(
    vertices: Vertices,
    neighbours: tuple[NDArray[np.int32], NDArray[np.int32]],
    border: Mask,
    near: NDArray[np.float64],
    asked: Mask,
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.uint8]]:
    """Find spikes.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    neighbours : start (V + 1,) int32, around (start[V],) int32
        From `vertex_rings.vertex_neighbours`, of faces that are consistently wound.
    border : (V,) bool
        Vertices on open edges.
    near : (V, 4) float64
        Vector area about every vertex, from `WideNormals`.
    asked : (V,) bool
        Vertices that may be a tip: those with a `WideNormals.unity` below `UNITY`.

    Returns
    -------
    spike : (V,) int32
        Number of the spike a vertex belongs to, -1 for none.
    height_mm : (S,) float64
        Height of each spike over its base, negative for one that goes inwards.
    looked : (V,) uint8
        Rings about each vertex that the answer follows from: when nothing has changed so near, it
        is the same again. `SPIKE_RINGS` where nobody asked.
    """
    spike = np.full(len(vertices), -1, dtype=np.int32)
    looked = np.full(len(vertices), SPIKE_RINGS, dtype=np.uint8)
    places = np.flatnonzero(asked & ~border).astype(np.int32)
    if not len(places):
        return spike, np.zeros(0), looked
    height = np.zeros(len(places))
    base = np.zeros(len(places), dtype=np.int32)
    rings = np.empty(len(places), dtype=np.uint8)
    cuts = np.linspace(0, len(places), _CHUNKS + 1).astype(int)

    def find(at: slice) -> None:
        found = (height[at], base[at], rings[at])
        _find_tips(vertices, *neighbours, border, near, places[at], *found)

    parts = [slice(*ends) for ends in pairwise(cuts)]
    in_threads(find, parts if len(places) > _FEW else [slice(None)])
    looked[places] = rings
    tips = np.flatnonzero(base > 0)
    # The tallest first, ties by place, so that renaming vertices changes nothing.
    x, y, z = vertices[places[tips]].T
    tips = tips[np.lexsort((z, y, x, -np.abs(height[tips])))]
    counts = _mark_spikes(vertices, *neighbours, border, near, places[tips], base[tips], spike)
    return spike, height[tips[counts.astype(bool)]], looked
