"""Separate pieces of a scan: how large each is and how far it lies from the largest.

Rules owned here:
- Pieces are joined over edges, as `winding.find_winding` numbers them; touching in a vertex alone
  joins nothing.
- The main piece is the one with the largest area; a tie goes to more faces, then to the lower
  centre (x, then y, then z), so that renaming changes nothing.
- The distance of a piece is that of its nearest vertex to the nearest vertex of the main piece.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.compiled import kernel
from stsbench.geometry.face_groups import measure_groups
from stsbench.geometry.face_sets import sum_sheets

__all__ = ["Pieces", "distance_to_main", "measure_pieces"]

_BLOCK = 64  # vertices of the main piece that share a box
_FEW = 64  # vertices of another piece that are asked at once


@dataclass(frozen=True, eq=False, slots=True)
class Pieces:
    """Measures of the pieces of a mesh.

    Parameters
    ----------
    main : int
        The largest piece, -1 for a mesh without faces.
    area_mm2 : (C,) float64
    faces_count : (C,) int64
    centre_mm : (C, 3) float64
        Mean of the faces' centres, weighted by area.
    """

    main: int
    area_mm2: NDArray[np.float64]
    faces_count: NDArray[np.int64]
    centre_mm: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.area_mm2)


def measure_pieces(
    vertices: Vertices,
    faces: Faces,
    component: NDArray[np.int32],
    *,
    area_mm2: NDArray[np.float64] | None = None,
) -> Pieces:
    """Measure each piece.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    component : (F,) int32
        -1 for faces that are gone.
    area_mm2 : (F,) float64, optional
        0 for faces that are gone. Where it is known the main piece is not measured any further: its
        centre is not a number, unless another piece is as large.
    """
    count = int(component.max(initial=-1)) + 1
    if area_mm2 is not None and count:
        sums = sum_sheets(component, count, area_mm2)
        area, size = sums.area_mm2, sums.faces_count
        main = int(area.argmax())
        if np.count_nonzero(area == area[main]) == 1:
            rows = np.flatnonzero((component != main) & (component >= 0))
            own = component[rows]
            rest = measure_groups(vertices, faces[rows], own - (own > main))
            return Pieces(main, area, size, np.insert(rest.centre_mm, main, np.nan, axis=0))
    if (count and int(component.min()) < 0) or (not count and len(component)):
        there = component >= 0
        faces, component = faces[there], component[there]
    groups = measure_groups(vertices, faces, component)
    area, size, centre = groups.area_mm2, groups.faces_count, groups.centre_mm
    if not len(groups):
        return Pieces(-1, area, size, centre)
    order = np.lexsort((centre[:, 2], centre[:, 1], centre[:, 0], -size, -area))
    return Pieces(int(order[0]), area, size, centre)


def distance_to_main(
    vertices: Vertices,
    faces: Faces,
    component: NDArray[np.int32],
    pieces: Pieces,
    chosen: Mask,
) -> NDArray[np.float64]:
    """Return the distance of some pieces to the main one.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    component : (F,) int32
        -1 for faces that are gone.
    pieces : Pieces
    chosen : (C,) bool

    Returns
    -------
    (C,) float64, mm
        infinity for pieces not chosen; 0 for the main piece.
    """
    distance = np.full(len(pieces), np.inf)
    if pieces.main < 0:
        return distance
    distance[pieces.main] = 0.0
    rows = np.flatnonzero((component != pieces.main) & (component >= 0))
    rows = rows[chosen[component[rows]]]
    if not len(rows):
        return distance
    rows = rows[np.argsort(component[rows], kind="stable")]
    names, first = np.unique(component[rows], return_index=True)
    asked = [np.unique(faces[part]) for part in np.split(rows, first[1:])]
    offsets = np.zeros(len(asked) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in asked], out=offsets[1:])
    distance[names] = _nearest_mm(
        vertices, faces, component, pieces.main, np.concatenate(asked), offsets
    )
    return distance


@kernel
def _nearest_mm(vertices, faces, component, main, asked, offsets):
    """Least distance of each group of vertices to those of the main piece."""
    named = np.zeros(len(vertices), np.uint8)
    for f in range(len(faces)):
        if component[f] == main:
            for j in range(3):
                named[faces[f, j]] = 1
    others = np.empty(len(vertices), np.int32)
    count = 0
    for v in range(len(vertices)):
        if named[v]:
            others[count] = v
            count += 1
    # Neighbours have neighbouring numbers in most scans: boxes about runs of them exclude nearly all.
    blocks = (count + _BLOCK - 1) // _BLOCK
    box = np.empty((blocks, 6))
    for b in range(blocks):
        for k in range(3):
            box[b, k] = vertices[others[b * _BLOCK], k]
            box[b, 3 + k] = box[b, k]
            for x in range(b * _BLOCK, min(count, (b + 1) * _BLOCK)):
                box[b, k] = min(box[b, k], vertices[others[x], k])
                box[b, 3 + k] = max(box[b, 3 + k], vertices[others[x], k])
    low = np.empty(3)
    high = np.empty(3)
    away = np.empty(blocks)
    near = np.empty(blocks, np.int32)  # boxes that may hold something nearer than the best so far
    found = np.empty(len(offsets) - 1)
    for g in range(len(found)):
        best = np.inf
        left = blocks
        for b in range(blocks):
            near[b] = b
        for start in range(offsets[g], offsets[g + 1], _FEW):
            end = min(offsets[g + 1], start + _FEW)
            if start == offsets[g] + _FEW:
                # What the first few found excludes most boxes for all the others of the group.
                away[:] = 0.0
                for k in range(3):
                    low[k] = vertices[asked[start], k]
                    high[k] = low[k]
                    for x in range(start, offsets[g + 1]):
                        low[k] = min(low[k], vertices[asked[x], k])
                        high[k] = max(high[k], vertices[asked[x], k])
                    for b in range(blocks):
                        beyond = max(low[k] - box[b, 3 + k], box[b, k] - high[k])
                        if beyond > 0:
                            away[b] += beyond * beyond
                left = 0
                for b in range(blocks):
                    near[left] = b
                    left += away[b] < best
                if left == 0:
                    break
            away[:left] = 0.0
            for k in range(3):
                low[k] = vertices[asked[start], k]
                high[k] = low[k]
                for x in range(start, end):
                    low[k] = min(low[k], vertices[asked[x], k])
                    high[k] = max(high[k], vertices[asked[x], k])
                for n in range(left):
                    b = near[n]
                    beyond = max(low[k] - box[b, 3 + k], box[b, k] - high[k])
                    if beyond > 0:
                        away[n] += beyond * beyond
            nearest = away[:left].argmin()  # the nearest box first: it excludes most of the others
            for m in range(-1, left):
                n = nearest if m < 0 else m
                if away[n] >= best:
                    continue
                b = near[n]
                for y in range(b * _BLOCK, min(count, (b + 1) * _BLOCK)):
                    v = others[y]
                    least = 0.0
                    for k in range(3):
                        beyond = max(low[k] - vertices[v, k], vertices[v, k] - high[k])
                        if beyond > 0:
                            least += beyond * beyond
                    if least >= best:
                        continue
                    for x in range(start, end):
                        u = asked[x]
                        dx = vertices[u, 0] - vertices[v, 0]
                        dy = vertices[u, 1] - vertices[v, 1]
                        dz = vertices[u, 2] - vertices[v, 2]
                        best = min(best, dx * dx + dy * dy + dz * dz)
        found[g] = np.sqrt(best)
    return found
