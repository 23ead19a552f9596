"""The steps of a technician as findings: what a person changed is looked at by another.

Rules owned here:
- Each step is listed for review, with its place, its area and its warnings, in the order it was
  taken. Its size is the extent of what it touched.
"""

import numpy as np

from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.repair.listing import place_of
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["list_steps"]

_DONE = {
    "fill": (Action.FILLED, "Filled by hand"),
    "fill_below": (Action.FILLED, "Filled by hand, all below a length"),
    "delete": (Action.REMOVED, "Deleted by hand"),
    "refill": (Action.FILLED, "Deleted and filled by hand"),
    "smooth": (Action.REPAIRED, "Smoothed by hand"),
    "trim_plane": (Action.REMOVED, "Trimmed by a plane"),
    "trim_curve": (Action.REMOVED, "Trimmed by a drawn curve"),
    "clean_border": (Action.REMOVED, "Border cleaned"),
    "delete_component": (Action.REMOVED, "Piece deleted by hand"),
    "keep_component": (Action.REMOVED, "Other pieces deleted by hand"),
}


def list_steps(working: WorkingMesh) -> list[Finding]:
    """List the steps that were applied to a working mesh.

    Parameters
    ----------
    working : WorkingMesh
    """
    findings = []
    for number, step in enumerate(working.steps, start=1):
        action, words = _DONE[step.tool]
        corners = working.vertices[step.touched.numbers()]
        low, high = corners.min(axis=0), corners.max(axis=0)
        detail = " ".join([f"Step {number}: {words.lower()}.", *step.warnings])
        findings.append(
            Finding(
                FindingKind.BY_HAND,
                place_of((low + high) / 2),
                float(np.linalg.norm(high - low)),
                float(step.measures.get("area_mm2", 0.0)),
                step.face_count,
                Severity.REVIEW,
                action,
                detail,
            )
        )
    return findings
