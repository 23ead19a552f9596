"""Islands: pieces that are not joined to the largest one over an edge.

Rules owned here:
- A piece up to `island_mm2` and `island_share` of the largest piece's area is debris and dropped;
  above `island_review_mm2` a person is asked to look.
- A larger second piece may be true anatomy: it is kept, and the verdict is hold.
- A piece is a second layer of the largest one when that lies within `layers.LAYER_MM` of most of it
  (`_COVERED`) and it is no mere scrap (`_LEAST_MM2`). What it shows the larger sheet shows too, so it
  is dropped, whatever the limits for debris say, up to `_LARGEST_SHARE` of that sheet. Which of the
  two was right nobody knows: a person must look. `overlaps` answers for larger ones.
- Where debris together is more than `_MOST_LOST` of the largest piece, the verdict is hold: the scan
  is in crumbs, and most of it may be what was dropped.
- Every piece is listed with its area and its distance from the largest one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.answers import Answers
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import Mask
from stsbench.geometry.bounding_tree import build_tree
from stsbench.geometry.components import Pieces, distance_to_main, measure_pieces
from stsbench.geometry.layers import LAYER_MM, layer_gaps
from stsbench.geometry.wide_normals import sum_near
from stsbench.repair.choices import NO_ANSWERS, wish_about
from stsbench.repair.draft import Draft
from stsbench.repair.listing import LISTED, largest_first, place_of
from stsbench.repair.profiles import RepairProfile

__all__ = ["Islands", "find_islands"]

_COVERED = 0.6
_LEAST_MM2 = 1.0
_LARGEST_SHARE = 0.25
_MOST_LOST = 0.2
_BOXES = 8  # more pieces than this share one box


@dataclass(frozen=True, slots=True)
class Islands:
    """What was found beside the largest piece.

    Parameters
    ----------
    findings : list of Finding
        Of islands.
    layers : list of Finding
        Of loose second layers.
    count : int
        Pieces beside the largest that are no second layer.
    gone : (C,) bool
        Pieces that are debris.
    main_mm2 : float
        Area of the largest piece.
    """

    findings: list[Finding]
    layers: list[Finding]
    count: int
    gone: Mask
    main_mm2: float


def find_islands(
    draft: Draft, profile: RepairProfile, thin_mm: float, answers: Answers = NO_ANSWERS
) -> Islands:
    """Find loose debris in a draft, and large pieces beside the main one.

    Parameters
    ----------
    draft : Draft
    profile : RepairProfile
    thin_mm : float

    Returns
    -------
    Islands
    """
    piece = draft.sheets()
    area_mm2 = draft.measures(thin_mm).area_mm2
    pieces = measure_pieces(draft.vertices, draft.faces, piece, area_mm2=area_mm2)
    if not len(pieces):
        return Islands([], [], 0, np.zeros(0, dtype=bool), 0.0)
    main_mm2 = float(pieces.area_mm2[pieces.main])
    if len(pieces) == 1:
        return Islands([], [], 0, np.zeros(1, dtype=bool), main_mm2)
    debris = pieces.area_mm2 <= min(profile.island_mm2, profile.island_share * main_mm2)
    debris[pieces.main] = False
    order = largest_first(pieces.area_mm2, pieces.centre_mm)
    order = order[order != pieces.main][:LISTED]
    listed = np.zeros(len(pieces), dtype=bool)
    listed[order] = True
    distance = distance_to_main(draft.vertices, draft.faces, piece, pieces, listed)
    gap_mm = _layers_over_main(draft, piece, pieces, listed & (distance <= 2 * LAYER_MM))
    debris |= (gap_mm > 0) & (pieces.area_mm2 <= _LARGEST_SHARE * main_mm2)
    wishes = {
        int(n): wish_about(answers, "island", number, ("remove", "keep"))
        for number, n in enumerate(order)
    }
    for n, wish in wishes.items():
        if wish is not None:
            debris[n] = wish == "remove"
    asked_for = np.array([n for n, wish in wishes.items() if wish is not None], dtype=np.int64)
    findings = _crumbs(pieces, debris & (gap_mm == 0), asked_for, main_mm2)
    layers: list[Finding] = []
    for number, n in enumerate(order):
        area = float(pieces.area_mm2[n])
        away = f"{distance[n]:.1f} mm from the largest piece."
        kind = FindingKind.ISLAND
        if gap_mm[n] > 0 and debris[n]:
            kind, action = FindingKind.DOUBLE_LAYER, Action.REMOVED
            severity = Severity.HOLD if profile.holds_at_layers else Severity.REVIEW
            detail = f"A loose second layer, {gap_mm[n]:.2f} mm from the larger one."
        elif debris[n]:
            severity = Severity.REVIEW if area > profile.island_review_mm2 else Severity.NOTE
            action, detail = Action.REMOVED, f"A loose piece, {away}"
        else:
            severity, action = Severity.HOLD, Action.KEPT
            large = "A second piece" if wishes[int(n)] else "A second piece too large to be debris"
            detail = f"{large}, {away}"
        if wishes[int(n)]:
            detail = f"{detail[:-1]}: {wishes[int(n)]} was answered."
        (findings if kind is FindingKind.ISLAND else layers).append(
            Finding(
                kind,
                place_of(pieces.centre_mm[n]),
                area**0.5,
                area,
                int(pieces.faces_count[n]),
                severity,
                action,
                f"Piece {number}: {detail[0].lower()}{detail[1:]}",
            )
        )
    return Islands(findings, layers, len(pieces) - 1 - len(layers), debris, main_mm2)


def _crumbs(
    pieces: Pieces, debris: Mask, asked_for: NDArray[np.int64], main_mm2: float
) -> list[Finding]:
    """Say so when debris that nobody asked to drop is a large part of the scan."""
    crumbs = debris.copy()
    crumbs[asked_for] = False
    lost_mm2 = float(pieces.area_mm2[crumbs].sum())
    if lost_mm2 <= _MOST_LOST * main_mm2:
        return []
    count = int(np.count_nonzero(crumbs))
    share = 100 * lost_mm2 / main_mm2
    return [
        Finding(
            FindingKind.ISLAND,
            place_of(pieces.centre_mm[crumbs].mean(axis=0)),
            lost_mm2**0.5,
            lost_mm2,
            int(pieces.faces_count[crumbs].sum()),
            Severity.HOLD,
            Action.REMOVED,
            f"Loose pieces: {count} together are {share:.0f} % of the largest one's area.",
        )
    ]


def _layers_over_main(
    draft: Draft, piece: NDArray[np.int32], pieces: Pieces, asked: Mask
) -> NDArray[np.float64]:
    """Return the gap of pieces that lie over the largest one, mm; 0 for others, (C,) float64."""
    gap = np.zeros(len(pieces))
    asked = asked & (pieces.area_mm2 >= _LEAST_MM2)
    asked[pieces.main] = False
    if not asked.any():
        return gap
    rows = np.flatnonzero(asked[piece] & (piece >= 0))
    faces = np.ascontiguousarray(draft.faces[rows])
    owner = np.full(draft.vertex_count, -1, dtype=np.int64)
    owner[faces.ravel()] = np.repeat(piece[rows], 3)
    vertices = np.flatnonzero(owner >= 0).astype(np.int32)
    groups = [vertices[owner[vertices] == n] for n in np.flatnonzero(asked)]
    near = np.zeros(draft.vertex_count, dtype=bool)
    for own in groups if len(groups) <= _BOXES else [vertices]:
        low = draft.vertices[own].min(axis=0) - 2 * LAYER_MM
        high = draft.vertices[own].max(axis=0) + 2 * LAYER_MM
        near |= ((draft.vertices >= low) & (draft.vertices <= high)).all(axis=1)
    under = near[draft.faces].any(axis=1) & (piece == pieces.main)
    tree = build_tree(draft.vertices, np.ascontiguousarray(draft.faces[under]))
    found = np.abs(layer_gaps(draft.vertices, sum_near(draft.vertices, faces), vertices, tree))
    for n in np.flatnonzero(asked):
        own_gaps = found[owner[vertices] == n]
        over = own_gaps[own_gaps > 0]
        if len(over) and len(over) >= _COVERED * len(own_gaps):
            gap[n] = np.median(over)
    return gap
