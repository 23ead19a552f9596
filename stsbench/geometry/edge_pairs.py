"""Half-edges of a few faces: their numbers, the edges they lie on and who is on the other side.

Rules owned here:
- The key of an edge does not depend on its direction.
- New faces are paired within an excerpt about them: one pass over all faces finds it, the rest costs
  what the new faces cost.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask
from stsbench.geometry.face_selection import faces_touching, take_excerpt
from stsbench.geometry.topology import BRANCHING, half_edge_twins, next_half_edge

__all__ = ["half_edges_of", "keys_of", "pair_again"]


def half_edges_of(rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the half-edges of some faces, (3N,) int64, three to a face."""
    half_edges: NDArray[np.int64] = (
        3 * rows.astype(np.int64)[:, None] + np.arange(3, dtype=np.int64)
    ).ravel()
    return half_edges


def keys_of(faces: Faces, half_edges: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return a number for the edge of each half-edge, the same for both directions.

    Parameters
    ----------
    faces : (F, 3) int32
    half_edges : (H,) int
    """
    corners = faces.ravel()
    start = corners[half_edges].astype(np.int64)
    end = corners[next_half_edge(half_edges)].astype(np.int64)
    keys: NDArray[np.int64] = (np.minimum(start, end) << 32) | np.maximum(start, end)
    return keys


def pair_again(
    faces: Faces, alive: Mask, vertex_count: int, first: int, asked: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Pair the half-edges at every edge of new faces, and at the edges of some others.

    Parameters
    ----------
    faces : (F, 3) int32
    alive : (F,) bool
    vertex_count : int
    first : int
        The first new face; all from there on are new, and alive.
    asked : (H,) int
        Half-edges of older faces, dead or alive.

    Returns
    -------
    half_edges : (N,) int64
        All those alive at these edges, ascending.
    twins : (N,) int32
        The other one, `BOUNDARY` or `BRANCHING`.
    """
    corners = faces.ravel()
    marked = np.zeros(vertex_count, dtype=bool)
    marked[faces[first:]] = True
    marked[corners[asked]] = marked[corners[next_half_edge(asked)]] = True
    # Whatever lies at such an edge names both of its ends: paired among themselves these are right.
    near = faces_touching(faces, alive, marked, least=2)
    vertex, among = take_excerpt(faces, near, vertex_count)
    paired = half_edge_twins(among, len(vertex))
    half_edges = half_edges_of(near)
    begin = int(np.searchsorted(half_edges, 3 * first))
    wanted = np.zeros(len(half_edges), dtype=bool)
    wanted[begin:] = True
    other = paired[begin:]
    wanted[other[other >= 0]] = True
    several = np.concatenate([asked, half_edges[begin:][other == BRANCHING]])
    if len(several):
        wanted |= np.isin(keys_of(faces, half_edges), keys_of(faces, several))
    mine = paired[wanted]
    twins = np.where(mine >= 0, half_edges[np.maximum(mine, 0)], mine).astype(np.int32)
    return half_edges[wanted], twins
