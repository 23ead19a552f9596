"""Edits of the half-edge table: faces go, faces come, edges that branched are settled.

Rules owned here:
- Each keeps the table of `topology.half_edge_twins` right at the cost of one pass, or of the patch
  alone, and never builds it anew.
- Faces that stay keep their order; new ones come last.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask
from stsbench.geometry.compiled import kernel
from stsbench.geometry.edge_pairs import half_edges_of
from stsbench.geometry.face_sets import faces_at
from stsbench.geometry.topology import (
    BOUNDARY,
    BRANCHING,
    GONE,
    branching_edges,
    half_edge_twins,
)

__all__ = ["append_twins", "drop_faces", "settle_branching"]


@kernel
def _drop(faces, twin, keep):
    face_count = len(faces)
    new_index = np.empty(face_count, np.int32)
    kept = 0
    for f in range(face_count):
        if keep[f]:
            new_index[f] = kept
            kept += 1
        else:
            new_index[f] = -1
    out = np.empty((kept, 3), np.int32)
    out_twin = np.empty(3 * kept, np.int32)
    n = 0
    for f in range(face_count):
        if not keep[f]:
            continue
        for j in range(3):
            out[n, j] = faces[f, j]
            t = twin[3 * f + j]
            if t >= 0:
                g = t // 3
                i = new_index[g]
                t = -1 if i < 0 else 3 * i + (t - 3 * g)
            out_twin[3 * n + j] = t
        n += 1
    return out, out_twin, new_index


def drop_faces(
    faces: Faces, twin: NDArray[np.int32], keep: Mask
) -> tuple[Faces, NDArray[np.int32], NDArray[np.int32]]:
    """Take faces out and keep the half-edge table right.

    Branching edges stay `BRANCHING`: build the table anew when a face at one of them goes.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    keep : (F,) bool

    Returns
    -------
    faces : (K, 3) int32
    twin : (3K,) int32
    new_index : (F,) int32
        Where each face went, -1 where it was dropped.
    """
    kept_faces, kept_twin, new_index = _drop(faces, twin, np.ascontiguousarray(keep))
    return kept_faces, kept_twin, new_index


def append_twins(
    faces: Faces, twin: NDArray[np.int32], added: Faces
) -> tuple[Faces, NDArray[np.int32]]:
    """Put faces at the end of a mesh and pair their half-edges with the open ones.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    added : (A, 3) int32

    Returns
    -------
    faces : (F + A, 3) int32
    twin : (3F + 3A,) int32
        `BRANCHING` where an added face meets an edge that already has two.
    """
    joined = np.concatenate([faces, added]).astype(np.int32, copy=False)
    table = np.concatenate([twin, np.full(3 * len(added), BOUNDARY, dtype=np.int32)])
    touched = np.zeros(int(joined.max(initial=-1)) + 1, dtype=bool)
    touched[added] = True
    # An edge of an added face can only be met by a half-edge between two vertices it touches, and
    # every face at such an edge names one of them: paired among themselves, these are right there.
    old = np.flatnonzero(faces_at(faces, touched) & (twin[::3] != GONE))
    rows = np.concatenate([old, np.arange(len(faces), len(joined))])
    among = joined[rows]
    paired = half_edge_twins(among, len(touched))
    at = np.flatnonzero(
        (touched[among] & touched[among[:, [1, 2, 0]]]).ravel() & (paired != BOUNDARY)
    )
    beyond = paired[at]
    table[half_edges_of(rows)[at]] = np.where(
        beyond < 0, beyond, 3 * rows[beyond // 3] + beyond % 3
    )
    return joined, table


def settle_branching(
    faces: Faces, twin: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pair the half-edges at branching edges anew after faces there went.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
        As `drop_faces` left it.

    Returns
    -------
    half_edges : (H,) int32
        All that were `BRANCHING`.
    twins : (H,) int32
        What they are now.
    """
    _, half_edges, edge_of = branching_edges(faces, twin)
    size = np.bincount(edge_of)
    first = np.cumsum(size) - size
    twins = np.full(len(half_edges), BRANCHING, dtype=np.int32)
    twins[first[size == 1]] = BOUNDARY
    pair = first[size == 2]
    twins[pair] = half_edges[pair + 1]
    twins[pair + 1] = half_edges[pair]
    return half_edges, twins
