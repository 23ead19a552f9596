"""Trimming: what of an arch a scanner sees, and a border as ragged as a scanner leaves it.

Rules owned here:
- A trimmed scan is one piece with one border loop: enclosed spots are given back.
- It has no pinched vertex and no face that hangs on by a single edge.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, TriangleMesh
from stsbench.geometry.compiled import kernel
from stsbench.samples.adjacency import edge_table, face_components, pinched_vertices, take_faces
from stsbench.samples.arch_model import ALONG_COUNT, ALONG_STEP, ArchModel
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.field_sampling import fractal_noise
from stsbench.samples.fields import along_line

__all__ = ["largest_clean_piece", "seen_by_scanner", "trim"]

Values = NDArray[np.float64]

_BEHIND_MM = 5.0  # how far the scan goes on behind the last tooth
_LINGUAL_MM = {"lower": 2.5, "open": 4.0, "palate": 99.0}  # deeper than buccal by
_PAST_MIDLINE_MM = 6.0


@kernel
def _locate(m, places, table):
    for i in range(len(places)):
        s, off = along_line(m, places[i, 0], places[i, 1])
        table[i, 0], table[i, 1] = s, off


def seen_by_scanner(model: ArchModel, plan: ArchPlan, places: Values) -> Values:
    """Return about how far (N,) inside the border each place lies, mm; negative was not scanned.

    Parameters
    ----------
    model : ArchModel
    plan : ArchPlan
        Its depth, raggedness, palate and quadrant decide.
    places : (N, 3) float64, mm
        In the arch frame.
    """
    line = np.zeros((len(places), 2))
    _locate(model, np.ascontiguousarray(places), line)
    s, off = line.T
    nodes = (np.arange(ALONG_COUNT) - ALONG_COUNT // 2) * ALONG_STEP
    margin = np.interp(s, nodes, model.along[:, 3])
    course = np.stack([s, np.where(off > 0, 0.0, 60.0), places[:, 2] * 0.4], axis=-1)
    rough = plan.raggedness * (
        1.7 * fractal_noise(course, scale_mm=6.0, octaves=2, seed=plan.seed)
        + 0.9 * fractal_noise(places, scale_mm=2.2, octaves=3, seed=plan.seed + 5)
    )
    side = "lower" if not plan.is_upper else "palate" if plan.palate else "open"
    before_end = model.frame[1] - 11.0 + _BEHIND_MM - np.abs(s)
    reach = np.where(off > 0, plan.depth_mm, plan.depth_mm + _LINGUAL_MM[side])
    # The flanks run up to the ridge behind the last tooth: no square strips, no thin tails.
    reach = reach * np.sqrt(np.clip(before_end / _BEHIND_MM, 0.0, 1.0))
    inside = np.minimum(reach + rough - (margin - places[:, 2]), before_end + rough)
    if side == "palate":
        vault = model.frame[3] - 1.0 - places[:, 1] + 1.5 * rough
        over_palate = off < -3.0
        inside = np.where(over_palate, vault, np.minimum(inside, vault))
    if plan.quadrant is not None:
        left = plan.quadrant in {2, 3}
        inside = np.minimum(inside, (s if left else -s) + _PAST_MIDLINE_MM + rough)
    depth: Values = np.minimum(inside, places[:, 2] - model.frame[4] - 1.2)
    return depth


def _opened(mask: Mask, faces: Faces, rings: int = 2) -> Mask:
    """Take away what is thinner than twice the rings: erode the marked vertices, then grow back."""
    edges, _ = edge_table(faces)
    first, second = edges.T

    def eroded(marked: Mask) -> Mask:
        for _ in range(rings):
            shrunk = marked.copy()
            shrunk[first[~marked[second]]] = False
            shrunk[second[~marked[first]]] = False
            marked = shrunk
        return marked

    return ~eroded(~eroded(mask)) & mask


def trim(model: ArchModel, plan: ArchPlan, mesh: TriangleMesh) -> TriangleMesh:
    """Return the part of a closed block that a scanner sees: one piece, one border loop."""
    seen = _opened(seen_by_scanner(model, plan, mesh.vertices) > 0, mesh.faces)
    keep: Mask = np.all(seen[mesh.faces], axis=1)
    lost = np.flatnonzero(~keep)
    pieces = face_components(mesh.faces[lost])
    keep[lost[pieces != np.bincount(pieces).argmax()]] = True
    return largest_clean_piece(take_faces(mesh, keep))


def largest_clean_piece(mesh: TriangleMesh) -> TriangleMesh:
    """Return the largest piece without pinched vertices and faces on a single edge."""
    while True:
        pieces = face_components(mesh.faces)
        if pieces.max(initial=0):
            mesh = take_faces(mesh, pieces == np.bincount(pieces).argmax())
        edges, edge = edge_table(mesh.faces)
        single = np.bincount(edge.ravel()) == 1
        hanging = single[edge].sum(axis=1) >= 2
        on_rim = np.zeros(mesh.vertex_count, dtype=bool)
        on_rim[edges[single]] = True  # a cut pinches vertices of its rim only
        pinched = np.zeros(mesh.vertex_count, dtype=bool)
        pinched[pinched_vertices(mesh.faces[on_rim[mesh.faces].any(axis=1)])] = True
        bad = hanging | (pinched & on_rim)[mesh.faces].any(axis=1)
        if not bad.any():
            return mesh
        mesh = take_faces(mesh, ~bad)
