"""What a repair has come to once a technician worked on it: one result, as if it were a repair's.

Rules owned here:
- The mesh is inspected anew with the repair's own steps; nothing is believed because a tool meant
  it. What the automatic repair had listed and is still there stays as it was listed.
- A hole that was left open and is gone was filled by hand: review, never silently pass. Something
  new (a self-intersection, a branching edge) holds. Each step is listed for review.
- Scanned surface that the steps took away or moved counts as edited outside any defect, and is told
  by itself: no repair had found it wanting.
- The same automatic result and the same steps give the same result, by hand and in batch.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stsbench.domain.edits import EditRecord
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh, Vertices
from stsbench.domain.verdicts import verdict_of
from stsbench.geometry.face_measures import measure_faces
from stsbench.repair.inspection import inspect_scan
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.result import RepairResult

__all__ = ["worked_result"]

_LOOPS = frozenset({FindingKind.HOLE, FindingKind.BORDER})
_STANDING = frozenset({Action.LEFT_OPEN, Action.UNSOLVED, Action.KEPT, Action.NONE})
# What an automatic repair removes wherever it can: left in, nobody may use the scan unattended.
_HOLDS = frozenset(
    {
        FindingKind.SPIKE,
        FindingKind.FOLD,
        FindingKind.ISLAND,
        FindingKind.SELF_INTERSECTION,
        FindingKind.NON_MANIFOLD_EDGE,
        FindingKind.NON_MANIFOLD_VERTEX,
        FindingKind.DEGENERATE_FACE,
        FindingKind.DUPLICATE_FACE,
        FindingKind.FLIPPED_WINDING,
        FindingKind.NOT_ORIENTABLE,
    }
)
_SAME_MM = 0.01  # places and rims of one defect agree better than this, neighbours never do


def worked_result(
    automatic: RepairResult,
    mesh: TriangleMesh,
    edits: EditRecord,
    *,
    profile: RepairProfile,
    by_hand: Sequence[Finding],
) -> RepairResult:
    """Return the result of an automatic repair and the steps taken since.

    Parameters
    ----------
    automatic : RepairResult
    mesh : TriangleMesh
        As it is now.
    edits : EditRecord
        Of the repair and the steps together.
    profile : RepairProfile
    by_hand : sequence of Finding
        The steps, from `by_hand.list_steps`.
    """
    seen = inspect_scan(mesh, profile=profile).findings
    findings = (*_revised(automatic.findings, seen), *by_hand)
    area = measure_faces(mesh.vertices, mesh.faces).area_mm2
    edited = float(area[edits.edited_faces].sum())
    by_hand_mm2 = _by_hand_mm2(automatic, edits)
    return RepairResult(
        mesh,
        edits,
        findings,
        seen,
        verdict_of(findings),
        edited,
        edited / float(area.sum()),
        automatic.outside_defects_mm2 + by_hand_mm2,
        by_hand_mm2,
    )


def _by_hand_mm2(automatic: RepairResult, edits: EditRecord) -> float:
    """Return the area of scanned faces that the repair had kept and the steps did not."""
    source = automatic.edits.face_source
    gone = (source >= 0) & ~np.isin(source, edits.face_source)
    faces = np.ascontiguousarray(automatic.mesh.faces[gone])
    area = measure_faces(automatic.mesh.vertices, faces, thin_mm=0.0).area_mm2
    return float(area.sum())


def _revised(listed: tuple[Finding, ...], seen: tuple[Finding, ...]) -> tuple[Finding, ...]:
    standing = [finding for finding in listed if finding.action in _STANDING]
    places = np.array([f.place_mm for f in standing], dtype=np.float64).reshape(-1, 3)
    still: set[int] = set()
    new: list[Finding] = []
    for finding in seen:
        known = _matching(finding, standing, places)
        if known is None:
            new.append(_made_by_hand(finding))
        else:
            still.add(known)
    kept: list[Finding] = []
    number = 0
    for finding in listed:
        if finding.action not in _STANDING:
            kept.append(finding)
            continue
        if number in still or not _is_a_place(finding):
            kept.append(finding)
        elif finding.kind is not FindingKind.BORDER:
            kept.append(_ended_by_hand(finding))
        number += 1
    return (*kept, *new)


def _matching(finding: Finding, standing: list[Finding], places: Vertices) -> int | None:
    if not standing:
        return None
    gap = np.abs(places - np.array(finding.place_mm)).max(axis=1)
    if finding.kind is FindingKind.STITCHING_STEP:
        # Known by where it runs: the vertex that shows it best can be another one by then.
        own = [n for n, other in enumerate(standing) if other.kind is finding.kind]
        return min(own, key=gap.__getitem__, default=None)
    for n in np.flatnonzero(gap <= _SAME_MM).tolist():
        other = standing[n]
        loops = finding.kind in _LOOPS and other.kind in _LOOPS
        if (loops or finding.kind is other.kind) and abs(
            other.size_mm - finding.size_mm
        ) <= _SAME_MM:
            return int(n)
    return None


def _is_a_place(finding: Finding) -> bool:
    """Tell a defect of the surface from a remark about the whole scan."""
    remarks = {FindingKind.PREPARATION_UNMARKED, FindingKind.UNIT_SUSPECT}
    return finding.kind not in remarks and finding.action is not Action.NONE


def _ended_by_hand(finding: Finding) -> Finding:
    hole = finding.kind is FindingKind.HOLE
    return replace(
        finding,
        severity=Severity.REVIEW,
        action=Action.FILLED if hole else Action.REPAIRED,
        detail="Closed or cut away by hand." if hole else "Removed by hand.",
    )


def _made_by_hand(finding: Finding) -> Finding:
    if finding.kind is FindingKind.BORDER:
        detail = "The border of the scan, as cut by hand."
        return replace(finding, severity=Severity.NOTE, action=Action.KEPT, detail=detail)
    if finding.kind is FindingKind.HOLE:
        detail = "Opened by hand and left open."
        return replace(finding, severity=Severity.REVIEW, action=Action.LEFT_OPEN, detail=detail)
    severity = Severity.HOLD if finding.kind in _HOLDS else Severity.REVIEW
    return replace(
        finding, severity=severity, action=Action.UNSOLVED, detail="Seen after the steps by hand."
    )
