"""A coloured dome to work on by hand, and what the tests of the tools look at."""

import numpy as np

from stsbench.domain.mesh import TriangleMesh
from tests.repair.damage import PITCH_MM, dome, hole
from tests.repair.referee import judge

GREEN = 90


def coloured(mesh: TriangleMesh) -> TriangleMesh:
    """Red grows with x, green is the same everywhere; a float and a label beside."""
    x, y = mesh.vertices[:, 0], mesh.vertices[:, 1]
    red = np.rint(255 * np.clip(x / 24, 0, 1))
    colours = np.stack([red, np.full_like(red, GREEN), np.zeros_like(red)], axis=1)
    attributes = {"height": x.astype(np.float32), "tooth": (y > 10).astype(np.int16)}
    return TriangleMesh(mesh.vertices, mesh.faces, colours.astype(np.uint8), attributes)


def dome_with_holes() -> TriangleMesh:
    """Two holes of 4 and 11 mm."""
    return coloured(hole(hole(dome(), 8, 10), 22, 30, reach=2))


def near(mesh, x, y, radius_mm):
    """Faces whose corners all lie within a radius of a place, seen from above."""
    inside = np.linalg.norm(mesh.vertices[:, :2] - (x, y), axis=1) <= radius_mm
    return np.flatnonzero(inside[mesh.faces].all(axis=1))


def rim_edge(working, n):
    """An edge of the open loop with the n-th most vertices."""
    loops = working.open_loops()
    order = np.argsort(-np.diff(loops.offsets), kind="stable")
    return loops.loop(int(order[n]))[:2].tolist()


def bytes_of(working):
    mesh = working.to_mesh()
    parts = [mesh.vertices, mesh.faces, working.vertices, working.faces, working.twin]
    parts += [working.alive, *mesh.attributes.values()]
    if mesh.colours is not None:
        parts.append(mesh.colours)
    return b"|".join(part.tobytes() for part in parts)


def check_sound(mesh, *, loops=None, components=1):
    found = judge(mesh.vertices, mesh.faces)
    assert found.branching_edges == 0
    assert found.bow_ties == 0
    assert found.badly_wound_edges == 0
    assert found.degenerate == 0
    assert found.duplicates == 0
    assert found.doubled_vertices == 0
    assert found.unreferenced == 0
    assert found.meetings == 0
    assert found.components == components
    if loops is not None:
        assert found.loops == loops
    return found


def check_values(mesh):
    """Colours and attributes go on as they were planted, also on new vertices."""
    x = mesh.vertices[:, 0]
    assert np.abs(mesh.colours[:, 0] - 255 * x / 24).max() < 255 * PITCH_MM / 24
    assert (mesh.colours[:, 1] == GREEN).all()
    assert np.abs(mesh.attributes["height"] - x).max() < PITCH_MM
    assert set(np.unique(mesh.attributes["tooth"])) <= {0, 1}
    assert mesh.attributes["tooth"].dtype == np.int16
