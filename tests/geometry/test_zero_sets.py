"""Wide patches drawn half way onto triharmonic zero sets."""

import numpy as np
import pytest

from stsbench.geometry import zero_sets
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.hole_filling import fill_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.geometry.zero_sets import LEAST_VERTICES, _drawn
from tests.shapes import sheet


def punched(height, *, radius_mm=2.4, cells=40):
    """A sheet of 10 mm over which a height is given, with a hole in the middle."""
    mesh = sheet(cells, cells, pitch_mm=10 / cells, height=height)
    vertices = mesh.vertices.astype(np.float32).astype(np.float64)
    middle = vertices[mesh.faces].mean(axis=1)[:, :2] - 5.0
    faces = np.ascontiguousarray(mesh.faces[np.hypot(*middle.T) > radius_mm])
    twin = half_edge_twins(faces, len(vertices))
    loops = boundary_loops(faces, twin)
    inner = int(np.argmin(np.diff(loops.offsets)))
    return vertices, faces, twin, loops.take(np.array([inner]))


def filled(height, **options):
    vertices, faces, twin, loops = punched(height, **options)
    return fill_loops(vertices, faces, twin, loops.vertices, loops.offsets)


def ball(x, y):
    return np.sqrt(100.0 - (x - 5.0) ** 2 - (y - 5.0) ** 2)


def test_a_flat_hole_stays_flat():
    patches = filled(lambda x, _y: 0.3 * x)
    assert len(patches.vertices) >= LEAST_VERTICES
    x, _, z = patches.vertices.T
    assert np.abs(z - 0.3 * x).max() < 1e-5


def test_a_wide_hole_in_a_ball_is_filled_round(monkeypatch):
    def misses_mm():
        away = filled(ball, radius_mm=3.6, cells=30).vertices - [5.0, 5.0, 0.0]
        return np.sqrt(((np.linalg.norm(away, axis=1) - 10.0) ** 2).mean())

    drawn = misses_mm()
    monkeypatch.setattr(zero_sets, "LEAST_VERTICES", 10**6)
    assert drawn < 0.85 * misses_mm()  # half way to the ball, the rim's own bend aside


@pytest.mark.parametrize(("name", "limit"), [("LEAST_VERTICES", 10**6), ("MOST_PLACES", 20)])
def test_patches_out_of_bounds_keep_their_plates(name, limit, monkeypatch):
    monkeypatch.setattr(zero_sets, "_SHARE", 0.0)
    plate = filled(ball)
    monkeypatch.undo()
    assert not np.array_equal(filled(ball).vertices, plate.vertices)
    monkeypatch.setattr(zero_sets, name, limit)
    assert np.array_equal(filled(ball).vertices, plate.vertices)


def test_a_function_that_folds_its_patch_is_left(monkeypatch):
    monkeypatch.setattr(zero_sets, "_SHARE", 0.0)
    plate = filled(ball)
    monkeypatch.setattr(zero_sets, "_SHARE", 3000.0)
    assert np.array_equal(filled(ball).vertices, plate.vertices)


def test_the_names_of_vertices_do_not_matter():
    def height(x, y):
        return ball(x, y) + 0.2 * np.sin(1.7 * x) * np.cos(1.3 * y)

    vertices, faces, twin, loops = punched(height)
    rng = np.random.default_rng(3)
    new = rng.permutation(len(vertices)).astype(np.int32)
    moved = np.empty_like(vertices)
    moved[new] = vertices
    first = fill_loops(vertices, faces, twin, loops.vertices, loops.offsets)
    again = fill_loops(moved, new[faces], twin, new[loops.vertices], loops.offsets)
    in_order = [part[np.lexsort(part.T)] for part in (first.vertices, again.vertices)]
    assert len(in_order[0]) >= LEAST_VERTICES
    assert np.abs(in_order[0] - in_order[1]).max() < 1e-6


def test_places_are_drawn_to_where_a_dense_solution_has_its_zero():
    rng = np.random.default_rng(8)
    centres, value = rng.normal(size=(40, 3)) * 4.0, rng.normal(size=40)
    linear = np.column_stack([np.ones(40), centres])
    away = np.linalg.norm(centres[:, None] - centres, axis=2)
    matrix = np.block([[away**3, linear], [linear.T, np.zeros((4, 4))]])
    weight = np.linalg.solve(matrix, np.concatenate([value, np.zeros(4)]))
    x = centres + 0.3
    expected = x.copy()
    for _ in range(2):
        along = expected[:, None] - centres
        away = np.linalg.norm(along, axis=2)
        height = away**3 @ weight[:40] + weight[40] + expected @ weight[41:]
        slope = 3 * np.einsum("ij,ijk->ik", away * weight[:40], along) + weight[41:]
        move = -(height / (slope**2).sum(axis=1))[:, None] * slope
        size = np.linalg.norm(move, axis=1)
        expected += move / np.maximum(size, 1.0)[:, None]
    assert np.allclose(_drawn(x, centres, value), expected, rtol=0, atol=1e-8)


def test_centres_in_a_plane_say_nothing():
    centres = np.random.default_rng(1).normal(size=(20, 3)) * [1.0, 1.0, 0.0]
    assert _drawn(centres, centres, np.ones(20)) is None
