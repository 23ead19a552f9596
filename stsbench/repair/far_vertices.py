"""Tell vertices that lie far off a scan, and a scan of a size that no scan of teeth has.

Rules owned here:
- A vertex is far off when it lies more than `_FAR` times as far from the middle of the vertices as
  half of them do, in something over a metre across. Of one file they are at most one in a hundred
  vertices: more are a part of it, whatever they mean, and stay.
- Its faces go, as those of a spike, and the hole they leave is one like others: a person is told.
- Until then it lies in the middle of the draft, not in the mesh, so that one number far off does not
  decide how high a face of this scan must be to have an area. No face of the result names it.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import Vertices
from stsbench.geometry.face_measures import box_of
from stsbench.geometry.face_sets import faces_at
from stsbench.geometry.topology import GONE
from stsbench.repair.draft import Draft
from stsbench.repair.listing import LISTED, place_of

__all__ = ["FarVertices", "drop_far", "set_far_aside", "unit_finding"]

_LEAST_EXTENT_MM = 4.0
_MOST_EXTENT_MM = 250.0
_ASKED_MM = 1000.0  # choice: how large something is before its vertices are looked at
_FAR = 100.0  # choice: a scan reaches to about three times that distance
_MOST_SHARE = 0.01

FarVertices = tuple[NDArray[np.int64], NDArray[np.float64]]


def set_far_aside(draft: Draft) -> FarVertices:
    """Find vertices that lie far off, and put them in the middle of the draft.

    Parameters
    ----------
    draft : Draft
        As started: it gets vertices of its own where one lies far off.

    Returns
    -------
    names : (N,) int64
    away_mm : (N,) float64
        How far from the middle each lay.
    """
    vertices = draft.vertices
    low, high = box_of(vertices)
    if float((high - low).max(initial=0.0)) <= _ASKED_MM:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    middle: Vertices = np.median(vertices, axis=0)
    away_mm = np.linalg.norm(vertices - middle, axis=1)
    half = float(np.median(away_mm))
    names = np.flatnonzero(away_mm > _FAR * half)
    if half <= 0.0 or len(names) > _MOST_SHARE * len(vertices):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    if len(names):
        draft.vertices = vertices.copy()
        draft.vertices[names] = middle.astype(np.float32)
    return names, away_mm[names]


def drop_far(draft: Draft, far: FarVertices) -> list[Finding]:
    """Take the faces at vertices that lie far off out of a draft, and tell of each.

    Parameters
    ----------
    draft : Draft
        With half-edges.
    far : FarVertices
        From `set_far_aside`.

    Returns
    -------
    list of Finding
        One for each vertex that a face named, at the middle of what it hung on.
    """
    names, away_mm = far
    if not len(names):
        return []
    chosen = np.zeros(draft.vertex_count, dtype=bool)
    chosen[names] = True
    rows = np.flatnonzero(faces_at(draft.faces, chosen) & (draft.twin[::3] != GONE))
    going = draft.faces.take(rows, axis=0)
    findings = []
    for name, distance in list(zip(names.tolist(), away_mm.tolist(), strict=True))[:LISTED]:
        own = going[(going == name).any(axis=1)]
        if not len(own):
            continue
        around = np.unique(own[~chosen[own]])
        place = draft.vertices[around].mean(axis=0) if len(around) else draft.vertices[name]
        findings.append(
            Finding(
                FindingKind.SPIKE,
                place_of(place),
                float(distance),
                faces_count=len(own),
                severity=Severity.REVIEW,
                action=Action.REMOVED,
                detail=f"Vertex {draft.vertex_source[name]} is far off: {distance:.4g} mm from the "
                "scan. Its faces were removed; see that the file is whole.",
            )
        )
    draft.discard(rows, EditReason.SPIKE, settle=True)
    return findings


def unit_finding(vertices: Vertices) -> Finding | None:
    """Say so when no scan of teeth in millimetres is this small or this large.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    """
    if not len(vertices):
        return None
    low, high = box_of(vertices)
    extent = float((high - low).max())
    if _LEAST_EXTENT_MM <= extent <= _MOST_EXTENT_MM:
        return None
    return Finding(
        FindingKind.UNIT_SUSPECT,
        place_of((low + high) / 2),
        extent,
        severity=Severity.REVIEW,
        detail=f"{extent:.4g} mm across: check the unit of the file.",
    )
