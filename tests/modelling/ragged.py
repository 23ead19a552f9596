"""Ragged rims as scanners and trims leave them: jitter, folded flaps, lost faces, cut quadrants."""

import numpy as np

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.manifoldness import smaller_fans
from stsbench.geometry.topology import count_fans, half_edge_twins


def rim_of(mesh: TriangleMesh):
    loops = boundary_loops(mesh.faces, half_edge_twins(mesh.faces, mesh.vertex_count))
    return max((loops.loop(k) for k in range(len(loops))), key=len)


def _rounded(vertices, faces) -> TriangleMesh:
    return TriangleMesh(vertices.astype(np.float32).astype(np.float64), faces)


def jittered(mesh: TriangleMesh, jitter_mm: float, seed: int) -> TriangleMesh:
    """Every rim vertex off its place by up to `jitter_mm` along each axis."""
    rim, vertices = rim_of(mesh), mesh.vertices.copy()
    shift = np.random.default_rng(seed).uniform(-jitter_mm, jitter_mm, (len(rim), 3))
    vertices[rim] += shift
    return _rounded(vertices, mesh.faces)


def folded(mesh: TriangleMesh, flaps: int, seed: int, *, width_mm: float = 1.6) -> TriangleMesh:
    """Pieces of the rim folded over towards the sheet they hang on."""
    rng = np.random.default_rng(seed)
    rim, vertices = rim_of(mesh), mesh.vertices.copy()
    to_rim = np.linalg.norm(mesh.vertices[:, None] - mesh.vertices[rim][None], axis=2).min(axis=1)
    for place in rng.choice(len(rim), flaps, replace=False):
        centre = mesh.vertices[rim[place]]
        tangent = mesh.vertices[rim[(place + 2) % len(rim)]] - mesh.vertices[rim[place - 2]]
        tangent /= np.linalg.norm(tangent)
        away = np.linalg.norm(mesh.vertices - centre, axis=1)
        behind = mesh.vertices[(away < 3 * width_mm) & (to_rim > width_mm)]
        if not len(behind):
            continue
        outward = centre - behind.mean(axis=0)
        outward -= (outward @ tangent) * tangent
        outward /= np.linalg.norm(outward)
        up = np.cross(tangent, outward)
        hinge = centre - width_mm * outward
        flap = (to_rim < width_mm) & (np.abs((mesh.vertices - centre) @ tangent) < 2.0)
        flap &= away < 2 * width_mm
        angle = np.radians(rng.uniform(100, 150)) * rng.choice([-1, 1])
        offset = vertices[flap] - hinge
        along, out, high = offset @ tangent, offset @ outward, offset @ up
        vertices[flap] = (
            hinge
            + np.outer(along, tangent)
            + np.outer(out * np.cos(angle) - high * np.sin(angle), outward)
            + np.outer(out * np.sin(angle) + high * np.cos(angle), up)
        )
    return _rounded(vertices, mesh.faces)


def _one_clean_piece(vertices, faces) -> TriangleMesh:
    while True:
        pinched = count_fans(faces, half_edge_twins(faces, len(vertices)), len(vertices)) > 1
        if not pinched.any():
            break
        twin = half_edge_twins(faces, len(vertices))
        faces = np.ascontiguousarray(faces[~smaller_fans(vertices, faces, twin, pinched)])
    return TriangleMesh(vertices, faces)


def frayed(mesh: TriangleMesh, share: float, seed: int) -> TriangleMesh:
    """A share of the rim's faces lost."""
    rng = np.random.default_rng(seed)
    twin = half_edge_twins(mesh.faces, mesh.vertex_count).reshape(-1, 3)
    lost = (twin < 0).any(axis=1) & (rng.random(mesh.face_count) < share)
    return _one_clean_piece(mesh.vertices, np.ascontiguousarray(mesh.faces[~lost]))


def quadrant(mesh: TriangleMesh) -> TriangleMesh:
    """The half on +x, cut off face by face."""
    right = mesh.vertices[mesh.faces].mean(axis=1)[:, 0] > 0
    return _one_clean_piece(mesh.vertices, np.ascontiguousarray(mesh.faces[right]))


def pierced(mesh: TriangleMesh, place_mm, radius_mm: float) -> TriangleMesh:
    """A round hole in the sheet."""
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    hole = np.linalg.norm(centres - np.asarray(place_mm), axis=1) < radius_mm
    return _one_clean_piece(mesh.vertices, np.ascontiguousarray(mesh.faces[~hole]))
