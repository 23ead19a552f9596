"""Shifted surface: spikes, bubbles, folds, stitching steps and noise."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from stsbench.domain.mesh import TriangleMesh
from stsbench.samples.adjacency import mean_edge_mm, vertex_normals
from stsbench.samples.crossings import crossing_pairs
from stsbench.samples.defects.sites import Site, teeth_of
from stsbench.samples.defects.truth import Indices, Step, moved

__all__ = ["folds", "moisture_bubbles", "noise", "spikes", "stitching_step"]

Values = NDArray[np.float64]


def _bumps(
    mesh: TriangleMesh, seeds: Indices, radii: Values, heights: Values, power: float
) -> Values:
    """Return a shift along the normals: one bell of the given radius and height on each seed."""
    lift = np.zeros(mesh.vertex_count)
    for seed, radius, height in zip(seeds, radii, heights, strict=True):
        away = mesh.vertices - mesh.vertices[seed]
        bell = np.clip(1 - (away**2).sum(axis=1) / radius**2, 0, 1)
        # pow differs in its last bits between processors.
        lift += height * np.round(bell**power, 9)
    return lift[:, None] * vertex_normals(mesh.vertices, mesh.faces)


def spikes(site: Site, *, count: int = 15, height_mm: tuple[float, float] = (0.6, 2.5)) -> Step:
    """Pull needle-like outliers out along the normal."""
    mesh = site.mesh
    seeds = site.inner(count, apart_mm=2.5)
    radii = np.full(len(seeds), 1.5 * mean_edge_mm(mesh))
    heights = site.rng.uniform(*height_mm, len(seeds))
    shift = _bumps(mesh, seeds, radii, heights, 1.5)
    return moved(mesh, "spikes", shift, mesh.vertices[seeds], tallest_mm=float(heights.max()))


def moisture_bubbles(
    site: Site,
    *,
    count: int = 8,
    radius_mm: tuple[float, float] = (0.4, 1.0),
    height_mm: tuple[float, float] = (0.12, 0.35),
) -> Step:
    """Raise round bumps of saliva near the gingival margin."""
    mesh = site.mesh
    on_tooth = (teeth_of(mesh) > 0)[mesh.faces]
    where = np.zeros(mesh.vertex_count, dtype=bool)
    where[mesh.faces[on_tooth.any(axis=1) & ~on_tooth.all(axis=1)]] = True
    seeds = site.inner(count, apart_mm=2.5, inside_mm=1.2, where=where)
    radii = site.rng.uniform(*radius_mm, len(seeds))
    heights = site.rng.uniform(*height_mm, len(seeds))
    shift = _bumps(mesh, seeds, radii, heights, 0.8)
    return moved(mesh, "moisture_bubbles", shift, mesh.vertices[seeds])


def stitching_step(site: Site, *, step_mm: float = 0.2, width_mm: float = 0.5) -> Step:
    """Shift the arch beyond a plane, over a narrow ramp; the truth marks the ramp."""
    mesh, rng = site.mesh, site.rng
    normal = rng.standard_normal(3)
    normal /= np.sqrt((normal**2).sum())
    centre = mesh.vertices.mean(axis=0)
    along = ((mesh.vertices - centre) * normal).sum(axis=1) - rng.uniform(-4, 4)
    way = rng.standard_normal(3)
    way -= normal * (way * normal).sum()  # sideways: the step can be seen on the surface
    way *= step_mm / np.sqrt((way**2).sum())
    shift = np.clip(along / width_mm + 0.5, 0, 1)[:, None] * way
    step = moved(mesh, "stitching_step", shift, centre[None], step_mm=step_mm)
    ramp = np.abs(along) < width_mm / 2
    places = mesh.vertices[ramp].mean(axis=0)[None] if ramp.any() else centre[None]
    truth = replace(step.truth, vertices=ramp, faces=ramp[mesh.faces].any(axis=1), places_mm=places)
    return replace(step, truth=truth)


def folds(site: Site, *, count: int = 4, radius_mm: float = 1.2) -> Step:
    """Push gingiva sideways over and through itself; the truth marks faces that really cross."""
    mesh, rng = site.mesh, site.rng
    seeds = site.inner(count, apart_mm=4.0, inside_mm=2.5, where=teeth_of(mesh) == 0)
    normals = vertex_normals(mesh.vertices, mesh.faces)
    shift = np.zeros_like(mesh.vertices)
    for seed in seeds:
        normal = normals[seed]
        way = np.cross(normal, rng.standard_normal(3))
        way /= np.sqrt((way**2).sum())
        away = mesh.vertices - mesh.vertices[seed]
        bell = np.clip(1 - (away**2).sum(axis=1) / radius_mm**2, 0, 1) ** 2
        ahead = (away * way).sum(axis=1) / radius_mm
        shift += 1.25 * radius_mm * bell[:, None] * way
        shift -= (0.9 * radius_mm * bell * (ahead - 0.1))[:, None] * normal
    step = moved(mesh, "folds", shift, mesh.vertices[seeds])
    distance, _ = cKDTree(mesh.vertices[seeds]).query(step.mesh.vertices)
    near = np.asarray(distance) < 3.5 * radius_mm
    pairs = crossing_pairs(step.mesh, np.flatnonzero(np.any(near[mesh.faces], axis=1)))
    crossed = np.zeros(mesh.face_count, dtype=bool)
    crossed[pairs.ravel()] = True
    truth = replace(step.truth, faces=crossed, details={"crossing_pairs": float(len(pairs))})
    return replace(step, truth=truth)


def noise(site: Site, *, sigma_mm: float = 0.02) -> Step:
    """Add independent Gaussian noise along the normal."""
    mesh = site.mesh
    height = site.rng.normal(0, sigma_mm, mesh.vertex_count)
    shift = height[:, None] * vertex_normals(mesh.vertices, mesh.faces)
    return moved(mesh, "noise", shift, np.zeros((0, 3)), sigma_mm=sigma_mm)
