"""Second half of a repair, second step: fill, verify, widen, in a bounded number of rounds.

Rules owned here:
- Every open loop is filled, kept or left open as `holes.plan_loops` decided; loops that only a cut
  made are always filled.
- A patch must not meet any face it is not joined to, must have no thin face and leave no bow-tie.
  One that does is cut out again with what it meets and one ring more.
- After `ROUNDS` rounds what is still wrong stays open and is listed; the verdict is hold.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import Mask
from stsbench.domain.progress import Progress
from stsbench.geometry.boundary import LoopSet, boundary_loops, measure_loops
from stsbench.geometry.components import measure_pieces
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.hole_filling import fill_loops
from stsbench.geometry.manifoldness import smaller_fans
from stsbench.geometry.self_intersection import self_meetings
from stsbench.geometry.topology import BRANCHING, grow_by_rings
from stsbench.geometry.winding import find_winding
from stsbench.repair.cutting import closed_smaller_fans, pinched_vertices, widen
from stsbench.repair.draft import Draft
from stsbench.repair.holes import Fate, LoopPlan
from stsbench.repair.listing import list_face_groups, place_of
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.tidying import Tidied, edge_keys

__all__ = ["ROUNDS", "Patcher"]

ROUNDS = 6


class Patcher:
    """Fills the loops of a draft until nothing is wrong with the patches.

    Parameters
    ----------
    tidied : Tidied
    plan : LoopPlan
        Of the draft before anything was cut.
    profile : RepairProfile
    """

    def __init__(self, tidied: Tidied, plan: LoopPlan, profile: RepairProfile) -> None:
        self.tidied = tidied
        self.draft = tidied.draft
        self.profile = profile
        self.unsolved: list[Finding] = []
        keys = edge_keys(self.draft, plan.loops.half_edges)
        fates = plan.fates[plan.loops.loop_of()]
        order = np.argsort(keys, kind="stable")
        self._keys, self._fates = keys[order], fates[order]

    def fates_of(self, loops: LoopSet) -> NDArray[np.uint8]:
        """Return the fate of each loop: the highest among its edges that were open before."""
        fates = np.zeros(len(loops), dtype=np.uint8)
        if not len(loops) or not len(self._keys):
            return fates
        keys = edge_keys(self.draft, loops.half_edges)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        known = self._keys[at] == keys
        np.maximum.at(fates, loops.loop_of()[known], self._fates[at[known]])
        return fates

    def run(self, progress: Progress) -> None:
        """Fill, verify and widen.

        Parameters
        ----------
        progress : Progress
        """
        draft = self.draft
        for turn in range(ROUNDS):
            progress.step("filling", 0.5 + 0.4 * turn / ROUNDS)
            gone = closed_smaller_fans(draft)
            if gone.any():
                draft.drop(gone, EditReason.NON_MANIFOLD_VERTEX)
            self._drop_separated()
            loops = boundary_loops(draft.faces, draft.twin)
            chosen = np.flatnonzero(self.fates_of(loops) == Fate.FILL)
            if len(chosen):
                self._fill(loops.take(chosen), fair=turn < 3)
            wrong = self._wrong_faces()
            if not wrong.any():
                return
            if turn == ROUNDS - 1:
                break
            patches = grow_by_rings(draft.faces, draft.vertex_count, wrong, 1)
            made = draft.face_source < 0
            draft.drop(widen(draft, wrong | (patches & made), 1), EditReason.SELF_INTERSECTION)
        self._give_up(wrong)

    def _fill(self, loops: LoopSet, *, fair: bool) -> None:
        draft = self.draft
        patches = fill_loops(
            draft.vertices, draft.faces, draft.twin, loops.vertices, loops.offsets, fair=fair
        )
        keys = edge_keys(draft, loops.half_edges)
        at = np.minimum(
            np.searchsorted(self.tidied.born_open, keys), len(self.tidied.born_open) - 1
        )
        born = self.tidied.born_open[at] == keys if len(self.tidied.born_open) else keys < 0
        was_hole = np.zeros(len(loops), dtype=bool)
        np.logical_or.at(was_hole, loops.loop_of(), born)
        reason = np.where(was_hole, EditReason.HOLE_FILL, EditReason.SELF_INTERSECTION)
        draft.add(patches.vertices, patches.faces, reason[patches.hole_of_face].astype(np.uint8))
        if patches.failed.any():
            measures = measure_loops(draft.vertices, loops)
            for n in np.flatnonzero(patches.failed):
                self.unsolved.append(
                    Finding(
                        FindingKind.HOLE,
                        place_of(measures.centre_mm[n]),
                        float(measures.rim_mm[n]),
                        float(measures.area_mm2[n]),
                        len(loops.loop(int(n))),
                        Severity.HOLD,
                        Action.UNSOLVED,
                        "No valid patch was found.",
                    )
                )

    def _drop_separated(self) -> None:
        """Drop pieces that a cut left over, as islands are."""
        draft = self.draft
        area = measure_faces(draft.vertices, draft.faces, thin_mm=self.tidied.thin_mm).area_mm2
        component = find_winding(draft.vertices, draft.faces, draft.twin, area).component
        pieces = measure_pieces(draft.vertices, draft.faces, component, area)
        if len(pieces) <= self.tidied.component_count:
            return
        main = pieces.area_mm2[pieces.main]
        limit = min(self.profile.island_mm2, self.profile.island_share * main)
        debris = pieces.area_mm2 <= limit
        debris[pieces.main] = False
        gone: Mask = debris[component]
        if gone.any():
            draft.drop(gone, EditReason.ISLAND)

    def _wrong_faces(self) -> Mask:
        draft = self.draft
        wrong = measure_faces(draft.vertices, draft.faces, thin_mm=self.tidied.thin_mm).thin
        meetings = self_meetings(draft.vertices, draft.faces)
        wrong[meetings.faces] = True
        wrong |= (draft.twin.reshape(-1, 3) == BRANCHING).any(axis=1)
        wrong |= smaller_fans(draft.vertices, draft.faces, draft.twin, pinched_vertices(draft))
        return wrong

    def _give_up(self, wrong: Mask) -> None:
        draft = self.draft
        self.unsolved += list_face_groups(
            FindingKind.SELF_INTERSECTION,
            draft.vertices,
            draft.faces,
            wrong,
            action=Action.UNSOLVED,
            severity=Severity.HOLD,
            detail="The surface still meets itself here.",
        )


def component_of(draft: Draft) -> NDArray[np.int32]:
    """Number the pieces of a draft, (F,) int32."""
    area = np.ones(len(draft.faces))
    return find_winding(draft.vertices, draft.faces, draft.twin, area).component
