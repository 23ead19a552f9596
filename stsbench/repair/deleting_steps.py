"""Tools that take away: selected faces, whole pieces; and faces that are filled again at once.

Rules owned here:
- Faces that would hang by a corner alone go too, and the step says how many.
- Something always remains. That a scan falls apart is warned of, not forbidden.
- Refilling closes what the deletion opened and the holes it reached; the outer border stays open
  where the selection reaches it.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.errors import InputError
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.face_selection import faces_joined
from stsbench.geometry.manifoldness import sheets
from stsbench.geometry.topology import BOUNDARY
from stsbench.repair.filling_steps import filled_step
from stsbench.repair.loop_filling import fill_soundly
from stsbench.repair.open_rims import find_open_rims
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.step import Step
from stsbench.repair.step_checks import Change, without_hanging
from stsbench.repair.use_values import face_of, faces_of
from stsbench.repair.working_mesh import WorkingMesh

__all__ = [
    "count_pieces",
    "plan_delete",
    "plan_delete_component",
    "plan_keep_component",
    "plan_refill",
    "removal_step",
]


def plan_delete(working: WorkingMesh, use: Mapping[str, object], _profile: RepairProfile) -> Step:
    """Delete the selected faces.

    Parameters
    ----------
    working : WorkingMesh
    use : mapping
        ``faces``: ranges of slots.
    _profile : RepairProfile
        No limit of it is asked.
    """
    chosen = faces_of(use, working)
    removed, warnings = _with_hanging(working, chosen)
    warnings += _warn_of_pieces(working, removed)
    return removal_step(working, "delete", EditReason.MANUAL, removed, warnings)


def plan_refill(working: WorkingMesh, use: Mapping[str, object], profile: RepairProfile) -> Step:
    """Delete the selected faces and fill what that opened.

    Parameters
    ----------
    working : WorkingMesh
    use : mapping
        ``faces``: ranges of slots.
    profile : RepairProfile
    """
    removed, warnings = _with_hanging(working, faces_of(use, working))
    before = find_open_rims(working, profile)
    border = np.zeros(3 * working.face_count, dtype=bool)
    border[before.loops.half_edges[before.is_border[before.loops.loop_of()]]] = True
    after = find_open_rims(working, profile, removed=removed)
    fresh = working.twin[after.loops.half_edges] != BOUNDARY
    owner, count = after.loops.loop_of(), len(after.loops)
    is_new = np.bincount(owner, weights=fresh, minlength=count) > 0
    at_border = np.bincount(owner, weights=border[after.loops.half_edges], minlength=count) > 0
    chosen = np.flatnonzero(is_new & ~at_border)
    if not len(chosen):
        raise InputError(
            "The selection opens no hole: it reaches the border of the scan.",
            "Select faces inside the scan, or delete without filling.",
        )
    if (is_new & at_border).any():
        warnings.append("The selection reaches the border, which stays open there.")
    filling = fill_soundly(working, after.loops.take(chosen), removed=removed)
    if filling.left_open.any():
        raise InputError(
            "No patch was found that breaks nothing"
            + (f": {', '.join(filling.words)}." if filling.words else "."),
            "Select a ring of faces more, or delete without filling.",
        )
    step = filled_step("refill", EditReason.MANUAL, after, chosen, filling, profile)
    removed_mm2 = _area_mm2(working, removed)
    measures = {**step.measures, "removed_mm2": removed_mm2, "faces_count": float(len(removed))}
    return replace(step, measures=measures, warnings=(*warnings, *step.warnings))


def plan_delete_component(
    working: WorkingMesh, use: Mapping[str, object], profile: RepairProfile
) -> Step:
    """Delete the piece that a face belongs to.

    Parameters
    ----------
    working : WorkingMesh
    use : mapping
        ``face``: a slot.
    profile : RepairProfile
    """
    piece = faces_joined(working.twin, face_of(use, working))
    area = _area_mm2(working, piece)
    warnings = []
    if area > profile.island_review_mm2:
        warnings.append(
            f"The piece has {area:.1f} mm2; look at it (over {profile.island_review_mm2:g} mm2)."
        )
    return removal_step(working, "delete_component", EditReason.ISLAND, piece, warnings)


def plan_keep_component(
    working: WorkingMesh, use: Mapping[str, object], profile: RepairProfile
) -> Step:
    """Delete every piece but the one that a face belongs to.

    Parameters
    ----------
    working : WorkingMesh
    use : mapping
        ``face``: a slot.
    profile : RepairProfile
    """
    others = working.alive.copy()
    others[faces_joined(working.twin, face_of(use, working))] = False
    removed = np.flatnonzero(others).astype(np.int32)
    if not len(removed):
        raise InputError("The scan is one piece already.", "There is nothing to delete.")
    area = _area_mm2(working, removed)
    warnings = []
    if area > profile.island_review_mm2:
        warnings.append(
            f"The other pieces have {area:.1f} mm2; look at them "
            f"(over {profile.island_review_mm2:g} mm2)."
        )
    return removal_step(working, "keep_component", EditReason.ISLAND, removed, warnings)


def removal_step(
    working: WorkingMesh,
    tool: str,
    reason: EditReason,
    removed: NDArray[np.int32],
    warnings: list[str],
) -> Step:
    """Return a step that only removes.

    Raises
    ------
    InputError
        Nothing would remain.
    """
    if len(removed) == np.count_nonzero(working.alive):
        raise InputError("Nothing of the scan would remain.", "Select less.")
    none, nowhere = np.zeros(0, dtype=np.int32), np.zeros((0, 3))
    measures = {"area_mm2": _area_mm2(working, removed), "faces_count": float(len(removed))}
    return Step(
        tool, reason, removed, nowhere, np.zeros((0, 3), dtype=np.int32), none, nowhere, nowhere,
        None if working.colours is None else np.zeros((0, 3), dtype=np.uint8),
        measures=measures, warnings=tuple(warnings),
    )  # fmt: skip


def count_pieces(working: WorkingMesh, removed: NDArray[np.integer]) -> int:
    """Count the pieces that are left when some faces are gone.

    Parameters
    ----------
    working : WorkingMesh
    removed : (R,) int
    """
    piece = sheets(working.twin_without(removed))
    dead = working.face_count - int(np.count_nonzero(working.alive)) + len(removed)
    return int(piece.max(initial=-1)) + 1 - dead


def _warn_of_pieces(working: WorkingMesh, removed: NDArray[np.int32]) -> list[str]:
    count = count_pieces(working, removed)
    if count > 1 and count > count_pieces(working, np.zeros(0, dtype=np.int32)):
        return [f"The scan falls into {count} pieces."]
    return []


def _with_hanging(
    working: WorkingMesh, chosen: NDArray[np.int32]
) -> tuple[NDArray[np.int32], list[str]]:
    """Add the faces that would hang by a corner."""
    if len(chosen) == np.count_nonzero(working.alive):
        raise InputError("Nothing of the scan would remain.", "Select less.")
    change, more = without_hanging(working, Change.of(chosen))
    if not more:
        return chosen, []
    return change.removed, [f"Faces that go too, for they would hang by a corner: {more}."]


def _area_mm2(working: WorkingMesh, rows: NDArray[np.integer]) -> float:
    faces = np.ascontiguousarray(working.faces[rows])
    return float(measure_faces(working.vertices, faces, thin_mm=0.0).area_mm2.sum())
