"""Follow the loops of a plan while faces come and go: what is to become of each, and what became.

Rules owned here:
- A loop is known by its edges. Of the fates that meet on one loop the highest wins; edges that only a
  cut opened have none, so their loop is filled.
- The finding of a filled hole tells the area of its patch and, where a person should look, how far
  the patch rises over the plane of its rim or reaches below it, how far from what was there it may
  lie, and whether it is a flat one.
- A hole that was to be filled and could not be says so itself; other loops get findings of their own.
- Of loops that changed or could not be filled a later plan may say anew that they are to be filled,
  as the next repair would; never of one that somebody answered for.
"""

import math
from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.geometry.boundary import LoopSet, measure_loops
from stsbench.geometry.edge_pairs import keys_of
from stsbench.geometry.hole_filling import Patches, PatchKind
from stsbench.repair.draft import Draft
from stsbench.repair.holes import Fate, LoopPlan
from stsbench.repair.listing import place_of

__all__ = ["LoopFates"]

# Of 108 holes wider than 1.8 mm, punched where the surface was known, 94 in 100 were missed by less
# than this many times what parts the patch from the membrane (docs/repair.md).
_MISSES = 1.5
_FLAT = {
    PatchKind.MEMBRANE: " It is flat: none that follows the curvature about it fits.",
    PatchKind.BARE: " It is flat and has no vertices of its own.",
}


def _likely_mm(apart_mm: float) -> float:
    """Return how far from what was there a patch may lie, rounded up to a tenth."""
    return math.ceil(10 * _MISSES * apart_mm - 1e-9) / 10


