"""Where the surface branches: fins on edges, and vertices where fans of faces meet in a point.

Rules owned here:
- A *sheet* is a set of faces joined over edges with exactly two faces. At an edge with k > 2 faces
  all but two sheets are extra; the smallest by area go first, and edges are counted again, until
  no sheet smaller than `limit_mm2` is extra anywhere. That removes fins, inner walls and flaps, and
  never the larger of two candidates.
- What still branches has only large sheets and is cut about the edge by the caller.
- A bow-tie vertex has more than one fan. The fan with the largest sum of angles keeps the vertex;
  the faces of the others at that vertex are named, to be cut and filled without it. A vertex is
  never doubled in place: two vertices in one point are one vertex again in an STL file.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.face_sets import join_faces, sum_sheets
from stsbench.geometry.topology import branching_edges

__all__ = ["extra_sheets", "sheets", "smaller_fans"]


def sheets(twin: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the sheet of each face: faces joined over edges that have exactly two.

    Parameters
    ----------
    twin : (3F,) int32

    Returns
    -------
    (F,) int32
        In order of first face.
    """
    sheet: NDArray[np.int32] = join_faces(np.empty((0, 3), np.int32), twin)[0]
    return sheet


def extra_sheets(
    faces: Faces,
    twin: NDArray[np.int32],
    sheet: NDArray[np.int32],
    area_mm2: NDArray[np.float64],
    *,
    limit_mm2: float,
) -> Mask:
    """Mark the smallest set of sheets that must go at branching edges.

    One round: drop them, build the half-edges anew and ask again until nothing is marked.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    sheet : (F,) int32
        As `sheets` numbers them; -1 for faces that are gone.
    area_mm2 : (F,) float64
        0 for faces that are gone.
    limit_mm2 : float
        Sheets of this area or more stay.

    Returns
    -------
    (S,) bool
    """
    _, half_edges, edge_of = branching_edges(faces, twin)
    count = int(sheet.max(initial=-1)) + 1
    dropped = np.zeros(count, dtype=bool)
    if not len(half_edges):
        return dropped
    sums = sum_sheets(sheet, count, area_mm2)
    area, size = sums.area_mm2, sums.faces_count
    own = sheet[half_edges // 3]
    order = np.lexsort((own, size[own], area[own], edge_of))
    edge_sorted, own_sorted = edge_of[order], own[order]
    first = np.flatnonzero(np.r_[True, np.diff(edge_sorted) != 0])
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    meeting = np.bincount(edge_sorted)[edge_sorted]
    # Of k faces at the edge the k - 2 on the smallest sheets are extra.
    chosen = (rank < meeting - 2) & (area[own_sorted] < limit_mm2)
    dropped[own_sorted[chosen]] = True
    return dropped


@kernel
def _corner_angle(vertices, faces, f, j):
    v = faces[f, j]
    b = faces[f, (j + 1) % 3]
    c = faces[f, (j + 2) % 3]
    dot = 0.0
    uu = 0.0
    ww = 0.0
    for k in range(3):
        u = vertices[b, k] - vertices[v, k]
        w = vertices[c, k] - vertices[v, k]
        dot += u * w
        uu += u * u
        ww += w * w
    if uu == 0 or ww == 0:
        return 0.0
    return np.arccos(max(-1.0, min(1.0, dot / np.sqrt(uu * ww))))


@kernel
def _mark_smaller(vertices, faces, twin, pinched, marked):
    corner_count = 3 * len(faces)
    fan_of = np.full(corner_count, -1, np.int32)
    best_fan = np.full(len(vertices), -1, np.int32)
    best_angle = np.zeros(len(vertices))
    stack = np.empty(corner_count, np.int32)
    fans = 0
    for corner in range(corner_count):
        v = faces[corner // 3, corner % 3]
        if not pinched[v] or fan_of[corner] >= 0:
            continue
        angle = 0.0
        fan_of[corner] = fans
        stack[0] = corner
        top = 1
        while top > 0:
            top -= 1
            here = stack[top]
            f = here // 3
            j = here - 3 * f
            angle += _corner_angle(vertices, faces, f, j)
            for side in range(2):
                t = twin[here if side == 0 else 3 * f + (j + 2) % 3]
                if t < 0:
                    continue
                g = t // 3
                k = t - 3 * g
                if faces[g, k] != v:
                    k = (k + 1) % 3
                if fan_of[3 * g + k] < 0:
                    fan_of[3 * g + k] = fans
                    stack[top] = 3 * g + k
                    top += 1
        if angle > best_angle[v]:
            best_angle[v] = angle
            best_fan[v] = fans
        fans += 1
    for corner in range(corner_count):
        v = faces[corner // 3, corner % 3]
        if pinched[v] and fan_of[corner] != best_fan[v]:
            marked[corner // 3] = True


def smaller_fans(vertices: Vertices, faces: Faces, twin: NDArray[np.int32], pinched: Mask) -> Mask:
    """Mark the faces at bow-tie vertices that are not in the vertex's largest fan.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
    pinched : (V,) bool
        Vertices with more than one fan.

    Returns
    -------
    (F,) bool
    """
    marked = np.zeros(len(faces), dtype=bool)
    if pinched.any():
        _mark_smaller(vertices, faces, twin, np.ascontiguousarray(pinched), marked)
    return marked
