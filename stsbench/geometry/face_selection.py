"""Pick faces of a mesh by what they touch, what they are joined to or what they come near.

Rules owned here:
- Every search is one pass over the faces and looks only at those alive: a mesh under a technician's
  hands keeps the slots of faces that are gone.
- `faces_near` may name too many faces, never too few: two faces whose boxes overlap have a cell of
  a coarse grid in common.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import in_threads, kernel
from stsbench.geometry.face_measures import box_of

__all__ = ["Excerpt", "faces_joined", "faces_near", "faces_touching", "take_excerpt"]

_CELLS = 96
_FEW = 20_000  # faces that are not worth another thread

Rows = NDArray[np.int32]


class Excerpt(NamedTuple):
    """Some faces of a mesh with vertices numbered anew.

    Parameters
    ----------
    vertex : (L,) int32
        The vertex of the mesh behind each vertex of the excerpt, in order of first use.
    faces : (N, 3) int32
    """

    vertex: Rows
    faces: Faces


@kernel
def _touching(faces, alive, marked, least):
    rows = np.empty(len(faces), np.int32)
    count = 0
    for f in range(len(faces)):
        if not alive[f]:
            continue
        touched = 0
        for j in range(3):
            if marked[faces[f, j]]:
                touched += 1
        if touched >= least:
            rows[count] = f
            count += 1
    return rows[:count].copy()


def faces_touching(faces: Faces, alive: Mask, marked: Mask, *, least: int = 1) -> Rows:
    """Return the faces alive that name at least so many marked vertices, (N,) int32 ascending.

    Parameters
    ----------
    faces : (F, 3) int32
    alive : (F,) bool
    marked : (V,) bool
    least : int
    """
    rows: Rows = _touching(faces, alive, marked, least)
    return rows


@kernel
def _joined(twin, seed):
    three = np.uint32(3)
    seen = np.zeros(len(twin) // 3, np.bool_)
    rows = np.empty(len(seen), np.uint32)
    seen[seed] = True
    rows[0] = seed
    count = 1
    at = 0
    while at < count:
        f = rows[at]
        at += 1
        for j in range(3):
            t = twin[three * f + np.uint32(j)]
            if t >= 0:
                g = np.uint32(t) // three
                if not seen[g]:
                    seen[g] = True
                    rows[count] = g
                    count += 1
    return seen


def faces_joined(twin: NDArray[np.int32], seed: int) -> Rows:
    """Return the faces of one piece, (N,) int32 ascending: all that edges join to a face.

    Parameters
    ----------
    twin : (3F,) int32
    seed : int
        A face of the piece.
    """
    return np.flatnonzero(_joined(twin, seed)).astype(np.int32)


@kernel
def _cells_of(cells, table, f):
    """First and last cell that the box of a face covers, by axis."""
    a, b, c = np.uint32(table[f, 0]), np.uint32(table[f, 1]), np.uint32(table[f, 2])
    x0, y0, z0 = cells[a, 0], cells[a, 1], cells[a, 2]
    x1, y1, z1 = x0, y0, z0
    for v in (b, c):
        x, y, z = cells[v, 0], cells[v, 1], cells[v, 2]
        x0, x1 = min(x0, x), max(x1, x)
        y0, y1 = min(y0, y), max(y1, y)
        z0, z1 = min(z0, z), max(z1, z)
    return x0, x1, y0, y1, z0, z1


@kernel
def _near(cells, faces, alive, asked_cells, asked, rows):
    taken = np.zeros((_CELLS + 2, _CELLS + 2, _CELLS + 2), np.bool_)
    for n in range(len(asked)):
        x0, x1, y0, y1, z0, z1 = _cells_of(asked_cells, asked, n)
        for x in range(x0, x1 + 1):
            for y in range(y0, y1 + 1):
                for z in range(z0, z1 + 1):
                    taken[x, y, z] = True
    count = 0
    for f in range(len(faces)):
        if not alive[f]:
            continue
        x0, x1, y0, y1, z0, z1 = _cells_of(cells, faces, f)
        if min(x1, y1, z1) == 0 or max(x0, y0, z0) > _CELLS:
            continue
        met = False
        for x in range(x0, x1 + 1):
            for y in range(y0, y1 + 1):
                for z in range(z0, z1 + 1):
                    met |= taken[x, y, z]
        if met:
            rows[count] = f
            count += 1
    return count


@kernel
def _cells(vertices, low, scale):
    """Cell of each vertex; 0 and the last one hold what lies outside the grid."""
    cells = np.empty((len(vertices), 3), np.uint8)
    for v in range(len(vertices)):
        for k in range(3):
            place = (vertices[v, k] - low[k]) * scale + 1.0
            cells[v, k] = np.uint8(min(max(place, 0.0), _CELLS + 1.0))
    return cells


def faces_near(
    vertices: Vertices,
    faces: Faces,
    alive: Mask,
    asked_vertices: Vertices,
    asked: Faces,
    *,
    margin_mm: float = 0.0,
) -> Rows:
    """Return the faces alive whose boxes may overlap those of some other faces, ascending.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    alive : (F,) bool
    asked_vertices : (W, 3) float64, mm
    asked : (N, 3) int32
        Over `asked_vertices`; a face may repeat a corner.
    margin_mm : float
        Look this much farther about the asked faces.

    Returns
    -------
    (M,) int32
    """
    if not len(asked) or not len(faces):
        return np.zeros(0, dtype=np.int32)
    asked_vertices = np.ascontiguousarray(asked_vertices, dtype=np.float64)
    asked = np.ascontiguousarray(asked, dtype=np.int32)
    if margin_mm > 0.0:
        corners = asked_vertices[asked]
        boxes = np.stack([corners.min(axis=1) - margin_mm, corners.max(axis=1) + margin_mm], axis=1)
        asked_vertices = np.ascontiguousarray(boxes.reshape(-1, 3))
        low_high = np.arange(2 * len(asked), dtype=np.int32).reshape(-1, 2)
        asked = np.ascontiguousarray(low_high[:, [0, 0, 1]])
    low, high = box_of(asked_vertices.take(asked.ravel(), axis=0))
    extent = float((high - low).max())
    # The last cell takes what rounding puts past the end.
    scale = (_CELLS - 1) / extent if extent > 0 else 0.0
    asked_cells = _cells(asked_vertices, low, scale)
    cells = asked_cells if vertices is asked_vertices else _cells(vertices, low, scale)

    def near(begin: int) -> Rows:
        own, lives = faces[begin : begin + part], alive[begin : begin + part]
        rows = np.empty(len(own), dtype=np.int32)
        count = _near(cells, own, lives, asked_cells, asked, rows)
        return rows[:count] + np.int32(begin)

    part = max((len(faces) + 1) // 2, _FEW)
    return np.concatenate(in_threads(near, range(0, len(faces), part)))


@kernel
def _renumber(faces, rows, name, vertex, out):
    count = 0
    for n in range(len(rows)):
        for j in range(3):
            v = faces[rows[n], j]
            if name[v] < 0:
                name[v] = count
                vertex[count] = v
                count += 1
            out[n, j] = name[v]
    return count


def take_excerpt(faces: Faces, rows: NDArray[np.integer], vertex_count: int) -> Excerpt:
    """Take some faces out of a mesh as a small mesh of their own.

    Parameters
    ----------
    faces : (F, 3) int32
    rows : (N,) int
    vertex_count : int

    Returns
    -------
    Excerpt
    """
    name = np.full(vertex_count, -1, dtype=np.int32)
    vertex = np.empty(min(3 * len(rows), vertex_count), dtype=np.int32)
    out = np.empty((len(rows), 3), dtype=np.int32)
    count = _renumber(faces, rows.astype(np.int32), name, vertex, out)
    return Excerpt(vertex[:count].copy(), out)
