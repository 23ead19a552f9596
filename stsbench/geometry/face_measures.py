"""Area and thinness of every face, in one pass.

Rules owned here:
- A face is *thin* when its height over its longest edge is at most `THIN_ROUNDINGS` float32
  roundings of the largest coordinate: three corners that lie on one line as far as the file can
  say. Such a face has no area, no normal and no side.
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
    "thin_height_mm",
]

THIN_ROUNDINGS = 2.0


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
    largest = np.float32(max(float(high.max()), -float(low.min()), 0.0))
    return THIN_ROUNDINGS * float(np.spacing(largest))


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
