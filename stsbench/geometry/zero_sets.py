"""Draw wide patches onto a smooth surface through all that lies about their rims.

Rules owned here:
- The surface is the zero set of a triharmonic function: zero at every vertex on the rim and up to two
  steps outside, plus or minus a step, by turns, at places that far off the rim along its normals.
- A patch's vertices follow the function's gradient towards it, from where a plate put them, and stop
  half way: plate and zero set err apart, so their mean lies nearer to what was there than either.
- Systems are dense, so a rim with more than `MOST_PLACES` places about it keeps its plate.

Source: J. C. Carr, R. K. Beatson, J. B. Cherrie, T. J. Mitchell, W. R. Fright, B. C. McCallum,
T. R. Evans, *Reconstruction and representation of 3D objects with radial basis functions*, SIGGRAPH
2001. That it beats plates in wide holes, and only there, was measured (benchmarks/filling).
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask, Vertices
from stsbench.geometry.compiled import in_threads, kernel
from stsbench.geometry.patch_graph import PatchGraph

__all__ = ["LEAST_VERTICES", "MOST_PLACES", "draw_onto_zero_sets"]

LEAST_VERTICES = 128  # of a patch's own: below, a plate is as good
MOST_PLACES = 500
_STEPS = 2
_SHARE = 0.5  # of the way from the plate: their mean lies nearer the truth than either

Values = NDArray[np.float64]


@kernel
def _solve_dense(matrix: Values, right: Values) -> bool:
    """Solve a dense system in place by elimination with row pivots; False where it is singular.

    LAPACK would do it on two threads that wait for each other longer than they work.
    """
    n = matrix.shape[0]
    for x in range(n):
        best = x
        for y in range(x + 1, n):
            if abs(matrix[y, x]) > abs(matrix[best, x]):
                best = y
        if not abs(matrix[best, x]) > 1e-12:
            return False
        for z in range(x, n if best != x else x):
            matrix[x, z], matrix[best, z] = matrix[best, z], matrix[x, z]
        right[x], right[best] = right[best], right[x]
        # Counted from 0, so that no index can be negative and four places go at once.
        pivot = matrix[x, x + 1 :]
        for y in range(x + 1, n):
            target = matrix[y, x + 1 :]
            ratio = matrix[y, x] / matrix[x, x]
            if ratio != 0.0:
                for z in range(len(pivot)):
                    target[z] -= ratio * pivot[z]
                right[y] -= ratio * right[x]
    for x in range(n - 1, -1, -1):
        for z in range(x + 1, n):
            right[x] -= matrix[x, z] * right[z]
        right[x] /= matrix[x, x]
    return True


def _rim_normals(graph: PatchGraph, position: Vertices, made: int) -> Vertices:
    """Return unit normals at the rims' vertices, of the old surface alone."""
    faces = graph.faces[made:]
    corners = position[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal = np.zeros((len(position), 3))
    for k in range(3):
        np.add.at(normal, faces[:, k], across)
    size = np.sqrt(np.einsum("ij,ij->i", normal, normal))
    return np.asarray(normal / np.maximum(size, 1e-300)[:, None])


def _about(graph: PatchGraph, position: Vertices, rim: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the old vertices up to two steps outside a rim, without it."""
    seen = np.zeros(graph.new + len(graph.old_vertex), np.bool_)
    seen[: graph.new] = True
    seen[rim] = True
    found = [np.zeros(0, np.int64)]
    front = rim.astype(np.int64)
    for _ in range(2):
        front = front[front < len(graph.is_open)]
        begin = graph.offsets[front]
        degree = graph.offsets[front + 1] - begin
        entry = np.repeat(begin - (np.cumsum(degree) - degree), degree) + np.arange(degree.sum())
        ahead = graph.neighbour[entry]
        front = np.unique(ahead[~seen[ahead]]).astype(np.int64)
        seen[front] = True
        found.append(front)
    about = np.concatenate(found)
    # By place: numbers follow those of the scan, and renaming its vertices must change nothing.
    by_place = np.lexsort(position[about].T)
    return np.asarray(about[by_place])


def _distances(places: Vertices, centres: Vertices) -> Values:
    squared = np.zeros((len(places), len(centres)))
    for k in range(3):
        along = np.subtract.outer(places[:, k].copy(), centres[:, k].copy())
        along *= along
        squared += along
    return np.sqrt(squared, out=squared)


def _drawn(x: Vertices, centres: Vertices, value: Values) -> Vertices | None:
    """Draw places onto the zero set; coordinates in steps. None without a unique function."""
    count = len(centres)
    system = np.zeros((count + 4, count + 4))
    away = _distances(centres, centres)
    system[:count, :count] = away * away * away
    system[:count, count] = system[count, :count] = 1.0
    system[:count, count + 1 :] = centres
    system[count + 1 :, :count] = centres.T
    weight = np.concatenate([value, np.zeros(4)])
    if not _solve_dense(system, weight):
        return None
    own, constant, slope = weight[:count], weight[count], weight[count + 1 :]
    for _ in range(_STEPS):
        away = _distances(x, centres)
        pull = away * own
        # By einsum, since a product of this size would wake a second thread as well.
        height = np.einsum("ij,ij,ij->i", away, away, pull) + constant
        height += np.einsum("ij,j->i", x, slope)
        gradient = pull.sum(axis=1)[:, None] * x - np.einsum("ij,jk->ik", pull, centres)
        gradient = 3.0 * gradient + slope
        squared = np.einsum("ij,ij->i", gradient, gradient)
        move = -(height / np.maximum(squared, 1e-12))[:, None] * gradient
        size = np.sqrt(np.einsum("ij,ij->i", move, move))
        x = x + move * np.minimum(1.0, 1.0 / np.maximum(size, 1e-12))[:, None]
    return x if np.isfinite(x).all() else None


def draw_onto_zero_sets(
    vertex_offsets: NDArray[np.int64],
    rim_offsets: NDArray[np.int64],
    graph: PatchGraph,
    position: Vertices,
    made: int,
    *,
    chosen: Mask,
) -> tuple[Vertices, Mask]:
    """Return positions of the new vertices, those of wide patches drawn onto zero sets.

    Parameters
    ----------
    vertex_offsets, rim_offsets : (L+1,) int64
        Which new vertices and which places of the rims belong to each hole.
    graph : PatchGraph
    position : (P, 3) float64, mm
        In numbers of the graph, the new vertices on plates.
    made : int
        How many faces are new.
    chosen : (L,) bool
        Other holes stay as they are.

    Returns
    -------
    drawn : (N, 3) float64, mm
    moved : (L,) bool
    """
    drawn = position[: graph.new].copy()
    moved = np.zeros(len(chosen), np.bool_)
    wide = np.flatnonzero(chosen & (np.diff(vertex_offsets) >= LEAST_VERTICES))
    normal = _rim_normals(graph, position, made) if len(wide) else position

    def draw(loop: int) -> Vertices | None:
        rim = graph.rim_row[rim_offsets[loop] : rim_offsets[loop + 1]]
        rim = rim[rim >= 0]
        places = np.concatenate([rim, _about(graph, position, rim)])
        along = position[rim] - position[np.roll(rim, 1)]
        step = float(np.median(np.sqrt(np.einsum("ij,ij->i", along, along))))
        if len(places) > MOST_PLACES or not step > 0.0:
            return None
        middle = position[rim].mean(axis=0)
        centres = (position[places] - middle) / step
        side = np.where(np.arange(len(rim)) % 2 == 0, 1.0, -1.0)
        ends = centres[: len(rim)] + side[:, None] * normal[rim]
        value = np.concatenate([np.zeros(len(places)), side])
        own = position[vertex_offsets[loop] : vertex_offsets[loop + 1]]
        x = _drawn((own - middle) / step, np.concatenate([centres, ends]), value)
        return None if x is None else own + _SHARE * (middle + step * x - own)

    loops = wide.tolist()
    for loop, places in zip(loops, in_threads(draw, loops), strict=True):
        if places is not None:
            drawn[vertex_offsets[loop] : vertex_offsets[loop + 1]] = places
            moved[loop] = True
    return drawn, moved
