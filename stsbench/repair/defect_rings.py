"""Rings about a defect that are cut with it.

Rules owned here:
- Faces that meet are cut with one ring; a fold with one, and up to `SKIRT_RINGS` more where the
  surface about a vertex does not face one way (`WideNormals.unity` below `FOLDED`).
- A ring never takes a face on an open edge unless it is part of the defect itself, a further one of a
  fold none that touches the border: so the border stays.
- An excerpt holds every face within the rings it was asked for and one ring more, in their order: a
  set of faces is widened in it as it would be in the whole draft, without a pass over all faces for
  each ring.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask
from stsbench.geometry.face_sets import faces_at, grow_by_rings
from stsbench.geometry.topology import BOUNDARY, open_vertices
from stsbench.geometry.vertex_rings import rings_away
from stsbench.repair.draft import Draft

__all__ = ["FOLDED", "SKIRT_RINGS", "Excerpt", "excerpt_about", "whole_folds", "widen"]

FOLDED = 0.98
SKIRT_RINGS = 2


class Excerpt(NamedTuple):
    """Some faces of a draft.

    Parameters
    ----------
    rows : (N,) int64
        Which faces these are, ascending.
    faces : (N, 3) int32
        Over the draft's vertices.
    twin : (3N,) int32
        Half-edges of the draft; negative where the draft's are.
    vertex_count : int
    """

    rows: NDArray[np.int64]
    faces: Faces
    twin: NDArray[np.int32]
    vertex_count: int

    def spread(self, chosen: Mask, face_count: int) -> Mask:
        """Return a choice among these faces as one among all of them, (F,) bool."""
        whole = np.zeros(face_count, dtype=bool)
        whole[self.rows[chosen]] = True
        return whole


def excerpt_about(
    draft: Draft,
    neighbours: tuple[NDArray[np.int32], NDArray[np.int32]],
    seed: Mask,
    rings: int,
) -> Excerpt:
    """Take the faces within some rings of a few, and a ring more.

    Parameters
    ----------
    draft : Draft
    neighbours : (start, around)
        Of the draft's vertices, as `vertex_rings.vertex_neighbours`.
    seed : (F,) bool
    rings : int
        How far the seed is to be widened.
    """
    near = np.zeros(draft.vertex_count, dtype=bool)
    near[draft.faces.take(np.flatnonzero(seed), axis=0)] = True
    away = rings_away(*neighbours, near, rings)
    rows = np.flatnonzero(faces_at(draft.faces, away <= rings))
    twin = draft.twin.reshape(-1, 3).take(rows, axis=0).ravel()
    return Excerpt(rows, draft.faces.take(rows, axis=0), twin, draft.vertex_count)


def widen(draft: Draft | Excerpt, seed: Mask, rings: int) -> Mask:
    """Grow a set of faces by rings that stay off the open edges, (F,) bool."""
    if not rings or not seed.any():
        return seed
    grown = grow_by_rings(draft.faces, draft.vertex_count, seed, rings)
    fresh = np.flatnonzero(grown & ~seed)
    at_border = (draft.twin.reshape(-1, 3).take(fresh, axis=0) == BOUNDARY).any(axis=1)
    grown[fresh[at_border]] = False
    return grown


def whole_folds(draft: Draft | Excerpt, folds: Mask, unity: NDArray[np.float64]) -> Mask:
    """Widen folds by their rings.

    Parameters
    ----------
    draft : Draft or Excerpt
    folds : (F,) bool
    unity : (V,) float64

    Returns
    -------
    (F,) bool
    """
    cut = widen(draft, folds, 1)
    if cut.any():
        # A loop that met the border in a point would be cut out of the border.
        border = np.zeros(draft.vertex_count, dtype=bool)
        border[open_vertices(draft.faces, draft.twin)] = True
        low = unity < FOLDED
        for _ in range(SKIRT_RINGS):
            fresh = np.flatnonzero(widen(draft, cut, 1) & ~cut)
            corners = draft.faces.take(fresh, axis=0)
            cut[fresh[low.take(corners).any(axis=1) & ~border.take(corners).any(axis=1)]] = True
    return cut
