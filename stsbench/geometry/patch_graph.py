"""Know who neighbours whom in and around the patches.

Rules owned here:
- The graph holds the new faces and two rings of old faces about the rims, as half-edges with their
  twins; a rim's half-edge and the new one on its other side are twins here.
- Vertices have numbers of their own: the new ones, then those of the rims, then the old ones one
  step outside, then the rest. The first three kinds are rows: their curvature matters.
- A row that the surface does not close around (it stays on an open border) is marked open.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask
from stsbench.geometry.compiled import kernel
from stsbench.geometry.hole_refinement import Refinement
from stsbench.geometry.hole_rims import Rims

__all__ = ["PatchGraph", "build_patch_graph"]


class PatchGraph(NamedTuple):
    """Half-edges in and around the patches.

    Parameters
    ----------
    faces : (L, 3) int32
        The new faces first, in numbers of the graph.
    twin : (3L,) int32
        -1 where there is none in the graph.
    leaving, returning, neighbour : (E,) int32
        Half-edges that leave each row, row by row, their twins, and the vertices they lead to.
    offsets : (R+1,) int64
    is_open : (R,) bool
    rim_row : (B,) int32
        The row of each place of the rims, -1 where an earlier place of its loop has the same.
    old_vertex : (P-N,) int32
        The vertex of the mesh behind each number after the new ones.
    new, on_rim : int
        N, how many vertices are new; how many lie on rims.
    """

    faces: Faces
    twin: NDArray[np.int32]
    leaving: NDArray[np.int32]
    returning: NDArray[np.int32]
    neighbour: NDArray[np.int32]
    offsets: NDArray[np.int64]
    is_open: NDArray[np.bool_]
    rim_row: NDArray[np.int32]
    old_vertex: NDArray[np.int32]
    new: int
    on_rim: int


class _Room(NamedTuple):
    """Where the kernel leaves what it collects; with room to spare."""

    number: NDArray[np.int32]  # (V,) of each old vertex, -1 at first
    place: NDArray[np.int32]  # (F,) of each old face, -1 at first
    old_vertex: NDArray[np.int32]
    faces: NDArray[np.int32]
    twin: NDArray[np.int32]
    leaving: NDArray[np.int32]
    returning: NDArray[np.int32]
    neighbour: NDArray[np.int32]
    offsets: NDArray[np.int64]
    is_open: Mask
    rim_row: NDArray[np.int32]


@kernel
def _collect(
    faces: Faces, twin: NDArray[np.int32], rims: Rims, refined: Refinement, room: _Room
) -> tuple[int, int, int, int]:
    """Collect; return how far rims, rows and all vertices are numbered, and how many faces."""
    number, place, old_vertex, held_faces, twins = room[:5]
    leaving, returning, neighbour, offsets, is_open, rim_row = room[5:]
    old = number.shape[0]
    new = refined.vertices.shape[0]
    made = refined.faces.shape[0]
    count = new
    for loop in range(rims.offsets.shape[0] - 1):
        for b in range(rims.offsets[loop], rims.offsets[loop + 1]):
            v = rims.vertex[b]
            if number[v] < 0:
                number[v] = count
                old_vertex[count - new] = v
                offsets[count] = -1
                count += 1
            # The last loop that came by.
            rim_row[b] = number[v] if offsets[number[v]] != loop else -1
            offsets[number[v]] = loop
    on_rim = count
    rows = count
    held = made
    for turn in range(2):
        limit = count
        rows = count
        for f in rims.about:
            known = False
            for k in range(3):
                known |= 0 <= number[faces[f, k]] < limit
            if known:
                for k in range(3):
                    v = faces[f, k]
                    if number[v] < 0:
                        number[v] = count
                        old_vertex[count - new] = v
                        count += 1
                    held_faces[held, k] = number[v]
                if turn == 1:
                    place[f] = held
                    held += 1
    for f in rims.about:
        for k in range(3 if place[f] >= 0 else 0):
            h = twin[3 * f + k]
            across = place[h // 3] if h >= 0 else -1
            twins[3 * place[f] + k] = 3 * across + h % 3 if across >= 0 else -1
    for f in range(made):
        for k in range(3):
            v = refined.faces[f, k]
            held_faces[f, k] = v - old if v >= old else number[v]
            h = refined.opposite[f, k]
            if h < 0:
                h = rims.owner[-1 - h]
                h = 3 * place[h // 3] + h % 3
                twins[h] = 3 * f + k
            twins[3 * f + k] = h
    for row in range(rows + 1):
        offsets[row] = 0
        is_open[row] = False
    for f in range(held):
        for k in range(3):
            if held_faces[f, k] < rows:
                offsets[held_faces[f, k] + 1] += 1
    for row in range(rows):
        offsets[row + 1] += offsets[row]
    for f in range(held):
        for k in range(3):
            row = held_faces[f, k]
            if row < rows:
                e = offsets[row]
                offsets[row] += 1
                leaving[e] = 3 * f + k
                returning[e] = twins[3 * f + k]
                neighbour[e] = held_faces[f, k + 1 if k < 2 else 0]
                is_open[row] |= returning[e] < 0
    for row in range(rows, 0, -1):
        offsets[row] = offsets[row - 1]
    offsets[0] = 0
    return on_rim, rows, count, held


def build_patch_graph(
    faces: Faces, twin: NDArray[np.int32], rims: Rims, refined: Refinement, old: int
) -> PatchGraph:
    """Collect the half-edges in and around the patches.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
    rims : Rims
    refined : Refinement
    old : int
        Number of old vertices.
    """
    new, made = len(refined.vertices), len(refined.faces)
    most = made + len(rims.about)
    room = _Room(
        number=np.full(old, -1, np.int32),
        place=np.full(len(faces), -1, np.int32),
        old_vertex=np.empty(len(rims.vertex) + 3 * len(rims.about), np.int32),
        faces=np.empty((most + 1, 3), np.int32),
        twin=np.empty(3 * most, np.int32),
        leaving=np.empty(3 * most, np.int32),
        returning=np.empty(3 * most, np.int32),
        neighbour=np.empty(3 * most, np.int32),
        offsets=np.empty(new + len(rims.vertex) + 3 * len(rims.about) + 1, np.int64),
        is_open=np.empty(new + len(rims.vertex) + 3 * len(rims.about) + 1, np.bool_),
        rim_row=np.empty(len(rims.vertex), np.int32),
    )
    on_rim, rows, count, held = _collect(faces, twin, rims, refined, room)
    entries = int(room.offsets[rows])
    return PatchGraph(
        faces=room.faces[:held],
        twin=room.twin[: 3 * held],
        leaving=room.leaving[:entries],
        returning=room.returning[:entries],
        neighbour=room.neighbour[:entries],
        offsets=room.offsets[: rows + 1],
        is_open=room.is_open[:rows],
        rim_row=room.rim_row,
        old_vertex=room.old_vertex[: count - new],
        new=new,
        on_rim=on_rim - new,
    )
