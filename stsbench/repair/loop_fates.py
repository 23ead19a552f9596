"""Follow the loops of a plan while faces come and go: what is to become of each, and what became.

Rules owned here:
- A loop is known by its edges. Of the fates that meet on one loop the highest wins; edges that only a
  cut opened have none, so their loop is filled.
- The finding of a filled hole tells the area of its patch and, where a person should look, how far
  the patch rises over the plane of its rim or reaches below it, how far from what was there it may
  lie, and whether it is a flat one.
- A hole that was to be filled and could not be says so itself; other loops get findings of their own.
"""

import math
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
        self._plan = plan
        keys = keys_of(draft.faces, plan.loops.half_edges)
        order = np.argsort(keys, kind="stable")
        loop_of = plan.loops.loop_of()[order]
        self._keys, self._fates = keys[order], plan.fates[loop_of]
        self._number = loop_of.astype(np.int64)
        self._became: dict[int, Finding] = {}

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
        sizes = np.append(np.diff(self._plan.loops.offsets), 0)
        return np.where(same & (sizes[first] == np.diff(loops.offsets)), first, -1)

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
            found = self._plan.findings[n]
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

    def leave_open(self, loops: LoopSet, why: str) -> list[Finding]:
        """Let loops stay open for good; return findings for those that are none of the plan's.

        Parameters
        ----------
        loops : LoopSet
        why : str
        """
        measures = measure_loops(self.draft.vertices, loops)
        others = []
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
                others.append(left)
            else:
                self._became[n] = replace(left, detail=f"Loop {n}: left open: {why}")
        keys = np.concatenate([self._keys, keys_of(self.draft.faces, loops.half_edges)])
        fates = np.concatenate([self._fates, np.full(len(loops.half_edges), Fate.OPEN, np.uint8)])
        number = np.concatenate([self._number, np.full(len(loops.half_edges), -1)])
        # Of two fates of an edge the one found first counts: the later one, which is higher.
        order = np.lexsort([-fates.astype(np.int64), keys])
        self._keys, self._fates, self._number = keys[order], fates[order], number[order]
        return others

    def findings(self) -> list[Finding]:
        """Return the findings of the plan with what became of its loops."""
        return [self._became.get(n, found) for n, found in enumerate(self._plan.findings)]
