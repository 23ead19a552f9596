"""Trim a strip along a rim: cut the sheet where it is a given distance from its border.

Rules owned here:
- Distance is measured in space to the border line, not along the sheet: a flap folded back onto the
  sheet goes with the strip it lies on.
- The cut follows the line of equal distance through the faces; a vertex close to the line is taken
  for a point of it, so that the cut leaves no needles.
- Vertices farther from the border keep their index order and their place, bit by bit.
- The largest piece remains; a vertex where only corners would touch loses its smaller fan.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Loop, Vertices
from stsbench.geometry.distance import point_to_surface
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.manifoldness import smaller_fans
from stsbench.geometry.topology import count_fans, half_edge_twins
from stsbench.geometry.winding import find_winding

__all__ = ["TrimmedSheet", "trim_border"]

_SNAP = 0.2  # share of an edge: a cut nearer to a vertex than this goes through the vertex
_ROUNDS = 20


@dataclass(frozen=True, eq=False, slots=True)
class TrimmedSheet:
    """What a trim leaves.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        Kept ones first, in their old order; then those of the cut.
    faces : (F, 3) int32
    face_source : (F,) int32
        Index of the face each came from.
    """

    vertices: Vertices
    faces: Faces
    face_source: NDArray[np.int32]


def _clip(
    faces: Faces, depth: NDArray[np.float64], vertices: Vertices
) -> tuple[Vertices, Faces, NDArray[np.int32]]:
    """Keep the part of every face where `depth` is positive."""
    edges = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    inside, outside = depth[edges[:, 0]], depth[edges[:, 1]]
    cut = inside * outside < 0
    share = np.abs(inside[cut]) / (np.abs(inside[cut]) + np.abs(outside[cut]))
    on_line = np.zeros(len(vertices), bool)
    on_line[edges[cut, 0][share < _SNAP]] = True
    on_line[edges[cut, 1][share > 1 - _SNAP]] = True
    side = np.where(on_line, 0, np.sign(depth)).astype(np.int64)

    low, high = np.sort(edges, axis=1).T.astype(np.int64)
    crossed = side[low] * side[high] < 0
    key = low * len(vertices) + high
    cuts, first = np.unique(key[crossed], return_index=True)
    a, b = low[crossed][first], high[crossed][first]
    t = (depth[a] / (depth[a] - depth[b]))[:, None]
    added = (vertices[a] * (1 - t) + vertices[b] * t).astype(np.float32).astype(np.float64)
    cut_of_edge = np.full(len(key), -1, np.int64)
    cut_of_edge[crossed] = len(vertices) + np.searchsorted(cuts, key[crossed])
    cut_vertex = cut_of_edge.reshape(-1, 3)

    corner_side = side[faces]
    whole = (corner_side >= 0).all(axis=1) & (corner_side > 0).any(axis=1)
    parts, sources = [faces[whole].astype(np.int64)], [np.flatnonzero(whole)]
    mixed = np.flatnonzero((corner_side > 0).any(axis=1) & (corner_side < 0).any(axis=1))
    for f in mixed:
        polygon = []
        for j in range(3):
            if corner_side[f, j] >= 0:
                polygon.append(int(faces[f, j]))
            if cut_vertex[f, j] >= 0:
                polygon.append(int(cut_vertex[f, j]))
        fan = [(polygon[0], polygon[k], polygon[k + 1]) for k in range(1, len(polygon) - 1)]
        parts.append(np.array(fan, np.int64).reshape(-1, 3))
        sources.append(np.full(len(fan), f))
    kept = np.concatenate(parts).astype(np.int32)
    return np.vstack([vertices, added]), kept, np.concatenate(sources).astype(np.int32)


def _one_clean_piece(vertices: Vertices, faces: Faces) -> NDArray[np.int64]:
    """Return the faces of the largest piece that has no bow-tie vertex."""
    rows = np.arange(len(faces))
    for _ in range(_ROUNDS):
        part = np.ascontiguousarray(faces[rows])
        if not len(part):
            break
        twin = half_edge_twins(part, len(vertices))
        area = measure_faces(vertices, part).area_mm2
        component = find_winding(vertices, part, twin, area).component
        main = component == np.bincount(component, area).argmax()
        if not main.all():
            rows = rows[main]
            continue
        pinched = count_fans(part, twin, len(vertices)) > 1
        if not pinched.any():
            break
        rows = rows[~smaller_fans(vertices, part, twin, pinched)]
    return rows


def trim_border(vertices: Vertices, faces: Faces, rim: Loop, *, width_mm: float) -> TrimmedSheet:
    """Cut off all of a sheet that is nearer to its rim than a width.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Manifold, consistently wound.
    rim : (N,) int32
        Vertices of the border loop.
    width_mm : float

    Returns
    -------
    TrimmedSheet
        Without faces when nothing is left.
    """
    following = np.roll(rim, -1)
    line = np.stack([rim, following, following], axis=1).astype(np.int32)
    edge_mm = float(np.linalg.norm(vertices[faces] - vertices[np.roll(faces, 1, 1)], axis=2).max())
    reach = width_mm + edge_mm
    away, _, _ = point_to_surface(vertices, vertices, line, limit_mm=reach)
    depth = np.minimum(away, reach) - width_mm
    grown, kept, source = _clip(faces, depth, vertices)
    rows = _one_clean_piece(grown, kept)
    used, faces_left = np.unique(kept[rows], return_inverse=True)
    return TrimmedSheet(
        grown[used], faces_left.reshape(-1, 3).astype(np.int32), source[rows].astype(np.int32)
    )
