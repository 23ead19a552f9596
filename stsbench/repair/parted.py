"""Pieces that a cut parted from the rest: debris goes, what is larger stays and is listed.

Rules owned here:
- What a cut leaves over is dropped as islands are, before anything is filled.
- Once all is closed the limit for debris is taken from the areas after the repair, or the next repair
  would drop what this one kept; pieces still there are listed and the verdict is hold.
- What a cut left of a piece that passes through the largest one, and lies over that as a second
  layer, goes as it would in the next repair (`islands`), and is listed; unless somebody answered
  which pieces stay.
- While the draft was one piece when it was closed last, only the faces about what went since then are
  asked what hangs together; all of it otherwise.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.geometry.components import measure_pieces
from stsbench.geometry.cut_rings import crumbs_about
from stsbench.geometry.topology import GONE
from stsbench.repair.islands import find_islands
from stsbench.repair.listing import largest_first, place_of
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.tidying import Tidied

__all__ = ["PartedPieces"]


class PartedPieces:
    """Finds what a cut parted from the rest of a draft.

    Parameters
    ----------
    tidied : Tidied
        Cut, and marked before it was.
    profile : RepairProfile
    asked : bool
        Somebody answered which pieces stay: none of those goes after all.
    """

    def __init__(self, tidied: Tidied, profile: RepairProfile, *, asked: bool) -> None:
        self.tidied = tidied
        self.profile = profile
        self.there = False  # more or fewer pieces than there were
        self._asked = asked
        self._closed: int | None = 0  # changes until the draft was closed last, as one piece

    def note_closed(self) -> None:
        """Take it that all loops are filled now with sound patches."""
        self._closed = None if self.there else len(self.tidied.draft.changes)

    def drop_debris(self) -> None:
        """Drop pieces that a cut left over, as islands are, and compact the draft."""
        draft = self.tidied.draft
        count, piece = self._pieces()
        self.there = count != self.tidied.component_count
        if count <= self.tidied.component_count:
            draft.compact()
            return
        area_mm2 = draft.measures(self.tidied.thin_mm).area_mm2
        total = np.bincount(piece, weights=area_mm2, minlength=count)
        # Pieces that held before the cut are larger than what is dropped here.
        limit = min(self.profile.island_mm2, self.profile.island_share * total.max())
        debris = (total <= limit)[piece] & (draft.twin[::3] != GONE)
        draft.drop(debris, EditReason.ISLAND, compact=False)
        draft.compact()
        self.there = np.count_nonzero(total > limit) != self.tidied.component_count

    def _pieces(self) -> tuple[int, NDArray[np.int32]]:
        """Count the pieces and tell which each face belongs to; mostly those about a cut tell."""
        draft = self.tidied.draft
        if self.tidied.component_count == 1 and self._closed is not None:
            lost, gained = draft.changes.since(self._closed)
            if not len(gained):
                crumbs, piece = crumbs_about(draft.faces, draft.twin, lost, draft.vertex_count)
                if crumbs >= 0:
                    return crumbs + 1, piece
        draft.compact()
        piece = draft.sheets()
        return int(piece.max(initial=-1)) + 1, piece

    def list_kept(self) -> list[Finding]:
        """Drop what has become debris; list pieces that a cut parted and are too large for it."""
        draft = self.tidied.draft
        if not self.there and self.tidied.component_count == 1:
            draft.take_as_whole()
            return []
        piece = draft.sheets()
        area_mm2 = draft.measures(self.tidied.thin_mm).area_mm2
        total = np.bincount(piece, weights=area_mm2)
        # By the areas after the repair, or the next one would drop what this one kept.
        limit = min(self.profile.island_mm2, self.profile.island_share * total.max(initial=0.0))
        if not self._asked:
            draft.drop((total <= limit)[piece], EditReason.ISLAND)
            if self.there:
                self._drop_layers()
        piece = draft.sheets()
        self._unlist_kept(self.tidied.component_count - int(piece.max(initial=-1)) - 1)
        pieces = measure_pieces(draft.vertices, draft.faces, piece)
        order = largest_first(pieces.area_mm2, pieces.centre_mm)
        return [
            Finding(
                FindingKind.ISLAND,
                place_of(pieces.centre_mm[n]),
                float(pieces.area_mm2[n]) ** 0.5,
                float(pieces.area_mm2[n]),
                int(pieces.faces_count[n]),
                Severity.HOLD,
                Action.KEPT,
                "A piece that a cut parted from the rest and that is too large to be debris.",
            )
            for n in order[self.tidied.component_count :]
        ]

    def _drop_layers(self) -> None:
        """Drop what has become a loose second layer of the largest piece, and list it."""
        draft = self.tidied.draft
        islands = find_islands(draft, self.profile, self.tidied.thin_mm)
        if not islands.layers:
            return
        draft.drop(islands.gone[draft.sheets()], EditReason.ISLAND)
        words = "A loose second layer, left over by a cut."
        layers = [replace(finding, detail=words) for finding in islands.layers]
        self.tidied.note(FindingKind.DOUBLE_LAYER, len(layers), layers)

    def _unlist_kept(self, count: int) -> None:
        """Say of the smallest pieces that were to be kept that they went after all."""
        kept = [
            row
            for row, finding in enumerate(self.tidied.findings)
            if finding.kind is FindingKind.ISLAND and finding.action is Action.KEPT
        ]
        for row in kept[len(kept) - max(count, 0) :]:
            finding = self.tidied.findings[row]
            detail = "A second piece that was debris once the scan was cut and filled."
            gone = replace(finding, action=Action.REMOVED, detail=detail)
            self.tidied.findings[row] = gone
