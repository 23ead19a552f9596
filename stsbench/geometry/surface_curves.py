"""A curve drawn on a surface, and the edges it crosses.

Rules owned here:
- Places are laid onto the surface and the curve between them as well, by halves: a few places on a
  curved arch are enough.
- The curve crosses an edge where a fence does that stands on the curve along the surface normal.
  An edge crossed an even number of times is not cut.
- Ties are broken the same way for both faces at an edge of the fence, so no crossing is lost or
  counted twice.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Edges, Faces, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.distance import build_tree, closest_on_tree
from stsbench.geometry.wide_normals import sum_near

__all__ = ["Fence", "SurfaceCurve", "build_fence", "cross_edges", "lay_curve"]

_COARSE_MM = 1.0
_FINE_MM = 0.25
_SMOOTHED_MM = 1.0


class SurfaceCurve(NamedTuple):
    """A curve on a surface.

    Parameters
    ----------
    places : (N, 3) float64, mm
    normals : (N, 3) float64
        Unit normals of the surface, smoothed along the curve.
    gap_mm : float
        Farthest that a given place was from the surface.
    """

    places: Vertices
    normals: NDArray[np.float64]
    gap_mm: float


class Fence(NamedTuple):
    """A strip that stands on a curve.

    Parameters
    ----------
    vertices : (2N, 3) float64, mm
    faces : (M, 3) int32
    """

    vertices: Vertices
    faces: Faces


def lay_curve(vertices: Vertices, faces: Faces, places: Vertices, *, closed: bool) -> SurfaceCurve:
    """Lay a polyline onto a surface.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        The surface about the polyline will do.
    places : (P, 3) float64, mm
        Consecutive places differ.
    closed : bool
        The last place is joined to the first.
    """
    tree = build_tree(vertices, faces)
    gap, _, laid = closest_on_tree(places, tree)
    for step_mm in (_COARSE_MM, _FINE_MM):
        _, _, laid = closest_on_tree(_divide(laid, step_mm, closed=closed), tree)
    laid = laid[_apart(laid, closed=closed)]
    _, face, laid = closest_on_tree(laid, tree)
    normals = _unit(sum_near(vertices, faces)[:, :3])[faces[face]].sum(axis=1)
    normals = _smoothed(_unit(normals), closed=closed)
    return SurfaceCurve(laid, normals, float(gap.max(initial=0.0)))


def build_fence(curve: SurfaceCurve, *, closed: bool, height_mm: float, past_mm: float) -> Fence:
    """Stand a strip on a curve.

    Parameters
    ----------
    curve : SurfaceCurve
    closed : bool
    height_mm : float
        Above and below the surface.
    past_mm : float
        How far the strip runs on past the ends of an open curve.
    """
    places, normals = curve.places, curve.normals
    if not closed:
        first, last = _unit(np.stack([places[0] - places[1], places[-1] - places[-2]])) * past_mm
        places = np.concatenate([[places[0] + first], places, [places[-1] + last]])
        normals = np.concatenate([normals[:1], normals, normals[-1:]])
    count = len(places)
    lifted = height_mm * normals
    low = np.arange(count if closed else count - 1, dtype=np.int32)
    after = (low + 1) % count
    faces = np.concatenate(
        [
            np.stack([low, after, after + count], axis=-1),
            np.stack([low, after + count, low + count], axis=-1),
        ]
    )
    return Fence(
        np.ascontiguousarray(np.concatenate([places - lifted, places + lifted])),
        np.ascontiguousarray(faces, dtype=np.int32),
    )


def cross_edges(
    vertices: Vertices, edges: Edges, fence: Fence
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Find where edges cross a fence.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    edges : (E, 2) int32
        Lower vertex first.
    fence : Fence

    Returns
    -------
    crossed : (E,) bool
        An odd number of times.
    share : (E,) float64
        Place of the first crossing found on the way from the first vertex, 0 to 1.
    """
    corners = fence.vertices[fence.faces]
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    count, share = _cross(vertices, edges, fence.vertices, fence.faces, boxes)
    crossed: NDArray[np.bool_] = count % 2 == 1
    return crossed, share


@kernel
def _volume(ax, ay, az, bx, by, bz, cx, cy, cz):
    return ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)


