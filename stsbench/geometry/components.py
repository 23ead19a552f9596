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
from scipy.spatial import cKDTree

from stsbench.domain.mesh import Faces, Mask, Vertices

__all__ = ["Pieces", "distance_to_main", "measure_pieces"]


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
    vertices: Vertices, faces: Faces, component: NDArray[np.int32], area_mm2: NDArray[np.float64]
) -> Pieces:
    """Measure each piece.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    component : (F,) int32
    area_mm2 : (F,) float64
    """
    count = int(component.max(initial=-1)) + 1
    area = np.bincount(component, weights=area_mm2, minlength=count).astype(np.float64)
    size = np.bincount(component, minlength=count)
    weight = np.where(area[component] > 0, area_mm2, 1.0)
    total = np.bincount(component, weights=weight, minlength=count)
    centre = np.empty((count, 3))
    for k in range(3):
        middle = (
            vertices[faces[:, 0], k] + vertices[faces[:, 1], k] + vertices[faces[:, 2], k]
        ) / 3
        centre[:, k] = np.bincount(component, weights=middle * weight, minlength=count) / total
    if not count:
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
    rows = chosen[component] & (component != pieces.main)
    if not rows.any():
        return distance
    tree = cKDTree(vertices[np.unique(faces[component == pieces.main])])
    # A bow-tie vertex belongs to two pieces: it then counts for the later one.
    owner = np.full(len(vertices), -1, dtype=np.int64)
    owner[faces[rows].ravel()] = np.repeat(component[rows], 3)
    asked = np.flatnonzero(owner >= 0)
    nearest, _ = tree.query(vertices[asked])
    np.minimum.at(distance, owner[asked], nearest)
    return distance
