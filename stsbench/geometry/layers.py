"""Double layers: where a second sheet lies over the first and faces the same way.

Rules owned here:
- From a vertex along its normal and against it, up to `LAYER_MM`, the nearest face counts. Behind a
  surface without overlap the next one faces the other way, however near it is: a thin wall, a gap
  between teeth. When it faces the same way (`SAME_WAY`), two sheets lie over each other.
- An overlap ends at an open edge, or where sheets part. So vertices on open edges are asked first,
  and their neighbours as long as they have a second sheet too.

The limits are choices: vendors list "coincident surfaces" and give no figures.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.bounding_tree import LEAF, BoundingTree
from stsbench.geometry.compiled import kernel

__all__ = ["LAYER_MM", "layer_gaps", "spread_layers"]

LAYER_MM = 0.5
SAME_WAY = 0.5
_LEAST_MM = 1e-4
_EDGE = 1e-4  # a ray through a shared edge meets both faces, whatever rounding says


@kernel
def _gaps(vertices, sums, asked, faces, boxes, nodes, limit):
    """Distance of each asked vertex to a second sheet along its normal, signed; 0 for none."""
    gaps = np.zeros(len(asked))
    leaves = len(nodes) // 2
    low = np.empty(3)
    high = np.empty(3)
    for i in range(len(asked)):
        v = asked[i]
        px = vertices[v, 0]
        py = vertices[v, 1]
        pz = vertices[v, 2]
        nx = sums[v, 0]
        ny = sums[v, 1]
        nz = sums[v, 2]
        size = np.sqrt(nx * nx + ny * ny + nz * nz)
        if size == 0:
            continue
        nx /= size
        ny /= size
        nz /= size
        for k in range(3):
            n = nx if k == 0 else (ny if k == 1 else nz)
            low[k] = vertices[v, k] - abs(n) * limit - _LEAST_MM
            high[k] = vertices[v, k] + abs(n) * limit + _LEAST_MM
        above = limit
        below = -limit
        same_above = False
        same_below = False
        node = 1
        while True:
            hit = True
            for k in range(3):
                hit = hit and nodes[node, k] <= high[k] and nodes[node, k + 3] >= low[k]
            if hit and node < leaves:
                node = 2 * node
                continue
            if hit:
                leaf = node - leaves
                for lane in range(min(LEAF, len(faces) - LEAF * leaf)):
                    x = LEAF * leaf + lane
                    clear = False
                    for k in range(3):
                        clear = (
                            clear or boxes[leaf, k, lane] > high[k]
                            or boxes[leaf, k + 3, lane] < low[k]
                        )  # fmt: skip
                    a = faces[x, 0]
                    b = faces[x, 1]
                    c = faces[x, 2]
                    if clear or a == v or b == v or c == v:  # noqa: PLR1714 compiled
                        continue
                    ux = vertices[b, 0] - vertices[a, 0]
                    uy = vertices[b, 1] - vertices[a, 1]
                    uz = vertices[b, 2] - vertices[a, 2]
                    wx = vertices[c, 0] - vertices[a, 0]
                    wy = vertices[c, 1] - vertices[a, 1]
                    wz = vertices[c, 2] - vertices[a, 2]
                    fx = uy * wz - uz * wy
                    fy = uz * wx - ux * wz
                    fz = ux * wy - uy * wx
                    facing = fx * nx + fy * ny + fz * nz
                    if facing == 0:
                        continue
                    qx = px - vertices[a, 0]
                    qy = py - vertices[a, 1]
                    qz = pz - vertices[a, 2]
                    t = -(qx * fx + qy * fy + qz * fz) / facing
                    if t <= below or t >= above or abs(t) < _LEAST_MM:
                        continue
                    qx += t * nx
                    qy += t * ny
                    qz += t * nz
                    ox = qy * wz - qz * wy
                    oy = qz * wx - qx * wz
                    oz = qx * wy - qy * wx
                    square = fx * fx + fy * fy + fz * fz
                    s = (ox * fx + oy * fy + oz * fz) / square
                    ox = uy * qz - uz * qy
                    oy = uz * qx - ux * qz
                    oz = ux * qy - uy * qx
                    r = (ox * fx + oy * fy + oz * fz) / square
                    if s < -_EDGE or r < -_EDGE or s + r > 1 + _EDGE:
                        continue
                    same = facing > SAME_WAY * np.sqrt(square)
                    if t > 0:
                        above = t
                        same_above = same
                    else:
                        below = t
                        same_below = same
            while node & 1:
                node >>= 1
            if node == 0:
                break
            node += 1
        if same_above and not (same_below and -below < above):
            gaps[i] = above
        elif same_below:
            gaps[i] = below
    return gaps


def layer_gaps(
    vertices: Vertices, sums: NDArray[np.float64], asked: NDArray[np.int32], tree: BoundingTree
) -> NDArray[np.float64]:
    """Measure how far a second sheet lies from some vertices.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    sums : (V, 4) float64
        Vector area about every vertex (`wide_normals.sum_near`).
    asked : (N,) int32
    tree : BoundingTree
        Over the faces that may be the second sheet.

    Returns
    -------
    (N,) float64, mm
        Along the normal, negative against it, 0 where there is none.
    """
    if not len(asked) or not len(tree.order):
        return np.zeros(len(asked))
    gaps: NDArray[np.float64] = _gaps(
        vertices, sums, asked, tree.faces, tree.boxes, tree.nodes, LAYER_MM
    )
    return gaps


def spread_layers(
    vertices: Vertices,
    faces: Faces,
    sums: NDArray[np.float64],
    seeds: Mask,
    tree: BoundingTree,
) -> NDArray[np.float64]:
    """Find the vertices that have a second sheet, from seeds on and over their neighbours.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    sums : (V, 4) float64
    seeds : (V,) bool
        Vertices on open edges.
    tree : BoundingTree
        Over these faces.

    Returns
    -------
    (V,) float64, mm
        As `layer_gaps`; 0 where there is none or nobody asked.
    """
    gaps = np.zeros(len(vertices))
    asked = np.zeros(len(vertices), dtype=bool)
    front = np.flatnonzero(seeds).astype(np.int32)
    while len(front):
        asked[front] = True
        found = layer_gaps(vertices, sums, front, tree)
        gaps[front] = found
        hit = np.zeros(len(vertices), dtype=bool)
        hit[front[found != 0]] = True
        if not hit.any():
            break
        near = np.zeros(len(vertices), dtype=bool)
        near[faces[hit[faces].any(axis=1)]] = True
        front = np.flatnonzero(near & ~asked).astype(np.int32)
    return gaps
