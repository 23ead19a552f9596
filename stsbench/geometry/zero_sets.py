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
from stsbench.geometry.banded_systems import SPARE, solve_band
from stsbench.geometry.compiled import in_threads, kernel
from stsbench.geometry.patch_graph import PatchGraph

__all__ = ["LEAST_VERTICES", "MOST_PLACES", "draw_onto_zero_sets"]

LEAST_VERTICES = 128  # of a patch's own: below, a plate is as good
MOST_PLACES = 500
_STEPS = 2
_FLAT = 1e-9  # of a step
_SHARE = 0.5  # of the way from the plate: their mean lies nearer the truth than either

Values = NDArray[np.float64]


@kernel
def _set_up(places: Values, linear: Values, images: Values, system: Values) -> None:
    """Write the cubes of distances, without what linear functions see of them, as a full band.

    `linear` holds an orthonormal basis of these functions on the places, (4, C), and `images`
    becomes the cubes times this basis.
    """
    count = places.shape[1]
    wide = count + SPARE + 1
    for i in range(count):
        row = system[i * wide :]
        for j in range(count - i):
            squared = 0.0
            for k in range(3):
                along = places[k, i + j] - places[k, i]
                squared += along * along
            row[j] = squared * np.sqrt(squared)
        for c in range(4):
            share = linear[c, i]
            image = images[c, i:]
            for j in range(count - i):
                image[j] += row[j] * share
        # Four sums side by side: one by itself waits for every addition.
        first, second, third, fourth = linear[0, i:], linear[1, i:], linear[2, i:], linear[3, i:]
        sum_0, sum_1, sum_2, sum_3 = 0.0, 0.0, 0.0, 0.0
        for j in range(count - i):
            sum_0 += row[j] * first[j]
            sum_1 += row[j] * second[j]
            sum_2 += row[j] * third[j]
            sum_3 += row[j] * fourth[j]
        images[0, i] += sum_0
        images[1, i] += sum_1
        images[2, i] += sum_2
        images[3, i] += sum_3
    # Linear functions get a value of their own, or the system would be singular.
    turned = images.copy()
    for c in range(4):
        for b in range(4):
            inner = 0.5 * count if b == c else 0.0
            for i in range(count):
                inner += 0.5 * linear[b, i] * images[c, i]
            for i in range(count):
                turned[c, i] -= inner * linear[b, i]
    for i in range(count):
        row = system[i * wide :]
        for c in range(4):
            share, other = turned[c, i], linear[c, i]
            own, image = linear[c, i:], turned[c, i:]
            for j in range(count - i):
                row[j] -= share * own[j] + other * image[j]


@kernel
def _pull(x: Values, places: Values, weight: Values, slope: Values, sums: Values) -> None:
    """Move places (3, M) along the gradient towards the zero set, in place; sums is scratch (4, M).

    Every place is summed in the order of the weights, all of them side by side.
    """
    x_0, x_1, x_2 = x[0], x[1], x[2]
    height, down_0, down_1, down_2 = sums[0], sums[1], sums[2], sums[3]
    for _ in range(_STEPS):
        for p in range(x.shape[1]):
            height[p] = slope[0] + slope[1] * x_0[p] + slope[2] * x_1[p] + slope[3] * x_2[p]
            down_0[p] = slope[1]
            down_1[p] = slope[2]
            down_2[p] = slope[3]
        for i in range(places.shape[1]):
            place_0, place_1, place_2 = places[0, i], places[1, i], places[2, i]
            share = weight[i]
            for p in range(x.shape[1]):
                along_0 = x_0[p] - place_0
                along_1 = x_1[p] - place_1
                along_2 = x_2[p] - place_2
                squared = along_0 * along_0 + along_1 * along_1 + along_2 * along_2
                pull = share * np.sqrt(squared)
                height[p] += pull * squared
                down_0[p] += 3.0 * pull * along_0
                down_1[p] += 3.0 * pull * along_1
                down_2[p] += 3.0 * pull * along_2
        for p in range(x.shape[1]):
            squared = down_0[p] * down_0[p] + down_1[p] * down_1[p] + down_2[p] * down_2[p]
            size = -height[p] / max(squared, 1e-12)
            size /= max(1.0, abs(size) * np.sqrt(squared))
            x_0[p] += size * down_0[p]
            x_1[p] += size * down_1[p]
            x_2[p] += size * down_2[p]


def _rim_normals(
    graph: PatchGraph, position: Vertices, made: int, rim: NDArray[np.int32]
) -> Vertices:
    """Return unit normals at the vertices of a rim, of the old surface alone."""
    begin, end = graph.offsets[rim], graph.offsets[rim + 1]
    start = np.cumsum(end - begin) - (end - begin)
    entry = np.repeat(begin - start, end - begin) + np.arange((end - begin).sum())
    face = graph.leaving[entry] // 3
    corners = position[graph.faces[face]]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    across[face < made] = 0.0
    normal = np.add.reduceat(across, start)
    size = np.sqrt(np.einsum("ij,ij->i", normal, normal))
    return np.asarray(normal / np.maximum(size, 1e-300)[:, None])


