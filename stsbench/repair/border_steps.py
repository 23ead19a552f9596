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
from stsbench.geometry.distance import point_to_surface
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.face_selection import faces_near, take_excerpt
from stsbench.geometry.trimming import edges_to_cut, parts_of
from stsbench.repair.filling_steps import loop_at
from stsbench.repair.open_rims import find_open_rims
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.step import Step
from stsbench.repair.step_checks import find_faults
from stsbench.repair.trimming_steps import trim_by_sides, trim_step
from stsbench.repair.use_values import edge_of, number_of
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["LEAST_STRIP_MM", "MOST_STRIP_MM", "plan_clean_border"]

LEAST_STRIP_MM = 0.1
MOST_STRIP_MM = 3.0
_SMOOTHED = 1.0  # strips: how far the distance is smoothed
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
    rims = find_open_rims(working, profile)
    n = loop_at(rims, edge_of(use, working))
    warnings = []
    if not rims.is_border[n]:
        warnings.append("This is a hole and not the outer border: it becomes wider.")
    depth = _smoothed_distance(working, rims.loops.loop(n), strip_mm)
    for cut in _CUTS:
        level = strip_mm * cut
        side = np.where(depth < level, 1, -1).astype(np.int8)
        side = _with_crumbs(working, side, profile)
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
        if not find_faults(working, trim.change):
            measures = {"rim_mm": float(rims.measures.rim_mm[n]), "strip_mm": strip_mm}
            return trim_step(working, "clean_border", trim, warnings, **measures)
    raise InputError("The cut would leave faces that break the surface.", "Change the strip a bit.")


def _smoothed_distance(
    working: WorkingMesh, loop: NDArray[np.int32], strip_mm: float
) -> NDArray[np.float64]:
    """Distance of every vertex from a loop, smoothed near it; twice the strip and more far away."""
    depth = np.full(working.vertex_count, 4.0 * strip_mm)
    line = np.stack([loop, np.roll(loop, -1), np.roll(loop, -1)], axis=-1).astype(np.int32)
    rows = faces_near(
        working.vertices, working.faces, working.alive, working.vertices, line,
        margin_mm=3.0 * strip_mm,
    )  # fmt: skip
    vertex, faces = take_excerpt(working.faces, rows, working.vertex_count)
    places = working.vertices[vertex]
    distance, _, _ = point_to_surface(places, working.vertices, line)
    fixed = np.isin(vertex, loop)
    depth[vertex] = _smoothed(places, faces, np.minimum(distance, 4.0 * strip_mm), fixed, strip_mm)
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
    way = places.take(start, axis=0) - places.take(end, axis=0)
    edge_mm = float(np.median(np.sqrt(np.einsum("ij,ij->i", way, way))))
    # Steps of one edge each: after n of them a value has spread about edge * sqrt(n).
    passes = int(min(_MOST_PASSES, np.ceil((_SMOOTHED * strip_mm / max(edge_mm, 1e-9)) ** 2)))
    count = len(places)
    one_way = coo_array((np.ones(len(start)), (start, end)), shape=(count, count)).tocsr()
    graph = one_way + one_way.T
    half = np.where(fixed, 0.0, 0.5 / np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1.0))
    kept = np.where(fixed, 0.0, 0.5)
    for _ in range(passes):
        values = kept * values + half * (graph @ values)
    return values


def _with_crumbs(
    working: WorkingMesh, side: NDArray[np.int8], profile: RepairProfile
) -> NDArray[np.int8]:
    """Let small parts that the cut leaves behind go with the strip."""
    corner = side[working.faces]
    parted = (corner != corner[:, [1, 2, 0]]).ravel()
    part = parts_of(working.faces, working.alive, parted, working.vertex_count)
    area = measure_faces(working.vertices, working.faces, thin_mm=0.0).area_mm2 * working.alive
    total = np.bincount(part[working.faces[:, 0]], weights=area, minlength=working.vertex_count)
    at_cut = np.zeros(working.vertex_count, dtype=bool)
    at_cut[part[working.faces.ravel()[parted]]] = True
    limit = min(profile.island_mm2, profile.island_share * float(area.sum()))
    crumbs = at_cut & (total <= limit)
    return np.where((side < 0) & crumbs[part], np.int8(1), side)
