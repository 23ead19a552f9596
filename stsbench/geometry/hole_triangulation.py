"""Cover each boundary loop with triangles between its own vertices.

Rules owned here:
- A patch runs against its loop, so that it agrees with the faces that own the rim.
- The triangulation minimises the worst dihedral angle, the rim's own faces included, then the area.
- No edge of a patch exists elsewhere in the mesh, and none joins a vertex with itself: such chords
  are banned. Where nothing else remains, one vertex in the middle of the rim is joined to all.
- The exact search is cubic, so it takes rims of up to `EXACT_RIM` places; `wide_rims` covers longer
  ones.

Source: P. Liepa, *Filling holes in meshes*, Symposium on Geometry Processing 2003.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.hole_rims import Rims

__all__ = [
    "EXACT", "EXACT_RIM", "IMPOSSIBLE", "STAR", "WIDE", "Triangulation", "triangulate_rims",
]  # fmt: skip

EXACT_RIM = 160  # places; the exact search of 160 takes about 10 ms
EXACT, WIDE, STAR, IMPOSSIBLE = range(4)
# What moving a scan and rounding it again may change decides nothing.
_SAME_BEND = 1e-3
_SAME_AREA = 1e-4
_NO_NORMAL = 3.0  # worse than any fold (2.0): a triangle without area


class Triangulation(NamedTuple):
    """Triangles of all rims, one rim after the other.

    Parameters
    ----------
    triangles : (T, 3) int32
        Places within their rim; the number of places stands for an added middle vertex.
    opposite : (T, 3) int32
        Opposite half-edge of each triangle edge, counted from the rim's first triangle; -1 on the
        rim.
    offsets : (L+1,) int64
    method : (L,) uint8
        EXACT, WIDE, STAR (joined to a middle vertex) or IMPOSSIBLE (no triangles).
    """

    triangles: NDArray[np.int32]
    opposite: NDArray[np.int32]
    offsets: NDArray[np.int64]
    method: NDArray[np.uint8]


class _Table(NamedTuple):
    """The search's table over intervals [first, last] of a rim, as wide as the widest."""

    angle: NDArray[np.float64]  # worst bend inside, 1 - cosine
    area: NDArray[np.float64]
    middle: NDArray[np.int32]  # the third corner of the best triangle on the chord
    facing: NDArray[np.float64]  # its normal


