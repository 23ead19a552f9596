"""The midline of an arch in its occlusal plane: the axis about which the arch mirrors itself.

Rules owned here:
- Only the band of surface next to the tips counts: palate, tongue side and trimmed borders are not
  mirror images of each other, the tooth arch nearly is.
- The axis is searched over all directions; of its two ends the front is the one where the arch
  lies close to the axis.

Limits: choices, not facts, tried on 28 labelled real scans (research: dental, 9).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from stsbench.domain.mesh import Vertices
from stsbench.geometry.surface_sample import thin_points

__all__ = ["Midline", "find_midline"]

_BELOW_MM, _ABOVE_MM, _BESIDE_MM = 4.0, 1.5, 9.0
_PITCH_MM = 2.0
_FAR_MM = 6.0  # a point without a mirror image counts as this far
_COARSE_DEG = np.arange(0, 180, 4.0)
_COARSE_MM = np.arange(-6, 6.1, 1.5)
_FINE_DEG = (-2.0, -1.0, 1.0, 2.0)
_FINE_MM = (-1.0, -0.5, 0.0, 0.5, 1.0)
_NEAR_AXIS, _FAR_FROM_AXIS = 0.3, 0.7  # shares of the half width

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Midline:
    """Mirror axis of an arch.

    Parameters
    ----------
    direction : (3,) float64
        Unit vector in the occlusal plane, from the back to the front teeth.
    origin : (3,) float64, mm
        The point of axis and plane beside the centre of the tips.
    mirror_mm : float
        Mean distance from a point to the nearest mirrored point.
    depth_mm : float
        How far the front lies before the sides.
    """

    direction: Vector
    origin: Vector
    mirror_mm: float
    depth_mm: float


def _band(positions: Vertices, tips: Vertices, normal: Vector, axes: Vertices) -> Vertices:
    """Flatten the surface next to the tips into the plane, at an even spacing."""
    height = positions @ normal
    level = float(np.median(tips @ normal))
    centre = tips.mean(axis=0)
    flat = (positions - centre) @ axes.T
    beside = cKDTree((tips - centre) @ axes.T).query(flat)[0] < _BESIDE_MM
    band = (height > level - _BELOW_MM) & (height < level + _ABOVE_MM) & beside
    return thin_points(flat[band], _PITCH_MM)


def _mirror_search(flat: Vertices) -> tuple[float, float, float]:
    """Find the axis: mean distance to the mirror image, angle, offset to its left."""
    tree = cKDTree(flat)

    def cost(angle: float, offset: float) -> tuple[float, float, float]:
        along = np.array([np.cos(angle), np.sin(angle)])
        left = np.array([-along[1], along[0]])
        mirrored = np.outer(flat @ along, along) + np.outer(2 * offset - flat @ left, left)
        gap = np.minimum(tree.query(mirrored)[0], _FAR_MM)
        return float(gap.mean()), angle, offset

    best = (np.inf, 0.0, 0.0)
    for angle in np.radians(_COARSE_DEG):
        across = flat @ np.array([-np.sin(angle), np.cos(angle)])
        middle = float(across.max() + across.min()) / 2
        best = min(best, *(cost(float(angle), middle + float(shift)) for shift in _COARSE_MM))
    _, angle, offset = best
    fine = [
        cost(angle + float(np.radians(turn)), offset + shift)
        for turn in _FINE_DEG
        for shift in _FINE_MM
    ]
    return min(best, *fine)


def find_midline(positions: Vertices, tips: Vertices, normal: Vector) -> Midline:
    """Find the mirror axis of an arch about a known upward direction.

    Parameters
    ----------
    positions : (N, 3) float64, mm
        Even points of the surface.
    tips : (T, 3) float64, mm
        At least one tip of the arch.
    normal : (3,) float64
        Unit normal of the occlusal plane.
    """
    level = float(np.median(tips @ normal))
    centre = tips.mean(axis=0)
    flat_tips = tips - centre
    flat_tips = flat_tips - np.outer(flat_tips @ normal, normal)
    x = np.linalg.eigh(flat_tips.T @ flat_tips + 1e-9 * np.outer(normal, -normal))[1][:, 2]
    x = x - (x @ normal) * normal
    x /= np.linalg.norm(x)
    axes = np.stack([x, np.cross(normal, x)])
    flat = _band(positions, tips, normal, axes)
    mirror_mm, angle, offset = _mirror_search(flat)
    along = np.array([np.cos(angle), np.sin(angle)])
    left = np.array([-along[1], along[0]])
    away = np.abs(flat @ left - offset)
    width = float(np.percentile(away, 97))
    near, far = away < _NEAR_AXIS * width, away > _FAR_FROM_AXIS * width
    lead = 0.0
    if near.any() and far.any():
        lead = float((flat[near] @ along).mean() - (flat[far] @ along).mean())
    along = along if lead >= 0 else -along
    on_axis = centre + offset * (left @ axes)
    origin = on_axis + (level - float(on_axis @ normal)) * normal
    direction = along @ axes
    return Midline(direction / np.linalg.norm(direction), origin, mirror_mm, abs(lead))
