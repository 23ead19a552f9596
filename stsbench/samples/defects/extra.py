"""Extra surface: islands, a Moebius band, a double layer, fins on inner edges."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import InputError
from stsbench.samples.adjacency import mean_edge_mm, take_faces, vertex_normals
from stsbench.samples.defects.sites import Site, patch, ring
from stsbench.samples.defects.truth import Step, appended
from stsbench.samples.field_sampling import fractal_noise

__all__ = ["double_layer", "fins", "islands", "moebius_band"]

Values = NDArray[np.float64]

_TRIES = 4000
_BESIDE_MM = (1.5, 6.0)  # loose pieces lie this far from the arch


def _nearest_mm(tree: cKDTree, places: Values) -> float:
    distance, _ = tree.query(places)
    return float(np.min(distance))


def _strip_faces(rows: int, columns: int) -> NDArray[np.int64]:
    index = np.arange(rows * columns).reshape(rows, columns)
    quads = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], axis=-1)
    quads = quads.reshape(-1, 4)
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _turned(rng: np.random.Generator) -> Values:
    """Return a random rotation by three turns."""
    turns, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    return np.round(turns, 9)


def _flake(
    rng: np.random.Generator, pitch_mm: float, size_mm: tuple[float, float], number: int
) -> TriangleMesh | None:
    """Return one bent, ragged fragment about the origin, or None when it came out too small."""
    half = rng.uniform(*size_mm) / 2
    axis = np.arange(-half, half + pitch_mm, pitch_mm)
    x, y = (values.ravel() for values in np.meshgrid(axis, axis, indexing="ij"))
    places = np.stack([x, y, 0.12 * (x * x - 0.5 * y * y) * rng.standard_normal()], axis=-1)
    places[:, 2] += 0.15 * fractal_noise(
        places + 50.0 * number, scale_mm=1.2, octaves=2, seed=number
    )
    rim = fractal_noise(places * [1, 1, 0] + 9.0 * number, scale_mm=half * 0.6, octaves=3, seed=3)
    inside = np.sqrt(x * x + y * y) < half * (1 + 0.3 * rim)
    faces = _strip_faces(len(axis), len(axis))
    faces = faces[inside[faces].all(axis=1)]
    if len(faces) < 8:
        return None
    return take_faces(TriangleMesh(places, faces), np.ones(len(faces), dtype=bool))


def islands(site: Site, *, count: int = 5, size_mm: tuple[float, float] = (1.5, 5.0)) -> Step:
    """Add loose fragments of cheek, tongue or glove, 1.5 to 6 mm away from the arch."""
    mesh, rng = site.mesh, site.rng
    tree = cKDTree(mesh.vertices)
    pitch_mm = mean_edge_mm(mesh)
    low, high = mesh.vertices.min(axis=0) - 3, mesh.vertices.max(axis=0) + 3
    vertices: list[Values] = []
    faces: list[NDArray[np.int32]] = []
    start = mesh.vertex_count
    for number in range(_TRIES):
        if len(vertices) == count:
            break
        flake = _flake(rng, pitch_mm, size_mm, number)
        turn, shift = _turned(rng), rng.uniform(low, high)
        if flake is None:
            continue
        places = flake.vertices @ turn.T + shift
        others = np.concatenate(vertices) if vertices else np.full((1, 3), 1e6)
        apart_mm = _nearest_mm(cKDTree(others), places)
        if _BESIDE_MM[0] < _nearest_mm(tree, places) < _BESIDE_MM[1] and apart_mm > 1.5:
            vertices.append(places)
            faces.append(flake.faces + start)
            start += len(places)
    centres = np.array([v.mean(axis=0) for v in vertices])
    return appended(
        mesh, "islands", np.concatenate(vertices), np.concatenate(faces).astype(np.int32), centres
    )


def moebius_band(site: Site, *, radius_mm: float = 2.0, width_mm: float = 1.2) -> Step:
    """Add one loose band that cannot be oriented, beside the arch."""
    mesh, rng = site.mesh, site.rng
    around, across = 36, 5
    angle = np.repeat(2 * np.pi * np.arange(around) / around, across)
    offset = np.tile(np.linspace(-0.5, 0.5, across) * width_mm, around)
    radius = radius_mm + offset * np.cos(angle / 2)
    band = np.stack(
        [radius * np.cos(angle), radius * np.sin(angle), offset * np.sin(angle / 2)], axis=-1
    )
    faces = []
    for i in range(around):
        for j in range(across - 1):
            a, b = i * across + j, i * across + j + 1
            c, d = a + across, b + across
            if i == around - 1:  # joined with a half turn
                c, d = across - 1 - j, across - 2 - j
            faces += [(a, c, d), (a, d, b)]
    tree = cKDTree(mesh.vertices)
    low, high = mesh.vertices.min(axis=0) - 3, mesh.vertices.max(axis=0) + 3
    for _ in range(_TRIES):
        places = np.round(band, 9) @ _turned(rng).T + rng.uniform(low, high)
        if _BESIDE_MM[0] < _nearest_mm(tree, places) < _BESIDE_MM[1]:
            break
    joined = (np.array(faces) + mesh.vertex_count).astype(np.int32)
    return appended(mesh, "moebius_band", places, joined, places.mean(axis=0)[None])


def double_layer(site: Site, *, radius_mm: float = 5.0, offset_mm: float = 0.25) -> Step:
    """Lay a second, loose sheet over a part of the scan."""
    mesh = site.mesh
    seed = int(site.inner(1, apart_mm=1.0, inside_mm=min(radius_mm, 4.0))[0])
    under = take_faces(mesh, patch(mesh, seed, radius_mm, rag=0.25, seed=seed))
    normals = vertex_normals(under.vertices, under.faces)
    height = offset_mm * (1 + 0.25 * fractal_noise(under.vertices, scale_mm=2.0, octaves=2, seed=7))
    return appended(
        mesh,
        "double_layer",
        under.vertices + normals * height[:, None],
        (under.faces + mesh.vertex_count).astype(np.int32),
        mesh.vertices[[seed]],
        colours=under.colours,
        offset_mm=offset_mm,
    )


def fins(site: Site, *, count: int = 12, height_mm: float = 0.4) -> Step:
    """Stand a third face on inner edges: edges with three faces.

    Raises
    ------
    InputError
        No inner edge is free.
    """
    mesh = site.mesh
    seeds = site.inner(count, apart_mm=2.0)
    if not len(seeds):
        raise InputError("No inner edge is free.", "Use fewer defects.")
    normals = vertex_normals(mesh.vertices, mesh.faces)
    tips, faces = [], []
    for s in seeds:
        a, b, _ = mesh.faces[ring(mesh, int(s))[0]]
        tips.append((mesh.vertices[a] + mesh.vertices[b]) / 2 + normals[a] * height_mm)
        faces.append((b, a, mesh.vertex_count + len(tips) - 1))
    places = mesh.vertices[seeds]
    return appended(
        mesh, "fins", np.array(tips), np.array(faces, np.int32), places, height_mm=height_mm
    )
