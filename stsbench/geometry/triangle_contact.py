"""Whether two triangles of a mesh meet anywhere but where they are joined.

Rules owned here:
- Closed triangles: crossing and touching both count, in a point, along a line or over an area.
- Triangles that share a vertex meet when they have more than that vertex in common. Two convex
  pieces that share a corner v do so exactly when the edge opposite v of one meets the other.
- Triangles that share an edge meet when they are folded flat onto each other.
- On three shared vertices they are copies and meet.

Source: the order of tests follows Guigue and Devillers, Fast and robust triangle-triangle overlap
test using orientation predicates, Journal of Graphics Tools 8, 2003.
"""

from stsbench.geometry.compiled import kernel
from stsbench.geometry.predicates import side_of_line, side_of_plane

__all__ = ["faces_meet"]


@kernel
def _looking_axis(p, a, b, c):
    """Return the axis along which a triangle shows the largest area."""
    ux = p[b, 0] - p[a, 0]
    uy = p[b, 1] - p[a, 1]
    uz = p[b, 2] - p[a, 2]
    vx = p[c, 0] - p[a, 0]
    vy = p[c, 1] - p[a, 1]
    vz = p[c, 2] - p[a, 2]
    x = abs(uy * vz - uz * vy)
    y = abs(uz * vx - ux * vz)
    z = abs(ux * vy - uy * vx)
    if x >= y and x >= z:
        return 0
    return 1 if y >= z else 2


@kernel
def _beyond(p, i, j, a, b, c, q, r, s):
    """Vertices q, r, s all strictly beyond the edge a-b of triangle abc, seen along one axis."""
    inner = side_of_line(p, i, j, a, b, c)
    return (
        side_of_line(p, i, j, a, b, q) == -inner
        and side_of_line(p, i, j, a, b, r) == -inner
        and side_of_line(p, i, j, a, b, s) == -inner
    )


@kernel
def _flat_meet(p, a, b, c, q, r, s):
    """Triangles abc and qrs of one plane have a point in common: no edge separates them."""
    axis = _looking_axis(p, a, b, c)
    i = (axis + 1) % 3
    j = (axis + 2) % 3
    for _ in range(3):
        if _beyond(p, i, j, a, b, c, q, r, s) or _beyond(p, i, j, q, r, s, a, b, c):
            return False
        a, b, c = b, c, a
        q, r, s = r, s, q
    return True


@kernel
def _flat_segment_meets(p, q, r, a, b, c):
    """Segment q-r meets triangle abc in whose plane it lies: no line separates them."""
    axis = _looking_axis(p, a, b, c)
    i = (axis + 1) % 3
    j = (axis + 2) % 3
    sa = side_of_line(p, i, j, q, r, a)
    if sa != 0 and sa == side_of_line(p, i, j, q, r, b) == side_of_line(p, i, j, q, r, c):
        return False
    for _ in range(3):
        if _beyond(p, i, j, a, b, c, q, r, r):
            return False
        a, b, c = b, c, a
    return True


@kernel
def _segment_meets(p, q, r, sq, sr, a, b, c):
    """Segment q-r meets triangle abc; sq and sr are the sides of its ends."""
    if sq * sr > 0:
        return False
    if sq == 0 and sr == 0:
        return _flat_segment_meets(p, q, r, a, b, c)
    u = side_of_plane(p, q, r, a, b)
    v = side_of_plane(p, q, r, b, c)
    if u * v < 0:
        return False
    w = side_of_plane(p, q, r, c, a)
    return (u >= 0 and v >= 0 and w >= 0) or (u <= 0 and v <= 0 and w <= 0)


@kernel
def _apart_meet(p, a, b, c, d, e, f):
    """Triangles abc and def without a shared vertex meet."""
    sd = side_of_plane(p, a, b, c, d)
    se = side_of_plane(p, a, b, c, e)
    sf = side_of_plane(p, a, b, c, f)
    if sd == se and se == sf and sd != 0:
        return False
    sa = side_of_plane(p, d, e, f, a)
    sb = side_of_plane(p, d, e, f, b)
    sc = side_of_plane(p, d, e, f, c)
    if sa == sb and sb == sc and sa != 0:
        return False
    if sa == 0 and sb == 0 and sc == 0:
        return _flat_meet(p, a, b, c, d, e, f)
    for _ in range(3):
        if _segment_meets(p, d, e, sd, se, a, b, c) or _segment_meets(p, a, b, sa, sb, d, e, f):
            return True
        d, e, f = e, f, d
        sd, se, sf = se, sf, sd
        a, b, c = b, c, a
        sa, sb, sc = sb, sc, sa
    return False


@kernel
def _at_corner_meet(p, v, a, b, c, d):
    """Triangles v-a-b and v-c-d have more in common than v."""
    sc = side_of_plane(p, v, a, b, c)
    sd = side_of_plane(p, v, a, b, d)
    if _segment_meets(p, c, d, sc, sd, v, a, b):
        return True
    sa = side_of_plane(p, v, c, d, a)
    sb = side_of_plane(p, v, c, d, b)
    return _segment_meets(p, a, b, sa, sb, v, c, d)


@kernel
def _at_edge_meet(p, u, v, a, b):
    """Triangles u-v-a and u-v-b lie on each other."""
    if side_of_plane(p, u, v, a, b) != 0:
        return False
    axis = _looking_axis(p, u, v, a)
    i = (axis + 1) % 3
    j = (axis + 2) % 3
    return side_of_line(p, i, j, u, v, a) * side_of_line(p, i, j, u, v, b) > 0


@kernel
def faces_meet(p, first, i, second, j):
    """Tell whether two faces meet anywhere but where they are joined.

    Parameters
    ----------
    p : (V, 3) float64
    first : (F, 3) int32
    i : int
        Row of `first`.
    second : (G, 3) int32
    j : int
        Row of `second`.
    """
    shared = 0
    si = 0
    sj = 0
    missing_i = 3
    missing_j = 3
    for x in range(3):
        for y in range(3):
            if first[i, x] == second[j, y]:
                shared += 1
                si = x
                sj = y
                missing_i -= x
                missing_j -= y
    if shared == 0:
        return _apart_meet(
            p, first[i, 0], first[i, 1], first[i, 2], second[j, 0], second[j, 1], second[j, 2]
        )
    if shared == 1:
        return _at_corner_meet(
            p,
            first[i, si],
            first[i, (si + 1) % 3],
            first[i, (si + 2) % 3],
            second[j, (sj + 1) % 3],
            second[j, (sj + 2) % 3],
        )
    if shared == 2:
        u = first[i, (missing_i + 1) % 3]
        v = first[i, (missing_i + 2) % 3]
        return _at_edge_meet(p, u, v, first[i, missing_i], second[j, missing_j])
    return True
