"""Give patches vertices of their own, as dense as the surface around them.

Rules owned here:
- A triangle gets a vertex at its centroid while its corners are farther from it than the edge
  length asked for, which is that of the rim's surroundings, carried inwards.
- After each round edges are flipped until the patch is Delaunay, unless a flip would fold the
  patch or make an edge that exists already.
- No patch gets more than `VERTEX_CAP` vertices, so that a rim as wide as a whole jaw ends too.
- The same rim gives the same patch: triangles are taken in order, flips from a stack.

Sources: P. Liepa, *Filling holes in meshes*, SGP 2003; R. Pfeifle, H.-P. Seidel, *Triangular
B-splines for blending and filling of polygonal holes*, Graphics Interface 1996.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import kernel, kernel_inline

__all__ = ["VERTEX_CAP", "refine_patches", "rim_edge_length"]

VERTEX_CAP = 60_000
_DENSITY = 1.41421356


@kernel
def rim_edge_length(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    twin: NDArray[np.int32],
    rim: NDArray[np.int32],
    offsets: NDArray[np.int64],
    owner: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Return the mean length of the edges that fan out from each place of a rim, (B,) mm."""
    length = np.zeros(rim.shape[0])
    for loop in range(offsets.shape[0] - 1):
        for place in range(offsets[loop], offsets[loop + 1]):
            before = place - 1 if place > offsets[loop] else offsets[loop + 1] - 1
            # The half-edge that leaves this vertex along the rim, into the fan.
            h = owner[before]
            v = rim[place]
            total = 0.0
            count = 0
            while h >= 0 and count < 1000:
                f = h // 3
                j = h - 3 * f
                w = faces[f, (j + 1) % 3]
                total += np.sqrt(
                    (vertices[w, 0] - vertices[v, 0]) ** 2
                    + (vertices[w, 1] - vertices[v, 1]) ** 2
                    + (vertices[w, 2] - vertices[v, 2]) ** 2
                )
                count += 1
                h = twin[3 * f + (j + 2) % 3]
            length[place] = total / count if count else 0.0
    return length


@kernel_inline
def _cotangent_parts(points, apex, a, b):  # type: ignore[no-untyped-def]
    """Return dot and cross length of the two edges that leave the apex."""
    e0 = points[a, 0] - points[apex, 0]
    e1 = points[a, 1] - points[apex, 1]
    e2 = points[a, 2] - points[apex, 2]
    f0 = points[b, 0] - points[apex, 0]
    f1 = points[b, 1] - points[apex, 1]
    f2 = points[b, 2] - points[apex, 2]
    n0 = e1 * f2 - e2 * f1
    n1 = e2 * f0 - e0 * f2
    n2 = e0 * f1 - e1 * f0
    return e0 * f0 + e1 * f1 + e2 * f2, np.sqrt(n0 * n0 + n1 * n1 + n2 * n2)


@kernel_inline
def _cross(points, a, b, c):  # type: ignore[no-untyped-def]
    """Return the normal of a triangle, twice its area long."""
    e0 = points[b, 0] - points[a, 0]
    e1 = points[b, 1] - points[a, 1]
    e2 = points[b, 2] - points[a, 2]
    f0 = points[c, 0] - points[a, 0]
    f1 = points[c, 1] - points[a, 1]
    f2 = points[c, 2] - points[a, 2]
    return e1 * f2 - e2 * f1, e2 * f0 - e0 * f2, e0 * f1 - e1 * f0


@kernel_inline
def _cosine(a0, a1, a2, b0, b1, b2):  # type: ignore[no-untyped-def]
    """Return the cosine between two vectors; -2 where one has no length."""
    size = np.sqrt((a0 * a0 + a1 * a1 + a2 * a2) * (b0 * b0 + b1 * b1 + b2 * b2))
    return (a0 * b0 + a1 * b1 + a2 * b2) / size if size > 0.0 else -2.0


@kernel_inline
def _point_twin(opposite, h, g):  # type: ignore[no-untyped-def]
    """Join two half-edges, either of which may be the outside."""
    if h >= 0:
        opposite[h] = g
    if g >= 0:
        opposite[g] = h


