"""Plan what a tool of the bench does, as a step: nothing is changed until it is applied.

Rules owned here:
- A use is plain JSON, as `Answers` store it: the name of a tool and what it needs, nothing else.
  It may say on which repaired scan its numbers count (`on`, `WorkingMesh.origin`): on another one
  they would mean other faces, and the use is refused.
- A plan is pure: the same mesh and the same use give the same step, bytes and all.
- A step that could not be valid is refused with a remedy. Limits of a profile do not bind a person:
  what is above them is done and warned about, save in a profile that allows no edit.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from stsbench.domain.order import Profile
from stsbench.errors import InputError
from stsbench.repair.border_steps import plan_clean_border
from stsbench.repair.curve_steps import plan_trim_curve
from stsbench.repair.deleting_steps import (
    plan_delete,
    plan_delete_component,
    plan_keep_component,
    plan_refill,
)
from stsbench.repair.filling_steps import plan_fill, plan_fill_below
from stsbench.repair.profiles import RepairProfile, load_profile
from stsbench.repair.smoothing_steps import plan_smooth
from stsbench.repair.step import Step
from stsbench.repair.trimming_steps import plan_trim_plane
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["TOOLS", "plan_step"]


class _Tool(NamedTuple):
    plan: Callable[[WorkingMesh, Mapping[str, object], RepairProfile], Step]
    needs: frozenset[str]
    may_have: frozenset[str] = frozenset()


_TOOLS: dict[str, _Tool] = {
    "fill": _Tool(plan_fill, frozenset({"edge"})),
    "fill_below": _Tool(plan_fill_below, frozenset({"rim_mm"})),
    "delete": _Tool(plan_delete, frozenset({"faces"})),
    "refill": _Tool(plan_refill, frozenset({"faces"})),
    "smooth": _Tool(plan_smooth, frozenset({"faces", "cap_mm", "passes"})),
    "trim_plane": _Tool(plan_trim_plane, frozenset({"point", "normal"})),
    "trim_curve": _Tool(plan_trim_curve, frozenset({"points", "goes"})),
    "clean_border": _Tool(plan_clean_border, frozenset({"edge", "strip_mm"})),
    "delete_component": _Tool(plan_delete_component, frozenset({"face"})),
    "keep_component": _Tool(plan_keep_component, frozenset({"face"})),
}
TOOLS = tuple(_TOOLS)


def plan_step(
    working: WorkingMesh, use: Mapping[str, object], *, profile: RepairProfile | None = None
) -> Step:
    """Plan one use of a tool.

    Parameters
    ----------
    working : WorkingMesh
        Not changed.
    use : mapping
        Plain JSON, such as ``{"tool": "fill", "edge": [4, 7]}`` (docs/repair.md, "Tools").
    profile : RepairProfile, optional
        Limits to warn about; those of `study` by default.

    Returns
    -------
    Step

    Raises
    ------
    InputError
        No such tool, something missing or wrong in the use, nothing to do, or nothing valid to do.
    """
    limits = load_profile(Profile.STUDY) if profile is None else profile
    if not limits.edits_allowed:
        raise InputError(
            f"The profile {limits.name.value} allows no edit.",
            "Ask the clinic for a new scan, or open the case under another profile.",
        )
    tool = _TOOLS.get(str(use.get("tool")))
    if tool is None:
        raise InputError("The step names no tool there is.", f"Pick one of {', '.join(TOOLS)}.")
    if "on" in use and use["on"] != working.origin:
        raise InputError(
            "This step was taken on another repair of the scan: its numbers mean other faces.",
            "Repair with the answers and the version it was recorded with, or do it again.",
        )
    given = set(use) - {"tool", "on"}
    if missing := sorted(tool.needs - given):
        raise InputError(f"The step lacks {', '.join(missing)}.", "Give what the tool needs.")
    if unknown := sorted(map(str, given - tool.needs - tool.may_have)):
        raise InputError(f"The step holds {', '.join(unknown)}.", "Give what the tool needs only.")
    return tool.plan(working, use, limits)
