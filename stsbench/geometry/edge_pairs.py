"""Half-edges of a few faces: their numbers, the edges they lie on and who is on the other side.

Rules owned here:
- The key of an edge does not depend on its direction; pairs are found by sorting keys, so the cost
  is that of the half-edges asked about and not of the mesh.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces
from stsbench.geometry.topology import BOUNDARY, BRANCHING, next_half_edge

__all__ = ["half_edges_of", "keys_of", "pair_by_edge"]


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


def pair_by_edge(
    faces: Faces, half_edges: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Pair half-edges among themselves.

    Parameters
    ----------
    faces : (F, 3) int32
    half_edges : (H,) int

    Returns
    -------
    half_edges : (H,) int64
        The same, edge by edge.
    twins : (H,) int32
        The other one, `BOUNDARY` or `BRANCHING`.
    """
    keys = keys_of(faces, half_edges)
    order = np.lexsort((half_edges, keys))
    ordered = half_edges[order].astype(np.int64)
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = np.diff(keys[order]) != 0
    first = np.flatnonzero(fresh)
    size = np.diff(np.append(first, len(order)))
    twins = np.full(len(order), BOUNDARY, dtype=np.int32)
    two = first[size == 2]
    twins[two] = ordered[two + 1]
    twins[two + 1] = ordered[two]
    twins[np.repeat(size > 2, size)] = BRANCHING
    return ordered, twins
