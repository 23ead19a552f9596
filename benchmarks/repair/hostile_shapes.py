"""More hostile scans at full size: what no scanner writes and no repair may hang on.

Each returns a mesh, or a suffix and the bytes of a file.
"""

import struct
from collections.abc import Callable

import numpy as np

from stsbench.domain.mesh import TriangleMesh
from stsbench.files.scans import encode_ply, encode_stl

Made = TriangleMesh | tuple[str, bytes]


def mesh_of(vertices: np.ndarray, faces: np.ndarray) -> TriangleMesh:
    """Make a mesh with places as a file of float32 keeps them."""
    rounded = vertices.astype(np.float32).astype(np.float64)
    return TriangleMesh(rounded, np.ascontiguousarray(faces, dtype=np.int32))


def grid(side: int, pitch: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """A bumpy sheet of 2 * side^2 faces."""
    y, x = np.mgrid[0 : side + 1, 0 : side + 1] * pitch
    z = 0.5 * np.sin(x) * np.cos(y)
    index = np.arange((side + 1) ** 2).reshape(side + 1, side + 1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)
    return np.stack([x, y, z], axis=-1).reshape(-1, 3), faces


def ball(rows: int, radius: float = 15.0) -> tuple[np.ndarray, np.ndarray]:
    """A closed sphere of about 4 * rows^2 faces by latitude and longitude."""
    across = 2 * rows
    u, v = np.meshgrid(
        np.pi * np.arange(1, rows) / rows, 2 * np.pi * np.arange(across) / across, indexing="ij"
    )
    places = np.stack([np.sin(u) * np.cos(v), np.sin(u) * np.sin(v), np.cos(u)], axis=-1)
    places = np.vstack([places.reshape(-1, 3), [[0, 0, 1], [0, 0, -1]]]) * radius
    i, j = np.divmod(np.arange((rows - 2) * across), across)
    a, b = i * across + j, i * across + (j + 1) % across
    c, d = a + across, b + across
    last, j = (rows - 2) * across, np.arange(across)
    k, top, bottom = (j + 1) % across, len(places) - 2, len(places) - 1
    poles = np.full(across, top), np.full(across, bottom)
    rows_of = (a, c, d), (a, d, b), (poles[0], j, k), (poles[1], last + k, last + j)
    faces = [np.stack(row, axis=-1) for row in rows_of]
    return places, np.concatenate(faces)


def umbrella(count: int = 100_000, *, noise: float = 0.0) -> TriangleMesh:
    """All faces about one vertex; with noise its ribs go up and down."""
    rng = np.random.default_rng(2)
    angle = 2 * np.pi * np.arange(count) / count
    rim = np.stack([20 * np.cos(angle), 20 * np.sin(angle), 0 * angle], axis=-1)
    rim[:, 2] += noise * rng.normal(size=count)
    here = np.arange(count)
    faces = np.stack([here, (here + 1) % count, np.full(count, count)], axis=-1)
    return mesh_of(np.vstack([rim, [(0, 0, 8.0)]]), faces)


def book(pages: int = 100_000) -> TriangleMesh:
    """All faces about one edge."""
    angle = 2 * np.pi * np.arange(pages) / pages
    tips = np.stack([9 * np.cos(angle), 9 * np.sin(angle), np.full(pages, 5.0)], axis=-1)
    faces = np.stack([np.zeros(pages), np.ones(pages), np.arange(pages) + 2], axis=-1)
    return mesh_of(np.vstack([[(0, 0, 0), (0, 0, 10)], tips]), faces)


def shuffled_ring(edges: int = 100_000) -> TriangleMesh:
    """A sheet with a hole of as many edges, its faces in no order."""
    rng = np.random.default_rng(3)
    angle = 2 * np.pi * np.arange(edges) / edges
    rows = [np.stack([r * np.cos(angle), r * np.sin(angle), 0 * angle], axis=-1)
            for r in (6.0, 6.4, 20.0)]  # fmt: skip
    here, after = np.arange(edges), (np.arange(edges) + 1) % edges
    faces = []
    for low in (0, edges):
        faces.append(np.stack([low + here, low + edges + here, low + edges + after], axis=-1))
        faces.append(np.stack([low + here, low + edges + after, low + after], axis=-1))
    every = np.concatenate(faces)
    return mesh_of(np.concatenate(rows), every[rng.permutation(len(every))])


def touching_balls(rows: int = 160) -> TriangleMesh:
    """Two spheres with one vertex in common."""
    places, faces = ball(rows)
    top = len(places) - 2
    other = places + np.array([0, 0, 30.0])
    second = faces + len(places)
    second[second == len(places) + len(places) - 1] = top
    return mesh_of(np.vstack([places, other]), np.vstack([faces, second]))


def both_ways(side: int = 300, times: int = 3) -> TriangleMesh:
    """Each face several times in both windings."""
    vertices, faces = grid(side)
    return mesh_of(vertices, np.vstack([faces, faces[:, ::-1]] * times))


def needles(side: int = 300) -> TriangleMesh:
    """A sheet from which every third vertex stands up as a needle 8 mm long."""
    vertices, faces = grid(side)
    vertices[::3, 2] += 8.0
    return mesh_of(vertices, faces)


def flipped(side: int = 1000) -> TriangleMesh:
    """Two million faces, each turned over by chance."""
    rng = np.random.default_rng(4)
    vertices, faces = grid(side, 0.08)
    turned = rng.random(len(faces)) < 0.5
    faces[turned] = faces[turned][:, ::-1]
    return mesh_of(vertices, faces)


def dust(count: int = 300_000, side: int = 220) -> TriangleMesh:
    """A sheet in a cloud of small tetrahedra."""
    rng = np.random.default_rng(5)
    vertices, faces = grid(side)
    centre = rng.uniform(-5, 49, (count, 1, 3)) * (1, 1, 0.3)
    corners = (centre + 0.05 * rng.normal(size=(count, 4, 3))).reshape(-1, 3)
    four = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])
    small = (4 * np.arange(count)[:, None, None] + four).reshape(-1, 3) + len(vertices)
    return mesh_of(np.vstack([vertices, corners]), np.vstack([faces, small]))


