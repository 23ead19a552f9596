"""The plane that tooth tips carry, and how firmly it stands on them.

Rules owned here:
- The plane starts from the three tips that carry most others within 0.9 mm with little above, then
  settles by robust least squares that count a tip below it less than one on it: lower cusps hang,
  nothing stands above a bite.
- A plane is doubted by leaving out one side of its tips at a time (jackknife).

Limits in mm are choices, not facts, tried on 28 labelled real scans (research: dental, 9).

References
----------
Fischler and Bolles, Random sample consensus, Communications of the ACM 24(6), 1981, 381-395.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask, Vertices

__all__ = [
    "TipPlane",
    "extents_over",
    "fit_below",
    "flatness",
    "narrow_spread",
    "plane_on_tips",
    "turn_without",
]

_ALL_TRIPLES = 16  # up to this many tips every three are tried
_TRIPLES = 3000
_LEAST_AREA2 = 120.0  # mm2, twice the area of a triple worth trying
_WIDEST_TILT_DEG = 35.0
_REACH_MM, _CARRIED_MM = 0.9, 1.2
_BELOW_COUNTS, _SCALE_MM = 0.35, 0.8
_FIT_ROUNDS = 25

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class TipPlane:
    """A plane on tips.

    Parameters
    ----------
    normal : (3,) float64
    support : float
        Weight of the tips near the plane less that of tips above it.
    carried : (T,) bool
        Tips within 1.2 mm of the plane.
    """

    normal: Vector
    support: float
    carried: Mask


def fit_below(
    tips: Vertices, weights: Vector, normal: Vector, offset_mm: float | None = None
) -> tuple[Vector, float]:
    """Fit a plane that rests on the tips from above.

    Parameters
    ----------
    tips : (T, 3) float64, mm
    weights : (T,) float64
    normal : (3,) float64
        Unit vector to start from; the answer points the same way.
    offset_mm : float, optional
        Height of the plane to start from; the median tip by default.

    Returns
    -------
    normal : (3,) float64
    offset_mm : float
        Height of the plane along the normal.
    """
    offset = float(np.median(tips @ normal)) if offset_mm is None else offset_mm
    for _ in range(_FIT_ROUNDS):
        gap = tips @ normal - offset
        trust = weights * np.where(gap > 0, 1.0, _BELOW_COUNTS)
        trust = trust / (1 + (gap / _SCALE_MM) ** 2) ** 2 + 1e-9
        centre = (tips * trust[:, None]).sum(axis=0) / trust.sum()
        spread = (tips - centre) * np.sqrt(trust)[:, None]
        turned = np.linalg.svd(spread, full_matrices=False)[2][2]
        normal = turned if turned @ normal >= 0 else -turned
        offset = float(normal @ centre)
    return normal, offset


def _triples(count: int, weights: Vector) -> NDArray[np.int64]:
    if count <= _ALL_TRIPLES:
        return np.array(list(combinations(range(count), 3)), np.int64)
    rng = np.random.default_rng(0)
    return rng.choice(count, (_TRIPLES, 3), p=weights / weights.sum())


def plane_on_tips(tips: Vertices, weights: Vector, normal: Vector) -> TipPlane:
    """Find the plane that carries most tips, within 35 degrees of a direction.

    Parameters
    ----------
    tips : (T, 3) float64, mm
        At least three.
    weights : (T,) float64
    normal : (3,) float64
        Unit vector; returned unchanged, with no tip carried, when no three tips span a plane.
    """
    nothing = TipPlane(normal, 0.0, np.zeros(len(tips), bool))
    triples = _triples(len(tips), weights)
    first = tips[triples[:, 0]]
    across = np.cross(tips[triples[:, 1]] - first, tips[triples[:, 2]] - first)
    area2 = np.linalg.norm(across, axis=1)
    wide = area2 > _LEAST_AREA2
    if not wide.any():
        return nothing
    normals = across[wide] / area2[wide, None]
    normals = normals * np.sign(normals @ normal)[:, None]
    upright = normals @ normal > np.cos(np.radians(_WIDEST_TILT_DEG))
    if not upright.any():
        return nothing
    normals, first = normals[upright], first[wide][upright]
    gap = normals @ tips.T - (normals * first).sum(axis=1)[:, None]
    near = (weights * np.exp(-((gap / _REACH_MM) ** 2))).sum(axis=1)
    above = (weights * np.clip(gap - 1, 0, 1.5)).sum(axis=1)
    best = int((near - above).argmax())
    fitted, offset = fit_below(tips, weights, normals[best], float(first[best] @ normals[best]))
    carried = np.abs(tips @ fitted - offset) < _CARRIED_MM
    return TipPlane(fitted, float(near[best] - above[best]), carried)


def narrow_spread(positions: Vertices, normal: Vector) -> float:
    """Return twice the standard deviation across the narrow direction within a plane, in mm."""
    if len(positions) < 3:
        return 0.0
    flat = positions - positions.mean(axis=0)
    flat = flat - np.outer(flat @ normal, normal)
    # The smallest eigenvalue is that of the normal itself, 0; the next one is wanted.
    middle = max(float(np.linalg.eigvalsh(flat.T @ flat)[1]), 0.0)
    return float(2 * np.sqrt(middle / len(positions)))


def extents_over(positions: Vertices, normals: Vertices) -> tuple[Vector, Vector]:
    """Measure a cloud along each of many directions and across it.

    Parameters
    ----------
    positions : (N, 3) float64, mm
    normals : (D, 3) float64
        Unit vectors.

    Returns
    -------
    up_mm, across_mm : (D,) float64
        Extent (2nd to 98th percentile) along each direction, and the smaller of the two extents
        along the principal axes at right angles to it.
    """
    centred = positions - positions.mean(axis=0)
    flat = np.eye(3) - normals[:, :, None] * normals[:, None, :]
    axes = np.linalg.eigh(flat @ (centred.T @ centred) @ flat)[1]
    extents = []
    for directions in (normals, axes[:, :, 2], axes[:, :, 1]):
        low, high = np.percentile(centred @ directions.T, [2, 98], axis=0)
        extents.append(high - low)
    return extents[0], np.maximum(np.minimum(extents[1], extents[2]), 1e-9)


def flatness(positions: Vertices, normal: Vector) -> float:
    """Return the extent along a normal over the smaller extent across it.

    An arch that rests on its plane is low; one that stands on end is not.
    """
    up, across = extents_over(positions, normal[None])
    return float(up[0] / across[0])


def turn_without(tips: Vertices, weights: Vector, normal: Vector) -> float:
    """Return how far, in degrees, the plane turns when a sector of its tips is left out.

    Twelve sectors of 60 degrees are tried, every 30 degrees; 90 when one leaves fewer than three.
    """
    aside = np.eye(3)[0 if abs(normal[0]) < 0.8 else 1]
    x = np.cross(normal, aside)
    x /= np.linalg.norm(x)
    y = np.cross(normal, x)
    centred = tips - tips.mean(axis=0)
    angle = np.arctan2(centred @ y, centred @ x)
    worst = 0.0
    for k in range(12):
        kept = np.abs((angle - k * np.pi / 6 + np.pi) % (2 * np.pi) - np.pi) > np.pi / 6
        if kept.all():
            continue
        if kept.sum() < 3:
            return 90.0
        turned, _ = fit_below(tips[kept], weights[kept], normal)
        worst = max(worst, float(np.degrees(np.arccos(np.clip(turned @ normal, -1, 1)))))
    return worst
