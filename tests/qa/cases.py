"""A small case for reports and reviews, without repair, modelling or drawing."""

import numpy as np

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import Profile
from stsbench.qa.cameras import Anatomy
from stsbench.qa.deviation import Deviation
from stsbench.qa.gates import evaluate
from stsbench.qa.subjects import Modelled, Repaired, Subject
from tests.qa.bodies import box, dome, filled_hole

ANATOMY = Anatomy(np.array([0.0, 0, 1]), np.array([0.0, 1, 0]))


def finding(kind="hole", *, severity="review", action="filled", place=(0.0, 0.0, 9.0), **more):
    return {
        "kind": kind,
        "place_mm": list(place),
        "size_mm": more.get("size", 6.0),
        "area_mm2": 1.0,
        "faces_count": 12,
        "severity": severity,
        "action": action,
        "detail": more.get("detail", "Look at it."),
    }


def subject(
    scan_id="lower", *, findings=(), measured=None, with_model=True, arch=Arch.MANDIBULAR
) -> Subject:
    mesh = dome(24, pitch_mm=1.5)
    original, edits = filled_hole(mesh, mesh.vertices[300], 2.0)
    review = [one for one in findings if one["severity"] != "note"]
    report = {
        "verdict": "review" if review else "pass",
        "findings": list(findings),
        "review": review,
        "edits": {"edited_mm2": 12.3, "edited_share": 0.0041, "outside_defects_mm2": 0.0},
    }
    still = np.zeros(original.vertex_count)
    model = Modelled(box(40, 40, 15), {"verdict": "pass", "findings": [], "review": []})
    values = {"orientation": "sure", "shells": 1, "untouched_max_mm": 0.0} | (measured or {})
    return Subject(
        scan_id,
        arch,
        original,
        ANATOMY,
        "model",
        Repaired(mesh, edits, report),
        model if with_model else None,
        Deviation(still, np.zeros(mesh.vertex_count), still == 0, still),
        evaluate(values, profile=Profile.STUDY, subject=scan_id),
    )


def bare_scan(scan_id="lower") -> Subject:
    mesh = TriangleMesh(dome(8).vertices, dome(8).faces)
    rows = evaluate({}, profile=Profile.STUDY, subject=scan_id)
    return Subject(scan_id, Arch.MANDIBULAR, mesh, ANATOMY, "none", None, None, None, rows)
