"""Turn what shows its inside once it is repaired.

Rules owned here:
- A piece that only the filling closed is turned by its volume: open, it told no side.
- Tidying decides about inside and outside with fins, flaps and folds still there. What goes may
  change the answer, and the next repair would turn the scan then: so it is asked once more, of the
  same kernel, when something went or came.
"""

import numpy as np

from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.mesh import Mask
from stsbench.geometry.topology import BOUNDARY
from stsbench.geometry.winding import Winding, faces_inwards, find_winding, flip_faces
from stsbench.repair.listing import list_face_groups
from stsbench.repair.tidying import Tidied

__all__ = ["turn_closed_out", "turn_inwards_out"]


def turn_closed_out(tidied: Tidied) -> None:
    """Turn closed pieces that show their inside.

    Parameters
    ----------
    tidied : Tidied
        Orientable, cut and filled.
    """
    if tidied.component_count == 1 and (tidied.draft.twin == BOUNDARY).any():
        return
    winding = _winding(tidied)
    flip = winding.flip & winding.closed[winding.component]
    if flip.any():
        _turn(tidied, flip, "A piece that was closed by filling showed its inside and was turned.")


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
    winding = _winding(tidied)
    flip = ~winding.closed[winding.component]
    _turn(tidied, flip, "Once repaired, the surface showed its inside and was turned.")


def _winding(tidied: Tidied) -> Winding:
    draft = tidied.draft
    area_mm2 = draft.measures(tidied.thin_mm).area_mm2
    return find_winding(draft.vertices, draft.faces, draft.twin, area_mm2)


def _turn(tidied: Tidied, flip: Mask, detail: str) -> None:
    draft = tidied.draft
    kind = FindingKind.FLIPPED_WINDING
    found = list_face_groups(
        kind, draft.vertices, draft.faces, flip, action=Action.REPAIRED, severity=Severity.REVIEW,
        detail=detail,
    )  # fmt: skip
    tidied.note(kind, int(flip.sum()), found)
    draft.faces, draft.twin = flip_faces(draft.faces, draft.twin, flip)
    draft.measure_again(np.flatnonzero(flip))
