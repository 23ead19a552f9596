"""A solid model from an open scan: attempts from gentle to firm, each measured before it counts.

Rules owned here:
- The first attempt keeps every face of the scan and hangs the base on the rim as it is. Only when
  base and scan would cross are strips along the rim trimmed, and only when that does not help
  either are the crossings that remain covered with small dabs of solid.
- An attempt counts when no new face meets another and the body is closed, in one shell, with no
  tunnel that the scan does not have: all at the precision of a file.
- When none counts, the one with the fewest crossings is returned as it is, for a person to see.
- What an attempt cost is part of the answer: width of the strip, and every dab.

Sources: widths and radii are choices, not facts, from the ragged rims of `tests/ragged.py`.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.domain.occlusion import OcclusalFrame, apply_transform
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import InputError, MeshError
from stsbench.geometry.base_outline import seam_heights, smooth_outline
from stsbench.geometry.base_wall import hang_base
from stsbench.geometry.plugs import Plugged, plug_faces
from stsbench.geometry.rim_trimming import trim_border
from stsbench.geometry.self_intersection import self_meetings
from stsbench.geometry.solid import SolidMeasures, measure_solid
from stsbench.geometry.topology import half_edge_twins
from stsbench.modelling.base_heights import BaseHeights
from stsbench.modelling.open_scan import OpenScan, close_inner_loops

__all__ = ["Body", "build_solid", "wound_upright"]

_SEAM_WINDOW_MM = 1.5
# Smoothing and outward offset of the outline in mm: the first that is a simple polygon is taken.
_OUTLINES_MM = ((1.5, 0.3), (3.0, 0.3), (5.0, 0.3))
_MOST_SINGLE = 60  # faces covered one by one; where there are more, neighbours share a dab
_SHARE = 2.0  # faces within this many radii share a dab
_COVER_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class _Attempt:
    """How far to go: strip to trim, radius of the dabs, rings of faces, most faces to cover."""

    trim_mm: float
    dab_mm: float = 0.0
    rings: int = 0
    most_faces: int = 1000


# From gentle to firm.
_ATTEMPTS = (
    _Attempt(0.0),
    _Attempt(0.2),
    _Attempt(0.0, 0.25, most_faces=120),
    _Attempt(0.2, 0.25, most_faces=400),
    _Attempt(0.2, 0.4, 1, most_faces=600),
    _Attempt(0.4),
    _Attempt(0.4, 0.25),
    _Attempt(0.4, 0.35, 1),
    _Attempt(0.4, 0.5, 1),
)


@dataclass(frozen=True, eq=False, slots=True)
class Body:
    """A closed body made from a scan, in the scanner's axes.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        float32 numbers, as a file holds them.
    faces : (F, 3) int32
    from_scan : (F,) bool
        Faces that are, or are part of, faces of the scan.
    scan : OpenScan
        The sheet after trimming.
    trimmed_mm : float
        Width of the strip cut off along the rim, 0 for none.
    dabs : (D, 3, 3) float64, mm
        Corners of the faces covered with dabs.
    dab_on_scan : (D,) bool
        Dabs over a face of the scan, the others lie over the base.
    dab_mm : float
        Their radius.
    crossings : (P, 2) int32
        Pairs of faces that meet where they are not joined, at least one of them new.
    meeting_count : int
        All such pairs, those within the scan too.
    solid : SolidMeasures, optional
    valid : bool
        No crossings, closed, one shell, no new tunnel.
    """

    vertices: Vertices
    faces: Faces
    from_scan: Mask
    scan: OpenScan
    trimmed_mm: float = 0.0
    dabs: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3, 3)))
    dab_on_scan: Mask = field(default_factory=lambda: np.zeros(0, bool))
    dab_mm: float = 0.0
    crossings: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    meeting_count: int = 0
    solid: SolidMeasures | None = None
    valid: bool = False

    @property
    def reworked(self) -> bool:
        """True when the scan along the rim is no longer as it came."""
        return self.trimmed_mm > 0.0 or len(self.dabs) > 0


def build_solid(
    scan: OpenScan,
    frame: OcclusalFrame,
    heights: BaseHeights,
    *,
    progress: Progress = NO_PROGRESS,
) -> Body:
    """Put a solid base under a scan.

    Parameters
    ----------
    scan : OpenScan
        Wound so that the rim runs counter-clockwise seen from the biting side.
    frame : OcclusalFrame
    heights : BaseHeights
    progress : Progress

    Returns
    -------
    Body
        With `valid` False when no attempt succeeded.

    Raises
    ------
    MeshError
        No clean outline lies under the rim.
    """
    hung: dict[float, Body | None] = {}
    best: Body | None = None
    for k, attempt in enumerate(_ATTEMPTS):
        progress.step("build the base", k / len(_ATTEMPTS))
        width_mm = attempt.trim_mm
        if width_mm not in hung:
            hung[width_mm] = _hang(_trimmed(scan, frame, width_mm), frame, heights, width_mm)
        body = hung[width_mm]
        if body is not None and attempt.dab_mm > 0.0:
            body = _cover(body, attempt, frame.normal)
        if body is None:
            continue
        if best is None or body.valid or len(body.crossings) < len(best.crossings):
            best = body
        if best.valid:
            break
    progress.step("build the base", 1.0)
    if best is None:
        raise MeshError(
            "No clean outline lies under the border of this scan.",
            "Check the orientation, or trim the border in the repair.",
        )
    return best


def wound_upright(scan: OpenScan, frame: OcclusalFrame) -> tuple[OpenScan, bool]:
    """Wind a scan so that its rim runs counter-clockwise seen from the biting side.

    Parameters
    ----------
    scan : OpenScan
    frame : OcclusalFrame

    Returns
    -------
    scan : OpenScan
    turned : bool
        The scan ran the other way.
    """
    x, y, _ = apply_transform(frame.model_from_scanner, scan.vertices[scan.rim]).T
    if float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) >= 0.0:
        return scan, False
    turned = OpenScan(
        scan.vertices,
        np.ascontiguousarray(scan.faces[:, ::-1]),
        scan.scan_face_count,
        np.ascontiguousarray(scan.rim[::-1]),
        scan.findings,
    )
    return turned, True


def _trimmed(scan: OpenScan, frame: OcclusalFrame, width_mm: float) -> OpenScan | None:
    """Cut a strip off along the rim; None when nothing sensible is left."""
    if width_mm == 0.0:
        return scan
    sheet = trim_border(scan.vertices, scan.faces, scan.rim, width_mm=width_mm)
    if not len(sheet.faces):
        return None
    # Faces of the scan stay ahead of the patches, as `scan_face_count` says.
    patched = sheet.face_source >= scan.scan_face_count
    order = np.argsort(patched, kind="stable")
    try:
        closed = close_inner_loops(sheet.vertices, sheet.faces[order])
    except InputError:
        return None
    trimmed = OpenScan(
        closed.vertices, closed.faces, int((~patched).sum()), closed.rim, closed.findings
    )
    return wound_upright(trimmed, frame)[0]


def _hang(
    scan: OpenScan | None, frame: OcclusalFrame, heights: BaseHeights, trimmed_mm: float
) -> Body | None:
    """Hang a base on the rim; None when no outline under it is simple."""
    if scan is None:
        return None
    matrix = frame.model_from_scanner
    placed = apply_transform(matrix, scan.vertices)
    rim = placed[scan.rim]
    for smooth_mm, outward_mm in _OUTLINES_MM:
        outline = smooth_outline(rim[:, :2], smooth_mm=smooth_mm, outward_mm=outward_mm)
        if outline is not None:
            break
    else:
        return None
    drop = 0.5 * (heights.lowest_mm - heights.plinth_top_mm)
    seam = seam_heights(rim, window_mm=_SEAM_WINDOW_MM, below_mm=drop)
    levels: list[NDArray[np.float64] | float] = [seam, heights.plinth_top_mm, heights.bottom_mm]
    base = hang_base(placed, scan.rim, outline, levels)
    added = apply_transform(np.linalg.inv(matrix).astype(np.float64), base.vertices)
    vertices = np.vstack([scan.vertices, added]).astype(np.float32).astype(np.float64)
    faces = np.concatenate([scan.faces, base.faces])
    from_scan = np.zeros(len(faces), bool)
    from_scan[: scan.scan_face_count] = True
    return _judged(Body(vertices, faces, from_scan, scan, trimmed_mm))


def _cover(body: Body, attempt: _Attempt, up: NDArray[np.float64]) -> Body | None:
    """Cover the crossings of a body with dabs; None when there are too many, or the union fails."""
    start = body
    for cover_round in range(_COVER_ROUNDS):
        chosen = np.zeros(len(body.faces), bool)
        chosen[self_meetings(body.vertices, body.faces).pairs] = True
        for _ in range(attempt.rings if cover_round == 0 else 0):
            near = np.zeros(len(body.vertices), bool)
            near[body.faces[chosen]] = True
            chosen = np.any(near[body.faces], axis=1)
        covered = np.flatnonzero(chosen)
        if not 0 < len(covered) <= attempt.most_faces:
            break
        plugged = plug_faces(
            body.vertices,
            body.faces,
            covered,
            radius_mm=attempt.dab_mm,
            group_mm=0.0 if len(covered) <= _MOST_SINGLE else _SHARE * attempt.dab_mm,
            up=up,
        )
        if plugged is None:
            break
        before = len(body.crossings)
        body = _covered(body, plugged, covered, attempt.dab_mm)
        if not 0 < len(body.crossings) < before:
            break  # done, or a loop of surface larger than the dabs has turned inside out
    return None if body is start else body


def _covered(body: Body, plugged: Plugged, covered: NDArray[np.integer], dab_mm: float) -> Body:
    vertices = plugged.vertices.astype(np.float32).astype(np.float64)
    source = plugged.face_source
    from_scan = (source >= 0) & body.from_scan[source]
    return _judged(
        Body(
            vertices,
            plugged.faces,
            from_scan,
            body.scan,
            body.trimmed_mm,
            dabs=np.concatenate([body.dabs, body.vertices[body.faces[covered]]]),
            dab_on_scan=np.concatenate([body.dab_on_scan, body.from_scan[covered]]),
            dab_mm=dab_mm,
        )
    )


def _judged(body: Body) -> Body:
    """Measure a body: which pairs of faces meet, of which at least one is new, and is it closed."""
    pairs = self_meetings(body.vertices, body.faces).pairs
    crossings = pairs[(~body.from_scan[pairs]).any(axis=1)]
    solid = measure_solid(body.vertices, body.faces)
    closed = solid.watertight and solid.shells == 1 and solid.genus == _tunnels(body.scan)
    return replace(
        body,
        crossings=crossings,
        meeting_count=len(pairs),
        solid=solid,
        valid=closed and not len(crossings),
    )


def _tunnels(scan: OpenScan) -> int:
    """Count the handles of a sheet with one rim, from its Euler characteristic."""
    twin = half_edge_twins(scan.faces, len(scan.vertices))
    edge_count = int((twin >= 0).sum()) // 2 + int((twin < 0).sum())
    euler = len(np.unique(scan.faces)) - edge_count + len(scan.faces)
    return (1 - euler) // 2
