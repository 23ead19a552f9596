"""The tool that trims by a curve drawn on the surface.

Rules owned here:
- The curve is closed, or runs from border to border: it is taken for closed when its ends lie within
  `CLOSES_MM` or its own longest step, and tried the other way when that does not part the scan.
- Every place must lie within `OFF_MM` of the scan.
- The part that goes is the one nearest to `goes`. A curve that does not part the scan is refused.
- Edges are cut at least a twentieth of their length from their ends, so that no needle is left: the
  rim follows the drawing within a fraction of an edge.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.errors import InputError
from stsbench.geometry.edge_pairs import half_edges_of, keys_of
from stsbench.geometry.face_selection import faces_near, take_excerpt
from stsbench.geometry.surface_curves import Fence, build_fence, cross_edges, lay_curve
from stsbench.geometry.trimming import edges_to_cut, parts_of
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.step import Step
from stsbench.repair.step_checks import find_faults
from stsbench.repair.trimming_steps import trim_by_sides, trim_step
from stsbench.repair.use_values import place_of_use, places_of
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["CLOSES_MM", "OFF_MM", "plan_trim_curve"]

CLOSES_MM = 1.0
OFF_MM = 1.5
_REACH_MM = 4.0  # how far the surface may bulge from the chord between two places
_FENCE_MM = 0.8
_LEAST_SHARE = 0.05
_LEAST_CUT = 0.3
_MOST_PLACES = 5_000


class _Crossings(NamedTuple):
    """Edges that a curve crosses.

    Parameters
    ----------
    half_edges : (N,) int64
        Both half-edges of each edge where there are two.
    keys : (K,) int64
        Ascending; each edge once.
    share : (K,) float64
        From the lower vertex.
    length_mm : float
    """

    half_edges: NDArray[np.int64]
    keys: NDArray[np.int64]
    share: NDArray[np.float64]
    length_mm: float


def plan_trim_curve(
    working: WorkingMesh, use: Mapping[str, object], _profile: RepairProfile
) -> Step:
    """Trim by a drawn curve.

    Parameters
    ----------
    working : WorkingMesh
    use : mapping
        ``points``: places along the curve; ``goes``: a place on the part that goes.
    _profile : RepairProfile
        No limit of it is asked.
    """
    places = places_of(use, "points", least=2, most=_MOST_PLACES)
    goes = place_of_use(use, "goes")
    gaps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    places = places[np.concatenate([[True], gaps > 1e-6])]
    ends = float(np.linalg.norm(places[-1] - places[0]))
    if len(places) > 2 and ends <= 1e-6:
        places = places[:-1]
    if len(places) < 2:
        raise InputError("The curve is one place only.", "Draw a line across the scan.")
    closed = len(places) > 2 and ends <= max(CLOSES_MM, float(gaps.max(initial=0.0)))
    for turn in (closed, not closed) if len(places) > 2 else (False,):
        crossings = _cross(working, places, closed=turn)
        side = _sides(working, crossings, goes)
        if side is not None:
            return _trimmed(working, side, crossings)
    raise InputError(
        "The curve does not part the scan.", "Close it, or draw it from border to border."
    )


def _trimmed(working: WorkingMesh, side: NDArray[np.int8], crossings: _Crossings) -> Step:
    cuts = edges_to_cut(working.faces, working.alive, side)
    at = np.searchsorted(crossings.keys, (cuts.low << 32) | cuts.high)
    share = np.clip(crossings.share[at], _LEAST_SHARE, 1 - _LEAST_SHARE)
    low, high = working.vertices[cuts.low], working.vertices[cuts.high]
    trim = trim_by_sides(working, side, cuts, share, low + (high - low) * share[:, None])
    if faults := find_faults(working, trim.change):
        raise InputError(
            f"The cut would leave {', '.join(faults.words)}.", "Draw the curve a little beside."
        )
    return trim_step(working, "trim_curve", trim, [], curve_mm=crossings.length_mm)


def _cross(working: WorkingMesh, places: Vertices, *, closed: bool) -> _Crossings:
    """Lay the curve onto the scan and find the edges it crosses."""
    count = len(places)
    start = np.arange(count if closed else count - 1, dtype=np.int32)
    after = (start + 1) % count
    chords = np.ascontiguousarray(np.stack([start, after, after], axis=-1).astype(np.int32))
    rows = faces_near(
        working.vertices, working.faces, working.alive, places, chords, margin_mm=_REACH_MM
    )
    if not len(rows):
        raise InputError("The curve does not lie on the scan.", "Draw it on the surface.")
    vertex, faces = take_excerpt(working.faces, rows, working.vertex_count)
    curve = lay_curve(working.vertices[vertex], faces, places, closed=closed)
    if curve.gap_mm > OFF_MM:
        raise InputError(
            f"The curve runs {curve.gap_mm:.1f} mm off the scan.", "Draw it on the surface."
        )
    if len(curve.places) < 2:
        raise InputError("The curve is too short.", "Draw a line across the scan.")
    fence = build_fence(curve, closed=closed, height_mm=_FENCE_MM, past_mm=2 * OFF_MM)
    rows = faces_near(working.vertices, working.faces, working.alive, fence.vertices, fence.faces)
    return _edges_at(
        working.vertices, working.faces, rows, fence, _length_mm(curve.places, closed=closed)
    )


def _edges_at(
    vertices: Vertices, faces: Faces, rows: NDArray[np.int32], fence: Fence, length_mm: float
) -> _Crossings:
    half_edges = half_edges_of(rows)
    keys, inverse = np.unique(keys_of(faces, half_edges), return_inverse=True)
    edges = np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=-1).astype(np.int32)
    crossed, share = cross_edges(vertices, np.ascontiguousarray(edges), fence)
    return _Crossings(
        half_edges[crossed[inverse.reshape(-1)]], keys[crossed], share[crossed], length_mm
    )


def _sides(
    working: WorkingMesh, crossings: _Crossings, goes: NDArray[np.float64]
) -> NDArray[np.int8] | None:
    """Return which vertices go, or nothing where the curve does not part the scan."""
    parted = np.zeros(3 * working.face_count, dtype=bool)
    parted[crossings.half_edges] = True
    part = parts_of(working.faces, working.alive, parted, working.vertex_count)
    used = np.zeros(working.vertex_count, dtype=bool)
    used[working.faces[working.alive]] = True
    gap = np.where(used, np.square(working.vertices - goes).sum(axis=1), np.inf)
    going: Mask = part == part[int(np.argmin(gap))]
    low, high = crossings.keys >> 32, crossings.keys & 0xFFFFFFFF
    apart = int(np.count_nonzero(going[low] != going[high]))
    touched = int(np.count_nonzero(going[low] | going[high]))
    if apart == 0 or apart < _LEAST_CUT * touched or not (used & ~going).any():
        return None
    return np.where(going, 1, -1).astype(np.int8)


def _length_mm(places: Vertices, *, closed: bool) -> float:
    after = np.roll(places, -1, axis=0)
    lengths = np.linalg.norm(after - places, axis=1)
    return float(lengths.sum() if closed else lengths[:-1].sum())
