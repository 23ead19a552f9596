"""Faces as records of a normal and three corners, all float32: what binary STL holds.

Rules owned here:
- Normals are computed in float64 from the float32 corners that are written beside them, then
  rounded: the same bytes on every machine, and a reader that recomputes them agrees.
- A face without area has the normal 0 0 0, as STL readers expect.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces
from stsbench.geometry.compiled import kernel

__all__ = ["RECORD_WORDS", "fill_face_records"]

RECORD_WORDS = 25  # 16-bit words: 12 float32 and 2 attribute bytes


@kernel
def fill_face_records(
    vertices: NDArray[np.float32], faces: Faces, words: NDArray[np.uint16]
) -> None:
    """Write normal and corners of every face into 50-byte records.

    Parameters
    ----------
    vertices : (V, 3) float32, mm
    faces : (F, 3) int32
    words : (F, 25) uint16
        Filled in place, little-endian; the attribute word becomes 0. Records align to 2 bytes
        only, hence 16-bit halves.
    """
    record = np.empty(12, np.float32)
    for f in range(faces.shape[0]):
        a = faces[f, 0]
        b = faces[f, 1]
        c = faces[f, 2]
        for k in range(3):
            record[3 + k] = vertices[a, k]
            record[6 + k] = vertices[b, k]
            record[9 + k] = vertices[c, k]
        ux = np.float64(record[6]) - np.float64(record[3])
        uy = np.float64(record[7]) - np.float64(record[4])
        uz = np.float64(record[8]) - np.float64(record[5])
        vx = np.float64(record[9]) - np.float64(record[3])
        vy = np.float64(record[10]) - np.float64(record[4])
        vz = np.float64(record[11]) - np.float64(record[5])
        nx = uy * vz - uz * vy
        ny = uz * vx - ux * vz
        nz = ux * vy - uy * vx
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        scale = 1.0 / length if length > 0.0 else 0.0
        record[0] = nx * scale
        record[1] = ny * scale
        record[2] = nz * scale
        halves = record.view(np.uint16)
        for k in range(24):
            words[f, k] = halves[k]
        words[f, 24] = 0
