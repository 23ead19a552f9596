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

__all__ = ["THIN_ROUNDINGS", "Rims", "gather_rims", "shaken_places", "thin_height"]

THIN_ROUNDINGS = 4.0
_CROWDED = 16
_EQUAL = 1e-3  # of a squared length
_SHAKE = 0.01  # of the edge at a place
_GOLDEN = 0.6180339887498949
_PLACE = (1 << 21) - 1  # more places than any rim has


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
    about : (H,) int32
        Faces that touch one with a vertex on a rim, ascending.
    banned : (K, 3) int64
        Loop and two places within it that no edge of a patch may join; ascending.
    thin_mm : float
        Height at and below which a face has no area.
    group : (L,) int32
        A loop not after this one; loops that lead to the same one touch or are an edge apart, so that
        a patch of one depends on those of the others.
    """

    vertex: NDArray[np.int32]
    offsets: NDArray[np.int64]
    owner: NDArray[np.int32]
    normal: NDArray[np.float64]
    spacing_mm: NDArray[np.float64]
    supported: NDArray[np.bool_]
    about: NDArray[np.int32]
    banned: NDArray[np.int64]
    thin_mm: float
    group: NDArray[np.int32]

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
    # Equal edges, as on a regular grid: the one nearer to the middle of the scan decides, which
    # moving the scan does not change; then the smaller position, then that of the next vertex.
    equal = np.flatnonzero(squared >= longest[loop_of] * (1 - _EQUAL))
    keys = np.concatenate([corners[after[equal]].T[::-1], corners[equal].T[::-1]])
    if len(equal) > len(sizes):
        between = (corners[equal] + corners[after[equal]]) / 2
        away = np.linalg.norm(between - vertices.mean(axis=0), axis=1)
        keys = np.concatenate([keys, np.round(away / (away.max() * 1e-9))[None]])
    equal = equal[np.lexsort([*keys, loop_of[equal]])]
    first = equal[np.searchsorted(loop_of[equal], np.arange(len(sizes)))] - offsets[:-1]
    steps = np.arange(len(loops)) - offsets[loop_of]
    rim: NDArray[np.int32] = loops[offsets[loop_of] + (first[loop_of] - steps) % sizes[loop_of]]
    return rim


class _Behind(NamedTuple):
    """What stands behind the rims, with room for it."""

    first: NDArray[np.int32]  # (V,) first place of each vertex; -1 before
    same: NDArray[np.int32]  # (B,) the next place with the same vertex
    group: NDArray[np.int32]  # (L,) a loop that this one sees; itself before
    marked: Mask  # (V,) corners of faces at the rims; none before
    owner: NDArray[np.int32]
    fan: NDArray[np.float64]  # (B, 2) at first places: length and number of edges that leave
    about: NDArray[np.int32]
    across: NDArray[np.int64]  # (K, 2) places that an edge within the mesh joins, if they fit


@kernel
def _unite(group: NDArray[np.int32], a: int, b: int) -> None:
    """Let two loops, and all that see them, see each other: the lowest stands for them."""
    while group[a] != a:
        group[a] = group[group[a]]
        a = group[a]
    while group[b] != b:
        group[b] = group[group[b]]
        b = group[b]
    group[max(a, b)] = min(a, b)


@kernel
def _look_behind(
    vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    rim: NDArray[np.int32],
    after: NDArray[np.int64],
    loop_of: NDArray[np.int64],
    uses: NDArray[np.int64],
    behind: _Behind,
) -> tuple[int, int]:
    """Find what stands behind the rims; return how many faces about and edges across there are."""
    first, same, group, marked, owner, fan, about, across = behind
    at_rim = np.zeros(len(first), np.bool_)  # a fourth of `first`: most faces are nowhere near
    for place in range(rim.shape[0] - 1, -1, -1):
        same[place] = first[rim[place]]
        first[rim[place]] = place
        at_rim[rim[place]] = True
        if same[place] >= 0:
            _unite(group, loop_of[place], loop_of[same[place]])
    pairs = 0
    for f in range(faces.shape[0]):
        x = np.uint32(faces[f, 0])  # unsigned: no row is counted from the end
        y = np.uint32(faces[f, 1])
        z = np.uint32(faces[f, 2])
        if not at_rim[x] | at_rim[y] | at_rim[z]:
            continue
        for k in range(3):
            v = faces[f, k]
            w = faces[f, k + 1 if k < 2 else 0]
            marked[v] = True
            place = first[v]
            if place < 0:
                continue
            squared = 0.0
            for j in range(3):
                along = vertices[w, j] - vertices[v, j]
                squared += along * along
            fan[place, 0] += np.sqrt(squared)
            fan[place, 1] += 1.0
            is_open = twin[3 * f + k] < 0
            other = first[w]
            if other >= 0:
                _unite(group, loop_of[place], loop_of[other])
            if other >= 0 and max(uses[place], uses[other]) > _CROWDED:
                continue
            while other >= 0:
                if is_open:
                    if rim[after[other]] == v and owner[other] < 0:
                        owner[other] = 3 * f + k
                elif v < w:
                    place = first[v]
                    while place >= 0:
                        if loop_of[place] == loop_of[other]:
                            if after[place] != other and after[other] != place:
                                if pairs < across.shape[0]:
                                    across[pairs, 0] = min(place, other)
                                    across[pairs, 1] = max(place, other)
                                pairs += 1
                        place = same[place]
                other = same[other]
    count = 0
    for f in range(faces.shape[0]):
        about[count] = f
        x = np.uint32(faces[f, 0])
        y = np.uint32(faces[f, 1])
        z = np.uint32(faces[f, 2])
        count += marked[x] | marked[y] | marked[z]
    return count, pairs


def _banned(
    across: NDArray[np.int64], loop_of: NDArray[np.int64], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return loop and places within it of pairs of places, each once, ascending."""
    if not len(across):
        return np.empty((0, 3), np.int64)
    loop = loop_of[across[:, 0]]
    place = across - offsets[loop][:, None]
    keys = np.unique((loop << 42) | (place[:, 0] << 21) | place[:, 1])  # by loop, then by place
    return np.stack([keys >> 42, keys >> 21 & _PLACE, keys & _PLACE], axis=1)


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
        np.arange(len(sizes), dtype=np.int32),
    )  # fmt: skip
    if not len(rim) or not len(faces):
        return rims
    rim = _backwards(vertices, loop_vertices, loop_offsets)
    rims = rims._replace(vertex=rim)
    after = rims.next_place()
    loop_of = np.repeat(np.arange(len(sizes)), sizes)
    uses = np.bincount(rim)[rim]
    room = 4 * len(rim)
    while True:
        behind = _Behind(
            first=np.full(len(vertices), -1, np.int32),
            same=np.empty(len(rim), np.int32),
            group=np.arange(len(sizes), dtype=np.int32),
            marked=np.zeros(len(vertices), np.bool_),
            owner=np.full(len(rim), -1, np.int32),
            fan=np.zeros((len(rim), 2)),
            about=np.empty(len(faces) + 1, np.int32),
            across=np.empty((room, 2), np.int64),
        )
        count, pairs = _look_behind(vertices, faces, twin, rim, after, loop_of, uses, behind)
        if pairs <= room:
            break
        room = pairs
    owner, group = behind.owner, behind.group
    banned = _banned(behind.across[:pairs], loop_of, loop_offsets)
    corners = vertices[faces[np.maximum(owner, 0) // 3].ravel()]
    squared, across = measure_triangles(
        corners, np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    )
    length = np.sqrt(np.einsum("kf,kf->f", across, across))
    across[:, (length <= 1e-12 * squared.sum(axis=0)) | (owner < 0)] = 0.0
    normal = np.ascontiguousarray((across / np.maximum(length, 1e-300)).T)

    fan = behind.fan[behind.first[rim]]
    spacing = fan[:, 0] / np.maximum(fan[:, 1], 1.0)

    # A half-edge that two places claim, and the rim of a lone triangle: its own back would fit.
    claims = np.sort(owner)
    twice = np.isin(owner, claims[1:][claims[1:] == claims[:-1]])
    lone = (sizes == 3) & (owner[loop_offsets[:-1]] // 3 == owner[loop_offsets[1:] - 1] // 3)
    supported = (sizes >= 3) & ~lone
    supported[loop_of[(owner < 0) | twice | (uses > _CROWDED)]] = False
    return Rims(
        rim, loop_offsets, owner, normal, spacing, supported, behind.about[:count], banned,
        thin_mm, group,
    )  # fmt: skip


def shaken_places(vertices: Vertices, rims: Rims) -> Vertices:
    """Return the places of rims, each a little off, so that no four of them lie on one circle.

    Each is moved within the face behind it by up to a hundredth of the shorter of its two edges: far
    more than rounding does, in directions that turn with the scan.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    rims : Rims

    Returns
    -------
    (B, 3) float64, mm
    """
    corners: Vertices = vertices[rims.vertex]
    after = rims.next_place()
    along = corners[after] - corners
    length = np.linalg.norm(along, axis=1)
    shorter = length.copy()
    shorter[after] = np.minimum(length[after], length)
    along *= (shorter / np.maximum(length, 1e-300))[:, None]
    across = np.cross(rims.normal, along)
    step = np.arange(len(corners)) - np.repeat(rims.offsets[:-1], np.diff(rims.offsets))
    wave = (step + 1) * _GOLDEN
    shift = (wave % 1.0 - 0.5)[:, None] * along + (wave * wave % 1.0 - 0.5)[:, None] * across
    return corners + 2 * _SHAKE * shift
