"""Broken topology and file errors: bow-ties, doubles, degenerates, flips, seams, wrong unit.

Rules owned here:
- Duplicate and degenerate faces also give edges with three faces; their truths mark the faces only.
- Coordinates that are not numbers are no mesh: `TriangleMesh` refuses them, so they are not here.
"""

from dataclasses import replace

import numpy as np

from stsbench.domain.mesh import TriangleMesh
from stsbench.samples.adjacency import edge_table
from stsbench.samples.defects.sites import Site, patch, ring
from stsbench.samples.defects.truth import DefectTruth, Step, appended, marked, removed

__all__ = [
    "bow_ties",
    "degenerate_faces",
    "duplicate_faces",
    "duplicate_vertices",
    "flipped_faces",
    "mirrored",
    "unit_error",
    "unreferenced_vertices",
]


def bow_ties(site: Site, *, count: int = 6) -> Step:
    """Take two opposite faces from the fan of a vertex: the rest meets in a point."""
    mesh = site.mesh
    gone: list[int] = []
    hit: list[int] = []
    for seed in site.inner(count * 3, apart_mm=2.0).tolist():
        about = ring(mesh, seed)
        first = mesh.faces[about[0]]
        opposite = [b for b in about[1:] if len(np.intersect1d(first, mesh.faces[b])) == 1]
        if len(about) >= 5 and opposite and len(hit) < count:
            gone += [int(about[0]), int(opposite[0])]
            hit.append(seed)
    step = removed(mesh, "bow_ties", np.array(gone, dtype=np.int64), mesh.vertices[hit])
    pinched = np.isin(step.vertex_source, hit)
    return replace(step, truth=replace(step.truth, vertices=pinched))


def duplicate_faces(site: Site, *, count: int = 20) -> Step:
    """Add copies of faces, some starting at another corner."""
    mesh, rng = site.mesh, site.rng
    seeds = site.inner(count, apart_mm=1.0, inside_mm=1.0)
    picked = [int(ring(mesh, int(s))[0]) for s in seeds]
    copies = np.array([np.roll(mesh.faces[f], rng.integers(3)) for f in picked], dtype=np.int32)
    return appended(mesh, "duplicate_faces", np.zeros((0, 3)), copies, mesh.vertices[seeds])


def degenerate_faces(site: Site, *, count: int = 20) -> Step:
    """Add faces without area: half name a vertex twice, half a second vertex in its place."""
    mesh = site.mesh
    seeds = site.inner(count, apart_mm=1.0, inside_mm=1.0)
    faces, tips = [], []
    for number, seed in enumerate(seeds):
        a, b, _ = mesh.faces[ring(mesh, int(seed))[0]]
        if number % 2:
            faces.append((a, b, b))
        else:
            tips.append(mesh.vertices[a])
            faces.append((a, b, mesh.vertex_count + len(tips) - 1))
    places = mesh.vertices[seeds]
    copies = np.array(tips).reshape(-1, 3)
    return appended(mesh, "degenerate_faces", copies, np.array(faces, np.int32), places)


def flipped_faces(site: Site, *, radius_mm: float = 2.0, singles: int = 10) -> Step:
    """Turn the winding of one patch and of some single faces."""
    mesh = site.mesh
    seeds = site.inner(singles + 1, apart_mm=2 * radius_mm, inside_mm=radius_mm + 0.5)
    about = patch(mesh, int(seeds[0]), radius_mm)
    turned = np.concatenate([about, [ring(mesh, int(s))[0] for s in seeds[1:]]]).astype(np.int64)
    faces = mesh.faces.copy()
    faces[turned] = faces[turned][:, ::-1]
    mask = np.zeros(mesh.face_count, dtype=bool)
    mask[turned] = True
    truth = DefectTruth(
        "flipped_faces", mask, np.zeros(mesh.vertex_count, dtype=bool), mesh.vertices[seeds]
    )
    return marked(TriangleMesh(mesh.vertices, faces, mesh.colours, mesh.attributes), truth)


def duplicate_vertices(site: Site, *, radius_mm: float = 2.0) -> Step:
    """Cut a patch out along a seam of coincident vertices: in place, but no longer joined."""
    mesh = site.mesh
    seed = int(site.inner(1, apart_mm=1.0, inside_mm=radius_mm + 1.0)[0])
    inside = np.zeros(mesh.face_count, dtype=bool)
    inside[patch(mesh, seed, radius_mm)] = True
    _, edge = edge_table(mesh.faces)
    owners = np.bincount(edge.ravel(), np.repeat(inside, 3))
    seam_edges = owners[edge] == 1
    corner = inside[:, None] & (seam_edges | np.roll(seam_edges, 1, axis=1))
    seam = np.unique(mesh.faces[corner])
    copy_of = np.full(mesh.vertex_count, -1)
    copy_of[seam] = mesh.vertex_count + np.arange(len(seam))
    faces = np.where(inside[:, None] & (copy_of[mesh.faces] >= 0), copy_of[mesh.faces], mesh.faces)
    made = TriangleMesh(
        np.concatenate([mesh.vertices, mesh.vertices[seam]]),
        faces,
        None if mesh.colours is None else np.concatenate([mesh.colours, mesh.colours[seam]]),
        {name: np.concatenate([x, x[seam]]) for name, x in mesh.attributes.items()},
    )
    vertex_source = np.concatenate([np.arange(mesh.vertex_count), seam])
    doubled = np.isin(vertex_source, seam)
    truth = DefectTruth(
        "duplicate_vertices",
        np.zeros(mesh.face_count, dtype=bool),
        doubled,
        mesh.vertices[[seed]],
        details={"copies": float(len(seam))},
    )
    return Step(made, truth, np.arange(mesh.face_count), vertex_source)


def unreferenced_vertices(site: Site, *, count: int = 50) -> Step:
    """Add vertices that no face names."""
    mesh, rng = site.mesh, site.rng
    near = mesh.vertices[rng.integers(mesh.vertex_count, size=count)]
    loose = near + rng.normal(0, 5, (count, 3))
    return appended(mesh, "unreferenced_vertices", loose, np.zeros((0, 3), np.int32), loose)


def unit_error(site: Site, *, factor: float = 0.001) -> Step:
    """Write coordinates in another unit: metres (0.001), inches (1 / 25.4)."""
    mesh = site.mesh
    vertices = (mesh.vertices * factor).astype(np.float32).astype(np.float64)
    truth = _everything("unit_error", mesh, factor)
    return marked(TriangleMesh(vertices, mesh.faces, mesh.colours, mesh.attributes), truth)


def mirrored(site: Site) -> Step:
    """Exchange left and right; normals still point outwards."""
    mesh = site.mesh
    vertices, faces = mesh.vertices * [-1, 1, 1], np.ascontiguousarray(mesh.faces[:, ::-1])
    truth = _everything("mirrored", mesh, -1.0)
    return marked(TriangleMesh(vertices, faces, mesh.colours, mesh.attributes), truth)


def _everything(kind: str, mesh: TriangleMesh, factor: float) -> DefectTruth:
    every_face = np.ones(mesh.face_count, dtype=bool)
    every_vertex = np.ones(mesh.vertex_count, dtype=bool)
    return DefectTruth(kind, every_face, every_vertex, details={"factor": factor})
