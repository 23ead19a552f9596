"""Fields of an arch: how far a place lies from the crowns and from the gingiva.

Rules owned here:
- Values are like distances in mm: negative inside, slope near 1 close to the surface.
- Kernels are plain serial code without fastmath, the same operations everywhere; what is left
  between processors is the last bit of exp and pow, and `field_sampling.py` rounds it away.

Sources: smooth minimum, Quilez, *Smooth minimum* (quadratic form); value noise on a lattice,
Perlin, An image synthesizer, Computer Graphics 19(3), 1985, 287-296. The anatomy is our own.
"""

import math

from stsbench.geometry.compiled import kernel
from stsbench.samples.arch_model import (
    ALONG_COUNT,
    ALONG_STEP,
    MAP_COLUMNS,
    MAP_ROWS,
    MAP_STEP,
    MAP_X,
    MAP_Y,
    PROFILE_COUNT,
    PROFILE_FROM,
    PROFILE_TO,
)

__all__ = ["along_line", "arch_fields", "arch_value", "finish_height", "lateral", "noise"]

FAR_MM = 2.5  # from a wall, the occlusal surface no longer matters
PAPILLA_MM = 0.60  # gaps below a contact, narrower than twice this, are filled with gingiva
WEB_MM = 0.20  # gaps narrower than twice this are bridged, as scanners do


@kernel
def blend_min(a, b, k):
    """Return the smaller of two values, rounded over a range k."""
    h = max(k - abs(a - b), 0.0) / k
    return min(a, b) - h * h * k * 0.25


@kernel
def blend_max(a, b, k):
    """Return the larger of two values, rounded over a range k."""
    h = max(k - abs(a - b), 0.0) / k
    return max(a, b) + h * h * k * 0.25


@kernel
def ramp(start, end, x):
    """Return 0 before start, 1 after end, and a smooth step between."""
    x = min(max((x - start) / (end - start), 0.0), 1.0)
    return x * x * (3 - 2 * x)


@kernel
def _chance(i, j, k):
    """Return a fixed pseudo-random value in [-1, 1] for a lattice node."""
    h = (i * 374761393 + j * 668265263 + k * 2147483647) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFF) / 32767.5 - 1.0


@kernel
def noise(x, y, z):
    """Return smooth noise in [-1, 1] with features about two units long."""
    fx, fy, fz = math.floor(x), math.floor(y), math.floor(z)
    i, j, k = int(fx), int(fy), int(fz)
    x, y, z = x - fx, y - fy, z - fz
    x, y, z = x * x * (3 - 2 * x), y * y * (3 - 2 * y), z * z * (3 - 2 * z)
    total = 0.0
    for a in range(2):
        share_x = x if a else 1 - x
        for b in range(2):
            share_xy = share_x * (y if b else 1 - y)
            for c in range(2):
                total += share_xy * (z if c else 1 - z) * _chance(i + a, j + b, k + c)
    return total


@kernel
def _to_segment(u, v, u0, v0, u1, v1):
    """Return the fraction along a segment of the plane, and the distance to it."""
    du, dv = u1 - u0, v1 - v0
    q = ((u - u0) * du + (v - v0) * dv) / (du * du + dv * dv + 1e-9)
    q = min(max(q, 0.0), 1.0)
    return q, math.sqrt((u - u0 - q * du) ** 2 + (v - v0 - q * dv) ** 2)


@kernel
def section_at(m, i, w):
    """Return centre and half size along u, then along v, of tooth i at height w."""
    x = (w / m.shapes[i, 0] - PROFILE_FROM) / (PROFILE_TO - PROFILE_FROM)
    x = min(max(x, 0.0), 0.999999) * (PROFILE_COUNT - 1)
    k = int(x)
    x -= k
    p = m.profiles[i]
    return (
        p[0, k] * (1 - x) + p[0, k + 1] * x,
        p[1, k] * (1 - x) + p[1, k + 1] * x,
        p[2, k] * (1 - x) + p[2, k + 1] * x,
        p[3, k] * (1 - x) + p[3, k + 1] * x,
    )


