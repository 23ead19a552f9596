"""Figures for the checks, measured on the meshes themselves.

Rules owned here:
- A stage's own report is not believed where the mesh can be asked: shells, volume, genus, height
  and the bottom are measured afresh, by other code than made them.
- What only the stage can know (wall, anatomy, orientation) is taken from its report and says so.
- What does not concern a case gets a reason, what could not be measured gets nothing.

Checks: `gates.toml`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.findings import Action, FindingKind
from stsbench.domain.mesh import TriangleMesh
from stsbench.qa.deviation import Deviation
from stsbench.qa.limits import Measured

__all__ = ["Measurements", "measure_model", "measure_repair", "measure_scan"]

_FULL_ARCH_MM = ((45.0, 80.0), (30.0, 70.0), (8.0, 45.0))  # width, depth, height: gates.toml I1
_LEFTOVERS = (
    FindingKind.ISLAND,
    FindingKind.SPIKE,
    FindingKind.FOLD,
    FindingKind.SELF_INTERSECTION,
    FindingKind.NON_MANIFOLD_EDGE,
    FindingKind.NON_MANIFOLD_VERTEX,
    FindingKind.DEGENERATE_FACE,
    FindingKind.DUPLICATE_FACE,
    FindingKind.FLIPPED_WINDING,
    FindingKind.NOT_ORIENTABLE,
)
_BOTTOM_ANGLE_COS = np.cos(np.radians(10.0))
_BOTTOM_BAND_MM = 1.0
_NEAR_MM = 0.5


@dataclass(frozen=True, slots=True)
class Measurements:
    """Measured values by name, why some are absent on purpose, and why others are missing."""

    values: Mapping[str, Measured] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    gaps: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, other: "Measurements") -> "Measurements":
        return Measurements(
            {**self.values, **other.values},
            {**self.reasons, **other.reasons},
            {**self.gaps, **other.gaps},
        )


def face_areas_mm2(mesh: TriangleMesh) -> NDArray[np.float64]:
    """Return the area of each face, (F,) mm2."""
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    areas: NDArray[np.float64] = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return areas


def measure_scan(
    mesh: TriangleMesh,
    *,
    axes: NDArray[np.float64] | None = None,
    full_arch: bool = True,
) -> Measurements:
    """Measure the scan as received.

    Parameters
    ----------
    mesh : TriangleMesh
    axes : (3, 3) float64, optional
        Rows point to the side, to the back and out of the biting surface. Without them the box is
        compared by size order only.
    full_arch : bool
        False for a quadrant, a preparation or a bite.
    """
    if not full_arch:
        reason = "this scan shows no full arch"
        return Measurements(
            {"vertex_density_per_mm2": _density(mesh)},
            {"box_outside_percent": reason, "face_count": reason},
        )
    return Measurements(
        {
            "box_outside_percent": _box_outside_percent(mesh, axes),
            "face_count": mesh.face_count,
            "vertex_density_per_mm2": _density(mesh),
        }
    )


def _density(mesh: TriangleMesh) -> float | None:
    area = float(face_areas_mm2(mesh).sum())
    return float(len(np.unique(mesh.faces))) / area if area > 0.0 else None


def _box_outside_percent(mesh: TriangleMesh, axes: NDArray[np.float64] | None) -> float | None:
    if not mesh.face_count:
        return None
    used = mesh.vertices[np.unique(mesh.faces)]
    if axes is None:
        extents, usual = np.sort(np.ptp(used, axis=0))[::-1], sorted(_FULL_ARCH_MM)[::-1]
    else:
        extents, usual = np.ptp(used @ axes.T, axis=0), list(_FULL_ARCH_MM)
    shares = [
        max((low - extent) / low, (extent - high) / high, 0.0)
        for extent, (low, high) in zip(extents.tolist(), usual, strict=True)
    ]
    return 100.0 * float(max(shares))


def measure_repair(
    repaired: TriangleMesh,
    edits: EditRecord,
    report: Mapping[str, Any],
    deviation: Deviation,
    *,
    left: Mapping[FindingKind, int],
) -> Measurements:
    """Measure what a repair did and what it left.

    Parameters
    ----------
    repaired : TriangleMesh
    edits : EditRecord
    report : mapping
        `stsbench.repair/1`; its findings say which holes were filled.
    deviation : Deviation
        From the scan as received.
    left : mapping of finding kind to count
        What a fresh inspection of the repaired scan counted.
    """
    areas = face_areas_mm2(repaired)
    total = float(areas.sum())
    filled = float(areas[edits.added_reason == EditReason.HOLE_FILL].sum())
    filled_holes = [
        finding
        for finding in report.get("findings", [])
        if finding["kind"] == FindingKind.HOLE and finding["action"] == Action.FILLED
    ]
    perimeters = [float(finding["size_mm"]) for finding in filled_holes]
    return Measurements(
        {
            "untouched_p99_mm": deviation.untouched_p99_mm,
            "untouched_max_mm": deviation.untouched_max_mm,
            "filled_area_percent": 100.0 * filled / total if total > 0.0 else None,
            "largest_filled_perimeter_mm": max(perimeters, default=0.0),
            "fills_not_found": _fills_not_found(repaired, edits, filled_holes),
            "edited_mm2": edited_mm2(repaired, edits, report),
            "leftover_defects": sum(int(left.get(kind, 0)) for kind in _LEFTOVERS),
            "leftover_double_layers": int(left.get(FindingKind.DOUBLE_LAYER, 0)),
        }
    )


def _fills_not_found(
    repaired: TriangleMesh, edits: EditRecord, filled_holes: Sequence[Mapping[str, Any]]
) -> int:
    """Count holes reported as filled near whose place the repair made no face."""
    if not filled_holes:
        return 0
    made = repaired.vertices[repaired.faces[edits.edited_faces]].mean(axis=1)
    if not len(made):
        return len(filled_holes)
    places = np.array([finding["place_mm"] for finding in filled_holes], dtype=np.float64)
    gap = np.asarray(cKDTree(made).query(places)[0])
    # The centre of a rim lies within half its length of any part of a patch that spans it.
    around = np.array([finding["size_mm"] for finding in filled_holes], dtype=np.float64)
    return int(np.count_nonzero(gap > around / 2.0 + _NEAR_MM))


def edited_mm2(
    repaired: TriangleMesh, edits: EditRecord, report: Mapping[str, Any]
) -> float | None:
    """Return the area a repair made, or what its report says when that is more."""
    made = float(face_areas_mm2(repaired)[edits.edited_faces].sum())
    told = report.get("edits", {}).get("edited_mm2")
    return max(made, float(told)) if told is not None else made


def measure_model(
    model: TriangleMesh, report: Mapping[str, Any], *, normal: NDArray[np.float64] | None
) -> Measurements:
    """Measure a digital model.

    Parameters
    ----------
    model : TriangleMesh
    report : mapping
        `stsbench.model/1`.
    normal : (3,) float64, optional
        Out of the biting surface, in the model's own axes.
    """
    told = _told(report)
    values: dict[str, Measured] = {
        "orientation": _orientation(report),
        **measure_solid(model),
        "self_intersections": _whole(told.get("self_intersections")),
        "anatomy_max_mm": _real(told.get("anatomy_max_mm")),
    }
    if normal is not None and model.face_count:
        values |= measure_stand(model, normal)
    wall = _wall(report, told)
    return Measurements(values) | wall


def measure_solid(mesh: TriangleMesh) -> dict[str, Measured]:
    """Return whether a mesh closes, its shells, volume and genus beyond the designed one."""
    if not mesh.face_count:
        return {"watertight": False, "shells": 0, "volume_mm3": 0.0, "genus_excess": None}
    faces = mesh.faces.astype(np.int64)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    forward = np.sort(start * mesh.vertex_count + end)
    backward = np.sort(end * mesh.vertex_count + start)
    closed = bool(np.all(forward[1:] != forward[:-1]) and np.array_equal(forward, backward))
    used, corner = np.unique(faces, return_inverse=True)
    corners = corner.reshape(-1, 3)
    links = coo_array(
        (
            np.ones(2 * len(faces), dtype=np.int8),
            (corners[:, [0, 1]].ravel(), corners[:, [1, 2]].ravel()),
        ),
        shape=(len(used), len(used)),
    )
    shells = int(connected_components(links, directed=False)[0])
    a, b, c = (mesh.vertices[faces[:, k]] - mesh.vertices[faces[0, 0]] for k in range(3))
    volume = float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)
    # Euler: V - E + F = 2 (shells - genus); a closed mesh has 3/2 F edges.
    euler = len(used) - len(faces) // 2
    genus = shells - euler // 2 if closed else None
    return {"watertight": closed, "shells": shells, "volume_mm3": volume, "genus_excess": genus}


def measure_stand(mesh: TriangleMesh, normal: NDArray[np.float64]) -> dict[str, Measured]:
    """Return height, flatness of the bottom and its tilt against the occlusal plane."""
    heights = mesh.vertices @ normal
    used = heights[np.unique(mesh.faces)]
    height = float(np.ptp(used))
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    length = np.linalg.norm(across, axis=1)
    downward = (across @ -normal > _BOTTOM_ANGLE_COS * length) & (length > 0.0)
    if not downward.any():
        return {"height_mm": height, "bottom_flatness_mm": None, "bottom_angle_deg": None}
    # Where the bottom faces is known from its area, also when it is tilted by some degrees.
    facing = _mean_direction(across[downward])
    depths = mesh.vertices @ facing
    bottom = downward & (depths[mesh.faces].min(axis=1) > depths.max() - _BOTTOM_BAND_MM)
    if not bottom.any():
        return {"height_mm": height, "bottom_flatness_mm": None, "bottom_angle_deg": None}
    facing = _mean_direction(across[bottom])
    corners = mesh.vertices[np.unique(mesh.faces[bottom])]
    # The angle from both sine and cosine: arccos loses half the digits near zero.
    angle = np.arctan2(np.linalg.norm(np.cross(facing, -normal)), facing @ -normal)
    return {
        "height_mm": height,
        "bottom_flatness_mm": float(np.ptp(corners @ facing)),
        "bottom_angle_deg": float(np.degrees(angle)),
    }


def _mean_direction(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    total = vectors.sum(axis=0)
    direction: NDArray[np.float64] = total / np.linalg.norm(total)
    return direction


def _orientation(report: Mapping[str, Any]) -> str:
    told = report.get("orientation", {})
    if told.get("confirmed"):
        return "confirmed"
    if told.get("source") == "given":
        return "given"
    return "sure" if told.get("sure") else "unsure"


def _told(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the raw values a model report lists under `checks`, by name."""
    checks = report.get("checks", {})
    if isinstance(checks, Mapping):
        return dict(checks)
    named: dict[str, Any] = {}
    for check in checks:
        key = check.get("name", check.get("id"))
        if key is not None:
            named[str(key)] = check.get("value", check.get("measured"))
    return named


def _wall(report: Mapping[str, Any], told: Mapping[str, Any]) -> Measurements:
    wall = report.get("wall_mm")
    names = ("wall_p0_1_percent", "wall_p0_1_mm")
    if not wall:
        return Measurements({}, dict.fromkeys(names, "the model is solid"))
    thinnest = _real(wall.get("p0_1"))
    asked = _real(wall.get("nominal", told.get("wall_nominal_mm")))
    share = 100.0 * thinnest / asked if thinnest is not None and asked else None
    return Measurements({"wall_p0_1_percent": share, "wall_p0_1_mm": thinnest})


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else None
