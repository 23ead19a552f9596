"""From sets of faces, edges and vertices to findings a person can walk through.

Rules owned here:
- One finding per group of touching faces, per edge or per vertex, in an order that neither renaming
  nor moving the scan changes: largest first, then by the distance from the middle of them all. Only
  what ties in both goes by x, y, z.
- At most `LISTED` findings of a kind are listed, the largest; counts are always exact.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.face_groups import group_faces, measure_groups

__all__ = ["LISTED", "largest_first", "list_face_groups", "list_places", "place_of"]

LISTED = 500
_FINENESS = 2.0**14


def largest_first(sizes: NDArray[np.float64], places_mm: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the order by size, then by distance from the middle of all places, then x, y, z.

    Sizes that differ by what moving and rounding a scan changes are equal.

    Parameters
    ----------
    sizes : (N,) float64
    places_mm : (N, 3) float64
    """
    if not len(sizes):
        return np.zeros(0, dtype=np.int64)
    away = np.linalg.norm(places_mm - places_mm.mean(axis=0), axis=1)
    unit = float(away.max()) * 1e-9
    x, y, z = places_mm.T
    return np.lexsort((z, y, x, np.round(away / unit) if unit > 0 else away, -_steps(sizes)))


def _steps(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sizes in steps of a ten-thousandth of each, as numbers in the same order."""
    part, power = np.frexp(sizes)
    steps: NDArray[np.float64] = _FINENESS * power + np.round(2 * _FINENESS * np.abs(part))
    return np.where(sizes > 0, steps, -np.inf)


def place_of(point: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return a point as a finding holds it."""
    return float(point[0]), float(point[1]), float(point[2])


def list_face_groups(
    kind: FindingKind,
    vertices: Vertices,
    faces: Faces,
    marked: Mask,
    *,
    action: Action,
    severity: Severity = Severity.NOTE,
    detail: str = "",
) -> list[Finding]:
    """List the groups of touching faces in a set.

    Parameters
    ----------
    kind : FindingKind
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    marked : (F,) bool
    action : Action
    severity : Severity
    detail : str
    """
    chosen = faces.take(np.flatnonzero(marked), axis=0)
    if not len(chosen):
        return []
    groups = measure_groups(vertices, chosen, group_faces(chosen))
    order = largest_first(groups.size_mm, groups.centre_mm)[:LISTED]
    return [
        Finding(
            kind,
            place_of(groups.centre_mm[g]),
            float(groups.size_mm[g]),
            float(groups.area_mm2[g]),
            int(groups.faces_count[g]),
            severity,
            action,
            detail,
        )
        for g in order
    ]


def list_places(
    kind: FindingKind,
    places_mm: NDArray[np.float64],
    *,
    action: Action,
    sizes_mm: NDArray[np.float64] | None = None,
    faces_counts: Sequence[int] | NDArray[np.integer] | None = None,
    severity: Severity = Severity.NOTE,
    detail: str = "",
) -> list[Finding]:
    """List single places, such as vertices and edges.

    Parameters
    ----------
    kind : FindingKind
    places_mm : (N, 3) float64
    action : Action
    sizes_mm : (N,) float64, optional
    faces_counts : (N,) int, optional
    severity : Severity
    detail : str
    """
    count = len(places_mm)
    if not count:
        return []
    sizes = np.zeros(count) if sizes_mm is None else sizes_mm
    faces = np.zeros(count, dtype=np.int64) if faces_counts is None else np.asarray(faces_counts)
    order = largest_first(sizes, places_mm)[:LISTED]
    return [
        Finding(
            kind,
            place_of(places_mm[n]),
            float(sizes[n]),
            0.0,
            int(faces[n]),
            severity,
            action,
            detail,
        )
        for n in order
    ]
