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

from stsbench.domain.mesh import Faces, Vertices
from stsbench.geometry.compiled import kernel

__all__ = ["THIN_ROUNDINGS", "Rims", "gather_rims", "thin_height"]

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
    next_use : (B,) int32
        The next place with the same vertex; -1 at the last.
    first_use : (V,) int32
        The first place of each vertex; -1 off the rims.
    normal : (B, 3) float64
        Unit normal of the face that owns the edge from each place to the next; zeros where that
        face has no area.
    spacing_mm : (B,) float64
        Mean length of the edges that fan out from each place.
    supported : (L,) bool
        Every edge of the rim has its owner, and they are not all one and the same face.
    banned : (K, 3) int64
        Loop and two places within it that no edge of a patch may join; ascending.
    thin_mm : float
        Height at and below which a face has no area.
    """

    vertex: NDArray[np.int32]
    offsets: NDArray[np.int64]
    owner: NDArray[np.int32]
    next_use: NDArray[np.int32]
    first_use: NDArray[np.int32]
    normal: NDArray[np.float64]
    spacing_mm: NDArray[np.float64]
    supported: NDArray[np.bool_]
    banned: NDArray[np.int64]
    thin_mm: float


def thin_height(vertices: Vertices) -> float:
    """Return the height in mm at and below which a face of this mesh has no area.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    """
    largest = np.float32(max(vertices.max(initial=0.0), -vertices.min(initial=0.0)))
    return THIN_ROUNDINGS * float(np.spacing(largest))


@kernel
def _read_backwards(
    vertices: NDArray[np.float64],
    loop_vertices: NDArray[np.int32],
    offsets: NDArray[np.int64],
    rim: NDArray[np.int32],
    loop_of: NDArray[np.int32],
    use: NDArray[np.int32],
    next_use: NDArray[np.int32],
    uses: NDArray[np.int32],
) -> None:
    """Fill rim, loop_of and the chains of places that share a vertex."""
    for loop in range(offsets.shape[0] - 1):
        start = offsets[loop]
        size = offsets[loop + 1] - start
        longest = -1.0
        first = 0
        for i in range(size):
            a = loop_vertices[start + i]
            b = loop_vertices[start + i + 1 if i + 1 < size else start]
            squared = 0.0
            for k in range(3):
                squared += (vertices[b, k] - vertices[a, k]) ** 2
            # Equal edges, as on a regular grid: the smaller position decides.
            better = squared > longest * (1 + 1e-9)
            if not better and squared >= longest * (1 - 1e-9):
                old = loop_vertices[start + first]
                for k in range(3):
                    if vertices[a, k] != vertices[old, k]:
                        better = vertices[a, k] < vertices[old, k]
                        break
            if better:
                longest = squared
                first = i
        for i in range(size):
            at = first - i if first >= i else first - i + size
            rim[start + i] = loop_vertices[start + at]
            loop_of[start + i] = loop
    for place in range(rim.shape[0] - 1, -1, -1):
        v = rim[place]
        next_use[place] = use[v]
        uses[place] = 1 if use[v] < 0 else uses[use[v]] + 1
        use[v] = place


@kernel
def _find_support(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    twin: NDArray[np.int32],
    rims: Rims,
    loop_of: NDArray[np.int32],
    uses: NDArray[np.int32],
) -> int:
    """Fill what the rims lean on; return the number of banned chords, whether stored or not."""
    rim, offsets, owner, next_use, use, normal, spacing, supported, banned, _ = rims
    found = 0
    edge = np.empty((2, 3))
    for f in range(faces.shape[0]):
        for j in range(3):
            a = faces[f, j]
            b = faces[f, j + 1 if j < 2 else 0]
            if use[a] < 0 or use[b] < 0:
                continue
            h = 3 * f + j
            many_a = uses[use[a]]
            many_b = uses[use[b]]
            if twin[h] < 0 and min(many_a, many_b) <= _CROWDED:
                # Search from the vertex fewer loops share: a cone of a million faces must end.
                at = use[a] if many_a < many_b else use[b]
                while at >= 0:
                    start = offsets[loop_of[at]]
                    end = offsets[loop_of[at] + 1]
                    place = at
                    if many_a < many_b:
                        place = at - 1 if at > start else end - 1
                    after = place + 1 if place + 1 < end else start
                    if rim[place] == b and rim[after] == a and owner[place] < 0:
                        owner[place] = h
                        break
                    at = next_use[at]
            if many_a * many_b > _CROWDED * _CROWDED:
                continue
            at = use[a]
            while at >= 0:
                start = offsets[loop_of[at]]
                size = offsets[loop_of[at] + 1] - start
                to = use[b]
                while to >= 0:
                    gap = abs(at - to)
                    if loop_of[to] == loop_of[at] and gap > 1 and gap < size - 1:
                        if found < banned.shape[0]:
                            banned[found, 0] = loop_of[at]
                            banned[found, 1] = min(at, to) - start
                            banned[found, 2] = max(at, to) - start
                        found += 1
                    to = next_use[to]
                at = next_use[at]
    for place in range(rim.shape[0]):
        start = offsets[loop_of[place]]
        # The half-edge that leaves this vertex along the rim, and from there through its fan.
        h = owner[place - 1 if place > start else offsets[loop_of[place] + 1] - 1]
        v = rim[place]
        total = 0.0
        count = 0
        while h >= 0 and count < 1000:
            f = h // 3
            j = h - 3 * f
            w = faces[f, j + 1 if j < 2 else 0]
            squared = 0.0
            for k in range(3):
                squared += (vertices[w, k] - vertices[v, k]) ** 2
            total += np.sqrt(squared)
            count += 1
            h = twin[h + 2 if j == 0 else h - 1]
        spacing[place] = total / max(count, 1)
        h = owner[place]
        if h < 0:
            supported[loop_of[place]] = False
            continue
        f = h // 3
        for k in range(3):
            edge[0, k] = vertices[faces[f, 1], k] - vertices[faces[f, 0], k]
            edge[1, k] = vertices[faces[f, 2], k] - vertices[faces[f, 0], k]
        length = 0.0
        bound = 0.0
        for k in range(3):
            m = k + 1 if k < 2 else 0
            n = m + 1 if m < 2 else 0
            normal[place, k] = edge[0, m] * edge[1, n] - edge[0, n] * edge[1, m]
            length += normal[place, k] ** 2
            bound += edge[0, k] ** 2 + edge[1, k] ** 2
        length = np.sqrt(length)
        for k in range(3):
            normal[place, k] = normal[place, k] / length if length > 1e-12 * bound else 0.0
    for loop in range(offsets.shape[0] - 1):
        start = offsets[loop]
        size = offsets[loop + 1] - start
        # The rim of a lone triangle: nothing but its own back would fit.
        lone = size == 3 and owner[start] // 3 == owner[start + 1] // 3
        if size < 3 or lone:
            supported[loop] = False
    return found


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
    count = len(loop_vertices)
    rim, loop_of, next_use, uses = np.empty((4, count), np.int32)
    use = np.full(len(vertices), -1, np.int32)
    _read_backwards(vertices, loop_vertices, loop_offsets, rim, loop_of, use, next_use, uses)
    room = count + 64
    while True:
        rims = Rims(
            vertex=rim,
            offsets=loop_offsets,
            owner=np.full(count, -1, np.int32),
            next_use=next_use,
            first_use=use,
            normal=np.zeros((count, 3)),
            spacing_mm=np.empty(count),
            supported=np.ones(len(loop_offsets) - 1, np.bool_),
            banned=np.empty((room, 3), np.int64),
            thin_mm=thin_height(vertices),
        )
        found = _find_support(vertices, faces, twin, rims, loop_of, uses)
        if found <= room:
            banned = rims.banned[:found]
            return rims._replace(banned=np.ascontiguousarray(np.unique(banned, axis=0)))
        room = found
