"""Pairs of faces of one mesh that meet where they are not joined: crossing or touching.

Rules owned here:
- `triangle_contact.faces_meet` decides about a pair; this module only finds the pairs worth asking.
- Faces about a vertex whose star, seen along the vertex normal, lies flat without overlap meet
  nowhere but in their joints, so pairs with such a vertex in common are not asked.
- Pairs found and boxes compared are bounded: past `limit` pairs, or `WORK` steps per face, the
  search stops and says so. A scan needs about twenty.

Source: flat stars: a discrete form of Volino and Magnenat-Thalmann, Efficient self-collision
detection on smoothly discretized surface animations, Computer Graphics Forum 13, 1994.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.bounding_tree import BoundingTree, build_tree
from stsbench.geometry.compiled import in_threads, kernel
from stsbench.geometry.leaf_search import clear_corners, meet_others, meet_within

__all__ = ["Meetings", "flat_stars", "meetings_with", "self_meetings"]

_CHUNKS = 16
_LEAST_WORK = 120_000_000
WORK = 200  # ordinary scans need 10 to 18
_MARGIN = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Meetings:
    """Pairs of faces that meet.

    Parameters
    ----------
    pairs : (N, 2) int32
        Lower face first, sorted.
    complete : bool
        False when the search stopped at its limit.
    """

    pairs: NDArray[np.int32]
    complete: bool

    @property
    def faces(self) -> NDArray[np.int32]:
        """The faces that meet another, each once, sorted."""
        return np.unique(self.pairs)


@kernel
def _check_stars(vertices, faces, normals, flat, covered):
    for f in range(len(faces)):
        a = np.uint32(faces[f, 0])
        b = np.uint32(faces[f, 1])
        c = np.uint32(faces[f, 2])
        # Edges from a corner to the next and from the one before, and what they span.
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        wx = vertices[a, 0] - vertices[c, 0]
        wy = vertices[a, 1] - vertices[c, 1]
        wz = vertices[a, 2] - vertices[c, 2]
        tx = uz * wy - uy * wz
        ty = ux * wz - uz * wx
        tz = uy * wx - ux * wy
        for j in range(3):
            v = np.uint32(faces[f, j])
            x = normals[v, 0]
            y = normals[v, 1]
            z = normals[v, 2]
            size = (abs(ux) + abs(uy) + abs(uz)) * (abs(wx) + abs(wy) + abs(wz))
            if not tx * x + ty * y + tz * z > _MARGIN * size * (abs(x) + abs(y) + abs(z)):
                flat[v] = 0
            # A fixed direction must lie in one wedge only, or the star goes round twice. It is
            # n x e for the axis e least along n; on which side of it an edge lies, is told by the
            # part of the edge along e, seen along n.
            along_u = ux * x + uy * y + uz * z
            along_w = wx * x + wy * y + wz * z
            square = x * x + y * y + z * z
            if abs(x) <= abs(y) and abs(x) <= abs(z):
                after = square * ux - x * along_u
                before = square * wx - x * along_w
            elif abs(y) <= abs(z):
                after = square * uy - y * along_u
                before = square * wy - y * along_w
            else:
                after = square * uz - z * along_u
                before = square * wz - z * along_w
            covered[v] += (after >= 0) & (before > 0)
            if covered[v] > 1:
                flat[v] = 0
            nx = -ux - wx
            ny = -uy - wy
            nz = -uz - wz
            wx = ux
            wy = uy
            wz = uz
            ux = nx
            uy = ny
            uz = nz


def flat_stars(
    vertices: Vertices,
    faces: Faces,
    near: NDArray[np.float64],
    open_vertices: NDArray[np.integer],
) -> NDArray[np.uint8]:
    """Mark vertices whose faces, seen along the vertex normal, lie side by side all round.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Consistently wound; where they are not, stars are not flat. Some faces of a mesh will do:
        only vertices that none of the others name are then answered rightly.
    near : (V, 4) float64
        Vector area about every vertex, from `WideNormals`.
    open_vertices : (N,) int
        Vertices on open edges: their wedges do not close, so nothing says that they do not overlap.

    Returns
    -------
    (V,) uint8
    """
    flat = np.ones(len(vertices), dtype=np.uint8)
    flat[open_vertices] = 0
    _check_stars(vertices, faces, near, flat, np.zeros(len(vertices), dtype=np.uint8))
    return flat


def _collect(
    parts: Iterable[tuple[NDArray[np.int32], int, int]], limit: int
) -> tuple[NDArray[np.int32], bool]:
    complete = True
    kept = []
    for rows, found, work_left in parts:
        complete &= found <= len(rows) and work_left >= 0
        kept.append(rows[: min(found, len(rows))])
    pairs = np.concatenate(kept) if kept else np.zeros((0, 2), dtype=np.int32)
    return pairs[:limit], complete and len(pairs) <= limit


def self_meetings(
    vertices: Vertices,
    faces: Faces,
    *,
    tree: BoundingTree | None = None,
    flat: NDArray[np.uint8] | None = None,
    limit: int = 400_000,
) -> Meetings:
    """Find every pair of faces of a mesh that meet where they are not joined.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        float32 numbers, as a file holds them.
    faces : (F, 3) int32
        Without thin faces and copies.
    tree : BoundingTree, optional
        Of these faces.
    flat : (V,) uint8, optional
        Of these faces, from `flat_stars`; saves asking neighbours.
    limit : int
        Pairs after which the search stops.

    Returns
    -------
    Meetings
    """
    tree = build_tree(vertices, faces) if tree is None else tree
    if flat is None:
        flat = np.zeros(len(vertices), dtype=np.uint8)
    corners = clear_corners(tree.faces, flat)
    chunks = _node_pairs(tree.nodes)
    budget = max(_LEAST_WORK, WORK * len(faces)) // len(chunks)

    def search(chunk: NDArray[np.int32]) -> tuple[NDArray[np.int32], int, int]:
        room = 4096
        while True:
            out = np.empty((room, 2), dtype=np.int32)
            found, left = meet_within(
                vertices, tree.faces, corners, tree.boxes, tree.nodes, chunk, budget, out
            )
            if found <= room or room >= limit:
                return out, found, left
            room = min(8 * room, limit)

    parts = in_threads(search, chunks)
    pairs, complete = _collect(parts, limit)
    return Meetings(_in_order(tree.order[pairs]), complete)


def _node_pairs(nodes: NDArray[np.float32]) -> list[NDArray[np.int32]]:
    """Return the pairs of nodes of one level to search, in chunks by the lower of the two."""
    level = min(_CHUNKS, len(nodes) // 2)
    chunks = []
    for a in range(level, 2 * level):
        low, high = nodes[a : 2 * level, :3], nodes[a : 2 * level, 3:]
        near = np.flatnonzero(((low <= nodes[a, 3:]) & (nodes[a, :3] <= high)).all(axis=1))
        if len(near):
            chunks.append(np.stack([np.full(len(near), a), a + near], axis=-1).astype(np.int32))
    return chunks or [np.zeros((0, 2), dtype=np.int32)]


def meetings_with(
    vertices: Vertices,
    asked: BoundingTree,
    tree: BoundingTree,
    *,
    alive: Mask,
    flat: NDArray[np.uint8],
    limit: int = 100_000,
) -> Meetings:
    """Find the pairs of a tree's faces with the faces of another.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    asked, tree : BoundingTree
    alive : (F,) bool
        Faces of `tree` that still exist.
    flat : (V,) uint8
        Vertices whose star is flat, of the whole mesh with the asked faces in it.
    limit : int

    Returns
    -------
    Meetings
        Face of `asked` and face of `tree`; not sorted against each other.
    """
    out, budget = np.empty((limit, 2), dtype=np.int32), max(_LEAST_WORK, WORK * len(asked.order))
    first = asked.faces, asked.boxes, asked.order
    second = alive, tree.faces, tree.boxes, tree.order, tree.nodes
    found, left = meet_others(vertices, *first, *second, flat, budget, out)
    pairs, complete = _collect([(out, found, left)], limit)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return Meetings(pairs[order], complete)


def _in_order(pairs: NDArray[np.int32]) -> NDArray[np.int32]:
    pairs = np.sort(pairs, axis=1)
    ordered: NDArray[np.int32] = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return ordered
