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
from stsbench.geometry.hole_refinement import Refinement
from stsbench.geometry.hole_rims import Rims
from stsbench.geometry.triangle_edges import measure_triangles

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


def _compacted(vertices: Vertices, new_vertices: Vertices, faces: Faces) -> tuple[Vertices, Faces]:
    """Return the positions that faces use, and the faces in numbers of these."""
    old = np.unique(faces[faces < len(vertices)])
    number = np.empty(len(vertices), np.int32)
    number[old] = np.arange(len(old))
    is_new = faces >= len(vertices)
    named = np.where(is_new, faces - len(vertices) + len(old), number[np.where(is_new, 0, faces)])
    return np.concatenate([vertices[old], new_vertices]), named


def _meeting(rim: Vertices, new_vertices: Vertices) -> NDArray[np.int64]:
    """Return new vertices that coincide with another or with a rim as float32."""
    placed = np.concatenate([new_vertices, rim]).astype(np.float32) + np.float32(0)
    # Only where x repeats can all three: one sort of one number each.
    order = np.argsort(placed[:, 0], kind="stable")
    x = placed[order, 0]
    same = np.flatnonzero(x[1:] == x[:-1])
    if not len(same):
        return same
    doubtful = order[np.unique(np.concatenate([same, same + 1]))]
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
    loops = len(patches.face_offsets) - 1
    hole_of = np.repeat(np.arange(loops), np.diff(patches.face_offsets))
    used, faces = _compacted(vertices, new_vertices, patches.faces)
    squared, normal = measure_triangles(used, faces)
    twice = np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)
    normal /= np.maximum(twice, 1e-300)
    thin = ~(twice > rims.thin_mm * np.sqrt(squared.max(axis=0)))

    across = patches.opposite.T
    at_rim = across < 0
    inner, rim = np.maximum(across, 0) // 3, np.maximum(-1 - across, 0)
    cosine = np.zeros(across.shape)
    known = np.zeros(across.shape, np.bool_)
    for k in range(3):
        beyond = np.where(at_rim, rims.normal[rim, k], normal[k][inner])
        cosine += normal[k] * beyond
        known |= beyond != 0.0
    cosine[at_rim & ~known] = 1.0
    worst = np.minimum(np.minimum(cosine[0], cosine[1]), cosine[2])
    bend = np.where(thin, -1.0, worst)
    sharpest, is_thin = np.ones(loops), np.zeros(loops, np.bool_)
    np.minimum.at(sharpest, hole_of, worst)
    is_thin[hole_of[thin]] = True
    met = _meeting(vertices[np.unique(rims.vertex)], new_vertices)
    is_thin[np.searchsorted(patches.vertex_offsets, met, side="right") - 1] = True
    return PatchReport(sharpest, is_thin, np.bincount(hole_of, twice, loops) / 2, bend)
