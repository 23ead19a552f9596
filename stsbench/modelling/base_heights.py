"""How high a base is: where its bottom lies under a scan.

Rules owned here:
- Heights run along the occlusal normal; the deepest point of the whole scan counts, which may lie
  deeper than its rim.
- By default the base is as high as both rules of the profile ask: base under the deepest point, and
  total height. A height given by a person holds exactly, whatever the total.
"""

from dataclasses import dataclass

from stsbench.domain.mesh import Vertices
from stsbench.domain.occlusion import OcclusalFrame, apply_transform
from stsbench.errors import InputError
from stsbench.modelling.profiles import ModelProfile

__all__ = ["BaseHeights", "choose_heights"]

_PLINTH_BELOW_MM = 1.0  # the plinth starts this far below the deepest point: choice, not fact
_LOWEST_BASE_MM, _HIGHEST_BASE_MM = 0.5, 100.0


@dataclass(frozen=True, slots=True)
class BaseHeights:
    """Heights along the occlusal normal, mm above the occlusal plane.

    Parameters
    ----------
    highest_mm, lowest_mm : float
        Of the scan.
    plinth_top_mm : float
        The base is one vertical wall from here down.
    bottom_mm : float
    """

    highest_mm: float
    lowest_mm: float
    plinth_top_mm: float
    bottom_mm: float


def choose_heights(
    vertices: Vertices,
    frame: OcclusalFrame,
    profile: ModelProfile,
    *,
    base_height_mm: float | None = None,
) -> BaseHeights:
    """Decide where the bottom lies.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        Of the scan, in the scanner's axes.
    frame : OcclusalFrame
    profile : ModelProfile
    base_height_mm : float, optional
        Base under the deepest point of the scan, exactly.

    Raises
    ------
    InputError
        The height is below 0.5 mm or above 100 mm.
    """
    heights = apply_transform(frame.model_from_scanner, vertices)[:, 2]
    highest, lowest = float(heights.max()), float(heights.min())
    if base_height_mm is None:
        bottom = min(lowest - profile.base_below_mm, highest - profile.total_height_mm)
    elif _LOWEST_BASE_MM <= base_height_mm <= _HIGHEST_BASE_MM:
        bottom = lowest - base_height_mm
    else:
        raise InputError(
            f"A base of {base_height_mm} mm can't be made.",
            f"Give {_LOWEST_BASE_MM} to {_HIGHEST_BASE_MM} mm.",
        )
    below = min(_PLINTH_BELOW_MM, 0.4 * (lowest - bottom))
    return BaseHeights(highest, lowest, lowest - below, bottom)
