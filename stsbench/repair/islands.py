"""Islands: pieces that are not joined to the largest one over an edge.

Rules owned here:
- A piece up to `island_mm2` and `island_share` of the largest piece's area is debris and dropped;
  above `island_review_mm2` a person is asked to look.
- A larger second piece may be true anatomy: it is kept, and the verdict is hold.
- Every piece is listed with its area and its distance from the largest one.
"""

from dataclasses import dataclass

import numpy as np

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.geometry.components import distance_to_main, measure_pieces
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.manifoldness import sheets
from stsbench.repair.draft import Draft
from stsbench.repair.listing import LISTED, largest_first, place_of
from stsbench.repair.profiles import RepairProfile

__all__ = ["Islands", "drop_islands"]


@dataclass(frozen=True, slots=True)
class Islands:
    """What was found beside the largest piece.

    Parameters
    ----------
    findings : list of Finding
    count : int
        Pieces beside the largest.
    kept : int
        Pieces that stayed, the largest included.
    main_mm2 : float
        Area of the largest piece.
    """

    findings: list[Finding]
    count: int
    kept: int
    main_mm2: float


def drop_islands(draft: Draft, profile: RepairProfile) -> Islands:
    """Drop loose debris from a draft, keep large pieces.

    Parameters
    ----------
    draft : Draft
    profile : RepairProfile

    Returns
    -------
    Islands
    """
    area_mm2 = measure_faces(draft.vertices, draft.faces).area_mm2
    piece = sheets(draft.twin)
    pieces = measure_pieces(draft.vertices, draft.faces, piece, area_mm2)
    if not len(pieces):
        return Islands([], 0, 0, 0.0)
    main_mm2 = float(pieces.area_mm2[pieces.main])
    if len(pieces) == 1:
        return Islands([], 0, 1, main_mm2)
    debris = pieces.area_mm2 <= min(profile.island_mm2, profile.island_share * main_mm2)
    debris[pieces.main] = False
    order = largest_first(pieces.area_mm2, pieces.centre_mm)
    order = order[order != pieces.main][:LISTED]
    listed = np.zeros(len(pieces), dtype=bool)
    listed[order] = True
    distance = distance_to_main(draft.vertices, draft.faces, piece, pieces, listed)
    findings = []
    for n in order:
        area = float(pieces.area_mm2[n])
        away = f"{distance[n]:.1f} mm from the largest piece."
        if debris[n]:
            severity = Severity.REVIEW if area > profile.island_review_mm2 else Severity.NOTE
            action, detail = Action.REMOVED, f"A loose piece, {away}"
        else:
            severity, action = Severity.HOLD, Action.KEPT
            detail = f"A second piece too large to be debris, {away}"
        findings.append(
            Finding(
                FindingKind.ISLAND,
                place_of(pieces.centre_mm[n]),
                area**0.5,
                area,
                int(pieces.faces_count[n]),
                severity,
                action,
                detail,
            )
        )
    draft.drop(debris[piece], EditReason.ISLAND)
    return Islands(findings, len(pieces) - 1, int((~debris).sum()), main_mm2)
