"""The tool that smooths a place within a cap in mm.

Rules owned here:
- The rim of the selection and every open edge stay; nothing moves farther than the cap.
- Where a move would make faces meet or turn them over, it is halved, and in the end given up.
- A step moves at most a quarter of the scan: smoothing a whole scan is no repair.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import Vertices
from stsbench.errors import InputError
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.face_selection import faces_touching, take_excerpt
from stsbench.geometry.smoothing import inner_vertices, smooth_along_normals
from stsbench.geometry.topology import half_edge_twins, open_vertices
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.step import Step
from stsbench.repair.step_checks import Change, find_faults
from stsbench.repair.use_values import faces_of, number_of
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["MOST_CAP_MM", "plan_smooth"]

MOST_CAP_MM = 0.5  # choice: above this it is modelling, not repair
_MOST_SHARE = 0.25
_LEAST_FACES = 5_000
_ROUNDS = 6
_WARNED_MM = 0.1  # choice: what a die or an aligner begins to feel (docs/repair.md)


def plan_smooth(working: WorkingMesh, use: Mapping[str, object], _profile: RepairProfile) -> Step:
    """Smooth the selected faces.

    Parameters
    ----------
    working : WorkingMesh
    use : mapping
        ``faces``: ranges of slots, ``cap_mm``, ``passes``.
    _profile : RepairProfile
        No limit of it is asked.
    """
    cap_mm = number_of(use, "cap_mm", low=0.001, high=MOST_CAP_MM)
    passes = number_of(use, "passes", low=1, high=100)
    if passes != int(passes):
        raise InputError(f"passes is {passes:g}.", "Give a whole number.")
    chosen = faces_of(use, working)
    most = max(_LEAST_FACES, int(_MOST_SHARE * np.count_nonzero(working.alive)))
    if len(chosen) > most:
        raise InputError(
            f"The selection holds {len(chosen)} faces; at most {most} are smoothed at once.",
            "Select only the place that is rough.",
        )
    moved, moved_to = _smoothed(working, chosen, cap_mm, int(passes))
    if not len(moved):
        raise InputError(
            "Nothing moves: the place is smooth, or only its rim is selected.", "Select more."
        )
    moved_from = working.vertices[moved].copy()
    way = np.linalg.norm(moved_to - moved_from, axis=1)
    faces = np.ascontiguousarray(working.faces[chosen])
    warnings: tuple[str, ...] = ()
    if cap_mm > _WARNED_MM:
        warnings = (f"The cap of {cap_mm:g} mm is above {_WARNED_MM:g} mm: look at the place.",)
    return Step(
        "smooth", EditReason.SMOOTH,
        np.zeros(0, dtype=np.int32), np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int32),
        moved, moved_from, moved_to,
        None if working.colours is None else np.zeros((0, 3), dtype=np.uint8),
        {name: values[:0] for name, values in working.attributes.items()},
        {
            "area_mm2": float(measure_faces(working.vertices, faces, thin_mm=0.0).area_mm2.sum()),
            "max_move_mm": float(way.max()),
            "mean_move_mm": float(way.mean()),
        },
        warnings,
    )  # fmt: skip


def _smoothed(
    working: WorkingMesh, chosen: NDArray[np.int32], cap_mm: float, passes: int
) -> tuple[NDArray[np.int32], Vertices]:
    """Return the vertices that move, and where to."""
    marked = np.zeros(working.vertex_count, dtype=bool)
    marked[working.faces[chosen]] = True
    rows = faces_touching(working.faces, working.alive, marked)
    vertex, faces = take_excerpt(working.faces, rows, working.vertex_count)
    order = np.argsort(vertex, kind="stable")
    # The rim of the excerpt is open as well, but none of its vertices has all its faces chosen.
    is_open = open_vertices(faces, half_edge_twins(faces, len(vertex)))
    is_chosen = np.zeros(working.face_count, dtype=bool)
    is_chosen[chosen] = True
    free = inner_vertices(faces, is_chosen[rows], is_open)
    before = working.vertices[vertex]
    scale = np.ones(len(vertex))
    for turn in range(_ROUNDS):
        after = smooth_along_normals(before, faces, free, cap_mm=cap_mm, passes=passes, scale=scale)
        at = order[(after != before).any(axis=1)[order]]
        moved = vertex[at]
        change = Change.of(moved=moved, moved_to=after[at])
        faults = find_faults(working, change)
        if not faults:
            return moved, change.moved_to
        scale[at[faults.moved]] *= 0.5 if turn < _ROUNDS - 2 else 0.0
    raise InputError(
        f"Smoothing would leave {', '.join(faults.words)}.", "Delete the faces and fill again."
    )
