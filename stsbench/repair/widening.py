"""Make room for patches that do not fit, within bounds, and give back what that took in vain.

Rules owned here:
- Where no patch fits, faces that a patch met and a ring about it go too, and a new patch is tried.
- All that goes beside one defect in this way may make up `MOST_SHARE` of the scan's area. Beyond
  that, or when the rounds are over, the patch is taken out, every face that had to go for it comes
  back as it was, and the loop stays open: listed as unsolved, verdict hold.
- Faces that come back take their old place in the order of faces.
- A patch that touches what is given back goes with it: its own rim is among those faces.
"""

import numpy as np

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import Mask
from stsbench.geometry.face_groups import group_faces
from stsbench.geometry.face_measures import measure_faces
from stsbench.repair.draft import Draft

__all__ = ["MOST_SHARE", "Widening"]

MOST_SHARE = 0.05


class Widening:
    """What one round of closing takes beside its defects.

    Parameters
    ----------
    draft : Draft
    first_patch : int
        Number of the first patch of this round of closing.
    """

    def __init__(self, draft: Draft, first_patch: int) -> None:
        self.draft = draft
        self._first = first_patch
        self._taken = draft.rows(np.zeros(len(draft.faces), dtype=bool))
        self._area_mm2 = 0.0

    def cut(self, around: Mask, pinched: Mask) -> Mask:
        """Take patches and what is about them out, each for the reason its place was cut first.

        Parameters
        ----------
        around : (F,) bool
            Patches with something wrong about them, what they meet, rings.
        pinched : (F,) bool
            Fans that go because they are wrong themselves.

        Returns
        -------
        (V,) bool
            Corners of the places that are given up: their faces are back, their loops stay open.
        """
        draft = self.draft
        given_up, keep = self._beyond(around & ~pinched)
        gone = (around & ~keep) | pinched
        scars = draft.scar[draft.faces].max(axis=1)
        scars[scars == EditReason.NONE] = EditReason.SELF_INTERSECTION
        scars[pinched & ~around] = EditReason.NON_MANIFOLD_VERTEX
        own = gone & ~pinched & (draft.mark >= 0)
        self._taken = self._taken.plus(draft.rows(own))
        draft.drop(gone, scars, defect=pinched)
        if given_up.any():
            self._give_back(given_up)
        return given_up

    def undo(self, wrong: Mask, corners: Mask) -> None:
        """Take wrong patches out for good and give back all that went for them.

        Parameters
        ----------
        wrong : (F,) bool
            Whole patches.
        corners : (V,) bool
            On loops that no patch was found for.
        """
        draft = self.draft
        added = wrong & (draft.mark < 0)
        about = corners.copy()
        about[draft.faces[added]] = True
        draft.drop(added, EditReason.SELF_INTERSECTION)
        self._give_back(about)

    def _beyond(self, around: Mask) -> tuple[Mask, Mask]:
        """Find the places that would take too much: their corners, and which faces stay for it."""
        draft = self.draft
        corners = np.zeros(draft.vertex_count, dtype=bool)
        rows = np.flatnonzero(around)
        faces = np.concatenate([self._taken.faces, draft.faces[rows]])
        keep = np.zeros(len(draft.faces), dtype=bool)
        if not len(rows):
            return corners, keep
        if not self._area_mm2:
            self._area_mm2 = float(measure_faces(draft.vertices, draft.faces).area_mm2.sum())
        group = group_faces(faces)
        area = measure_faces(draft.vertices, np.ascontiguousarray(faces)).area_mm2
        taken = len(self._taken.mark)
        area[taken:][draft.mark[rows] < 0] = 0.0
        asks = np.zeros(int(group.max()) + 1, dtype=bool)
        asks[group[taken:]] = True
        total = np.bincount(group, area)
        bad = (asks & (total > MOST_SHARE * self._area_mm2))[group]
        corners[faces[bad]] = True
        keep[rows[bad[taken:]]] = True
        return corners, keep & (draft.mark >= 0)

    def _give_back(self, corners: Mask) -> None:
        """Give back the faces taken about some vertices; widens these to what had to go along."""
        draft = self.draft
        group = group_faces(self._taken.faces)
        back = np.zeros(len(group), dtype=bool)
        while True:
            hit = np.zeros(int(group.max(initial=-1)) + 1, dtype=bool)
            hit[group[corners[self._taken.faces].any(axis=1)]] = True
            now = hit[group]
            if np.array_equal(now, back):
                break
            back = now
            freed = np.zeros(draft.vertex_count, dtype=bool)
            freed[self._taken.faces[back]] = True
            # A patch along an edge of what comes back lies where that was.
            along = (freed[draft.faces].sum(axis=1) > 1) & (draft.patch >= self._first)
            patches = np.unique(draft.patch[along])
            gone = np.isin(draft.patch, patches) & (draft.patch >= 0)
            corners |= freed
            corners[draft.faces[gone]] = True
            draft.drop(gone, EditReason.SELF_INTERSECTION)
        draft.give_back(self._taken.take(back))
        self._taken = self._taken.take(~back)