@kernel
def flip_to_delaunay(
    points: NDArray[np.float64],
    name: NDArray[np.int64],
    triangles: NDArray[np.int32],
    opposite: NDArray[np.int32],
    count: int,
    rim_size: int,
    blocked: NDArray[np.int64],
) -> int:
    """Flip edges in place until none is left that Delaunay forbids; return how many were flipped.

    `name` tells vertices apart (a rim may pass one twice), `blocked` holds the forbidden pairs of
    rim places as first * rim_size + second, ascending.
    """
    waiting = np.empty(3 * count + 16, np.int32)
    queued = np.zeros(3 * count, np.uint8)
    top = 0
    for h in range(3 * count - 1, -1, -1):
        if opposite[h] > h:
            waiting[top] = h
            queued[h] = 1
            top += 1
    flips = 0
    while top > 0 and flips < 20 * count:
        top -= 1
        h = waiting[top]
        queued[h] = 0
        g = opposite[h]
        if g < 0:
            continue
        t = h // 3
        u = g // 3
        j = h - 3 * t
        k = g - 3 * u
        a = triangles[t, j]
        b = triangles[t, (j + 1) % 3]
        c = triangles[t, (j + 2) % 3]
        d = triangles[u, (k + 2) % 3]
        dot_c, cross_c = _cotangent_parts(points, c, a, b)
        dot_d, cross_d = _cotangent_parts(points, d, a, b)
        size = np.sqrt((dot_c * dot_c + cross_c * cross_c) * (dot_d * dot_d + cross_d * cross_d))
        if dot_c * cross_d + dot_d * cross_c >= -1e-9 * size:
            continue
        if name[c] == name[d]:
            continue
        if c < rim_size and d < rim_size:
            key = min(c, d) * np.int64(rim_size) + max(c, d)
            at = np.searchsorted(blocked, key)
            if at < blocked.shape[0] and blocked[at] == key:
                continue
        # Does an edge between c and d exist in the patch? Look around c, both ways to the rim.
        exists = False
        for way in range(2):
            e = 3 * t + (j + 2) % 3
            for _ in range(3 * count):
                f = e // 3
                i = e - 3 * f
                if name[triangles[f, (i + 1) % 3]] == name[d]:
                    exists = True
                    break
                if name[triangles[f, (i + 2) % 3]] == name[d]:
                    exists = True
                    break
                if way == 0:
                    e = opposite[3 * f + (i + 2) % 3]
                else:
                    e = opposite[e]
                    if e >= 0:
                        e = e + 1 if e % 3 < 2 else e - 2
                if e < 0 or e == 3 * t + (j + 2) % 3:
                    break
            if exists or e >= 0:
                break
        if exists:
            continue
        p0, p1, p2 = _cross(points, a, b, c)
        q0, q1, q2 = _cross(points, b, a, d)
        r0, r1, r2 = _cross(points, a, d, c)
        s0, s1, s2 = _cross(points, d, b, c)
        before = _cosine(p0, p1, p2, q0, q1, q2)
        after = _cosine(r0, r1, r2, s0, s1, s2)
        if after < min(before, 0.5):
            continue
        outer_bc = opposite[3 * t + (j + 1) % 3]
        outer_ca = opposite[3 * t + (j + 2) % 3]
        outer_ad = opposite[3 * u + (k + 1) % 3]
        outer_db = opposite[3 * u + (k + 2) % 3]
        triangles[t, 0] = a
        triangles[t, 1] = d
        triangles[t, 2] = c
        triangles[u, 0] = d
        triangles[u, 1] = b
        triangles[u, 2] = c
        opposite[3 * t] = -1
        opposite[3 * t + 2] = -1
        opposite[3 * u] = -1
        opposite[3 * u + 1] = -1
        _point_twin(opposite, 3 * t, outer_ad)
        _point_twin(opposite, 3 * t + 2, outer_ca)
        _point_twin(opposite, 3 * u, outer_db)
        _point_twin(opposite, 3 * u + 1, outer_bc)
        opposite[3 * t + 1] = 3 * u + 2
        opposite[3 * u + 2] = 3 * t + 1
        flips += 1
        for x in range(4):
            e = 3 * t if x == 0 else 3 * t + 2 if x == 1 else 3 * u if x == 2 else 3 * u + 1
            o = opposite[e]
            if o < 0 or queued[e] or queued[o]:
                continue
            if top == waiting.shape[0]:
                grown = np.empty(2 * top, np.int32)
                grown[:top] = waiting
                waiting = grown
            waiting[top] = e
            queued[e] = 1
            top += 1
    return flips


