"""An independent referee of meshes: numpy and scipy only, written apart from the kernels.

It knows nothing of half-edges, trees or predicates of the package: edges by sorting, fans by
connected components of the link, intersections by brute force over overlapping boxes in float64
with a separating-axis test for triangles.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree


@dataclass
class Judgement:
    branching_edges: int
    bow_ties: int
    components: int
    loops: int
    badly_wound_edges: int
    degenerate: int
    duplicates: int
    doubled_vertices: int
    unreferenced: int
    meetings: int
    area_mm2: float


def edges_of(faces):
    return np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)


def edge_counts(faces):
    unique, counts = np.unique(edges_of(faces), axis=0, return_counts=True)
    return unique, counts


def pieces(faces):
    """Components of faces over shared edges."""
    key = edges_of(faces)
    _, edge = np.unique(key, axis=0, return_inverse=True)
    edge = edge.reshape(-1)
    face = np.repeat(np.arange(len(faces)), 3)
    n = len(faces)
    size = n + edge.max() + 1
    graph = coo_array((np.ones(len(edge)), (face, n + edge)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    _, label = np.unique(label[:n], return_inverse=True)
    return label


def bow_ties(faces):
    """Vertices whose faces do not hang together over edges at that vertex."""
    face = np.repeat(np.arange(len(faces)), 3)
    corner = np.arange(3 * len(faces))
    # Corner nodes; two corners of one vertex are joined by an edge both faces have at it.
    ends = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    key = np.sort(ends, axis=1)
    vertex = np.concatenate([ends[:, 0], ends[:, 1]])
    owner = np.concatenate([face, face])
    low, high = np.tile(key[:, 0], 2), np.tile(key[:, 1], 2)
    _, spoke = np.unique(np.stack([vertex, low, high], axis=1), axis=0, return_inverse=True)
    spoke = spoke.reshape(-1)
    position = np.argmax(faces[owner] == vertex[:, None], axis=1)
    node = 3 * owner + position
    n = len(corner)
    size = n + spoke.max() + 1
    graph = coo_array((np.ones(len(node)), (node, n + spoke)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    fans = np.unique(np.stack([faces.ravel(), label[:n]], axis=1), axis=0)
    count = np.bincount(fans[:, 0])
    return np.flatnonzero(count > 1)


def border_loops(faces):
    """Number of boundary loops, counted as components of boundary edges over vertices."""
    unique, counts = edge_counts(faces)
    border = unique[counts == 1]
    if not len(border):
        return 0
    _, renamed = np.unique(border, return_inverse=True)
    renamed = renamed.reshape(-1, 2)
    size = renamed.max() + 1
    graph = coo_array((np.ones(len(renamed)), renamed.T), shape=(size, size))
    return connected_components(graph, directed=False)[0]


def badly_wound(faces):
    directed = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    _, inverse, counts = np.unique(
        np.sort(directed, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    forward = np.bincount(inverse.reshape(-1), weights=directed[:, 0] < directed[:, 1])
    return int(np.count_nonzero((counts == 2) & (forward != 1)))


def overlapping_boxes(low, high):
    """Pairs of boxes that overlap: faces binned by a coarse grid, brute force within a cell."""
    size = high - low
    step = max(float(np.percentile(size.max(axis=1), 95)), 1e-6 * float(np.ptp(high)))
    first = np.floor(low / step).astype(np.int64)
    last = np.floor(high / step).astype(np.int64)
    spans = last - first + 1
    total = spans.prod(axis=1)
    face = np.repeat(np.arange(len(low)), total)
    place = np.arange(total.sum()) - np.repeat(np.cumsum(total) - total, total)
    s = spans[face]
    cell = first[face] + np.stack(
        [place // (s[:, 1] * s[:, 2]), place // s[:, 2] % s[:, 1], place % s[:, 2]], axis=1
    )
    _, cell = np.unique(cell, axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    order = np.argsort(cell, kind="stable")
    cell, face = cell[order], face[order]
    start = np.flatnonzero(np.r_[True, np.diff(cell) != 0])
    sizes = np.diff(np.r_[start, len(cell)])
    found = []
    for shift in range(1, int(sizes.max(initial=1))):
        a = np.flatnonzero(cell[:-shift] == cell[shift:])
        if not len(a):
            break
        i, j = face[a], face[a + shift]
        hit = ((low[i] <= high[j]) & (low[j] <= high[i])).all(axis=1)
        pair = np.sort(np.stack([i[hit], j[hit]], axis=1), axis=1)
        found.append(pair)
    return np.unique(np.concatenate(found), axis=0) if found else np.zeros((0, 2), int)


def _cross(a, b):
    return np.cross(a, b)


def _segment_hits(p, q, a, b, c, eps):
    """Closed segments against closed triangles, row by row; coplanar rows are left to others."""
    n = _cross(b - a, c - a)
    dp, dq = ((p - a) * n).sum(1), ((q - a) * n).sum(1)
    scale = np.linalg.norm(n, axis=1) * eps
    proper = ~((dp > scale) & (dq > scale)) & ~((dp < -scale) & (dq < -scale))
    flat = (np.abs(dp) <= scale) & (np.abs(dq) <= scale)
    t = np.clip(dp / np.where(dp == dq, 1.0, dp - dq), 0, 1)
    x = p + t[:, None] * (q - p)
    nn = (n * n).sum(1)
    u = (n * _cross(b - a, x - a)).sum(1)
    v = (n * _cross(c - b, x - b)).sum(1)
    w = (n * _cross(a - c, x - c)).sum(1)
    tol = -eps * np.sqrt(nn)
    return proper & ~flat & (u >= tol) & (v >= tol) & (w >= tol)


def _flat_contact(t, s, shared, eps):
    """Coplanar triangles, one pair: contact beyond the shared corners, by shapely."""
    n = np.cross(t[1] - t[0], t[2] - t[0])
    size = np.linalg.norm(n)
    if size == 0 or np.abs((s - t[0]) @ (n / size)).max() > eps:
        return False
    keep = [k for k in range(3) if k != np.argmax(np.abs(n))]
    one, two = shapely.Polygon(t[:, keep]), shapely.Polygon(s[:, keep])
    common = one.intersection(two)
    if common.is_empty:
        return False
    if shared == 0:
        return True
    return (common.length if shared == 1 else common.area) > eps


def meetings(vertices, faces, *, eps=1e-9):
    """Pairs of faces that cross or touch where they are not joined, (N, 2)."""
    # To the size of an arch, so that eps means the same at every scale.
    low = vertices.min(axis=0)
    corners = ((vertices - low) * (50.0 / max(float(np.ptp(vertices, axis=0).max()), 1e-300)))[
        faces
    ]
    pairs = overlapping_boxes(corners.min(axis=1), corners.max(axis=1))
    same = faces[pairs[:, 0]][:, :, None] == faces[pairs[:, 1]][:, None, :]
    shared = same.any(axis=2).sum(axis=1)
    t, s = corners[pairs[:, 0]], corners[pairs[:, 1]]
    hit = shared == 3
    rows = np.flatnonzero(shared == 0)
    for k in range(3):
        a, b = t[rows], s[rows]
        hit[rows] |= _segment_hits(a[:, k], a[:, (k + 1) % 3], b[:, 0], b[:, 1], b[:, 2], eps)
        hit[rows] |= _segment_hits(b[:, k], b[:, (k + 1) % 3], a[:, 0], a[:, 1], a[:, 2], eps)
    rows = np.flatnonzero(shared == 1)
    at_t = np.argmax(same[rows].any(axis=2), axis=1)
    at_s = np.argmax(same[rows].any(axis=1), axis=1)
    a = np.stack([t[rows, (at_t + k) % 3] for k in range(3)], axis=1)
    b = np.stack([s[rows, (at_s + k) % 3] for k in range(3)], axis=1)
    hit[rows] |= _segment_hits(a[:, 1], a[:, 2], b[:, 0], b[:, 1], b[:, 2], eps)
    hit[rows] |= _segment_hits(b[:, 1], b[:, 2], a[:, 0], a[:, 1], a[:, 2], eps)
    rows = np.flatnonzero(shared == 2)
    off_t = np.argmin(same[rows].any(axis=2), axis=1)
    off_s = np.argmin(same[rows].any(axis=1), axis=1)
    p, q = t[rows, (off_t + 1) % 3], t[rows, (off_t + 2) % 3]
    a, b = t[rows, off_t], s[rows, off_s]
    along = (q - p) / np.linalg.norm(q - p, axis=1)[:, None]
    a = a - p - ((a - p) * along).sum(1)[:, None] * along
    b = b - p - ((b - p) * along).sum(1)[:, None] * along
    a /= np.linalg.norm(a, axis=1)[:, None]
    b /= np.linalg.norm(b, axis=1)[:, None]
    hit[rows] |= np.linalg.norm(a - b, axis=1) < 1e-9
    n = _cross(t[:, 1] - t[:, 0], t[:, 2] - t[:, 0])
    n /= np.maximum(np.linalg.norm(n, axis=1), 1e-300)[:, None]
    height = np.abs(((s - t[:, :1]) * n[:, None]).sum(axis=2)).max(axis=1)
    for row in np.flatnonzero(~hit & (height <= eps) & (shared < 2)):
        hit[row] = _flat_contact(t[row], s[row], shared[row], eps)
    return pairs[hit]


def as_stl(vertices, faces):
    """What an STL round trip leaves: float32 corners joined where they are equal."""
    soup = vertices.astype(np.float32)[faces].reshape(-1, 3) + np.float32(0)
    unique, name = np.unique(soup, axis=0, return_inverse=True)
    return unique.astype(np.float64), name.reshape(-1, 3)


def judge(vertices, faces, *, intersections=True) -> Judgement:
    vertices, faces = np.asarray(vertices, dtype=np.float64), np.asarray(faces, dtype=np.int64)
    _, counts = edge_counts(faces)
    a, b, c = (vertices[faces[:, j]] for j in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    longest = np.max([np.linalg.norm(x, axis=1) for x in (b - a, c - b, a - c)], axis=0)
    repeated = (
        (faces[:, 0] == faces[:, 1]) | (faces[:, 1] == faces[:, 2]) | (faces[:, 2] == faces[:, 0])
    )
    flat = repeated | (area <= 1e-7 * longest**2)
    _, copies = np.unique(np.sort(faces, axis=1), axis=0, return_counts=True)
    single = np.unique(vertices.astype(np.float32), axis=0)
    return Judgement(
        branching_edges=int(np.count_nonzero(counts > 2)),
        bow_ties=len(bow_ties(faces)),
        components=int(pieces(faces).max()) + 1,
        loops=border_loops(faces),
        badly_wound_edges=badly_wound(faces),
        degenerate=int(flat.sum()),
        duplicates=int((copies - 1).sum()),
        doubled_vertices=len(vertices) - len(single),
        unreferenced=len(vertices) - len(np.unique(faces)),
        meetings=len(meetings(vertices, faces)) if intersections else -1,
        area_mm2=float(area.sum()),
    )


def identical_faces(before_vertices, before_faces, after_vertices, after_faces):
    """Mark faces of the result that were in the input: same positions, any rotation or winding."""

    def rows(vertices, faces):
        corners = vertices.astype(np.float32)[faces]
        order = np.lexsort(corners.transpose(2, 0, 1)[::-1], axis=-1)
        return np.ascontiguousarray(np.take_along_axis(corners, order[:, :, None], 1)).reshape(
            -1, 9
        )

    whole = np.concatenate([rows(before_vertices, before_faces), rows(after_vertices, after_faces)])
    _, name = np.unique(whole, axis=0, return_inverse=True)
    name = name.reshape(-1)
    return np.isin(name[len(before_faces) :], name[: len(before_faces)])


def distance_to_vertices(points, vertices):
    return cKDTree(vertices).query(points)[0]
