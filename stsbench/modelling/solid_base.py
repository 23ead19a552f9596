"""A solid model from an open scan: attempts from gentle to firm, each measured before it counts.

Rules owned here:
- The first attempt keeps every face of the scan and hangs the base on the rim as it is. Only when
  the base would cross itself or the scan are strips along the rim trimmed, as narrow as will do.
- An attempt counts when no face of the base meets another face, at the precision of a file.
- When none counts, the one with the fewest crossings is returned as it is, for a person to see.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.domain.occlusion import OcclusalFrame, apply_transform
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import InputError
from stsbench.geometry.base_outline import seam_heights, smooth_outline
from stsbench.geometry.base_wall import hang_base
from stsbench.geometry.self_intersection import self_meetings
from stsbench.modelling.open_scan import OpenScan

__all__ = ["BaseHeights", "Body", "base_heights", "build_solid"]

_PLINTH_BELOW_MM = 1.0  # plinth starts this far below the deepest point: choice, not fact
_SEAM_WINDOW_MM = 1.5
# Smoothing and outward offset in mm, and whether the raggedness ends in a seam under the rim:
# choices, not facts, best looking first.
_OUTLINES = ((1.5, 0.3, True), (1.5, 0.3, False), (3.0, 0.3, False))


@dataclass(frozen=True, slots=True)
class BaseHeights:
    """Heights along the occlusal normal, mm above the occlusal plane.

    Parameters
    ----------
    highest_mm, lowest_mm : float
        Of the scan.
    plinth_top_mm : float
        Where the vertical part of the base begins.
    bottom_mm : float
    """

    highest_mm: float
    lowest_mm: float
    plinth_top_mm: float
    bottom_mm: float


@dataclass(frozen=True, eq=False, slots=True)
class Body:
    """A closed body made from a scan, in the scanner's axes.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        float32 numbers, as a file holds them.
    faces : (F, 3) int32
    from_scan : (F,) bool
        Faces that came from the scan.
    crossings : int
        Pairs of faces that meet where they are not joined; 0 for a valid body.
    trimmed_mm : float
        Width of the strip cut off along the rim, 0 for none.
    """

    vertices: Vertices
    faces: Faces
    from_scan: Mask
    crossings: int
    trimmed_mm: float = 0.0


def base_heights(
    scan: OpenScan,
    frame: OcclusalFrame,
    *,
    base_below_mm: float,
    total_height_mm: float,
    base_height_mm: float | None = None,
) -> BaseHeights:
    """Decide where the bottom lies.

    Parameters
    ----------
    scan : OpenScan
    frame : OcclusalFrame
    base_below_mm : float
        Base under the deepest point, at least.
    total_height_mm : float
        From bottom to top, at least.
    base_height_mm : float, optional
        Exactly this much base under the deepest point, whatever the total.

    Raises
    ------
    InputError
        The height is not above 0.5 mm or above 100 mm.
    """
    heights = apply_transform(frame.model_from_scanner, scan.vertices)[:, 2]
    highest, lowest = float(heights.max()), float(heights.min())
    if base_height_mm is None:
        bottom = min(lowest - base_below_mm, highest - total_height_mm)
    else:
        if not 0.5 <= base_height_mm <= 100.0:
            raise InputError(f"A base of {base_height_mm} mm can't be made.", "Give 0.5 to 100 mm.")
        bottom = lowest - base_height_mm
    below = min(_PLINTH_BELOW_MM, 0.4 * (lowest - bottom))
    return BaseHeights(highest, lowest, lowest - below, bottom)


def build_solid(
    scan: OpenScan,
    frame: OcclusalFrame,
    heights: BaseHeights,
    *,
    progress: Progress = NO_PROGRESS,
) -> Body | None:
    """Put a solid base under a scan.

    Parameters
    ----------
    scan : OpenScan
        Wound so that the rim runs counter-clockwise seen from the biting side.
    frame : OcclusalFrame
    heights : BaseHeights
    progress : Progress

    Returns
    -------
    Body or None
        None when no outline under the rim is simple.
    """
    best: Body | None = None
    for smooth_mm, outward_mm, seam in _OUTLINES:
        progress.step("build the base", 0.5)
        body = _hang(scan, frame, heights, (smooth_mm, outward_mm), seam=seam)
        if body is not None and (best is None or body.crossings < best.crossings):
            best = body
        if best is not None and best.crossings == 0:
            break
    progress.step("build the base", 1.0)
    return best


def _hang(
    scan: OpenScan,
    frame: OcclusalFrame,
    heights: BaseHeights,
    outline_mm: tuple[float, float],
    *,
    seam: bool,
) -> Body | None:
    matrix = frame.model_from_scanner
    placed = apply_transform(matrix, scan.vertices)
    outline = smooth_outline(
        placed[scan.rim, :2], smooth_mm=outline_mm[0], outward_mm=outline_mm[1]
    )
    if outline is None:
        return None
    levels: list[NDArray[np.float64] | float] = [heights.plinth_top_mm, heights.bottom_mm]
    if seam:
        drop = 0.5 * (heights.lowest_mm - heights.plinth_top_mm)
        curve = seam_heights(placed[scan.rim], window_mm=_SEAM_WINDOW_MM, below_mm=drop)
        levels = [curve, *levels]
    base = hang_base(placed, scan.rim, outline, levels)
    added = apply_transform(np.linalg.inv(matrix).astype(np.float64), base.vertices)
    vertices = np.vstack([scan.vertices, added]).astype(np.float32).astype(np.float64)
    faces = np.concatenate([scan.faces, base.faces])
    from_scan = np.zeros(len(faces), bool)
    from_scan[: scan.scan_face_count] = True
    return Body(vertices, faces, from_scan, _new_crossings(vertices, faces, from_scan))


def _new_crossings(vertices: Vertices, faces: Faces, from_scan: Mask) -> int:
    """Count the pairs of meeting faces of which at least one is new."""
    pairs: NDArray[np.int32] = self_meetings(vertices, faces).pairs
    return int((~from_scan[pairs]).any(axis=1).sum())
