"""Look at finished patches for folds and for faces without area.

Rules owned here:
- A patch is judged by its sharpest bend, over its own edges and over the rim, as the cosine
  between the normals on both sides: 1 is flat, -1 folded back on itself.
- A face no higher than `Rims.thin_mm` counts as one without area.
- New vertices must not meet each other or the rim once rounded to float32; a patch where they do
  counts as if it had such a face.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.delaunay_flips import link_triangles
from stsbench.geometry.hole_rims import Rims

__all__ = ["PatchReport", "inspect_patches"]


class PatchReport(NamedTuple):
    """What was seen, per hole and per face.

    Parameters
    ----------
    sharpest : (L,) float64
        Cosine of the sharpest bend; 1 for a hole without faces.
    is_thin : (L,) bool
        Some face has no area as float32.
    area_mm2 : (L,) float64
    bend : (M,) float64
        Cosine of the sharpest bend about each face; -1 for a thin one.
    """

    sharpest: NDArray[np.float64]
    is_thin: NDArray[np.bool_]
    area_mm2: NDArray[np.float64]
    bend: NDArray[np.float64]


@kernel
def _inspect(
    vertices: NDArray[np.float64],
    new_vertices: NDArray[np.float64],
    rims: Rims,
    new_faces: NDArray[np.int32],
    face_offsets: NDArray[np.int64],
    head: NDArray[np.int32],
    chain: NDArray[np.int32],
    opposite: NDArray[np.int32],
    normal: NDArray[np.float64],
    report: PatchReport,
) -> None:
    """Fill the report; the other arrays are room for the largest patch."""
    old = vertices.shape[0]
    rim = rims.vertex
    sharpest, is_thin, area, bend = report
    side = np.empty((3, 3))
    for loop in range(face_offsets.shape[0] - 1):
        first = face_offsets[loop]
        count = face_offsets[loop + 1] - first
        patch = new_faces[first : first + count]
        for f in range(count):
            longest = 0.0
            for j in range(3):
                squared = 0.0
                a = patch[f, j]
                b = patch[f, j + 1 if j < 2 else 0]
                for k in range(3):
                    start = vertices[a, k] if a < old else new_vertices[a - old, k]
                    end = vertices[b, k] if b < old else new_vertices[b - old, k]
                    side[j, k] = end - start
                    squared += (end - start) ** 2
                longest = max(longest, squared)
            twice = 0.0
            for k in range(3):
                m = k + 1 if k < 2 else 0
                n = m + 1 if m < 2 else 0
                normal[f, k] = side[0, m] * side[1, n] - side[0, n] * side[1, m]
                twice += normal[f, k] ** 2
            twice = np.sqrt(twice)
            area[loop] += twice / 2.0
            if twice <= rims.thin_mm * np.sqrt(longest):
                is_thin[loop] = True
                bend[first + f] = -1.0
            for k in range(3):
                normal[f, k] = normal[f, k] / twice if twice > 0.0 else 0.0
        link_triangles(patch, count, head, chain, opposite)
        for h in range(3 * count):
            f = h // 3
            g = opposite[h]
            cosine = 1.0
            if g >= 0:
                cosine = 0.0
                for k in range(3):
                    cosine += normal[f, k] * normal[g // 3, k]
            else:
                a = patch[f, h - 3 * f]
                b = patch[f, h - 3 * f + 1 if h - 3 * f < 2 else 0]
                low = rims.offsets[loop]
                high = rims.offsets[loop + 1]
                place = rims.first_use[a] if a < old else -1
                while place >= 0:
                    after = place + 1 if place + 1 < high else low
                    if low <= place < high and rim[after] == b:
                        cosine = 0.0
                        size = 0.0
                        for k in range(3):
                            cosine += normal[f, k] * rims.normal[place, k]
                            size += rims.normal[place, k] ** 2
                        if size == 0.0:
                            cosine = 1.0
                        break
                    place = rims.next_use[place]
            bend[first + f] = min(bend[first + f], cosine)
            sharpest[loop] = min(sharpest[loop], cosine)


def inspect_patches(
    vertices: Vertices,
    new_vertices: Vertices,
    rims: Rims,
    new_faces: Faces,
    vertex_offsets: NDArray[np.int64],
    face_offsets: NDArray[np.int64],
) -> PatchReport:
    """Look at every patch.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    new_vertices : (N, 3) float64, mm
    rims : Rims
    new_faces : (M, 3) int32
        Indices into `vertices` with `new_vertices` after them.
    vertex_offsets, face_offsets : (L+1,) int64
        Which new vertices and faces belong to each hole.
    """
    loops = len(face_offsets) - 1
    widest = int(np.diff(face_offsets).max(initial=0))
    report = PatchReport(
        np.ones(loops), np.zeros(loops, np.bool_), np.zeros(loops), np.ones(len(new_faces))
    )
    _inspect(
        vertices, new_vertices, rims, new_faces, face_offsets,
        np.full(len(vertices) + len(new_vertices), -1, np.int32),
        np.empty(3 * widest, np.int32), np.empty(3 * widest, np.int32), np.empty((widest, 3)),
        report,
    )  # fmt: skip
    on_rim = np.flatnonzero(rims.first_use >= 0)
    placed = np.concatenate([new_vertices, vertices[on_rim]]).astype(np.float32) + np.float32(0)
    order = np.lexsort(placed.T)
    same = (np.diff(placed[order], axis=0) == 0).all(axis=1)
    met = np.concatenate([order[1:][same], order[:-1][same]])
    met = met[met < len(new_vertices)]
    report.is_thin[np.searchsorted(vertex_offsets, met, side="right") - 1] = True
    return report
