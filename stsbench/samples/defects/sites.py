"""Sites: where on a scan a defect goes.

Rules owned here:
- Sites keep away from the border, from each other, and from what earlier defects touched, so that
  each truth stays true after the next step.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from stsbench.domain.mesh import Mask, TriangleMesh
from stsbench.errors import InputError
from stsbench.samples.adjacency import border_vertices
from stsbench.samples.defects.truth import Indices
from stsbench.samples.field_sampling import fractal_noise

__all__ = ["Site", "patch", "ring", "teeth_of"]

Values = NDArray[np.float64]


class Site:
    """A mesh with a generator and the vertices to stay away from.

    Parameters
    ----------
    mesh : TriangleMesh
    rng : numpy.random.Generator
    avoid : (V,) bool
        Touched by earlier defects.
    """

    def __init__(self, mesh: TriangleMesh, rng: np.random.Generator, avoid: Mask) -> None:
        self.mesh = mesh
        self.rng = rng
        self.avoid = avoid

    def inner(
        self, count: int, *, apart_mm: float, inside_mm: float = 2.0, where: Mask | None = None
    ) -> Indices:
        """Choose vertices inside the border by `inside_mm` and apart from each other.

        Raises
        ------
        InputError
            There is no such vertex.
        """
        vertices = self.mesh.vertices
        free = np.ones(len(vertices), dtype=bool) if where is None else where.copy()
        blocked = border_vertices(self.mesh) | self.avoid
        if blocked.any():
            tree = cKDTree(vertices[blocked])
            distance, _ = tree.query(vertices, distance_upper_bound=inside_mm)
            free &= distance > inside_mm
        candidates = self.rng.permutation(np.flatnonzero(free))
        chosen: list[int] = []
        for i in candidates.tolist():
            away = vertices[chosen] - vertices[i]
            if not chosen or float((away**2).sum(axis=1).min()) > apart_mm**2:
                chosen.append(i)
                if len(chosen) == count:
                    break
        if not chosen:
            raise InputError(
                f"No place {inside_mm} mm inside the border is free.",
                "Use a larger scan or fewer defects.",
            )
        return np.array(chosen, dtype=np.int64)


def teeth_of(mesh: TriangleMesh) -> NDArray[np.int16]:
    """Return the tooth of each vertex (V,): 0 gingiva, -1 no anatomy; zeros without labels."""
    labels = mesh.attributes.get("fdi")
    if labels is None:
        return np.zeros(mesh.vertex_count, dtype=np.int16)
    return labels.astype(np.int16)


def ring(mesh: TriangleMesh, vertex: int) -> Indices:
    """Return the faces about a vertex, in face order."""
    return np.flatnonzero((mesh.faces == vertex).any(axis=1))


def patch(
    mesh: TriangleMesh, vertex: int, radius_mm: float, *, rag: float = 0.0, seed: int = 0
) -> Indices:
    """Return the faces connected to a vertex inside a ball whose radius varies by `rag`."""
    away = mesh.vertices - mesh.vertices[vertex]
    distance = np.sqrt((away**2).sum(axis=1))
    near = np.flatnonzero(distance < radius_mm * (1 + 2.0 * rag))
    reach = np.full(len(near), radius_mm)
    if rag:
        reach *= 1 + rag * fractal_noise(
            mesh.vertices[near], scale_mm=0.8 * radius_mm, octaves=3, seed=seed % 89
        )
    inside = np.zeros(mesh.vertex_count, dtype=bool)
    inside[near] = distance[near] < reach
    faces = np.flatnonzero(inside[mesh.faces].all(axis=1))
    reached = np.zeros(mesh.vertex_count, dtype=bool)
    reached[vertex] = True
    before = 0
    while before < int(reached.sum()):
        before = int(reached.sum())
        reached[mesh.faces[faces[reached[mesh.faces[faces]].any(axis=1)]]] = True
    return faces[reached[mesh.faces[faces]].any(axis=1)]
