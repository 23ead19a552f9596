"""Describe the rims that patches grow from: order, supporting faces, spacing, forbidden chords.

Rules owned here:
- A rim is a boundary loop read backwards, so that a patch which follows it agrees with the faces
  behind it. It starts at the end of its longest edge, whatever vertex the loop was traced from.
- A chord is forbidden where the mesh has an edge between the same two vertices already: a second
  one would make that edge non-manifold.
- A face is thin when its height over its longest edge is at most `THIN_ROUNDINGS` roundings of the
  largest coordinate in float32: after writing and reading it would have no area.
- A vertex that very many loops share is no scan; its loops get no support and are left alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.triangle_edges import measure_triangles

__all__ = ["THIN_ROUNDINGS", "Rims", "faces_at", "gather_rims", "thin_height"]

THIN_ROUNDINGS = 4.0
_CROWDED = 16


class Rims(NamedTuple):
    """Rims of all holes, one after the other; B places in L rims.

    Parameters
    ----------
    vertex : (B,) int32
        The vertex at each place.
    offsets : (L+1,) int64
    owner : (B,) int32
        Half-edge of the mesh that runs from the next place to this one; -1 where there is none.
    normal : (B, 3) float64
        Unit normal of the face that owns the edge from each place to the next; zeros where that
        face has no area.
    spacing_mm : (B,) float64
        Mean length of the edges that fan out from each place.
    supported : (L,) bool
        Every edge of the rim has its owner, and they are not all one and the same face.
    behind : (H,) int32
        Faces with a vertex on a rim, ascending.
    banned : (K, 3) int64
        Loop and two places within it that no edge of a patch may join; ascending.
    thin_mm : float
        Height at and below which a face has no area.
    """

    vertex: NDArray[np.int32]
    offsets: NDArray[np.int64]
    owner: NDArray[np.int32]
    normal: NDArray[np.float64]
    spacing_mm: NDArray[np.float64]
    supported: NDArray[np.bool_]
    behind: NDArray[np.int32]
    banned: NDArray[np.int64]
    thin_mm: float

    def next_place(self) -> NDArray[np.int64]:
        """Return the place after each place on its rim, (B,) int64."""
        after = np.arange(1, len(self.vertex) + 1)
        after[self.offsets[1:] - 1] = self.offsets[:-1]
        return after


def thin_height(vertices: Vertices) -> float:
    """Return the height in mm at and below which a face of this mesh has no area.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    """
    largest = np.float32(max(vertices.max(initial=0.0), -vertices.min(initial=0.0)))
    return THIN_ROUNDINGS * float(np.spacing(largest))


@kernel
def _mark_faces(faces: NDArray[np.int32], marked: Mask, found: NDArray[np.int32]) -> int:
    count = 0
    for f in range(faces.shape[0]):
        found[count] = f
        if marked[faces[f, 0]] | marked[faces[f, 1]] | marked[faces[f, 2]]:
            count += 1
    return count


def faces_at(faces: Faces, marked: Mask) -> NDArray[np.int32]:
    """Return the faces with a marked vertex, ascending.

    Parameters
    ----------
    faces : (F, 3) int32
    marked : (V,) bool
    """
    found = np.empty(len(faces), np.int32)
    count: int = _mark_faces(faces, marked, found)
    return found[:count].copy()


def _backwards(
    vertices: Vertices, loops: NDArray[np.int32], offsets: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Read each loop backwards from the start of its longest edge."""
    sizes = np.diff(offsets)
    loop_of = np.repeat(np.arange(len(sizes)), sizes)
    after = np.arange(1, len(loops) + 1)
    after[offsets[1:] - 1] = offsets[:-1]
    corners = vertices[loops]
    along = corners[after] - corners
    squared = np.einsum("ij,ij->i", along, along)
    longest = np.maximum.reduceat(squared, offsets[:-1])
    # Equal edges, as on a regular grid: the smaller position decides, then that of the next vertex.
    equal = np.flatnonzero(squared >= longest[loop_of] * (1 - 1e-9))
    keys = np.concatenate([corners[after[equal]].T[::-1], corners[equal].T[::-1]])
    equal = equal[np.lexsort([*keys, loop_of[equal]])]
    first = equal[np.searchsorted(loop_of[equal], np.arange(len(sizes)))] - offsets[:-1]
    steps = np.arange(len(loops)) - offsets[loop_of]
    rim: NDArray[np.int32] = loops[offsets[loop_of] + (first[loop_of] - steps) % sizes[loop_of]]
    return rim