def _about(
    graph: PatchGraph, position: Vertices, rim: NDArray[np.int32], loop_of: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the old vertices up to two steps outside each rim, without it, and whose they are."""
    rows = graph.new + len(graph.old_vertex)
    seen = np.unique(loop_of * rows + rim)
    front, found = seen, [np.zeros(0, np.int64)]
    for _ in range(2):
        loop, row = np.divmod(front, rows)
        inner = row < len(graph.is_open)
        loop, row = loop[inner], row[inner]
        begin = graph.offsets[row]
        degree = graph.offsets[row + 1] - begin
        entry = np.repeat(begin - (np.cumsum(degree) - degree), degree) + np.arange(degree.sum())
        ahead = graph.neighbour[entry]
        keys = np.unique((np.repeat(loop, degree) * rows + ahead)[ahead >= graph.new])
        front = keys[seen[np.minimum(np.searchsorted(seen, keys), len(seen) - 1)] != keys]
        seen = np.sort(np.concatenate([seen, front]))
        found.append(front)
    loop, row = np.divmod(np.concatenate(found), rows)
    # By place: numbers follow those of the scan, and renaming its vertices must change nothing.
    order = np.lexsort((*position[row].T, loop))
    return row[order], loop[order]


def _orthonormal(places: Values) -> tuple[Values, Values] | None:
    """Return a basis (4, C) of linear functions on places (3, C), its factor; None if flat."""
    linear = np.concatenate([np.ones((1, places.shape[1])), places])
    factor = np.zeros((4, 4))
    for c in range(4):
        # Twice: once leaves what rounding left of the others.
        for b in 2 * list(range(c)):
            share = (linear[b] * linear[c]).sum()
            linear[c] -= share * linear[b]
            factor[b, c] += share
        factor[c, c] = np.sqrt((linear[c] * linear[c]).sum())
        if not factor[c, c] > _FLAT:
            return None
        linear[c] /= factor[c, c]
    return linear, factor


def _drawn(x: Vertices, centres: Vertices, value: Values) -> Vertices | None:
    """Draw places onto the zero set; coordinates in steps. None without a unique function.

    Weights are sought among those that no linear function sees: there the system is definite.
    """
    count = len(centres)
    places = np.ascontiguousarray(centres.T)
    basis = _orthonormal(places)
    if basis is None:
        return None
    linear, factor = basis
    images = np.zeros((4, count))
    wide = count + SPARE + 1
    system = np.empty(count * wide)
    _set_up(places, linear, images, system)
    rows = system.reshape(count, wide)
    seen = (linear * value).sum(axis=1)
    rows[:, -1] = value - (linear * seen[:, None]).sum(axis=0)
    if not solve_band(system, count, count - 1, 1):
        return None
    weight = rows[:, -1].copy()
    rest = seen - (images * weight).sum(axis=1)
    slope = np.zeros(4)
    for c in range(3, -1, -1):
        slope[c] = (rest[c] - (factor[c, c + 1 :] * slope[c + 1 :]).sum()) / factor[c, c]
    drawn = np.ascontiguousarray(x.T)
    _pull(drawn, places, weight, slope, np.empty((4, len(x))))
    return drawn.T if np.isfinite(drawn).all() else None


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
    if not len(wide):
        return drawn, moved
    rims = [graph.rim_row[rim_offsets[loop] : rim_offsets[loop + 1]] for loop in wide]
    rims = [rim[rim >= 0] for rim in rims]
    ends = np.cumsum([0, *map(len, rims)])
    every = np.concatenate(rims)
    normals = _rim_normals(graph, position, made, every)
    about, whose = _about(graph, position, every, np.repeat(np.arange(len(wide)), np.diff(ends)))
    begins = np.searchsorted(whose, np.arange(len(wide) + 1))

    def draw(number: int) -> Vertices | None:
        loop, rim = wide[number], rims[number]
        places = np.concatenate([rim, about[begins[number] : begins[number + 1]]])
        along = position[rim] - position[np.roll(rim, 1)]
        step = float(np.median(np.sqrt(np.einsum("ij,ij->i", along, along))))
        if len(places) > MOST_PLACES or not step > 0.0:
            return None
        normal = normals[ends[number] : ends[number + 1]]
        middle = position[rim].mean(axis=0)
        centres = (position[places] - middle) / step
        side = np.where(np.arange(len(rim)) % 2 == 0, 1.0, -1.0)
        off = centres[: len(rim)] + side[:, None] * normal
        value = np.concatenate([np.zeros(len(places)), side])
        own = position[vertex_offsets[loop] : vertex_offsets[loop + 1]]
        x = _drawn((own - middle) / step, np.concatenate([centres, off]), value)
        return None if x is None else own + _SHARE * (middle + step * x - own)

    for loop, places in zip(wide, in_threads(draw, range(len(wide))), strict=True):
        if places is not None:
            drawn[vertex_offsets[loop] : vertex_offsets[loop + 1]] = places
            moved[loop] = True
    return drawn, moved
