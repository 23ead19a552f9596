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
    "overturned_faces",
    "passes_needed",
    "sum_near",
    "sum_normals",
]

REACH_MM = 0.5
AGAINST = -0.2
SLIVER_MM = 0.05
_MOST_PASSES = 6

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class WideNormals:
    """Sums per vertex: vector area x, y, z and area, each doubled.

    Parameters
    ----------
    near : (V, 4) float64
        Of the faces at the vertex.
    wide : (V, 4) float64
        Over about `REACH_MM`; nearer faces weigh more.
    passes : int
        Rings that `wide` spreads over.
    """

    near: Doubles
    wide: Doubles
    passes: int

    @property
    def unity(self) -> Doubles:
        """How much the wide patch faces one way: 1 flat, towards 0 on needles; (V,) float64."""
        length = np.sqrt(np.einsum("ij,ij->i", self.wide[:, :3], self.wide[:, :3]))
        return np.where(self.wide[:, 3] > 0, length / np.maximum(self.wide[:, 3], 1e-300), 1.0)


@kernel
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
    sums = np.zeros((len(vertices), 4))
    for f in range(len(faces)):
        a = faces[f, 0]
        b = faces[f, 1]
        c = faces[f, 2]
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
            v = faces[f, j]
            sums[v, 0] += nx
            sums[v, 1] += ny
            sums[v, 2] += nz
            sums[v, 3] += size
    return sums


@kernel
def _spread(faces: Faces, sums: Doubles) -> Doubles:
    """Add the sums of the neighbours, each of them once per face between."""
    out = 2 * sums
    for f in range(len(faces)):
        a = faces[f, 0]
        b = faces[f, 1]
        c = faces[f, 2]
        for k in range(4):
            whole = sums[a, k] + sums[b, k] + sums[c, k]
            out[a, k] += whole - sums[a, k]
            out[b, k] += whole - sums[b, k]
            out[c, k] += whole - sums[c, k]
    return out


@kernel
def _mark_overturned(vertices: Vertices, faces: Faces, wide: Doubles, against: float) -> Mask:
    marked = np.zeros(len(faces), np.bool_)
    for f in range(len(faces)):
        a = faces[f, 0]
        b = faces[f, 1]
        c = faces[f, 2]
        mx = 0.0
        my = 0.0
        mz = 0.0
        for j in range(3):
            v = faces[f, j]
            x = wide[v, 0]
            y = wide[v, 1]
            z = wide[v, 2]
            size = np.sqrt(x * x + y * y + z * z)
            if size > 0:
                mx += x / size
                my += y / size
                mz += z / size
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        nx = uy * vz - uz * vy
        ny = uz * vx - ux * vz
        nz = ux * vy - uy * vx
        dot = nx * mx + ny * my + nz * mz
        if dot < 0:
            size = (nx * nx + ny * ny + nz * nz) * (mx * mx + my * my + mz * mz)
            marked[f] = dot < against * np.sqrt(size)
    return marked


@kernel
def _count_shorter(vertices: Vertices, faces: Faces, lengths: Doubles) -> NDArray[np.int64]:
    """Sides of faces shorter than each length, which fall; last, those of no length."""
    counts = np.zeros(len(lengths) + 1, np.int64)
    for f in range(len(faces)):
        for j in range(3):
            a = faces[f, j]
            b = faces[f, j + 1 if j < 2 else 0]
            x = vertices[b, 0] - vertices[a, 0]
            y = vertices[b, 1] - vertices[a, 1]
            z = vertices[b, 2] - vertices[a, 2]
            square = x * x + y * y + z * z
            for n in range(len(lengths)):
                if square >= lengths[n] * lengths[n]:
                    break
                counts[n] += 1
            counts[len(lengths)] += square == 0
    return counts


def sum_normals(vertices: Vertices, faces: Faces, *, passes: int | None = None) -> WideNormals:
    """Sum vector areas about every vertex.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Consistently wound.
    passes : int, optional
        Rings to spread over: those of the whole mesh where these are a part of its faces. By
        default what reaches about `REACH_MM`.
    """
    near = sum_near(vertices, faces)
    wide = near
    rings = passes_needed(vertices, faces) if passes is None else passes
    for _ in range(rings):
        wide = _spread(faces, wide)
    return WideNormals(near, wide, rings)


def overturned_faces(vertices: Vertices, faces: Faces, normals: WideNormals) -> Mask:
    """Mark faces that face against the patch they lie in.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    normals : WideNormals

    Returns
    -------
    (F,) bool
    """
    marked: Mask = _mark_overturned(vertices, faces, normals.wide, AGAINST)
    rows = np.flatnonzero(marked)
    if len(rows):
        a, b, c = (vertices[faces[rows, j]] for j in range(3))
        double = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        longest = np.max([np.linalg.norm(e, axis=1) for e in (b - a, c - b, a - c)], axis=0)
        marked[rows[double < SLIVER_MM * longest]] = False
    return marked


def passes_needed(vertices: Vertices, faces: Faces) -> int:
    """Return how often to spread, so that sums reach about `REACH_MM`.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    """
    shorter = _count_shorter(vertices, faces, REACH_MM / np.arange(1.0, _MOST_PASSES + 1))
    # The lower median over all sides of all faces: neither the order of the faces nor the corner
    # that a face is named from may play a part.
    enough = np.flatnonzero(2 * shorter[:-1] <= 3 * len(faces))
    if len(enough):
        return int(enough[0])
    return 0 if 2 * shorter[-1] > 3 * len(faces) else _MOST_PASSES
