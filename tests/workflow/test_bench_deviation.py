"""The heat map's sign and size, on surfaces whose distance is known."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.workflow.bench_deviation import FAR_MM, signed_distance
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


def test_what_is_far_away_is_cut_off_and_never_infinite():
    flat = sheet(4, 4)
    away = TriangleMesh(flat.vertices + np.array([0.0, 0.0, 50.0]), flat.faces)
    assert np.array_equal(signed_distance(away, flat), np.full(25, FAR_MM, dtype=np.float32))