def wafer(side: int = 220, thick: float = 1e-4) -> TriangleMesh:
    """A closed box much thinner than its faces are long."""
    vertices, faces = grid(side)
    back = vertices - np.array([0, 0, thick])
    n = side + 1
    edge = np.arange(n * n).reshape(n, n)
    rim = np.concatenate([edge[0], edge[1:, -1], edge[-1, -2::-1], edge[-2:0:-1, 0]])
    after, count = np.roll(rim, -1), len(vertices)
    wall = [np.stack([after, rim, rim + count], axis=-1),
            np.stack([after, rim + count, after + count], axis=-1)]  # fmt: skip
    return mesh_of(np.vstack([vertices, back]), np.vstack([faces, faces[:, ::-1] + count, *wall]))


def chessboard(side: int = 300) -> TriangleMesh:
    """Every second square is missing: vertices where only corners touch, everywhere."""
    vertices, faces = grid(side)
    y, x = np.divmod(np.arange(side * side), side)
    white = (x + y) % 2 == 0
    white[(x < 3) | (y < 3) | (x > side - 4) | (y > side - 4)] = True
    return mesh_of(vertices, faces.reshape(-1, 2, 3)[white].reshape(-1, 3))


def sieve(side: int = 330, kept: float = 0.6) -> TriangleMesh:
    """Faces missing by chance: loops that touch themselves and each other."""
    rng = np.random.default_rng(6)
    vertices, faces = grid(side)
    return mesh_of(vertices, faces[rng.random(len(faces)) < kept])


def mikado(count: int = 60_000) -> TriangleMesh:
    """Faces between any three of some vertices: all run through each other."""
    rng = np.random.default_rng(7)
    return mesh_of(rng.uniform(0, 40, (count, 3)), rng.integers(0, count, (2 * count, 3)))


