"""Second half of a repair, first step: cut out what must not stay.

Rules owned here:
- Spikes, faces that meet where they are not joined, closed fans that hang on a vertex, and thin
  faces that could not be turned are cut with one ring about them; rings never reach a face on an
  open edge unless it is part of the defect itself, so that the border stays.
- What a cut separates from the rest goes with it when it is smaller than debris may be.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, FindingKind
from stsbench.domain.mesh import Mask
from stsbench.geometry.manifoldness import smaller_fans
from stsbench.geometry.self_intersection import Meetings, self_meetings
from stsbench.geometry.spikes import spike_faces
from stsbench.geometry.topology import BOUNDARY, count_fans, grow_by_rings
from stsbench.repair.draft import Draft
from stsbench.repair.listing import list_face_groups
from stsbench.repair.tidying import Tidied

__all__ = ["Defects", "cut_defects", "find_defects"]


@dataclass(frozen=True, eq=False, slots=True)
class Defects:
    """What must be cut out of a tidied scan.

    Parameters
    ----------
    spikes : (F,) bool
    meetings : Meetings
    """

    spikes: Mask
    meetings: Meetings


def find_defects(tidied: Tidied) -> Defects:
    """Find spikes and self-intersections, and note them.

    Parameters
    ----------
    tidied : Tidied
    """
    draft = tidied.draft
    spikes = spike_faces(draft.vertices, draft.faces, draft.twin)
    meetings = self_meetings(draft.vertices, draft.faces)
    kind = FindingKind.SPIKE
    findings = list_face_groups(kind, draft.vertices, draft.faces, spikes, action=Action.REPAIRED)
    tidied.note(kind, len(findings), findings)
    crossing = np.zeros(len(draft.faces), dtype=bool)
    crossing[meetings.faces] = True
    kind = FindingKind.SELF_INTERSECTION
    findings = list_face_groups(
        kind,
        draft.vertices,
        draft.faces,
        crossing,
        action=Action.REPAIRED,
        detail="The surface passes through or touches itself.",
    )
    tidied.note(kind, len(findings), findings)
    return Defects(spikes, meetings)


def at_open_edge(draft: Draft) -> Mask:
    """Mark faces with an open edge, (F,) bool."""
    return (draft.twin.reshape(-1, 3) == BOUNDARY).any(axis=1)


def widen(draft: Draft, seed: Mask, rings: int) -> Mask:
    """Grow a set of faces by rings that stay off the open edges, (F,) bool."""
    grown = grow_by_rings(draft.faces, draft.vertex_count, seed, rings)
    return seed | (grown & ~at_open_edge(draft))


def cut_defects(tidied: Tidied, defects: Defects) -> None:
    """Cut everything that was found out of the draft.

    Parameters
    ----------
    tidied : Tidied
    defects : Defects
    """
    draft = tidied.draft
    crossing = np.zeros(len(draft.faces), dtype=bool)
    crossing[defects.meetings.faces] = True
    cut_spikes = widen(draft, defects.spikes, 1)
    cut_crossing = widen(draft, crossing, 1) & ~cut_spikes
    if cut_spikes.any():
        keep = ~cut_spikes
        draft.drop(cut_spikes, EditReason.SPIKE)
        cut_crossing = cut_crossing[keep]
    if cut_crossing.any():
        draft.drop(cut_crossing, EditReason.SELF_INTERSECTION)


def pinched_vertices(draft: Draft) -> Mask:
    """Mark bow-tie vertices, (V,) bool."""
    pinched: Mask = count_fans(draft.faces, draft.twin, draft.vertex_count) > 1
    return pinched


def closed_smaller_fans(draft: Draft) -> NDArray[np.bool_]:
    """Mark the faces of the smaller fans at bow-ties where no open edge could join them."""
    pinched = pinched_vertices(draft)
    open_edges = np.flatnonzero(draft.twin == BOUNDARY)
    on_border = np.zeros(draft.vertex_count, dtype=bool)
    on_border[draft.faces.ravel()[open_edges]] = True
    return smaller_fans(draft.vertices, draft.faces, draft.twin, pinched & ~on_border)
