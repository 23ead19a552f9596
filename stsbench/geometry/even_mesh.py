"""A surface while its edges are made even: what may move, and the surface it must stay near.

Rules owned here:
- Every vertex is free, on one crease, or pinned: those on open edges, at the ends and forks of
  creases and at bow-ties stay where they are. Creases are edges where the faces turn by more than
  an angle; they are followed through every operation by the names of their ends.
- An edge between two held vertices is left as it is, so that a place can be kept face by face.
- New faces may not turn, become needles, look against the surface there was, or lie farther from
  it than the bound at their middle or at the middles of their edges.
- Sums of three terms are written out, so that every machine rounds them alike.

Source: M. Dunyach et al., *Adaptive remeshing for real-time mesh deformation*, Eurographics 2013
(short papers); creases by vertex class as in M. Botsch, L. Kobbelt, SGP 2004.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Edges, Faces, Mask, Vertices
from stsbench.geometry.distance import SurfaceTree, build_tree, closest_on_tree
from stsbench.geometry.face_measures import thin_height_mm
from stsbench.geometry.topology import count_fans, half_edge_twins, open_vertices

__all__ = [
    "CREASE",
    "FREE",
    "PINNED",
    "EvenMesh",
    "Guide",
    "InnerEdges",
    "are_wrong",
    "cross",
    "dot",
    "inner_edges",
    "is_among",
    "keys_between",
    "length_of",
    "scattered",
    "shape_of",
    "start_even_mesh",
]

FREE, CREASE, PINNED = 0, 1, 2
_STRIDE = 1 << 31  # above any number of vertices
_CREASE_COSINE = 0.70710678  # choice: 45 degrees, which margins pass and noise hardly does
_TURN = 0.7  # cosine: farthest a face may turn in one operation
_SHAPE = 0.2  # 4 sqrt(3) area over the squares of the sides; 1 for equal sides
_RIDGE = 0.4  # times the bound
_THIN = 4.0  # times the height of a face without area

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class EvenMesh:
    """A mesh in the making.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Manifold and wound alike.
    kind : (V,) uint8
        `FREE`, `CREASE` or `PINNED`.
    held : (V,) bool
        Pinned, and edges between two of them stay.
    creases : (K,) int64
        Keys of the crease edges (`keys_between`), ascending.
    """

    vertices: Vertices
    faces: Faces
    kind: NDArray[np.uint8]
    held: Mask
    creases: Ints

    def crease_ends(self) -> Edges:
        """Return the ends of the crease edges, (K, 2)."""
        return np.stack([self.creases // _STRIDE, self.creases % _STRIDE], -1).astype(np.int32)

    def on_crease(self, edges: "InnerEdges") -> Mask:
        """Mark the edges that are creases."""
        return is_among(keys_between(edges.start, edges.end), self.creases)

    def without_loose_vertices(self) -> "EvenMesh":
        """Return the mesh without vertices that no face names."""
        used = np.zeros(len(self.vertices), dtype=bool)
        used[self.faces] = True
        if used.all():
            return self
        name = (np.cumsum(used) - 1).astype(np.int32)
        ends = name[self.crease_ends()]
        return replace(
            self,
            vertices=self.vertices[used],
            faces=name[self.faces],
            kind=self.kind[used],
            held=self.held[used],
            creases=np.sort(keys_between(ends[:, 0], ends[:, 1])),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Guide:
    """The surface there was.

    Parameters
    ----------
    places : (N, 3) float64, mm
        Its vertices and the middles of its ridges, which must stay near the new surface.
    tree : SurfaceTree
    normals : (F, 3) float64
        Unit normals of its faces.
    crease_tree : SurfaceTree, optional
        Over its creases.
    bound_mm : float
    thin_mm : float
        Height of a face without area.
    """

    places: Vertices
    tree: SurfaceTree
    normals: Floats
    crease_tree: SurfaceTree | None
    bound_mm: float
    thin_mm: float


class InnerEdges(NamedTuple):
    """Edges with a face on both sides, each once: half-edges, ends and opposite corners."""

    one: Ints
    other: Ints
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]


def dot(a: Floats, b: Floats) -> Floats:
    """Return the products of rows."""
    found: Floats = a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]
    return found


def cross(a: Floats, b: Floats) -> Floats:
    """Return the cross products of rows."""
    return np.stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        axis=-1,
    )


def length_of(a: Floats) -> Floats:
    """Return the lengths of rows."""
    found: Floats = np.sqrt(dot(a, a))
    return found


def keys_between(a: NDArray[np.integer], b: NDArray[np.integer]) -> Ints:
    """Return a number for each pair of vertices, the same both ways round."""
    keys: Ints = np.minimum(a, b).astype(np.int64) * _STRIDE + np.maximum(a, b)
    return keys


def inner_edges(faces: Faces, twin: NDArray[np.int32]) -> InnerEdges:
    """List the edges between two faces.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    """
    one = np.flatnonzero(twin > np.arange(len(twin)))
    other = twin[one].astype(np.int64)
    start = faces.ravel()[one]
    end = np.take(faces[:, [1, 2, 0]], one)
    opposite = faces[:, [2, 0, 1]].ravel()
    return InnerEdges(one, other, start, end, opposite[one], opposite[other])


def is_among(keys: Ints, others: Ints) -> Mask:
    """Mark the keys that are among some in ascending order."""
    if not len(others):
        return np.zeros(len(keys), dtype=bool)
    found: Mask = others[np.minimum(np.searchsorted(others, keys), len(others) - 1)] == keys
    return found


def scattered(count: int) -> Ints:
    """Return numbers below 2**32 in no order, the same each time.

    Neighbours in a list are neighbours in space: ranked by place in the list, hardly any edge would
    come before all about it.

    Parameters
    ----------
    count : int
    """
    numbers: Ints = np.arange(count, dtype=np.int64) * 2654435761 % (1 << 32)
    return numbers


def are_wrong(
    before: Floats, corners: Floats, guide: Guide, *, worst: Floats, new_edges: Mask
) -> Mask:
    """Mark faces that may not be made.

    Parameters
    ----------
    before : (M, N, 3) float64
        Vector areas of the faces that each would replace.
    corners : (M, 3, 3) float64, mm
    guide : Guide
    worst : (M,) float64
        Shape of what there is now: no new face needs to be better.
    new_edges : (M, 3) bool
        Edges (from corner j to the next) whose middle is to be measured; one face of two will do.
    """
    normal, shape, thin = _shapes(corners, guide.thin_mm)
    size = length_of(normal)
    turn = dot(before, normal[:, None]) < _TURN * length_of(before) * size[:, None]
    wrong: Mask = turn.any(axis=1) | thin | (shape < np.minimum(worst, _SHAPE))
    asked = np.flatnonzero(~wrong)
    if not len(asked):
        return wrong
    rows, j = np.nonzero(new_edges[asked])
    a, b, c = (corners[asked, k] for k in range(3))
    ends = corners[asked[rows], j] + corners[asked[rows], (j + 1) % 3]
    samples = np.concatenate([(a + b + c) / 3, ends / 2])
    _, under, _ = closest_on_tree(samples, guide.tree, limit_mm=guide.bound_mm)
    middle = under[: len(asked)]
    against = dot(guide.normals[np.maximum(middle, 0)], normal[asked]) <= 0
    wrong[asked] = (middle < 0) | against
    wrong[asked[rows[under[len(asked) :] < 0]]] = True
    return wrong


def shape_of(corners: Floats) -> Floats:
    """Return how even the sides of faces are, 0 to 1."""
    return _shapes(corners, 0.0)[1]


def _shapes(corners: Floats, thin_mm: float) -> tuple[Floats, Floats, Mask]:
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    w = v - u
    normal = cross(u, v)
    size = length_of(normal)
    sides = dot(u, u) + dot(v, v) + dot(w, w)
    shape = 2 * np.sqrt(3.0) * size / np.maximum(sides, 1e-300)
    return normal, shape, size <= _THIN * thin_mm * np.sqrt(sides)


def start_even_mesh(
    vertices: Vertices, faces: Faces, held: Mask, *, bound_mm: float
) -> tuple[EvenMesh, Guide, NDArray[np.int32]]:
    """Begin with a mesh: find its creases and what must stay.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Manifold and wound alike, every vertex in use.
    held : (V,) bool
    bound_mm : float

    Returns
    -------
    mesh : EvenMesh
    guide : Guide
    nearest : (N,) int32
        A face at each of the guide's places.
    """
    twin = half_edge_twins(faces, len(vertices))
    edges = inner_edges(faces, twin)
    normal, _, _ = _shapes(vertices[faces], 0.0)
    unit = normal / np.maximum(length_of(normal), 1e-300)[:, None]
    bend = dot(unit[edges.one // 3], unit[edges.other // 3])
    sharp = bend < _CREASE_COSINE
    start, end = edges.start[sharp], edges.end[sharp]
    count = len(vertices)
    mesh = EvenMesh(
        vertices,
        faces,
        np.zeros(count, dtype=np.uint8),
        held,
        np.sort(keys_between(start, end)),
    )
    ends = mesh.crease_ends()
    uses = np.bincount(ends.ravel(), minlength=count)
    kind = np.where(uses == 0, FREE, np.where(uses == 2, CREASE, PINNED)).astype(np.uint8)
    kind[open_vertices(faces, twin)] = PINNED
    kind[count_fans(faces, twin, count) != 1] = PINNED
    kind[held] = PINNED
    lines = None
    if len(ends):
        lines = build_tree(vertices, np.stack([ends[:, 0], ends[:, 1], ends[:, 1]], axis=-1))
    # How far the middle of an edge stands out between its faces; lower ones no vertex can miss.
    side = length_of(vertices[edges.end] - vertices[edges.start])
    double = length_of(normal)
    height = np.minimum(double[edges.one // 3], double[edges.other // 3]) / side
    ridge = np.flatnonzero(height * np.sqrt(np.maximum(1 - bend, 0) / 2) > _RIDGE * bound_mm)
    middles = (vertices[edges.start[ridge]] + vertices[edges.end[ridge]]) / 2
    at_vertex = np.zeros(count, dtype=np.int32)
    at_vertex[faces.ravel()] = np.repeat(np.arange(len(faces), dtype=np.int32), 3)
    nearest = np.concatenate([at_vertex, (edges.one[ridge] // 3).astype(np.int32)])
    guide = Guide(
        np.concatenate([vertices, middles]),
        build_tree(vertices, faces),
        unit,
        lines,
        bound_mm,
        thin_height_mm(vertices),
    )
    return replace(mesh, kind=kind), guide, nearest
