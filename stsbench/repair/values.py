"""Colours and attributes of the vertices a repair adds.

Rules owned here:
- A vertex that stays keeps its values bit for bit.
- An added vertex gets the mean of the nearest known neighbours along the edges, ring by ring from
  the rim inwards, for numbers that can be averaged (floats, colours); for everything else (labels)
  the value of the neighbour that is nearest in space.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Colours, Mask, TriangleMesh
from stsbench.repair.draft import Draft

__all__ = ["carry_values"]


def carry_values(
    mesh: TriangleMesh, draft: Draft, used: Mask
) -> tuple[Colours | None, Mapping[str, NDArray[np.generic]]]:
    """Return colours and attributes of the vertices in use.

    Parameters
    ----------
    mesh : TriangleMesh
        As read.
    draft : Draft
    used : (V,) bool
        Vertices of the draft that the result keeps.
    """
    if mesh.colours is None and not mesh.attributes:
        return None, {}
    order = _inwards(draft)
    colours = None
    if mesh.colours is not None:
        colours = np.asarray(_carried(mesh.colours, draft, order))[used]
    return colours, {
        name: _carried(values, draft, order)[used] for name, values in mesh.attributes.items()
    }


Wave = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def _inwards(draft: Draft) -> list[Wave]:
    """Waves of added vertices from the rims inwards: (vertices, edge targets, edge sources)."""
    known = draft.vertex_source >= 0
    rows = ~known[draft.faces].all(axis=1)
    edges = (
        draft.faces[rows][:, [0, 1, 1, 2, 2, 0, 1, 0, 2, 1, 0, 2]].reshape(-1, 2).astype(np.int64)
    )
    edges = np.unique(edges, axis=0)
    known = known.copy()
    waves: list[Wave] = []
    while True:
        front = ~known[edges[:, 0]] & known[edges[:, 1]]
        if not front.any():
            return waves
        target, source = edges[front].T
        reached = np.unique(target)
        waves.append((reached, target, source))
        known[reached] = True


def _carried(values: NDArray[np.generic], draft: Draft, waves: list[Wave]) -> NDArray[np.generic]:
    whole = values[np.maximum(draft.vertex_source, 0)]
    averaged = values.dtype.kind == "f" or (values.dtype == np.uint8 and values.ndim == 2)
    smooth = whole.astype(np.float64) if averaged else None
    for reached, target, source in waves:
        gap = np.linalg.norm(draft.vertices[target] - draft.vertices[source], axis=1)
        if smooth is not None:
            weight = 1.0 / np.maximum(gap, 1e-12)
            at = np.searchsorted(reached, target)
            flat = smooth.reshape(len(smooth), -1)
            total = np.zeros((len(reached), flat.shape[1]))
            np.add.at(total, at, flat[source] * weight[:, None])
            flat[reached] = total / np.bincount(at, weights=weight)[:, None]
        else:
            order = np.lexsort((source, gap, target))
            first = np.r_[True, np.diff(target[order]) != 0]
            whole[target[order[first]]] = whole[source[order[first]]]
    if smooth is None:
        return whole
    if values.dtype.kind == "u":
        smooth = np.rint(smooth)
    carried = smooth.astype(values.dtype)
    stays = draft.vertex_source >= 0
    carried[stays] = values[draft.vertex_source[stays]]
    return carried
