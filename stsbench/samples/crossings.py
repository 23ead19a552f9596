"""Pairs of faces that cross each other, for making clean samples and for the truth of folds.

Rules owned here:
- Faces that share an edge are never a pair; faces that share a vertex are one when they cross
  elsewhere. Faces in one plane are not looked at: made surfaces have none.

Source: Möller and Trumbore, Fast, minimum storage ray/triangle intersection, JGT 2(1), 1997, 21-28.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.compiled import kernel
from stsbench.samples.adjacency import mean_edge_mm

__all__ = ["crossing_pairs"]

Indices = NDArray[np.int64]


@kernel
def _segment_hits(p, q, a, b, c):
    """Tell whether segment p q meets the triangle a b c."""
    dx, dy, dz = q[0] - p[0], q[1] - p[1], q[2] - p[2]
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    hx, hy, hz = dy * vz - dz * vy, dz * vx - dx * vz, dx * vy - dy * vx
    determinant = ux * hx + uy * hy + uz * hz
    if abs(determinant) < 1e-14:
        return False
    sx, sy, sz = p[0] - a[0], p[1] - a[1], p[2] - a[2]
    u = (sx * hx + sy * hy + sz * hz) / determinant
    if u < 0.0 or u > 1.0:
        return False
    wx, wy, wz = sy * uz - sz * uy, sz * ux - sx * uz, sx * uy - sy * ux
    v = (dx * wx + dy * wy + dz * wz) / determinant
    if v < 0.0 or u + v > 1.0:
        return False
    t = (vx * wx + vy * wy + vz * wz) / determinant
    return 0.0 <= t <= 1.0


@kernel
def _crosses(vertices, faces, i, j):
    """Tell whether two faces cross; an edge that touches a shared vertex is left out."""
    shared = 0
    for a in range(3):
        for b in range(3):
            shared += faces[i, a] == faces[j, b]
    if shared >= 2:
        return False
    for turn in range(2):
        one, other = (i, j) if turn == 0 else (j, i)
        x, y, z = faces[other, 0], faces[other, 1], faces[other, 2]
        for a in range(3):
            p, q = faces[one, a], faces[one, (a + 1) % 3]
            if shared and (p in (x, y, z) or q in (x, y, z)):
                continue
            if _segment_hits(vertices[p], vertices[q], vertices[x], vertices[y], vertices[z]):
                return True
    return False


@kernel
def _find(vertices, faces, chosen, low, high, cells, starts, owners, pairs):
    """Test the faces that share a grid cell; fill pairs and return how many there are."""
    count = 0
    for n in range(len(cells)):
        i = chosen[cells[n, 0]]
        key = cells[n, 1]
        for m in range(starts[key], starts[key + 1]):
            j = owners[m]
            if j <= i:
                continue
            apart = False
            for axis in range(3):
                apart |= low[j, axis] > high[i, axis] or high[j, axis] < low[i, axis]
            if not apart and _crosses(vertices, faces, i, j):
                if count < len(pairs):
                    pairs[count, 0], pairs[count, 1] = i, j
                count += 1
    return count


def crossing_pairs(mesh: TriangleMesh, among: Indices | None = None) -> Indices:
    """Return the pairs of faces (P, 2), lower index first, that cross each other.

    Parameters
    ----------
    mesh : TriangleMesh
    among : (N,) int64, optional
        Only these faces are compared with each other.
    """
    chosen = np.arange(mesh.face_count) if among is None else np.asarray(among, dtype=np.int64)
    if not len(chosen):
        return np.zeros((0, 2), dtype=np.int64)
    corners = mesh.vertices[mesh.faces]
    low, high = corners.min(axis=1), corners.max(axis=1)
    cell = max(2.5 * mean_edge_mm(mesh), 1e-6)
    start = low[chosen].min(axis=0) - cell
    first = ((low[chosen] - start) / cell).astype(np.int64)
    last = ((high[chosen] - start) / cell).astype(np.int64)
    size = last.max(axis=0) + 1
    entries = []
    for step in np.ndindex(*((last - first).max(axis=0) + 1)):
        place = first + step
        inside = np.flatnonzero((place <= last).all(axis=1))
        x, y, z = place[inside].T
        entries.append(np.stack([inside, (x * size[1] + y) * size[2] + z], axis=-1))
    cells = np.concatenate(entries)
    _, keys = np.unique(cells[:, 1], return_inverse=True)
    cells[:, 1] = keys
    cells = np.ascontiguousarray(cells[np.argsort(keys, kind="stable")])
    starts = np.concatenate([[0], np.cumsum(np.bincount(keys))])
    owners = np.ascontiguousarray(chosen[cells[:, 0]])
    arguments = (mesh.vertices, mesh.faces, chosen, low, high, cells, starts, owners)
    pairs = np.zeros((4096, 2), dtype=np.int64)
    count = _find(*arguments, pairs)
    if count > len(pairs):
        pairs = np.zeros((count, 2), dtype=np.int64)
        _find(*arguments, pairs)
    return np.unique(pairs[:count], axis=0)
