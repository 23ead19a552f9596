"""Repair a scan: tidy, find, plan, cut, fill, verify.

Rules owned here:
- The mesh passed in is not changed. No vertex moves; vertices and faces that stay keep their order.
- A profile that allows no edit gets the scan back as it came, with what was seen in it.
- What could not be solved is listed and the verdict is hold; nothing loops without a bound.
- A scan that is crumpled beyond repair is tidied only, of others it is said how much, see `hopeless`.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

import numpy as np

from stsbench.domain.answers import Answers
from stsbench.domain.edits import EditRecord
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import Mask, TriangleMesh, Vertices
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.domain.verdicts import verdict_of
from stsbench.errors import MeshError
from stsbench.geometry.compiled import side_by_side
from stsbench.geometry.face_measures import measure_faces
from stsbench.repair.choices import NO_ANSWERS
from stsbench.repair.cutting import cut_defects, find_defects
from stsbench.repair.draft import Draft
from stsbench.repair.holes import LoopPlan, plan_loops
from stsbench.repair.hopeless import has_fallen_apart, note_hopeless, note_much_made
from stsbench.repair.patching import Patcher
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.result import RepairResult
from stsbench.repair.seams import note_steps
from stsbench.repair.tidying import Tidied, check_tidied, tidy_scan
from stsbench.repair.turning import turn_closed_out, turn_inwards_out
from stsbench.repair.values import carry_values

__all__ = ["repair_scan"]


def repair_scan(
    mesh: TriangleMesh,
    *,
    profile: RepairProfile,
    answers: Answers = NO_ANSWERS,
    preparation: bool = False,
    margin_line: Vertices | None = None,
    finds_steps: bool = False,
    progress: Progress = NO_PROGRESS,
    on_mesh: Callable[[TriangleMesh], None] | None = None,
) -> RepairResult:
    """Repair a scan.

    Parameters
    ----------
    mesh : TriangleMesh
    profile : RepairProfile
        From `profiles.load_profile`.
    answers : Answers
        `loop/<n>` "border" or "hole", `hole/<n>` "fill" or "keep_open"; per defect see `choices`.
    preparation : bool
        The order holds a prepared tooth.
    margin_line : (N, 3) float64, mm, optional
        Closed polyline along its margin.
    finds_steps : bool
        Search for stitching steps as well, which takes as long again, and list them.
    progress : Progress
    on_mesh : callable, optional
        Called with the repaired mesh as soon as it is sure, while the rest of the result is made;
        not where the profile allows no edit. What it raises goes through.

    Returns
    -------
    RepairResult

    Raises
    ------
    MeshError
        No face has an area, or a coordinate is beyond float32.
    CancelledError
        From `progress`.
    """
    if not mesh.face_count:
        raise MeshError("The scan has no faces.", "Export the scan again.")

    def repaired(*, hopeless: bool) -> RepairResult | None:
        return _repair(
            mesh,
            profile=profile,
            answers=answers,
            preparation=preparation,
            margin_line=margin_line,
            finds_steps=finds_steps,
            progress=progress,
            on_mesh=on_mesh,
            hopeless=hopeless,
        )

    result = repaired(hopeless=False)
    return result if result is not None else cast("RepairResult", repaired(hopeless=True))


def _repair(
    mesh: TriangleMesh,
    *,
    profile: RepairProfile,
    answers: Answers,
    preparation: bool,
    margin_line: Vertices | None,
    finds_steps: bool,
    progress: Progress,
    on_mesh: Callable[[TriangleMesh], None] | None,
    hopeless: bool,
) -> RepairResult | None:
    """Repair a scan; None where cutting has shown that it is hopeless, which is known then."""
    tidied = tidy_scan(mesh, profile=profile, answers=answers, progress=progress)
    draft = tidied.draft
    check_tidied(tidied)

    def planned(given: Answers = answers) -> LoopPlan:
        """Plan the loops that the draft has now."""
        return plan_loops(
            draft,
            draft.sheets(),
            profile=profile,
            answers=given,
            preparation=preparation,
            margin_line=margin_line,
        )

    progress.step("finding spikes and self-intersections", 0.3)
    defects, plan = side_by_side(lambda: find_defects(tidied, profile, answers), planned)
    if finds_steps:
        progress.step("finding stitching steps", 0.4)
        note_steps(tidied, profile)
    if not profile.edits_allowed:
        _note_loops(tidied, list(plan.findings), preparation and margin_line is None)
        return _unedited(mesh, tidied.findings)
    anew = partial(planned, NO_ANSWERS)
    patcher = Patcher(tidied, plan, defects, profile, plan_anew=anew, answers=answers)
    hopeless = tidied.orientable and note_hopeless(tidied, defects, known=hopeless)
    cuts = tidied.orientable and not hopeless
    if cuts:
        progress.step("cutting", 0.45)
        whole = len(draft.faces)
        cut_defects(tidied, defects)
        del defects  # what the patcher needs of it, it has
        patcher.run(progress)
        if has_fallen_apart(tidied, whole):
            return None
        note_much_made(tidied)
        side_by_side(lambda: _turn(tidied), draft.sheets)  # turning changes no sheet
    progress.step("verifying", 0.95)
    _note_loops(tidied, patcher.fates.findings(), preparation and margin_line is None)
    findings = tuple(tidied.findings + patcher.unsolved)
    if not cuts:
        findings = tuple(_undone(finding) for finding in findings)
    del patcher  # the tree is as large as the scan, and the result is made beside it
    used = draft.used_vertices()

    def made() -> TriangleMesh:
        """Make the mesh and hand it out."""
        repaired = _made(mesh, draft, used)
        if on_mesh is not None:
            on_mesh(repaired)
        return repaired

    def told() -> tuple[EditRecord, tuple[Finding, ...], float, float, float]:
        """Say what was done and what is left."""
        left = planned()
        area_mm2 = draft.measures(tidied.thin_mm).area_mm2
        return (
            draft.record(used),
            _still_there(findings, left.findings),
            float(area_mm2[draft.face_source < 0].sum()),
            float(area_mm2.sum()),
            _area_around(mesh, draft),
        )

    repaired, (edits, left, edited_mm2, whole_mm2, around_mm2) = side_by_side(made, told)
    return RepairResult(
        repaired,
        edits,
        findings,
        left,
        verdict_of(findings),
        edited_mm2,
        edited_mm2 / whole_mm2,
        around_mm2,
    )


def _turn(tidied: Tidied) -> None:
    turn_closed_out(tidied)
    turn_inwards_out(tidied)


def _note_loops(tidied: Tidied, found: list[Finding], unmarked: bool) -> None:
    """Note what became of the loops, holes first."""
    for kind in (FindingKind.HOLE, FindingKind.BORDER):
        loops = [finding for finding in found if finding.kind is kind]
        tidied.note(kind, len(loops), loops)
    if unmarked:
        tidied.findings.append(_unmarked(tidied.draft))


def _still_there(findings: tuple[Finding, ...], loops: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return what an inspection of the result would find, in the order of kinds."""
    stays = {Action.KEPT, Action.LEFT_OPEN, Action.UNSOLVED}
    of_loops = {FindingKind.HOLE, FindingKind.BORDER}
    kept = [f for f in findings if f.action in stays and f.kind not in of_loops]
    order = list(FindingKind)
    both = sorted([*loops, *kept], key=lambda finding: order.index(finding.kind))
    return tuple(replace(finding, action=Action.NONE) for finding in both)


