"""Know who neighbours whom in and around the patches, and how strongly.

Rules owned here:
- A row stands for a vertex whose curvature matters: every new vertex, every vertex of a rim, and
  the old vertices one step outside the rims, in this order.
- A row that the surface does not close around (it stays on an open border) is marked open.
- Weights are cotangents, clamped so that a needle in the scan can't blow up a system. Wedges
  between old vertices are weighed once, those with new vertices again whenever these move.

Source: U. Pinkall, K. Polthier, *Computing discrete minimal surfaces and their conjugates*,
Experimental Mathematics 2(1), 1993.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.hole_rims import Rims

__all__ = ["PatchGraph", "Weights", "build_patch_graph", "weigh_graph"]

_LEAST_COTANGENT = -5.0
_MOST_COTANGENT = 20.0
_WIDEST_FAN = 4096


class PatchGraph(NamedTuple):
    """Neighbours of every row.

    Parameters
    ----------
    offsets : (R+1,) int64
    neighbour : (E,) int32
        Vertices: the old ones with the new ones after them.
    neighbour_row : (E,) int64
        The neighbour's own row, -1 where it has none.
    row_vertex : (R,) int32
    rim_row : (B,) int64
        The row of each place of the rims.
    is_open : (R,) bool
    fixed_wedges, moving_wedges : (W, 3) int32
        Row and the two neighbours (as places in `neighbour`) of each triangle corner.
    """

    offsets: NDArray[np.int64]
    neighbour: NDArray[np.int32]
    neighbour_row: NDArray[np.int64]
    row_vertex: NDArray[np.int32]
    rim_row: NDArray[np.int64]
    is_open: NDArray[np.bool_]
    fixed_wedges: NDArray[np.int32]
    moving_wedges: NDArray[np.int32]


class Weights(NamedTuple):
    """How strongly neighbours pull, and the area each row stands for.

    Parameters
    ----------
    weight : (E,) float64
    area : (R,) float64, mm2
    """

    weight: NDArray[np.float64]
    area: NDArray[np.float64]


@kernel
def _build(
    faces: NDArray[np.int32],
    twin: NDArray[np.int32],
    rims: Rims,
    new_faces: NDArray[np.int32],
    old: int,
    new: int,
    row_of: NDArray[np.int32],
    slot: NDArray[np.int32],
    corner_offsets: NDArray[np.int64],
    corner: NDArray[np.int32],
    start: NDArray[np.int32],
    graph: PatchGraph,
) -> tuple[int, int, int, int]:
    """Fill the graph; return how many rows, neighbours and wedges, or -1 when there is no room."""
    rim = rims.vertex
    first_use = rims.first_use
    offsets, neighbour, neighbour_row, row_vertex, rim_row, is_open, fixed, moving = graph
    rows = new
    for v in range(new):
        row_of[old + v] = v
        row_vertex[v] = old + v
    for place in range(rim.shape[0]):
        if first_use[rim[place]] == place:
            row_of[rim[place]] = rows
            row_vertex[rows] = rim[place]
            rows += 1
        rim_row[place] = row_of[rim[place]]
    for loop in range(rims.offsets.shape[0] - 1):
        # The half-edge that leaves each place along the rim is the one that the last place owns.
        last = rims.offsets[loop + 1] - 1
        for place in range(rims.offsets[loop], rims.offsets[loop + 1]):
            start[place] = rims.owner[last]
            last = place
    inner = rows
    for turn in range(2):
        for f in range(new_faces.shape[0]):
            for j in range(3):
                row = row_of[new_faces[f, j]]
                if turn == 0:
                    corner_offsets[row + 2] += 1
                else:
                    corner[corner_offsets[row + 1]] = 3 * f + j
                    corner_offsets[row + 1] += 1
        if turn == 0:
            for row in range(inner):
                corner_offsets[row + 2] += corner_offsets[row + 1]
    used = 0
    fixed_count = 0
    moving_count = 0
    row = 0
    while row < rows:
        begin = used
        vertex = row_vertex[row]
        item = 0
        item_end = 0
        place = -1
        h = -1
        if row < inner:
            item = int(corner_offsets[row])
            item_end = int(corner_offsets[row + 1])
            if row >= new:
                place = int(first_use[vertex])
                h = int(start[place])
        else:
            h = int(start[rim.shape[0] + row - inner])
        first = h
        is_open[row] = row >= new and h < 0
        walked = 0
        while True:
            # The corners of new faces first, then the fans of old faces behind the rim.
            back = -1
            if item < item_end:
                f = corner[item] // 3
                j = corner[item] - 3 * f
                a = new_faces[f, j + 1 if j < 2 else 0]
                b = new_faces[f, j - 1 if j > 0 else 2]
                item += 1
            elif h >= 0:
                f = h // 3
                j = h - 3 * f
                a = faces[f, j + 1 if j < 2 else 0]
                b = faces[f, j - 1 if j > 0 else 2]
                back = h - 1 if j > 0 else h + 2
            else:
                break
            if used + 2 > neighbour.shape[0] or max(fixed_count, moving_count) >= fixed.shape[0]:
                return -1, 0, 0, 0
            for side in range(2):
                w = a if side == 0 else b
                if slot[w] < begin:
                    slot[w] = used
                    neighbour[used] = w
                    used += 1
                if back >= 0 and row < inner and row_of[w] < 0:
                    if rim.shape[0] + rows - inner == start.shape[0]:
                        return -1, 0, 0, 0
                    row_of[w] = rows
                    row_vertex[rows] = w
                    start[rim.shape[0] + rows - inner] = back if side == 1 else 3 * f + (j + 1) % 3
                    rows += 1
            if vertex < old and a < old and b < old:
                fixed[fixed_count, 0] = row
                fixed[fixed_count, 1] = slot[a]
                fixed[fixed_count, 2] = slot[b]
                fixed_count += 1
            else:
                moving[moving_count, 0] = row
                moving[moving_count, 1] = slot[a]
                moving[moving_count, 2] = slot[b]
                moving_count += 1
            if back < 0:
                continue
            h = int(twin[back])
            walked += 1
            if h == first:
                break
            if h < 0 or walked > _WIDEST_FAN:
                closed = False
                other = place if row >= inner else int(first_use[vertex])
                while other >= 0:
                    closed = closed or rims.owner[other] == back
                    other = int(rims.next_use[other])
                if not closed:
                    is_open[row] = True
                h = -1
                if place >= 0:
                    place = int(rims.next_use[place])
                    if place >= 0:
                        h = int(start[place])
                        first = h
                        if h < 0:
                            is_open[row] = True
        row += 1
        offsets[row] = used
    for e in range(used):
        neighbour_row[e] = row_of[neighbour[e]]
    return rows, used, fixed_count, moving_count


def build_patch_graph(
    faces: Faces,
    twin: NDArray[np.int32],
    rims: Rims,
    new_faces: Faces,
    old: int,
    new: int,
) -> PatchGraph:
    """Collect the neighbours of all rows.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    rims : Rims
    new_faces : (M, 3) int32
        Indices into the old vertices with the new ones after them.
    old, new : int
        Number of old and new vertices.
    """
    count = len(rims.vertex)
    room = 4
    while True:
        outer = room * count + 64
        wide = 3 * len(new_faces) + 8 * outer
        graph = PatchGraph(
            offsets=np.zeros(new + count + outer + 1, np.int64),
            neighbour=np.empty(wide, np.int32),
            neighbour_row=np.empty(wide, np.int64),
            row_vertex=np.empty(new + count + outer, np.int32),
            rim_row=np.empty(count, np.int64),
            is_open=np.empty(new + count + outer, np.bool_),
            fixed_wedges=np.empty((wide, 3), np.int32),
            moving_wedges=np.empty((wide, 3), np.int32),
        )
        rows, used, fixed, moving = _build(
            faces, twin, rims, new_faces, old, new,
            np.full(old + new, -1, np.int32), np.full(old + new, -1, np.int32),
            np.zeros(new + count + 2, np.int64), np.empty(3 * len(new_faces), np.int32),
            np.empty(count + outer, np.int32), graph,
        )  # fmt: skip
        if rows >= 0:
            return PatchGraph(
                offsets=graph.offsets[: rows + 1],
                neighbour=graph.neighbour[:used],
                neighbour_row=graph.neighbour_row[:used],
                row_vertex=graph.row_vertex[:rows],
                rim_row=graph.rim_row,
                is_open=graph.is_open[:rows],
                fixed_wedges=graph.fixed_wedges[:fixed],
                moving_wedges=graph.moving_wedges[:moving],
            )
        room *= 4


@kernel
def _weigh(
    vertices: NDArray[np.float64],
    new_vertices: NDArray[np.float64],
    graph: PatchGraph,
    wedges: NDArray[np.int32],
    weight: NDArray[np.float64],
    area: NDArray[np.float64],
) -> None:
    """Add what each wedge contributes to its row's weights and area."""
    old = vertices.shape[0]
    corner = np.empty((3, 3))
    for item in range(wedges.shape[0]):
        row = wedges[item, 0]
        for j in range(3):
            v = graph.row_vertex[row] if j == 0 else graph.neighbour[wedges[item, j]]
            for k in range(3):
                corner[j, k] = vertices[v, k] if v < old else new_vertices[v - old, k]
        va = 0.0
        vb = 0.0
        dot_a = 0.0
        dot_b = 0.0
        for k in range(3):
            to_a = corner[1, k] - corner[0, k]
            to_b = corner[2, k] - corner[0, k]
            va += to_a * to_a
            vb += to_b * to_b
            dot_a -= to_a * (to_b - to_a)
            dot_b += to_b * (to_b - to_a)
        ab = dot_a + dot_b  # |b - a|^2
        twice = np.sqrt(max(va * ab - dot_a * dot_a, 0.0))
        floor = max(twice, 1e-12 * (va + vb + ab) + 1e-300)
        area[row] += twice / 6.0
        weight[wedges[item, 1]] += 0.5 * min(max(dot_b / floor, _LEAST_COTANGENT), _MOST_COTANGENT)
        weight[wedges[item, 2]] += 0.5 * min(max(dot_a / floor, _LEAST_COTANGENT), _MOST_COTANGENT)


def weigh_graph(
    vertices: Vertices,
    new_vertices: Vertices,
    graph: PatchGraph,
    *,
    fixed: Weights | None = None,
) -> Weights:
    """Weigh the graph with cotangents.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    new_vertices : (N, 3) float64, mm
    graph : PatchGraph
    fixed : Weights, optional
        What the fixed wedges contribute. Without it that contribution alone is returned.
    """
    if fixed is None:
        weights = Weights(np.zeros(len(graph.neighbour)), np.zeros(len(graph.row_vertex)))
        _weigh(vertices, new_vertices, graph, graph.fixed_wedges, *weights)
        return weights
    weights = Weights(fixed.weight.copy(), fixed.area.copy())
    _weigh(vertices, new_vertices, graph, graph.moving_wedges, *weights)
    return weights
