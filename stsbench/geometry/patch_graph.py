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

from stsbench.domain.mesh import Faces
from stsbench.geometry.hole_refinement import Refinement
from stsbench.geometry.hole_rims import Rims, faces_at

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


def _numbers(
    faces: Faces, rims: Rims, old: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], int, int]:
    """Return two rings of faces about the rims, numbers of their vertices, and how many are rows."""
    number = np.full(old, -1, np.int32)
    _, first = np.unique(rims.vertex, return_index=True)
    listed = [rims.vertex[np.sort(first)]]
    number[listed[0]] = np.arange(len(listed[0]))
    ring = rims.behind
    for turn in range(2):
        is_fresh = np.zeros(old, np.bool_)
        is_fresh[faces[ring]] = True
        fresh = np.flatnonzero(is_fresh & (number < 0)).astype(np.int32)
        count = sum(map(len, listed))
        number[fresh] = np.arange(count, count + len(fresh))
        listed.append(fresh)
        ring = faces_at(faces, number >= 0) if turn == 0 else ring
    return ring, number, np.concatenate(listed), len(listed[0]), len(listed[1])


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
    ring, number, old_vertex, on_rim, outside = _numbers(faces, rims, old)
    inner = refined.faces
    is_new = inner >= old
    local = np.where(is_new, inner - old, number[np.where(is_new, 0, inner)] + new)
    local = np.concatenate([local, number[faces[ring]] + new]).astype(np.int32)

    place_of_face = np.full(len(faces), -1, np.int32)
    place_of_face[ring] = np.arange(made, made + len(ring))
    around = twin.reshape(-1, 3)[ring].ravel()
    across = place_of_face[np.maximum(around, 0) // 3]
    around = np.where((around >= 0) & (across >= 0), 3 * across + around % 3, -1)
    twins = np.concatenate([refined.opposite.ravel(), around]).astype(np.int32)
    at_rim = np.flatnonzero(twins[: 3 * made] < 0)
    owner = rims.owner[-1 - twins[at_rim]]
    owner = 3 * place_of_face[owner // 3] + owner % 3
    twins[at_rim] = owner
    twins[owner] = at_rim

    rows = new + on_rim + outside
    start = local.ravel()
    leaving = np.flatnonzero(start < rows)
    keys = start[leaving]
    # A stable sort of 16 bits is by radix, several times as fast.
    order = np.argsort(keys.astype(np.uint16) if rows < 1 << 16 else keys, kind="stable")
    half_edges = leaving[order].astype(np.int32)
    is_open = np.zeros(rows, np.bool_)
    returning = twins[half_edges]
    is_open[keys[order][returning < 0]] = True
    row = number[rims.vertex] + new
    loop_of = np.repeat(np.arange(len(rims.offsets) - 1), np.diff(rims.offsets))
    _, first = np.unique(loop_of * (len(number) + new) + row, return_index=True)
    rim_row = np.full(len(row), -1, np.int32)
    rim_row[first] = row[first]
    return PatchGraph(
        faces=local,
        twin=twins,
        leaving=half_edges,
        returning=returning,
        neighbour=np.ascontiguousarray(local[:, [1, 2, 0]].ravel()[half_edges]),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=rows))]),
        is_open=is_open,
        rim_row=rim_row,
        old_vertex=old_vertex,
        new=new,
        on_rim=on_rim,
    )