def _unmarked(draft: Draft) -> Finding:
    low, high = draft.vertices.min(axis=0), draft.vertices.max(axis=0)
    x, y, z = (low + high) / 2
    return Finding(
        FindingKind.PREPARATION_UNMARKED,
        (float(x), float(y), float(z)),
        severity=Severity.HOLD,
        action=Action.NONE,
        detail="The order holds a preparation and no margin line is marked: no hole was filled.",
    )


def _undone(finding: Finding) -> Finding:
    """Say of what was planned that it was not done: a one-sided or hopeless scan is left as it is."""
    cut = {
        FindingKind.SPIKE,
        FindingKind.FOLD,
        FindingKind.SELF_INTERSECTION,
        FindingKind.NON_MANIFOLD_VERTEX,
    }
    if finding.action is Action.FILLED:
        action, detail = Action.LEFT_OPEN, "Left open."
    elif finding.kind in cut and finding.action is Action.REPAIRED:
        action, detail = Action.UNSOLVED, finding.detail
    else:
        return finding
    return replace(finding, action=action, severity=Severity.HOLD, detail=detail)


def _unedited(mesh: TriangleMesh, findings: list[Finding]) -> RepairResult:
    harmless = {FindingKind.BORDER, FindingKind.UNREFERENCED_VERTEX, FindingKind.DUPLICATE_VERTEX}
    seen = tuple(
        replace(
            finding,
            action=Action.NONE,
            severity=Severity.NOTE if finding.kind in harmless else Severity.HOLD,
            detail="Not edited: this profile allows no edit.",
        )
        for finding in findings
    )
    edits = EditRecord(
        np.arange(mesh.vertex_count, dtype=np.int32),
        np.zeros(mesh.vertex_count, dtype=np.float32),
        np.arange(mesh.face_count, dtype=np.int32),
        np.zeros(0, dtype=np.int32),
        np.zeros(0, dtype=np.uint8),
        np.zeros(mesh.face_count, dtype=np.uint8),
    )
    return RepairResult(mesh, edits, seen, seen, verdict_of(seen), 0.0, 0.0, 0.0)


def _made(mesh: TriangleMesh, draft: Draft, used: Mask) -> TriangleMesh:
    """Return the mesh of a draft without its unreferenced vertices."""
    new_name = np.cumsum(used, dtype=np.int32)
    new_name -= 1
    colours, attributes = carry_values(mesh, draft, used)
    vertices = draft.vertices.take(np.flatnonzero(used), axis=0)
    return TriangleMesh(vertices, new_name.take(draft.faces, mode="clip"), colours, attributes)


def _area_around(mesh: TriangleMesh, draft: Draft) -> float:
    """Return the area of the faces that went though they were no defect, mm2."""
    if not draft.around:
        return 0.0
    faces = mesh.faces.take(np.concatenate(draft.around), axis=0)
    vertices = mesh.vertices.take(faces.ravel(), axis=0)
    rows = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
    return float(measure_faces(vertices, rows, thin_mm=0.0).area_mm2.sum())
