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
from stsbench.geometry.face_groups import measure_groups

__all__ = ["Pieces", "distance_to_main", "measure_pieces"]

_FEW = 40  # pieces up to which the main one is searched for each of them
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
    named = np.zeros(len(vertices), dtype=bool)
    named[faces[component == pieces.main]] = True
    main = np.ascontiguousarray(vertices[named].T)
    rows = rows[np.argsort(component[rows], kind="stable")]
    names, first = np.unique(component[rows], return_index=True)
    if len(names) > _FEW:
        tree = cKDTree(main.T)
        nearest, _ = tree.query(vertices[faces[rows]].reshape(-1, 3))
        np.minimum.at(distance, np.repeat(component[rows], 3), nearest)
        return distance
    for name, part in zip(names, np.split(rows, first[1:]), strict=True):
        distance[name] = _nearest_mm(vertices[np.unique(faces[part])], main)
    return distance


def _nearest_mm(asked: Vertices, main: NDArray[np.float64]) -> float:
    """Return the least distance of some vertices from the main piece's, which are (3, N)."""
    low, high = asked.min(axis=0), asked.max(axis=0)
    sample = main[:, ::_SAMPLED].T
    inside = np.clip(sample, low, high)
    at = sample[int(np.argmin(((sample - inside) ** 2).sum(axis=1)))]
    reach = float(np.sqrt(((asked - at) ** 2).sum(axis=1).min()))
    # Nothing farther than that from the box can be nearer.
    near = np.flatnonzero((main[0] >= low[0] - reach) & (main[0] <= high[0] + reach))
    for axis in (1, 2):
        along = main[axis, near]
        near = near[(along >= low[axis] - reach) & (along <= high[axis] + reach)]
    tree = cKDTree(main[:, near].T)
    distance, _ = tree.query(asked)
    return float(np.min(distance))
