"""The colours of the pictures and what each means.

Rules owned here:
- Every colour with a meaning can be told apart with red-green blindness: edits use the set of Okabe
  and Ito, deviations run from blue over stone to vermilion.
- Stone is the neutral of a dental cast; a finding is never marked by colour alone, it has a number.

References
----------
Okabe, Ito, *Color Universal Design*, 2008 (jfly.uni-koeln.de/color).
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import Colours

__all__ = [
    "BACK_OF_SURFACE",
    "DEVIATION_LIMIT_MM",
    "EDIT_COLOURS",
    "MADE_BY_REPAIR",
    "PALE_STONE",
    "STONE",
    "Rgb",
    "deviation_colours",
    "reason_words",
]

Rgb = tuple[int, int, int]

STONE: Rgb = (222, 205, 172)
PALE_STONE: Rgb = (226, 222, 214)  # under maps, so that the map speaks
BACK_OF_SURFACE: Rgb = (176, 186, 200)  # the inside of an open scan, seen through a hole
MADE_BY_REPAIR: Rgb = (240, 214, 84)
DEVIATION_LIMIT_MM = 0.05

EDIT_COLOURS: dict[EditReason, Rgb] = {
    EditReason.HOLE_FILL: (0, 114, 178),
    EditReason.SPIKE: (213, 94, 0),
    EditReason.FOLD: (204, 121, 167),
    EditReason.SELF_INTERSECTION: (0, 158, 115),
    EditReason.NON_MANIFOLD_EDGE: (230, 159, 0),
    EditReason.NON_MANIFOLD_VERTEX: (86, 180, 233),
    EditReason.DEGENERATE: (240, 228, 66),
    EditReason.DUPLICATE: (90, 90, 90),
    EditReason.ISLAND: (110, 60, 20),
    EditReason.BORDER_TRIM: (160, 110, 190),
    EditReason.SMOOTH: (170, 200, 60),
    EditReason.MANUAL: (40, 40, 120),
    EditReason.DECIMATED: (120, 170, 170),
    EditReason.REMESHED: (140, 190, 150),
}

_REASON_WORDS = {
    EditReason.HOLE_FILL: "hole filled",
    EditReason.SPIKE: "spike",
    EditReason.FOLD: "fold",
    EditReason.SELF_INTERSECTION: "self-intersection",
    EditReason.NON_MANIFOLD_EDGE: "branching edge",
    EditReason.NON_MANIFOLD_VERTEX: "branching vertex",
    EditReason.DEGENERATE: "sliver triangle",
    EditReason.DUPLICATE: "double triangle",
    EditReason.ISLAND: "loose piece",
    EditReason.BORDER_TRIM: "border trimmed",
    EditReason.SMOOTH: "smoothed",
    EditReason.MANUAL: "by hand",
    EditReason.DECIMATED: "decimated",
    EditReason.REMESHED: "remeshed",
}

# Below the surface blue, above it vermilion, lightness falling alike to both sides.
_STOPS = np.array(
    [(12, 62, 158), (52, 128, 202), (152, 194, 226), PALE_STONE, (246, 180, 122), (226, 102, 24),
     (158, 48, 0)],
    dtype=np.float64,
)  # fmt: skip


def reason_words(reason: EditReason) -> str:
    """Return what a reason is called in a legend."""
    return _REASON_WORDS[reason]


def deviation_colours(
    deviation_mm: NDArray[np.float64], *, limit_mm: float = DEVIATION_LIMIT_MM
) -> Colours:
    """Return the colour of signed deviations; beyond the limit the ends of the scale.

    Parameters
    ----------
    deviation_mm : (N,) float64, mm
        Positive where material was added.
    limit_mm : float

    Returns
    -------
    (N, 3) uint8
    """
    place = (np.clip(deviation_mm / limit_mm, -1.0, 1.0) + 1.0) / 2.0
    stops = np.linspace(0.0, 1.0, len(_STOPS))
    channels = [np.interp(place, stops, _STOPS[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
