"""The foot of a spike on surfaces that are known: what was lifted goes, what was not stays."""

import numpy as np
import pytest

from stsbench.geometry.spike_feet import MOST, find_foot
from stsbench.geometry.vertex_rings import vertex_neighbours, walk_rings
from stsbench.geometry.wide_normals import sum_near
from tests.shapes import sheet

PITCH_MM = 0.4
TIP = 15 * 31 + 15
SURFACES = {
    "plane": lambda x, y: 0.3 * x - 0.2 * y,
    "bowl": lambda x, y: -0.06 * (x - 6) ** 2 - 0.03 * (y - 6) ** 2,
    "ridge": lambda x, y: -0.05 * np.abs(y - 6.0) ** 3 + 0 * x,
    "crease": lambda x, y: 0.25 * np.abs(y - 6.0) + 0 * x,
}


def foot(vertices, faces, k, *, border=None, last=None):
    """Vertices that are marked about the tip, and the room for names afterwards."""
    border = np.zeros(len(vertices), dtype=bool) if border is None else border
    neighbours = vertex_neighbours(faces, np.zeros(len(vertices), dtype=bool))
    ring, ends = np.empty(2048, np.int32), np.zeros(16, np.int32)
    mark, name = np.full(len(vertices), -1, np.int32), np.full(len(vertices), -1, np.int32)
    gone = np.empty(2048, dtype=bool)
    last = k + 2 if last is None else last
    walk_rings(*neighbours, TIP, mark, 0, ring, ends, 0, last)
    sums = sum_near(vertices, faces)
    find_foot(vertices, *neighbours, border, sums, ring, ends, k, last, name, gone)
    marked = np.zeros(len(vertices), dtype=bool)
    marked[ring[: ends[last + 1]][gone[: ends[last + 1]]]] = True
    return marked, name, ring[: ends[k + 1]]


@pytest.mark.parametrize("way", [1.0, -1.0])
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("surface", SURFACES)
def test_one_vertex_that_stands_out_goes_alone(surface, k, way):
    mesh = sheet(30, 30, pitch_mm=PITCH_MM, height=SURFACES[surface])
    vertices = mesh.vertices.copy()
    vertices[TIP, 2] += way
    marked, name, _ = foot(vertices, mesh.faces, k)
    assert np.flatnonzero(marked).tolist() == [TIP]
    assert (name == -1).all()


@pytest.mark.parametrize(("lift_mm", "goes"), [(0.2, True), (0.02, False), (-0.2, False)])
def test_a_neighbour_goes_when_it_is_lifted_to_the_same_side(lift_mm, goes):
    mesh = sheet(30, 30, pitch_mm=PITCH_MM, height=SURFACES["plane"])
    vertices = mesh.vertices.copy()
    vertices[TIP, 2] += 1.0
    vertices[TIP + 1, 2] += lift_mm
    marked, _, _ = foot(vertices, mesh.faces, 2)
    assert marked[TIP + 1] == goes
    assert np.count_nonzero(marked) == 1 + goes


def test_no_vertex_of_the_border_goes():
    mesh = sheet(30, 30, pitch_mm=PITCH_MM)
    vertices = mesh.vertices.copy()
    vertices[[TIP, TIP + 1], 2] += 1.0
    border = np.zeros(len(vertices), dtype=bool)
    border[TIP + 1] = True
    assert np.flatnonzero(foot(vertices, mesh.faces, 2, border=border)[0]).tolist() == [TIP]


def test_where_too_many_would_have_a_say_all_of_it_goes():
    mesh = sheet(30, 30, pitch_mm=PITCH_MM)
    vertices = mesh.vertices.copy()
    # One ring of more vertices than may have a say: a fan about the tip.
    turns = np.arange(MOST + 10) * 2 * np.pi / (MOST + 10)
    circles = [r * np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1) for r in (1, 2, 3)]
    vertices = np.concatenate([np.zeros((TIP + 1, 3)), *circles])
    n = np.arange(len(turns))
    first, follows = TIP + 1 + n, TIP + 1 + np.roll(n, -1)
    faces = [np.stack([np.full_like(n, TIP), first, follows], axis=1)]
    for r in range(2):
        a, b = first + r * len(n), follows + r * len(n)
        faces += [
            np.stack([a, a + len(n), b + len(n)], axis=1),
            np.stack([a, b + len(n), b], axis=1),
        ]
    marked, _, inside = foot(vertices, np.concatenate(faces).astype(np.int32), 1, last=3)
    assert np.flatnonzero(marked).tolist() == np.sort(inside).tolist()


def test_a_turned_surface_loses_the_same_vertices():
    mesh = sheet(30, 30, pitch_mm=PITCH_MM, height=SURFACES["crease"])
    vertices = mesh.vertices.copy()
    vertices[[TIP, TIP + 1, TIP + 31], 2] += [1.0, 0.4, 0.15]
    turn, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    turn *= np.linalg.det(turn)
    straight, turned = (foot(v, mesh.faces, 2)[0] for v in (vertices, vertices @ turn + 7.0))
    assert np.array_equal(straight, turned)
    assert straight[[TIP, TIP + 1, TIP + 31]].all()
