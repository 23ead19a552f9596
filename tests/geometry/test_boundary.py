import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.boundary import boundary_loops, measure_loops
from stsbench.geometry.topology import half_edge_twins
from tests.shapes import TETRAHEDRON, grid_faces, sheet


def loops_of(faces):
    faces = np.ascontiguousarray(faces, dtype=np.int32)
    return boundary_loops(faces, half_edge_twins(faces, int(faces.max()) + 1))


def without(mesh, vertices):
    return mesh.faces[~np.isin(mesh.faces, vertices).any(axis=1)]


@pytest.mark.parametrize(
    ("faces", "sizes"),
    [
        (TETRAHEDRON, []),
        ([[0, 1, 2]], [3]),
        (grid_faces(3, 4), [14]),
        ([[0, 1, 2], [3, 4, 5]], [3, 3]),
        ([[0, 1, 2], [0, 3, 4]], [3, 3]),  # two that touch in a vertex are two
        (without(sheet(8, 8), [40]), [6, 32]),
        (without(sheet(8, 8), [30, 32]), [6, 6, 32]),  # holes that touch in vertex 31
    ],
    ids=["closed", "one face", "sheet", "two pieces", "bow-tie", "hole", "touching holes"],
)
def test_loops(faces, sizes):
    loops = loops_of(faces)
    assert sorted(np.diff(loops.offsets).tolist()) == sizes
    for n in range(len(loops)):
        assert len(set(loops.loop(n).tolist())) == len(loops.loop(n))


def test_a_loop_runs_with_its_faces():
    loops = loops_of([[4, 7, 9]])
    assert loops.loop(0).tolist() == [4, 7, 9]
    assert loops.edges_of(0).tolist() == [0, 1, 2]


def test_take_reorders():
    loops = loops_of(without(sheet(8, 8), [40]))
    turned = loops.take(np.array([1, 0]))
    assert turned.loop(0).tolist() == loops.loop(1).tolist()
    assert turned.loop(1).tolist() == loops.loop(0).tolist()
    assert turned.loop_of().tolist() == [0] * len(loops.loop(1)) + [1] * len(loops.loop(0))
    assert len(loops.take(np.zeros(0, dtype=int))) == 0


def test_measures_of_a_rectangle():
    mesh = sheet(20, 40, pitch_mm=0.5)
    measures = measure_loops(mesh.vertices, loops_of(mesh.faces))
    assert measures.length_mm == pytest.approx([60.0])
    assert measures.area_mm2 == pytest.approx([200.0])
    assert measures.centre_mm[0] == pytest.approx([10, 5, 0])
    assert measures.width_mm == pytest.approx([np.hypot(20, 10)])
    assert measures.rim_mm == pytest.approx([60.0], rel=0.02)


@pytest.mark.parametrize("count", [3, 4, 6, 30])
def test_the_rim_of_a_regular_polygon_is_its_perimeter(count):
    turn = np.arange(count) * 2 * np.pi / count
    vertices = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    vertices = np.vstack([vertices, np.zeros(3)])
    ring = np.arange(count)
    loops = loops_of(np.stack([ring, np.roll(ring, -1), np.full(count, count)], axis=1))
    measures = measure_loops(vertices, loops)
    assert measures.rim_mm == pytest.approx([2 * count * np.sin(np.pi / count)])
    assert measures.length_mm == pytest.approx(measures.rim_mm)


def test_no_loops_have_no_measures():
    measures = measure_loops(np.zeros((4, 3)), loops_of(TETRAHEDRON))
    assert measures.rim_mm.shape == (0,)
    assert measures.centre_mm.shape == (0, 3)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_loops_hold_every_open_edge_once(seed):
    rng = np.random.default_rng(seed)
    faces = grid_faces(6, 7)
    faces = np.ascontiguousarray(faces[rng.random(len(faces)) < 0.8])
    twin = half_edge_twins(faces, 56)
    loops = boundary_loops(faces, twin)
    assert np.array_equal(np.sort(loops.half_edges), np.flatnonzero(twin == -1))
    corners = faces.ravel()
    for n in range(len(loops)):
        edges = loops.edges_of(n)
        ends = corners[np.where(edges % 3 == 2, edges - 2, edges + 1)]
        assert np.array_equal(corners[edges], loops.loop(n))
        assert np.array_equal(ends, np.roll(loops.loop(n), -1))
        assert len(np.unique(loops.loop(n))) == len(edges)
