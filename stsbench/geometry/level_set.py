"""Level-set surface of a sampled volume by marching cubes: closed, manifold, wound outwards.

Rules owned here:
- Values grow outwards: a node is inside when its value is below the level, and normals point to
  larger values.
- On a face whose diagonal nodes are inside, the inside nodes are kept apart. The rule looks at
  signs only, so the two cells beside the face agree and the surface cannot tear.
- A cell's polygon is cut only by diagonals through the cell's interior. A diagonal in a cell face
  could be drawn by both neighbours and would give an edge four faces.
- A crossing keeps a thousandth of an edge away from the nodes: no two vertices coincide.
- Where inside nodes touch the wall of the volume the surface ends there: pad the volume with
  outside values to get a closed one.

The table is derived below, not copied: 256 sign patterns, traced round the six faces of a cell.

References
----------
Lorensen and Cline, Marching cubes, Computer Graphics 21(4), 1987, 163-169.
Nielson and Hamann, The asymptotic decider, Proc. Visualization 1991, 83-91 (torn faces).
"""

from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.errors import InputError
from stsbench.geometry.compiled import in_threads, kernel

__all__ = ["extract_surface"]

# Corner c of a cell has x, y, z in its bits 0, 1, 2. Edge e = 4 * axis + rank runs along an axis
# from _EDGE_FROM[e]. Each face lists its corners counter-clockwise seen from outside the cell.
_EDGE_FROM = [c for axis in range(3) for c in range(8) if not c >> axis & 1]
_FACES = ((0, 4, 6, 2), (1, 3, 7, 5), (0, 1, 5, 4), (2, 6, 7, 3), (0, 2, 3, 1), (4, 5, 7, 6))
_MOST_FACES = 5
_NEAREST = 1e-3

Polygon = tuple[int, ...]


def _edge_between(a: int, b: int) -> int:
    axis = (a ^ b).bit_length() - 1
    return next(e for e in range(4 * axis, 4 * axis + 4) if _EDGE_FROM[e] == min(a, b))


def _polygons(pattern: int) -> list[Polygon]:
    """Trace the polygons of one sign pattern; bit c set when corner c is inside."""
    following: dict[int, int] = {}
    for face in _FACES:
        inside = [pattern >> corner & 1 for corner in face]
        for start in range(4):
            if inside[start] and not inside[start - 1]:
                end = start
                while inside[(end + 1) % 4]:
                    end += 1
                entry = _edge_between(face[start - 1], face[start])
                leave = _edge_between(face[end % 4], face[(end + 1) % 4])
                following[entry] = leave
    polygons = []
    while following:
        polygon = [min(following)]
        while following[polygon[-1]] != polygon[0]:
            polygon.append(following[polygon[-1]])
        for edge in polygon:
            del following[edge]
        polygons.append(tuple(polygon))
    return polygons


@cache
def _shared_faces() -> frozenset[tuple[int, int]]:
    """Pairs of cell edges that lie in one cell face."""
    pairs: set[tuple[int, int]] = set()
    for face in _FACES:
        rim = sorted(_edge_between(face[k - 1], face[k]) for k in range(4))
        pairs.update(combinations(rim, 2))
    return frozenset(pairs)


def _cut(polygon: Polygon) -> list[Polygon] | None:
    """Cut a polygon into triangles by inner diagonals only; None where that cannot be done."""
    if len(polygon) == 3:
        return [polygon]
    first, last = polygon[0], polygon[-1]
    for k in range(1, len(polygon) - 1):
        ears = ((first, polygon[k], k > 1), (polygon[k], last, k < len(polygon) - 2))
        if any(new and (min(a, b), max(a, b)) in _shared_faces() for a, b, new in ears):
            continue
        left = _cut(polygon[: k + 1]) if k > 1 else []
        right = _cut(polygon[k:]) if k < len(polygon) - 2 else []
        if left is not None and right is not None:
            return [*left, (first, polygon[k], last), *right]
    return None


