"""Stitching steps: where two strips of a scan were joined beside each other.

Rules owned here:
- Beyond a stitching step the whole surface is shifted one way. So along it the surface jumps by the
  part of one and the same shift that lies along its normal: up on one side of a tooth, down on the
  other. A fissure, a margin or a shoulder keeps its own height wherever it runs.
- Vertices that look like a step (`step_models`) are candidates. A plane through two of them that
  agrees with both directions, and a shift within it that explains the candidates along it, are a
  guess. The guesses that explain most are put to the test on every vertex near the plane.
- A guess holds when one shift of `LEAST_MM` or more explains `EXPLAINED` of what the surface does
  there, over `LENGTH_MM` at least. On clean scans no guess reaches the first two at once.
- Only steps along a plane are seen, and one shift: a strip that is turned as well is not.

The limits are choices, measured on clean scans (docs/repair.md, "Stitching steps").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.step_models import StepFits, fit_steps
from stsbench.geometry.vertex_rings import vertex_neighbours

__all__ = ["StitchingStep", "find_steps"]

LEAST_MM = 0.12
EXPLAINED = 0.75
LENGTH_MM = 25.0
_BETTER = 0.55  # of the misfit without a ramp, what one with it may leave
_HEIGHTS_MM = (0.05, 0.6)
_CANDIDATES = 300
_GUESSES = 24
_FEWEST = 8
_APART_MM = 4.0
_SLAB_MM = 0.25
_ASKED_MM = 0.3
_DENSE = (60_000, 250_000)  # vertices above which a ring more is thinned out
_ALONG = 0.95  # cosine between a candidate's direction and that of the plane there
_CROSSING = 0.45  # sine between surface and plane below which the ramp is no ramp

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class StitchingStep:
    """One step.

    Parameters
    ----------
    offset_mm : float
        Length of the shift.
    length_mm : float
        Extent of the surface along which it shows.
    place_mm : (3,) float64
        The vertex that shows it best.
    faces : (N,) int64
        Faces along it.
    """

    offset_mm: float
    length_mm: float
    place_mm: Doubles
    faces: NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class _Candidates:
    place: Doubles
    normal: Doubles
    way: Doubles
    height_mm: Doubles


def _thinned(faces: Faces, star_mm2: Doubles, rings: int) -> Mask:
    """Mark the vertices whose star is the largest within so many rings, (V,) bool.

    One in seven of them for a ring, one in nineteen for two: enough where they are dense, and
    neither pose nor names choose.
    """
    largest = star_mm2.copy()
    for _ in range(rings):
        before = largest.copy()
        for turn in (1, 2):
            np.maximum.at(largest, faces.ravel(), before[np.roll(faces, turn, axis=1).ravel()])
    chosen: Mask = star_mm2 >= largest
    return chosen


def _candidates(vertices: Vertices, asked: NDArray[np.int32], fits: StepFits) -> _Candidates:
    """Return the vertices where a ramp helps most, the best first."""
    height = np.abs(fits.height_mm)
    share = fits.misfit_mm / np.maximum(fits.plain_mm, 1e-12)
    rows = np.flatnonzero(
        (fits.seen > 0) & (share < _BETTER) & (height > _HEIGHTS_MM[0]) & (height < _HEIGHTS_MM[1])
    )
    x, y, z = vertices[asked[rows]].T
    rows = rows[np.lexsort((z, y, x, share[rows].round(9)))][:_CANDIDATES]
    upwards = fits.way[rows] * np.sign(fits.height_mm[rows])[:, None]
    return _Candidates(vertices[asked[rows]], fits.normal[rows], upwards, height[rows])


def _within(axis: Doubles, normal: Doubles) -> Doubles:
    """Return the parts of normals along two directions within a plane, (N, 2) float64."""
    first = np.eye(3)[np.argmin(np.abs(axis))]
    first = first - axis * (first @ axis)
    first /= np.linalg.norm(first)
    parts: Doubles = normal @ np.stack([first, np.cross(axis, first)], axis=1)
    return parts


def _guesses(found: _Candidates) -> list[tuple[int, Doubles]]:
    """Return planes and how many candidates one shift explains along each, most first."""
    place, normal, way = found.place, found.normal, found.way
    guesses: list[tuple[int, Doubles]] = []
    for i in range(len(place)):
        apart = place - place[i]
        axes = way[i] * (apart @ normal[i])[:, None] - normal[i] * (apart @ way[i])[:, None]
        length = np.linalg.norm(axes, axis=1)
        axes /= np.maximum(length, 1e-12)[:, None]
        own = np.sqrt(np.maximum(1 - np.einsum("ij,ij->i", axes, normal) ** 2, 0))
        fits = np.abs(np.einsum("ij,ij->i", axes, way)) > _ALONG * own
        fits &= (own > _CROSSING) & (np.abs(axes @ normal[i]) < 0.9) & (length > 1e-6)
        fits &= (np.linalg.norm(apart, axis=1) > _APART_MM) & (np.arange(len(place)) > i)
        best, plane = _FEWEST - 1, None
        for j in np.flatnonzero(fits):
            count = _explained(found, axes[j], float(place[i] @ axes[j]), best)
            if count > best:
                best, plane = count, np.append(axes[j], place[i] @ axes[j])
        if plane is not None:
            guesses.append((best, plane))
    order = np.argsort([-count for count, _ in guesses], kind="stable")
    kept: list[tuple[int, Doubles]] = []
    for n in order:
        count, plane = guesses[n]
        new = all(_differ(plane, other, place) for _, other in kept)
        if new and len(kept) < _GUESSES:
            kept.append((count, plane))
    return kept


def _differ(plane: Doubles, other: Doubles, place: Doubles) -> bool:
    """Say whether two planes hold different candidates."""
    here = np.abs(place @ plane[:3] - plane[3]) < _SLAB_MM
    there = np.abs(place @ other[:3] - other[3]) < _SLAB_MM
    return bool(2 * np.count_nonzero(here & there) < min(here.sum(), there.sum()))


def _explained(found: _Candidates, axis: Doubles, offset: float, least: int) -> int:
    """Count the candidates along a plane whose heights are those of one shift within it."""
    rows = np.flatnonzero(np.abs(found.place @ axis - offset) < _SLAB_MM)
    if len(rows) <= least:
        return 0
    normal = found.normal[rows]
    own = np.sqrt(np.maximum(1 - (normal @ axis) ** 2, 0))
    ahead = found.way[rows] @ axis
    rows = rows[(own > _CROSSING) & (np.abs(ahead) > _ALONG * own)]
    if len(rows) <= least:
        return 0
    parts = _within(axis, found.normal[rows])
    jump = found.height_mm[rows] * np.sign(found.way[rows] @ axis)
    right = np.ones(len(rows), dtype=bool)
    for _ in range(4):
        shift = _solve(parts, jump, right.astype(float))
        size = float(np.linalg.norm(shift))
        right = np.abs(jump - parts @ shift) < 0.02 + 0.15 * size
        if np.count_nonzero(right) <= least:
            return 0
    return int(np.count_nonzero(right)) if 0.7 * LEAST_MM < size < _HEIGHTS_MM[1] else 0


def _solve(parts: Doubles, jump: Doubles, weight: Doubles) -> Doubles:
    """Solve for a shift by weighted least squares, (2,) float64."""
    square = (parts * weight[:, None]).T @ parts + 2.5e-3 * np.eye(2) * weight.mean()
    shift: Doubles = np.linalg.solve(square, parts.T @ (weight * jump))
    return shift


def find_steps(
    vertices: Vertices, faces: Faces, border: Mask, sums: Doubles
) -> list[StitchingStep]:
    """Find stitching steps.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Consistently wound.
    border : (V,) bool
        Vertices on open edges.
    sums : (V, 4) float64
        Vector area about every vertex (`wide_normals.sum_near`).

    Returns
    -------
    list of StitchingStep
        The largest shift first.
    """
    start, around = vertex_neighbours(faces, border)
    rings = (start, around)
    dense = sum(len(vertices) > limit for limit in _DENSE)
    asked = np.flatnonzero(_thinned(faces, sums[:, 3], dense)).astype(np.int32)
    told = _thinned(faces, sums[:, 3], max(dense - 1, 0))
    found = _candidates(vertices, asked, fit_steps(vertices, rings, border, sums, asked))
    if len(found.place) < _FEWEST:
        return []
    steps: list[StitchingStep] = []
    taken = np.zeros(len(vertices), dtype=bool)
    for _, plane in _guesses(found):
        near = np.abs(vertices @ plane[:3] - plane[3]) < _ASKED_MM
        slab = np.flatnonzero(near & told).astype(np.int32)
        fits = fit_steps(vertices, rings, border, sums, slab, cut=plane)
        step = _tested(vertices, faces, slab, plane, fits)
        if step is not None and not taken[faces[step.faces]].mean() > 0.5:
            taken[faces[step.faces]] = True
            steps.append(step)
    return sorted(steps, key=lambda step: -step.offset_mm)


def _tested(
    vertices: Vertices, faces: Faces, slab: NDArray[np.int32], plane: Doubles, fits: StepFits
) -> StitchingStep | None:
    """Return the step along a plane if one shift explains what the surface does there."""
    axis = plane[:3]
    cosine = np.einsum("ij,j->i", fits.normal, axis)
    rows = np.flatnonzero((fits.seen > 0) & (1 - cosine**2 > 0.25))
    if len(rows) < _FEWEST:
        return None
    parts, jump = _within(axis, fits.normal[rows]), fits.height_mm[rows]
    sure = fits.seen[rows] / (fits.misfit_mm[rows] ** 2 + 1e-4)
    shift = _solve(parts, jump, sure)
    for _ in range(3):
        # What anatomy does there by itself may not decide about the shift.
        beside = np.abs(jump - parts @ shift)
        weight = np.where(beside < 3.7 * np.median(beside) + 1e-3, sure, 0.01 * sure)
        shift = _solve(parts, jump, weight)
    left = jump - parts @ shift
    told = 1 - float(sure @ left**2) / max(float(sure @ jump**2), 1e-300)
    offset = float(np.linalg.norm(shift))
    expected = np.abs(parts @ shift)
    shows = rows[(expected > 0.4 * offset) & (np.abs(left) < 0.03 + 0.3 * expected)]
    if told < EXPLAINED or offset < LEAST_MM or len(shows) < _FEWEST:
        return None
    places = vertices[slab[shows]]
    length = float(2 * np.linalg.norm(places - places.mean(axis=0), axis=1).max())
    if length < LENGTH_MM:
        return None
    marked = np.zeros(len(vertices), dtype=bool)
    marked[slab[shows]] = True
    best = np.argmax((fits.seen * np.abs(fits.height_mm))[shows].round(9))
    along = np.flatnonzero(marked[faces].any(axis=1))
    return StitchingStep(offset, length, places[best], along)
