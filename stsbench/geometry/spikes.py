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
- The spike is every vertex within ring k that departs to the tip's side by more than
  `DEPARTURE_MM` from a quadric in which the nearest of those rings count most (by the fourth power of
  their distance): farther out anatomy bends away. So its foot does not stay and no more than the
  spike goes.
- Spikes are taken tallest first; two rings about a taken one nothing else is a tip.
- Vertices on the border are never tips: nothing outside says what is right there.

The thresholds are choices, measured on clean scans (docs/repair.md, "Spikes").
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import in_threads, kernel
from stsbench.geometry.vertex_rings import vertex_neighbours, walk_rings

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
TALL_MM = 0.25
TALL = 1.2
DOUBT_TALL = 0.36
DEPARTURE_MM = 0.045
_RINGS = 8
SPIKE_RINGS = _RINGS + 3  # nothing farther away has a say about a vertex
_ROOM = 2048
_CHUNKS = 8
_FEW = 200  # places below which a second thread costs more than it brings


@kernel
def _solve(matrix, right):
    """Gauss with pivots on a small system, in place; False when it is singular."""
    n = len(right)
    for c in range(n):
        pivot = c
        for r in range(c + 1, n):
            if abs(matrix[r, c]) > abs(matrix[pivot, c]):
                pivot = r
        if abs(matrix[pivot, c]) < 1e-12:
            return False
        for k in range(n):
            keep = matrix[c, k]
            matrix[c, k] = matrix[pivot, k]
            matrix[pivot, k] = keep
        keep = right[c]
        right[c] = right[pivot]
        right[pivot] = keep
        for r in range(c + 1, n):
            factor = matrix[r, c] / matrix[c, c]
            for k in range(c, n):
                matrix[r, k] -= factor * matrix[c, k]
            right[r] -= factor * right[c]
    for c in range(n - 1, -1, -1):
        for k in range(c + 1, n):
            right[c] -= matrix[c, k] * right[k]
        right[c] /= matrix[c, c]
    return True


@kernel
def _set_axis(sums, ring, first, last, frame):
    """Third axis of the frame: the mean normal of ring[first:last]."""
    frame[2] = 0.0
    for x in range(first, last):
        for m in range(3):
            frame[2, m] += sums[ring[x], m]
    size = np.sqrt(frame[2, 0] ** 2 + frame[2, 1] ** 2 + frame[2, 2] ** 2)
    for m in range(3):
        frame[2, m] /= max(size, 1e-30)


@kernel
def _set_frame(vertices, sums, ring, first, last, frame, centre):
    """Axes and middle of ring[first:last]; the third axis is their mean normal."""
    _set_axis(sums, ring, first, last, frame)
    centre[:] = 0.0
    for x in range(first, last):
        for m in range(3):
            centre[m] += vertices[ring[x], m] / (last - first)
    least = 0
    for m in range(3):
        if abs(frame[2, m]) < abs(frame[2, least]):
            least = m
    tilt = frame[2, least]
    for m in range(3):
        frame[0, m] = (1.0 if m == least else 0.0) - tilt * frame[2, m]
    size = np.sqrt(frame[0, 0] ** 2 + frame[0, 1] ** 2 + frame[0, 2] ** 2)
    for m in range(3):
        frame[0, m] /= max(size, 1e-30)
    frame[1, 0] = frame[2, 1] * frame[0, 2] - frame[2, 2] * frame[0, 1]
    frame[1, 1] = frame[2, 2] * frame[0, 0] - frame[2, 0] * frame[0, 2]
    frame[1, 2] = frame[2, 0] * frame[0, 1] - frame[2, 1] * frame[0, 0]


