"""What a finished model measures: read off the mesh that is written, not off the steps before it.

Rules owned here:
- Everything is measured at the precision of a file, float32.
- Anatomy is compared both ways: from the scan to the model, so that nothing is missing or moved,
  and from the faces the model took over back to the scan, so that nothing was added to them.
- Where the rim was trimmed or covered, a band along the rim and the listed places are left out; the
  width of the band and the share that was compared stand beside the figure.
- A value is a value: limits belong to the checks of qa.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, TriangleMesh, Vertices
from stsbench.geometry.distance import build_tree, closest_on_tree
from stsbench.geometry.self_intersection import self_meetings
from stsbench.geometry.solid import SolidMeasures, measure_solid
from stsbench.geometry.topology import half_edge_twins

__all__ = ["Anatomy", "Checks", "measure_anatomy", "measure_body"]

_BOTTOM_BAND_MM = 0.5
_FACING = 0.7  # cosine from which a face counts as bottom

Check = dict[str, object]


@dataclass(frozen=True, slots=True)
class Anatomy:
    """How faithfully a model shows its scan.

    Parameters
    ----------
    scan_to_model_mm, model_to_scan_mm : float
        Largest distances.
    band_mm : float
        Scan nearer than this to its rim was not compared.
    compared_share : float
        Share of the scan's vertices and face centres that was.
    """

    scan_to_model_mm: float
    model_to_scan_mm: float
    band_mm: float
    compared_share: float


@dataclass(frozen=True, slots=True)
class Checks:
    """Raw values of a finished model, in the order a report lists them."""

    status: str
    watertight: bool
    genus: int
    shells: int
    volume_mm3: float
    self_intersections: int
    anatomy_max_mm: float
    anatomy_back_max_mm: float
    anatomy_band_mm: float
    anatomy_compared_share: float
    bottom_flatness_mm: float | None
    bottom_angle_deg: float | None
    height_mm: float
    base_below_mm: float

    def as_json(self) -> list[Check]:
        """Return name and value of each; lengths rounded to a nanometre."""
        return [{"name": name, "value": _rounded(getattr(self, name))} for name in self.__slots__]


def _rounded(value: object) -> object:
    return round(value, 6) + 0.0 if isinstance(value, float) else value


def measure_anatomy(
    scan: TriangleMesh,
    vertices: Vertices,
    faces: Faces,
    from_scan: Mask,
    *,
    band_mm: float = 0.0,
    dabs: NDArray[np.float64] | None = None,
    dab_mm: float = 0.0,
) -> Anatomy:
    """Compare a model with the scan it was made from, in the same axes.

    Parameters
    ----------
    scan : TriangleMesh
        The piece the model shows.
    vertices : (V, 3) float64, mm
        Of the model.
    faces : (F, 3) int32
    from_scan : (F,) bool
        Faces the model took over from the scan.
    band_mm : float
        Leave out the scan nearer than this to its border; 0 leaves out nothing.
    dabs : (D, 3, 3) float64, mm, optional
        Corners of faces covered with solid; the scan nearer to them than `dab_mm` is left out.
    dab_mm : float
    """
    probes = np.vstack([scan.vertices, scan.vertices[scan.faces].mean(axis=1)])
    kept = np.ones(len(probes), bool)
    if band_mm > 0.0:
        border = _border_segments(scan)
        near, _, _ = closest_on_tree(probes, build_tree(scan.vertices, border), limit_mm=band_mm)
        kept = ~np.isfinite(near)
    if dabs is not None and len(dabs):
        covered = build_tree(
            dabs.reshape(-1, 3), np.arange(3 * len(dabs), dtype=np.int32).reshape(-1, 3)
        )
        near, _, _ = closest_on_tree(probes, covered, limit_mm=dab_mm)
        kept &= ~np.isfinite(near)
    away, _, _ = closest_on_tree(probes[kept], build_tree(vertices, faces))
    taken = faces[from_scan]
    shown = np.vstack([vertices[np.unique(taken)], vertices[taken].mean(axis=1)])
    back, _, _ = closest_on_tree(shown, build_tree(scan.vertices, scan.faces))
    return Anatomy(
        scan_to_model_mm=float(away.max(initial=0.0)),
        model_to_scan_mm=float(back.max(initial=0.0)),
        band_mm=band_mm,
        compared_share=float(kept.mean()),
    )


def _border_segments(scan: TriangleMesh) -> Faces:
    """Write the border as faces (a, b, b): segments the distance search understands."""
    twin = half_edge_twins(scan.faces, scan.vertex_count).reshape(-1, 3)
    start, end = scan.faces[twin < 0], np.roll(scan.faces, -1, axis=1)[twin < 0]
    return np.ascontiguousarray(np.stack([start, end, end], axis=1), dtype=np.int32)


def measure_body(
    vertices: Vertices,
    faces: Faces,
    normal: NDArray[np.float64],
    anatomy: Anatomy,
    *,
    lowest_mm: float,
    solid: SolidMeasures | None = None,
    self_intersections: int | None = None,
) -> Checks:
    """Measure a finished model.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    normal : (3,) float64
        Unit normal of the occlusal plane, in the axes of the vertices.
    anatomy : Anatomy
    lowest_mm : float
        Height of the scan's deepest point along the normal.
    solid : SolidMeasures, optional
    self_intersections : int, optional
        Both as measured before on these very arrays; measured here by default.
    """
    rounded = vertices.astype(np.float32).astype(np.float64)
    if solid is None:
        solid = measure_solid(rounded, faces)
    if self_intersections is None:
        self_intersections = len(self_meetings(rounded, faces).pairs)
    heights = rounded @ normal
    flatness, angle = _bottom(rounded, faces, normal, heights)
    return Checks(
        status=solid.status,
        watertight=solid.watertight,
        genus=solid.genus,
        shells=solid.shells,
        volume_mm3=solid.volume_mm3,
        self_intersections=self_intersections,
        anatomy_max_mm=anatomy.scan_to_model_mm,
        anatomy_back_max_mm=anatomy.model_to_scan_mm,
        anatomy_band_mm=anatomy.band_mm,
        anatomy_compared_share=anatomy.compared_share,
        bottom_flatness_mm=flatness,
        bottom_angle_deg=angle,
        height_mm=float(np.ptp(heights)),
        base_below_mm=lowest_mm - float(heights.min()),
    )


def _bottom(
    vertices: Vertices, faces: Faces, normal: NDArray[np.float64], heights: NDArray[np.float64]
) -> tuple[float | None, float | None]:
    """Flatness in mm and tilt in degrees of the plane through the bottom; None without one."""
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area2 = np.linalg.norm(across, axis=1)
    low = heights[faces].max(axis=1) < heights.min() + _BOTTOM_BAND_MM
    bottom = low & (across @ -normal > _FACING * area2) & (area2 > 0)
    if not bottom.any():
        return None, None
    places = vertices[np.unique(faces[bottom])]
    centred = places - places.mean(axis=0)
    plane = np.linalg.eigh(centred.T @ centred)[1][:, 0]
    # From sine and cosine: the arc cosine alone loses half its digits near zero.
    tilt = np.degrees(np.arctan2(np.linalg.norm(np.cross(plane, normal)), abs(plane @ normal)))
    return float(np.ptp(centred @ plane)), float(tilt)
