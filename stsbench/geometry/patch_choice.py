"""Choose the best sound kind of patch for each hole.

Rules owned here:
- A faired patch that folds over, blows up or holds a face without area goes back to a membrane, then
  to bare triangles between rim vertices. If no kind will do, the loop has none.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask, Vertices
from stsbench.geometry.hole_refinement import Refinement
from stsbench.geometry.hole_rims import Rims
from stsbench.geometry.hole_triangulation import STAR, Triangulation
from stsbench.geometry.patch_checks import PatchReport, inspect_patches
from stsbench.geometry.patch_measures import RimMeasures

__all__ = ["PatchKind", "choose_patches"]

# Cosines of a bend; choices, not facts.
_FOLDED = -0.9  # 154 degrees: another kind of patch is tried
_SHUT = -0.95  # 162 degrees: folded back on itself, and no patch
_FARTHEST = 1.5  # rim radii: how far fairing may lift a membrane before it counts as blown up


class PatchKind(IntEnum):
    """What a hole was filled with."""

    FAIRED = 0
    MEMBRANE = 1
    BARE = 2
    NONE = 3


def _bare_patches(rims: Rims, triangulation: Triangulation, wanted: Mask) -> Refinement:
    """Return the patches without vertices of their own; those around a middle stay empty."""
    counts = np.diff(triangulation.offsets)
    keep = wanted & (triangulation.method != STAR)
    kept = np.where(keep, counts, 0)
    rows = np.flatnonzero(np.repeat(keep, counts))
    offsets = np.cumsum([0, *kept]).astype(np.int64)
    starts = np.repeat(rims.offsets[:-1], kept)[:, None]
    places = triangulation.triangles[rows] + starts
    opposite = triangulation.opposite[rows]
    inner = opposite + 3 * np.repeat(offsets[:-1], kept)[:, None]
    return Refinement(
        vertices=np.empty((0, 3)),
        faces=rims.vertex[places],
        opposite=np.where(opposite >= 0, inner, -1 - places).astype(np.int32),
        vertex_offsets=np.zeros(len(counts) + 1, np.int64),
        face_offsets=offsets,
        graded=np.zeros(len(counts), np.bool_),
    )


def _blown_up(
    measures: RimMeasures, refined: Refinement, membrane: Vertices, faired: Vertices
) -> Mask:
    """Whether fairing lifted a patch farther than its rim is wide, (L,) bool."""
    radius = measures.radius_mm
    hole_of = np.repeat(np.arange(len(radius)), np.diff(refined.vertex_offsets))
    lifted = np.zeros(len(radius))
    np.maximum.at(lifted, hole_of, np.sqrt(((faired - membrane) ** 2).sum(axis=1)))
    return ~(lifted <= _FARTHEST * radius)


def _merge(back: Mask, other: PatchReport, report: PatchReport) -> PatchReport:
    """Take one report where `back` is true and the other elsewhere; faces are left aside."""
    return report._replace(
        sharpest=np.where(back, other.sharpest, report.sharpest),
        is_thin=np.where(back, other.is_thin, report.is_thin),
        area_mm2=np.where(back, other.area_mm2, report.area_mm2),
    )


def choose_patches(
    vertices: Vertices,
    rims: Rims,
    measures: RimMeasures,
    triangulation: Triangulation,
    refined: Refinement,
    membrane: Vertices,
    faired: tuple[Vertices, PatchReport, Mask] | None,
) -> tuple[Vertices, NDArray[np.uint8], Refinement, PatchReport]:
    """Choose the best sound kind of patch for each hole.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    rims : Rims
    measures : RimMeasures
    triangulation : Triangulation
    refined : Refinement
    membrane : (N, 3) float64, mm
        Positions of the refined vertices.
    faired : tuple, optional
        Other positions, the report on them, and which holes have any, (L,) bool.

    Returns
    -------
    tuple
        The positions of the refined vertices, the kind per hole, the bare patches and the report on
        what was chosen.
    """
    kind = np.full(len(rims.offsets) - 1, PatchKind.MEMBRANE, np.uint8)
    chosen = membrane
    if faired is None:
        report = inspect_patches(vertices, membrane, rims, refined)
    else:
        chosen, report, plates = faired
        kind[plates] = PatchKind.FAIRED
        blown = _blown_up(measures, refined, membrane, chosen)
        doubtful = report.is_thin | (report.sharpest < _FOLDED)
        if (doubtful | blown).any():
            other = inspect_patches(vertices, membrane, rims, refined)
            better = ~other.is_thin & (report.is_thin | (other.sharpest > report.sharpest))
            back = blown | (doubtful & better)
            hole_of = np.repeat(np.arange(len(kind)), np.diff(refined.vertex_offsets))
            chosen = np.where(back[hole_of, None], membrane, chosen)
            kind[back] = PatchKind.MEMBRANE
            report = _merge(back, other, report)
    doubtful = report.is_thin | (report.sharpest < _FOLDED)
    bare = _bare_patches(rims, triangulation, doubtful)
    if doubtful.any():
        other = inspect_patches(vertices, bare.vertices, rims, bare)
        usable = (np.diff(bare.face_offsets) > 0) & ~other.is_thin
        back = doubtful & usable & (report.is_thin | (other.sharpest > report.sharpest))
        kind[back] = PatchKind.BARE
        report = _merge(back, other, report)
    empty = np.diff(triangulation.offsets) == 0
    kind[empty | report.is_thin | (report.sharpest < _SHUT)] = PatchKind.NONE
    return chosen, kind, bare, report
