"""Cover each boundary loop with triangles between its own vertices.

Rules owned here:
- A patch runs against its loop, so that it agrees with the faces that own the rim.
- The triangulation minimises the worst dihedral angle, the rim's own faces included, then the area.
- No edge of a patch exists elsewhere in the mesh, and none joins a vertex with itself: such chords
  are forbidden. Where nothing else remains, one vertex in the middle of the loop is joined to all.
- The exact search is cubic, so it takes loops of up to `EXACT_RIM` vertices. A longer one is
  covered from coarse to fine: every so-many-th vertex first, then what lies between.
- The answer depends on the shape of a loop and not on which vertex it is said to start with.

Source: P. Liepa, *Filling holes in meshes*, Symposium on Geometry Processing 2003.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.geometry.compiled import kernel, kernel_inline

__all__ = ["EXACT_RIM", "gather_rims", "triangulate_rims"]

EXACT_RIM = 160  # rim vertices; the exact search of 160 takes 10 ms
_CROWDED = 16  # loops through one vertex beyond which it is no scan, and is left alone


@kernel
def gather_rims(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    twin: NDArray[np.int32],
    loop_vertices: NDArray[np.int32],
    loop_offsets: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Turn loops into rims that patches follow, with the half-edges they lean on.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
        Opposite half-edge, negative at a boundary.
    loop_vertices : (B,) int32
    loop_offsets : (L+1,) int64

    Returns
    -------
    rim : (B,) int32
        The loops reversed, each from the end of its longest edge.
    owner : (B,) int32
        Half-edge of the mesh that runs from rim[b+1] to rim[b]; -1 where there is none.
    next_use : (B,) int32
        The next place in `rim` that holds the same vertex; -1 at the last.
    blocked : (K, 3) int64
        Loop and two places within it that an edge of the mesh joins already, first < second;
        in ascending order.
    """
    count = loop_vertices.shape[0]
    loops = loop_offsets.shape[0] - 1
    rim = np.empty(count, np.int32)
    owner = np.full(count, -1, np.int32)
    next_use = np.full(count, -1, np.int32)
    loop_of = np.empty(count, np.int32)
    for loop in range(loops):
        start = loop_offsets[loop]
        size = loop_offsets[loop + 1] - start
        longest = -1.0
        first = 0
        for i in range(size):
            a = loop_vertices[start + i]
            b = loop_vertices[start + (i + 1) % size]
            squared = 0.0
            for k in range(3):
                squared += (vertices[b, k] - vertices[a, k]) ** 2
            # Equal edges, as on a regular grid: the smaller position decides.
            better = squared > longest * (1 + 1e-9)
            if not better and squared >= longest * (1 - 1e-9):
                old = loop_vertices[start + first]
                for k in range(3):
                    if vertices[a, k] != vertices[old, k]:
                        better = vertices[a, k] < vertices[old, k]
                        break
            if better:
                longest = squared
                first = i
        for i in range(size):
            rim[start + i] = loop_vertices[start + (first - i + 2 * size) % size]
            loop_of[start + i] = loop

    # Places per vertex, and the boundary half-edges that end at a rim vertex, as chains.
    use = np.full(vertices.shape[0], -1, np.int32)
    uses = np.zeros(count, np.int32)
    for place in range(count - 1, -1, -1):
        v = rim[place]
        next_use[place] = use[v]
        uses[place] = 1 if use[v] < 0 else uses[use[v]] + 1
        use[v] = place
    for h in range(twin.shape[0]):
        if twin[h] >= 0:
            continue
        f = h // 3
        j = h - 3 * f
        a = faces[f, j]
        b = faces[f, (j + 1) % 3]
        if use[a] < 0 or use[b] < 0:
            continue
        # Search from the vertex that fewer loops share: a cone of a million faces must not hang.
        by_start = uses[use[a]] < uses[use[b]]
        at = use[a] if by_start else use[b]
        if uses[at] > _CROWDED:
            continue
        while at >= 0:
            start = loop_offsets[loop_of[at]]
            end = loop_offsets[loop_of[at] + 1]
            if by_start:
                place = at - 1 if at > start else end - 1
            else:
                place = at
            following = place + 1 if place + 1 < end else start
            if rim[place] == b and rim[following] == a and owner[place] < 0:
                owner[place] = h
                break
            at = next_use[at]

    blocked = np.empty((64, 3), np.int64)
    found = 0
    for f in range(faces.shape[0]):
        for j in range(3):
            a = faces[f, j]
            b = faces[f, (j + 1) % 3]
            at = use[a]
            if at < 0 or use[b] < 0 or uses[at] * uses[use[b]] > _CROWDED**2:
                continue
            while at >= 0:
                loop = loop_of[at]
                start = loop_offsets[loop]
                size = loop_offsets[loop + 1] - start
                to = use[b]
                while to >= 0:
                    if loop_of[to] == loop:
                        low = min(at, to) - start
                        high = max(at, to) - start
                        if high - low > 1 and high - low < size - 1:
                            if found == blocked.shape[0]:
                                grown = np.empty((2 * found, 3), np.int64)
                                grown[:found] = blocked
                                blocked = grown
                            blocked[found, 0] = loop
                            blocked[found, 1] = low
                            blocked[found, 2] = high
                            found += 1
                    to = next_use[to]
                at = next_use[at]
    key = (blocked[:found, 0] * count + blocked[:found, 1]) * count + blocked[:found, 2]
    order = np.argsort(key, kind="mergesort")
    return rim, owner, next_use, blocked[:found][order]


