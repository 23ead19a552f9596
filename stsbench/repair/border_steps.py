"""Clean the border: trim the frayed strip along it, so that the rim runs smoothly. Off by default.

Rules owned here:
- This is a step of its own that a person asks for; no repair does it unasked.
- The cut is the line of equal distance from the border after that distance was smoothed over the
  surface: notches and frays deeper than the strip pull the line along, it does not zigzag with them.
  The surface itself is not smoothed; what remains of it does not move.
- Every face on the old border goes. At most `MOST_STRIP_MM` are trimmed.
- Crumbs that the cut leaves behind go too: pieces up to the area an automatic repair calls debris.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from stsbench.domain.mesh import Faces, Vertices
from stsbench.errors import InputError
from stsbench.geometry.boundary import measure_loops
from stsbench.geometry.distance import point_to_surface
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.face_selection import faces_near, take_excerpt
from stsbench.geometry.trimming import CutEdges, edges_to_cut, parts_of
from stsbench.repair.filling_steps import loop_at
from stsbench.repair.open_rims import is_outer_border
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.step import Step
from stsbench.repair.trimming_steps import trim_by_sides, trim_step
from stsbench.repair.use_values import edge_of, number_of
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["LEAST_STRIP_MM", "MOST_STRIP_MM", "plan_clean_border"]

LEAST_STRIP_MM = 0.1
MOST_STRIP_MM = 3.0
_SMOOTHED = 1.0  # strips: how far the distance is smoothed
_SEEN = 2.5  # strips: how far from the border the distance is measured
_SAMPLED = 7  # every so manieth half-edge tells how long edges are
_MOST_PASSES = 60
_LEAST_SHARE = 0.05
_CUTS = (1.0, 0.97, 1.03)  # of the strip: another line where the first leaves a fault


def plan_clean_border(
    working: WorkingMesh, use: Mapping[str, object], profile: RepairProfile
) -> Step:
    """Trim the strip along the open loop that an edge lies on.

    Parameters
    ----------
    working : WorkingMesh
    use : mapping
        ``edge``: two vertices; ``strip_mm``.
    profile : RepairProfile
    """
    strip_mm = number_of(use, "strip_mm", low=LEAST_STRIP_MM, high=MOST_STRIP_MM)
    loops = working.open_loops()
    n = loop_at(loops, edge_of(use, working))
    measures = measure_loops(working.vertices, loops)
    warnings = []
    if not is_outer_border(working, loops, measures, n, profile):
        warnings.append("This is a hole and not the outer border: it becomes wider.")
    depth = _smoothed_distance(working, loops.loop(n), strip_mm)
    for cut in _CUTS:
        level = strip_mm * cut
        side = np.where(depth < level, 1, -1).astype(np.int8)
        cuts = edges_to_cut(working.faces, working.alive, side)
        if len(crumbs := _crumbs(working, side, cuts, profile)):
            side[crumbs] = 1
            cuts = edges_to_cut(working.faces, working.alive, side)
        if not len(cuts.low):
            raise InputError(
                "Nothing of the piece would remain.", "Give a narrower strip, or delete the piece."
            )
        below, above = depth[cuts.low], depth[cuts.high]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.nan_to_num((level - below) / (above - below), nan=0.5)
        share = np.clip(share, _LEAST_SHARE, 1 - _LEAST_SHARE)
        low, high = working.vertices[cuts.low], working.vertices[cuts.high]
        places = low + (high - low) * share[:, None]
        trim = trim_by_sides(working, side, cuts, share, places)
        if not trim.faults:
            rim_mm = float(measures.rim_mm[n])
            return trim_step(
                working, "clean_border", trim, warnings, rim_mm=rim_mm, strip_mm=strip_mm
            )
    raise InputError("The cut would leave faces that break the surface.", "Change the strip a bit.")


def _smoothed_distance(
    working: WorkingMesh, loop: NDArray[np.int32], strip_mm: float
) -> NDArray[np.float64]:
    """Distance of every vertex from a loop up to `_SEEN` strips, smoothed near it."""
    depth = np.full(working.vertex_count, _SEEN * strip_mm)
    line = np.stack([loop, np.roll(loop, -1), np.roll(loop, -1)], axis=-1).astype(np.int32)
    rows = faces_near(
        working.vertices, working.faces, working.alive, working.vertices, line,
        margin_mm=_SEEN * strip_mm,
    )  # fmt: skip
    vertex, faces = take_excerpt(working.faces, rows, working.vertex_count)
    places = working.vertices[vertex]
    distance, _, _ = point_to_surface(places, working.vertices, line, limit_mm=_SEEN * strip_mm)
    is_fixed = np.zeros(working.vertex_count, dtype=bool)
    is_fixed[loop] = True
    seen = np.minimum(distance, _SEEN * strip_mm)
    depth[vertex] = _smoothed(places, faces, seen, is_fixed[vertex], strip_mm)
    return depth


def _smoothed(
    places: Vertices,
    faces: Faces,
    values: NDArray[np.float64],
    fixed: NDArray[np.bool_],
    strip_mm: float,
) -> NDArray[np.float64]:
    """Average values over the surface about as far as the strip is wide; fixed ones stay."""
    start = faces.ravel()
    end = faces[:, [1, 2, 0]].ravel()
    way = places[start[::_SAMPLED]] - places[end[::_SAMPLED]]
    edge_mm = float(np.median(np.sqrt(np.einsum("ij,ij->i", way, way))))
    # Steps of one edge each: after n of them a value has spread about edge * sqrt(n).
    passes = int(min(_MOST_PASSES, np.ceil((_SMOOTHED * strip_mm / max(edge_mm, 1e-9)) ** 2)))
    count = len(places)
    # Each vertex sees the next ones of its faces: all its neighbours, on a border all but one.
    graph = coo_array((np.ones(len(start)), (start, end)), shape=(count, count)).tocsr()
    half = np.where(fixed, 0.0, 0.5 / np.maximum(np.bincount(start, minlength=count), 1))
    kept = np.where(fixed, 1.0, 0.5)
    for _ in range(passes):
        values = kept * values + half * (graph @ values)
    return values


def _crumbs(
    working: WorkingMesh, side: NDArray[np.int8], cuts: CutEdges, profile: RepairProfile
) -> NDArray[np.int64]:
    """Return the vertices of small parts that the cut leaves behind; the largest stays anyhow."""
    corner = side[working.faces[cuts.split]]
    parted = np.zeros((working.face_count, 3), dtype=bool)
    parted[cuts.split] = corner != corner[:, [1, 2, 0]]
    part = parts_of(working.faces, working.alive, parted.ravel(), working.vertex_count)
    beside = np.unique(part[np.where(side[cuts.low] < 0, cuts.low, cuts.high)])
    if len(beside) < 2:
        return np.zeros(0, dtype=np.int64)
    count = np.bincount(part, minlength=working.vertex_count)
    area = measure_faces(working.vertices, working.faces, thin_mm=0.0).area_mm2 * working.alive
    total = np.bincount(part[working.faces[:, 0]], weights=area, minlength=working.vertex_count)
    limit = min(profile.island_mm2, profile.island_share * float(area.sum()))
    small = total[beside] <= limit
    small[np.argmax(count[beside])] = False
    goes = np.zeros(working.vertex_count, dtype=bool)
    goes[beside[small]] = True
    return np.flatnonzero(goes[part] & (side < 0))
