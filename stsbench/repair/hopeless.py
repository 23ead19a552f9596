"""Scans that are crumpled: nothing is cut out of the worst, and of others it is said how much was.

Rules owned here:
- Where the faces that are wrong in themselves make up more than `MOST_WRONG` of a tidied scan, by
  area and by number (a few long spikes have much area), nothing is cut or filled. Of the real scans
  none comes near: the worst, with thirty spikes and ten folds planted in it, has 2 % of the area.
- The same where a single piece has fallen apart under the knife: when less than `LEAST_LEFT` of its
  faces are left, the repair begins again and cuts nothing.
- The technician gets the scan tidied (welded, wound, without debris and copies), every defect listed
  as unsolved, and the verdict hold: the whole of a bad scan says more than three faces of it.
- Pieces that pass through each other are no reason: each is sound.
- Where more than `MUCH_MADE` of the repaired surface was made in place of what was cut, holes not
  counted, a person must look; beyond `MOST_WRONG` the verdict is hold. Arches and casts with thirty
  spikes and ten folds planted in them come to 2.4 %.
"""

import numpy as np

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.repair.cutting import Defects
from stsbench.repair.listing import place_of
from stsbench.repair.tidying import Tidied

__all__ = [
    "LEAST_LEFT",
    "MOST_WRONG",
    "MUCH_MADE",
    "has_fallen_apart",
    "note_hopeless",
    "note_much_made",
]

MOST_WRONG = 0.15
MUCH_MADE = 0.05
LEAST_LEFT = 0.5
_KINDS = {EditReason.SPIKE: FindingKind.SPIKE, EditReason.FOLD: FindingKind.FOLD}
_NO_CUT = (EditReason.NONE, EditReason.HOLE_FILL, EditReason.DEGENERATE)


def note_hopeless(tidied: Tidied, defects: Defects, *, known: bool) -> bool:
    """Say whether nothing is to be cut out of a scan, and note why.

    Parameters
    ----------
    tidied : Tidied
    defects : Defects
        Of the draft as it is.
    known : bool
        An attempt has shown it.
    """
    draft = tidied.draft
    wrong = defects.spikes | defects.folds | defects.crossings
    count = int(np.count_nonzero(wrong))
    if not known and count <= MOST_WRONG * len(wrong):
        return False
    area_mm2 = draft.measures(tidied.thin_mm).area_mm2
    wrong_mm2, whole_mm2 = float(area_mm2[wrong].sum()), float(area_mm2.sum())
    if not known and wrong_mm2 <= MOST_WRONG * whole_mm2:
        return False
    low, high = draft.vertices.min(axis=0), draft.vertices.max(axis=0)
    finding = Finding(
        FindingKind.SELF_INTERSECTION,
        place_of((low + high) / 2),
        float(np.linalg.norm(high - low)),
        wrong_mm2,
        count,
        Severity.HOLD,
        Action.UNSOLVED,
        f"Nothing was cut or filled: {100 * wrong_mm2 / whole_mm2:.0f} % of the surface is wrong, "
        "and without it no scan would be left.",
    )
    tidied.findings.append(finding)
    return True


def has_fallen_apart(tidied: Tidied, faces_before: int) -> bool:
    """Say whether hardly anything is left of a single piece.

    Parameters
    ----------
    tidied : Tidied
        Cut and closed.
    faces_before : int
        How many faces it had.
    """
    if tidied.component_count != 1:
        return False
    return int(np.count_nonzero(tidied.draft.face_source >= 0)) < LEAST_LEFT * faces_before


def note_much_made(tidied: Tidied) -> None:
    """Note it where much of a scan was cut and made anew.

    Parameters
    ----------
    tidied : Tidied
        Cut and closed.
    """
    draft = tidied.draft
    area_mm2 = draft.measures(tidied.thin_mm).area_mm2
    rows = np.flatnonzero(draft.face_source < 0)
    reason = draft.added_reason[rows]
    made_mm2 = np.bincount(reason, area_mm2[rows], max(EditReason) + 1)
    made_mm2[list(_NO_CUT)] = 0.0
    share = float(made_mm2.sum() / area_mm2.sum())
    if share <= MUCH_MADE:
        return
    low, high = draft.vertices.min(axis=0), draft.vertices.max(axis=0)
    finding = Finding(
        _KINDS.get(EditReason(int(made_mm2.argmax())), FindingKind.SELF_INTERSECTION),
        place_of((low + high) / 2),
        float(np.linalg.norm(high - low)),
        float(made_mm2.sum()),
        int(np.isin(reason, _NO_CUT, invert=True).sum()),
        Severity.HOLD if share > MOST_WRONG else Severity.REVIEW,
        Action.REPAIRED,
        f"{100 * share:.0f} % of the surface was cut and made anew: scan again if you can.",
    )
    tidied.findings.append(finding)