def crumpled(rows: int = 220, noise: float = 0.6) -> TriangleMesh:
    """A sphere whose vertices are thrown about by several edges."""
    rng = np.random.default_rng(8)
    places, faces = ball(rows)
    return mesh_of(places + noise * rng.normal(size=places.shape), faces)


def onion(count: int = 20, rows: int = 60) -> TriangleMesh:
    """Spheres through each other, joined at one vertex."""
    rng = np.random.default_rng(9)
    every, tables = [], []
    for n in range(count):
        places, faces = ball(rows)
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        places = (places * (1 + 0.02 * n)) @ turn.T + rng.normal(size=3)
        top = len(places) - 2
        places[top] = (0, 0, 0)
        every.append(places)
        tables.append(faces + n * len(places))
    return mesh_of(np.concatenate(every), np.concatenate(tables))


def one_far(value: float) -> TriangleMesh:
    """One vertex of a sheet at a huge place."""
    vertices, faces = grid(300)
    vertices[45_000] = (value, value, 0)
    return mesh_of(vertices, faces)


def star_hole(edges: int = 20_000) -> TriangleMesh:
    """A hole whose rim runs in and out between 1 and 8 mm, to be filled."""
    angle = 2 * np.pi * np.arange(edges) / edges
    inner = np.where(np.arange(edges) % 2 == 0, 1.2, 1.6)
    rows = [np.stack([r * np.cos(angle), r * np.sin(angle), 0 * angle], axis=-1)
            for r in (inner, np.full(edges, 8.5), np.full(edges, 20.0))]  # fmt: skip
    here, after = np.arange(edges), (np.arange(edges) + 1) % edges
    faces = []
    for low in (0, edges):
        faces.append(np.stack([low + here, low + edges + here, low + edges + after], axis=-1))
        faces.append(np.stack([low + here, low + edges + after, low + after], axis=-1))
    return mesh_of(np.concatenate(rows), np.concatenate(faces))


def _file_with(value: float) -> Made:
    vertices, faces = grid(200)
    data = bytearray(encode_ply(mesh_of(vertices, faces)))
    start = data.index(b"end_header\n") + 11
    data[start + 12_000 : start + 12_004] = struct.pack("<f", value)
    return ".ply", bytes(data)


def _lying(kind: str) -> Made:
    mesh = mesh_of(*grid(200))
    if kind == "stl":
        data = bytearray(encode_stl(mesh))
        data[80:84] = struct.pack("<I", 4_000_000_000)
        return ".stl", bytes(data)
    data = encode_ply(mesh)
    return ".ply", data.replace(b"element face 80000", b"element face 4000000000")


SHAPES: dict[str, Callable[[], Made]] = {
    "100,000 faces at one vertex": umbrella,
    "100,000 noisy faces at one vertex": lambda: umbrella(noise=0.3),
    "100,000 faces at one edge": book,
    "hole of 100,000 edges, shuffled": shuffled_ring,
    "hole of 20,000 edges like a star": star_hole,
    "two spheres with one vertex": touching_balls,
    "each face three times both ways": both_ways,
    "60,000 needles": needles,
    "2,000,000 faces turned by chance": flipped,
    "sheet in 300,000 tetrahedra": dust,
    "box 0.0001 mm thick": wafer,
    "chessboard": chessboard,
    "four faces in ten missing": sieve,
    "two faces in ten missing": lambda: sieve(kept=0.8),
    "faces between any three vertices": mikado,
    "crumpled sphere": crumpled,
    "20 spheres across each other": onion,
    "one vertex at 1e6": lambda: one_far(1e6),
    "one vertex at 1e30": lambda: one_far(1e30),
    "not a number": lambda: _file_with(float("nan")),
    "infinite": lambda: _file_with(float("inf")),
    "4e9 faces claimed, STL": lambda: _lying("stl"),
    "4e9 faces claimed, PLY": lambda: _lying("ply"),
    "zero bytes": lambda: (".stl", b""),
    "cut off": lambda: (".ply", encode_ply(mesh_of(*grid(200)))[:-1000]),
}
