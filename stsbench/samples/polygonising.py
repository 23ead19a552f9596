"""Polygonising: from the fields of an arch to a closed block of even triangles.

Rules owned here:
- The walls of the box lie outside, so the block is closed.
- Relaxing slides vertices along the surface and projects them back; where that makes faces cross,
  they go back towards the places marching cubes gave, which never cross.
- Crevices finer than the triangles leave needles: they are smoothed away, off the field's surface.
  A clean sample is what its triangles say, so that nothing in it asks for repair.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from stsbench.domain.mesh import Faces, Mask, TriangleMesh, Vertices
from stsbench.geometry.level_set import extract_surface
from stsbench.samples.adjacency import edge_table, face_pairs, vertex_normals
from stsbench.samples.arch_model import ArchModel
from stsbench.samples.crossings import crossing_pairs
from stsbench.samples.field_sampling import project, sample_grid

__all__ = ["polygonise", "relax"]

Values = NDArray[np.float64]
Indices = NDArray[np.int64]

_SHARPEST = 0.05  # cosine between the normals of neighbouring faces
_CALMING_ROUNDS = 40


def polygonise(
    model: ArchModel, voxel_mm: float, *, across_mm: tuple[float, float] = (-40.0, 40.0)
) -> TriangleMesh:
    """Return the closed surface of an arch block, in the arch frame.

    Parameters
    ----------
    model : ArchModel
    voxel_mm : float
        Distance between the nodes of the grid.
    across_mm : (2,) float
        Only between these x; the whole arch by default.
    """
    tops = model.origins[:, 2] + model.shapes[:, 0]
    top = max(float(tops.max(initial=-np.inf)), float(model.along[:, 0].max()) + 3.0) + 1.5
    low = np.array([across_mm[0], -10.0, model.frame[4] - 2 * voxel_mm])
    high = np.array([across_mm[1], model.frame[3] + 14.0, top])
    nx, ny, nz = (int(n) for n in np.ceil(np.round((high - low) / voxel_mm, 6)) + 1)
    volume = sample_grid(model, low, voxel_mm, (nx, ny, nz))
    for axis in range(3):
        for end in (0, -1):
            wall = np.moveaxis(volume, axis, 0)[end]
            np.maximum(wall, np.float32(0.3 * voxel_mm), out=wall)
    vertices, faces = extract_surface(volume, 0.0, voxel_mm, origin=(low[0], low[1], low[2]))
    return TriangleMesh(vertices, faces)


def relax(
    model: ArchModel, mesh: TriangleMesh, voxel_mm: float, *, rounds: int = 5
) -> TriangleMesh:
    """Return the mesh with evened triangles: tangential smoothing and projection to the surface.

    The border is smoothed along itself only.
    """
    faces, count = mesh.faces, mesh.vertex_count
    edges, edge = edge_table(faces)
    rim = edges[np.bincount(edge.ravel()) == 1]
    on_rim = np.zeros(count, dtype=bool)
    on_rim[rim] = True

    def neighbours(of: Indices) -> sparse.csr_matrix:
        rows, columns = np.concatenate([of, of[:, ::-1]]).T
        return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(count, count))

    all_round, along_rim = neighbours(edges), neighbours(rim)
    degree = np.diff(all_round.indptr)[:, None]

    def middles(places: Vertices) -> Vertices:
        middle: Vertices = (all_round @ places) / degree
        middle[on_rim] = (along_rim @ places)[on_rim] / 2
        return middle

    vertices = mesh.vertices
    for _ in range(rounds):
        normals = vertex_normals(vertices, faces)
        shift = middles(vertices) - vertices
        shift -= normals * (shift * normals).sum(axis=1, keepdims=True)
        vertices = project(model, vertices + 0.6 * shift, rounds=1, farthest_mm=0.25 * voxel_mm)
    even = _untangled(TriangleMesh(vertices, faces), mesh.vertices, voxel_mm)
    return _calmed(even, all_round, middles, voxel_mm)


def _zone(mesh: TriangleMesh, middle: Mask, reach_mm: float) -> tuple[Values, Indices]:
    """Return the distance (V,) to some vertices, and the faces within reach of them."""
    tree = cKDTree(mesh.vertices[middle])
    distance = np.asarray(tree.query(mesh.vertices, distance_upper_bound=reach_mm)[0])
    near: Mask = distance < reach_mm
    return distance, np.flatnonzero(np.any(near[mesh.faces], axis=1))


def _untangled(
    mesh: TriangleMesh, safe: Vertices, voxel_mm: float, rounds: int = 8
) -> TriangleMesh:
    """Step back towards safe places where faces fold or cross, in a widening neighbourhood."""
    among = None
    neighbours, ends = face_pairs(mesh.faces)
    hit = np.zeros(mesh.vertex_count, dtype=bool)
    hit[ends[_turn(mesh.vertices, mesh.faces, neighbours) < _SHARPEST]] = True
    for k in range(rounds):
        pairs = crossing_pairs(mesh, among)
        hit[mesh.faces[pairs.ravel()]] = True
        if not hit.any():
            break
        distance, near = _zone(mesh, hit, (4 + 2 * k) * voxel_mm)
        back = np.clip(1.6 - distance / ((1.5 + k) * voxel_mm), 0, 1)[:, None]
        moved = np.where(back > 0, mesh.vertices * (1 - back) + safe * back, mesh.vertices)
        mesh = TriangleMesh(moved, mesh.faces)
        among = near if among is None else np.union1d(among, near)
        hit[:] = False
    return mesh


def _turn(vertices: Vertices, faces: Faces, pairs: Indices) -> Values:
    """Return the cosine (N,) between the normals of each pair of faces."""
    involved = np.unique(pairs)
    a, b, c = (vertices[faces[involved, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.sqrt((normal**2).sum(axis=1, keepdims=True)), 1e-20)
    first, second = np.searchsorted(involved, pairs).T
    turn: Values = (normal[first] * normal[second]).sum(axis=1)
    return turn


def _calmed(
    mesh: TriangleMesh,
    links: sparse.csr_matrix,
    middles: Callable[[Vertices], Vertices],
    voxel_mm: float,
) -> TriangleMesh:
    """Smooth where the surface folds back on itself, and where that makes faces cross."""
    pairs, ends = face_pairs(mesh.faces)
    vertices, faces = mesh.vertices, mesh.faces
    changed = np.zeros(mesh.vertex_count, dtype=bool)
    turn = _turn(vertices, faces, pairs)
    for k in range(_CALMING_ROUNDS):
        bad = np.zeros(mesh.vertex_count, dtype=bool)
        bad[ends[turn < _SHARPEST]] = True
        if not bad.any() and changed.any():
            now = TriangleMesh(vertices, faces)
            _, near = _zone(now, changed, 3 * voxel_mm)
            bad[faces[crossing_pairs(now, near).ravel()]] = True
        if not bad.any():
            break
        for _ in range(1 + k // 8):
            bad |= links @ bad.astype(np.float64) > 0
        changed |= bad
        vertices = np.where(bad[:, None], 0.1 * vertices + 0.9 * middles(vertices), vertices)
        again = np.any(bad[faces], axis=1)[pairs].any(axis=1)  # only these can have turned
        turn[again] = _turn(vertices, faces, pairs[again])
    return TriangleMesh(vertices, faces)
