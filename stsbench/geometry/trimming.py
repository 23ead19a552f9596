"""Cut a surface in two where its vertices change sides, and keep one part.

Rules owned here:
- The cut runs through faces: a face with corners on both sides is split, its kept part is one or two
  faces. The new vertex of an edge is made once, from the lower to the higher vertex, and shared by
  both faces, so no crack opens.
- Vertices that stay keep their place bit for bit; new ones are float32 numbers.
- A face whose corners all lie on the line stays.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.face_selection import faces_touching

__all__ = ["Cut", "CutEdges", "edges_to_cut", "parts_of", "split_faces"]


class CutEdges(NamedTuple):
    """Edges with an end on each side.

    Parameters
    ----------
    low, high : (N,) int64
        Their vertices; sorted by low, then high.
    goes : (R,) int32
        Faces with a corner that goes, ascending.
    split : (S,) int32
        Those of them with a corner that stays.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    goes: NDArray[np.int32]
    split: NDArray[np.int32]


class Cut(NamedTuple):
    """What a cut does to a mesh.

    Parameters
    ----------
    removed : (R,) int32
        Faces that go or are split, ascending.
    faces : (M, 3) int32
        Kept parts of split faces; vertex V + n is the new vertex on cut edge n.
    source : (M,) int32
        The face each came from.
    """

    removed: NDArray[np.int32]
    faces: Faces
    source: NDArray[np.int32]


def edges_to_cut(faces: Faces, alive: Mask, side: NDArray[np.int8]) -> CutEdges:
    """List the edges whose ends lie on different sides, each once.

    Parameters
    ----------
    faces : (F, 3) int32
    alive : (F,) bool
    side : (V,) int8
        -1 stays, 0 on the line, 1 goes.
    """
    goes = faces_touching(faces, alive, side > 0)
    split = goes[(side[faces[goes]] < 0).any(axis=1)]
    edges = faces[split][:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
    edges = np.sort(edges[side[edges[:, 0]] * side[edges[:, 1]] < 0], axis=1)
    keys = np.sort((edges[:, 0] << 32) | edges[:, 1])
    keys = keys[np.concatenate([[True], np.diff(keys) > 0])[: len(keys)]]
    return CutEdges(keys >> 32, keys & 0xFFFFFFFF, goes, split)


def split_faces(
    vertices: Vertices, faces: Faces, side: NDArray[np.int8], cuts: CutEdges, places: Vertices
) -> Cut:
    """Split the faces with corners on both sides and take away what goes.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    side : (V,) int8
    cuts : CutEdges
        From `edges_to_cut`.
    places : (N, 3) float64, mm
        Where each edge is cut.
    """
    old = len(vertices)
    rows = cuts.split
    corner = side[faces[rows]]
    lone = (corner > 0).sum(axis=1) == 1
    quad = lone & ((corner < 0).sum(axis=1) == 2)
    # Turned so that the first corner is the one that goes, or else the one that stays.
    first = np.where(quad, np.argmax(corner, axis=1), np.argmin(corner, axis=1))
    turned = np.take_along_axis(faces[rows], (first[:, None] + np.arange(3)) % 3, axis=1)
    keys = (cuts.low << 32) | cuts.high

    def cut_vertex(start: NDArray[np.integer], end: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the vertex on an edge, or its end where that lies on the line."""
        low, high = np.minimum(start, end).astype(np.int64), np.maximum(start, end).astype(np.int64)
        at = np.minimum(np.searchsorted(keys, (low << 32) | high), max(len(keys) - 1, 0))
        return np.where(side[end] == 0, end, old + at)

    a, b, c = turned.T
    p, q = cut_vertex(a, b), cut_vertex(a, c)
    everywhere = np.concatenate([vertices, places])
    p_to_c = np.square(everywhere[p] - everywhere[c]).sum(axis=1)
    b_to_q = np.square(everywhere[b] - everywhere[q]).sum(axis=1)
    short = quad & (p_to_c <= b_to_q)
    other = quad & ~short
    triangle = ~quad
    parts = [
        np.stack([a, p, q], axis=-1)[triangle],
        np.stack([p, b, c], axis=-1)[short],
        np.stack([p, c, q], axis=-1)[short],
        np.stack([p, b, q], axis=-1)[other],
        np.stack([b, c, q], axis=-1)[other],
    ]
    sources = [rows[triangle], rows[short], rows[short], rows[other], rows[other]]
    source = np.concatenate(sources)
    order = np.argsort(source, kind="stable")
    return Cut(
        cuts.goes,
        np.concatenate(parts)[order].astype(np.int32),
        source[order].astype(np.int32),
    )


@kernel
def _parts(faces, alive, parted, vertex_count):
    root = np.empty(vertex_count, np.int32)
    for v in range(vertex_count):
        root[v] = v
    for f in range(len(faces)):
        if not alive[f]:
            continue
        for j in range(3):
            if parted[3 * f + j]:
                continue
            a = faces[f, j]
            b = faces[f, j + 1 if j < 2 else 0]
            while root[a] != a:
                root[a] = root[root[a]]
                a = root[a]
            while root[b] != b:
                root[b] = root[root[b]]
                b = root[b]
            if a < b:
                root[b] = a
            elif b < a:
                root[a] = b
    for v in range(vertex_count):
        a = v
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        root[v] = a
    return root


def parts_of(faces: Faces, alive: Mask, parted: Mask, vertex_count: int) -> NDArray[np.int32]:
    """Return the part of each vertex: vertices are in one part when edges that are not cut join them.

    Parameters
    ----------
    faces : (F, 3) int32
    alive : (F,) bool
    parted : (3F,) bool
        Half-edges that are cut.
    vertex_count : int

    Returns
    -------
    (V,) int32
        The lowest vertex of the part.
    """
    part: NDArray[np.int32] = _parts(faces, alive, parted, vertex_count)
    return part