def _find_owners(
    faces: Faces, twin: NDArray[np.int32], ends: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return the open half-edge between each pair of vertices, -1 where there is none."""
    free = np.flatnonzero(twin < 0)
    face, corner = np.divmod(free, 3)
    keys = faces[face, corner].astype(np.int64) << 32 | faces[face, (corner + 1) % 3]
    order = np.argsort(keys, kind="stable")
    wanted = ends[:, 0] << 32 | ends[:, 1]
    at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    found = order[at]
    return np.where(keys[found] == wanted, free[found], -1).astype(np.int32)


def _find_banned(
    rim: NDArray[np.int32],
    offsets: NDArray[np.int64],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
) -> NDArray[np.int64]:
    """Return loop and places of every mesh edge that joins two places of one rim across it."""
    if not len(start):
        return np.empty((0, 3), np.int64)
    order = np.argsort(rim, kind="stable")
    named = rim[order]
    low_a, low_b = np.searchsorted(named, start), np.searchsorted(named, end)
    count_a = np.searchsorted(named, start, side="right") - low_a
    count_b = np.searchsorted(named, end, side="right") - low_b
    pairs = count_a * count_b
    pairs[pairs > _CROWDED**2] = 0
    which = np.repeat(np.arange(len(start)), pairs)
    step = np.arange(len(which)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    a = order[low_a[which] + step // np.maximum(count_b[which], 1)]
    b = order[low_b[which] + step % np.maximum(count_b[which], 1)]
    loop_of = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    gap = np.abs(a - b)
    across = (loop_of[a] == loop_of[b]) & (gap > 1) & (gap < np.diff(offsets)[loop_of[a]] - 1)
    a, b = a[across], b[across]
    first = offsets[loop_of[a]]
    found = np.column_stack([loop_of[a], np.minimum(a, b) - first, np.maximum(a, b) - first])
    return np.unique(found, axis=0) if len(found) else found.astype(np.int64)


def gather_rims(
    vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    loop_vertices: NDArray[np.int32],
    loop_offsets: NDArray[np.int64],
) -> Rims:
    """Turn boundary loops into rims.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
        Opposite half-edge, negative at a boundary.
    loop_vertices : (B,) int32
        Loops one after the other, each running with the faces that own its edges.
    loop_offsets : (L+1,) int64
    """
    thin_mm = thin_height(vertices)
    sizes = np.diff(loop_offsets)
    rim = loop_vertices.copy()
    rims = Rims(
        rim, loop_offsets, np.full(len(rim), -1, np.int32), np.zeros((len(rim), 3)),
        np.zeros(len(rim)), sizes >= 3, np.empty(0, np.int32), np.empty((0, 3), np.int64), thin_mm,
    )  # fmt: skip
    if not len(rim) or not len(faces):
        return rims
    rim = _backwards(vertices, loop_vertices, loop_offsets)
    after = rims.next_place()
    owner = _find_owners(faces, twin, np.stack([rim[after], rim], axis=1).astype(np.int64))
    corners = vertices[faces[np.maximum(owner, 0) // 3].ravel()]
    squared, across = measure_triangles(
        corners, np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    )
    length = np.sqrt(np.einsum("kf,kf->f", across, across))
    across[:, (length <= 1e-12 * squared.sum(axis=0)) | (owner < 0)] = 0.0
    normal = np.ascontiguousarray((across / np.maximum(length, 1e-300)).T)

    names, own, uses = np.unique(rim, return_inverse=True, return_counts=True)
    number = np.full(len(vertices), -1, np.int32)
    number[names] = np.arange(len(names))
    at_rim = faces_at(faces, number >= 0)
    near = faces[at_rim]
    start, end = near.ravel(), near[:, [1, 2, 0]].ravel()
    leaves = np.flatnonzero(number[start] >= 0)
    start, end = start[leaves], end[leaves]
    along = vertices[end] - vertices[start]
    length = np.sqrt(np.einsum("ij,ij->i", along, along))
    fan = number[start]
    count = np.bincount(fan, minlength=len(names))
    spacing = (np.bincount(fan, length, len(names)) / np.maximum(count, 1))[own]
    # Every edge within the mesh is seen from both sides.
    both = (number[end] >= 0) & (start < end) & (twin.reshape(-1, 3)[at_rim].ravel()[leaves] >= 0)
    banned = _find_banned(rim, loop_offsets, start[both], end[both])

    loop_of = np.repeat(np.arange(len(sizes)), sizes)
    # A half-edge that two places claim, and the rim of a lone triangle: its own back would fit.
    claims = np.sort(owner)
    twice = np.isin(owner, claims[1:][claims[1:] == claims[:-1]])
    lone = (sizes == 3) & (owner[loop_offsets[:-1]] // 3 == owner[loop_offsets[1:] - 1] // 3)
    supported = (sizes >= 3) & ~lone
    supported[loop_of[(owner < 0) | twice | (uses[own] > _CROWDED)]] = False
    return Rims(rim, loop_offsets, owner, normal, spacing, supported, at_rim, banned, thin_mm)
