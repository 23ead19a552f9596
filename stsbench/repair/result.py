"""What a repair returns: the mesh, what was done to it, and how far it may go without a person."""

from dataclasses import dataclass

import numpy as np

from stsbench.domain.edits import EditRecord
from stsbench.domain.findings import NOT_CHECKED, Finding, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.verdicts import Verdict

__all__ = ["REPAIR_SCHEMA", "RepairResult"]

REPAIR_SCHEMA = "stsbench.repair/1"


@dataclass(frozen=True, eq=False, slots=True)
class RepairResult:
    """A repaired scan.

    Parameters
    ----------
    mesh : TriangleMesh
    edits : EditRecord
    findings : tuple of Finding
        Every defect of the scan as read, with what became of it.
    verdict : Verdict
    edited_mm2 : float
        Area the repair made.
    edited_share : float
        The same as a part of the result's area.
    outside_defects_mm2 : float
        Area of removed faces that lie in no defect: the rings cut about them.
    """

    mesh: TriangleMesh
    edits: EditRecord
    findings: tuple[Finding, ...]
    verdict: Verdict
    edited_mm2: float
    edited_share: float
    outside_defects_mm2: float

    @property
    def review(self) -> tuple[Finding, ...]:
        """Findings a person must look at, the gravest first, then the largest."""
        asked = [f for f in self.findings if f.severity is not Severity.NOTE]
        rank = {Severity.HOLD: 0, Severity.REVIEW: 1}
        keys = [(rank[f.severity], -f.size_mm, f.place_mm) for f in asked]
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
            "edits": {
                "edited_mm2": round(self.edited_mm2, 4),
                "edited_share": round(self.edited_share, 6),
                "outside_defects_mm2": round(self.outside_defects_mm2, 4),
                "added_faces_count": int(np.count_nonzero(self.edits.face_source < 0)),
                "added_vertices_count": int(np.count_nonzero(self.edits.vertex_source < 0)),
                "removed_faces_count": len(self.edits.removed_face),
            },
            "not_checked": list(NOT_CHECKED),
        }
