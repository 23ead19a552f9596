"""Boundary loops of a surface, and how long and wide they are.

Rules owned here:
- A loop runs with the faces that own its edges, so the surface lies to its left seen from outside;
  a hole is filled by faces that run against it.
- A loop meets no vertex twice. Where two loops touch at a vertex the walk stays with its own faces
  and the part between two visits is a loop of its own, so two holes that meet in a point are two.
- `rim_mm` is the length of the gap and not of the zigzag that triangles leave about it: the
  perimeter of the polygon of edge midpoints, taken twice, times what that costs a regular polygon
  (cos(pi/n) each). A straight zigzag of any amplitude is measured as its middle line.

Source: Botsch et al., *Polygon Mesh Processing*, A K Peters 2010, ch. 2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Loop, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.topology import BOUNDARY, next_half_edge

__all__ = ["LoopMeasures", "LoopSet", "boundary_loops", "measure_loops"]


@dataclass(frozen=True, eq=False, slots=True)
class LoopSet:
    """Loops laid end to end.

    Parameters
    ----------
    vertices : (B,) int32
        Vertex indices; the first of a loop is not repeated.
    offsets : (L + 1,) int64
        Loop ``n`` is ``vertices[offsets[n]:offsets[n + 1]]``.
    half_edges : (B,) int32
        The boundary half-edge that starts at each vertex.
    """

    vertices: NDArray[np.int32]
    offsets: NDArray[np.int64]
    half_edges: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def loop(self, index: int) -> Loop:
        """Return one loop, (L,) int32."""
        return self.vertices[self.offsets[index] : self.offsets[index + 1]]

    def edges_of(self, index: int) -> NDArray[np.int32]:
        """Return the boundary half-edges of one loop, (L,) int32."""
        return self.half_edges[self.offsets[index] : self.offsets[index + 1]]

    def loop_of(self) -> NDArray[np.int64]:
        """Return the loop that each entry belongs to, (B,) int64."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def take(self, chosen: NDArray[np.integer]) -> "LoopSet":
        """Return some of the loops, in the order asked for."""
        parts = [np.arange(self.offsets[n], self.offsets[n + 1]) for n in chosen]
        rows = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        offsets = np.zeros(len(parts) + 1, dtype=np.int64)
        np.cumsum([len(part) for part in parts], out=offsets[1:])
        return LoopSet(self.vertices[rows], offsets, self.half_edges[rows])


@kernel
def _walk(faces, twin, open_edges, vertex_count):
    border = len(open_edges)
    loop_vertices = np.empty(border, np.int32)
    loop_edges = np.empty(border, np.int32)
    offsets = np.empty(border + 1, np.int64)
    offsets[0] = 0
    done = np.zeros(len(twin), np.uint8)
    at = np.full(vertex_count, -1, np.int32)  # place of a vertex on the open path
    path = np.empty(border, np.int32)
    count = 0
    written = 0
    for first in open_edges:
        if done[first]:
            continue
        h = first
        length = 0
        while not done[h]:
            done[h] = 1
            f = h // 3
            start = faces[f, h - 3 * f]
            path[length] = h
            at[start] = length
            length += 1
            # Turn about the end vertex within its own faces to the next open edge.
            g = h + 1 if h % 3 < 2 else h - 2
            turns = 0
            while twin[g] >= 0 and turns <= len(twin):
                g = twin[g]
                g = g + 1 if g % 3 < 2 else g - 2
                turns += 1
            end = faces[g // 3, g % 3]
            back = at[end]
            if back >= 0:
                # Back where the path was before: what lies between is a loop.
                for x in range(back, length):
                    e = path[x]
                    u = faces[e // 3, e % 3]
                    loop_vertices[written] = u
                    loop_edges[written] = e
                    written += 1
                    at[u] = -1
                count += 1
                offsets[count] = written
                length = back
            h = g
            if twin[h] != -1:
                break
        for x in range(length):
            e = path[x]
            at[faces[e // 3, e % 3]] = -1
    return loop_vertices[:written].copy(), offsets[: count + 1].copy(), loop_edges[:written].copy()


def boundary_loops(faces: Faces, twin: NDArray[np.int32]) -> LoopSet:
    """Trace the boundary loops of a consistently wound mesh.

    Parameters
    ----------
    faces : (F, 3) int32
    twin : (3F,) int32
        An edge that branches ends a walk: resolve those first.

    Returns
    -------
    LoopSet
        In order of the first half-edge met. Empty for a closed mesh.
    """
    open_edges = np.flatnonzero(twin == BOUNDARY)
    corners = faces.ravel()
    ends = corners[open_edges].max(initial=-1), corners[next_half_edge(open_edges)].max(initial=-1)
    vertices, offsets, half_edges = _walk(faces, twin, open_edges, int(max(ends)) + 1)
    return LoopSet(vertices, offsets, half_edges)


@dataclass(frozen=True, eq=False, slots=True)
class LoopMeasures:
    """Size and place of loops.

    Parameters
    ----------
    length_mm : (L,) float64
        Sum of the edges.
    rim_mm : (L,) float64
        Length without the zigzag of the triangles; the limits of a profile are compared with it.
    centre_mm : (L, 3) float64
        Mean of the edges' midpoints, weighted by length.
    area_mm2 : (L,) float64
        Area of the flat filling (length of the vector area).
    width_mm : (L,) float64
        Twice the largest distance from the centre.
    """

    length_mm: NDArray[np.float64]
    rim_mm: NDArray[np.float64]
    centre_mm: NDArray[np.float64]
    area_mm2: NDArray[np.float64]
    width_mm: NDArray[np.float64]


def _lengths(corners: Vertices, following: NDArray[np.int64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(corners[following] - corners, axis=1)
    return lengths


def measure_loops(vertices: Vertices, loops: LoopSet) -> LoopMeasures:
    """Measure loops.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    loops : LoopSet
    """
    count = len(loops)
    if not count:
        none = np.zeros(0)
        return LoopMeasures(none, none, np.zeros((0, 3)), none, none)
    starts = loops.offsets[:-1]
    following = np.arange(1, len(loops.vertices) + 1)
    following[loops.offsets[1:] - 1] = starts
    corners = vertices[loops.vertices]
    lengths = _lengths(corners, following)
    length = np.add.reduceat(lengths, starts)
    middle = (corners + corners[following]) / 2
    safe = np.where(length > 0, length, 1.0)
    centre = np.add.reduceat(middle * lengths[:, None], starts) / safe[:, None]
    twice = (middle + middle[following]) / 2
    size = np.diff(loops.offsets)
    rim = np.add.reduceat(_lengths(twice, following), starts) / np.cos(np.pi / size) ** 2
    owner = loops.loop_of()
    around = corners - centre[owner]
    vector_area = np.add.reduceat(np.cross(around, around[following]), starts) / 2
    reach = np.maximum.reduceat(np.linalg.norm(around, axis=1), starts)
    return LoopMeasures(length, rim, centre, np.linalg.norm(vector_area, axis=1), 2 * reach)
