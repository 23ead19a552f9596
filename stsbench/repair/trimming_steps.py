"""Tools that cut through faces: trim by a plane, trim by a drawn curve.

Rules owned here:
- The part that goes is the side of the plane its normal points to, or the part of the scan that the
  place `goes` lies on. Nothing else moves: the kept parts of split faces are new, their outer
  corners are not.
- New vertices of a plane cut lie on the plane. A vertex within `SNAPS_MM` of it counts as on it, so
  that no needle is left: the first that leaves no fault is used.
- Faces that would hang by a corner go too. That a scan falls apart is warned of.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import Vertices
from stsbench.errors import InputError
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.trimming import CutEdges, edges_to_cut, split_faces
from stsbench.repair.new_values import values_on_edges
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.step import Step
from stsbench.repair.step_checks import Change, Faults, find_faults, without_hanging
from stsbench.repair.use_values import place_of_use
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["SNAPS_MM", "Trim", "plan_trim_plane", "trim_by_sides", "trim_step"]

SNAPS_MM = (0.002, 0.01, 0.04)

_NONE = np.zeros(0, dtype=np.int32)


class Trim(NamedTuple):
    """A cut through a working mesh.

    Parameters
    ----------
    change : Change
    cuts : CutEdges
    share : (N,) float64
        Where each edge is cut, from its lower vertex.
    hanging_count : int
    faults : Faults
    """

    change: Change
    cuts: CutEdges
    share: NDArray[np.float64]
    hanging_count: int
    faults: Faults


def plan_trim_plane(
    working: WorkingMesh, use: Mapping[str, object], _profile: RepairProfile
) -> Step:
    """Trim by a plane.

    Parameters
    ----------
    working : WorkingMesh
    use : mapping
        ``point`` and ``normal``.
    _profile : RepairProfile
        No limit of it is asked.
    """
    point, normal = place_of_use(use, "point"), place_of_use(use, "normal")
    length = float(np.linalg.norm(normal))
    if not length > 1e-9:
        raise InputError("The normal of the plane has no length.", "Give a direction.")
    normal = normal / length
    depth = (working.vertices - point) @ normal
    used = np.zeros(working.vertex_count, dtype=bool)
    used[working.faces[working.alive]] = True
    if not (depth[used] > SNAPS_MM[0]).any():
        raise InputError(
            "The plane leaves the whole scan on the side that stays.",
            "Move the plane, or turn its normal round.",
        )
    if not (depth[used] < -SNAPS_MM[0]).any():
        raise InputError(
            "Nothing of the scan would remain.", "Move the plane, or turn its normal round."
        )
    for snap_mm in SNAPS_MM:
        side = np.sign(np.where(np.abs(depth) <= snap_mm, 0.0, depth)).astype(np.int8)
        cuts = edges_to_cut(working.faces, working.alive, side)
        below, above = depth[cuts.low], depth[cuts.high]
        share = below / (below - above)
        places = _between(working.vertices, cuts, share)
        places -= ((places - point) @ normal)[:, None] * normal
        trim = trim_by_sides(working, side, cuts, share, places)
        if not trim.faults:
            return trim_step(working, "trim_plane", trim, [])
    raise InputError(
        "The cut would leave faces that break the surface.", "Move the plane a little."
    )


def trim_by_sides(
    working: WorkingMesh,
    side: NDArray[np.int8],
    cuts: CutEdges,
    share: NDArray[np.float64],
    places: Vertices,
) -> Trim:
    """Cut where the vertices change sides.

    Parameters
    ----------
    working : WorkingMesh
    side : (V,) int8
        -1 stays, 0 on the line, 1 goes.
    cuts : CutEdges
    share : (N,) float64
    places : (N, 3) float64, mm
    """
    places = places.astype(np.float32).astype(np.float64)
    cut = split_faces(working.vertices, working.faces, side, cuts, places)
    change, hanging = Change.of(cut.removed, places, cut.faces), 0
    faults = find_faults(working, change)
    if len(faults.pinched):
        change, hanging = without_hanging(working, change)
        faults = find_faults(working, change)
    return Trim(change, cuts, share, hanging, faults)


def trim_step(
    working: WorkingMesh, tool: str, trim: Trim, warnings: list[str], **measures: float
) -> Step:
    """Return the step of a cut.

    Parameters
    ----------
    working : WorkingMesh
    tool : str
    trim : Trim
        Without faults.
    warnings : list of str
    **measures : float

    Raises
    ------
    InputError
        Nothing would remain.
    """
    change = trim.change
    if len(change.removed) == np.count_nonzero(working.alive) and not len(change.faces):
        raise InputError("Nothing of the scan would remain.", "Cut off less.")
    values = values_on_edges(working, trim.cuts.low, trim.cuts.high, trim.share)
    if trim.hanging_count:
        warnings = [
            *warnings,
            f"Faces that go too, for they would hang by a corner: {trim.hanging_count}.",
        ]
    everywhere = np.concatenate([working.vertices, change.vertices])
    gone = np.ascontiguousarray(working.faces[change.removed])
    lost = measure_faces(working.vertices, gone, thin_mm=0.0).area_mm2.sum()
    left = measure_faces(everywhere, change.faces, thin_mm=0.0).area_mm2.sum()
    return Step(
        tool, EditReason.BORDER_TRIM, change.removed, change.vertices, change.faces,
        _NONE, np.zeros((0, 3)), np.zeros((0, 3)), values.colours, values.attributes,
        {"area_mm2": float(lost - left), "remade_mm2": float(left), **measures},
        tuple(warnings),
    )  # fmt: skip


def _between(vertices: Vertices, cuts: CutEdges, share: NDArray[np.float64]) -> Vertices:
    low, high = vertices[cuts.low], vertices[cuts.high]
    return low + (high - low) * share[:, None]
