"""Damage with a known truth: a bumpy dome, and one small function per defect.

Vertices are named by their row and column in the grid and are only ever moved or appended, so every
place stays valid while defects are added.
"""

from dataclasses import replace

import numpy as np

from stsbench.domain.mesh import TriangleMesh
from tests.shapes import sheet

ROWS, COLUMNS, PITCH_MM = 40, 48, 0.5


def rounded(vertices):
    return np.asarray(vertices).astype(np.float32).astype(np.float64)


def dome(rows=ROWS, columns=COLUMNS) -> TriangleMesh:
    """A dome with bumps, 24 x 20 mm by default, in float32 numbers."""
    wide, deep = columns * PITCH_MM / 2, rows * PITCH_MM / 2

    def height(x, y):
        bumps = 0.25 * np.sin(1.3 * x) * np.cos(1.1 * y)
        return 5 - 3 * ((x - wide) / wide) ** 2 - 2 * ((y - deep) / deep) ** 2 + bumps

    mesh = sheet(rows, columns, pitch_mm=PITCH_MM, height=height)
    return TriangleMesh(rounded(mesh.vertices), mesh.faces)


def at(row, column, *, columns=COLUMNS):
    return row * (columns + 1) + column


def with_faces(mesh, faces):
    return replace(mesh, faces=np.concatenate([mesh.faces, np.asarray(faces, dtype=np.int32)]))


def with_vertices(mesh, places):
    return TriangleMesh(np.concatenate([mesh.vertices, rounded(places)]), mesh.faces)


def around(mesh, vertices):
    """Faces at some vertices, (F,) bool."""
    return np.isin(mesh.faces, vertices).any(axis=1)


def block(row, column, reach):
    steps = range(-reach, reach + 1)
    return [at(row + i, column + j) for i in steps for j in steps]


def hole(mesh, row, column, *, reach=0):
    """Take the faces at a block of vertices away: a square gap with sides of 2 * reach + 2 cells."""
    return replace(mesh, faces=mesh.faces[~around(mesh, block(row, column, reach))])


def moved(mesh, row, column, by_mm):
    vertices = mesh.vertices.copy()
    vertices[at(row, column)] += by_mm
    return replace(mesh, vertices=rounded(vertices))


def spike(mesh, row, column, *, height_mm=3.0):
    return moved(mesh, row, column, (0.0, 0.0, height_mm))


def fold(mesh, row, column):
    """Draw one vertex over its neighbours on the right."""
    return moved(mesh, row, column, (1.6 * PITCH_MM, 0.1, 0.05))


def fin(mesh, row, column, *, height_mm=0.8):
    """Stand one face on an edge."""
    a, b = at(row, column), at(row, column + 1)
    tip = mesh.vertices[[a, b]].mean(axis=0) + np.array([0.0, 0.1, height_mm])
    mesh = with_vertices(mesh, [tip])
    return with_faces(mesh, [[a, b, mesh.vertex_count - 1]])


def bow_tie(mesh, row, column):
    """Take two of the six faces at a vertex away that do not touch over an edge."""
    rows = np.flatnonzero(around(mesh, [at(row, column)]))
    corners = mesh.vertices[mesh.faces[rows]].mean(axis=1) - mesh.vertices[at(row, column)]
    turn = np.argsort(np.arctan2(corners[:, 1], corners[:, 0]), kind="stable")
    keep = np.ones(mesh.face_count, dtype=bool)
    keep[rows[turn[[0, 3]]]] = False
    return replace(mesh, faces=mesh.faces[keep])


def flipped(mesh, row, column):
    """Turn the 24 faces at a block of nine vertices round, or as many as there are."""
    faces = mesh.faces.copy()
    rows = around(mesh, block(row, column, 1))
    faces[rows] = faces[rows][:, ::-1]
    return replace(mesh, faces=faces)


def copied(mesh, row, column):
    """Repeat the six faces at a vertex, half of them wound the other way."""
    copies = np.roll(mesh.faces[around(mesh, [at(row, column)])], 1, axis=1)
    copies[::2] = copies[::2, ::-1]
    return with_faces(mesh, copies)


def degenerate(mesh, row, column):
    """Two faces that name a vertex twice, and one on an edge with its third corner on that edge."""
    a, b = at(row, column), at(row, column + 1)
    mesh = with_vertices(mesh, [mesh.vertices[[a, b]].mean(axis=0)])
    return with_faces(mesh, [[a, b, b], [a, a, b], [a, b, mesh.vertex_count - 1]])


def island(mesh, *, centre=(12.0, 10.0, 12.0), cells=3):
    """A loose scrap of cells x cells squares."""
    scrap = sheet(cells, cells, pitch_mm=PITCH_MM)
    first = mesh.vertex_count
    mesh = with_vertices(mesh, scrap.vertices - scrap.vertices.mean(axis=0) + centre)
    return with_faces(mesh, scrap.faces + first)


def moebius(*, steps=24, radius_mm=4.0, width_mm=2.0) -> TriangleMesh:
    """A strip with one side."""
    t = np.arange(steps) * (2 * np.pi / steps)
    vertices = []
    for side in (-0.5, 0.5):
        reach = radius_mm + side * width_mm * np.cos(t / 2)
        vertices.append(
            np.stack([reach * np.cos(t), reach * np.sin(t), side * width_mm * np.sin(t / 2)], -1)
        )
    low, high = np.arange(steps), np.arange(steps) + steps
    next_low, next_high = np.r_[low[1:], high[0]], np.r_[high[1:], low[0]]
    faces = np.concatenate(
        [np.stack([low, next_low, next_high], -1), np.stack([low, next_high, high], -1)]
    )
    return TriangleMesh(rounded(np.concatenate(vertices)), faces.astype(np.int32))


def beside(mesh, other, *, shift_mm):
    first = mesh.vertex_count
    mesh = with_vertices(mesh, other.vertices + shift_mm)
    return with_faces(mesh, other.faces + first)


# What `damaged_dome` does: name, function, row, column, options.
PLAN = (
    ("small hole", hole, 6, 6, {}),
    ("hole", hole, 6, 14, {"reach": 1}),
    ("spike out", spike, 6, 24, {}),
    ("spike in", spike, 6, 34, {"height_mm": -2.5}),
    ("fin", fin, 14, 6, {}),
    ("bow-tie", bow_tie, 14, 14, {}),
    ("flipped", flipped, 14, 24, {}),
    ("copies", copied, 14, 34, {}),
    ("degenerate", degenerate, 22, 6, {}),
    ("fold", fold, 22, 14, {}),
    ("fin", fin, 30, 24, {"height_mm": 1.2}),
    ("bow-tie", bow_tie, 30, 34, {}),
    ("fold", fold, 30, 10, {}),
)


def damaged_dome() -> tuple[TriangleMesh, np.ndarray]:
    """The dome with every defect of the plan and an island; the places of the defects, (N, 3)."""
    clean = dome()
    mesh = clean
    for _, defect, row, column, options in PLAN:
        mesh = defect(mesh, row, column, **options)
    places = clean.vertices[[at(row, column) for _, _, row, column, _ in PLAN]]
    return island(mesh), places
