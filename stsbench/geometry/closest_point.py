"""The point of one triangle closest to a point in space, also where the triangle has no area.

Rules owned here:
- The answer always lies on the face: its three weights are at least 0 and sum to 1.
- A face whose sine is below 1e-5 is measured as its three edges: the interior formula divides by
  its area, and what the edges miss is thinner than rounding in a file.

References
----------
Ericson, *Real-Time Collision Detection*, Morgan Kaufmann 2005, 5.1.5; d1 to d6, va, vb and vc are
his.
"""

from stsbench.geometry.compiled import kernel

__all__ = ["closest_on_face"]

_THIN = 1e-10  # squared sine of the angle at corner a


@kernel
def _along(ux, uy, uz, px, py, pz):
    """Share of the way from 0 to u at the point of the segment closest to p."""
    uu = ux * ux + uy * uy + uz * uz
    if uu <= 0.0:
        return 0.0
    return min(max((ux * px + uy * py + uz * pz) / uu, 0.0), 1.0)


@kernel
def _on_edges(u, v, p):
    """Weights of b and c at the closest of the three edges; corners 0, u, v."""
    best, wb, wc = 0.0, 0.0, 0.0
    for edge in range(3):
        if edge == 0:
            tb, tc = _along(u[0], u[1], u[2], p[0], p[1], p[2]), 0.0
        elif edge == 1:
            tb, tc = 0.0, _along(v[0], v[1], v[2], p[0], p[1], p[2])
        else:
            tc = _along(
                v[0] - u[0], v[1] - u[1], v[2] - u[2], p[0] - u[0], p[1] - u[1], p[2] - u[2]
            )
            tb = 1.0 - tc
        d2 = 0.0
        for axis in range(3):
            gap = tb * u[axis] + tc * v[axis] - p[axis]
            d2 += gap * gap
        if edge == 0 or d2 < best:
            best, wb, wc = d2, tb, tc
    return wb, wc


@kernel
def _weights(corner, x, y, z):
    """Weights of corners b and c at the closest point of face abc."""
    ax, ay, az = corner[0], corner[1], corner[2]
    ux, uy, uz = corner[3] - ax, corner[4] - ay, corner[5] - az
    vx, vy, vz = corner[6] - ax, corner[7] - ay, corner[8] - az
    px, py, pz = x - ax, y - ay, z - az
    uu = ux * ux + uy * uy + uz * uz
    uv = ux * vx + uy * vy + uz * vz
    vv = vx * vx + vy * vy + vz * vz
    if uu * vv - uv * uv <= _THIN * uu * vv:
        return _on_edges((ux, uy, uz), (vx, vy, vz), (px, py, pz))
    d1 = ux * px + uy * py + uz * pz
    d2 = vx * px + vy * py + vz * pz
    if d1 <= 0.0 and d2 <= 0.0:
        return 0.0, 0.0
    d3, d4 = d1 - uu, d2 - uv
    if d3 >= 0.0 and d4 <= d3:
        return 1.0, 0.0
    vc = d1 * d4 - d3 * d2
    if vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        return d1 / uu, 0.0
    d5, d6 = d1 - uv, d2 - vv
    if d6 >= 0.0 and d5 <= d6:
        return 0.0, 1.0
    vb = d5 * d2 - d1 * d6
    if vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        return 0.0, d2 / vv
    va = d3 * d6 - d5 * d4
    if va <= 0.0 and d4 - d3 >= 0.0 and d5 - d6 >= 0.0:
        w = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        return 1.0 - w, w
    total = va + vb + vc
    return vb / total, vc / total


@kernel
def closest_on_face(corner, x, y, z):
    """Return the squared distance to face abc and the closest point, for use inside kernels.

    Parameters
    ----------
    corner : (9,) float64, mm
        Coordinates of a, b and c.
    x, y, z : float, mm

    Returns
    -------
    d2 : float, mm2
    qx, qy, qz : float, mm
    """
    wb, wc = _weights(corner, x, y, z)
    wa = 1.0 - wb - wc
    qx = wa * corner[0] + wb * corner[3] + wc * corner[6]
    qy = wa * corner[1] + wb * corner[4] + wc * corner[7]
    qz = wa * corner[2] + wb * corner[5] + wc * corner[8]
    dx, dy, dz = qx - x, qy - y, qz - z
    return dx * dx + dy * dy + dz * dz, qx, qy, qz
