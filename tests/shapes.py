"""Small meshes with known answers, made by formula so nobody has to open a file to trust them."""

import numpy as np

from stsbench.domain.mesh import TriangleMesh


def grid_faces(rows: int, columns: int):
    """Faces (2*rows*columns, 3) of a flat quad grid, each quad cut in two, facing +z."""
    index = np.arange((rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    return np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3).astype(np.int32)


def sheet(rows: int = 10, columns: int = 12, *, pitch_mm: float = 0.5, height=None) -> TriangleMesh:
    """A grid in the xy plane (x along columns), lifted by `height(x, y)`."""
    y, x = np.mgrid[0 : rows + 1, 0 : columns + 1] * pitch_mm
    z = np.zeros_like(x) if height is None else height(x, y)
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float64)
    return TriangleMesh(vertices, grid_faces(rows, columns))


TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], dtype=np.int32)


def tetrahedron(size_mm: float = 1.0) -> TriangleMesh:
    """A corner tetrahedron: volume size^3 / 6."""
    return TriangleMesh(np.vstack([np.zeros(3), np.eye(3)]) * size_mm, TETRAHEDRON)


def sphere(subdivisions: int = 3, radius_mm: float = 5.0) -> TriangleMesh:
    """An icosphere with 20 * 4**subdivisions faces."""
    phi = (1 + 5**0.5) / 2
    corners = np.array(
        [
            (-1, phi, 0), (1, phi, 0), (-1, -phi, 0), (1, -phi, 0), (0, -1, phi), (0, 1, phi),
            (0, -1, -phi), (0, 1, -phi), (phi, 0, -1), (phi, 0, 1), (-phi, 0, -1), (-phi, 0, 1),
        ],
        dtype=np.float64,
    )  # fmt: skip
    faces = np.array(
        [
            (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4),
            (11, 10, 2), (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8),
            (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1),
        ],
        dtype=np.int64,
    )  # fmt: skip
    for _ in range(subdivisions):
        edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        unique, inverse = np.unique(edges, axis=0, return_inverse=True)
        middle = len(corners) + inverse.reshape(-1, 3)
        corners = np.vstack([corners, corners[unique].mean(axis=1)])
        a, b, c = faces.T
        ab, bc, ca = middle.T
        faces = np.concatenate(
            [np.stack(t, axis=-1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))]
        )
    corners *= radius_mm / np.linalg.norm(corners, axis=1, keepdims=True)
    return TriangleMesh(corners, faces.astype(np.int32))


def toothed_arch(pitch_mm: float = 0.6, *, teeth: int = 14, flare_mm: float = 0.0) -> TriangleMesh:
    """An open lower arch as a scanner sees it: gum ridge, teeth with cusps, an open back.

    x to the side, y to the front, z out of the biting surface; its tips lie on z = 10.5.
    `flare_mm` narrows the ridge below, which makes the gum an undercut.
    """
    t = np.linspace(-1, 1, 2001)
    curve = np.stack([26.0 * t, 38.0 * (1 - t**2)], axis=1)
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))]
    sections = np.linspace(0, along[-1], int(along[-1] / pitch_mm) + 1)
    centre = np.stack([np.interp(sections, along, column) for column in curve.T], axis=1)
    forward = np.gradient(centre, axis=0)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    side = np.stack([-forward[:, 1], forward[:, 0]], axis=1)
    across = np.linspace(-8.0, 8.0, int(16 / pitch_mm) + 1)
    s, u = np.meshgrid(sections, across, indexing="ij")
    height = 6 * np.sqrt(np.clip(1 - (u / 9.5) ** 2, 0, 1)) - 1.5 - (np.abs(u) / 7.0) ** 6
    widths = np.full(teeth, along[-1] / teeth)
    for k, start in enumerate(np.cumsum(widths) - widths):
        width = widths[k]
        w = (s - start - width / 2) / (width / 2)
        front = abs(k - (teeth - 1) / 2) < teeth * 0.22
        breadth = 3.0 if front else 4.5
        r = np.abs(w) ** 3 + np.abs(u / breadth) ** 3
        crown = 7.5 * np.clip(1 - r, 0, 1) ** 0.35
        if not front:  # cusps beside a fissure
            crown *= (
                1 - 0.18 * np.exp(-((u / (0.3 * breadth)) ** 2)) - 0.08 * np.exp(-((w / 0.25) ** 2))
            )
        height = np.maximum(height, np.where(r < 1, 3.0 + crown, -9))
    offset = u * (1 - flare_mm * np.clip(2.0 - height, 0, 8) / 64)
    places = centre[:, None] + offset[..., None] * side[:, None]
    vertices = np.concatenate([places, height[..., None]], axis=-1).reshape(-1, 3)
    # The grid runs along the arch (rows) and to its left (columns): the quads face down.
    faces = grid_faces(len(sections) - 1, len(across) - 1)[:, ::-1]
    return TriangleMesh(vertices.astype(np.float32).astype(np.float64), np.ascontiguousarray(faces))
