"""Rims: read backwards, with what stands behind them, and the chords that may not be."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.hole_rims import gather_rims, thin_height
from stsbench.geometry.topology import half_edge_twins
from tests.shapes import sheet, sphere


def _rims(mesh, chosen=None):
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    loops = boundary_loops(mesh.faces, twin)
    if chosen is not None:
        loops = loops.take(np.array(chosen(loops)))
    return loops, gather_rims(mesh.vertices, mesh.faces, twin, loops.vertices, loops.offsets)


def _shortest(loops):
    return [int(np.argmin([len(loops.loop(k)) for k in range(len(loops))]))]


def _square_hole():
    ground = sheet(8, 8)
    gone = np.zeros((8, 8, 2), bool)
    gone[2:6, 2:6] = True
    return TriangleMesh(ground.vertices, ground.faces[~gone.ravel()])


def test_a_rim_runs_against_its_loop_and_knows_its_owners():
    mesh = _square_hole()
    loops, rims = _rims(mesh, _shortest)
    loop = loops.vertices.tolist()
    at = loop.index(int(rims.vertex[0]))
    assert rims.vertex.tolist() == (loop[at::-1] + loop[:at:-1])
    after = rims.vertex[rims.next_place()]
    face, corner = np.divmod(rims.owner, 3)
    assert (mesh.faces[face, corner] == after).all()
    assert (mesh.faces[face, (corner + 1) % 3] == rims.vertex).all()
    assert (rims.normal == [0, 0, 1]).all()
    assert rims.supported.tolist() == [True]
    assert rims.thin_mm == thin_height(mesh.vertices)


def test_it_starts_at_its_longest_edge():
    mesh = _square_hole()
    vertices = mesh.vertices.copy()
    loops, _ = _rims(mesh, _shortest)
    vertices[loops.vertices[5]] += [0.0, 0.0, 0.3]
    vertices[loops.vertices[6]] -= [0.0, 0.0, 0.3]
    _, rims = _rims(TriangleMesh(vertices, mesh.faces), _shortest)
    # The start of that edge comes first, so its end comes last.
    assert rims.vertex[0] == loops.vertices[5]
    assert rims.vertex[-1] == loops.vertices[6]


def test_spacing_is_that_of_the_fan():
    mesh = _square_hole()
    _, rims = _rims(mesh, _shortest)
    for place in (0, 3, 7):
        own = mesh.faces == rims.vertex[place]
        ends = np.roll(mesh.faces, -1, axis=1)[own]
        expected = np.linalg.norm(mesh.vertices[ends] - mesh.vertices[rims.vertex[place]], axis=1)
        assert rims.spacing_mm[place] == pytest.approx(expected.mean())


def _teeth():
    """A flat strip with teeth: each tooth's base is an edge between two places of the rim."""
    count = 6
    low = np.stack([np.arange(count + 1), np.zeros(count + 1), np.zeros(count + 1)], axis=1)
    base, tip = low + np.array([0, 1, 0]), low[:-1] + np.array([0.5, 1.6, 0])
    i = np.arange(count)
    strip = np.concatenate([
        np.stack([i, i + 1, i + count + 2], 1), np.stack([i, i + count + 2, i + count + 1], 1),
        np.stack([i + count + 1, i + count + 2, i + 2 * count + 2], 1),
    ])  # fmt: skip
    return TriangleMesh(np.concatenate([low, base, tip]), strip.astype(np.int32)), count


def test_edges_of_the_mesh_across_the_rim_are_banned():
    mesh, count = _teeth()
    _, rims = _rims(mesh)
    named = np.sort(rims.vertex[rims.banned[:, 1:]], axis=1)
    bases = {(count + 1 + k, count + 2 + k) for k in range(count)}
    rungs = {(k, count + 1 + k) for k in range(1, count)}
    slants = {(k, count + 2 + k) for k in range(count)}
    assert {tuple(pair) for pair in named.tolist()} == bases | rungs | slants
    assert (rims.banned[:, 1] < rims.banned[:, 2]).all()
    assert rims.banned.tolist() == sorted(rims.banned.tolist())


def test_a_lone_triangle_and_a_fan_of_many_loops_have_no_support():
    lone = TriangleMesh(np.eye(3), np.array([[0, 1, 2]], dtype=np.int32))
    assert _rims(lone)[1].supported.tolist() == [False]
    # Twenty triangles that share one vertex only.
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    around = np.stack([np.cos(angle), np.sin(angle), np.zeros(40)], axis=1)
    pairs = np.arange(1, 41).reshape(-1, 2)
    faces = np.column_stack([np.zeros(20, int), pairs]).astype(np.int32)
    _, rims = _rims(TriangleMesh(np.vstack([np.zeros(3), around]), faces))
    assert not rims.supported.any()


def test_no_loops():
    ball = sphere(1)
    _, rims = _rims(ball)
    assert len(rims.vertex) == len(rims.supported) == len(rims.banned) == 0


def test_loops_an_edge_apart_are_a_group():
    ground = sheet(30, 30, pitch_mm=1.0)
    gone = np.zeros((30, 30, 2), bool)
    for x, y in [(2, 3), (5, 3), (8, 3), (13, 3), (17, 3), (22, 3)]:
        gone[x : x + 2, y : y + 2] = True  # the first three are an edge apart
    mesh = TriangleMesh(ground.vertices, ground.faces[~gone.ravel()])
    loops, rims = _rims(mesh)
    left = [mesh.vertices[loops.loop(k), 1].min() for k in range(len(loops))]
    named = {float(x): int(g) for x, g in zip(left, rims.group, strict=True)}
    stands_for = {x: int(rims.group[rims.group[g]]) for x, g in named.items()}
    assert stands_for[2] == stands_for[5] == stands_for[8]
    assert len({stands_for[x] for x in (0, 2, 13, 17, 22)}) == 5
