"""Tools that close: fill the loop under the cursor, fill all small ones.

Rules owned here:
- A person may fill any loop, the border of the scan included; above the limits of the profile the
  step says so.
- "All below" leaves the outer border of every piece alone, and says which loops stayed open.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.errors import InputError
from stsbench.geometry.boundary import LoopSet
from stsbench.repair.loop_filling import Filling, fill_soundly
from stsbench.repair.open_rims import OpenRims, find_open_rims
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.step import Step
from stsbench.repair.use_values import edge_of, number_of
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["filled_step", "loop_at", "plan_fill", "plan_fill_below", "warn_of_rims"]

_MOST_RIM_MM = 500.0


def plan_fill(working: WorkingMesh, use: Mapping[str, object], profile: RepairProfile) -> Step:
    """Fill the open loop that an edge lies on.

    Parameters
    ----------
    working : WorkingMesh
    use : mapping
        ``edge``: two vertices.
    profile : RepairProfile
    """
    edge = edge_of(use, working)
    rims = find_open_rims(working, profile)
    chosen = np.array([loop_at(rims.loops, edge)])
    filling = fill_soundly(working, rims.loops.take(chosen))
    if filling.left_open.any():
        raise InputError(
            "No patch was found that breaks nothing"
            + (f": {', '.join(filling.words)}." if filling.words else "."),
            "Remove the faces about the hole with delete and refill.",
        )
    return filled_step("fill", EditReason.HOLE_FILL, rims, chosen, filling, profile)


def plan_fill_below(
    working: WorkingMesh, use: Mapping[str, object], profile: RepairProfile
) -> Step:
    """Fill every open loop with a rim up to so many mm, but no outer border.

    Parameters
    ----------
    working : WorkingMesh
    use : mapping
        ``rim_mm``.
    profile : RepairProfile
    """
    limit = number_of(use, "rim_mm", low=0.0, high=_MOST_RIM_MM)
    rims = find_open_rims(working, profile)
    chosen = np.flatnonzero(~rims.is_border & (rims.measures.rim_mm <= limit))
    if not len(chosen):
        raise InputError(f"No hole is up to {limit:g} mm long.", "Raise the limit.")
    filling = fill_soundly(working, rims.loops.take(chosen))
    left = int(np.count_nonzero(filling.left_open))
    if left == len(chosen):
        raise InputError(
            "No patch was found that breaks nothing.", "Use delete and refill about each hole."
        )
    return filled_step("fill_below", EditReason.HOLE_FILL, rims, chosen, filling, profile)


def filled_step(
    tool: str,
    reason: EditReason,
    rims: OpenRims,
    chosen: NDArray[np.integer],
    filling: Filling,
    profile: RepairProfile,
) -> Step:
    """Return the step of a filling.

    Parameters
    ----------
    tool : str
    reason : EditReason
    rims : OpenRims
    chosen : (L,) int
        The loops that were to be filled.
    filling : Filling
        Of those loops.
    profile : RepairProfile
    """
    change = filling.change
    done = chosen[~filling.left_open]
    none = np.zeros(0, dtype=np.int32)
    warnings = warn_of_rims(rims, done, profile)
    if left := int(np.count_nonzero(filling.left_open)):
        warnings.append(f"Holes that stay open, for no patch fits them: {left}.")
    return Step(
        tool,
        reason,
        change.removed,
        change.vertices,
        change.faces,
        none,
        np.zeros((0, 3)),
        np.zeros((0, 3)),
        filling.values.colours,
        filling.values.attributes,
        {
            "area_mm2": float(filling.area_mm2.sum()),
            "rim_mm": float(rims.measures.rim_mm[done].max(initial=0.0)),
            "holes_count": float(len(done)),
        },
        tuple(warnings),
    )


def warn_of_rims(rims: OpenRims, filled: NDArray[np.integer], profile: RepairProfile) -> list[str]:
    """Return the warnings about loops that were filled.

    Parameters
    ----------
    rims : OpenRims
    filled : (L,) int
    profile : RepairProfile
    """
    longest = float(rims.measures.rim_mm[filled].max(initial=0.0))
    warnings = []
    if rims.is_border[filled].any():
        warnings.append("This is the outer border of the scan.")
    if longest > profile.gum_limit_mm:
        warnings.append(
            f"A filled hole is {longest:.1f} mm long; {profile.name.value} leaves holes above "
            f"{profile.gum_limit_mm:g} mm open."
        )
    elif longest > profile.tooth_limit_mm:
        warnings.append(
            f"A filled hole is {longest:.1f} mm long: look at it if it lies on a tooth "
            f"(over {profile.tooth_limit_mm:g} mm)."
        )
    return warnings


def loop_at(loops: LoopSet, edge: tuple[int, int]) -> int:
    """Return the loop on which two vertices follow each other.

    Parameters
    ----------
    loops : LoopSet
    edge : (int, int)

    Raises
    ------
    InputError
        They are no open edge.
    """
    following = np.arange(1, len(loops.vertices) + 1)
    if len(loops):
        following[loops.offsets[1:] - 1] = loops.offsets[:-1]
        after = loops.vertices[following]
        first, second = edge
        at = np.flatnonzero(
            ((loops.vertices == first) & (after == second))
            | ((loops.vertices == second) & (after == first))
        )
        if len(at):
            return int(loops.loop_of()[at[0]])
    raise InputError("This loop is closed already.", "Pick an edge of an open one.")
