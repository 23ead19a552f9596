"""Look again at what a repair has changed, so that repairing twice changes nothing the second time.

Rules owned here:
- Only vertices within reach of a changed face are asked, and they get the very numbers that a search
  of the whole draft would give: sums over whole stars, the rings of the first search.
- Where the mesh has changed so much that the first search would have used another number of rings,
  the whole draft is searched again.
- Faces that meet are not asked here: the patches answer for those (`patching`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask
from stsbench.geometry.face_reach import faces_near
from stsbench.geometry.spikes import SPIKE_RINGS, UNITY, spike_vertices
from stsbench.geometry.topology import open_vertices
from stsbench.geometry.wide_normals import (
    overturned_faces,
    passes_needed,
    sum_near,
    sum_normals,
)
from stsbench.repair.cutting import Defects
from stsbench.repair.draft import Draft

__all__ = ["SecondLook", "Seen"]


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """What a look found.

    Parameters
    ----------
    spikes : (F,) bool
        Faces at a vertex of a spike.
    folds : (F,) bool
        Overturned faces.
    """

    spikes: Mask
    folds: Mask

    def __bool__(self) -> bool:
        return bool(self.spikes.any() or self.folds.any())


class SecondLook:
    """Searches a draft again where it has changed since it was searched.

    Parameters
    ----------
    draft : Draft
    defects : Defects
        What the search of the whole draft found, before anything was cut.
    """

    def __init__(self, draft: Draft, defects: Defects) -> None:
        self.draft = draft
        self.unity = defects.unity
        self._passes = defects.passes
        self._order = defects.tree.order
        self._sorted_faces = defects.tree.faces

    def look(self) -> Seen:
        """Return what is wrong within reach of a change."""
        draft = self.draft
        nothing = np.zeros(len(draft.faces), dtype=bool)
        fresh = draft.vertex_count - len(self.unity)
        self.unity = np.concatenate([self.unity, np.ones(fresh)])
        changed = self._changed_vertices()
        if not changed.any():
            return Seen(nothing, nothing)
        passes = passes_needed(draft.vertices, draft.faces)
        if passes != self._passes:
            self._passes = passes
            changed[:] = True
        ring = faces_near(draft.faces, draft.twin, changed, max(SPIKE_RINGS, 2 * passes + 2))
        border = np.zeros(draft.vertex_count, dtype=bool)
        border[open_vertices(draft.faces, draft.twin)] = True
        folds = self._sum_again(ring)
        asked = np.zeros(draft.vertex_count, dtype=bool)
        asked[draft.faces[(ring >= 0) & (ring <= SPIKE_RINGS)]] = True
        asked &= (self.unity < UNITY) & ~border
        spikes = self._spikes(asked, border) if asked.any() else nothing
        return Seen(spikes, folds & ~spikes)

    def _changed_vertices(self) -> Mask:
        """Mark vertices that lost or gained a face."""
        draft = self.draft
        gone = np.ones(len(self._order), dtype=bool)
        gone[draft.mark[draft.mark >= 0]] = False
        changed = np.zeros(draft.vertex_count, dtype=bool)
        changed[self._sorted_faces[gone[self._order]]] = True
        changed[draft.faces[draft.mark < 0]] = True
        return changed

    def _sum_again(self, ring: NDArray[np.int32]) -> Mask:
        """Bring `unity` up to date near changes; mark overturned faces there."""
        draft, passes = self.draft, self._passes
        rows, names, faces = self._part((ring >= 0) & (ring <= 2 * passes + 2))
        normals = sum_normals(draft.vertices[names], faces, passes=passes)
        right = ring[rows] <= passes + 1  # farther out the stars are not whole
        known = np.zeros(len(names), dtype=bool)
        known[faces[right]] = True
        self.unity[names[known]] = normals.unity[known]
        over = overturned_faces(draft.vertices[names], faces, normals)
        folds = np.zeros(len(draft.faces), dtype=bool)
        folds[rows[over & right]] = True
        return folds

    def _spikes(self, asked: Mask, border: Mask) -> Mask:
        """Mark the faces at spikes whose tip is among the asked vertices."""
        draft = self.draft
        near = sum_near(draft.vertices, draft.faces)
        spike, _ = spike_vertices(draft.vertices, draft.faces, border, near, asked)
        marked: Mask = np.asarray((spike >= 0)[draft.faces].any(axis=1))
        return marked

    def _part(self, chosen: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        """Return some faces: their rows, their vertices, and the faces over these."""
        draft = self.draft
        rows = np.flatnonzero(chosen)
        part = draft.faces[rows]
        used = np.zeros(draft.vertex_count, dtype=bool)
        used[part] = True
        names = np.flatnonzero(used)
        rename = np.zeros(draft.vertex_count, dtype=np.int32)
        rename[names] = np.arange(len(names), dtype=np.int32)
        return rows, names, np.ascontiguousarray(rename[part])
