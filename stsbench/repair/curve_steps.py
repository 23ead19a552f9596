"""The tool that trims by a curve drawn on the surface.

Rules owned here:
- The curve is closed, or runs from border to border: it is taken for closed when its ends lie within
  `CLOSES_MM` or its own longest step, and tried the other way when that does not part the scan.
- Every place must lie within `OFF_MM` of the scan.
- The part that goes is the one nearest to `goes`. A curve that does not part the scan is refused.
- Edges are cut at least a twentieth of their length from their ends, so that no needle is left, and
  farther from them where that leaves a fault: the rim follows the drawing within a part of an edge.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask, Vertices
from stsbench.errors import InputError
from stsbench.geometry.edge_pairs import keys_of
from stsbench.geometry.face_selection import faces_near, take_excerpt
from stsbench.geometry.surface_curves import SurfaceCurve, follow_curve, lay_curve
from stsbench.geometry.topology import next_half_edge
from stsbench.geometry.trimming import edges_to_cut, parts_of
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.step import Step
from stsbench.repair.trimming_steps import trim_by_sides, trim_step
from stsbench.repair.use_values import place_of_use, places_of
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["CLOSES_MM", "OFF_MM", "plan_trim_curve"]

CLOSES_MM = 1.0
OFF_MM = 1.5
_REACH_MM = 4.0  # how far the surface may bulge from the chord between two places
_PAST_MM = 3.0
_LEAST_SHARES = (0.05, 0.15, 0.3)
_LEAST_CUT = 0.3
_MOST_PLACES = 5_000


class _CutLine(NamedTuple):
    """Edges that a curve crosses an odd number of times.

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
        line = _follow(working, _lay(working, places, closed=turn), closed=turn)
        side = None if line is None else _sides(working, line, goes)
        if line is not None and side is not None:
            return _trimmed(working, side, line)
    raise InputError(
        "The curve does not part the scan.", "Close it, or draw it from border to border."
    )


def _trimmed(working: WorkingMesh, side: NDArray[np.int8], line: _CutLine) -> Step:
    cuts = edges_to_cut(working.faces, working.alive, side)
    at = np.searchsorted(line.keys, (cuts.low << 32) | cuts.high)
    low, high = working.vertices[cuts.low], working.vertices[cuts.high]
    words: tuple[str, ...] = ()
    for least in _LEAST_SHARES:
        share = np.clip(line.share[at], least, 1 - least)
        trim = trim_by_sides(working, side, cuts, share, low + (high - low) * share[:, None])
        faults = trim.faults
        if not faults:
            return trim_step(working, "trim_curve", trim, [], curve_mm=line.length_mm)
        words = faults.words
    raise InputError(f"The cut would leave {', '.join(words)}.", "Draw the curve a little beside.")


def _lay(working: WorkingMesh, places: Vertices, *, closed: bool) -> SurfaceCurve:
    """Lay the curve onto the scan."""
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
    return curve._replace(face=rows[curve.face].astype(np.int64))


def _follow(working: WorkingMesh, curve: SurfaceCurve, *, closed: bool) -> _CutLine | None:
    """Find the edges that a curve crosses; nothing where it cannot be followed."""
    crossings = follow_curve(
        working.vertices, working.faces, working.twin, curve, closed=closed, past_mm=_PAST_MM
    )
    if crossings.lost >= 0 or not len(crossings.half_edges):
        return None
    half_edges = crossings.half_edges
    keys, last, count = np.unique(
        keys_of(working.faces, half_edges)[::-1], return_index=True, return_counts=True
    )
    last = len(half_edges) - 1 - last
    odd = count % 2 == 1
    own, share = half_edges[last[odd]], crossings.share[last[odd]]
    corners = working.faces.ravel()
    upwards = corners[own] < corners[next_half_edge(own)]
    share = np.where(upwards, share, 1.0 - share)
    twins = working.twin[own]
    both = np.concatenate([own, twins[twins >= 0]])
    return _CutLine(both, keys[odd], share, _length_mm(curve.places, closed=closed))


def _sides(
    working: WorkingMesh, line: _CutLine, goes: NDArray[np.float64]
) -> NDArray[np.int8] | None:
    """Return which vertices go, or nothing where the curve does not part the scan."""
    parted = np.zeros(3 * working.face_count, dtype=bool)
    parted[line.half_edges] = True
    part = parts_of(working.faces, working.alive, parted, working.vertex_count)
    used = np.zeros(working.vertex_count, dtype=bool)
    used[working.faces[working.alive]] = True
    gap = np.where(used, np.square(working.vertices - goes).sum(axis=1), np.inf)
    going: Mask = part == part[int(np.argmin(gap))]
    low, high = line.keys >> 32, line.keys & 0xFFFFFFFF
    apart = int(np.count_nonzero(going[low] != going[high]))
    touched = int(np.count_nonzero(going[low] | going[high]))
    if apart == 0 or apart < _LEAST_CUT * touched or not (used & ~going).any():
        return None
    return np.where(going, 1, -1).astype(np.int8)


def _length_mm(places: Vertices, *, closed: bool) -> float:
    after = np.roll(places, -1, axis=0)
    lengths = np.linalg.norm(after - places, axis=1)
    return float(lengths.sum() if closed else lengths[:-1].sum())
