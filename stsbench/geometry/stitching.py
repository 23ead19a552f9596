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
_BATCH = 1024  # planes looked at together
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
    first, second = _directions(axis[None])
    parts: Doubles = normal @ np.concatenate([first, second]).T
    return parts


def _directions(axes: Doubles) -> tuple[Doubles, Doubles]:
    """Return two unit directions within each plane, (P, 3) float64."""
    least = np.argmin(np.abs(axes), axis=1)
    first = np.eye(3)[least] - axes * np.take_along_axis(axes, least[:, None], axis=1)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return first, np.cross(axes, first)


def _guesses(found: _Candidates) -> list[Doubles]:
    """Return the planes along which one shift explains most candidates, the best first."""
    planes, of = _planes(found)
    count = np.zeros(len(planes), dtype=np.int64)
    for low in range(0, len(planes), _BATCH):
        batch = slice(low, low + _BATCH)
        count[batch] = _explained(found, planes[batch])
    # The best plane through each candidate, then the best of all.
    rows = np.lexsort((np.arange(len(planes)), -count, of))
    rows = rows[np.flatnonzero(np.diff(of[rows], prepend=-1))]
    rows = rows[count[rows] >= _FEWEST]
    rows = rows[np.argsort(-count[rows], kind="stable")]
    holds = np.abs(planes[rows, :3] @ found.place.T - planes[rows, 3:]) < _SLAB_MM
    kept: list[int] = []
    for n in range(len(rows)):
        both, each = (holds[kept] & holds[n]).sum(axis=1), holds[kept].sum(axis=1)
        if len(kept) < _GUESSES and (2 * both < np.minimum(each, holds[n].sum())).all():
            kept.append(n)
    return list(planes[rows[kept]])


def _planes(found: _Candidates) -> tuple[Doubles, NDArray[np.int64]]:
    """Return planes through two candidates that agree, (P, 4), and the first of each, (P,)."""
    place, normal, way = found.place, found.normal, found.way
    planes, of = [np.zeros((0, 4))], [np.zeros(0, dtype=np.int64)]
    for i in range(len(place) - 1):
        apart, others, ways = place[i + 1 :] - place[i], normal[i + 1 :], way[i + 1 :]
        axes = way[i] * (apart @ normal[i])[:, None] - normal[i] * (apart @ way[i])[:, None]
        length = np.linalg.norm(axes, axis=1)
        axes /= np.maximum(length, 1e-12)[:, None]
        own = np.sqrt(np.maximum(1 - np.einsum("ij,ij->i", axes, others) ** 2, 0))
        fits = np.abs(np.einsum("ij,ij->i", axes, ways)) > _ALONG * own
        fits &= (own > _CROSSING) & (np.abs(axes @ normal[i]) < 0.9) & (length > 1e-6)
        fits &= np.einsum("ij,ij->i", apart, apart) > _APART_MM**2
        planes.append(np.column_stack([axes[fits], axes[fits] @ place[i]]))
        of.append(np.full(len(planes[-1]), i, dtype=np.int64))
    return np.concatenate(planes), np.concatenate(of)


def _explained(found: _Candidates, planes: Doubles) -> NDArray[np.int64]:
    """Count the candidates along planes whose heights are those of one shift within each.

    Returns
    -------
    (P,) int64
        0 where fewer than `_FEWEST` are left, or the shift is none of a step's.
    """
    axes = planes[:, :3]
    plane, row = np.nonzero(np.abs(axes @ found.place.T - planes[:, 3:]) < _SLAB_MM)
    ahead = np.einsum("ij,ij->i", axes[plane], found.way[row])
    own = np.einsum("ij,ij->i", axes[plane], found.normal[row])
    own = np.sqrt(np.maximum(1 - own**2, 0))
    along = (own > _CROSSING) & (np.abs(ahead) > _ALONG * own)
    held = np.bincount(plane[along], minlength=len(planes)) >= _FEWEST
    along &= held[plane]
    plane, row, ahead = plane[along], row[along], ahead[along]
    parts = [np.einsum("ij,ij->i", way[plane], found.normal[row]) for way in _directions(axes)]
    jump = found.height_mm[row] * np.sign(ahead)
    terms = [parts[0] ** 2, parts[0] * parts[1], parts[1] ** 2, parts[0] * jump, parts[1] * jump]
    right = np.ones(len(row), dtype=bool)
    all_of = count = np.bincount(plane, minlength=len(planes))
    size = np.zeros(len(planes))
    for _ in range(4):
        a, b, c, x, y = (np.bincount(plane, right * term, len(planes)) for term in terms)
        little = 2.5e-3 * count / np.maximum(all_of, 1)
        factor = 1 / np.where(held, (a + little) * (c + little) - b * b, 1)
        shift = (c + little) * x - b * y, (a + little) * y - b * x
        shift = shift[0] * factor, shift[1] * factor
        size = np.hypot(*shift)
        left = np.abs(jump - parts[0] * shift[0][plane] - parts[1] * shift[1][plane])
        right = (left < 0.02 + 0.15 * size[plane]) & held[plane]
        count = np.bincount(plane[right], minlength=len(planes))
        held &= count >= _FEWEST
    held &= (size > 0.7 * LEAST_MM) & (size < _HEIGHTS_MM[1])
    return np.where(held, count, 0)


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
    for plane in _guesses(found):
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
