"""What a person must know about a finished model: its orientation, and checks it fails.

Rules owned here:
- An automatic orientation is at least a review until a person confirms it; an unsure one holds.
- A model that fails a check of its own holds, with one finding per check. The limits are those of
  the checks M1, M2 and M7 of qa, at their pass value.
"""

from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.occlusion import OcclusalFrame
from stsbench.modelling.checks import Checks
from stsbench.modelling.open_scan import OpenScan

__all__ = ["body_findings", "orientation_findings"]

_ANATOMY_MM = 0.005
_FLAT_MM, _TILT_DEG = 0.02, 0.5


def orientation_findings(
    scan: OpenScan, frame: OcclusalFrame, *, confirmed: bool, turned: bool
) -> list[Finding]:
    """List what a person must know about the orientation.

    Parameters
    ----------
    scan : OpenScan
    frame : OcclusalFrame
    confirmed : bool
        A person confirmed the orientation.
    turned : bool
        The scan was wound the other way and has been turned.
    """
    low, high = scan.vertices.min(axis=0), scan.vertices.max(axis=0)
    x, y, z = ((low + high) / 2).tolist()
    size = float((high - low).max())
    found = []
    if not confirmed:
        unsure = not frame.sure
        reasons = f": {', '.join(frame.reasons)}" if frame.reasons else ""
        found.append(
            Finding(
                FindingKind.ORIENTATION_UNSURE,
                (x, y, z),
                size_mm=size,
                severity=Severity.HOLD if unsure else Severity.REVIEW,
                action=Action.UNSOLVED if unsure else Action.NONE,
                detail=f"The occlusal plane is unsure{reasons}. Give the orientation."
                if unsure
                else "Orientation not confirmed: no person has looked at it.",
            )
        )
    if turned:
        found.append(
            Finding(
                FindingKind.FLIPPED_WINDING,
                (x, y, z),
                size_mm=size,
                faces_count=scan.scan_face_count,
                severity=Severity.REVIEW if confirmed else Severity.HOLD,
                action=Action.REPAIRED,
                detail="The faces look away from the biting side: the scan is inside out, or the "
                "orientation is upside down.",
            )
        )
    return found


def body_findings(scan: OpenScan, checks: Checks, *, faces_count: int) -> list[Finding]:
    """List the checks that a finished model fails, one finding each.

    Parameters
    ----------
    scan : OpenScan
    checks : Checks
    faces_count : int
        Of the model.
    """
    x, y, z = scan.vertices.mean(axis=0).tolist()
    flat = checks.bottom_flatness_mm is not None and checks.bottom_flatness_mm <= _FLAT_MM
    level = checks.bottom_angle_deg is not None and checks.bottom_angle_deg <= _TILT_DEG
    anatomy_mm = max(checks.anatomy_max_mm, checks.anatomy_back_max_mm)
    failed = [
        words
        for fails, words in (
            (not checks.watertight, f"The model is not watertight ({checks.status})."),
            (checks.shells != 1, f"The model has {checks.shells} shells."),
            (checks.volume_mm3 <= 0.0, "The model has no positive volume."),
            (checks.genus != 0, f"The model has {checks.genus} tunnels, as the scan does."),
            (
                checks.self_intersections > 0,
                f"{checks.self_intersections} pairs of faces cross each other.",
            ),
            (anatomy_mm > _ANATOMY_MM, f"Anatomy differs from the scan by {anatomy_mm:.4f} mm."),
            (not (flat and level), "The bottom is not flat and parallel to the occlusal plane."),
        )
        if fails
    ]
    return [
        Finding(
            FindingKind.MODEL_INVALID,
            (x, y, z),
            faces_count=faces_count,
            severity=Severity.HOLD,
            action=Action.UNSOLVED,
            detail=words,
        )
        for words in failed
    ]
