"""A curve drawn on a surface, and the edges it crosses.

Rules owned here:
- Places are laid onto the surface and the curve between them as well, by halves: a few places on a
  curved arch are enough.
- Between two places the curve follows the section of the surface with the plane through both along
  the surface normal, face by face, whichever way round is shorter. So it never leaves the surface,
  whatever lies near, and enters every face as often as it leaves it.
- A vertex in the plane counts as above it: every face the plane meets has two edges that it crosses.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.distance import build_tree, closest_on_tree
from stsbench.geometry.wide_normals import sum_near

__all__ = ["Crossings", "SurfaceCurve", "follow_curve", "lay_curve"]

_STEPS_MM = (1.0, 0.4)
_APART_MM = 0.02
_INWARDS = 1e-3  # how far a place is drawn to the middle of its face, off edges and vertices
_ROOM = 4096
_LONGEST_MM = 20.0  # farther round than this two neighbouring places are not joined
LOST = -1
AT_BORDER = -2


class SurfaceCurve(NamedTuple):
    """A curve on a surface.

    Parameters
    ----------
    places : (N, 3) float64, mm
    face : (N,) int64
        The face each place lies in.
    normals : (N, 3) float64
        Of the surface at each place, smoothed.
    gap_mm : float
        Farthest that a given place was from the surface.
    """

    places: Vertices
    face: NDArray[np.int64]
    normals: NDArray[np.float64]
    gap_mm: float


class Crossings(NamedTuple):
    """Edges that a curve crosses, in its order; one can be there several times.

    Parameters
    ----------
    half_edges : (K,) int64
    share : (K,) float64
        Place of the crossing on the way from the half-edge's start, 0 to 1.
    lost : int
        Place after which the curve could not be followed, -1 for none.
    """

    half_edges: NDArray[np.int64]
    share: NDArray[np.float64]
    lost: int


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
    for step_mm in _STEPS_MM:
        _, _, laid = closest_on_tree(_divide(laid, step_mm, closed=closed), tree)
    laid = laid[_apart(laid, closed=closed)]
    _, face, laid = closest_on_tree(laid, tree)
    middle = vertices[faces[face]].mean(axis=1)
    sums = sum_near(vertices, faces)[:, :3]
    normals = _unit(_unit(sums)[faces[face]].sum(axis=1))
    laid = laid * (1 - _INWARDS) + middle * _INWARDS
    return SurfaceCurve(laid, face.astype(np.int64), normals, float(gap.max(initial=0.0)))


def follow_curve(
    vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    curve: SurfaceCurve,
    *,
    closed: bool,
    past_mm: float,
) -> Crossings:
    """Follow a curve from face to face.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
    curve : SurfaceCurve
        Its faces counted in `faces`.
    closed : bool
    past_mm : float
        An open curve runs on past its ends up to so far, to reach the border.
    """
    places, normals, face = curve.places, curve.normals, curve.face
    count = len(places)
    half_edges: list[NDArray[np.int64]] = []
    shares: list[NDArray[np.float64]] = []
    pairs = [(n, (n + 1) % count) for n in range(count if closed else count - 1)]
    for first, second in pairs:
        if face[first] == face[second]:
            continue
        way = places[second] - places[first]
        normal = normals[first] + normals[second]
        found = _shorter(vertices, faces, twin, places[first], face[[first, second]], way, normal)
        if found is None:
            return Crossings(np.zeros(0, dtype=np.int64), np.zeros(0), first)
        half_edges.append(found[0])
        shares.append(found[1])
    for end, before in () if closed else ((0, 1), (count - 1, count - 2)):
        way = places[end] - places[before]
        plane = np.cross(way, normals[end])
        status, found_edges, found_share, _ = _follow(
            vertices, faces, twin, places[end], face[end], -1, way, plane, past_mm
        )
        if status != AT_BORDER:
            return Crossings(np.zeros(0, dtype=np.int64), np.zeros(0), int(end))
        half_edges.append(found_edges)
        shares.append(found_share)
    none = np.zeros(0, dtype=np.int64)
    return Crossings(
        np.concatenate([none, *half_edges]), np.concatenate([np.zeros(0), *shares]), -1
    )


def _shorter(
    vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    place: NDArray[np.float64],
    ends: NDArray[np.int64],
    way: NDArray[np.float64],
    normal: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """Follow a section from one face to another both ways round and return the shorter one."""
    plane = np.cross(way, normal)
    best = None
    limit = _LONGEST_MM
    for sign in (1.0, -1.0):
        status, half_edges, share, length = _follow(
            vertices, faces, twin, place, ends[0], ends[1], sign * way, plane, limit
        )
        if status >= 0:
            best, limit = (half_edges, share), length
        if status >= 0 and length <= 2.0 * float(np.linalg.norm(way)):
            break  # round the other side it would be longer
    return best


@kernel
def _follow(vertices, faces, twin, place, start, target, way, plane, limit_mm):
    """Walk along a plane section: status (faces passed, LOST or AT_BORDER), edges, shares, length."""
    half_edges = np.empty(_ROOM, np.int64)
    share = np.empty(_ROOM)
    height = np.empty(3)
    at = place.copy()
    face = start
    entered = -1
    count = 0
    length = 0.0
    status = LOST
    while count < _ROOM:
        for j in range(3):
            height[j] = 0.0
            for k in range(3):
                height[j] += (vertices[faces[face, j], k] - place[k]) * plane[k]
        leaving = -1
        best = 0.0
        for j in range(3):
            i = j + 1 if j < 2 else 0
            if 3 * face + j == entered or (height[j] >= 0) == (height[i] >= 0):
                continue
            part = height[j] / (height[j] - height[i])
            along = 0.0
            for k in range(3):
                a = vertices[faces[face, j], k]
                along += (a + part * (vertices[faces[face, i], k] - a) - at[k]) * way[k]
            # Only the first face has two edges to choose from: the one that lies ahead.
            if leaving < 0 or along > best:
                leaving = j
                best = along
                share[count] = part
        if leaving < 0:
            break
        i = leaving + 1 if leaving < 2 else 0
        step = 0.0
        for k in range(3):
            a = vertices[faces[face, leaving], k]
            x = a + share[count] * (vertices[faces[face, i], k] - a)
            step += (x - at[k]) ** 2
            at[k] = x
        length += np.sqrt(step)
        if length > limit_mm:
            break
        half_edges[count] = 3 * face + leaving
        count += 1
        entered = twin[3 * face + leaving]
        if entered < 0:
            status = AT_BORDER if entered == -1 else LOST
            break
        face = entered // 3
        if face == target:
            status = count
            break
        if face == start:
            break
    return status, half_edges[:count].copy(), share[:count].copy(), length


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
        if np.linalg.norm(places[n] - places[keep[-1]]) > _APART_MM:
            keep.append(n)
    while closed and len(keep) > 2 and np.linalg.norm(places[keep[-1]] - places[0]) <= _APART_MM:
        keep.pop()
    return np.array(keep)


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    length: NDArray[np.float64] = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.maximum(length, 1e-300)
