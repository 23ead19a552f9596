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

from stsbench.geometry.compiled import kernel

__all__ = ["CRUMB_FACES", "crumbs_about", "lost_faces"]

CRUMB_FACES = 500


@kernel
def _root(parent, n):
    while parent[n] != n:
        parent[n] = parent[parent[n]]
        n = parent[n]
    return n


@kernel
def crumbs_about(faces, twin, gone, vertex_count):
    """Find the small pieces that a cut through one component left over.

    Parameters
    ----------
    faces : (F, 3) int32
        What is left.
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
    crumb = np.zeros(len(faces), np.int32)
    place = np.full(vertex_count, -1, np.int32)  # union-find over the vertices of the cut
    for n in range(len(gone)):
        for j in range(3):
            if place[gone[n, j]] < 0:
                place[gone[n, j]] = gone[n, j]
            place[_root(place, gone[n, 0])] = _root(place, gone[n, j])
    group = np.empty(len(faces), np.int32)  # union-find over the faces about it
    about = np.empty(len(faces), np.int32)
    met = np.empty(len(faces), np.int32)
    count = 0
    for f in range(len(faces)):
        group[f] = -1
        met[f] = -1
        # Only where no corner is of the cut all three are negative.
        if (place[faces[f, 0]] & place[faces[f, 1]] & place[faces[f, 2]]) >= 0:
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
    # Places that one crumb touches are one; then what else touches a place must hang together.
    ends = np.full(max(vertex_count, found + 1), -1, np.int32)
    for n in range(count):
        c = crumb[about[n]]
        for j in range(3):
            v = faces[about[n], j]
            if c > 0 and place[v] >= 0:
                if ends[c] < 0:
                    ends[c] = v
                place[_root(place, ends[c])] = _root(place, v)
    ends[:] = -1
    for n in range(count):
        f = about[n]
        for j in range(3):
            v = faces[f, j]
            if crumb[f] > 0 or place[v] < 0:
                continue
            p = _root(place, v)
            if ends[p] < 0:
                ends[p] = _root(group, f)
            elif ends[p] != _root(group, f):
                return -1, crumb
    for n in range(len(gone)):
        if ends[_root(place, gone[n, 0])] < 0:
            return -1, crumb  # nothing else is left about it
    return found, crumb


@kernel
def lost_faces(mark, order, sorted_faces):
    """List the faces of a tree that went since it was built.

    Parameters
    ----------
    mark : (F,) int32
        Which face of the tree each one is, negative for those added since.
    order : (T,) int32
    sorted_faces : (T, 3) int32
        Of a `BoundingTree`.

    Returns
    -------
    (N, 3) int32
    """
    gone = np.ones(len(order), np.bool_)
    count = len(order)
    for f in range(len(mark)):
        if mark[f] >= 0:
            gone[mark[f]] = False
            count -= 1
    lost = np.empty((count, 3), np.int32)
    n = 0
    for x in range(len(order)):
        if gone[order[x]]:
            for j in range(3):
                lost[n, j] = sorted_faces[x, j]
            n += 1
    return lost
