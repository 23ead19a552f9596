"""Synthetic arches: open, coloured, labelled scans with their ground truth.

Rules owned here:
- Common frame: x towards the patient's left, y posterior, z up: lower teeth point up, upper
  down. A pose takes the common frame to the scanner's.
- Coordinates are rounded to 0.1 um and to float32, as a file will hold them.
- Same plan, same face count, same bytes.

The pipeline: plan, arch model, fields, closed block, trimmed, relaxed, painted, posed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import InputError
from stsbench.samples.adjacency import tunnel_count
from stsbench.samples.arch_model import build_arch
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.colouring import paint
from stsbench.samples.occlusion import settle
from stsbench.samples.polygonising import polygonise, relax
from stsbench.samples.preparation import finish_line
from stsbench.samples.trimming import trim

__all__ = ["ArchTruth", "SampleScan", "make_arch", "make_pair", "random_pose", "rounded"]

Values = NDArray[np.float64]

_PILOT_MM = 0.6
_BRIDGING = (1.4, 2.0, 2.8, 4.0)  # tried in turn where a tunnel is left between teeth
_LEFT, _RIGHT, _WHOLE = (-14.0, 40.0), (-40.0, 14.0), (-40.0, 40.0)  # a quadrant and a bit, in x
_BOXES = {None: _WHOLE, 1: _RIGHT, 2: _LEFT, 3: _LEFT, 4: _RIGHT}
_FACES = (2_000, 2_000_000)


@dataclass(frozen=True, slots=True, eq=False)
class ArchTruth:
    """What is known about a made scan.

    Parameters
    ----------
    plan : ArchPlan
        As built, with the settled heights.
    fdi : tuple of int
        Teeth that stand in it.
    occlusal_normal : (3,) float64
        Unit vector in the scanner's frame, from the gingiva towards the opposing arch.
    anterior : (3,) float64
        Unit vector in the scanner's frame along the midline, towards the front.
    scanner_from_common : (4, 4) float64
        Column vectors, mm.
    finish_lines : mapping of FDI number to (N, 3) float64, mm
        Of prepared teeth, in the scanner's frame.
    """

    plan: ArchPlan
    fdi: tuple[int, ...]
    occlusal_normal: Values
    anterior: Values
    scanner_from_common: Values
    finish_lines: Mapping[int, Values]


@dataclass(frozen=True, slots=True, eq=False)
class SampleScan:
    """A made scan and the truth about it."""

    mesh: TriangleMesh
    truth: ArchTruth


def random_pose(seed: int, *, shift_mm: float = 30.0, most_deg: float = 180.0) -> Values:
    """Return a rigid transform (4, 4): a turn about a random axis and a shift."""
    rng = np.random.default_rng([seed, 77])
    axis = rng.standard_normal(3)
    axis /= math.sqrt(float((axis**2).sum()))
    angle = math.radians(most_deg) * rng.uniform(0.3, 1.0)
    x, y, z = axis
    c, s, t = math.cos(angle), math.sin(angle), 1 - math.cos(angle)
    pose = np.eye(4)
    pose[:3, :3] = [
        [t * x * x + c, t * x * y - s * z, t * x * z + s * y],
        [t * x * y + s * z, t * y * y + c, t * y * z - s * x],
        [t * x * z - s * y, t * y * z + s * x, t * z * z + c],
    ]
    pose[:3, 3] = rng.uniform(-shift_mm, shift_mm, 3)
    return np.round(pose, 12)


def rounded(vertices: Values) -> Values:
    """Return coordinates as a file holds them: on 0.1 um, then as float32."""
    return np.round(vertices, 4).astype(np.float32).astype(np.float64)


def _moved(places: Values, pose: Values) -> Values:
    # Written out: a matrix product may add up in another order on another processor.
    x, y, z = places[:, :1], places[:, 1:2], places[:, 2:3]
    return x * pose[:3, 0] + y * pose[:3, 1] + z * pose[:3, 2] + pose[:3, 3]


def _common_from_arch(plan: ArchPlan) -> Values:
    common = np.eye(4)
    common[2, 2] = -1.0 if plan.is_upper else 1.0
    common[:3, 3] = plan.offset_mm
    return common


def make_arch(
    plan: ArchPlan, *, faces: int = 55_000, scanner_from_common: Values | None = None
) -> SampleScan:
    """Return one scan: open, even triangles, colours, the attribute `fdi`, and its truth.

    Parameters
    ----------
    plan : ArchPlan
    faces : int
        About how many; met within a few percent.
    scanner_from_common : (4, 4) float64, optional
        Pose of the scan; the common frame by default.

    Raises
    ------
    InputError
        A face count outside 2,000 to 2,000,000.
    """
    if not _FACES[0] <= faces <= _FACES[1]:
        raise InputError(
            f"{faces} faces are not to be made.", f"Ask for {_FACES[0]} to {_FACES[1]}."
        )
    model = build_arch(plan)
    across_mm = _BOXES[plan.quadrant]
    pilot = trim(model, plan, polygonise(model, _PILOT_MM, across_mm=across_mm))
    voxel_mm = round(_PILOT_MM * math.sqrt(pilot.face_count / faces), 6)
    trimmed = trim(model, plan, polygonise(model, voxel_mm, across_mm=across_mm))
    for bridging in _BRIDGING:
        if not tunnel_count(trimmed):
            break
        model = build_arch(plan, bridging=bridging)
        trimmed = trim(model, plan, polygonise(model, voxel_mm, across_mm=across_mm))
    mesh = paint(model, relax(model, trimmed, voxel_mm), seed=plan.seed)
    pose = np.eye(4) if scanner_from_common is None else np.asarray(scanner_from_common, np.float64)
    common_from_arch = _common_from_arch(plan)
    winding = mesh.faces[:, ::-1] if plan.is_upper else mesh.faces
    vertices = rounded(_moved(_moved(mesh.vertices, common_from_arch), pose))
    lines = {fdi: finish_line(model, fdi) for fdi in plan.preparations}
    truth = ArchTruth(
        plan=plan,
        fdi=tuple(int(x) for x in model.fdi),
        occlusal_normal=pose[:3, :3] @ common_from_arch[:3, 2],
        anterior=-pose[:3, 1],
        scanner_from_common=pose,
        finish_lines={k: _moved(_moved(v, common_from_arch), pose) for k, v in lines.items()},
    )
    made = TriangleMesh(vertices, np.ascontiguousarray(winding), mesh.colours, mesh.attributes)
    return SampleScan(made, truth)


def make_pair(
    seed: int = 1,
    *,
    faces: int = 55_000,
    upper: ArchPlan | None = None,
    lower: ArchPlan | None = None,
    scanner_from_common: Values | None = None,
) -> tuple[SampleScan, SampleScan]:
    """Return the upper and the lower scan of one mouth, in occlusion and in one frame.

    Parameters
    ----------
    seed : int
        Of both arches.
    upper, lower : ArchPlan, optional
        Complete arches by default; their seeds are replaced.
    """
    above = replace(upper or ArchPlan(Arch.MAXILLARY), seed=seed)
    below = settle(above, replace(lower or ArchPlan(Arch.MANDIBULAR), seed=seed))
    return (
        make_arch(above, faces=faces, scanner_from_common=scanner_from_common),
        make_arch(below, faces=faces, scanner_from_common=scanner_from_common),
    )
