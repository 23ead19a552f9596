"""What a person must know about a finished model: its orientation, and checks it fails.

Rules owned here:
- An automatic orientation is at least a review until a person confirms it; an unsure one holds.
- A model that fails a check of its own holds, with one finding per check. The limits are those of
  the checks M1, M2 and M7 of qa, at their pass value.
"""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.occlusion import OcclusalFrame
from stsbench.modelling.checks import Checks
from stsbench.modelling.open_scan import OpenScan
from stsbench.modelling.solid_base import Body

__all__ = ["body_findings", "orientation_findings", "rim_findings"]

_ANATOMY_MM = 0.005
_FLAT_MM, _TILT_DEG = 0.02, 0.5
_ONE_PLACE_MM = 2.0  # dabs nearer than this to each other are one place
_FAR_FROM_RIM_MM = 3.0  # a dab this far from the rim covers anatomy: choice, not fact


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
            (checks.genus != 0, f"The model has tunnels: {checks.genus}."),
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


def rim_findings(scan: OpenScan, made: Body, *, trimmed_mm2: float) -> list[Finding]:
    """List what the base cost the scan along its rim: the strip cut off, and every dab.

    Parameters
    ----------
    scan : OpenScan
        As it was before.
    made : Body
    trimmed_mm2 : float
        Area of the scan that the model does not show.
    """
    found = []
    rim = scan.vertices[scan.rim]
    if made.trimmed_mm > 0.0:
        x, y, z = rim.mean(axis=0).tolist()
        found.append(
            Finding(
                FindingKind.BORDER,
                (x, y, z),
                size_mm=made.trimmed_mm,
                area_mm2=trimmed_mm2,
                severity=Severity.REVIEW,
                action=Action.REMOVED,
                detail=f"The rim was too ragged for a base: {made.trimmed_mm} mm along it were cut "
                "off.",
            )
        )
    if not len(made.dabs):
        return found
    centres = made.dabs.mean(axis=1)
    pairs = cKDTree(centres).query_pairs(_ONE_PLACE_MM, output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs), bool), pairs.T), (len(centres),) * 2)
    count, place = connected_components(links, directed=False)
    away = np.asarray(cKDTree(rim).query(made.dabs.reshape(-1, 3))[0])
    from_rim = np.where(made.dab_on_scan, away.reshape(-1, 3).max(axis=1), 0.0)
    for k in range(count):
        here = place == k
        corners = made.dabs[here].reshape(-1, 3)
        x, y, z = corners.mean(axis=0).tolist()
        far = float(from_rim[here].max()) > _FAR_FROM_RIM_MM
        found.append(
            Finding(
                FindingKind.SELF_INTERSECTION,
                (x, y, z),
                size_mm=float(np.ptp(corners, axis=0).max()) + 2 * made.dab_mm,
                faces_count=int(here.sum()),
                severity=Severity.HOLD if far else Severity.REVIEW,
                action=Action.REPAIRED,
                detail="Scan and base would have crossed here; the place was closed with solid.",
            )
        )
    return found