@kernel
def _superellipse(du, dv, hu, hv, exponent):
    """Return about the distance to a superellipse in its plane."""
    least = -min(hu, hv)
    r = ((abs(du) / hu) ** exponent + (abs(dv) / hv) ** exponent) ** (1 / exponent)
    if r <= 0.05:
        return least
    return max(math.sqrt(du * du + dv * dv) * (1 - 1 / r), least)


@kernel
def lateral(m, i, u, v, w):
    """Return the distance to the axial wall of tooth i, and how proximal the place is (0 to 1)."""
    t = w / m.shapes[i, 0]
    centre_u, hu, centre_v, hv = section_at(m, i, w)
    dv0 = v - centre_v
    du = u - centre_u - m.shapes[i, 3] * dv0
    hu *= 1 - m.shapes[i, 2] * min(max(-dv0 / hv, -0.25), 1.0)
    dv = dv0
    fossa = m.shapes[i, 4]
    if fossa > 0.0 and dv < 0.0:
        e = (t - 0.60) / 0.23
        g = 1 - (du / (0.78 * hu)) ** 2
        if g > 0.0:
            dv -= fossa * ramp(0.05, 0.8, -dv / hv) * math.exp(-e * e) * g * g
    wall = _superellipse(du, dv, hu, hv, m.shapes[i, 1])
    for j in range(m.facial_starts[i], m.facial_starts[i + 1]):
        if dv * m.facial[j, 1] > 0:
            e = (du - m.facial[j, 0]) / m.facial[j, 3]
            if abs(e) < 3:
                depth = m.facial[j, 2] * math.exp(-e * e)
                wall += depth * ramp(m.facial[j, 4], 0.85, t) * ramp(0.3, 0.8, abs(dv) / hv)
    a2, b2 = (du / hu) ** 2, (dv0 / hv) ** 2
    return wall, a2 / (a2 + b2 + 1e-9)


@kernel
def _relief(m, i, u, v):
    """Return the height of the occlusal surface of tooth i."""
    height = m.shapes[i, 0] - 3.2 if m.shapes[i, 4] <= 0.0 else 0.0
    for j in range(m.ridge_starts[i], m.ridge_starts[i + 1]):
        r = m.ridges[j]
        q, d = _to_segment(u, v, r[0], r[1], r[3], r[4])
        fall = r[6] * (math.sqrt(d * d + r[7] * r[7]) - r[7])
        height = blend_max(height, r[2] * (1 - q) + r[5] * q - fall, 0.30)
    deepest, total = 0.0, 0.0  # grooves that meet make a pit, not a well
    for j in range(m.groove_starts[i], m.groove_starts[i + 1]):
        g = m.grooves[j]
        q, d = _to_segment(u, v, g[0], g[1], g[2], g[3])
        e = d / g[5]
        if e < 3:
            depth = g[4] * math.exp(-e * e) * (1 - 0.5 * q * q)
            deepest = max(deepest, depth)
            total += depth
    height -= deepest + 0.25 * (total - deepest)
    return blend_min(height, m.shapes[i, 10], 0.20)


@kernel
def _tooth(m, i, u, v, w):
    """Return the distances to the crown and to the collar of gingiva of tooth i, in its frame."""
    height, exponent = m.shapes[i, 0], m.shapes[i, 1]
    wall, proximal = lateral(m, i, u, v, w)
    margin = m.shapes[i, 6] + m.shapes[i, 5] * proximal**1.4
    finish = finish_height(m, i, proximal)
    if m.shapes[i, 9] > 0:  # the cord keeps the gingiva off the shoulder
        margin = finish - 0.75
    collar = (w - margin) * 0.85
    if collar < 3.0:
        # The margin rises from facial to proximal; the section is rounder with depth.
        below = max(margin - w, 0.0)
        centre_u, hu, centre_v, hv = section_at(m, i, w)
        dv = v - centre_v
        du = u - centre_u - m.shapes[i, 3] * dv
        hu *= 1 - m.shapes[i, 2] * min(max(-dv / hv, -0.25), 1.0)
        rounder = exponent + (2.0 - exponent) * ramp(0.0, 4.0, below)
        thick = 0.20 + 0.16 * min(below, 3.0) + 0.05 * min(below, 10.0)
        collar = blend_max(_superellipse(du, dv, hu, hv, rounder) - thick, collar, 0.70)
    if wall > FAR_MM:
        return wall, collar
    relief = height - 4.5
    if w > height - 6.0:
        relief = _relief(m, i, u, v)
    crown = blend_max(wall, (w - relief) * 0.86, m.shapes[i, 7])
    if m.shapes[i, 9] > 0:  # prepared for a full crown: about 0.85 mm shoulder, 1.7 mm off the top
        table = height * 0.62 + (0.38 * height if m.shapes[i, 4] > 0 else relief * 0.38) - 1.7
        core = blend_max(wall + 0.85 + 0.08 * max(w - finish, 0.0), (w - table) * 0.9, 0.9)
        stump = blend_max(wall, w - finish, 0.10)
        crown = blend_min(core, stump, 0.40)
    return crown, collar


