"""Solids and scans with known figures for the checks."""

import numpy as np

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.mesh import TriangleMesh
from tests.shapes import sheet


def box(width: float, depth: float, height: float, *, at=(0.0, 0.0, 0.0)) -> TriangleMesh:
    """A closed box, its lowest corner at `at`."""
    corners = np.array([(x, y, z) for z in (0, 1) for y in (0, 1) for x in (0, 1)], float)
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6)]
    faces = [(a, b, c) for a, b, c, _ in quads] + [(a, c, d) for a, _, c, d in quads]
    return TriangleMesh(
        corners * (width, depth, height) + np.asarray(at), np.array(faces, np.int32)
    )


def joined(*meshes: TriangleMesh) -> TriangleMesh:
    offsets = np.cumsum([0, *(mesh.vertex_count for mesh in meshes)])
    return TriangleMesh(
        np.vstack([mesh.vertices for mesh in meshes]),
        np.vstack([mesh.faces + start for mesh, start in zip(meshes, offsets, strict=False)]),
    )


def torus(rings: int = 24, sides: int = 12, *, radius=6.0, tube=2.0) -> TriangleMesh:
    u = np.arange(rings) * 2 * np.pi / rings
    v = np.arange(sides) * 2 * np.pi / sides
    uu, vv = np.meshgrid(u, v, indexing="ij")
    places = np.stack(
        [
            (radius + tube * np.cos(vv)) * np.cos(uu),
            (radius + tube * np.cos(vv)) * np.sin(uu),
            tube * np.sin(vv),
        ],
        axis=-1,
    ).reshape(-1, 3)
    index = np.arange(rings * sides).reshape(rings, sides)
    a, b = index, np.roll(index, -1, axis=0)
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    faces = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)
    return TriangleMesh(places, faces.astype(np.int32))


def turned(mesh: TriangleMesh, degrees: float) -> TriangleMesh:
    """Turned about x."""
    angle = np.radians(degrees)
    c, s = np.cos(angle), np.sin(angle)
    return TriangleMesh(mesh.vertices @ np.array([(1, 0, 0), (0, c, s), (0, -s, c)]), mesh.faces)


def dome(count: int = 48, *, pitch_mm: float = 0.75) -> TriangleMesh:
    """A bumpy dome, higher at the front (-y), with one cusp at the right (+x)."""
    side = count * pitch_mm

    def height(x, y):
        u, v = x - side / 2, y - side / 2
        cusp = 2.5 * np.exp(-((u - 9) ** 2 + v**2) / 8)
        return 9 - (u**2 + v**2) / 50 + 0.4 * np.cos(u) * np.cos(1.3 * v) - 0.05 * v + cusp

    mesh = sheet(count, count, pitch_mm=pitch_mm, height=height)
    return TriangleMesh(mesh.vertices - (side / 2, side / 2, 0.0), mesh.faces)


def filled_hole(mesh: TriangleMesh, place, radius_mm: float):
    """The mesh without the faces near a place, and the record of filling them in again."""
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    hole = np.linalg.norm(centres - np.asarray(place), axis=1) < radius_mm
    kept = np.flatnonzero(~hole)
    position = np.full(mesh.face_count, -1, np.int32)
    position[kept] = np.arange(len(kept))
    reason = np.where(hole, EditReason.HOLE_FILL, EditReason.NONE).astype(np.uint8)
    edits = EditRecord(
        vertex_source=np.arange(mesh.vertex_count, dtype=np.int32),
        vertex_moved_mm=np.zeros(mesh.vertex_count, np.float32),
        face_source=position,
        removed_face=np.empty(0, np.int32),
        removed_reason=np.empty(0, np.uint8),
        added_reason=reason,
    )
    return TriangleMesh(mesh.vertices, mesh.faces[kept]), edits
