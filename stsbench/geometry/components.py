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
from stsbench.geometry.face_measures import box_of_vertices
from stsbench.geometry.face_sets import named_vertices

__all__ = ["Pieces", "distance_to_main", "measure_pieces"]

_SAMPLED = 64


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


def measure_pieces(vertices: Vertices, faces: Faces, component: NDArray[np.int32]) -> Pieces:
    """Measure each piece.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    component : (F,) int32
    """
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
    rows = np.flatnonzero(chosen[component] & (component != pieces.main))
    if not len(rows):
        return distance
    main = vertices[named_vertices(faces[component == pieces.main], len(vertices))]
    rows = rows[np.argsort(component[rows], kind="stable")]
    names, first = np.unique(component[rows], return_index=True)
    for name, part in zip(names, np.split(rows, first[1:]), strict=True):
        distance[name] = _nearest_mm(vertices[np.unique(faces[part])], main)
    return distance


@kernel
def _nearest_mm(asked, others):
    """Least distance between two sets of vertices."""
    box = box_of_vertices(asked)
    low = box[0]
    high = box[1]
    best = np.inf
    # A sample first, so that nearly all of the others are told by the box alone.
    for step in (_SAMPLED, 1):
        for v in range(0, len(others), step):
            away = 0.0
            for k in range(3):
                beyond = max(low[k] - others[v, k], others[v, k] - high[k])
                if beyond > 0:
                    away += beyond * beyond
            if away >= best:
                continue
            for u in range(len(asked)):
                x = asked[u, 0] - others[v, 0]
                y = asked[u, 1] - others[v, 1]
                z = asked[u, 2] - others[v, 2]
                best = min(best, x * x + y * y + z * z)
    return np.sqrt(best)
