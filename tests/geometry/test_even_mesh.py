"""What may move while edges are made even: nothing on a rim, creases along themselves, the rest."""

import numpy as np
import pytest

from stsbench.geometry.even_edges import make_edges_even
from stsbench.geometry.even_mesh import CREASE, FREE, PINNED, keys_between, start_even_mesh
from tests.repair.damage import rounded
from tests.repair.test_remeshing import cube
from tests.shapes import sheet


def begin(mesh, held=()):
    marked = np.zeros(mesh.vertex_count, dtype=bool)
    marked[list(held)] = True
    return start_even_mesh(mesh.vertices, mesh.faces, marked, bound_mm=0.02)[0]


def bent(degrees, cells=6):
    """A sheet with a fold along its middle, its rows 0.5 mm apart."""
    slope = np.tan(np.radians(degrees))
    middle = 0.5 * cells / 2
    return sheet(cells, cells, pitch_mm=0.5, height=lambda x, _: slope * np.maximum(x - middle, 0))


def on_rim(mesh):
    low, high = mesh.vertices[:, :2].min(axis=0), mesh.vertices[:, :2].max(axis=0)
    return ((mesh.vertices[:, :2] == low) | (mesh.vertices[:, :2] == high)).any(axis=1)


def test_a_cube_has_creases_along_its_edges_and_pins_at_its_corners():
    mesh = cube(cells=4)
    begun = begin(mesh)
    sides = ((mesh.vertices == 0.0) | (mesh.vertices == 4.0)).sum(axis=1)
    assert begun.kind.tolist() == np.array([FREE, FREE, CREASE, PINNED])[sides].tolist()
    assert len(begun.creases) == 12 * 4
    assert (np.diff(begun.creases) > 0).all()
    ends = begun.crease_ends()
    assert (sides[ends] >= 2).all()
    assert np.array_equal(np.sort(keys_between(ends[:, 1], ends[:, 0])), begun.creases)


@pytest.mark.parametrize(("degrees", "creased"), [(0.0, False), (44.0, False), (46.0, True)])
def test_a_fold_is_a_crease_above_45_degrees(degrees, creased):
    mesh = bent(degrees)
    begun = begin(mesh)
    line = mesh.vertices[:, 0] == 1.5
    assert len(begun.creases) == (6 if creased else 0)
    # Its two ends lie on the rim, which is pinned in any case.
    expected = np.where(on_rim(mesh), PINNED, np.where(line & creased, CREASE, FREE))
    assert np.array_equal(begun.kind, expected)


def test_what_is_held_is_pinned():
    mesh = sheet(6, 6)
    inner = np.flatnonzero(~on_rim(mesh))
    begun = begin(mesh, held=inner[:3])
    assert (begun.kind[inner[:3]] == PINNED).all()
    assert (begun.kind[inner[3:]] == FREE).all()


def test_an_edge_that_branches_off_pins_where_creases_meet():
    """Three folds from one vertex: the tip of a steep three-sided pyramid."""
    tip, foot = [[0.0, 0.0, 4.0]], 2 * np.pi * np.arange(3) / 3
    corners = np.stack([np.cos(foot), np.sin(foot), 0 * foot], axis=-1)
    faces = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1]], dtype=np.int32)
    vertices = rounded(np.vstack([tip, corners]))
    held = np.zeros(4, dtype=bool)
    begun = start_even_mesh(vertices, faces, held, bound_mm=0.02)[0]
    assert len(begun.creases) == 3
    assert begun.kind[0] == PINNED


@pytest.mark.parametrize("edge_mm", [0.3, 1.2])
def test_a_rim_stays_where_nothing_is_held(edge_mm):
    rng = np.random.default_rng(3)
    mesh = sheet(9, 9, pitch_mm=0.5)
    inner = ~on_rim(mesh)
    shifts = np.zeros_like(mesh.vertices)
    shifts[inner, :2] = rng.uniform(-0.12, 0.12, (inner.sum(), 2))
    vertices = rounded(mesh.vertices + shifts)
    held = np.zeros(len(vertices), dtype=bool)
    new, faces = make_edges_even(vertices, mesh.faces, held, edge_mm=edge_mm, bound_mm=0.02)
    corners = new[faces]
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.allclose(doubled[:, :2], 0.0)
    assert doubled[:, 2].min() > 0
    assert doubled[:, 2].sum() / 2 == pytest.approx(4.5**2)
    there = {tuple(place) for place in new.tolist()}
    assert {tuple(place) for place in vertices[~inner].tolist()} <= there
    assert len(faces) > 3 * 162 if edge_mm < 0.5 else len(faces) < 0.8 * 162


@pytest.mark.parametrize("edge_mm", [0.25, 0.9])
def test_a_fold_stays_a_line_while_edges_along_it_change(edge_mm):
    mesh = bent(60.0)
    held = np.zeros(mesh.vertex_count, dtype=bool)
    new, faces = make_edges_even(mesh.vertices, mesh.faces, held, edge_mm=edge_mm, bound_mm=0.2)
    height = np.tan(np.radians(60.0)) * np.maximum(new[:, 0] - 1.5, 0)
    # With a bound as wide as this one a corner cut off would pass: the crease is what keeps it.
    assert np.abs(new[:, 2] - height).max() < 1e-5
    edges = np.unique(np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0)
    x = new[edges, 0] - 1.5
    assert (x.prod(axis=1) >= -1e-10).all()


def test_a_vertex_of_two_fans_is_pinned():
    """A flat disc and a shallow cone that touch in their middle."""
    angle = np.pi * np.arange(6) / 3
    ring = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=-1)
    vertices = rounded(np.vstack([[[0, 0, 0.0]], ring, ring + np.array([0, 0, 0.3])]))
    here = 1 + np.arange(6)
    one = np.stack([0 * here, here, 1 + here % 6], axis=-1)
    faces = np.vstack([one, np.where(one > 0, one + 6, 0)]).astype(np.int32)
    held = np.zeros(13, dtype=bool)
    assert start_even_mesh(vertices, faces[:6], held, bound_mm=0.02)[0].kind[0] == FREE
    assert start_even_mesh(vertices, faces, held, bound_mm=0.02)[0].kind[0] == PINNED


def test_vertices_slide_along_a_crease():
    mesh = bent(60.0)
    uneven = mesh.vertices.copy()
    inner = (mesh.vertices[:, 1] > 0) & (mesh.vertices[:, 1] < 3)
    uneven[inner, 1] += 0.08 * np.where(np.round(2 * mesh.vertices[inner, 1]) % 2 == 0, 1, -1)
    held = np.zeros(mesh.vertex_count, dtype=bool)
    new, _ = make_edges_even(rounded(uneven), mesh.faces, held, edge_mm=0.5, bound_mm=0.02)
    steps = np.diff(np.sort(new[np.abs(new[:, 0] - 1.5) < 1e-9, 1]))
    assert len(steps) == 6
    assert steps.max() / steps.min() < 1.2  # 1.57 before