class LoopFates:
    """The loops of a plan, by their edges.

    Parameters
    ----------
    draft : Draft
        As it was planned for.
    plan : LoopPlan
    """

    def __init__(self, draft: Draft, plan: LoopPlan) -> None:
        self.draft = draft
        self._findings = list(plan.findings)
        self._numbered = len(plan.findings)
        self._sizes = [*np.diff(plan.loops.offsets).tolist(), 0]  # the last for no loop at all
        keys = keys_of(draft.faces, plan.loops.half_edges)
        order = np.argsort(keys, kind="stable")
        loop_of = plan.loops.loop_of()[order]
        self._keys, self._fates = keys[order], plan.fates[loop_of]
        self._number = loop_of.astype(np.int64)
        self._planned = self._keys, self._number
        self._became: dict[int, Finding] = {}
        self._others: list[tuple[NDArray[np.int64], Finding]] = []

    def _known(self, loops: LoopSet) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return where the edge of each place is known, and whether it is."""
        keys = keys_of(self.draft.faces, loops.half_edges)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return at, self._keys[at] == keys

    def of(self, loops: LoopSet) -> NDArray[np.uint8]:
        """Return the fate of each loop: the highest among its edges that were open before.

        Parameters
        ----------
        loops : LoopSet
        """
        fates = np.zeros(len(loops), dtype=np.uint8)
        if len(loops) and len(self._keys):
            at, known = self._known(loops)
            np.maximum.at(fates, loops.loop_of()[known], self._fates[at[known]])
        return fates

    def _numbers(self, loops: LoopSet) -> NDArray[np.int64]:
        """Return which loop of the plan each one still is, edge for edge; -1 for others."""
        if not len(loops) or not len(self._keys):
            return np.full(len(loops), -1)
        at, known = self._known(loops)
        number = np.where(known, self._number[at], -1)
        starts = loops.offsets[:-1]
        first = np.minimum.reduceat(number, starts)
        same = first == np.maximum.reduceat(number, starts)
        return np.where(same & (np.array(self._sizes)[first] == np.diff(loops.offsets)), first, -1)

    def note_patches(self, loops: LoopSet, patches: Patches) -> None:
        """Remember what loops of the plan were filled with.

        Parameters
        ----------
        loops : LoopSet
        patches : Patches
        """
        for row, n in enumerate(self._numbers(loops).tolist()):
            if n < 0 or patches.failed[row]:
                continue
            found = self._findings[n]
            height = round(float(patches.height_mm[row]), 1)
            way = "rises {:.1f} mm over" if height > 0 else "reaches {:.1f} mm below"
            words = f" The patch {way.format(abs(height))} the plane of its rim." if height else ""
            words += _FLAT.get(PatchKind(int(patches.kind[row])), "")
            if apart := float(patches.apart_mm[row]):
                words += f" Expect what was there within {_likely_mm(apart):.1f} mm of it."
            asked = found.severity is not Severity.NOTE
            self._became[n] = replace(
                found,
                area_mm2=float(patches.area_mm2[row]),
                detail=found.detail + words if asked else found.detail,
            )

    def leave_open(self, loops: LoopSet, why: str) -> None:
        """Let loops stay open.

        Parameters
        ----------
        loops : LoopSet
        why : str
        """
        measures = measure_loops(self.draft.vertices, loops)
        keys = keys_of(self.draft.faces, loops.half_edges)
        for row, n in enumerate(self._numbers(loops).tolist()):
            left = Finding(
                FindingKind.HOLE,
                place_of(measures.centre_mm[row]),
                float(measures.rim_mm[row]),
                float(measures.area_mm2[row]),
                len(loops.loop(row)),
                Severity.HOLD,
                Action.UNSOLVED,
                f"Left open: {why}",
            )
            if n < 0:
                own = keys[loops.offsets[row] : loops.offsets[row + 1]]
                self._others.append((own, left))
            else:
                self._became[n] = replace(left, detail=self._named(n, f"left open: {why}"))
        self._set(keys, np.full(len(keys), Fate.OPEN), np.full(len(keys), -1))

    def _set(
        self, keys: NDArray[np.int64], fates: NDArray[np.int64], number: NDArray[np.int64]
    ) -> None:
        """Let edges have other fates than they had."""
        stay = ~np.isin(self._keys, keys)
        every = np.concatenate([self._keys[stay], keys])
        order = np.argsort(every, kind="stable")
        self._keys = every[order]
        self._fates = np.concatenate([self._fates[stay], fates.astype(np.uint8)])[order]
        self._number = np.concatenate([self._number[stay], number])[order]

    def _named(self, n: int, what: str) -> str:
        """Say which loop of the first plan something is told of, if it is one."""
        first = n < self._numbered
        return f"Loop {n}: {what}" if first else what[:1].upper() + what[1:]

    def are_as_planned(self, loops: LoopSet) -> bool:
        """Say whether all loops are the plan's, edge for edge, and none was left open in vain.

        Parameters
        ----------
        loops : LoopSet
        """
        return bool((self._numbers(loops) >= 0).all())

    def plan_again(self, plan: LoopPlan, answered: Collection[int]) -> bool:
        """Let loops that are not as planned be filled where a later plan says so.

        Parameters
        ----------
        plan : LoopPlan
            Of the draft as it is.
        answered : collection of int
            Loops of the first plan for which somebody answered.

        Returns
        -------
        bool
            There are any.
        """
        loops = plan.loops
        numbers = self._numbers(loops)
        old_keys, old_number = self._planned
        any_now = False
        for row in np.flatnonzero((numbers < 0) & (plan.fates == Fate.FILL)).tolist():
            keys = keys_of(self.draft.faces, loops.edges_of(row))
            was = old_number[np.isin(old_keys, keys)]
            if np.isin(was, list(answered)).any():
                continue
            any_now = True
            found = plan.findings[row]
            what = found.detail.partition(": ")[2]
            n = int(was.min()) if len(was) else len(self._findings)
            found = replace(found, detail=self._named(n, what))
            self._findings[n : n + 1] = [found]
            self._sizes[n : min(n + 1, len(self._sizes) - 1)] = [len(keys)]
            self._became.pop(n, None)
            self._others = [
                (own, left) for own, left in self._others if not np.isin(own, keys).any()
            ]
            self._set(keys, np.full(len(keys), Fate.FILL), np.full(len(keys), n))
            self._planned = np.append(old_keys, keys), np.append(old_number, np.full(len(keys), n))
            old_keys, old_number = self._planned
        return any_now

    def unplanned(self) -> list[Finding]:
        """Return the findings for loops left open that are none of the plan's."""
        return [left for _, left in self._others]

    def findings(self) -> list[Finding]:
        """Return the findings of the plan with what became of its loops."""
        return [self._became.get(n, found) for n, found in enumerate(self._findings)]
