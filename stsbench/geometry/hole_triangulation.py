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
_NO_NORMAL = 3.0  # worse than any fold (2.0): a triangle without area


class Triangulation(NamedTuple):
    """Triangles of all rims, one rim after the other.

    Parameters
    ----------
    triangles : (T, 3) int32
        Places within their rim; the number of places stands for an added middle vertex.
    offsets : (L+1,) int64
    method : (L,) uint8
        EXACT, WIDE, STAR (joined to a middle vertex) or IMPOSSIBLE (no triangles).
    """

    triangles: NDArray[np.int32]
    offsets: NDArray[np.int64]
    method: NDArray[np.uint8]


class _Table(NamedTuple):
    """The search's table over intervals [first, last] of a rim, as wide as the widest."""

    angle: NDArray[np.float64]  # worst bend inside, 1 - cosine
    area: NDArray[np.float64]
    middle: NDArray[np.int32]  # the third corner of the best triangle on the chord
    facing: NDArray[np.float64]  # its normal


@kernel
def _face_normal(
    vertices: NDArray[np.float64], a: int, b: int, c: int, thin_mm: float
) -> tuple[float, float, float, float]:
    """Return unit normal and area of a triangle; a zero normal where it is thin."""
    e0 = vertices[b, 0] - vertices[a, 0]
    e1 = vertices[b, 1] - vertices[a, 1]
    e2 = vertices[b, 2] - vertices[a, 2]
    f0 = vertices[c, 0] - vertices[a, 0]
    f1 = vertices[c, 1] - vertices[a, 1]
    f2 = vertices[c, 2] - vertices[a, 2]
    n0 = e1 * f2 - e2 * f1
    n1 = e2 * f0 - e0 * f2
    n2 = e0 * f1 - e1 * f0
    length = np.sqrt(n0 * n0 + n1 * n1 + n2 * n2)
    to_b = e0 * e0 + e1 * e1 + e2 * e2
    to_c = f0 * f0 + f1 * f1 + f2 * f2
    across = to_b + to_c - 2.0 * (e0 * f0 + e1 * f1 + e2 * f2)
    if length > thin_mm * np.sqrt(max(to_b, to_c, across)):
        return n0 / length, n1 / length, n2 / length, 0.5 * length
    return 0.0, 0.0, 0.0, 0.5 * length


@kernel
def _cover(
    vertices: NDArray[np.float64],
    rim: NDArray[np.int32],
    start: int,
    size: int,
    thin_mm: float,
    table: _Table,
    triangles: NDArray[np.int32],
    made: int,
) -> int:
    """Cover one rim and append its triangles; -1 when every way is banned.

    `angle` comes in with infinity at banned chords and 0
    elsewhere, `facing` with the normals behind the polygon's own edges: [i, i + 1], and [0, 0] for
    the one that closes it; zeros where nothing is known.
    """
    angle, area, middle, facing = table
    for gap in range(2, size):
        for i in range(size - gap):
            k = i + gap
            if angle[i, k] == np.inf:
                continue
            best_angle = np.inf
            best_area = np.inf
            best = -1
            w0 = w1 = w2 = 0.0
            for m in range(i + 1, k):
                worst = max(angle[i, m], angle[m, k])
                # What lies below already exceeds the best: this triangle can't mend that.
                if worst > best_angle + 1e-9 or worst == np.inf:
                    continue
                n0, n1, n2, own = _face_normal(
                    vertices, rim[start + i], rim[start + m], rim[start + k], thin_mm
                )
                if n0 == 0.0 and n1 == 0.0 and n2 == 0.0:
                    worst = max(worst, _NO_NORMAL)
                for side in range(3 if gap == size - 1 else 2):
                    a = m if side == 1 else i
                    b = m if side == 0 else k if side == 1 else i
                    q0 = facing[a, b, 0]
                    q1 = facing[a, b, 1]
                    q2 = facing[a, b, 2]
                    if q0 != 0.0 or q1 != 0.0 or q2 != 0.0:
                        worst = max(worst, 1.0 - (n0 * q0 + n1 * q1 + n2 * q2))
                total = area[i, m] + area[m, k] + own
                if worst < best_angle - 1e-9 or (
                    worst < best_angle + 1e-9 and total < best_area * (1.0 - 1e-9)
                ):
                    best_angle = worst
                    best_area = total
                    best = m
                    w0 = n0
                    w1 = n1
                    w2 = n2
            angle[i, k] = best_angle
            area[i, k] = best_area
            middle[i, k] = best
            facing[i, k, 0] = w0
            facing[i, k, 1] = w1
            facing[i, k, 2] = w2
    if angle[0, size - 1] == np.inf:
        return -1
    # Walk the choices down: a triangle is an interval first, then gets its middle.
    done = made
    triangles[made, 0] = 0
    triangles[made, 2] = size - 1
    made += 1
    while done < made:
        i = triangles[done, 0]
        k = triangles[done, 2]
        m = middle[i, k]
        triangles[done, 1] = m
        done += 1
        if m - i > 1:
            triangles[made, 0] = i
            triangles[made, 2] = m
            made += 1
        if k - m > 1:
            triangles[made, 0] = m
            triangles[made, 2] = k
            made += 1
    return made


@kernel
def _triangulate(
    vertices: NDArray[np.float64],
    rims: Rims,
    table: _Table,
    triangulation: Triangulation,
) -> None:
    """Triangulate every rim whose method is EXACT; STAR where all chords are banned."""
    rim = rims.vertex
    offsets = rims.offsets
    normal = rims.normal
    banned = rims.banned
    angle = table.angle
    area = table.area
    facing = table.facing
    triangles, triangle_offsets, method = triangulation
    made = np.int64(0)  # not a literal: the callee would be compiled twice
    ban = np.int64(0)
    for loop in range(offsets.shape[0] - 1):
        start = offsets[loop]
        size = offsets[loop + 1] - start
        ban_start = ban
        while ban < banned.shape[0] and banned[ban, 0] == loop:
            ban += 1
        if method[loop] == EXACT:
            for i in range(size):
                for k in range(i + 1, size):
                    angle[i, k] = np.inf if rim[start + i] == rim[start + k] else 0.0
            for i in range(size):
                # The edge that closes the rim has its normal at [0, 0].
                to = i + 1 if i + 1 < size else 0
                at = i if i + 1 < size else 0
                for k in range(3):
                    facing[at, to, k] = normal[start + i, k]
                if to > 0:
                    angle[i, to] = 0.0
                    area[i, to] = 0.0
            for entry in range(ban_start, ban):
                angle[banned[entry, 1], banned[entry, 2]] = np.inf
            after = _cover(vertices, rim, start, size, rims.thin_mm, table, triangles, made)
            if after < 0:
                method[loop] = STAR
            else:
                made = after
        if method[loop] == STAR:
            for i in range(size):
                triangles[made, 0] = i
                triangles[made, 1] = i + 1 if i + 1 < size else 0
                triangles[made, 2] = size
                made += 1
        triangle_offsets[loop + 1] = made


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
    triangles = np.empty((len(rims.vertex), 3), np.int32)
    made = Triangulation(triangles, np.zeros(len(sizes) + 1, np.int64), method)
    _triangulate(vertices, rims, table, made)
    return made._replace(triangles=triangles[: made.offsets[-1]])