@kernel
def finish_height(m, i, proximal):
    """Return the height of the finish line of a prepared tooth: mostly above the gingiva."""
    margin = m.shapes[i, 6] + m.shapes[i, 5] * proximal**1.4
    return margin + 0.45 - m.shapes[i, 5] * 0.55 * proximal


@kernel
def _palate(m, x, y):
    """Return the height of the palate: vault, raphe, incisive papilla and rugae."""
    seed = m.frame[5]
    k = min(max(y / 0.5, 0.0), 198.0)
    n = int(k)
    half = m.inner_width[n] * (1 - k + n) + m.inner_width[n + 1] * (k - n) - 4.5
    half = max(half, 3.0)
    back = max(y - 5.0, 0.0)
    depth = m.frame[2] * (1 - math.exp(-((back / 17.0) ** 1.35)))
    across = min(abs(x) / half, 1.0)
    z = -7.6 - depth * (1 - across**2.6)
    z -= 0.35 * math.exp(-((x / 0.9) ** 2)) * ramp(9.0, 16.0, y)
    z += 0.9 * math.exp(-((x / 2.0) ** 2 + ((y - 8.6) / 3.0) ** 2))
    ax = abs(x)
    side = 0.0 if x > 0 else 31.0
    for r in range(4):
        course = 10.8 + 3.1 * r + noise(5.3 * r, side, seed) - 0.30 * ax * (1 - 0.2 * r)
        course += 1.3 * noise(ax * 0.38 + 7 * r, side + r, seed)
        end = 6.5 + 1.5 * noise(r * 3.1, side, 5.5)
        high = 0.62 * ramp(1.2, 2.6, ax) * (1 - ramp(end, 11.0, ax))
        high *= 0.7 + 0.55 * noise(ax * 0.7, 3.0 * r, side + seed)
        g = (y - course) / (0.85 + 0.25 * noise(ax * 0.5, 9.0 * r, side))
        if abs(g) < 3:
            z += high * math.exp(-g * g)
    return z


@kernel
def along_line(m, x, y):
    """Return arc length along the arch line and lateral distance from it (+ buccal)."""
    fx = min(max((x - MAP_X) / MAP_STEP, 0.0), MAP_COLUMNS - 1.001)
    fy = min(max((y - MAP_Y) / MAP_STEP, 0.0), MAP_ROWS - 1.001)
    i, j = int(fx), int(fy)
    fx -= i
    fy -= j
    a, b, c, d = (
        m.line_map[i, j],
        m.line_map[i + 1, j],
        m.line_map[i, j + 1],
        m.line_map[i + 1, j + 1],
    )
    off = (a[1] * (1 - fx) + b[1] * fx) * (1 - fy) + (c[1] * (1 - fx) + d[1] * fx) * fy
    if abs(a[0] - d[0]) > 4.0 or abs(b[0] - c[0]) > 4.0:  # both sides of the arch are near
        return a[0], off
    return (a[0] * (1 - fx) + b[0] * fx) * (1 - fy) + (c[0] * (1 - fx) + d[0] * fx) * fy, off


