"""What hangs together after a cut, told from the faces about the cut alone.

Rules owned here:
- Faces that went and share vertices are one place. A way over edges that led through a place entered
  and left it beside faces that touch it: when those hang together, over edges, so does what is left.
- Where they do not, each of their groups is followed over `CRUMB_FACES` faces. One that ends there is
  a crumb: it counts as part of the places it touches, and those as one.
- The answer "not known" only says that this does not tell: the faces about a place may hang together
  farther away. Then all faces must be joined (`face_sets.join_faces`).
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces
from stsbench.geometry.compiled import kernel
from stsbench.geometry.face_groups import group_faces
from stsbench.geometry.topology import GONE

__all__ = ["CRUMB_FACES", "crumbs_about"]

CRUMB_FACES = 500
_MOST_CRUMBS = 300


@kernel
def _root(parent, n):
    while parent[n] != n:
        parent[n] = parent[parent[n]]
        n = parent[n]
    return n


@kernel
def _follow(faces, twin, cut):
    """Group the faces that name a vertex of the cut, over edges; follow each group a while."""
    crumb = np.zeros(len(faces), np.int32)
    group = np.empty(len(faces), np.int32)
    about = np.empty(len(faces), np.int32)
    met = np.empty(len(faces), np.int32)
    count = 0
    for f in range(len(faces)):
        group[f] = -1
        met[f] = -1
        near = (
            cut[np.uint32(faces[f, 0])] | cut[np.uint32(faces[f, 1])] | cut[np.uint32(faces[f, 2])]
        )
        if near and twin[3 * f] != GONE:
            group[f] = f
            about[count] = f
            count += 1
    for n in range(count):
        for j in range(3):
            t = twin[3 * about[n] + j]
            if t >= 0 and group[t // 3] >= 0:
                group[_root(group, about[n])] = _root(group, t // 3)
    found = 0
    queue = np.empty(CRUMB_FACES + 3, np.int32)
    for n in range(count):
        root = _root(group, about[n])
        if met[root] >= 0:
            continue
        first = 0
        last = 1
        queue[0] = root
        met[root] = root
        while first < last < CRUMB_FACES:
            f = queue[first]
            first += 1
            for j in range(3):
                t = twin[3 * f + j]
                if t < 0 or met[t // 3] == root:
                    continue
                g = t // 3
                met[g] = root
                queue[last] = g
                last += 1
                if group[g] >= 0:
                    group[_root(group, g)] = _root(group, root)
        if first == last:
            found += 1
            for x in range(last):
                crumb[queue[x]] = found
    for n in range(count):
        met[n] = _root(group, about[n])
    return about[:count].copy(), met[:count].copy(), found, crumb


def crumbs_about(
    faces: Faces, twin: NDArray[np.int32], gone: Faces, vertex_count: int
) -> tuple[int, NDArray[np.int32]]:
    """Find the small pieces that a cut through one component left over.

    Parameters
    ----------
    faces : (F, 3) int32
        What is left, and rows of faces that were taken out, whose half-edges are `GONE`.
    twin : (3F,) int32
    gone : (N, 3) int32
        Corners of the faces that went; with them it was one component.
    vertex_count : int

    Returns
    -------
    count : int
        Crumbs that were found; -1 when it is not known whether the rest is one component.
    crumb : (F,) int32
        Number of the crumb a face belongs to, from 1 on; 0 for all others.
    """
    place = np.full(vertex_count, -1, dtype=np.int32)
    place[gone] = group_faces(gone)[:, None]
    about, group, found, crumb = _follow(faces, twin, place >= 0)
    if found > _MOST_CRUMBS:
        return -1, crumb
    corners = place[faces[about]]
    row, corner = np.nonzero(corners >= 0)
    touched, own, within = corners[row, corner], group[row], crumb[about[row]]
    # Places that one crumb touches are one; then what else touches a place must hang together.
    label = np.arange(int(place.max(initial=-1)) + 1)
    for c in range(1, found + 1):
        together = np.zeros(len(label), dtype=bool)
        together[label[touched[within == c]]] = True
        label[together[label]] = together.argmax()
    rest = within == 0
    pairs = np.unique(label[touched[rest]] * len(faces) + own[rest])
    # Each place once: one group about it.
    known = np.array_equal(pairs // max(len(faces), 1), np.unique(label))
    return (found if known else -1), crumb