@kernel
def _passes(px, py, pz, qx, qy, qz, strip, u, v):
    """On which side the line p-q passes the strip's edge u-v; the same edge answers one way."""
    low = min(u, v)
    high = max(u, v)
    side = _volume(
        qx - px, qy - py, qz - pz,
        strip[low, 0] - px, strip[low, 1] - py, strip[low, 2] - pz,
        strip[high, 0] - px, strip[high, 1] - py, strip[high, 2] - pz,
    )  # fmt: skip
    return (side >= 0) == (low == u)


@kernel
def _cross(vertices, edges, strip, strip_faces, boxes):
    count = np.zeros(len(edges), np.int64)
    share = np.zeros(len(edges))
    for e in range(len(edges)):
        px = vertices[edges[e, 0], 0]
        py = vertices[edges[e, 0], 1]
        pz = vertices[edges[e, 0], 2]
        qx = vertices[edges[e, 1], 0]
        qy = vertices[edges[e, 1], 1]
        qz = vertices[edges[e, 1], 2]
        for f in range(len(strip_faces)):
            if (
                max(px, qx) < boxes[f, 0] or min(px, qx) > boxes[f, 3]
                or max(py, qy) < boxes[f, 1] or min(py, qy) > boxes[f, 4]
                or max(pz, qz) < boxes[f, 2] or min(pz, qz) > boxes[f, 5]
            ):  # fmt: skip
                continue
            a = strip_faces[f, 0]
            b = strip_faces[f, 1]
            c = strip_faces[f, 2]
            ux = strip[b, 0] - strip[a, 0]
            uy = strip[b, 1] - strip[a, 1]
            uz = strip[b, 2] - strip[a, 2]
            wx = strip[c, 0] - strip[a, 0]
            wy = strip[c, 1] - strip[a, 1]
            wz = strip[c, 2] - strip[a, 2]
            dp = _volume(
                ux, uy, uz, wx, wy, wz, px - strip[a, 0], py - strip[a, 1], pz - strip[a, 2]
            )
            dq = _volume(
                ux, uy, uz, wx, wy, wz, qx - strip[a, 0], qy - strip[a, 1], qz - strip[a, 2]
            )
            if (dp >= 0) == (dq >= 0):
                continue
            one = _passes(px, py, pz, qx, qy, qz, strip, a, b)
            if one != _passes(px, py, pz, qx, qy, qz, strip, b, c):
                continue
            if one != _passes(px, py, pz, qx, qy, qz, strip, c, a):
                continue
            if count[e] == 0:
                share[e] = dp / (dp - dq)
            count[e] += 1
    return count, share


def _divide(places: Vertices, step_mm: float, *, closed: bool) -> Vertices:
    """Put places between others, no farther apart than a step."""
    after = np.roll(places, -1, axis=0)
    ends = len(places) if closed else len(places) - 1
    gap = np.linalg.norm(after - places, axis=1)[:ends]
    counts = np.maximum(np.ceil(gap / step_mm), 1).astype(np.int64)
    owner = np.repeat(np.arange(ends), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (within / counts[owner])[:, None]
    divided = places[owner] * (1 - share) + after[owner] * share
    return divided if closed else np.concatenate([divided, places[-1:]])


def _apart(places: Vertices, *, closed: bool) -> NDArray[np.int64]:
    """Return the places to keep, so that none lies on the one before."""
    keep = [0]
    for n in range(1, len(places)):
        if np.linalg.norm(places[n] - places[keep[-1]]) > 0.2 * _FINE_MM:
            keep.append(n)
    while (
        closed
        and len(keep) > 2
        and (np.linalg.norm(places[keep[-1]] - places[0]) <= 0.2 * _FINE_MM)
    ):
        keep.pop()
    return np.array(keep)


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    length: NDArray[np.float64] = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.maximum(length, 1e-300)


def _smoothed(normals: NDArray[np.float64], *, closed: bool) -> NDArray[np.float64]:
    """Average directions along the curve."""
    reach = int(_SMOOTHED_MM / _FINE_MM / 2)
    count = len(normals)
    at = np.arange(count)[:, None] + np.arange(-reach, reach + 1)
    at = at % count if closed else np.clip(at, 0, count - 1)
    return _unit(normals[at].sum(axis=1))