@cache
def _tables() -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Return the cell edges of each face of each pattern, and how many faces a pattern has."""
    table = np.full((256, _MOST_FACES, 3), -1, dtype=np.int8)
    counts = np.zeros(256, dtype=np.int64)
    for pattern in range(256):
        faces = [face for polygon in _polygons(pattern) for face in _cut(polygon) or ()]
        counts[pattern] = len(faces)
        table[pattern, : len(faces)] = np.array(faces, dtype=np.int8).reshape(-1, 3)
    return table, counts


@kernel
def _count(volume, level, first, last, faces_of, vertex_counts, face_counts):
    """Count vertices and faces of each layer of cells first <= i < last."""
    layers, rows, columns = volume.shape
    for i in range(first, last):
        found = 0
        faces = 0
        for j in range(rows):
            for k in range(columns):
                inside = volume[i, j, k] < level
                if i + 1 < layers and (volume[i + 1, j, k] < level) != inside:
                    found += 1
                if j + 1 < rows and (volume[i, j + 1, k] < level) != inside:
                    found += 1
                if k + 1 < columns and (volume[i, j, k + 1] < level) != inside:
                    found += 1
                if i + 1 < layers and j + 1 < rows and k + 1 < columns:
                    pattern = 0
                    for c in range(8):
                        if volume[i + (c & 1), j + (c >> 1 & 1), k + (c >> 2 & 1)] < level:
                            pattern |= 1 << c
                    faces += faces_of[pattern]
        vertex_counts[i] = found
        face_counts[i] = faces


@kernel
def _number(volume, level, i, first, rims, cuts):
    """Give the crossings of layer i their numbers from `first`; rims[a] are those along axis a.

    No crossing is -1. Writes the fraction along each edge into cuts when there is room for it.
    """
    layers, rows, columns = volume.shape
    n = first
    for j in range(rows):
        for k in range(columns):
            here = volume[i, j, k]
            for axis in range(3):
                rims[axis, j, k] = -1
                i2, j2, k2 = i + (axis == 0), j + (axis == 1), k + (axis == 2)
                if i2 < layers and j2 < rows and k2 < columns:
                    there = volume[i2, j2, k2]
                    if (there < level) != (here < level):
                        rims[axis, j, k] = n
                        if len(cuts):
                            t = (level - np.float64(here)) / (np.float64(there) - here)
                            t = min(max(t, _NEAREST), 1.0 - _NEAREST)
                            cuts[n, 0] = i + (t if axis == 0 else 0.0)
                            cuts[n, 1] = j + (t if axis == 1 else 0.0)
                            cuts[n, 2] = k + (t if axis == 2 else 0.0)
                        n += 1


@kernel
def _fill(volume, level, first, last, starts, tables, cuts, faces):
    """Write vertices and faces of the layers first <= i < last."""
    layers, rows, columns = volume.shape
    table, faces_of, edge_from = tables
    here = np.empty((3, rows, columns), np.int32)
    above = np.empty((3, rows, columns), np.int32)
    unwritten = cuts[:0]
    _number(volume, level, first, starts[0, first], here, cuts)
    for i in range(first, last):
        if i + 1 == layers:
            break
        _number(volume, level, i + 1, starts[0, i + 1], above, cuts if i + 1 < last else unwritten)
        n = starts[1, i]
        for j in range(rows - 1):
            for k in range(columns - 1):
                pattern = 0
                for c in range(8):
                    if volume[i + (c & 1), j + (c >> 1 & 1), k + (c >> 2 & 1)] < level:
                        pattern |= 1 << c
                for face in range(faces_of[pattern]):
                    for corner in range(3):
                        e = table[pattern, face, corner]
                        c = edge_from[e]
                        rims = above if c & 1 else here
                        faces[n, corner] = rims[e // 4, j + (c >> 1 & 1), k + (c >> 2 & 1)]
                    n += 1
        here, above = above, here


def extract_surface(
    volume: NDArray[np.float32],
    level: float = 0.0,
    spacing: float | tuple[float, float, float] = 1.0,
    *,
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> tuple[Vertices, Faces]:
    """Return the surface where a sampled field passes a level.

    Parameters
    ----------
    volume : (nx, ny, nz) float32
        Field at the nodes of a grid; below `level` is inside.
    level : float
    spacing : float or (3,) float, mm
        Distance between nodes along x, y, z.
    origin : (3,) float, mm
        Place of node (0, 0, 0).

    Returns
    -------
    vertices : (V, 3) float64, mm
        In scan order of the grid; no vertex without a face.
    faces : (F, 3) int32
        Counter-clockwise seen from the side of larger values.

    Raises
    ------
    InputError
        Not three-dimensional, a side with less than two nodes, a value that is not finite, or a
        spacing that is not positive.
    """
    volume = np.ascontiguousarray(volume, dtype=np.float32)
    if volume.ndim != 3 or min(volume.shape) < 2:
        raise InputError(
            f"A volume of shape {volume.shape} has no cells.", "Pass at least 2 x 2 x 2 nodes."
        )
    steps = np.broadcast_to(np.asarray(spacing, dtype=np.float64), 3)
    if not (np.isfinite(steps).all() and (steps > 0).all()):
        raise InputError(f"The spacing {steps.tolist()} is not positive.", "Pass millimetres.")
    # The sum of squares would overflow for valid values; min and max pass NaN on.
    if not (np.isfinite(volume.min()) and np.isfinite(volume.max())):
        raise InputError("The volume holds values that are not finite.", "Sample the field again.")
    table, faces_of = _tables()
    layers = volume.shape[0]
    counts = np.zeros((2, layers), dtype=np.int64)
    slabs = _slabs(layers)
    threshold = float(level)
    in_threads(lambda s: _count(volume, threshold, *s, faces_of, *counts), slabs)
    starts = np.zeros((2, layers + 1), dtype=np.int64)
    np.cumsum(counts, axis=1, out=starts[:, 1:])
    cuts = np.zeros((int(starts[0, -1]), 3))
    faces = np.zeros((int(starts[1, -1]), 3), dtype=np.int32)
    tables = (table, faces_of, np.array(_EDGE_FROM, dtype=np.int64))
    in_threads(lambda s: _fill(volume, threshold, *s, starts, tables, cuts, faces), slabs)
    return cuts * steps + np.asarray(origin, dtype=np.float64), faces


def _slabs(layers: int) -> list[tuple[int, int]]:
    """Split the layers in runs of 16: by data, so that the answer knows no thread count."""
    return [(first, min(first + 16, layers)) for first in range(0, layers, 16)]
