"""Exact distance from points to a triangle surface, by a bounding-box tree over the faces.

Rules owned here:
- The distance is that to the closest point of the closest face, computed in float64; there is no
  grid, no sampling and no search radius that could miss a face.
- Of faces equally near, the one with the lowest index is named: the answer depends neither on the
  order of the points nor on how many threads share the work.
- A face may be a segment or a point (repeated corners): a polyline is measured as faces (a, b, b).

The tree is balanced: faces are split at the median of the longest side of their centres, so it is
stored without pointers. A second search with the same surface should reuse the tree.

References
----------
Ericson, *Real-Time Collision Detection*, Morgan Kaufmann 2005, ch. 6 (bounding-volume hierarchies).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.errors import InputError
from stsbench.geometry.closest_point import closest_on_face
from stsbench.geometry.compiled import in_threads, kernel

__all__ = ["SurfaceTree", "build_tree", "closest_on_tree", "point_to_surface", "search_tree"]

_LEAF_FACES = 4
_CHUNK_POINTS = 8192
_STACK = 64  # depth of a balanced tree over int32 faces stays below half of this


@dataclass(frozen=True, eq=False, slots=True)
class SurfaceTree:
    """A balanced tree of boxes over the faces of one surface.

    Parameters
    ----------
    boxes : (2 * L - 1, 6) float64, mm
        Lowest and highest corner of each node; node k has the children 2 k + 1 and 2 k + 2, and the
        last L nodes are the leaves.
    starts : (L + 1,) int64
        First face of each leaf in `corners`.
    corners : (F, 9) float64, mm
        Corner coordinates of the faces, leaf by leaf.
    order : (F,) int32
        Index in the surface of each row of `corners`.
    """

    boxes: NDArray[np.float64]
    starts: NDArray[np.int64]
    corners: NDArray[np.float64]
    order: NDArray[np.int32]


@kernel
def _select(centres, axis, order, low, high, middle):
    """Partly sort rows low:high by (centre along axis, index) about `middle` (Hoare's select)."""
    high -= 1
    while low < high:
        row = (low + high) // 2
        pivot, pivot_key = order[row], centres[row, axis]
        i, j = low, high
        while i <= j:
            while centres[i, axis] < pivot_key or (
                centres[i, axis] == pivot_key and order[i] < pivot
            ):
                i += 1
            while centres[j, axis] > pivot_key or (
                centres[j, axis] == pivot_key and order[j] > pivot
            ):
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                for k in range(3):
                    kept = centres[i, k]
                    centres[i, k] = centres[j, k]
                    centres[j, k] = kept
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@kernel
def _centres(vertices, faces):
    """Twice the centre of each face's box; float32, for only the split hangs on it."""
    count = len(faces)
    centres = np.zeros((count, 3), np.float32)
    for f in range(count):
        for axis in range(3):
            a = vertices[faces[f, 0], axis]
            b = vertices[faces[f, 1], axis]
            c = vertices[faces[f, 2], axis]
            centres[f, axis] = min(a, b, c) + max(a, b, c)
    return centres


@kernel
def _split(centres, order, starts, first, last, stop):
    """Split the faces of leaves first:last in halves until a part is `stop` leaves wide."""
    stack = np.zeros((_STACK, 2), np.int64)
    stack[0, 0], stack[0, 1] = first, last
    top = 0
    while top >= 0:
        a, b = stack[top, 0], stack[top, 1]
        top -= 1
        if b - a <= stop:
            continue
        half = (a + b) // 2
        low, middle, high = starts[a], starts[half], starts[b]
        best, longest = 0, -1.0
        for axis in range(3):
            lowest, highest = np.inf, -np.inf
            for i in range(low, high):
                lowest = min(lowest, centres[i, axis])
                highest = max(highest, centres[i, axis])
            if highest - lowest > longest:
                best, longest = axis, highest - lowest
        if low < middle < high:
            _select(centres, best, order, low, high, middle)
        stack[top + 1, 0], stack[top + 1, 1] = a, half
        stack[top + 2, 0], stack[top + 2, 1] = half, b
        top += 2


@kernel
def _boxes(vertices, faces, order, starts):
    """Gather the corners leaf by leaf and box every node, from the leaves up."""
    leaves = len(starts) - 1
    corners = np.zeros((len(faces), 9))
    boxes = np.zeros((2 * leaves - 1, 6))
    boxes[:, :3] = np.inf
    boxes[:, 3:] = -np.inf
    for leaf in range(leaves):
        node = leaves - 1 + leaf
        for i in range(starts[leaf], starts[leaf + 1]):
            for j in range(3):
                for axis in range(3):
                    value = vertices[faces[order[i], j], axis]
                    corners[i, 3 * j + axis] = value
                    boxes[node, axis] = min(boxes[node, axis], value)
                    boxes[node, 3 + axis] = max(boxes[node, 3 + axis], value)
    for k in range(leaves - 2, -1, -1):
        for axis in range(3):
            boxes[k, axis] = min(boxes[2 * k + 1, axis], boxes[2 * k + 2, axis])
            boxes[k, 3 + axis] = max(boxes[2 * k + 1, 3 + axis], boxes[2 * k + 2, 3 + axis])
    return boxes, corners


@kernel
def _box_gap(boxes, k, x, y, z):
    """Squared distance from a point to a box; 0 inside."""
    dx = max(boxes[k, 0] - x, x - boxes[k, 3], 0.0)
    dy = max(boxes[k, 1] - y, y - boxes[k, 4], 0.0)
    dz = max(boxes[k, 2] - z, z - boxes[k, 5], 0.0)
    return dx * dx + dy * dy + dz * dz


@kernel
def search_tree(points, boxes, starts, corners, order, limit2):
    """Find the closest face of each point, for use inside kernels: gap (inf), face (-1), place.

    Parameters
    ----------
    points : (N, 3) float64, mm
    boxes, starts, corners, order : arrays
        Of a `SurfaceTree`.
    limit2 : float, mm2
        Square of the search limit.
    """
    count = len(points)
    leaves = len(starts) - 1
    gap2 = np.full(count, np.inf)
    face = np.full(count, -1, np.int32)
    closest = np.full((count, 3), np.nan)
    stack = np.zeros(_STACK, np.int64)
    gaps = np.zeros(_STACK)
    hint = -1
    for p in range(count):
        x, y, z = points[p, 0], points[p, 1], points[p, 2]
        best2 = limit2
        row = -1
        cx, cy, cz = np.nan, np.nan, np.nan
        # Neighbours in the list are neighbours in space: the last answer bounds this one. It only
        # bounds (with slack), it is found again below, so the answer does not hang on the order.
        bound2 = limit2
        if hint >= 0:
            d2, _, _, _ = closest_on_face(corners[hint], x, y, z)
            bound2 = min(limit2, d2 * (1.0 + 1e-9) + 1e-18)
        top = 0
        stack[0] = 0
        gaps[0] = _box_gap(boxes, 0, x, y, z)
        while top >= 0:
            k, gap = stack[top], gaps[top]
            top -= 1
            if gap > bound2:
                continue
            if k >= leaves - 1:
                leaf = k - leaves + 1
                for i in range(starts[leaf], starts[leaf + 1]):
                    d2, qx, qy, qz = closest_on_face(corners[i], x, y, z)
                    if d2 < best2 or (d2 == best2 and (row < 0 or order[i] < order[row])):
                        best2, row = d2, i
                        cx, cy, cz = qx, qy, qz
                        bound2 = min(bound2, d2)
                continue
            left, right = 2 * k + 1, 2 * k + 2
            near = _box_gap(boxes, left, x, y, z)
            far = _box_gap(boxes, right, x, y, z)
            if far < near:
                left, right, near, far = right, left, far, near
            if far <= bound2:
                top += 1
                stack[top], gaps[top] = right, far
            if near <= bound2:
                top += 1
                stack[top], gaps[top] = left, near
        if row >= 0:
            gap2[p] = best2
            face[p] = order[row]
            closest[p, 0], closest[p, 1], closest[p, 2] = cx, cy, cz
            hint = row
    return np.sqrt(gap2), face, closest


def build_tree(vertices: Vertices, faces: Faces) -> SurfaceTree:
    """Build the search tree of a surface (about 60 ms for 200,000 faces).

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        A face may repeat a corner: it is then a segment or a point.

    Raises
    ------
    InputError
        No faces.
    """
    if not len(faces):
        raise InputError("The surface has no faces.", "Pass a mesh with at least one face.")
    vertices = np.ascontiguousarray(vertices, dtype=np.float64)
    faces = np.ascontiguousarray(faces, dtype=np.int32)
    leaves = 1
    while leaves * _LEAF_FACES < len(faces):
        leaves *= 2
    starts = np.arange(leaves + 1, dtype=np.int64) * len(faces) // leaves
    order = np.arange(len(faces), dtype=np.int32)
    centres = _centres(vertices, faces)
    # The first cut alone, then each half on a core of its own: the same tree either way.
    half = max(leaves // 2, 1)
    _split(centres, order, starts, 0, leaves, half)
    in_threads(
        lambda first: _split(centres, order, starts, first, first + half, 1), range(0, leaves, half)
    )
    boxes, corners = _boxes(vertices, faces, order, starts)
    return SurfaceTree(boxes=boxes, starts=starts, corners=corners, order=order)


def closest_on_tree(
    points: Vertices, tree: SurfaceTree, *, limit_mm: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int32], Vertices]:
    """Find the closest point of a surface whose tree is already built.

    Parameters and results are those of `point_to_surface`.
    """
    positions = np.ascontiguousarray(points, dtype=np.float64).reshape(-1, 3)
    if limit_mm is not None and not limit_mm >= 0.0:
        raise InputError(f"A search limit of {limit_mm} mm has no meaning.", "Pass 0 or more.")
    limit2 = np.inf if limit_mm is None else float(limit_mm) ** 2
    chunks = [
        positions[k : k + _CHUNK_POINTS] for k in range(0, max(len(positions), 1), _CHUNK_POINTS)
    ]

    parts = in_threads(
        lambda chunk: search_tree(chunk, tree.boxes, tree.starts, tree.corners, tree.order, limit2),
        chunks,
    )
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


def point_to_surface(
    points: Vertices, vertices: Vertices, faces: Faces, *, limit_mm: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int32], Vertices]:
    """Measure how far each point lies from a surface.

    Parameters
    ----------
    points : (N, 3) float64, mm
        Quickest when neighbours in the list are neighbours in space, as in a mesh.
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    limit_mm : float, optional
        Look no farther than this.

    Returns
    -------
    distance_mm : (N,) float64
        Unsigned; inf beyond the limit.
    face : (N,) int32
        The closest face, the lowest index of those equally near; -1 beyond the limit.
    closest : (N, 3) float64, mm
        The closest point of the surface; NaN beyond the limit.

    Raises
    ------
    InputError
        No faces, or a negative limit.
    """
    return closest_on_tree(points, build_tree(vertices, faces), limit_mm=limit_mm)
