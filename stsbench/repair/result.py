"""What a repair returns: the mesh, what was done to it, and how far it may go without a person.

Rules owned here:
- The review list runs from the highest clinical risk to the lowest: what stops the case, then by
  kind (`_RISK`), what was left open before what was filled, the largest first.
"""

from dataclasses import dataclass

import numpy as np

from stsbench.domain.edits import EditRecord
from stsbench.domain.findings import NOT_CHECKED, Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.verdicts import Verdict

__all__ = ["REPAIR_SCHEMA", "RepairResult"]

REPAIR_SCHEMA = "stsbench.repair/1"

# A choice: what a denture or crown made on it would suffer from most, first.
_RISK = (
    FindingKind.UNIT_SUSPECT,
    FindingKind.NOT_ORIENTABLE,
    FindingKind.PREPARATION_UNMARKED,
    FindingKind.FLIPPED_WINDING,
    FindingKind.STITCHING_STEP,
    FindingKind.DOUBLE_LAYER,
    FindingKind.HOLE,
    FindingKind.SELF_INTERSECTION,
    FindingKind.FOLD,
    FindingKind.SPIKE,
    FindingKind.NON_MANIFOLD_EDGE,
    FindingKind.NON_MANIFOLD_VERTEX,
    FindingKind.ISLAND,
    FindingKind.BORDER,
)


@dataclass(frozen=True, eq=False, slots=True)
class RepairResult:
    """A repaired scan.

    Parameters
    ----------
    mesh : TriangleMesh
    edits : EditRecord
    findings : tuple of Finding
        Every defect of the scan as read, with what became of it.
    findings_after : tuple of Finding
        What inspecting the result would find: open loops, and what was kept or not solved.
    verdict : Verdict
    edited_mm2 : float
        Area the repair made.
    edited_share : float
        The same as a part of the result's area.
    outside_defects_mm2 : float
        Area of removed faces that lie in no defect: the rings cut about them, and what a person took
        away or moved by hand.
    by_hand_mm2 : float
        The last part of that alone, whether or not a defect was there.
    """

    mesh: TriangleMesh
    edits: EditRecord
    findings: tuple[Finding, ...]
    findings_after: tuple[Finding, ...]
    verdict: Verdict
    edited_mm2: float
    edited_share: float
    outside_defects_mm2: float
    by_hand_mm2: float = 0.0

    @property
    def review(self) -> tuple[Finding, ...]:
        """Findings a person must look at, the highest clinical risk first."""
        asked = [f for f in self.findings if f.severity is not Severity.NOTE]
        rank = {kind: place for place, kind in enumerate(_RISK)}
        open_first = {Action.LEFT_OPEN: 0, Action.UNSOLVED: 0}
        keys = [
            (
                f.severity is not Severity.HOLD,
                rank.get(f.kind, len(_RISK)),
                open_first.get(f.action, 1),
                -f.size_mm,
                f.place_mm,
            )
            for f in asked
        ]
        return tuple(asked[n] for n in sorted(range(len(asked)), key=keys.__getitem__))

    def report(self) -> dict[str, object]:
        """Return the report, `stsbench.repair/1`: no time, no path, no name."""
        counts: dict[str, int] = {}
        for finding in self.findings:
            counts[finding.kind.value] = counts.get(finding.kind.value, 0) + 1
        return {
            "schema": REPAIR_SCHEMA,
            "verdict": self.verdict.value,
            "faces_count": self.mesh.face_count,
            "vertices_count": self.mesh.vertex_count,
            "review": [finding.as_json() for finding in self.review],
            "findings": [finding.as_json() for finding in self.findings],
            "findings_after": [finding.as_json() for finding in self.findings_after],
            "edits": {
                "edited_mm2": round(self.edited_mm2, 4),
                "edited_share": round(self.edited_share, 6),
                "outside_defects_mm2": round(self.outside_defects_mm2, 4),
                "by_hand_mm2": round(self.by_hand_mm2, 4),
                "added_faces_count": int(np.count_nonzero(self.edits.face_source < 0)),
                "added_vertices_count": int(np.count_nonzero(self.edits.vertex_source < 0)),
                "removed_faces_count": len(self.edits.removed_face),
            },
            "not_checked": list(NOT_CHECKED),
        }
