"""A scan under a technician's hands: uses of tools, taken back and done again.

Rules owned here:
- What was done is a list of uses (plain JSON), in order: replaying it gives the same bytes. Undo
  takes the last use off the list, redo puts it back, a new use forgets what was undone.
- The last hundred steps can be taken back; older ones stay done.
- A preview changes nothing until it is accepted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import InputError
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.result import RepairResult
from stsbench.repair.tool_steps import plan_step
from stsbench.repair.working_mesh import Step, WorkingMesh

__all__ = ["MOST_STEPS", "BenchScan", "Done"]

MOST_STEPS = 100

Use = Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Done:
    """One use of a tool and the step it came to."""

    use: Use
    step: Step

    @property
    def tool(self) -> str:
        """Its name, such as "fill"."""
        return str(self.use["tool"])


@dataclass(eq=False, slots=True)
class BenchScan:
    """One scan on the bench.

    Parameters
    ----------
    scan_id : str
    original : TriangleMesh
        As received.
    automatic : RepairResult
        What the repair made of it before any step by hand.
    limits : RepairProfile
    """

    scan_id: str
    original: TriangleMesh = field(repr=False)
    automatic: RepairResult = field(repr=False)
    limits: RepairProfile
    working: WorkingMesh = field(init=False, repr=False)
    uses: list[Use] = field(init=False, default_factory=list)
    _done: list[Done] = field(init=False, default_factory=list)
    _undone: list[Done] = field(init=False, default_factory=list)
    _planned: Done | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.working = WorkingMesh(self.automatic.mesh)

    @property
    def done(self) -> tuple[Done, ...]:
        """What can be taken back, the first one first."""
        return tuple(self._done)

    @property
    def undone(self) -> tuple[Done, ...]:
        """What can be done again, the next one last."""
        return tuple(self._undone)

    @property
    def planned(self) -> Done | None:
        """What is shown as a preview."""
        return self._planned

    def plan(self, use: Use) -> Step:
        """Return what a use would do, and keep it for `accept`.

        Raises
        ------
        InputError
            The profile allows no edit, or the use does not fit the mesh.
        """
        self._planned = None
        step = plan_step(self.working, use, profile=self.limits)
        planned = Done({**use, "on": self.working.origin}, step)
        self._planned = planned
        return planned.step

    def reject(self) -> None:
        """Forget the preview."""
        self._planned = None

    def accept(self) -> Done:
        """Do what was planned.

        Raises
        ------
        InputError
            Nothing was planned.
        """
        planned, self._planned = self._planned, None
        if planned is None:
            raise InputError("There is nothing to accept.", "Use a tool first.")
        self.working.apply(planned.step)
        self._undone.clear()
        self._keep(planned)
        return planned

    def replay(self, uses: Sequence[Use]) -> None:
        """Do uses that were recorded, in order."""
        for use in uses:
            self.plan(use)
            self.accept()

    def undo(self) -> Done:
        """Take the last step back.

        Raises
        ------
        InputError
            There is none, or it is too long ago.
        """
        if not self._done:
            raise InputError("There is nothing to undo.", "Use a tool first.")
        self._planned = None
        last = self._done.pop()
        self.working.revert(last.step)
        self.uses.pop()
        self._undone.append(last)
        return last

    def redo(self) -> Done:
        """Do again what was taken back last.

        Raises
        ------
        InputError
            Nothing was.
        """
        if not self._undone:
            raise InputError("There is nothing to redo.", "Undo a step first.")
        self._planned = None
        again = self._undone.pop()
        self.working.apply(again.step)
        self._keep(again)
        return again

    def edit_reasons(self) -> NDArray[np.uint8]:
        """Return why each face slot is there or was changed, (F,) uint8 `EditReason`."""
        reasons = np.zeros(self.working.face_count, dtype=np.uint8)
        first = self.automatic.edits.added_reason
        reasons[: len(first)] = first
        moved = np.zeros(self.working.vertex_count, dtype=bool)
        at = len(first)
        for step in self.working.steps:
            reasons[at : at + len(step.faces)] = step.reason
            at += len(step.faces)
            moved[step.moved] = True
        if moved.any():
            smoothed = moved[self.working.faces].any(axis=1) & (reasons == EditReason.NONE)
            reasons[smoothed] = EditReason.SMOOTH
        return reasons

    def _keep(self, done: Done) -> None:
        self._done.append(done)
        self.uses.append(done.use)
        if len(self._done) > MOST_STEPS:
            del self._done[0]
