"""Adjacency of sample meshes: edges, components, pinched vertices, normals.

Rules owned here:
- Samples are made and judged without the repair kernels: a ground truth that comes from the code
  under test proves nothing. So this is plain numpy and scipy, and slower than `geometry`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from stsbench.domain.mesh import Edges, Faces, Mask, TriangleMesh, Vertices

__all__ = [
    "border_edges",
    "border_loop_count",
    "border_vertices",
    "edge_table",
    "face_components",
    "face_pairs",
    "mean_edge_mm",
    "pinched_vertices",
    "take_faces",
    "tunnel_count",
    "vertex_normals",
]

Indices = NDArray[np.int64]


def edge_table(faces: Faces) -> tuple[Indices, Indices]:
    """Return undirected edges (E, 2), and the edge of each corner (F, 3): corner j to j + 1."""
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2).astype(np.int64)
    ends.sort(axis=1)
    keys, edge = np.unique(ends[:, 0] << 32 | ends[:, 1], return_inverse=True)
    return np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=-1), edge.reshape(-1, 3)


def border_edges(faces: Faces) -> Edges:
    """Return the undirected edges (B, 2) int32 of one face only."""
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2).astype(np.int64)
    keys = np.sort(ends.min(axis=1) << 32 | ends.max(axis=1))
    other = np.ones(len(keys) + 1, dtype=bool)
    other[1:-1] = keys[1:] != keys[:-1]
    single = keys[other[1:] & other[:-1]]
    return np.stack([single >> 32, single & 0xFFFFFFFF], axis=-1).astype(np.int32)


def border_vertices(mesh: TriangleMesh) -> Mask:
    """Mark the vertices (V,) that lie on an edge of one face only."""
    mask = np.zeros(mesh.vertex_count, dtype=bool)
    mask[border_edges(mesh.faces)] = True
    return mask


def border_loop_count(mesh: TriangleMesh) -> int:
    """Count the boundary loops of a mesh without pinched vertices."""
    border = border_edges(mesh.faces)
    used, index = np.unique(border, return_inverse=True)
    ends = index.reshape(-1, 2)
    return int(_components(ends[:, 0], ends[:, 1], len(used)).max(initial=-1) + 1)


def tunnel_count(mesh: TriangleMesh) -> int:
    """Count the tunnels (the genus) of one manifold piece."""
    edges, _ = edge_table(mesh.faces)
    euler = mesh.vertex_count - len(edges) + mesh.face_count
    return (2 - border_loop_count(mesh) - euler) // 2


def _components(first: Indices, second: Indices, count: int) -> NDArray[np.int32]:
    links = sparse.coo_matrix((np.ones(len(first), np.int8), (first, second)), shape=(count, count))
    return csgraph.connected_components(links, directed=False)[1]


def face_components(faces: Faces) -> NDArray[np.int32]:
    """Return the component (F,) of each face, connected through shared edges."""
    pairs, _ = face_pairs(faces)
    return _components(pairs[:, 0], pairs[:, 1], len(faces))


def pinched_vertices(faces: Faces) -> Indices:
    """Return the vertices whose faces form more than one edge-connected fan (bow-ties)."""
    _, edge = edge_table(faces)
    corner = np.arange(3 * len(faces)).reshape(-1, 3)
    # Each edge of a face links to the corner at either end; corners of one vertex that meet on
    # one edge belong to one fan.
    edges = np.concatenate([edge, edge]).ravel()
    corners = np.concatenate([corner, np.roll(corner, -1, axis=1)]).ravel()
    vertices = faces.ravel()[corners]
    order = np.lexsort((vertices, edges))
    e, v, c = edges[order], vertices[order], corners[order]
    same = (e[1:] == e[:-1]) & (v[1:] == v[:-1])
    fan = _components(c[1:][same], c[:-1][same], 3 * len(faces))
    pairs = np.unique(faces.ravel().astype(np.int64) << 32 | fan)
    vertex, count = np.unique(pairs >> 32, return_counts=True)
    pinched: Indices = vertex[count > 1]
    return pinched


def vertex_normals(vertices: Vertices, faces: Faces) -> Vertices:
    """Return unit normals (V, 3), weighted by area."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for k in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(faces[:, k], normal[:, axis], len(vertices))
    length = np.sqrt((total**2).sum(axis=1, keepdims=True))
    normals: Vertices = total / np.maximum(length, 1e-20)
    return normals


def mean_edge_mm(mesh: TriangleMesh) -> float:
    """Return the mean edge length."""
    edges, _ = edge_table(mesh.faces)
    along = mesh.vertices[edges[:, 1]] - mesh.vertices[edges[:, 0]]
    return float(np.sqrt((along**2).sum(axis=1)).mean())


def face_pairs(faces: Faces) -> tuple[Indices, Indices]:
    """Return pairs of faces (N, 2) that share an edge, and the edge's vertices (N, 2)."""
    edges, edge = edge_table(faces)
    order = np.argsort(edge.ravel(), kind="stable")
    sorted_edges = edge.ravel()[order]
    same = np.flatnonzero(sorted_edges[1:] == sorted_edges[:-1])
    owner = order // 3
    return np.stack([owner[same], owner[same + 1]], axis=-1), edges[sorted_edges[same]]


def take_faces(mesh: TriangleMesh, keep: Mask | Indices) -> TriangleMesh:
    """Return the mesh of some faces, by mask or index; vertices without a face are dropped."""
    faces = mesh.faces[keep]
    used = np.zeros(mesh.vertex_count, dtype=bool)
    used[faces] = True
    number = np.cumsum(used) - 1
    return TriangleMesh(
        mesh.vertices[used],
        number[faces].astype(np.int32),
        None if mesh.colours is None else mesh.colours[used],
        {name: values[used] for name, values in mesh.attributes.items()},
    )
