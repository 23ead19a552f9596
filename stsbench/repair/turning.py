"""Turn a surface that shows its inside once it is repaired.

Rules owned here:
- Tidying decides about inside and outside with fins, flaps and folds still there. What goes may
  change the answer, and the next repair would turn the scan then: so it is asked once more, of the
  same kernel, when something went or came.
"""

from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.geometry.winding import faces_inwards, find_winding, flip_faces
from stsbench.repair.listing import list_face_groups
from stsbench.repair.tidying import Tidied

__all__ = ["turn_inwards_out"]


def turn_inwards_out(tidied: Tidied) -> None:
    """Turn an open surface that shows its inside once it is repaired, as the next repair would.

    Parameters
    ----------
    tidied : Tidied
        Orientable, cut and filled.
    """
    draft = tidied.draft
    changed = bool(draft.removed) or bool((draft.face_source < 0).any())
    if not changed or not faces_inwards(draft.vertices, draft.faces, draft.twin):
        return
    area_mm2 = draft.measures(tidied.thin_mm).area_mm2
    winding = find_winding(draft.vertices, draft.faces, draft.twin, area_mm2)
    flip = ~winding.closed[winding.component]
    kind = FindingKind.FLIPPED_WINDING
    found = list_face_groups(
        kind, draft.vertices, draft.faces, flip, action=Action.REPAIRED, severity=Severity.REVIEW,
        detail="Once repaired, the surface showed its inside and was turned.",
    )  # fmt: skip
    tidied.note(kind, int(flip.sum()), found)
    draft.faces, draft.twin = flip_faces(draft.faces, draft.twin, flip)
