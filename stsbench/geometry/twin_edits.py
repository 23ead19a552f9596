"""Edits of the half-edge table: faces go, faces come, edges that branched are settled.

Rules owned here:
- Each keeps the table of `topology.half_edge_twins` right at the cost of one pass, or of the patch
  alone, and never builds it anew.
- Faces that stay keep their order; new ones come last.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask
from stsbench.geometry.compiled import in_threads, kernel
from stsbench.geometry.edge_pairs import half_edges_of
from stsbench.geometry.face_sets import faces_at
from stsbench.geometry.topology import (
    BOUNDARY,
    BRANCHING,
    GONE,
    branching_edges,
    half_edge_twins,
)

__all__ = ["Room", "append_twins", "drop_faces", "settle_branching"]

_SPARE = 64  # one row in so many is kept free for faces to come
_PARTS = 4
_FEW = 20_000  # faces that are not worth another thread


class _Buffer:
    """Memory with free rows behind an array that only ever grows at its end."""

    def __init__(self) -> None:
        self._rows = np.empty(0, dtype=np.int32)

    def free(self, count: int, *shape: int) -> NDArray[np.int32]:
        """Return so many rows of new memory, which has more behind them."""
        rows: NDArray[np.int32] = np.empty((count + count // _SPARE, *shape), dtype=np.int32)
        self._rows = rows
        return rows[:count]

    def longer(self, rows: NDArray[np.int32], more: int) -> NDArray[np.int32]:
        """Return rows with so many unset ones behind them: a copy, unless these are ours and fit."""
        count, own = len(rows), self._rows
        if rows.base is own and count + more <= len(own):
            return own[: count + more]
        longer = self.free(count + more, *rows.shape[1:])
        longer[:count] = rows
        return longer


class Room:
    """Where the faces and half-edges of one mesh have room to grow.

    Whoever appends through it must have let go of what it made longer before: the same memory is
    made longer again.
    """

    def __init__(self) -> None:
        self.faces = _Buffer()
        self.twin = _Buffer()


@kernel
def _new_half_edges(keep):
    """Say where the half-edges of each face go, or -1; last, how many faces stay."""
    new = np.empty(len(keep) + 1, np.int32)
    count = 0
    for f in range(len(keep)):
        new[f] = count if keep[f] else -1
        count += 3 * keep[f]
    new[-1] = count // 3
    return new


@kernel
def _drop(faces, twin, new, first, last, out, out_twin):
    three = np.uint32(3)
    for f in range(first, last):
        if new[f] < 0:
            continue
        to = np.uint32(new[f])
        row = to // three
        for j in range(3):
            out[row, j] = faces[f, j]
            t = twin[3 * f + j]
            if t >= 0:
                h = np.uint32(t)
                g = h // three
                t = -1 if new[g] < 0 else np.int32(new[g] + (h - three * g))
            out_twin[to + np.uint32(j)] = t


def drop_faces(
    faces: Faces, twin: NDArray[np.int32], keep: Mask, room: Room | None = None
) -> tuple[Faces, NDArray[np.int32]]:
    """Take faces out and keep the half-edge table right.

    Branching edges stay `BRANCHING`: build the table anew when a face at one of them goes.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    keep : (F,) bool
    room : Room, optional
        Makes what is returned, such that more can be appended.

    Returns
    -------
    faces : (K, 3) int32
    twin : (3K,) int32
    """
    room = Room() if room is None else room
    new = _new_half_edges(np.ascontiguousarray(keep))
    count = int(new[-1])
    kept_faces, kept_twin = room.faces.free(count, 3), room.twin.free(3 * count)
    parts = _PARTS if len(faces) > _FEW else 1
    cuts = [len(faces) * part // parts for part in range(parts + 1)]
    in_threads(
        lambda ends: _drop(faces, twin, new, *ends, kept_faces, kept_twin), list(pairwise(cuts))
    )
    return kept_faces, kept_twin


def append_twins(
    faces: Faces, twin: NDArray[np.int32], added: Faces, room: Room | None = None
) -> tuple[Faces, NDArray[np.int32]]:
    """Put faces at the end of a mesh and pair their half-edges with the open ones.

    Rows that were there are not copied where `room` made them and has some left; the table is
    changed in place then.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    added : (A, 3) int32
    room : Room, optional
        Of whoever owns the mesh.

    Returns
    -------
    faces : (F + A, 3) int32
    twin : (3F + 3A,) int32
        `BRANCHING` where an added face meets an edge that already has two.
    """
    room = Room() if room is None else room
    joined = room.faces.longer(faces, len(added))
    table = room.twin.longer(twin, 3 * len(added))
    joined[len(faces) :] = added
    table[len(twin) :] = BOUNDARY
    touched = np.zeros(int(joined.max(initial=-1)) + 1, dtype=bool)
    touched[added] = True
    # An edge of an added face can only be met by a half-edge between two vertices it touches, and
    # every face at such an edge names one of them: paired among themselves, these are right there.
    old = np.flatnonzero(faces_at(faces, touched))
    old = old[twin.take(3 * old) != GONE]
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
