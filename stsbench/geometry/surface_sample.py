"""A scan as an even cloud of points, and its border likewise, whatever its triangles are.

Rules owned here:
- Points are the means of the cells of a grid, so a dense patch counts no more than a sparse one.
- Only the largest edge-connected piece is sampled, and of its border only the long loops.
- Nothing depends on the winding of the faces; no face normal is used.
- The grid lies in the axes handed in: turn a scan into `own_axes` first, and the cloud, hence all
  that follows from it, no longer depends on the pose of the scan.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from stsbench.domain.mesh import Faces, Vertices

__all__ = ["SurfaceSample", "own_axes", "sample_surface", "thin_points"]

_LONG_LOOP = 0.3  # share of the longest border loop from which a loop counts as border
_LATTICE = 7  # inner points along a side of a long triangle


@dataclass(frozen=True, eq=False, slots=True)
class SurfaceSample:
    """Points of a surface at an even spacing.

    Parameters
    ----------
    positions : (N, 3) float64, mm
        Evenly spaced points of the largest piece.
    border : (B, 3) float64, mm
        Evenly spaced points of its long border loops; empty for a closed surface.
    dense : (M, 3) float64, mm
        All points the even ones were made from, for sampling again on another grid.
    """

    positions: Vertices
    border: Vertices
    dense: Vertices


def own_axes(positions: Vertices) -> NDArray[np.float64]:
    """Return the principal axes of a cloud, signed by its third moments: free of its pose.

    Parameters
    ----------
    positions : (N, 3) float64, mm

    Returns
    -------
    (3, 3) float64
        Right-handed unit vectors, one a row, the longest extent first.
    """
    centred = positions - positions.mean(axis=0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1].T
    skew = ((centred @ axes.T) ** 3).sum(axis=0)
    axes = axes * np.where(skew < 0, -1.0, 1.0)[:, None]
    if np.linalg.det(axes) < 0:
        axes[2] *= -1.0
    signed: NDArray[np.float64] = axes
    return signed


def thin_points(positions: Vertices, pitch_mm: float) -> Vertices:
    """Replace the points of each grid cell by their mean.

    Parameters
    ----------
    positions : (N, D) float64, mm
    pitch_mm : float
        Side of a cell.

    Returns
    -------
    (K, D) float64, mm
        One point per occupied cell, cells in lexicographic order.
    """
    if not len(positions):
        return positions
    cell = np.floor(positions / pitch_mm).astype(np.int64)
    cell -= cell.min(axis=0)
    key = cell[:, 0]
    for axis in range(1, cell.shape[1]):
        key = key * (cell[:, axis].max() + 1) + cell[:, axis]
    _, group = np.unique(key, return_inverse=True)
    count = np.bincount(group)
    means = [np.bincount(group, column) / count for column in positions.T]
    return np.stack(means, axis=1)


def _largest_piece(vertex_count: int, faces: Faces) -> Faces:
    """Keep the faces of the edge-connected piece with most faces."""
    ends = faces[:, [1, 2]].ravel(), faces[:, [0, 1]].ravel()
    links = coo_matrix((np.ones(len(ends[0]), bool), ends), (vertex_count, vertex_count))
    _, label = connected_components(links, directed=False)
    piece = label[faces[:, 0]]
    kept: Faces = faces[piece == np.bincount(piece).argmax()]
    return kept


def _border_points(vertices: Vertices, faces: Faces, pitch_mm: float) -> Vertices:
    """Sample the long loops of edges that one face owns."""
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1).astype(np.int64)
    key, count = np.unique(edges[:, 0] * len(vertices) + edges[:, 1], return_counts=True)
    rim = np.stack(np.divmod(key[count == 1], len(vertices)), axis=1)
    if not len(rim):
        return np.zeros((0, 3))
    links = coo_matrix((np.ones(len(rim), bool), (rim[:, 0], rim[:, 1])), (len(vertices),) * 2)
    loop = connected_components(links, directed=False)[1][rim[:, 0]]
    start, end = vertices[rim[:, 0]], vertices[rim[:, 1]]
    length_mm = np.bincount(loop, np.linalg.norm(end - start, axis=1))[loop]
    long = length_mm >= _LONG_LOOP * length_mm.max()
    share = np.linspace(0, 1, 5)[:, None, None]
    between = start[long] * (1 - share) + end[long] * share
    return thin_points(between.reshape(-1, 3), pitch_mm)


def sample_surface(vertices: Vertices, faces: Faces, *, pitch_mm: float) -> SurfaceSample:
    """Sample a surface and its border at an even spacing.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    pitch_mm : float
        Side of the grid cells.
    """
    if not len(faces):
        return SurfaceSample(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)))
    faces = _largest_piece(len(vertices), faces)
    corners = vertices[faces]
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    dense = [corners.mean(axis=1), vertices[used]]
    # Long triangles, as on a trimmed base, would leave gaps: they get points inside.
    long = np.linalg.norm(np.ptp(corners, axis=1), axis=1) > 2 * pitch_mm
    if long.any():
        i, j = np.mgrid[0:_LATTICE, 0:_LATTICE]
        inside = i + j < _LATTICE
        weights = np.stack([i[inside], j[inside]], axis=1) + 1 / 3
        weights = np.c_[weights, _LATTICE - weights.sum(axis=1)] / _LATTICE
        dense.append(np.einsum("kj,fjd->kfd", weights, corners[long]).reshape(-1, 3))
    cloud = np.concatenate(dense)
    return SurfaceSample(
        thin_points(cloud, pitch_mm), _border_points(vertices, faces, pitch_mm), cloud
    )
