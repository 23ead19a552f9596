"""Stitching steps: measured, placed and listed, never repaired.

Rules owned here:
- Nobody knows which of the two strips is right, and no local edit mends the arch: nothing is cut.
  The profile says whether a step stops the case (as a double layer does) or asks for a look.
- They are searched when a scan is inspected and in the repair of a case; a repair of a loose file
  searches when asked, for it takes longer than the repair: the whole surface is fitted with a model.
"""

import numpy as np

from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.stitching import find_steps
from stsbench.geometry.topology import open_vertices
from stsbench.geometry.wide_normals import sum_near
from stsbench.repair.listing import place_of
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.tidying import Tidied

__all__ = ["note_steps"]


def note_steps(tidied: Tidied, profile: RepairProfile) -> None:
    """Note stitching steps.

    Parameters
    ----------
    tidied : Tidied
    profile : RepairProfile
    """
    draft = tidied.draft
    border = np.zeros(draft.vertex_count, dtype=bool)
    border[open_vertices(draft.faces, draft.twin)] = True
    sums = sum_near(draft.vertices, draft.faces)
    findings = [
        Finding(
            FindingKind.STITCHING_STEP,
            place_of(step.place_mm),
            step.length_mm,
            float(measure_faces(draft.vertices, draft.faces[step.faces]).area_mm2.sum()),
            len(step.faces),
            Severity.HOLD if profile.holds_at_layers else Severity.REVIEW,
            Action.KEPT,
            f"Two strips of the scan are joined {step.offset_mm:.2f} mm beside each other, "
            f"over {step.length_mm:.0f} mm: nothing was moved.",
        )
        for step in find_steps(draft.vertices, draft.faces, border, sums)
    ]
    tidied.note(FindingKind.STITCHING_STEP, len(findings), findings)
