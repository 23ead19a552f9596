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
from stsbench.geometry.delaunay_flips import corner_of
from stsbench.geometry.hole_refinement import Refinement
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
    vertices: Vertices,
    new_vertices: Vertices,
    faces: Faces,
    opposite: NDArray[np.int32],
    face_offsets: NDArray[np.int64],
    rim_normal: NDArray[np.float64],
    thin_mm: float,
    normal: NDArray[np.float64],
    report: PatchReport,
) -> None:
    """Measure all faces, then look across each of their edges; `normal` is scratch, (M, 3)."""
    sharpest, is_thin, area, bend = report
    old = vertices.shape[0]
    corner = np.empty((3, 3))
    for loop in range(face_offsets.shape[0] - 1):
        worst = 1.0
        for f in range(face_offsets[loop], face_offsets[loop + 1]):
            for j in range(3):
                v = faces[f, j]
                for k in range(3):
                    corner[j, k] = vertices[v, k] if v < old else new_vertices[v - old, k]
            n0, n1, n2, twice, _ = corner_of(corner, 0, 1, 2)
            longest = 0.0
            for j in range(3):
                squared = 0.0
                for k in range(3):
                    along = corner[j, k] - corner[j - 1 if j > 0 else 2, k]
                    squared += along * along
                longest = max(longest, squared)
            area[loop] += 0.5 * twice
            bend[f] = 1.0 if twice > thin_mm * np.sqrt(longest) else -1.0
            scale = 1.0 / max(twice, 1e-300)
            normal[f, 0] = n0 * scale
            normal[f, 1] = n1 * scale
            normal[f, 2] = n2 * scale
        for f in range(face_offsets[loop], face_offsets[loop + 1]):
            least = 1.0
            for j in range(3):
                o = opposite[f, j]
                cosine = 0.0
                known = o >= 0
                for k in range(3):
                    beyond = normal[max(o, 0) // 3, k] if o >= 0 else rim_normal[max(-1 - o, 0), k]
                    cosine += normal[f, k] * beyond
                    known |= beyond != 0.0
                if known:
                    least = min(least, cosine)
            worst = min(worst, least)
            is_thin[loop] |= bend[f] < 0.0
            bend[f] = min(least, bend[f])
        sharpest[loop] = worst


def _meeting(rim: Vertices, new_vertices: Vertices) -> NDArray[np.int64]:
    """Return new vertices that coincide with another or with a rim as float32."""
    placed = np.concatenate([new_vertices, rim]).astype(np.float32) + np.float32(0)
    # Only where x repeats can all three: one sort of one number each. A rim repeats itself.
    order = np.argsort(placed[:, 0], kind="stable")
    x = placed[order, 0]
    same = np.flatnonzero(
        (x[1:] == x[:-1]) & (np.minimum(order[1:], order[:-1]) < len(new_vertices))
    )
    if not len(same):
        return same
    doubtful = np.isin(placed[:, 0], x[same]).nonzero()[0]
    order = doubtful[np.lexsort(placed[doubtful].T)]
    same = (placed[order[1:]] == placed[order[:-1]]).all(axis=1)
    met = np.concatenate([order[1:][same], order[:-1][same]])
    return met[met < len(new_vertices)]


def inspect_patches(
    vertices: Vertices, new_vertices: Vertices, rims: Rims, patches: Refinement
) -> PatchReport:
    """Look at every patch.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    new_vertices : (N, 3) float64, mm
        Where the patches' own vertices are now.
    rims : Rims
    patches : Refinement
    """
    loops, made = len(patches.face_offsets) - 1, len(patches.faces)
    report = PatchReport(np.ones(loops), np.zeros(loops, np.bool_), np.zeros(loops), np.empty(made))
    _inspect(
        vertices, new_vertices, patches.faces, patches.opposite, patches.face_offsets, rims.normal,
        rims.thin_mm, np.empty((made, 3)), report,
    )  # fmt: skip
    met = _meeting(vertices[rims.vertex], new_vertices)
    report.is_thin[np.searchsorted(patches.vertex_offsets, met, side="right") - 1] = True
    return report
