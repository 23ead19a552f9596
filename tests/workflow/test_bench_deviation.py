"""The heat map's sign and size, on surfaces whose distance is known."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.workflow.bench_deviation import FAR_MM, carried_values, signed_distance
from tests.shapes import sheet, sphere


@pytest.mark.parametrize("shift_mm", [0.0, 0.3, -0.3, 1.5, -1.5])
def test_a_shifted_sheet_is_as_far_as_it_was_shifted(shift_mm):
    flat = sheet(8, 8)
    lifted = TriangleMesh(flat.vertices + np.array([0.0, 0.0, shift_mm]), flat.faces)
    assert signed_distance(lifted, flat) == pytest.approx(shift_mm, abs=1e-6)


def test_a_larger_sphere_has_material_added():
    found = signed_distance(sphere(3, 5.1), sphere(3, 5.0))
    assert (found > 0.09).all()
    assert (found < 0.11).all()
    assert (signed_distance(sphere(3, 4.9), sphere(3, 5.0)) < 0.0).all()


def test_what_is_far_away_has_no_counterpart():
    flat = sheet(4, 4)
    away = TriangleMesh(flat.vertices + np.array([0.0, 0.0, 50.0]), flat.faces)
    assert np.isnan(signed_distance(away, flat)).all()
    near = TriangleMesh(flat.vertices + np.array([0.0, 0.0, 0.999 * FAR_MM]), flat.faces)
    assert signed_distance(near, flat) == pytest.approx(0.999 * FAR_MM)


def test_a_patch_over_a_hole_is_not_measured():
    flat = sheet(8, 8)
    middle = flat.vertices[flat.faces].mean(axis=1)
    size = flat.vertices.max(axis=0)[:2]
    hole = (np.abs(middle[:, :2] / size - 0.5) < 0.25).all(axis=1)
    holed = TriangleMesh(flat.vertices, flat.faces[~hole])
    bulged = flat.vertices.copy()
    bulged[:, 2] += 0.01
    found = signed_distance(TriangleMesh(bulged, flat.faces), holed)
    within = (np.abs(flat.vertices[:, :2] / size - 0.5) < 0.25 - 1e-9).all(axis=1)
    beside = (np.abs(flat.vertices[:, :2] / size - 0.5) > 0.25 + 1e-9).any(axis=1)
    beside &= ((flat.vertices[:, :2] > 0.0) & (flat.vertices[:, :2] < size)).all(axis=1)
    assert within.sum() == 9
    assert np.isnan(found[within]).all()
    assert found[beside] == pytest.approx(0.01, abs=1e-6)
    rim = signed_distance(flat, holed)[~within]
    assert np.array_equal(rim, np.zeros(len(rim), dtype=np.float32))  # on the rim is measured


def test_a_model_carries_the_values_of_its_scan_and_no_others():
    flat = sheet(3, 3)
    values = np.arange(flat.vertex_count, dtype=np.float32)
    turned = flat.vertices[::-1]  # other numbers, same places
    below = flat.vertices - np.array([0.0, 0.0, 5.0])
    model = TriangleMesh(np.concatenate([below, turned]), flat.faces)
    carried = carried_values(model, flat, values)
    assert np.isnan(carried[: len(below)]).all()
    assert np.array_equal(carried[len(below) :], values[::-1])
