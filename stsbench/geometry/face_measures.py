"""Area and thinness of every face, in one pass.

Rules owned here:
- A face is *thin* when its height over its longest edge is next to nothing: `_THIN_MM` for whatever
  is as large as scans are, and at least `THIN_ROUNDINGS` float32 roundings of the largest
  coordinate. Such a face has no area, no normal and no side that survives being moved and written.
- Of a scan the limit is set where no face is near it (`tell_thin`): in the widest gap between the
  heights that occur from there up to `_WINDOW` times as much. So moving and turning a scan, which
  shifts every height by a rounding, changes no face's class.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import kernel

__all__ = [
    "THIN_ROUNDINGS",
    "FaceMeasures",
    "box_of",
    "box_of_vertices",
    "measure_faces",
    "tell_thin",
    "thin_height_mm",
]

THIN_ROUNDINGS = 2.0
_THIN_MM = 2.5e-5
_FARTHEST = 8.0  # times the root mean square: what lies farther is not asked how it is rounded
_LEAST_SPREAD_MM = 2.0  # root mean square distance from the middle; of scans of teeth 5 to 80
_SPREADS = 50.0  # beyond that, things this much larger have another limit
_WINDOW = 5.0


@dataclass(frozen=True, eq=False, slots=True)
class FaceMeasures:
    """What one pass over the faces yields.

    Parameters
    ----------
    area_mm2 : (F,) float64
    thin : (F,) bool
    """

    area_mm2: NDArray[np.float64]
    thin: Mask

    def take(self, kept: Mask) -> "FaceMeasures":
        """Return those of some faces."""
        return FaceMeasures(self.area_mm2[kept], self.thin[kept])


@kernel
def _measure(vertices, faces, height):
    face_count = len(faces)
    area = np.empty(face_count)
    thin = np.empty(face_count, np.bool_)
    for f in range(face_count):
        a = faces[f, 0]
        b = faces[f, 1]
        c = faces[f, 2]
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        nx = uy * vz - uz * vy
        ny = uz * vx - ux * vz
        nz = ux * vy - uy * vx
        double = np.sqrt(nx * nx + ny * ny + nz * nz)
        wx = vx - ux
        wy = vy - uy
        wz = vz - uz
        longest = max(ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz)
        longest = np.sqrt(max(longest, wx * wx + wy * wy + wz * wz))
        area[f] = double / 2
        thin[f] = double <= height * longest
    return area, thin


@kernel
def box_of_vertices(vertices):
    """Return the box about vertices, (2, 3) float64; zeros of none. For kernels; see `box_of`."""
    box = np.zeros((2, 3))
    for k in range(3):
        if len(vertices):
            box[0, k] = vertices[0, k]
            box[1, k] = vertices[0, k]
    for v in range(len(vertices)):
        for k in range(3):
            box[0, k] = min(box[0, k], vertices[v, k])
            box[1, k] = max(box[1, k], vertices[v, k])
    return box


def box_of(vertices: Vertices) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the low and the high corner of the box about vertices, (3,) each; zeros of none.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    """
    box = box_of_vertices(vertices)
    return box[0], box[1]


def thin_height_mm(vertices: Vertices) -> float:
    """Return the height at and below which a face of this scan has no area.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    """
    low, high = box_of(vertices)
    largest = max(float(high.max()), -float(low.min()), 0.0)
    if len(vertices):
        # One stray vertex far off does not make every face of the scan thin.
        square = float(np.einsum("ij,ij->", vertices, vertices)) / len(vertices)
        largest = min(largest, _FARTHEST * float(np.sqrt(square)))
    return max(
        THIN_ROUNDINGS * float(np.spacing(np.float32(largest))), _THIN_MM * _scale_of(vertices)
    )


def _scale_of(vertices: Vertices) -> float:
    """Return how many times as large as a scan something is, in coarse steps; in any pose the same.

    Coarse, so that a scan keeps its limit when debris is taken off it.
    """
    if not len(vertices):
        return 0.0
    middle = vertices.mean(axis=0)
    square = float(np.einsum("ij,ij->", vertices, vertices)) / len(vertices)
    spread = float(np.sqrt(max(square - float(middle @ middle), 0.0)))
    scale = 1.0
    while 0 < spread < _LEAST_SPREAD_MM * scale:
        scale /= _SPREADS
    while spread >= _LEAST_SPREAD_MM * _SPREADS * scale:
        scale *= _SPREADS
    return scale if spread > 0 else 0.0


def tell_thin(vertices: Vertices, faces: Faces) -> tuple[FaceMeasures, float]:
    """Measure the faces of a scan, and find the height that parts thin faces from the others.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32

    Returns
    -------
    FaceMeasures
    float
        No face of the scan is as high as this, or lower and within the gap below.
    """
    least = thin_height_mm(vertices)
    most = _WINDOW * least
    area, thin = _measure(vertices, faces, most)
    rows = np.flatnonzero(thin)
    if not len(rows):
        return FaceMeasures(area, thin), most
    corners = vertices[faces[rows]]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    heights = 2.0 * area[rows] / np.where(longest > 0, longest, 1.0)
    ends = np.concatenate([[least], np.sort(heights[heights > least]), [most]])
    gap = int(np.diff(ends).argmax())
    limit = float(ends[gap + 1]) * (1.0 - 1e-9)
    thin[rows] = heights <= limit
    return FaceMeasures(area, thin), limit


def measure_faces(
    vertices: Vertices, faces: Faces, *, thin_mm: float | None = None
) -> FaceMeasures:
    """Measure faces.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    thin_mm : float, optional
        Height at which a face is thin; `thin_height_mm` of the vertices by default.
    """
    height = thin_height_mm(vertices) if thin_mm is None else thin_mm
    return FaceMeasures(*_measure(vertices, faces, height))
