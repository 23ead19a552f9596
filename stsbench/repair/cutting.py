"""Find what must be cut out of a tidied scan, and cut it.

Rules owned here:
- A spike is cut with the faces at its vertices, faces that meet where they are not joined with one
  ring, a fold with the rings of `defect_rings`. What that does not mend the second look finds and
  widens.
- A group of faces that meet one another is a fold when some of them are overturned, else a
  self-intersection. Meetings that a spike causes go with the spike.
- Where two kept pieces pass through each other the smaller one is cut along the line in which they
  meet, without a ring: what lies beside it is sound. Neither is known to be wrong, so the verdict is
  hold. Only where no patch fits does a ring go as well (`patching`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.answers import Answers
from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import Mask
from stsbench.geometry.bounding_tree import BoundingTree, build_tree
from stsbench.geometry.compiled import side_by_side
from stsbench.geometry.components import measure_pieces
from stsbench.geometry.face_groups import group_faces, measure_groups
from stsbench.geometry.face_sets import faces_at, grow_by_rings
from stsbench.geometry.layers import spread_layers
from stsbench.geometry.self_intersection import flat_stars, self_meetings
from stsbench.geometry.spikes import UNITY, spike_vertices
from stsbench.geometry.topology import open_vertices
from stsbench.geometry.vertex_rings import vertex_neighbours
from stsbench.geometry.wide_normals import (
    WideNormals,
    overturned_faces,
    spread_normals,
    sum_and_count,
)
from stsbench.repair.choices import NO_ANSWERS, kept_numbers, number_findings
from stsbench.repair.defect_rings import SKIRT_RINGS, excerpt_about, whole_folds, widen
from stsbench.repair.draft import Draft
from stsbench.repair.listing import LISTED, largest_first, list_face_groups, place_of
from stsbench.repair.overlaps import note_layers
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.tidying import Tidied

__all__ = ["Defects", "cut_defects", "find_defects"]

_Spikes = tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.uint8]]


@dataclass(frozen=True, eq=False, slots=True)
class Defects:
    """What must be cut out of a tidied scan.

    Parameters
    ----------
    spikes : (F,) bool
        Faces at a vertex of a spike.
    folds : (F,) bool
        Faces that are overturned or meet others, in groups with overturned ones.
    crossings : (F,) bool
        Other faces that meet others of their piece.
    through : (F,) bool
        Other faces of a smaller piece that meet a larger one.
    complete : bool
        False when there were more meetings than the search counts.
    tree : BoundingTree
        Over the faces of the draft as they were.
    normals : WideNormals
    neighbours : start (V + 1,) int32, around (start[V],) int32
        Of every vertex, from `vertex_neighbours`.
    looked : (V,) uint8
        How far from each vertex spikes were looked for, from `spike_vertices`.
    """

    spikes: Mask
    folds: Mask
    crossings: Mask
    through: Mask
    complete: bool
    tree: BoundingTree
    normals: WideNormals
    neighbours: tuple[NDArray[np.int32], NDArray[np.int32]]
    looked: NDArray[np.uint8]


def find_defects(tidied: Tidied, profile: RepairProfile, answers: Answers = NO_ANSWERS) -> Defects:
    """Find spikes, folds, self-intersections and double layers, and note them.

    Parameters
    ----------
    tidied : Tidied
    profile : RepairProfile
    answers : Answers
        See `choices`: what is to be kept is noted and not among the defects.

    Raises
    ------
    InputError
        An answer is none of its choices.
    """
    draft = tidied.draft
    vertices, faces = draft.vertices, draft.faces
    rim = open_vertices(faces, draft.twin)
    border = np.zeros(len(vertices), dtype=bool)
    border[rim] = True

    # What only needs the faces, then what needs that, each time in two parts. The first is the
    # longer one and ends with work in chunks, so whoever is done with the second helps there.
    def summed() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.uint8]]:
        near, shorter = sum_and_count(vertices, faces)
        return near, shorter, flat_stars(vertices, faces, near, rim)

    (neighbours, tree), (near, shorter, flat) = side_by_side(
        lambda: (vertex_neighbours(faces, border), build_tree(vertices, faces)), summed
    )

    def judged() -> tuple[WideNormals, Mask, NDArray[np.float64], _Spikes]:
        normals = spread_normals(faces, near, shorter)
        low: Mask = normals.unity < UNITY
        return (
            normals,
            overturned_faces(vertices, faces, normals.wide),
            spread_layers(vertices, faces, near, border, tree),
            spike_vertices(vertices, neighbours, border, near, low),
        )

    (normals, overturned, gaps, (spike, height_mm, looked)), meetings = side_by_side(
        judged, lambda: self_meetings(vertices, faces, tree=tree, flat=flat)
    )
    spikes: Mask = faces_at(faces, spike >= 0)
    pairs = meetings.pairs
    if not meetings.complete:
        _note_too_many(tidied)
    if tidied.component_count > 1 and len(pairs):
        piece = draft.sheets()
        foreign = piece[pairs[:, 0]] != piece[pairs[:, 1]]
        through = _smaller_sides(draft, piece, pairs[foreign])
        _note_foreign(tidied, through)
        pairs = pairs[~foreign]
    else:
        through = np.zeros(len(faces), dtype=bool)
    meeting = np.zeros(len(faces), dtype=bool)
    meeting[pairs] = True
    folds, crossings = _sort_meetings(draft, meeting & ~spikes, overturned & ~spikes)
    note_layers(tidied, gaps, profile)
    spikes &= ~_note_spikes(tidied, spike, height_mm, spikes, answers)
    for kind, word, marked, detail in (
        (FindingKind.FOLD, "fold", folds, "The surface is folded over itself."),
        (
            FindingKind.SELF_INTERSECTION,
            "crossing",
            crossings,
            "The surface passes through or touches itself.",
        ),
    ):
        place = _with_ring(draft, marked)
        found = list_face_groups(
            kind, vertices, faces, place, action=Action.REPAIRED, detail=detail
        )
        kept = kept_numbers(answers, word, len(found))
        found = number_findings(found, word, kept, Severity.HOLD)
        tidied.note(kind, _count_groups(draft, place), found)
        marked[_groups_listed(draft, place, kept)] = False
    through &= ~folds
    return Defects(
        spikes, folds, crossings, through, meetings.complete, tree, normals, neighbours, looked
    )


def _count_groups(draft: Draft, marked: Mask) -> int:
    some = draft.faces.take(np.flatnonzero(marked), axis=0)
    return int(group_faces(some).max(initial=-1)) + 1


def _groups_listed(draft: Draft, place: Mask, numbers: list[int]) -> Mask:
    """Mark the faces of some groups, numbered as `list_face_groups` lists them, (F,) bool."""
    marked = np.zeros(len(draft.faces), dtype=bool)
    if numbers:
        faces = draft.faces[place]
        group = group_faces(faces)
        measures = measure_groups(draft.vertices, faces, group)
        chosen = largest_first(measures.size_mm, measures.centre_mm)[numbers]
        marked[np.flatnonzero(place)[np.isin(group, chosen)]] = True
    return marked


def _sort_meetings(draft: Draft, meeting: Mask, overturned: Mask) -> tuple[Mask, Mask]:
    """Split faces that meet others into folds and mere crossings."""
    folds = np.zeros(len(draft.faces), dtype=bool)
    marked = meeting | overturned
    rows = np.flatnonzero(_with_ring(draft, marked))
    if len(rows):
        group = group_faces(draft.faces[rows])
        turned = np.zeros(int(group.max()) + 1, dtype=bool)
        turned[group[overturned[rows]]] = True
        folds[rows[turned[group]]] = True
    folds &= marked
    return folds, meeting & ~folds


def _with_ring(draft: Draft, marked: Mask) -> Mask:
    """Widen by a ring: parts of one fold that do not quite touch are one place."""
    return grow_by_rings(draft.faces, draft.vertex_count, marked, 1) if marked.any() else marked


def _note_spikes(
    tidied: Tidied,
    spike: NDArray[np.int32],
    height_mm: NDArray[np.float64],
    at_spikes: Mask,
    answers: Answers,
) -> Mask:
    """Note spikes; return the faces at those that are to be kept, (F,) bool."""
    draft = tidied.draft
    kept_faces = np.zeros(len(draft.faces), dtype=bool)
    rows = np.flatnonzero(at_spikes)
    if not len(rows):
        return kept_faces
    names, group = np.unique(spike[draft.faces[rows]].max(axis=1), return_inverse=True)
    measures = measure_groups(draft.vertices, draft.faces[rows], group.reshape(-1))
    findings = [
        Finding(
            FindingKind.SPIKE,
            place_of(measures.centre_mm[n]),
            abs(float(height_mm[name])),
            float(measures.area_mm2[n]),
            int(measures.faces_count[n]),
            action=Action.REPAIRED,
            detail="Stands out of the surface."
            if height_mm[name] > 0
            else "Goes into the surface.",
        )
        for n, name in enumerate(names)
    ]
    kept = kept_numbers(answers, "spike", len(findings))
    kept_faces[rows[np.isin(group.reshape(-1), kept)]] = True
    findings = number_findings(findings, "spike", kept, Severity.REVIEW)
    tidied.note(FindingKind.SPIKE, len(findings), findings[:LISTED])
    return kept_faces


def _smaller_sides(draft: Draft, piece: NDArray[np.int32], pairs: NDArray[np.int32]) -> Mask:
    """Mark the faces of the smaller piece where two pieces meet."""
    pieces = measure_pieces(draft.vertices, draft.faces, piece)
    rank = np.empty(len(pieces), dtype=np.int64)
    rank[largest_first(pieces.area_mm2, pieces.centre_mm)] = np.arange(len(pieces))
    second = rank[piece[pairs[:, 0]]] < rank[piece[pairs[:, 1]]]
    smaller = np.zeros(len(draft.faces), dtype=bool)
    smaller[np.where(second, pairs[:, 1], pairs[:, 0])] = True
    return smaller


def _note_foreign(tidied: Tidied, through: Mask) -> None:
    draft = tidied.draft
    kind = FindingKind.SELF_INTERSECTION
    findings = list_face_groups(
        kind,
        draft.vertices,
        draft.faces,
        through,
        action=Action.REPAIRED,
        severity=Severity.HOLD,
        detail="Two separate pieces pass through each other: the smaller one was cut back.",
    )
    tidied.note(kind, _count_groups(draft, through), findings)


def _note_too_many(tidied: Tidied) -> None:
    low, high = tidied.draft.vertices.min(axis=0), tidied.draft.vertices.max(axis=0)
    finding = Finding(
        FindingKind.SELF_INTERSECTION,
        place_of((low + high) / 2),
        float(np.linalg.norm(high - low)),
        severity=Severity.HOLD,
        action=Action.UNSOLVED,
        detail="Not searched to the end: too many faces lie over one another.",
    )
    tidied.note(FindingKind.SELF_INTERSECTION, 1, [finding])


def cut_defects(tidied: Tidied, defects: Defects) -> None:
    """Cut everything that was found out of the draft; the rows stay until it is compacted.

    Parameters
    ----------
    tidied : Tidied
    defects : Defects
    """
    draft = tidied.draft
    draft.mark_faces()
    count, reasons = len(draft.faces), np.zeros(len(draft.faces), dtype=np.uint8)

    def cut_crossings() -> Mask:
        part = excerpt_about(draft, defects.neighbours, defects.crossings, 1)
        return part.spread(widen(part, defects.crossings[part.rows], 1), count) | defects.through

    def cut_folds() -> Mask:
        part = excerpt_about(draft, defects.neighbours, defects.folds, 1 + SKIRT_RINGS)
        folds = whole_folds(part, defects.folds[part.rows], defects.normals.unity)
        return part.spread(folds, count)

    crossings, folds = side_by_side(cut_crossings, cut_folds)
    for seed, reason in (
        (crossings, EditReason.SELF_INTERSECTION),
        (folds, EditReason.FOLD),
        (defects.spikes, EditReason.SPIKE),
    ):
        reasons[seed] = reason
    defect = defects.spikes | defects.folds | defects.crossings | defects.through
    draft.drop(reasons > 0, reasons, defect=defect, compact=False)
