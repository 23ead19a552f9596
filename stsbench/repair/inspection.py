"""Inspect a scan: name, count and place every mesh defect of the listed kinds, and change nothing.

Rules owned here:
- Inspection runs the very steps of a repair on a draft of its own and keeps what they saw, so a
  defect is never found by one and missed by the other. Each finding has the action "none".
- Stitching steps are searched here always, by a repair when asked (`seams`): nobody mends them.
- Counts are exact; of each kind the largest are listed (`listing.LISTED`).
- A copy, a thin face or a fin is counted as what it is, and not once more as the branching edges
  it causes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stsbench.domain.answers import Answers
from stsbench.domain.findings import NOT_CHECKED, Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import Profile
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.domain.verdicts import Verdict, verdict_of
from stsbench.errors import MeshError
from stsbench.repair.cutting import find_defects
from stsbench.repair.holes import plan_loops
from stsbench.repair.profiles import RepairProfile, load_profile
from stsbench.repair.seams import note_steps
from stsbench.repair.tidying import is_surface, tidy_scan

__all__ = ["INSPECT_SCHEMA", "Inspection", "inspect_scan"]

INSPECT_SCHEMA = "stsbench.inspect/1"
_HARMLESS = frozenset({FindingKind.BORDER, FindingKind.UNREFERENCED_VERTEX})


@dataclass(frozen=True, eq=False, slots=True)
class Inspection:
    """What is wrong with a scan.

    Parameters
    ----------
    findings : tuple of Finding
        In the order of `FindingKind`, the largest first within a kind.
    counts : mapping of FindingKind to int
        Exact; kinds that were not seen are absent.
    faces_count : int
    vertices_count : int
    extents_mm : (x, y, z) float
    """

    findings: tuple[Finding, ...]
    counts: Mapping[FindingKind, int]
    faces_count: int
    vertices_count: int
    extents_mm: tuple[float, float, float]

    @property
    def verdict(self) -> Verdict:
        """Return pass for a clean scan, review or hold otherwise."""
        return verdict_of(self.findings)

    def report(self) -> dict[str, object]:
        """Return the report, `stsbench.inspect/1`."""
        return {
            "schema": INSPECT_SCHEMA,
            "verdict": self.verdict.value,
            "faces_count": self.faces_count,
            "vertices_count": self.vertices_count,
            "extents_mm": [round(x, 4) for x in self.extents_mm],
            "counts": {
                kind.value: self.counts[kind] for kind in FindingKind if kind in self.counts
            },
            "findings": [finding.as_json() for finding in self.findings],
            "not_checked": list(NOT_CHECKED),
        }


def inspect_scan(
    mesh: TriangleMesh,
    *,
    profile: RepairProfile | None = None,
    answers: Answers | None = None,
    progress: Progress = NO_PROGRESS,
) -> Inspection:
    """Inspect a scan.

    Parameters
    ----------
    mesh : TriangleMesh
    profile : RepairProfile, optional
        Its limits tell border from hole; `study` by default.
    answers : Answers, optional
    progress : Progress

    Returns
    -------
    Inspection

    Raises
    ------
    MeshError
        The scan has no faces.
    """
    if not mesh.face_count:
        raise MeshError("The scan has no faces.", "Export the scan again.")
    profile = load_profile(Profile.STUDY) if profile is None else profile
    tidied = tidy_scan(mesh, profile=profile, progress=progress)
    # A heap without a main piece has no border and no inside to speak of.
    if is_surface(tidied):
        plan = plan_loops(
            tidied.draft,
            tidied.draft.sheets(),
            profile=profile,
            answers=Answers() if answers is None else answers,
        )
        for finding in plan.findings:
            tidied.note(finding.kind, 1, [finding])
        progress.step("finding spikes and self-intersections", 0.4)
        find_defects(tidied, profile)
        progress.step("finding stitching steps", 0.7)
        note_steps(tidied, profile)
    order = list(FindingKind)
    findings = sorted(tidied.findings, key=lambda finding: order.index(finding.kind))
    x, y, z = mesh.extents_mm
    return Inspection(
        tuple(_as_seen(finding) for finding in findings),
        dict(tidied.counts),
        mesh.face_count,
        mesh.vertex_count,
        (float(x), float(y), float(z)),
    )


def _as_seen(finding: Finding) -> Finding:
    severity = finding.severity
    if finding.kind not in _HARMLESS and severity is Severity.NOTE:
        severity = Severity.REVIEW
    return replace(finding, action=Action.NONE, severity=severity)
