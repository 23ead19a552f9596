"""Look again at what a repair has changed, so that repairing twice changes nothing the second time.

Rules owned here:
- Only what lies within reach of a changed vertex is asked, one that lost or gained a face since the
  look before, and it gets the very numbers that a search of the whole draft would give: the rest
  keeps those it had. What a look saw and nobody cut is asked again.
- Where the mesh has changed so much that the first search would have used another number of rings,
  the whole draft is searched again.
- Faces that meet are not asked here: the patches answer for those (`patching`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask
from stsbench.geometry.face_sets import faces_at
from stsbench.geometry.spikes import SPIKE_RINGS, UNITY, spike_vertices
from stsbench.geometry.topology import open_vertices
from stsbench.geometry.vertex_rings import renew_neighbours, rings_away
from stsbench.geometry.wide_normals import (
    count_sides,
    overturned_faces,
    passes_for,
    spread_sums,
    sum_near,
    unity_of,
)
from stsbench.repair.cutting import Defects
from stsbench.repair.draft import Draft

__all__ = ["SecondLook", "Seen"]

_SPARE = 32  # one row in so many is kept free for vertices to come

_Numbers = tuple[NDArray[np.float64], NDArray[np.int64], int, NDArray[np.uint8], int]


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


@dataclass(frozen=True, eq=False, slots=True)
class _Ready:
    """What a look needs of the draft as it is: open vertices, rings, overturned faces."""

    border: Mask
    neighbours: tuple[NDArray[np.int32], NDArray[np.int32]]
    away: NDArray[np.uint8]
    folds: Mask


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
        self.unity = defects.normals.unity
        self._near = self._near_room = defects.normals.near
        self._shorter = defects.normals.shorter
        self._passes = defects.normals.passes
        self._looked = defects.looked
        self._neighbours = defects.neighbours
        self._known = 0  # changes of the draft that the numbers above have in them
        self._seen = np.zeros((0, 3), dtype=np.int32)  # faces to be asked again if they stay
        self._keep_numbers()
        self._prepared = False
        self._useful = True
        self._ready: _Ready | None = None

    def _keep_numbers(self) -> None:
        """Keep what `forget` brings back; of `near`, the largest, only rows that are to change."""
        self._before: _Numbers = (
            self.unity, self._shorter, self._passes, self._looked, self._known
        )  # fmt: skip
        self._near_count = len(self._near)
        self._near_before = np.zeros(0, dtype=np.int64), self._near[:0]

    @property
    def neighbours(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Neighbours of every vertex as of the last look."""
        return self._neighbours

    def expect(self, *, useful: bool) -> None:
        """Tell a `prepare` that runs on the other core whether anybody will want it."""
        self._useful = useful

    def _is_vain(self) -> bool:
        return not self._useful  # set from the other core

    def prepare(self) -> None:
        """Do what a look needs first: find what has changed, and bring sums there up to date.

        Ends early once `expect` has said that it is in vain; `forget` must follow then.
        """
        draft = self.draft
        changed = self._take_changes()
        self._prepared = True
        if self._is_vain() or not changed.any():
            return
        border = np.zeros(draft.vertex_count, dtype=bool)
        border[open_vertices(draft.faces, draft.twin)] = True
        renewed = draft.faces.take(np.flatnonzero(faces_at(draft.faces, changed)), axis=0)
        rows = np.flatnonzero(changed)
        self._near_before = rows, self._near.take(rows, axis=0)
        self._near[rows] = self._sums_at(changed, renewed)
        neighbours = renew_neighbours(*self._neighbours, changed, renewed, border)
        if self._is_vain():
            return
        away = rings_away(*neighbours, changed, max(SPIKE_RINGS, 2 * self._passes + 1))
        self._ready = _Ready(border, neighbours, away, self._sum_again(away))

    def look(self) -> Seen:
        """Return what is wrong within reach of a change."""
        self._useful = True
        if not self._prepared:
            self.prepare()
        draft, ready = self.draft, self._ready
        self._prepared, self._ready = False, None
        self._keep_numbers()
        self._seen = self._seen[:0]
        nothing = np.zeros(len(draft.faces), dtype=bool)
        if ready is None:
            return Seen(nothing, nothing)
        asked = (ready.away <= self._looked) & (self.unity < UNITY)
        spike, _, looked = spike_vertices(
            draft.vertices, ready.neighbours, ready.border, self._near, asked
        )
        self._looked[asked] = looked[asked]
        self._neighbours = ready.neighbours
        spikes = faces_at(draft.faces, spike >= 0) if (spike >= 0).any() else nothing
        seen = Seen(spikes, ready.folds & ~spikes)
        self._seen = draft.faces.take(np.flatnonzero(seen.spikes | seen.folds), axis=0)
        return seen

    def forget(self) -> None:
        """Forget the last `prepare`, if any: what it looked at did not stay."""
        self._prepared, self._ready, self._useful = False, None, True
        self.unity, self._shorter, self._passes, self._looked, self._known = self._before
        rows, sums = self._near_before
        self._near[rows] = sums
        self._near = self._near[: self._near_count]
        self._keep_numbers()

    def _sums_at(self, changed: Mask, faces: Faces) -> NDArray[np.float64]:
        """Sum vector area and area at changed vertices, (N, 4), over all faces that name one."""
        named = changed.copy()
        named[faces] = True
        names = np.flatnonzero(named)
        name = np.empty(len(named), dtype=np.int32)
        name[names] = np.arange(len(names), dtype=np.int32)
        vertices = self.draft.vertices.take(names, axis=0)
        return sum_near(vertices, name.take(faces))[changed[names]]

    def _take_changes(self) -> Mask:
        """Mark vertices that lost or gained a face since the last look; make room for new ones."""
        draft = self.draft
        self._keep_numbers()
        fresh = draft.vertex_count - len(self.unity)
        self.unity = np.concatenate([self.unity, np.ones(fresh)])
        self._make_room(fresh)
        never = np.full(fresh, SPIKE_RINGS, dtype=np.uint8)
        self._looked = np.concatenate([self._looked, never])
        lost, gained = draft.changes.since(self._known)
        self._known = len(draft.changes)
        changed = np.zeros(draft.vertex_count, dtype=bool)
        for faces in (lost, gained, self._seen):
            changed[faces] = True
        self._shorter = (
            self._shorter - count_sides(draft.vertices, lost) + count_sides(draft.vertices, gained)
        )
        passes = passes_for(self._shorter, len(draft.faces))
        if passes != self._passes:
            self._passes = passes
            changed[:] = True
        return changed

    def _make_room(self, fresh: int) -> None:
        """Put zeros for new vertices at the end of `near`; it is copied for many of them at once."""
        count = len(self._near) + fresh
        if count > len(self._near_room):
            room = np.empty((count + count // _SPARE, 4))
            room[: len(self._near)] = self._near
            self._near_room = room
        self._near_room[len(self._near) : count] = 0.0
        self._near = self._near_room[:count]

    def _sum_again(self, away: NDArray[np.uint8]) -> Mask:
        """Bring `unity` up to date near changes; mark overturned faces there."""
        draft, passes = self.draft, self._passes
        # Changes spread as far as the sums, and a ring more for the corners of faces; what they
        # follow from is as far away again.
        rows = np.flatnonzero(faces_at(draft.faces, away <= 2 * passes))
        names = np.flatnonzero(away <= 2 * passes + 1)
        name = np.empty(draft.vertex_count, dtype=np.int32)
        name[names] = np.arange(len(names), dtype=np.int32)
        faces, away = name.take(draft.faces.take(rows, axis=0)), away[names]
        wide = spread_sums(faces, self._near.take(names, axis=0), passes)
        renewed = away <= passes
        self.unity[names[renewed]] = unity_of(wide[renewed])
        asked = np.flatnonzero(faces_at(faces, renewed))
        vertices = draft.vertices.take(names, axis=0)
        over = overturned_faces(vertices, faces.take(asked, axis=0), wide)
        folds = np.zeros(len(draft.faces), dtype=bool)
        folds[rows[asked[over]]] = True
        return folds
