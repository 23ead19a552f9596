"""Bend patches so that they continue the surface around them.

Rules owned here:
- The rim and what lies outside never move: they are the boundary condition. Order 1 makes a
  membrane (least area), order 2 a thin plate (least bending) that also meets the slope of the
  surroundings, since the rim's own curvature counts as well.
- The discrete operator is the cotangent Laplacian with clamped cotangents, so that a needle in the
  scan can't blow up the system.
- Every hole is a system of its own. Small ones are solved densely inside one kernel call, large
  ones by a sparse factorisation. Patches that touch see each other as they were a round ago, so
  the order of the holes doesn't matter.
- A rim vertex that stays on an open border has no curvature and is left out of the energy.

Source: M. Botsch, L. Kobbelt, *An intuitive framework for real-time freeform modeling*, ACM
Transactions on Graphics 23(3), 2004; U. Pinkall, K. Polthier, *Computing discrete minimal surfaces
and their conjugates*, Experimental Mathematics 2(1), 1993.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.hole_rims import Rims

__all__ = ["LaplacianRows", "laplacian_rows"]

_LEAST_COTANGENT = -5.0
_MOST_COTANGENT = 20.0


class LaplacianRows(NamedTuple):
    """The Laplacian at every new vertex, then at every place of a rim.

    Parameters
    ----------
    offsets : (N+B+1,) int64
    neighbour : (E,) int32
        Indices into the old vertices with the new ones after them.
    weight : (E,) float64
    stiffness : (N+B,) float64
        One over the area of the row, 1/mm2; 0 for a row that doesn't count.
    """

    offsets: NDArray[np.int64]
    neighbour: NDArray[np.int32]
    weight: NDArray[np.float64]
    stiffness: NDArray[np.float64]


@kernel
def _fill_rows(
    vertices: NDArray[np.float64],
    new_vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    twin: NDArray[np.int32],
    rims: Rims,
    new_faces: NDArray[np.int32],
    uniform: bool,
    corner_offsets: NDArray[np.int64],
    corner: NDArray[np.int32],
    slot: NDArray[np.int64],
    leaving: NDArray[np.int32],
    system: LaplacianRows,
) -> bool:
    """Fill the rows; False when there is no room for all neighbours."""
    rim = rims.vertex
    loop_offsets = rims.offsets
    owner = rims.owner
    next_use = rims.next_use
    first_use = rims.first_use
    offsets, neighbour, weight, stiffness = system
    old = vertices.shape[0]
    new = new_vertices.shape[0]
    rows = new + rim.shape[0]
    for loop in range(loop_offsets.shape[0] - 1):
        # The half-edge that leaves each place along the rim is the one that the last place owns.
        for place in range(loop_offsets[loop], loop_offsets[loop + 1]):
            last = place - 1 if place > loop_offsets[loop] else loop_offsets[loop + 1] - 1
            leaving[place] = owner[last]
    for turn in range(2):
        for f in range(new_faces.shape[0]):
            for j in range(3):
                v = new_faces[f, j]
                row = v - old if v >= old else new + first_use[v]
                if turn == 0:
                    corner_offsets[row + 2] += 1
                else:
                    corner[corner_offsets[row + 1]] = 3 * f + j
                    corner_offsets[row + 1] += 1
        if turn == 0:
            for row in range(rows):
                corner_offsets[row + 2] += corner_offsets[row + 1]
    triple = np.empty((3, 3))
    used = 0
    for row in range(rows):
        begin = used
        area = 0.0
        counts = True
        place = -1
        h = -1
        item = corner_offsets[row]
        if row >= new:
            place = row - new
            if first_use[rim[place]] == place:
                h = leaving[place]
                counts = h >= 0 and corner_offsets[row + 1] > item
            else:
                place = -1
                item = corner_offsets[row + 1]
        walked = 0
        while True:
            # The corners of new faces first, then the fans of old faces behind the rim.
            if item < corner_offsets[row + 1]:
                f = corner[item] // 3
                j = corner[item] - 3 * f
                v = new_faces[f, j]
                a = new_faces[f, j + 1 if j < 2 else 0]
                b = new_faces[f, j - 1 if j > 0 else 2]
                item += 1
            elif place >= 0 and h >= 0:
                f = h // 3
                j = h - 3 * f
                v = faces[f, j]
                a = faces[f, j + 1 if j < 2 else 0]
                b = faces[f, j - 1 if j > 0 else 2]
                back = h - 1 if j > 0 else h + 2
                h = twin[back]
                walked += 1
                if h < 0 or walked > 4096:
                    closed = False
                    other = first_use[v]
                    while other >= 0:
                        closed = closed or owner[other] == back
                        other = next_use[other]
                    counts = counts and closed
                    place = next_use[place]
                    h = leaving[place] if place >= 0 else -1
                    counts = counts and (place < 0 or h >= 0)
            else:
                break
            if used + 2 > neighbour.shape[0]:
                return False
            va = 0.0
            vb = 0.0
            dot_a = 0.0
            dot_b = 0.0
            for k in range(3):
                triple[0, k] = vertices[v, k] if v < old else new_vertices[v - old, k]
                triple[1, k] = vertices[a, k] if a < old else new_vertices[a - old, k]
                triple[2, k] = vertices[b, k] if b < old else new_vertices[b - old, k]
                to_a = triple[1, k] - triple[0, k]
                to_b = triple[2, k] - triple[0, k]
                va += to_a * to_a
                vb += to_b * to_b
                dot_a -= to_a * (to_b - to_a)
                dot_b -= to_b * (to_a - to_b)
            ab = dot_a + dot_b  # |b - a|^2
            twice = np.sqrt(max(va * ab - dot_a * dot_a, 0.0))
            area += twice / 6.0
            floor = max(twice, 1e-12 * (va + vb + ab) + 1e-300)
            cot_a = min(max(dot_a / floor, _LEAST_COTANGENT), _MOST_COTANGENT)
            cot_b = min(max(dot_b / floor, _LEAST_COTANGENT), _MOST_COTANGENT)
            for side in range(2):
                w = a if side == 0 else b
                value = 0.5
                if not uniform:
                    value = 0.5 * (cot_b if side == 0 else cot_a)
                if slot[w] < begin:
                    slot[w] = used
                    neighbour[used] = w
                    weight[used] = 0.0
                    used += 1
                weight[slot[w]] += value
        if counts and used > begin and (uniform or area > 0.0):
            stiffness[row] = 1.0 if uniform else 1.0 / area
        offsets[row + 1] = used
    return True


def laplacian_rows(
    vertices: Vertices,
    new_vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    rims: Rims,
    new_faces: Faces,
    *,
    uniform: bool = False,
) -> LaplacianRows:
    """Build the Laplacian at every new vertex and every place of a rim.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    new_vertices : (N, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
    rims : Rims
    new_faces : (M, 3) int32
        Indices into `vertices` with `new_vertices` after them.
    uniform : bool
        Weight 1 per edge instead of cotangents.
    """
    rows = len(new_vertices) + len(rims.vertex)
    room = 6 * len(new_faces) + 16 * len(rims.vertex) + 64
    while True:
        system = LaplacianRows(
            offsets=np.zeros(rows + 1, np.int64),
            neighbour=np.empty(room, np.int32),
            weight=np.empty(room),
            stiffness=np.zeros(rows),
        )
        if _fill_rows(
            vertices, new_vertices, faces, twin, rims, new_faces, uniform,
            np.zeros(rows + 2, np.int64), np.empty(3 * len(new_faces), np.int32),
            np.full(len(vertices) + len(new_vertices), -1, np.int64),
            np.empty_like(rims.owner), system,
        ):  # fmt: skip
            return system
        room *= 4
