"""Missing surface: holes between teeth, in a chewing surface, near a line, and pinholes."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from stsbench.errors import InputError
from stsbench.samples.defects.sites import Site, patch, ring, teeth_of
from stsbench.samples.defects.truth import Step, removed

__all__ = ["hole_near", "interproximal_holes", "occlusal_hole", "pinholes"]


def interproximal_holes(site: Site, *, count: int = 4, radius_mm: float = 1.1) -> Step:
    """Open ragged holes at the contacts between neighbouring teeth."""
    mesh, teeth = site.mesh, teeth_of(site.mesh)
    on_tooth = np.flatnonzero(teeth > 0)
    _, nearest = cKDTree(mesh.vertices[on_tooth]).query(mesh.vertices[on_tooth], k=12)
    labels = teeth[on_tooth]
    contact = np.zeros(mesh.vertex_count, dtype=bool)
    contact[on_tooth[(labels[nearest] != labels[:, None]).any(axis=1)]] = True
    seeds = site.inner(count, apart_mm=4.5, inside_mm=1.8, where=contact)
    faces = [
        patch(mesh, int(s), radius_mm * site.rng.uniform(0.7, 1.3), rag=0.35, seed=int(s))
        for s in seeds
    ]
    places = mesh.vertices[seeds]
    return removed(mesh, "interproximal_holes", np.concatenate(faces), places, radius_mm=radius_mm)


def occlusal_hole(site: Site, *, fdi: int | None = None, radius_mm: float = 1.8) -> Step:
    """Open one ragged hole in the middle of a chewing surface.

    Raises
    ------
    InputError
        The scan has no such posterior tooth.
    """
    mesh, teeth = site.mesh, teeth_of(site.mesh)
    posterior = [int(t) for t in np.unique(teeth) if t > 0 and t % 10 >= 4]
    if (fdi or 0) not in posterior and (fdi or not posterior):
        raise InputError("There is no such posterior tooth.", "Choose a tooth of the scan.")
    tooth = fdi or int(site.rng.choice(posterior))
    own = np.flatnonzero(teeth == tooth)
    # The chewing surface is what lies farthest from the gingiva around the tooth.
    gingiva = cKDTree(mesh.vertices[teeth == 0])
    height, _ = gingiva.query(mesh.vertices[own])
    top = own[height > np.percentile(height, 55)]
    middle = mesh.vertices[top].mean(axis=0)
    seed = int(top[np.argmin(((mesh.vertices[top] - middle) ** 2).sum(axis=1))])
    faces = patch(mesh, seed, radius_mm, rag=0.35, seed=seed)
    return removed(
        mesh, "occlusal_hole", faces, mesh.vertices[[seed]], radius_mm=radius_mm, fdi=tooth
    )


def hole_near(
    site: Site, *, line: NDArray[np.float64], away_mm: float = 0.4, radius_mm: float = 0.6
) -> Step:
    """Open one small hole beside a line, such as a finish line."""
    mesh = site.mesh
    distance, _ = cKDTree(line).query(mesh.vertices)
    near = np.abs(distance - away_mm) < 0.3
    seed = int(site.inner(1, apart_mm=1.0, inside_mm=1.5, where=near)[0])
    faces = patch(mesh, seed, radius_mm, rag=0.2, seed=seed)
    return removed(mesh, "hole_near", faces, mesh.vertices[[seed]], radius_mm=radius_mm)


def pinholes(site: Site, *, count: int = 25) -> Step:
    """Open tiny holes: one face, or all faces about one vertex."""
    mesh = site.mesh
    seeds = site.inner(count, apart_mm=1.5, inside_mm=1.0)
    rings = [ring(mesh, int(s)) for s in seeds]
    faces = [about if site.rng.random() < 0.5 else about[:1] for about in rings]
    return removed(mesh, "pinholes", np.concatenate(faces), mesh.vertices[seeds])
