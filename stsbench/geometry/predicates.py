"""On which side: signs of determinants that rounding cannot turn.

Rules owned here:
- The sign is 0 only when the points are coplanar (collinear) as far as 106 bits can say; for
  coordinates that came from a float32 file of one scan, whose differences are exact in float64,
  that is the exact answer.
- Fast float64 first; the double-double evaluation runs only inside its error bound.

Source: Shewchuk, Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates,
Discrete & Computational Geometry 18, 1997; two-sum after Knuth, two-product after Dekker.
"""

from stsbench.geometry.compiled import kernel

__all__ = ["side_of_line", "side_of_plane"]

# Shewchuk's first-stage bounds: (7 + 56 eps) eps and (3 + 16 eps) eps with eps = 2^-53.
_PLANE_BOUND = 7.8e-16
_LINE_BOUND = 3.4e-16
_DOUBLE_BOUND = 1e-30


@kernel
def _two_sum(a, b):
    s = a + b
    bb = s - a
    return s, (a - (s - bb)) + (b - bb)


@kernel
def _two_product(a, b):
    p = a * b
    t = 134217729.0 * a
    ah = t - (t - a)
    al = a - ah
    t = 134217729.0 * b
    bh = t - (t - b)
    bl = b - bh
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


@kernel
def _minor_times(a, b, c, d, e):
    """Evaluate (a * b - c * d) * e to double-double."""
    ph, pl = _two_product(a, b)
    qh, ql = _two_product(c, d)
    h, l = _two_sum(ph, -qh)
    m, n = _two_sum(pl, -ql)
    l += m
    h, l = _two_sum(h, l)
    l += n
    h, l = _two_sum(h, l)
    rh, rl = _two_product(h, e)
    rl += l * e
    return _two_sum(rh, rl)


@kernel
def _add_pairs(ah, al, bh, bl):
    h, l = _two_sum(ah, bh)
    m, n = _two_sum(al, bl)
    l += m
    h, l = _two_sum(h, l)
    l += n
    return _two_sum(h, l)


@kernel
def _plane_again(ax, ay, az, bx, by, bz, cx, cy, cz, permanent):
    h, l = _minor_times(bx, cy, cx, by, az)
    m, n = _minor_times(cx, ay, ax, cy, bz)
    h, l = _add_pairs(h, l, m, n)
    m, n = _minor_times(ax, by, bx, ay, cz)
    h, l = _add_pairs(h, l, m, n)
    total = h + l
    if abs(total) <= _DOUBLE_BOUND * permanent:
        return 0
    return 1 if total > 0 else -1


@kernel
def side_of_plane(p, a, b, c, d):
    """Tell on which side of the plane through three vertices a fourth lies.

    Parameters
    ----------
    p : (V, 3) float64
    a, b, c, d : int
        Rows of `p`; the plane goes through a, b, c.

    Returns
    -------
    int
        -1 where d sees a, b, c counter-clockwise, 1 where it sees them clockwise, 0 in the plane.
    """
    ax = p[a, 0] - p[d, 0]
    ay = p[a, 1] - p[d, 1]
    az = p[a, 2] - p[d, 2]
    bx = p[b, 0] - p[d, 0]
    by = p[b, 1] - p[d, 1]
    bz = p[b, 2] - p[d, 2]
    cx = p[c, 0] - p[d, 0]
    cy = p[c, 1] - p[d, 1]
    cz = p[c, 2] - p[d, 2]
    bxcy = bx * cy
    cxby = cx * by
    cxay = cx * ay
    axcy = ax * cy
    axby = ax * by
    bxay = bx * ay
    det = az * (bxcy - cxby) + bz * (cxay - axcy) + cz * (axby - bxay)
    permanent = (
        (abs(bxcy) + abs(cxby)) * abs(az)
        + (abs(cxay) + abs(axcy)) * abs(bz)
        + (abs(axby) + abs(bxay)) * abs(cz)
    )
    bound = _PLANE_BOUND * permanent
    if det > bound:
        return 1
    if det < -bound:
        return -1
    if permanent == 0:
        return 0
    return _plane_again(ax, ay, az, bx, by, bz, cx, cy, cz, permanent)


@kernel
def side_of_line(p, i, j, a, b, c):
    """Tell on which side of the line a-b the vertex c lies, seen along one axis.

    Parameters
    ----------
    p : (V, 3) float64
    i, j : int
        The two coordinates to look at.
    a, b, c : int
        Rows of `p`.

    Returns
    -------
    int
        1 to the left, -1 to the right, 0 on the line.
    """
    ax = p[a, i] - p[c, i]
    ay = p[a, j] - p[c, j]
    bx = p[b, i] - p[c, i]
    by = p[b, j] - p[c, j]
    left = ax * by
    right = ay * bx
    det = left - right
    permanent = abs(left) + abs(right)
    bound = _LINE_BOUND * permanent
    if det > bound:
        return 1
    if det < -bound:
        return -1
    if permanent == 0:
        return 0
    lh, ll = _two_product(ax, by)
    rh, rl = _two_product(ay, bx)
    h, l = _two_sum(lh, -rh)
    total = h + (l + (ll - rl))
    if total == 0:
        return 0
    return 1 if total > 0 else -1
