"""Double layers that hang together with the scan: measured, placed and listed, never merged.

Rules owned here:
- Where kept sheets lie over each other nothing is cut or filled for it: nobody knows which is right.
  `islands` answers for loose ones.
- The gap is the median distance along the normals; an overlap shorter than `_LEAST_EXTENT_MM` is
  none. The profile says whether a double layer stops the case or asks for a look.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.geometry.face_groups import group_faces, measure_groups
from stsbench.repair.listing import largest_first, place_of
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.tidying import Tidied

__all__ = ["note_layers"]

_LEAST_EXTENT_MM = 1.0


def note_layers(tidied: Tidied, gaps: NDArray[np.float64], profile: RepairProfile) -> None:
    """Note where sheets lie over each other that were not dropped.

    Parameters
    ----------
    tidied : Tidied
    gaps : (V,) float64, mm
        From `spread_layers`, with the open vertices as seeds.
    profile : RepairProfile
    """
    draft = tidied.draft
    gaps = np.abs(gaps)
    doubled = gaps > 0
    if not doubled.any():
        return
    marked = doubled[draft.faces].sum(axis=1) >= 2
    if not marked.any():
        return
    faces = draft.faces[marked]
    group = group_faces(faces)
    measures = measure_groups(draft.vertices, faces, group)
    findings = []
    for n in largest_first(measures.size_mm, measures.centre_mm):
        if measures.size_mm[n] < _LEAST_EXTENT_MM:
            continue
        own = np.unique(faces[group == n])
        gap = float(np.median(gaps[own[doubled[own]]]))
        findings.append(
            Finding(
                FindingKind.DOUBLE_LAYER,
                place_of(measures.centre_mm[n]),
                float(measures.size_mm[n]),
                float(measures.area_mm2[n]),
                int(measures.faces_count[n]),
                Severity.HOLD if profile.holds_at_layers else Severity.REVIEW,
                Action.KEPT,
                f"The surface lies over itself, {gap:.2f} mm apart: nothing was merged.",
            )
        )
    tidied.note(FindingKind.DOUBLE_LAYER, len(findings), findings)
