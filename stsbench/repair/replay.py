"""Replay the steps a technician took, from the plain JSON that `Answers` hold.

Rules owned here:
- Replaying the same uses on the same mesh gives the same bytes: by hand, in Run All and in batch.
- A use that fails stops the replay with its number; nothing is skipped in silence.
"""

from collections.abc import Mapping, Sequence

from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import InputError
from stsbench.repair.kept_steps import TakenStep
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.tool_steps import plan_step
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["replay_uses"]


def replay_uses(
    mesh: TriangleMesh,
    uses: Sequence[Mapping[str, object]],
    *,
    profile: RepairProfile | None = None,
    progress: Progress = NO_PROGRESS,
) -> tuple[WorkingMesh, tuple[TakenStep, ...]]:
    """Apply uses of tools one after the other.

    Parameters
    ----------
    mesh : TriangleMesh
        The automatic repair's result; not changed.
    uses : sequence of mapping
    profile : RepairProfile, optional
    progress : Progress

    Returns
    -------
    working : WorkingMesh
    steps : tuple of TakenStep
        They cannot be taken back: nothing is kept for that.

    Raises
    ------
    InputError
        A use is not valid here; the message names it by its number, from 1.
    """
    working = WorkingMesh(mesh)
    for number, use in enumerate(uses):
        progress.step("replaying steps", number / len(uses))
        try:
            working.apply(plan_step(working, use, profile=profile))
        except InputError as error:
            raise InputError(f"Step {number + 1}: {error.problem}", error.remedy) from None
        working.forget(keep=0)
    return working, working.steps