@kernel
def _triangulate(
    vertices: NDArray[np.float64], rims: Rims, table: _Table, triangulation: Triangulation
) -> None:
    """Triangulate every rim whose method is EXACT; STAR where all chords are banned.

    The table has infinity at banned chords, and the normals behind the polygon's own edges at
    [i, i + 1], and at [0, 0] for the one that closes it; zeros where nothing is known.
    """
    rim = rims.vertex
    offsets = rims.offsets
    banned = rims.banned
    thin_mm = rims.thin_mm
    angle, area, middle, facing = table
    triangles, opposite, triangle_offsets, method = triangulation
    made = 0
    ban = 0
    to = np.empty((3, 3))
    normal = np.empty(3)
    for loop in range(offsets.shape[0] - 1):
        start = offsets[loop]
        size = offsets[loop + 1] - start
        first = made
        triangle_offsets[loop] = made
        if method[loop] == EXACT:
            for i in range(size):
                # The edge that closes the rim has its normal at [0, 0].
                last = i + 1 == size
                for k in range(i + 1, size):
                    angle[i, k] = np.inf if rim[start + i] == rim[start + k] else 0.0
                for k in range(3):
                    facing[0 if last else i, 0 if last else i + 1, k] = rims.normal[start + i, k]
                if not last:
                    angle[i, i + 1] = 0.0
                    area[i, i + 1] = 0.0
            while ban < banned.shape[0] and banned[ban, 0] <= loop:
                if banned[ban, 0] == loop:
                    angle[banned[ban, 1], banned[ban, 2]] = np.inf
                ban += 1
            for gap in range(2, size):
                for i in range(size - gap):
                    k = i + gap
                    best_angle = np.inf
                    best_area = np.inf
                    best = i
                    closing = 3 if gap == size - 1 else 2
                    for m in range(i + 1, k if angle[i, k] < np.inf else i):
                        worst = max(angle[i, m], angle[m, k])
                        # What lies below already exceeds the best: this triangle can't mend that.
                        if worst > best_angle + _SAME_BEND or worst == np.inf:
                            continue
                        longest = 0.0
                        length = 0.0
                        for j in range(3):
                            to[0, j] = vertices[rim[start + m], j] - vertices[rim[start + i], j]
                            to[1, j] = vertices[rim[start + k], j] - vertices[rim[start + m], j]
                            to[2, j] = vertices[rim[start + i], j] - vertices[rim[start + k], j]
                        for j in range(3):
                            j1 = j + 1 if j < 2 else 0
                            j2 = j - 1 if j > 0 else 2
                            normal[j] = to[0, j1] * to[1, j2] - to[0, j2] * to[1, j1]
                            length += normal[j] * normal[j]
                            squared = (
                                to[j, 0] * to[j, 0] + to[j, 1] * to[j, 1] + to[j, 2] * to[j, 2]
                            )
                            longest = max(longest, squared)
                        length = np.sqrt(length)
                        total = area[i, m] + area[m, k] + 0.5 * length
                        if length > thin_mm * np.sqrt(longest):
                            for side in range(closing):
                                a = m if side == 1 else i
                                b = m if side == 0 else k if side == 1 else i
                                cosine = 0.0
                                known = 0.0
                                for j in range(3):
                                    cosine += facing[a, b, j] * normal[j]
                                    known += abs(facing[a, b, j])
                                if known > 0.0:
                                    worst = max(worst, 1.0 - cosine / length)
                        else:
                            worst = max(worst, _NO_NORMAL)
                            length = np.inf
                        if worst < best_angle - _SAME_BEND or (
                            worst < best_angle + _SAME_BEND
                            and total < best_area * (1.0 - _SAME_AREA)
                        ):
                            best_angle = worst
                            best_area = total
                            best = m
                            for j in range(3):
                                facing[i, k, j] = normal[j] / length
                    angle[i, k] = best_angle
                    area[i, k] = best_area
                    middle[i, k] = best
            if angle[0, size - 1] == np.inf:
                method[loop] = STAR
            else:
                # Walk the choices down: a triangle is an interval first, then gets its middle.
                triangles[made, 0] = 0
                triangles[made, 2] = size - 1
                opposite[made, 2] = -1
                done = made
                made += 1
                while done < made:
                    triangles[done, 1] = middle[triangles[done, 0], triangles[done, 2]]
                    for side in range(2):
                        opposite[done, side] = -1
                        if triangles[done, side + 1] - triangles[done, side] > 1:
                            triangles[made, 0] = triangles[done, side]
                            triangles[made, 2] = triangles[done, side + 1]
                            opposite[made, 2] = 3 * (done - first) + side
                            opposite[done, side] = 3 * (made - first) + 2
                            made += 1
                    done += 1
        if method[loop] == STAR:
            for i in range(size):
                after = i + 1 if i + 1 < size else 0
                triangles[made, 0] = i
                triangles[made, 1] = after
                triangles[made, 2] = size
                opposite[made, 0] = -1
                opposite[made, 1] = 3 * after + 2
                opposite[made, 2] = 3 * (i - 1 if i > 0 else size - 1) + 1
                made += 1
    triangle_offsets[offsets.shape[0] - 1] = made


def triangulate_rims(
    vertices: Vertices, rims: Rims, *, exact_rim: int = EXACT_RIM
) -> Triangulation:
    """Triangulate every rim of at most `exact_rim` places in one kernel call.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    rims : Rims
    exact_rim : int
        Most places for the exact search.

    Returns
    -------
    Triangulation
        Longer rims have the method WIDE and no triangles.
    """
    sizes = np.diff(rims.offsets)
    method = np.where(rims.supported, np.where(sizes > exact_rim, WIDE, EXACT), IMPOSSIBLE)
    method = method.astype(np.uint8)
    widest = int(sizes[method == EXACT].max(initial=3))
    table = _Table(
        angle=np.empty((widest, widest)),
        area=np.empty((widest, widest)),
        middle=np.empty((widest, widest), np.int32),
        facing=np.empty((widest, widest, 3)),
    )
    triangles, opposite = np.empty((2, len(rims.vertex), 3), np.int32)
    made = Triangulation(triangles, opposite, np.zeros(len(sizes) + 1, np.int64), method)
    _triangulate(vertices, rims, table, made)
    for loop in np.flatnonzero(method == STAR):
        # A middle joined twice to a vertex that the rim passes twice is no surface.
        own = rims.vertex[rims.offsets[loop] : rims.offsets[loop + 1]]
        if len(np.unique(own)) < len(own):
            method[loop] = IMPOSSIBLE
    counts = np.where(method == IMPOSSIBLE, 0, np.diff(made.offsets))
    rows = np.repeat(method != IMPOSSIBLE, np.diff(made.offsets))
    used = made.offsets[-1]
    return made._replace(
        triangles=triangles[:used][rows],
        opposite=opposite[:used][rows],
        offsets=np.cumsum([0, *counts]).astype(np.int64),
    )
