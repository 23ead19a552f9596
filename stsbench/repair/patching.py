"""Fill, verify, widen: close what is to be closed, in a bounded number of rounds.

Rules owned here:
- Every open loop is filled, kept or left open as `holes.plan_loops` decided; loops that only a cut
  made are always filled.
- A patch must not meet any face it is not joined to, and must have no thin face, no branching edge
  and no bow-tie. One that does is tried again as a membrane, then cut out with what it meets and one
  ring more, and so on by turns.
- At a bow-tie that is left when its loops are closed, the smaller fans are cut and closed without it.
- After `ROUNDS` rounds, or when a patch would need too much of the scan about it (`widening`), it is
  taken out, what went for it comes back, and the loop stays open and is listed; the verdict is hold.
- When all is closed, what changed is searched again for spikes and folds (`second_look`); what is
  found is cut with a ring, each time one ring wider, and closed in the same way, at most `LOOKS`
  times.
- Loops that were left open while their neighbours were still being cut, and borders that a cut has
  changed, are planned and tried again on the draft as it is then, as the next repair would; at most
  `TRIES` times and while that changes anything.
- A patch carries the reason for which its place was cut, a filled hole HOLE_FILL.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.answers import Answers
from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import Faces, Mask
from stsbench.domain.progress import Progress
from stsbench.geometry.boundary import LoopSet, boundary_loops
from stsbench.geometry.bounding_tree import build_tree
from stsbench.geometry.compiled import side_by_side
from stsbench.geometry.edge_pairs import keys_of
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.face_sets import faces_at, named_vertices
from stsbench.geometry.hole_filling import fill_loops
from stsbench.geometry.manifoldness import smaller_fans
from stsbench.geometry.self_intersection import flat_stars, meetings_with, self_meetings
from stsbench.geometry.topology import (
    BOUNDARY,
    BRANCHING,
    count_fans,
    faces_at_edges,
    open_vertices,
)
from stsbench.geometry.wide_normals import sum_near
from stsbench.repair.choices import NO_ANSWERS, numbers_answered
from stsbench.repair.cutting import Defects
from stsbench.repair.defect_rings import SKIRT_RINGS, excerpt_about, whole_folds, widen
from stsbench.repair.holes import Fate, LoopPlan
from stsbench.repair.listing import list_face_groups
from stsbench.repair.loop_fates import LoopFates
from stsbench.repair.parted import PartedPieces
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.second_look import SecondLook, Seen
from stsbench.repair.tidying import Tidied
from stsbench.repair.widening import Widening

__all__ = ["LOOKS", "ROUNDS", "TRIES", "Patcher"]

LOOKS = 5
ROUNDS = 7
TRIES = 3


class Patcher:
    """Fills the loops of a draft until nothing is wrong with the patches.

    Parameters
    ----------
    tidied : Tidied
        Cut, and marked before it was.
    plan : LoopPlan
        Of the draft before anything was cut.
    defects : Defects
        What was found in the draft before anything was cut.
    profile : RepairProfile
    plan_anew : callable
        Plans the loops that the draft has when it is called, without answers.
    answers : Answers
        Whoever answered which pieces stay keeps all of those; of loops see `loop_fates`.
    """

    def __init__(
        self,
        tidied: Tidied,
        plan: LoopPlan,
        defects: Defects,
        profile: RepairProfile,
        *,
        plan_anew: Callable[[], LoopPlan],
        answers: Answers = NO_ANSWERS,
    ) -> None:
        self.tidied = tidied
        self.draft = tidied.draft
        self.tree = defects.tree
        self._second = SecondLook(self.draft, defects)
        self.profile = profile
        self.unsolved: list[Finding] = []
        self.fates = LoopFates(self.draft, plan)
        self._patches = 0
        self._as_planned = True  # every loop that was not filled
        self._plan_anew = plan_anew
        self._answered = numbers_answered(answers, "loop") | numbers_answered(answers, "hole")
        asked = any(key.startswith("island/") for key in answers.values)
        self._parted = PartedPieces(tidied, profile, asked=asked)

    def run(self, progress: Progress) -> None:
        """Fill, verify, widen, look again, and try again what was left open.

        Parameters
        ----------
        progress : Progress
        """
        draft = self.draft
        self._mend(progress)
        for _ in range(TRIES):
            if self._as_planned or not self.fates.plan_again(self._plan_anew(), self._answered):
                break
            before = draft.faces
            self._begin_anew()
            self._mend(progress)
            if np.array_equal(draft.faces, before):
                break
        self.unsolved += self.fates.unplanned() + self._parted.list_kept()

    def _begin_anew(self) -> None:
        """Take the draft as it is for one that nothing was cut out of yet."""
        draft = self.draft
        draft.mark = np.arange(len(draft.faces), dtype=np.int32)
        draft.patch = np.full(len(draft.faces), -1, dtype=np.int32)
        self.tree = build_tree(draft.vertices, draft.faces)
        self.unsolved = []

    def _mend(self, progress: Progress) -> None:
        """Close the loops, and what a second look finds and cuts."""
        for look in range(LOOKS + 1):
            self._close(progress)
            progress.step("looking again", 0.9)
            seen = self._second.look()
            if not seen:
                break
            if look == LOOKS:
                self._list_seen(seen)
            else:
                self._cut_seen(seen, rings=look + 1)

    def _close(self, progress: Progress) -> None:
        """Fill the loops and mend the patches until nothing is wrong with them."""
        draft = self.draft
        widening = Widening(draft, self._patches)
        for turn in range(ROUNDS):
            progress.step("filling", 0.5 + 0.4 * turn / ROUNDS)
            self._cut_hanging_fans()
            self._parted.drop_debris()
            failed = self._fill(self._to_fill(), fair=turn % 2 == 0)
            # Mostly the first turn is the last: what the second look needs is done beside it.
            ahead = turn == 0 and not len(failed)
            wrong, pinched = side_by_side(
                self._wrong_faces, partial(self._pinched_fans, ahead=ahead)
            )
            if not (wrong.any() or pinched.any() or len(failed)):
                self._parted.note_closed()
                return
            if ahead:
                self._second.forget()
            if turn == ROUNDS - 1:
                break
            wrong = self._whole_patches(wrong)
            wrong[failed] = True
            # An odd turn tries the same loop again as a membrane; an even one widens it first.
            given_up = widening.cut(widen(draft, wrong, turn % 2), pinched)
            if given_up.any():
                self._leave_open(given_up, "a patch needs too much of the scan about it.")
        self._give_up(widening, self._whole_patches(wrong))

    def _cut_seen(self, seen: Seen, *, rings: int) -> None:
        """Cut what a second look found, wider each time: its rim is to lie on what was true."""
        draft, defect = self.draft, seen.spikes | seen.folds
        reach = 1 + SKIRT_RINGS + rings
        part = excerpt_about(draft, self._second.neighbours, defect, reach)
        folds = whole_folds(part, seen.folds[part.rows], self._second.unity)
        spikes = part.spread(widen(part, seen.spikes[part.rows], rings), len(draft.faces))
        folds = part.spread(widen(part, folds, rings), len(draft.faces))
        reasons = np.where(spikes, np.uint8(EditReason.SPIKE), np.uint8(EditReason.FOLD))
        draft.drop(spikes | folds, reasons, defect=defect, compact=False)

    def _list_seen(self, seen: Seen) -> None:
        """List what no number of looks could mend."""
        for kind, marked in ((FindingKind.SPIKE, seen.spikes), (FindingKind.FOLD, seen.folds)):
            self.unsolved += list_face_groups(
                kind,
                self.draft.vertices,
                self.draft.faces,
                marked,
                action=Action.UNSOLVED,
                severity=Severity.HOLD,
                detail="Came back each time it was cut.",
            )

    def _to_fill(self) -> LoopSet:
        """Return the open loops that are to be filled."""
        loops = boundary_loops(self.draft.faces, self.draft.twin)
        fill = self.fates.of(loops) == Fate.FILL
        self._as_planned = self.fates.are_as_planned(loops.take(np.flatnonzero(~fill)))
        return loops.take(np.flatnonzero(fill))

    def _fill(self, loops: LoopSet, *, fair: bool) -> NDArray[np.int64]:
        """Fill loops; return the faces along those that could not be filled."""
        draft = self.draft
        if not len(loops):
            return np.zeros(0, dtype=np.int64)
        patches = fill_loops(
            draft.vertices, draft.faces, draft.twin, loops.vertices, loops.offsets, fair=fair
        )
        self.fates.note_patches(loops, patches)
        born = np.isin(keys_of(draft.faces, loops.half_edges), self.tidied.born_open)
        was_hole = np.zeros(len(loops), dtype=bool)
        np.logical_or.at(was_hole, loops.loop_of(), born)
        reason = np.where(was_hole, EditReason.HOLE_FILL, self._reason_of(loops))
        draft.scar[loops.vertices] = reason[loops.loop_of()]
        failed = loops.half_edges[patches.failed[loops.loop_of()]] // 3
        draft.add(
            patches.vertices,
            patches.faces,
            reason[patches.hole_of_face].astype(np.uint8),
            self._patches + patches.hole_of_face,
        )
        self._patches += len(loops)
        return np.unique(failed).astype(np.int64)

    def _reason_of(self, loops: LoopSet) -> NDArray[np.int64]:
        """Return the reason that most vertices of each loop were cut for."""
        seen = np.zeros((len(loops), max(EditReason) + 1), dtype=np.int64)
        np.add.at(seen, (loops.loop_of(), self.draft.scar[loops.vertices]), 1)
        seen[:, EditReason.NONE] = 0
        reason = seen.argmax(axis=1)
        return np.where(seen.any(axis=1), reason, EditReason.SELF_INTERSECTION)

    def _cut_hanging_fans(self) -> None:
        """Cut the smaller fans at bow-ties that no filling can join: those with a closed fan.

        Before debris is dropped, which compacts the draft.
        """
        draft, fans = self.draft, self._count_fans()
        if not (fans > 1).any():
            return
        open_edges = np.flatnonzero(draft.twin == BOUNDARY)
        ways_out = np.bincount(draft.faces.ravel()[open_edges], minlength=draft.vertex_count)
        hanging = (fans > 1) & (ways_out < fans)
        if hanging.any():
            draft.compact()
            gone = smaller_fans(draft.vertices, draft.faces, draft.twin, hanging)
            draft.drop(gone, EditReason.NON_MANIFOLD_VERTEX)

    def _count_fans(self) -> NDArray[np.int32]:
        """Count fans where there may be several: where faces went or came, and at old bow-ties."""
        draft = self.draft
        about = draft.scar > 0
        about[self.tidied.pinched] = True
        about[draft.vertex_source < 0] = True
        rows = np.flatnonzero(faces_at(draft.faces, about))
        return count_fans(draft.faces, draft.twin, draft.vertex_count, rows)

    def _pinched_fans(self, *, ahead: bool = False) -> Mask:
        """Mark the smaller fans at bow-ties that are left; may prepare the second look as well."""
        if ahead:
            self._second.prepare()
        draft, fans = self.draft, self._count_fans()
        return smaller_fans(draft.vertices, draft.faces, draft.twin, fans > 1)

    def _wrong_faces(self) -> Mask:
        """Mark added faces with something wrong about them, and what they meet."""
        draft = self.draft
        wrong = np.zeros(len(draft.faces), dtype=bool)
        added = np.flatnonzero(draft.mark < 0)
        if not len(added):
            return wrong
        new = np.ascontiguousarray(draft.faces[added])
        wrong[added] = measure_faces(draft.vertices, new, thin_mm=self.tidied.thin_mm).thin
        wrong |= faces_at_edges(draft.twin, BRANCHING)
        flat = self._flat_about(new)
        mark = draft.mark[: len(draft.mark) - len(added)]  # ascending: added faces come last
        alive = np.zeros(len(self.tree.order), dtype=bool)
        alive[mark] = True
        own = build_tree(draft.vertices, new)
        others, among = side_by_side(
            lambda: meetings_with(draft.vertices, own, self.tree, alive=alive, flat=flat),
            lambda: self_meetings(draft.vertices, new, tree=own, flat=flat),
        )
        met = np.searchsorted(mark, others.pairs[:, 1].astype(np.int32))
        for rows in (added[others.pairs[:, 0]], met, added[among.faces]):
            wrong[rows] = True
        self._second.expect(useful=not wrong.any())
        return wrong

    def _flat_about(self, new: Faces) -> NDArray[np.uint8]:
        """Mark flat stars, (V,) uint8; rightly at the vertices of new faces, which are asked."""
        draft = self.draft
        about = draft.faces.take(draft.touching(new), axis=0)
        names = np.flatnonzero(named_vertices(about, draft.vertex_count))
        name = np.zeros(draft.vertex_count, dtype=np.int32)
        name[names] = np.arange(len(names), dtype=np.int32)
        faces, vertices = name.take(about), draft.vertices.take(names, axis=0)
        flat = np.ones(draft.vertex_count, dtype=np.uint8)
        flat[open_vertices(draft.faces, draft.twin)] = 0
        rim = np.flatnonzero(flat[names] == 0)
        flat[names] = flat_stars(vertices, faces, sum_near(vertices, faces), rim)
        return flat

    def _whole_patches(self, wrong: Mask) -> Mask:
        """Take the whole patch of every wrong added face."""
        draft = self.draft
        bad = np.zeros(self._patches + 1, dtype=bool)
        bad[draft.patch[wrong]] = True
        bad[-1] = False
        return wrong | bad[draft.patch]

    def _give_up(self, widening: Widening, wrong: Mask) -> None:
        """Take out the patches that are still wrong, give back what they took, and list the holes."""
        draft = self.draft
        self._parted.there = True
        corners = np.zeros(draft.vertex_count, dtype=bool)
        corners[self._to_fill().vertices] = True
        widening.undo(wrong, corners)
        while ((wrong := self._whole_patches(self._wrong_faces())) & (draft.mark < 0)).any():
            widening.undo(wrong, corners)
        draft.drop(wrong, EditReason.SELF_INTERSECTION)
        while (pinched := self._pinched_fans()).any():
            draft.drop(pinched, EditReason.NON_MANIFOLD_VERTEX)
        self._leave_open(np.ones(draft.vertex_count, dtype=bool), "no valid patch was found.")

    def _leave_open(self, corners: Mask, why: str) -> None:
        """Leave the loops that lie within some vertices open for good, and list them."""
        loops = self._to_fill()
        within = np.ones(len(loops), dtype=bool)
        np.logical_and.at(within, loops.loop_of(), corners[loops.vertices])
        self._as_planned = self._as_planned and not within.any()
        self.fates.leave_open(loops.take(np.flatnonzero(within)), why)