@kernel
def _depart(vertices, sums, ring, ends, k, last, near, frame, centre, place, matrix, right):
    """How far each vertex of rings 0..last departs from a quadric over rings k+1..last.

    With `near` the nearest count most. Left in place[:, 2]; returns the root mean square over the
    fitted rings, infinity when there are too few of them.
    """
    first = ends[k + 1]
    end = ends[last + 1]
    if end - first < 9:
        return np.inf
    _set_frame(vertices, sums, ring, first, end, frame, centre)
    matrix[:] = 0.0
    right[:] = 0.0
    row = np.empty(6)
    for x in range(end):
        for m in range(3):
            place[x, m] = 0.0
            for n in range(3):
                place[x, m] += frame[m, n] * (vertices[ring[x], n] - centre[n])
    middle_u = 0.0
    middle_w = 0.0
    for x in range(first):
        middle_u += place[x, 0] / first
        middle_w += place[x, 1] / first
    for x in range(first, end):
        weight = 1.0
        if near:
            away = (place[x, 0] - middle_u) ** 2 + (place[x, 1] - middle_w) ** 2
            weight = 1.0 / max(away * away, 1e-12)
        row[0] = 1.0
        row[1] = place[x, 0]
        row[2] = place[x, 1]
        row[3] = place[x, 0] * place[x, 0]
        row[4] = place[x, 0] * place[x, 1]
        row[5] = place[x, 1] * place[x, 1]
        for m in range(6):
            for n in range(m, 6):
                matrix[m, n] += weight * row[m] * row[n]
            right[m] += weight * row[m] * place[x, 2]
    for m in range(6):
        for n in range(m):
            matrix[m, n] = matrix[n, m]
    if not _solve(matrix, right):
        return np.inf
    total = 0.0
    for x in range(end):
        u = place[x, 0]
        w = place[x, 1]
        place[x, 2] -= (
            right[0] + right[1] * u + right[2] * w + right[3] * u * u + right[4] * u * w
            + right[5] * w * w
        )  # fmt: skip
        if x >= first:
            total += place[x, 2] ** 2
    return np.sqrt(total / (end - first))


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
def _find_tips(vertices, start, around, border, sums, asked, height, base):
    """Height of the vertices that are tips, and the ring that is their base; else base 0."""
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
        if not _stands_out(vertices, start, around, sums, v):
            continue
        whole = 0
        best = 0.0
        for k in range(1, _RINGS + 1):
            wanted = min(k + 3, _RINGS + 2)
            if whole == k + 2 or k == 1:
                whole = walk_rings(start, around, v, mark, v, ring, ends, whole, wanted)
            if whole < k + 2:
                break
            clear = True
            for x in range(ends[k], ends[k + 1]):
                clear = clear and not border[ring[x]]
            if not clear:
                break
            # The axis is that of the two rings outside, which the spike does not tilt.
            _set_axis(sums, ring, ends[k + 1], ends[k + 3], frame)
            drop = 0.0
            radius = 0.0
            for x in range(ends[k], ends[k + 1]):
                along = 0.0
                square = 0.0
                for m in range(3):
                    d = vertices[v, m] - vertices[ring[x], m]
                    along += d * frame[2, m]
                    square += d * d
                drop += along
                radius += np.sqrt(max(square - along * along, 0.0))
            drop /= ends[k + 1] - ends[k]
            radius /= ends[k + 1] - ends[k]
            if radius > (FEW_RADIUS_MM if k < 3 else RADIUS_MM):
                break
            steepness = STEEPNESS_NEAR if k < 3 else STEEPNESS + (k - 2) * STEEPER
            needed = max(HEIGHT_MM, steepness * radius)
            if abs(drop) < 0.5 * needed:
                continue
            last = min(whole, k + 3)
            rough = _depart(
                vertices, sums, ring, ends, k, last, False, frame, centre, place, matrix, right
            )
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
            if doubt <= most and score > best:
                best = score
                height[i] = place[0, 2]
                base[i] = k


@kernel
def _mark_spikes(vertices, start, around, border, sums, tips, base, spike):
    """Give each vertex the number of its spike, tallest tip first; returns which tips count."""
    mark = np.full(len(vertices), -1, np.int32)
    taken = np.zeros(len(vertices), np.uint8)
    counts = np.zeros(len(tips), np.uint8)
    ring = np.empty(_ROOM, np.int32)
    ends = np.zeros(_RINGS + 6, np.int32)
    place = np.empty((_ROOM, 3))
    frame = np.empty((3, 3))
    centre = np.empty(3)
    matrix = np.empty((6, 6))
    right = np.empty(6)
    found = 0
    for i in range(len(tips)):
        v = tips[i]
        k = base[i]
        if taken[v]:
            continue
        whole = walk_rings(start, around, v, mark, i, ring, ends, 0, k + 3)
        last = min(whole, k + 3)
        _depart(vertices, sums, ring, ends, k, last, True, frame, centre, place, matrix, right)
        sign = 1.0 if place[0, 2] > 0 else -1.0
        for x in range(ends[k + 1]):
            u = ring[x]
            if spike[u] < 0 and not border[u] and sign * place[x, 2] > DEPARTURE_MM:
                spike[u] = found
        # What stands beside a spike looks like a pit: it is not asked again.
        for x in range(ends[min(k + 2, last) + 1]):
            taken[ring[x]] = 1
        counts[i] = 1
        found += 1
    return counts


def spike_vertices(
    vertices: Vertices,
    faces: Faces,
    border: Mask,
    near: NDArray[np.float64],
    asked: Mask,
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Find spikes.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Consistently wound.
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
    """
    spike = np.full(len(vertices), -1, dtype=np.int32)
    places = np.flatnonzero(asked & ~border).astype(np.int32)
    if not len(places):
        return spike, np.zeros(0)
    start, around = vertex_neighbours(faces, border)
    height = np.zeros(len(places))
    base = np.zeros(len(places), dtype=np.int32)
    cuts = np.linspace(0, len(places), _CHUNKS + 1).astype(int)

    def find(at: slice) -> None:
        found = (height[at], base[at])
        _find_tips(vertices, start, around, border, near, places[at], *found)

    parts = [slice(*ends) for ends in pairwise(cuts)]
    in_threads(find, parts if len(places) > _FEW else [slice(None)])
    tips = np.flatnonzero(base > 0)
    # The tallest first, ties by place, so that renaming vertices changes nothing.
    x, y, z = vertices[places[tips]].T
    tips = tips[np.lexsort((z, y, x, -np.abs(height[tips])))]
    counts = _mark_spikes(vertices, start, around, border, near, places[tips], base[tips], spike)
    return spike, height[tips[counts.astype(bool)]]