@kernel_inline
def _unit_normal(points, a, b, c):  # type: ignore[no-untyped-def]
    """Return unit normal and area of a triangle; a zero normal where it has none."""
    e0 = points[b, 0] - points[a, 0]
    e1 = points[b, 1] - points[a, 1]
    e2 = points[b, 2] - points[a, 2]
    f0 = points[c, 0] - points[a, 0]
    f1 = points[c, 1] - points[a, 1]
    f2 = points[c, 2] - points[a, 2]
    n0 = e1 * f2 - e2 * f1
    n1 = e2 * f0 - e0 * f2
    n2 = e0 * f1 - e1 * f0
    length = np.sqrt(n0 * n0 + n1 * n1 + n2 * n2)
    if length > 1e-12 * (e0 * e0 + e1 * e1 + e2 * e2 + f0 * f0 + f1 * f1 + f2 * f2):
        return n0 / length, n1 / length, n2 / length, 0.5 * length
    return 0.0, 0.0, 0.0, 0.5 * length


@kernel
def _cover(
    points: NDArray[np.float64],
    chain: NDArray[np.int32],
    size: int,
    normals: NDArray[np.float64],
    closing: NDArray[np.float64],
    angle: NDArray[np.float64],
    area: NDArray[np.float64],
    middle: NDArray[np.int32],
    facing: NDArray[np.float64],
    triangles: NDArray[np.int32],
    made: int,
) -> int:
    """Cover the polygon chain[0..size) and append its triangles; -1 when every way is forbidden.

    `angle` holds infinity at forbidden chords and zero elsewhere; `normals` belongs to the edges
    chain[i] to chain[i+1], `closing` to the edge that closes the polygon.
    """
    for i in range(size - 1):
        for k in range(3):
            facing[i, i + 1, k] = normals[i, k]
        area[i, i + 1] = 0.0
        angle[i, i + 1] = 0.0
    for gap in range(2, size):
        for i in range(size - gap):
            k = i + gap
            if angle[i, k] == np.inf:
                continue
            best_angle = np.inf
            best_area = np.inf
            best = -1
            w0 = 0.0
            w1 = 0.0
            w2 = 0.0
            last = i == 0 and k == size - 1
            for m in range(i + 1, k):
                worst = max(angle[i, m], angle[m, k])
                # What lies below already exceeds the best: the triangle can't mend that.
                if worst > best_angle + 1e-9 or worst == np.inf:
                    continue
                n0, n1, n2, own = _unit_normal(points, chain[i], chain[m], chain[k])
                # A triangle without a normal is worse than any fold.
                if n0 == 0.0 and n1 == 0.0 and n2 == 0.0:
                    worst = max(worst, 3.0)
                for side in range(2):
                    a = i if side == 0 else m
                    b = m if side == 0 else k
                    q0 = facing[a, b, 0]
                    q1 = facing[a, b, 1]
                    q2 = facing[a, b, 2]
                    if q0 != 0.0 or q1 != 0.0 or q2 != 0.0:
                        worst = max(worst, 1.0 - (n0 * q0 + n1 * q1 + n2 * q2))
                if last and (closing[0] != 0.0 or closing[1] != 0.0 or closing[2] != 0.0):
                    worst = max(worst, 1.0 - (n0 * closing[0] + n1 * closing[1] + n2 * closing[2]))
                total = area[i, m] + area[m, k] + own
                if worst < best_angle - 1e-9 or (
                    worst < best_angle + 1e-9 and total < best_area * (1.0 - 1e-9)
                ):
                    best_angle = worst
                    best_area = total
                    best = m
                    w0 = n0
                    w1 = n1
                    w2 = n2
            angle[i, k] = best_angle
            area[i, k] = best_area
            middle[i, k] = best
            facing[i, k, 0] = w0
            facing[i, k, 1] = w1
            facing[i, k, 2] = w2
    if angle[0, size - 1] == np.inf:
        return -1
    stack = np.empty((size + 2, 2), np.int32)
    stack[0, 0] = 0
    stack[0, 1] = size - 1
    top = 1
    while top > 0:
        top -= 1
        i = stack[top, 0]
        k = stack[top, 1]
        if k - i < 2:
            continue
        m = middle[i, k]
        triangles[made, 0] = chain[i]
        triangles[made, 1] = chain[m]
        triangles[made, 2] = chain[k]
        made += 1
        stack[top, 0] = m
        stack[top, 1] = k
        stack[top + 1, 0] = i
        stack[top + 1, 1] = m
        top += 2
    return made


