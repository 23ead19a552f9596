"""Thin faces that are part of a surface: needles taken out with their short side, others turned.

Rules owned here:
- The two ends of such a side are one place as far as the file can say. One end goes, its faces get
  the other end as a corner, and the one or two faces on that side go. No vertex moves.
- An end on an open edge stays where it is, unless that side is itself open.
- Nothing is done where the two ends have another neighbour in common, where fans of faces meet, or
  where a sound face would become thin or turn over: such a face is turned (`cleaning`).

Source: link condition of H. Hoppe et al., *Mesh optimization*, SIGGRAPH 1993.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.geometry.cleaning import longest_first, turn_thin_faces
from stsbench.geometry.compiled import kernel
from stsbench.geometry.topology import GONE

__all__ = ["collapse_needles", "resolve_thin"]

_REACH = 4.0  # heights at which a face is thin: the longest side that is taken out
_FAN = 64  # faces about a vertex
_PASSES = 3


@kernel
def _fan(faces, twin, h, fan):
    """List the half-edges that leave the start of h; their number, negative at a border; 0: none.

    None are listed where the winding does not fit, an edge branches, or there are too many.
    """
    v = faces[h // 3, h % 3]
    count = 0
    e = h
    sign = 1
    while True:
        if count == len(fan):
            return 0
        fan[count] = e
        count += 1
        f = e // 3
        t = twin[3 * f + (e - 3 * f + 2) % 3]
        if t < 0:
            sign = -1
            if t < -1:
                return 0
            break
        if faces[t // 3, t % 3] != v:
            return 0
        e = t
        if e == h:
            return count
    e = h
    while True:
        t = twin[e]
        if t < 0:
            return sign * count if t == -1 else 0
        g = t // 3
        i = (t - 3 * g + 1) % 3
        if faces[g, i] != v or count == len(fan):
            return 0
        e = 3 * g + i
        fan[count] = e
        count += 1


@kernel
def _cross(vertices, a, b, c, out):
    """Write the cross product of two edges of a triangle; return its longest edge, squared."""
    for k in range(3):
        k1 = k + 1 if k < 2 else 0
        k2 = k - 1 if k > 0 else 2
        out[k] = (vertices[b, k1] - vertices[a, k1]) * (vertices[c, k2] - vertices[a, k2]) - (
            vertices[b, k2] - vertices[a, k2]
        ) * (vertices[c, k1] - vertices[a, k1])
    ab = 0.0
    bc = 0.0
    ca = 0.0
    for k in range(3):
        ab += (vertices[b, k] - vertices[a, k]) ** 2
        bc += (vertices[c, k] - vertices[b, k]) ** 2
        ca += (vertices[a, k] - vertices[c, k]) ** 2
    return max(ab, max(bc, ca))


@kernel
def _may_go(vertices, faces, twin, h, stays, valence, height, fan, other):
    """Count the faces about the start of h if it may become `stays`, the other end; else 0."""
    goes = faces[h // 3, h % 3]
    count = _fan(faces, twin, h, fan)
    about = _fan(faces, twin, 3 * (h // 3) + (h % 3 + 1) % 3, other)
    shared = 2 if twin[h] >= 0 else 1
    if count == 0 or about == 0 or (count < 0 and shared == 2):
        return 0
    count = abs(count)
    about = abs(about)
    if count != valence[goes] or about != valence[stays]:
        return 0
    common = 0
    for x in range(count):
        f = fan[x] // 3
        for i in range(3):
            w = faces[f, i]
            # Every neighbour once: as the end of the half-edge that leaves, or at the border.
            last = twin[3 * f + (fan[x] - 3 * f + 2) % 3] < 0
            at = fan[x] - 3 * f
            if w in (goes, stays) or i == at or (i == (at + 2) % 3 and not last):
                continue
            for y in range(about):
                g = other[y] // 3
                if faces[g, 0] == w or faces[g, 1] == w or faces[g, 2] == w:
                    common += 1
                    break
    if common != shared:
        return 0
    before = np.empty(3)
    after = np.empty(3)
    for x in range(count):
        f = fan[x] // 3
        at = fan[x] - 3 * f
        p = faces[f, (at + 1) % 3]
        q = faces[f, (at + 2) % 3]
        if stays in (p, q):
            # It goes: its two other neighbours come together, and must be two.
            s = twin[3 * f + (at + 1) % 3]
            t = twin[3 * f + (at if p != stays else (at + 2) % 3)]
            if s < -1 or t < -1 or (s >= 0 and t >= 0 and s // 3 == t // 3):
                return 0
            continue
        was = _cross(vertices, goes, p, q, before)
        now = _cross(vertices, stays, p, q, after)
        size = 0.0
        fresh = 0.0
        along = 0.0
        for k in range(3):
            size += before[k] * before[k]
            fresh += after[k] * after[k]
            along += before[k] * after[k]
        if size > height * height * was and (fresh <= height * height * now or along <= 0.0):
            return 0
    return count


@kernel
def _collapse(vertices, faces, twin, work, height, reach, valence, state):
    """Take sides out of the faces of the work list; state: 1 dropped, 2 remade."""
    fan = np.empty(_FAN, np.int32)
    other = np.empty(_FAN, np.int32)
    normal = np.empty(3)
    done = 0
    for x in range(len(work)):
        f = work[x]
        if state[f] == 1:
            continue
        longest = _cross(vertices, faces[f, 0], faces[f, 1], faces[f, 2], normal)
        size = normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2
        if size > height * height * longest:
            continue
        short = reach * reach
        j = -1
        for i in range(3):
            side = 0.0
            for k in range(3):
                side += (vertices[faces[f, (i + 1) % 3], k] - vertices[faces[f, i], k]) ** 2
            if side <= short:
                short = side
                j = i
        if j < 0:
            continue
        h = 3 * f + j
        if twin[h] < -1:
            continue
        # The end that comes first by place stays, so that names do not matter.
        for k in range(3):
            step = vertices[faces[f, (j + 1) % 3], k] - vertices[faces[f, j], k]
            if step != 0.0:
                if step > 0.0 and twin[h] >= 0:
                    h = twin[h]
                break
        count = 0
        for _ in range(2):
            g = h // 3
            stays = faces[g, (h - 3 * g + 1) % 3]
            count = _may_go(vertices, faces, twin, h, stays, valence, height, fan, other)
            if count > 0 or twin[h] < 0:
                break
            h = twin[h]
        if count == 0:
            continue
        goes = faces[h // 3, h % 3]
        stays = faces[h // 3, (h % 3 + 1) % 3]
        for y in range(count):
            g = fan[y] // 3
            if state[g] == 0:
                state[g] = 2
            faces[g, fan[y] - 3 * g] = stays
        valence[stays] += count
        valence[goes] = 0
        for side in range(2):
            e = h if side == 0 else twin[h]
            if e < 0:
                continue
            g = e // 3
            i = e - 3 * g
            s = twin[3 * g + (i + 1) % 3]
            t = twin[3 * g + (i + 2) % 3]
            if s >= 0:
                twin[s] = t
            if t >= 0:
                twin[t] = s
            state[g] = 1
            valence[stays] -= 2
            valence[faces[g, (i + 2) % 3]] -= 1
        e = twin[h]
        for side in range(2):
            if e >= 0:
                g = e // 3
                for i in range(3):
                    twin[3 * g + i] = -1
            e = h
        done += 1
    return done


def collapse_needles(
    vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    thin: NDArray[np.integer],
    *,
    thin_mm: float,
) -> tuple[Faces, NDArray[np.int32], NDArray[np.uint8]]:
    """Take thin faces out that have a side of next to no length.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        Consistently wound.
    twin : (3F,) int32
    thin : (N,) int
        The faces to resolve.
    thin_mm : float
        Height at and below which a face is thin.

    Returns
    -------
    faces : (F, 3) int32
        Dropped faces are still in it.
    twin : (3F,) int32
        -1 at the edges of dropped faces.
    state : (F,) uint8
        0 untouched, 1 dropped, 2 remade.
    """
    joined, table = faces.copy(), twin.copy()
    state = np.zeros(len(faces), dtype=np.uint8)
    there = faces[twin[::3] != GONE]
    valence = np.bincount(there.ravel(), minlength=len(vertices)).astype(np.int32)
    work = longest_first(vertices, faces, thin)
    for _ in range(_PASSES):
        if not _collapse(vertices, joined, table, work, thin_mm, _REACH * thin_mm, valence, state):
            break
    return joined, table, state


def resolve_thin(
    vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    thin: NDArray[np.integer],
    *,
    thin_mm: float,
) -> tuple[Faces, NDArray[np.int32], NDArray[np.uint8]]:
    """Collapse needles, then turn what is still thin.

    Parameters and results are those of `turn_thin_faces`.
    """
    faces, twin, state = collapse_needles(vertices, faces, twin, thin, thin_mm=thin_mm)
    left = thin[state[thin] != 1]
    faces, twin, turned = turn_thin_faces(vertices, faces, twin, left, thin_mm=thin_mm)
    return faces, twin, np.where(turned > 0, turned, state)
