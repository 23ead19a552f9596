"""Make a digital model from a repaired scan: orient it, put a base under it, measure the result.

Rules owned here:
- The scan is not repaired here and none of its vertices moves.
- Nobody's confirmation is invented: a model from an automatic orientation is marked for review, and
  one from an unsure orientation holds.
- What was made is returned even when it holds; the verdict and the findings say why.
- Same input, same bytes: no clock, no random numbers, no path.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from stsbench.domain.dentition import Arch
from stsbench.domain.findings import Action
from stsbench.domain.mesh import Faces, TriangleMesh, Vertices
from stsbench.domain.occlusion import OcclusalFrame, apply_transform
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import InputError
from stsbench.modelling.base_heights import choose_heights
from stsbench.modelling.checks import Checks, measure_anatomy, measure_body
from stsbench.modelling.model_findings import body_findings, orientation_findings, rim_findings
from stsbench.modelling.open_scan import OpenScan, prepare_scan
from stsbench.modelling.orientation import estimate_frame
from stsbench.modelling.profiles import BODIES, ModelProfile
from stsbench.modelling.result import ModelResult
from stsbench.modelling.solid_base import Body, build_solid, wound_upright

__all__ = ["OUTPUT_FRAMES", "ModelResult", "make_model"]

OUTPUT_FRAMES = ("scanner", "print")
_BAND_MM = 0.5  # along a rim that had to be trimmed or covered: research dental 7.4, S18
_DAB_REACH = 2.6  # of a dab's radius: its corners, and what lies between faces that share one


def make_model(
    mesh: TriangleMesh,
    *,
    arch: Arch,
    profile: ModelProfile,
    frame: OcclusalFrame | None = None,
    body: str | None = None,
    wall_mm: float | None = None,
    base_height_mm: float | None = None,
    label: str | None = None,
    output_frame: str = "scanner",
    confirmed: bool = False,
    progress: Progress = NO_PROGRESS,
) -> ModelResult:
    """Make a digital model from a repaired scan of one arch.

    Parameters
    ----------
    mesh : TriangleMesh
        Open, one arch, repaired.
    arch : Arch
    profile : ModelProfile
    frame : OcclusalFrame, optional
        From `estimate_frame` or `given_frame`; estimated when absent.
    body : str, optional
        "solid" or "hollow"; the profile's by default.
    wall_mm : float, optional
        Wall of a hollow model; the profile's by default.
    base_height_mm : float, optional
        Base below the deepest point of the scan, exactly; by default as high as the profile asks.
    label : str, optional
        Text to engrave.
    output_frame : str
        "scanner" keeps the scan's axes; "print" puts the occlusal side up and the bottom on z = 0.
    confirmed : bool
        A person confirmed the orientation.
    progress : Progress

    Returns
    -------
    ModelResult
        Also when its verdict is hold.

    Raises
    ------
    InputError
        The mesh is empty or already a solid, an option is wrong, or no base fits.
    MeshError, NotManifoldError
        The scan was not repaired.
    """
    chosen_body = _checked_options(body or profile.body, wall_mm, label, output_frame)
    progress.step("prepare the scan", 0.0)
    scan = prepare_scan(mesh)
    progress.step("prepare the scan", 1.0)
    if frame is None:
        frame = estimate_frame(_sheet(scan), arch=arch, progress=progress)
    scan, turned = wound_upright(scan, frame)
    heights = choose_heights(scan.vertices, frame, profile, base_height_mm=base_height_mm)
    made = build_solid(scan, frame, heights, progress=progress)
    output_from_scanner = np.eye(4)
    if output_frame == "print":
        output_from_scanner = frame.model_from_scanner
        output_from_scanner[2, 3] -= heights.bottom_mm
    progress.step("measure the model", 0.0)
    checks = _measure(scan, made, frame, output_from_scanner)
    progress.step("measure the model", 1.0)
    scan_mm2 = _area_mm2(scan.vertices, scan.faces[: scan.scan_face_count])
    shown_mm2 = _area_mm2(made.vertices, made.faces[made.from_scan])
    trimmed_mm2 = max(scan_mm2 - shown_mm2, 0.0) if made.reworked else 0.0
    findings = (
        *scan.findings,
        *(made.scan.findings if made.trimmed_mm else ()),
        *rim_findings(scan, made, trimmed_mm2=trimmed_mm2),
        *orientation_findings(scan, frame, confirmed=confirmed, turned=turned),
        *body_findings(scan, checks, faces_count=len(made.faces)),
    )
    placed = _placed(made.vertices, output_from_scanner)
    return ModelResult(
        mesh=_with_attributes(mesh, placed, made),
        frame=frame,
        arch=arch,
        profile=profile,
        body=chosen_body,
        output_frame=output_frame,
        output_from_scanner=output_from_scanner,
        confirmed=confirmed,
        findings=findings,
        checks=checks,
        wall_mm=None,
        patched_mm2=sum(f.area_mm2 for f in findings if f.action is Action.FILLED),
        trimmed_mm2=trimmed_mm2,
        scan_mm2=scan_mm2,
    )


def _checked_options(body: str, wall_mm: float | None, label: str | None, output_frame: str) -> str:
    if body not in BODIES:
        raise InputError(f"{body!r} is not a body.", f"Pick one of {', '.join(BODIES)}.")
    if output_frame not in OUTPUT_FRAMES:
        raise InputError(
            f"{output_frame!r} is not an output frame.", f"Pick one of {', '.join(OUTPUT_FRAMES)}."
        )
    if body == "hollow":
        raise InputError("Hollow models are not made yet.", "Choose body solid.")
    if wall_mm is not None:
        raise InputError("A solid model has no wall.", "Leave the wall out, or choose hollow.")
    if label is not None:
        raise InputError("Labels are not engraved yet.", "Leave the label out.")
    return body


def _sheet(scan: OpenScan) -> TriangleMesh:
    """Return the scan alone, without patches."""
    return TriangleMesh(scan.vertices, scan.faces[: scan.scan_face_count])


def _area_mm2(vertices: Vertices, faces: Faces) -> float:
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(across, axis=1).sum() / 2)


def _placed(vertices: Vertices, output_from_scanner: NDArray[np.float64]) -> Vertices:
    """Move to the output axes; coordinates are float32 numbers, as a file holds them."""
    if np.array_equal(output_from_scanner, np.eye(4)):
        return vertices
    return apply_transform(output_from_scanner, vertices).astype(np.float32).astype(np.float64)


def _measure(
    scan: OpenScan, made: Body, frame: OcclusalFrame, output_from_scanner: NDArray[np.float64]
) -> Checks:
    """Measure the model as it is written, against the scan moved to the same axes."""
    sheet = TriangleMesh(
        apply_transform(output_from_scanner, scan.vertices), scan.faces[: scan.scan_face_count]
    )
    vertices = _placed(made.vertices, output_from_scanner)
    anatomy = measure_anatomy(
        sheet,
        vertices,
        made.faces,
        made.from_scan,
        band_mm=_BAND_MM if made.reworked else 0.0,
        dabs=apply_transform(output_from_scanner, made.dabs.reshape(-1, 3)).reshape(-1, 3, 3),
        dab_mm=_DAB_REACH * made.dab_mm,
    )
    normal = output_from_scanner[:3, :3] @ frame.normal
    lowest = float((sheet.vertices @ normal).min())
    as_made = vertices is made.vertices  # turned into other axes, it is rounded anew
    return measure_body(
        vertices,
        made.faces,
        normal,
        anatomy,
        lowest_mm=lowest,
        solid=made.solid if as_made else None,
        self_intersections=made.meeting_count if as_made else None,
    )


def _with_attributes(mesh: TriangleMesh, placed: Vertices, made: Body) -> TriangleMesh:
    """Give new vertices the colour and attributes of the nearest vertex of the scan."""
    if mesh.colours is None and not mesh.attributes:
        return TriangleMesh(placed, made.faces)
    source = cKDTree(mesh.vertices).query(made.vertices)[1]
    return TriangleMesh(
        placed,
        made.faces,
        None if mesh.colours is None else mesh.colours[source],
        {name: np.asarray(values)[source] for name, values in mesh.attributes.items()},
    )
