"""Curves on surfaces: laid onto them, followed from face to face."""

import numpy as np
import pytest

from stsbench.geometry.surface_curves import SurfaceCurve, follow_curve, lay_curve
from stsbench.geometry.topology import half_edge_twins
from tests.shapes import sheet, sphere


def follow(mesh, places, *, closed, past_mm=1.0):
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    curve = lay_curve(mesh.vertices, mesh.faces, np.asarray(places, float), closed=closed)
    return curve, follow_curve(
        mesh.vertices, mesh.faces, twin, curve, closed=closed, past_mm=past_mm
    )


def crossing_places(mesh, crossings):
    corners = mesh.faces.ravel()
    half = crossings.half_edges
    after = np.where(half % 3 == 2, half - 2, half + 1)
    start, end = mesh.vertices[corners[half]], mesh.vertices[corners[after]]
    return start + (end - start) * crossings.share[:, None]


def test_a_straight_line_on_a_sheet_crosses_where_it_must():
    mesh = sheet(10, 10)
    _, crossings = follow(mesh, [[0.2, 2.13, 0], [4.8, 2.13, 0]], closed=False)
    assert crossings.lost == -1
    places = crossing_places(mesh, crossings)
    assert np.abs(places[:, 1] - 2.13).max() < 2e-3
    # 11 upright edges, two of them the border, and 10 diagonals.
    assert len(places) == 21
    assert {0.0, 5.0} <= set(np.round(places[:, 0], 9).tolist())


def test_places_off_the_surface_are_laid_onto_it():
    ball = sphere(4, radius_mm=10.0)
    turn = np.linspace(0, 2 * np.pi, 6, endpoint=False)
    places = 10.8 * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    curve, crossings = follow(ball, places, closed=True)
    assert curve.gap_mm == pytest.approx(0.8, abs=0.05)
    assert crossings.lost == -1
    radius = np.linalg.norm(crossing_places(ball, crossings), axis=1)
    assert radius.min() > 9.9
    assert np.allclose(np.linalg.norm(curve.normals, axis=1), 1)
    assert np.einsum("ij,ij->i", curve.normals, curve.places).min() > 9.8


def test_a_closed_curve_enters_each_face_as_often_as_it_leaves_it():
    ball = sphere(3, radius_mm=10.0)
    turn = np.linspace(0, 2 * np.pi, 9, endpoint=False)
    height = 3 * np.cos(3 * turn)
    places = np.stack([9 * np.cos(turn), 9 * np.sin(turn), height], axis=1)
    _, crossings = follow(ball, places, closed=True)
    twin = half_edge_twins(ball.faces, ball.vertex_count)
    left = np.bincount(crossings.half_edges // 3, minlength=ball.face_count)
    entered = np.bincount(twin[crossings.half_edges] // 3, minlength=ball.face_count)
    assert np.array_equal(left, entered)


def test_a_curve_that_ends_inside_is_lost_at_its_end():
    mesh = sheet(10, 10)
    _, crossings = follow(mesh, [[2.0, 2.1, 0], [3.0, 2.1, 0]], closed=False)
    assert crossings.lost >= 0
    assert not len(crossings.half_edges)
    _, reached = follow(mesh, [[2.0, 2.1, 0], [3.0, 2.1, 0]], closed=False, past_mm=3.0)
    assert reached.lost == -1


def test_a_curve_through_vertices_and_along_edges_is_followed():
    mesh = sheet(10, 10)
    _, crossings = follow(mesh, [[0.5, 2.0, 0], [2.5, 2.0, 0], [4.5, 4.0, 0]], closed=False)
    assert crossings.lost == -1
    places = crossing_places(mesh, crossings)
    assert np.abs(places[places[:, 0] < 2.0, 1] - 2.0).max() < 2e-3
    _, diagonal = follow(mesh, [[0.5, 0.5, 0], [4.5, 4.5, 0]], closed=False)
    assert diagonal.lost == -1


def test_where_the_way_ahead_is_open_the_curve_goes_round():
    """A ball with a hole on top: from one side of it to the other leads underneath."""
    ball = sphere(4, radius_mm=2.0)
    top = ball.vertices[ball.faces, 2].min(axis=1) > 1.9
    faces = np.ascontiguousarray(ball.faces[~top])
    twin = half_edge_twins(faces, ball.vertex_count)
    middles = ball.vertices[faces].mean(axis=1)
    aims = np.array([[0.8, 0.1, 1.8], [-0.8, 0.1, 1.8]])
    face = np.array([np.argmin(np.linalg.norm(middles - aim, axis=1)) for aim in aims])
    curve = SurfaceCurve(middles[face], face, middles[face] / 2.0, 0.0)
    ends = SurfaceCurve(*(part[:2] for part in curve[:3]), 0.0)
    crossings = follow_curve(ball.vertices, faces, twin, ends, closed=True, past_mm=1.0)
    assert crossings.lost == -1
    corners = faces.ravel()
    assert ball.vertices[corners[crossings.half_edges], 2].min() < -1.9