@kernel
def _ridge(m, x, y, z, s, off):
    """Return the distance to the alveolar ridge with the palate, and the depth below its top."""
    k = min(max(s / ALONG_STEP + ALONG_COUNT // 2, 0.0), ALONG_COUNT - 1.001)
    j = int(k)
    k -= j
    top = m.along[j, 0] * (1 - k) + m.along[j + 1, 0] * k
    buccal = m.along[j, 1] * (1 - k) + m.along[j + 1, 1] * k
    lingual = m.along[j, 2] * (1 - k) + m.along[j + 1, 2] * k
    depth = max(top - z, 0.0)
    upper = m.frame[0] > 0
    if upper:
        buccal += 0.12 * depth + 0.030 * max(depth - 4.5, 0.0) ** 2
        lingual += 0.22 * depth
    else:
        buccal += 0.20 * depth + 0.030 * max(depth - 3.5, 0.0) ** 2
        lingual += 0.06 * depth + 0.012 * max(depth - 5.0, 0.0) ** 2
    body = blend_max(off - buccal, -off - lingual, 1.0)
    body = blend_max(body, z - top, 3.2)
    body = blend_max(body, abs(s) - m.frame[1], 2.0)
    if upper:
        vault = blend_max((z - _palate(m, x, y)) * 0.78, off + 0.5, 1.0)
        vault = blend_max(vault, y - m.frame[3] - 8.0, 1.0)
        body = blend_min(body, vault, 4.0)
    return body, depth


@kernel
def arch_fields(m, x, y, z):
    """Return the distances to crowns and gingiva at a place, and the index of the nearest tooth."""
    crown, gum, best, second, who, beside, level = 1e3, 1e3, 1e3, 1e3, -1, -1, 0.0
    seed, floor = m.frame[5], m.frame[4]
    s, off = along_line(m, x, y)
    body, depth = _ridge(m, x, y, z, s, off)
    merge = 1.3 + 0.55 * min(depth, 6.0)  # collars of neighbours merge more with depth
    for i in range(m.origins.shape[0]):
        px, py, pz = x - m.origins[i, 0], y - m.origins[i, 1], z - m.origins[i, 2]
        if px * px + py * py > 196.0:
            continue
        a = m.axes[i]
        u = px * a[0, 0] + py * a[0, 1] + pz * a[0, 2]
        v = px * a[1, 0] + py * a[1, 1] + pz * a[1, 2]
        w = px * a[2, 0] + py * a[2, 1] + pz * a[2, 2]
        reach = m.shapes[i, 8]
        if w > m.shapes[i, 0] + 3.0 or abs(u) > reach or abs(v) > reach:
            continue
        c, g = _tooth(m, i, u, v, w)
        if c < best:
            best, second, who, beside, level = c, best, i, who, w / m.shapes[i, 0]
        elif c < second:
            second, beside = c, i
        crown = blend_min(crown, c, 0.40)
        gum = blend_min(gum, g, merge)
    crown = blend_min(crown, second - WEB_MM * m.frame[6], 0.35)
    if beside >= 0 and m.prepared[who] + m.prepared[beside] == 0.0:
        # The papilla fills the embrasure under the contact: no tunnel between the teeth.
        gum = blend_min(gum, second - PAPILLA_MM * m.frame[6] * ramp(0.70, 0.50, level), 0.30)
    lump = noise(x * 0.30 + 11, y * 0.30, z * 0.30 + seed) * 0.22
    lump += noise(x * 0.8, y * 0.8, z * 0.8 + seed) * 0.05
    gum = blend_min(gum, body, 2.6) + lump * 0.8
    gum = blend_max(gum, floor - z, 0.5)
    if crown < 1.0:
        crown += 0.025 * noise(x * 1.1, y * 1.1, z * 1.1) + 0.008 * noise(x * 3.0, y * 3.0, z * 3.0)
        crown = blend_max(crown, floor + 1.0 - z, 0.5)
    return crown, gum, who


@kernel
def arch_value(m, x, y, z):
    """Return the distance to the surface of the arch at a place."""
    crown, gum, _ = arch_fields(m, x, y, z)
    return blend_min(crown, gum, 0.14)
