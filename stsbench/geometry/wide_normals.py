"""Which way the surface faces about every vertex: at the vertex itself and over a wider patch.

Rules owned here:
- `near` sums vector area and area of the faces at a vertex; `wide` spreads those sums over rings
  until they reach about `REACH_MM`. Where faces point in many directions the vector area of a patch
  is much shorter than its area.
- A face is *overturned* when it faces against its wide patch: the cosine is below `AGAINST`. Clean
  scans have none; a fold has, whether or not it already passes through itself. Slivers less than
  `SLIVER_MM` high are not judged: their normal says little, and machined parts are full of them.

Source: vector area: Meyer et al., Discrete differential-geometry operators for triangulated
2-manifolds, VisMath 2002; the thresholds are choices, measured on clean scans (docs/repair.md).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import kernel

__all__ = [
    "AGAINST",
    "REACH_MM",
    "WideNormals",
    "count_sides",
    "overturned_faces",
    "passes_for",
    "spread_normals",
    "spread_sums",
    "sum_and_count",
    "sum_near",
    "sum_normals",
    "unity_of",
]

REACH_MM = 0.5
AGAINST = -0.2
SLIVER_MM = 0.05
_MOST_PASSES = 6
_SQUARES = (REACH_MM / np.arange(1.0, _MOST_PASSES + 1)) ** 2

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class WideNormals:
    """Sums per vertex: vector area x, y, z and area, each doubled.

    Parameters
    ----------
    near : (V, 4) float64
        Of the faces at the vertex.
    wide : (V, 4) float64
        Over about `REACH_MM`; nearer faces weigh more.
    unity : (V,) float64
        How much the wide patch faces one way: 1 flat, towards 0 on needles.
    passes : int
        Rings that `wide` spreads over.
    shorter : (N + 1,) int64
        From `count_sides`.
    """

    near: Doubles
    wide: Doubles
    unity: Doubles
    passes: int
    shorter: Counts


@kernel
def _sum_near(vertices: Vertices, faces: Faces, squares: Doubles, shorter: Counts) -> Doubles:
    """Sum vector area and area about every vertex; count sides with shorter squares, if given.

    Last are counted those of no length.
    """
    sums = np.zeros((len(vertices), 4))
    for f in range(len(faces)):
        a = np.uint32(faces[f, 0])
        b = np.uint32(faces[f, 1])
        c = np.uint32(faces[f, 2])
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        nx = uy * vz - uz * vy
        ny = uz * vx - ux * vz
        nz = ux * vy - uy * vx
        size = np.sqrt(nx * nx + ny * ny + nz * nz)
        for j in range(3):
            v = np.uint32(faces[f, j])
            sums[v, 0] += nx
            sums[v, 1] += ny
            sums[v, 2] += nz
            sums[v, 3] += size
        if len(squares) == 0:
            continue
        wx = vx - ux
        wy = vy - uy
        wz = vz - uz
        first = ux * ux + uy * uy + uz * uz
        second = vx * vx + vy * vy + vz * vz
        third = wx * wx + wy * wy + wz * wz
        for n in range(_MOST_PASSES):
            limit = squares[n]
            shorter[n] += (first < limit) + (second < limit) + (third < limit)
        shorter[_MOST_PASSES] += (first == 0) + (second == 0) + (third == 0)
    return sums


@kernel
def _spread(faces: Faces, sums: Doubles) -> Doubles:
    """Add the sums of the neighbours, each of them once per face between.

    All is read before anything is written: so the four sums are added side by side.
    """
    out = 2 * sums
    for f in range(len(faces)):
        a = np.uint32(faces[f, 0])
        b = np.uint32(faces[f, 1])
        c = np.uint32(faces[f, 2])
        a0 = sums[a, 0]
        b0 = sums[b, 0]
        c0 = sums[c, 0]
        a1 = sums[a, 1]
        b1 = sums[b, 1]
        c1 = sums[c, 1]
        a2 = sums[a, 2]
        b2 = sums[b, 2]
        c2 = sums[c, 2]
        a3 = sums[a, 3]
        b3 = sums[b, 3]
        c3 = sums[c, 3]
        w0 = a0 + b0 + c0
        w1 = a1 + b1 + c1
        w2 = a2 + b2 + c2
        w3 = a3 + b3 + c3
        out[a, 0] += w0 - a0
        out[a, 1] += w1 - a1
        out[a, 2] += w2 - a2
        out[a, 3] += w3 - a3
        out[b, 0] += w0 - b0
        out[b, 1] += w1 - b1
        out[b, 2] += w2 - b2
        out[b, 3] += w3 - b3
        out[c, 0] += w0 - c0
        out[c, 1] += w1 - c1
        out[c, 2] += w2 - c2
        out[c, 3] += w3 - c3
    return out


@kernel
def _mark_overturned(vertices: Vertices, faces: Faces, wide: Doubles, against: float) -> Mask:
    marked = np.zeros(len(faces), np.bool_)
    for f in range(len(faces)):
        a = np.uint32(faces[f, 0])
        b = np.uint32(faces[f, 1])
        c = np.uint32(faces[f, 2])
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        nx = uy * vz - uz * vy
        ny = uz * vx - ux * vz
        nz = ux * vy - uy * vx
        # A face with the patches of all its corners is with their mean too.
        if (
            (nx * wide[a, 0] + ny * wide[a, 1] + nz * wide[a, 2] > 0)
            & (nx * wide[b, 0] + ny * wide[b, 1] + nz * wide[b, 2] > 0)
            & (nx * wide[c, 0] + ny * wide[c, 1] + nz * wide[c, 2] > 0)
        ):
            continue
        mx = 0.0
        my = 0.0
        mz = 0.0
        for j in range(3):
            v = np.uint32(faces[f, j])
            x = wide[v, 0]
            y = wide[v, 1]
            z = wide[v, 2]
            size = np.sqrt(x * x + y * y + z * z)
            if size > 0:
                mx += x / size
                my += y / size
                mz += z / size
        dot = nx * mx + ny * my + nz * mz
        if dot < 0:
            size = (nx * nx + ny * ny + nz * nz) * (mx * mx + my * my + mz * mz)
            marked[f] = dot < against * np.sqrt(size)
    return marked


def sum_near(vertices: Vertices, faces: Faces) -> Doubles:
    """Sum vector area and area of the faces at every vertex, doubled.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32

    Returns
    -------
    (V, 4) float64
    """
    sums: Doubles = _sum_near(vertices, faces, np.zeros(0), np.zeros(1, dtype=np.int64))
    return sums


def sum_normals(vertices: Vertices, faces: Faces) -> WideNormals:
    """Sum vector areas about every vertex.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Consistently wound.
    """
    return spread_normals(faces, *sum_and_count(vertices, faces))


def sum_and_count(vertices: Vertices, faces: Faces) -> tuple[Doubles, Counts]:
    """Do the first half of `sum_normals`, which needs no more than one pass: `near`, `shorter`."""
    shorter = np.zeros(len(_SQUARES) + 1, dtype=np.int64)
    return _sum_near(vertices, faces, _SQUARES, shorter), shorter


def spread_normals(faces: Faces, near: Doubles, shorter: Counts) -> WideNormals:
    """Do the other half of `sum_normals`.

    Parameters
    ----------
    faces : (F, 3) int32
    near : (V, 4) float64
    shorter : (N + 1,) int64
        Both from `sum_and_count`.
    """
    passes = passes_for(shorter, len(faces))
    wide = spread_sums(faces, near, passes)
    return WideNormals(near, wide, unity_of(wide), passes, shorter)


def spread_sums(faces: Faces, sums: Doubles, passes: int) -> Doubles:
    """Spread sums over rings.

    Parameters
    ----------
    faces : (F, 3) int32
        With some of a mesh's faces vertices get the right sums that lie at least `passes` rings
        within these.
    sums : (V, 4) float64
    passes : int

    Returns
    -------
    (V, 4) float64
    """
    for _ in range(passes):
        sums = _spread(faces, sums)
    return sums


def unity_of(wide: Doubles) -> Doubles:
    """Return how much patches face one way, (V,) float64, from their sums, (V, 4) float64."""
    length = np.sqrt(np.einsum("ij,ij->i", wide[:, :3], wide[:, :3]))
    unity = np.ones(len(wide))
    np.divide(length, wide[:, 3], out=unity, where=wide[:, 3] > 0)
    return unity


def overturned_faces(vertices: Vertices, faces: Faces, wide: Doubles) -> Mask:
    """Mark faces that face against the patch they lie in.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    wide : (V, 4) float64
        Of a `WideNormals`.

    Returns
    -------
    (F,) bool
    """
    marked: Mask = _mark_overturned(vertices, faces, wide, AGAINST)
    rows = np.flatnonzero(marked)
    if len(rows):
        a, b, c = (vertices[faces[rows, j]] for j in range(3))
        double = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        longest = np.max([np.linalg.norm(e, axis=1) for e in (b - a, c - b, a - c)], axis=0)
        marked[rows[double < SLIVER_MM * longest]] = False
    return marked


def count_sides(vertices: Vertices, faces: Faces) -> Counts:
    """Count sides of faces shorter than an n-th of `REACH_MM`; last, those of no length.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32

    Returns
    -------
    (N + 1,) int64
    """
    corners = vertices[faces]
    side = corners - corners[:, [2, 0, 1]]
    side *= side
    square = side[:, :, 0] + side[:, :, 1] + side[:, :, 2]
    shorter = [np.count_nonzero(square < limit) for limit in _SQUARES]
    return np.array([*shorter, np.count_nonzero(square == 0)])


def passes_for(shorter: Counts, face_count: int) -> int:
    """Return how often to spread, so that sums reach about `REACH_MM`.

    Parameters
    ----------
    shorter : (N + 1,) int64
        From `count_sides`, of all faces.
    face_count : int
    """
    # The lower median over all sides of all faces: neither the order of the faces nor the corner
    # that a face is named from may play a part.
    enough = np.flatnonzero(2 * shorter[:-1] <= 3 * face_count)
    if len(enough):
        return int(enough[0])
    return 0 if 2 * shorter[-1] > 3 * face_count else _MOST_PASSES