@kernel_inline
def _link(triangles, count, vertex_count, opposite):  # type: ignore[no-untyped-def]
    """Find the opposite half-edge of each triangle edge, -1 on the rim."""
    head = np.full(vertex_count, -1, np.int32)
    chain = np.empty(3 * count, np.int32)
    for f in range(count):
        for j in range(3):
            v = triangles[f, j]
            chain[3 * f + j] = head[v]
            head[v] = 3 * f + j
            opposite[3 * f + j] = -1
    for f in range(count):
        for j in range(3):
            g = head[triangles[f, (j + 1) % 3]]
            while g >= 0:
                e = g // 3
                if triangles[e, (g - 3 * e + 1) % 3] == triangles[f, j]:
                    opposite[3 * f + j] = g
                    break
                g = chain[g]


@kernel
def refine_patches(
    vertices: NDArray[np.float64],
    rim: NDArray[np.int32],
    offsets: NDArray[np.int64],
    edge_length: NDArray[np.float64],
    blocked: NDArray[np.int64],
    triangles: NDArray[np.int32],
    triangle_offsets: NDArray[np.int64],
    vertex_cap: int,
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Refine every patch to the edge length of its surroundings and make it Delaunay.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    rim : (B,) int32
    offsets : (L+1,) int64
    edge_length : (B,) float64, mm
        Asked for at each place of the rim.
    blocked : (K, 3) int64
        Loop and two places of its rim that no edge may join, ascending.
    triangles : (T, 3) int32
        Places within the rim; the number of rim vertices stands for the middle of the rim.
    triangle_offsets : (L+1,) int64
    vertex_cap : int
        Most vertices to add to one patch.

    Returns
    -------
    new_vertices : (N, 3) float64, mm
    new_faces : (M, 3) int32
        Indices into `vertices` with `new_vertices` after them.
    vertex_offsets, face_offsets : (L+1,) int64
        Which of them belong to each loop.
    """
    loops = offsets.shape[0] - 1
    new_vertices = np.empty((2 * rim.shape[0] + 64, 3))
    new_faces = np.empty((6 * rim.shape[0] + 64, 3), np.int32)
    vertex_offsets = np.zeros(loops + 1, np.int64)
    face_offsets = np.zeros(loops + 1, np.int64)
    made_vertices = 0
    made_faces = 0
    ban = 0
    for loop in range(loops):
        start = offsets[loop]
        size = int(offsets[loop + 1] - start)
        count = int(triangle_offsets[loop + 1] - triangle_offsets[loop])
        ban_start = ban
        while ban < blocked.shape[0] and blocked[ban, 0] == loop:
            ban += 1
        if count == 0:
            vertex_offsets[loop + 1] = made_vertices
            face_offsets[loop + 1] = made_faces
            continue
        bans = blocked[ban_start:ban, 1] * size + blocked[ban_start:ban, 2]
        star = count == size
        capacity = 2 * size + 16
        points = np.empty((capacity, 3))
        wanted = np.empty(capacity)
        name = np.empty(capacity, np.int64)
        for i in range(size):
            points[i] = vertices[rim[start + i]]
            wanted[i] = edge_length[start + i]
            name[i] = rim[start + i]
        used = size
        if star:
            points[size] = 0.0
            wanted[size] = 0.0
            for i in range(size):
                points[size] += points[i] / size
                wanted[size] += wanted[i] / size
            name[size] = vertices.shape[0]
            used += 1
        local = np.empty((2 * capacity, 3), np.int32)
        opposite = np.empty(6 * capacity, np.int32)
        for t in range(count):
            local[t] = triangles[triangle_offsets[loop] + t]
        if star:
            for i in range(size):
                opposite[3 * i] = -1
                opposite[3 * i + 1] = 3 * ((i + 1) % size) + 2
                opposite[3 * i + 2] = 3 * ((i + size - 1) % size) + 1
        else:
            _link(local, count, used, opposite)
        # A very wide patch is coarser inside than the cap would otherwise allow.
        area = 0.0
        mean = 0.0
        for t in range(count):
            x, y, z = _cross(points, local[t, 0], local[t, 1], local[t, 2])
            area += 0.5 * np.sqrt(x * x + y * y + z * z)
        for i in range(size):
            mean += wanted[i] / size
        expected = area / (0.8 * mean * mean) if mean > 0.0 else 0.0
        coarser = max(1.0, np.sqrt(expected / vertex_cap))
        flip_to_delaunay(points, name, local, opposite, count, size, bans)
        for _ in range(40):
            added = 0
            for t in range(count):
                a = local[t, 0]
                b = local[t, 1]
                c = local[t, 2]
                length = (wanted[a] + wanted[b] + wanted[c]) / 3.0
                split = True
                x = (points[a] + points[b] + points[c]) / 3.0
                for j in range(3):
                    v = local[t, j]
                    distance = _DENSITY * np.sqrt(
                        (points[v, 0] - x[0]) ** 2
                        + (points[v, 1] - x[1]) ** 2
                        + (points[v, 2] - x[2]) ** 2
                    )
                    if not (distance > coarser * length and distance > coarser * wanted[v]):
                        split = False
                if not split or used - size >= vertex_cap or length <= 0.0:
                    continue
                if used == capacity:
                    capacity *= 2
                    bigger = np.empty((capacity, 3))
                    bigger[:used] = points
                    points = bigger
                    longer = np.empty(capacity)
                    longer[:used] = wanted
                    wanted = longer
                    names = np.empty(capacity, np.int64)
                    names[:used] = name
                    name = names
                    more = np.empty((2 * capacity, 3), np.int32)
                    more[: local.shape[0]] = local
                    local = more
                    others = np.empty(6 * capacity, np.int32)
                    others[: opposite.shape[0]] = opposite
                    opposite = others
                points[used] = x
                wanted[used] = length
                name[used] = vertices.shape[0] + used
                u = count + 2 * added
                outer_bc = opposite[3 * t + 1]
                outer_ca = opposite[3 * t + 2]
                local[t, 2] = used
                local[u, 0] = b
                local[u, 1] = c
                local[u, 2] = used
                local[u + 1, 0] = c
                local[u + 1, 1] = a
                local[u + 1, 2] = used
                opposite[3 * u] = -1
                opposite[3 * u + 3] = -1
                _point_twin(opposite, 3 * u, outer_bc)
                _point_twin(opposite, 3 * u + 3, outer_ca)
                _point_twin(opposite, 3 * t + 1, 3 * u + 2)
                _point_twin(opposite, 3 * u + 1, 3 * u + 5)
                _point_twin(opposite, 3 * u + 4, 3 * t + 2)
                used += 1
                added += 1
            if added == 0:
                break
            count += 2 * added
            flip_to_delaunay(points, name, local, opposite, count, size, bans)
        while new_vertices.shape[0] < made_vertices + used - size:
            roomy = np.empty((2 * new_vertices.shape[0], 3))
            roomy[:made_vertices] = new_vertices[:made_vertices]
            new_vertices = roomy
        while new_faces.shape[0] < made_faces + count:
            wide = np.empty((2 * new_faces.shape[0], 3), np.int32)
            wide[:made_faces] = new_faces[:made_faces]
            new_faces = wide
        for i in range(size, used):
            new_vertices[made_vertices + i - size] = points[i]
        for t in range(count):
            for j in range(3):
                v = local[t, j]
                if v < size:
                    new_faces[made_faces, j] = rim[start + v]
                else:
                    new_faces[made_faces, j] = vertices.shape[0] + made_vertices + v - size
            made_faces += 1
        made_vertices += used - size
        vertex_offsets[loop + 1] = made_vertices
        face_offsets[loop + 1] = made_faces
    return new_vertices[:made_vertices], new_faces[:made_faces], vertex_offsets, face_offsets