@kernel
def triangulate_rims(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    rim: NDArray[np.int32],
    offsets: NDArray[np.int64],
    owner: NDArray[np.int32],
    blocked: NDArray[np.int64],
    exact_rim: int,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.uint8]]:
    """Triangulate every rim in one call.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    rim, owner : (B,) int32
        As `gather_rims` returns them.
    offsets : (L+1,) int64
    blocked : (K, 3) int64
        Sorted by loop.
    exact_rim : int
        Longest polygon for the exact search.

    Returns
    -------
    triangles : (T, 3) int32
        Places within the rim; the number of rim vertices stands for an added middle vertex.
    triangle_offsets : (L+1,) int64
    method : (L,) uint8
        0 exact, 1 coarse to fine, 2 joined to a middle vertex, 3 impossible (no triangles).
    """
    loops = offsets.shape[0] - 1
    widest = 3
    for loop in range(loops):
        widest = max(widest, min(offsets[loop + 1] - offsets[loop], exact_rim))
    angle = np.empty((widest, widest))
    area = np.empty((widest, widest))
    middle = np.empty((widest, widest), np.int32)
    facing = np.zeros((widest, widest, 3))
    triangles = np.empty((rim.shape[0], 3), np.int32)
    triangle_offsets = np.zeros(loops + 1, np.int64)
    method = np.zeros(loops, np.uint8)
    chain = np.empty(widest + 1, np.int32)
    normals = np.empty((widest + 1, 3))
    closing = np.empty(3)
    made = 0
    ban = 0
    for loop in range(loops):
        start = offsets[loop]
        size = offsets[loop + 1] - start
        ban_start = ban
        while ban < blocked.shape[0] and blocked[ban, 0] == loop:
            ban += 1
        first = made
        points = np.empty((max(size, 1), 3))
        for i in range(size):
            points[i] = vertices[rim[start + i]]
        possible = size >= 3
        for i in range(size):
            if owner[start + i] < 0:
                possible = False
        if size == 3 and possible and owner[start] // 3 == owner[start + 1] // 3:
            possible = False  # the rim of a lone triangle: nothing but its own back fits
        if not possible:
            method[loop] = 3
            triangle_offsets[loop + 1] = made
            continue
        # Intervals [low, high] of the rim yet to be covered, with the normal behind their chord.
        spans = np.empty((size + 2, 2), np.int32)
        behind = np.zeros((size + 2, 3))
        spans[0, 0] = 0
        spans[0, 1] = size - 1
        top = 1
        while top > 0:
            top -= 1
            low = spans[top, 0]
            high = spans[top, 1]
            closing[:] = behind[top]
            long = high - low + 1
            if long < 3:
                continue
            pieces = long - 1
            if long > exact_rim:
                method[loop] = 1
                pieces = min(exact_rim, long // 2) - 1
            for i in range(pieces + 1):
                chain[i] = low + (i * (long - 1)) // pieces
            whole = low == 0 and high == size - 1 and top == 0 and made == first
            for i in range(pieces + 1):
                normals[i] = 0.0
                place = chain[i]
                if i < pieces and chain[i + 1] == place + 1:
                    f = owner[start + place] // 3
                    normals[i] = _unit_normal(vertices, faces[f, 0], faces[f, 1], faces[f, 2])[:3]
            if whole:
                f = owner[start + size - 1] // 3
                closing[:] = np.array(
                    _unit_normal(vertices, faces[f, 0], faces[f, 1], faces[f, 2])[:3]
                )
            corners = pieces + 1
            for i in range(corners):
                for k in range(i, corners):
                    same = i != k and rim[start + chain[i]] == rim[start + chain[k]]
                    angle[i, k] = np.inf if same else 0.0
            for entry in range(ban_start, ban):
                a = np.searchsorted(chain[:corners], blocked[entry, 1])
                b = np.searchsorted(chain[:corners], blocked[entry, 2])
                if a < corners and b < corners:
                    if chain[a] == blocked[entry, 1] and chain[b] == blocked[entry, 2]:
                        angle[a, b] = np.inf
            if not whole:
                angle[0, corners - 1] = 0.0  # its chord was allowed when it was drawn
            before = made
            made = _cover(
                points, chain, corners, normals, closing, angle, area, middle, facing,
                triangles, made,
            )  # fmt: skip
            if made < 0:
                method[loop] = 2
                break
            for i in range(pieces - 1, -1, -1):
                if chain[i + 1] - chain[i] < 2:
                    continue
                spans[top, 0] = chain[i]
                spans[top, 1] = chain[i + 1]
                behind[top] = 0.0
                for t in range(before, made):
                    for j in range(3):
                        if (
                            triangles[t, j] == chain[i]
                            and triangles[t, (j + 1) % 3] == chain[i + 1]
                        ):
                            behind[top] = _unit_normal(
                                points, triangles[t, 0], triangles[t, 1], triangles[t, 2]
                            )[:3]
                top += 1
        if method[loop] == 1:
            # A chord between two coarse vertices may be forbidden where no search looked.
            for t in range(first, made):
                for entry in range(ban_start, ban):
                    hit = 0
                    for j in range(3):
                        if triangles[t, j] == blocked[entry, 1]:
                            hit += 1
                        if triangles[t, j] == blocked[entry, 2]:
                            hit += 1
                    if hit == 2:
                        method[loop] = 2
        if method[loop] == 2:
            made = first
            for i in range(size):
                triangles[made, 0] = i
                triangles[made, 1] = (i + 1) % size
                triangles[made, 2] = size
                made += 1
        triangle_offsets[loop + 1] = made
    return triangles[:made], triangle_offsets, method
