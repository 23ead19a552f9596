"""First half of a repair: everything that needs no new surface.

Rules owned here, in this order:
1. Weld exactly; drop faces that name a vertex twice, copies, and thin faces on edges that have two
   faces without them.
2. Fins: drop the smallest sheets at edges with more than two faces. What still branches is cut
   about the edge and filled later.
3. Wind consistently and outwards, before anything else may drop a face: a dropped face can cut the
   way by which winding spreads.
4. Resolve thin faces that are part of the surface (`needles`).
5. Drop islands by area (`RepairProfile`), keep large pieces and hold.

Counts are of the scan as read: branching edges without the copies and thin faces on them, bow-tie
vertices without the fins. Inspection runs the same steps, so both see the same.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.answers import Answers
from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.progress import Progress
from stsbench.errors import MeshError
from stsbench.geometry.cleaning import duplicate_faces
from stsbench.geometry.compiled import side_by_side
from stsbench.geometry.edge_pairs import keys_of
from stsbench.geometry.face_sets import named_vertices
from stsbench.geometry.manifoldness import extra_sheets
from stsbench.geometry.needles import resolve_thin
from stsbench.geometry.topology import (
    BOUNDARY,
    BRANCHING,
    GONE,
    branching_edges,
    count_fans,
    faces_at_edges,
)
from stsbench.geometry.winding import faces_inwards, find_winding, flip_faces
from stsbench.repair.choices import NO_ANSWERS
from stsbench.repair.draft import Draft
from stsbench.repair.far_vertices import drop_far, set_far_aside, unit_finding
from stsbench.repair.first_draft import start_draft
from stsbench.repair.islands import find_islands
from stsbench.repair.listing import LISTED, list_face_groups, list_places
from stsbench.repair.profiles import RepairProfile

__all__ = ["Tidied", "check_tidied", "is_surface", "tidy_scan"]

_FIN_ROUNDS = 12
_LEAST_SHARE = 0.05


@dataclass(eq=False, slots=True)
class Tidied:
    """A scan without what needs no new surface, and what was seen on the way.

    Parameters
    ----------
    draft : Draft
    thin_mm : float
        Height at and below which a face of this scan has no area.
    findings : list of Finding
    counts : dict of FindingKind to int
    born_open : (N,) int64
        Sorted keys of the edges that were open before anything was cut.
    pinched : (N,) int64
        Vertices where fans of faces meet.
    component_count : int
        Pieces that were kept.
    main_share : float
        Part of the area of the faces as read, copies apart, that the largest piece holds.
    orientable : bool
    """

    draft: Draft
    thin_mm: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    counts: dict[FindingKind, int] = field(default_factory=dict)
    born_open: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    pinched: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    component_count: int = 0
    main_share: float = 1.0
    orientable: bool = True

    def note(self, kind: FindingKind, count: int, findings: list[Finding]) -> None:
        """Count a kind of defect and list its findings."""
        if count:
            self.counts[kind] = self.counts.get(kind, 0) + count
            listed = sum(finding.kind is kind for finding in self.findings)
            self.findings.extend(findings[: max(0, LISTED - listed)])


def tidy_scan(
    mesh: TriangleMesh, *, profile: RepairProfile, progress: Progress, answers: Answers = NO_ANSWERS
) -> Tidied:
    """Do what needs no new surface.

    Parameters
    ----------
    mesh : TriangleMesh
    profile : RepairProfile
    progress : Progress
    answers : Answers
    """
    progress.step("welding", 0.0)
    draft = start_draft(mesh)
    far = set_far_aside(draft)
    tidied = Tidied(draft)
    side_by_side(draft.pair, lambda: _look_over(mesh, tidied))
    progress.step("cleaning", 0.05)
    _drop_what_is_no_face(tidied)
    dropped = drop_far(draft, far)
    tidied.note(FindingKind.SPIKE, len(dropped), dropped)
    progress.step("removing fins", 0.1)
    whole_mm2 = float(draft.measures(tidied.thin_mm).area_mm2.sum())
    _drop_fins(tidied, profile)
    progress.step("winding", 0.15)
    _wind(tidied)
    _turn_thin(tidied)
    progress.step("dropping islands", 0.2)
    islands, fans = side_by_side(
        lambda: find_islands(draft, profile, tidied.thin_mm, answers),
        lambda: count_fans(draft.faces, draft.twin, draft.vertex_count),
    )
    _note_bow_ties(tidied, fans)
    draft.discard_sheets(islands.gone, EditReason.ISLAND)
    draft.compact()
    tidied.note(FindingKind.ISLAND, islands.count, islands.findings)
    tidied.note(FindingKind.DOUBLE_LAYER, len(islands.layers), islands.layers)
    tidied.component_count = int(np.count_nonzero(~islands.gone))
    tidied.main_share = islands.main_mm2 / whole_mm2 if whole_mm2 > 0 else 0.0
    _note_twisted(tidied)
    return tidied


def is_surface(tidied: Tidied) -> bool:
    """Say whether a connected surface is left to work on."""
    return bool(len(tidied.draft.faces)) and tidied.main_share >= _LEAST_SHARE


def check_tidied(tidied: Tidied) -> None:
    """Refuse what is no scan: nothing with an area, or a heap of pieces without a main one.

    Parameters
    ----------
    tidied : Tidied

    Raises
    ------
    MeshError
    """
    if not is_surface(tidied):
        _refuse_what_branches(tidied)
    if not len(tidied.draft.faces):
        raise MeshError("No face of the scan has an area.", "Export the scan again.")
    if not is_surface(tidied):
        raise MeshError(
            f"The largest connected piece holds {100 * tidied.main_share:.2g} % of the surface.",
            "Export the scan as one connected surface.",
        )


def _refuse_what_branches(tidied: Tidied) -> None:
    """Refuse a scan of which most went because more than two faces share an edge; say where."""
    reasons = [why for _, why in tidied.draft.removed]
    kind = FindingKind.NON_MANIFOLD_EDGE
    listed = [finding for finding in tidied.findings if finding.kind is kind]
    if not listed or np.bincount(np.concatenate(reasons)).argmax() != EditReason.NON_MANIFOLD_EDGE:
        return
    worst = max(listed, key=lambda finding: finding.faces_count)
    x, y, z = worst.place_mm
    raise MeshError(
        f"Edges with more than two faces: {tidied.counts[kind]:,}, of the worst one "
        f"{worst.faces_count:,}, at {x:.1f}, {y:.1f}, {z:.1f} mm; without them no surface is left.",
        "Export the scan as one connected surface.",
    )


def _look_over(mesh: TriangleMesh, tidied: Tidied) -> None:
    """Measure the faces and note what needs no half-edges."""
    draft = tidied.draft
    tidied.thin_mm = draft.tell_thin()
    unnamed = ~named_vertices(mesh.faces, mesh.vertex_count)
    if draft.vertex_count < mesh.vertex_count:
        doubled = np.ones(mesh.vertex_count, dtype=bool)
        doubled[draft.vertex_source] = False
        places = mesh.vertices[doubled]
        kind = FindingKind.DUPLICATE_VERTEX
        tidied.note(kind, len(places), list_places(kind, places, action=Action.REPAIRED))
        unnamed &= ~doubled
    loose = mesh.vertices[np.flatnonzero(unnamed)]
    kind = FindingKind.UNREFERENCED_VERTEX
    tidied.note(kind, len(loose), list_places(kind, loose, action=Action.REMOVED))
    if unit := unit_finding(draft.vertices):
        tidied.note(unit.kind, 1, [unit])


def _drop_what_is_no_face(tidied: Tidied) -> None:
    draft = tidied.draft
    measures = draft.measures(tidied.thin_mm)
    repeated = np.flatnonzero(draft.twin[::3] == GONE)
    kind = FindingKind.DEGENERATE_FACE
    if len(repeated):
        places = draft.vertices[draft.faces[repeated]].mean(axis=1)
        findings = list_places(kind, places, action=Action.REMOVED, detail="Names a vertex twice.")
        tidied.note(kind, len(places), findings)
        draft.discard(repeated, EditReason.DEGENERATE)
    _, copies = side_by_side(draft.joined, lambda: duplicate_faces(draft.faces, draft.twin))
    if len(copies):
        kind_copy = FindingKind.DUPLICATE_FACE
        places = draft.vertices[draft.faces[copies]].mean(axis=1)
        findings = list_places(kind_copy, places, action=Action.REMOVED)
        tidied.note(kind_copy, len(places), findings)
        draft.discard(copies, EditReason.DUPLICATE, settle=True)
    while True:
        extra = np.flatnonzero(measures.thin & faces_at_edges(draft.twin, BRANCHING))
        if not len(extra):
            return
        places = draft.vertices[draft.faces[extra]].mean(axis=1)
        detail = "Its corners lie on one line."
        findings = list_places(kind, places, action=Action.REMOVED, detail=detail)
        tidied.note(kind, len(places), findings)
        draft.discard(extra, EditReason.DEGENERATE, settle=True)


def _drop_fins(tidied: Tidied, profile: RepairProfile) -> None:
    draft = tidied.draft
    edges, _, edge_of = branching_edges(draft.faces, draft.twin)
    kind = FindingKind.NON_MANIFOLD_EDGE
    meeting = np.bincount(edge_of, minlength=len(edges))
    ends = draft.vertices[edges]
    findings = list_places(
        kind,
        ends.mean(axis=1) if len(edges) else np.zeros((0, 3)),
        sizes_mm=np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) if len(edges) else None,
        faces_counts=meeting,
        action=Action.REPAIRED,
        detail="More than two faces share an edge.",
    )
    tidied.note(kind, len(edges), findings)
    for _ in range(_FIN_ROUNDS):
        if not (draft.twin == BRANCHING).any():
            break
        area = draft.measures(tidied.thin_mm).area_mm2
        extra = extra_sheets(
            draft.faces, draft.twin, draft.sheets(), area, limit_mm2=profile.fin_mm2
        )
        if not extra.any():
            break
        draft.discard_sheets(extra, EditReason.NON_MANIFOLD_EDGE)
    tidied.born_open = np.sort(keys_of(draft.faces, np.flatnonzero(draft.twin == BOUNDARY)))
    while (draft.twin == BRANCHING).any():
        # Only large sheets meet here: cut about the edge, and let the filling close each of them.
        about = np.flatnonzero(faces_at_edges(draft.twin, BRANCHING))
        draft.discard(about, EditReason.NON_MANIFOLD_EDGE, settle=True)


def _wind(tidied: Tidied) -> None:
    draft = tidied.draft
    area_mm2 = draft.measures(tidied.thin_mm).area_mm2
    winding = find_winding(draft.vertices, draft.faces, draft.twin, area_mm2, joined=draft.joined())
    flip = winding.flip
    faces, twin = draft.faces, draft.twin
    if flip.any():
        faces, twin = flip_faces(faces, twin, flip)
    inwards = False
    if winding.orientable.all() and not winding.closed.all() and len(draft.faces):
        inwards = faces_inwards(draft.vertices, faces, twin)
        if inwards:
            again = ~winding.closed[winding.component] & (winding.component >= 0)
            faces, twin = flip_faces(faces, twin, again)
            flip = flip ^ again
    kind = FindingKind.FLIPPED_WINDING
    detail = (
        "The whole open surface showed its inside and was turned: check that it is not mirrored."
        if inwards
        else "Faces ran against their neighbours or faced inwards."
    )
    findings = list_face_groups(
        kind,
        draft.vertices,
        draft.faces,
        flip,
        action=Action.REPAIRED,
        severity=Severity.REVIEW if inwards else Severity.NOTE,
        detail=detail,
    )
    tidied.note(kind, int(flip.sum()), findings)
    draft.faces, draft.twin = faces, twin
    draft.measure_again(np.flatnonzero(flip))
    tidied.orientable = bool(winding.orientable.all())


def _turn_thin(tidied: Tidied) -> None:
    draft = tidied.draft
    rows = np.flatnonzero(draft.measures(tidied.thin_mm).thin)
    if not len(rows):
        return
    kind = FindingKind.DEGENERATE_FACE
    places = draft.vertices[draft.faces[rows]].mean(axis=1)
    detail = "Its corners lie on one line."
    findings = list_places(kind, places, action=Action.REPAIRED, detail=detail)
    tidied.note(kind, len(rows), findings)
    faces, twin, state = resolve_thin(
        draft.vertices, draft.faces, draft.twin, rows, thin_mm=tidied.thin_mm
    )
    draft.remake(faces, twin, state == 2, EditReason.DEGENERATE)
    draft.discard(np.flatnonzero((state == 1) | (state == 3)), EditReason.DEGENERATE)


def _note_bow_ties(tidied: Tidied, fans: NDArray[np.int32]) -> None:
    draft = tidied.draft
    tidied.pinched = pinched = np.flatnonzero(fans > 1)
    kind = FindingKind.NON_MANIFOLD_VERTEX
    findings = list_places(
        kind,
        draft.vertices[pinched],
        action=Action.REPAIRED,
        detail="Fans of faces meet in this vertex alone.",
    )
    tidied.note(kind, len(pinched), findings)


def _note_twisted(tidied: Tidied) -> None:
    """Hold on one-sided pieces that stay; a twisted scrap went with the islands."""
    if tidied.orientable:
        return
    draft = tidied.draft
    if not draft.joined().contradictions.any():
        tidied.orientable = True
        return
    area_mm2 = draft.measures(tidied.thin_mm).area_mm2
    winding = find_winding(draft.vertices, draft.faces, draft.twin, area_mm2)
    tidied.orientable = bool(winding.orientable.all())
    kind = FindingKind.NOT_ORIENTABLE
    findings = list_face_groups(
        kind,
        draft.vertices,
        draft.faces,
        ~winding.orientable[winding.component],
        action=Action.UNSOLVED,
        severity=Severity.HOLD,
        detail="The surface has one side only, like a Moebius strip: nothing was cut or filled.",
    )
    tidied.note(kind, int((~winding.orientable).sum()), findings)
