"""Hanging a base: a flat disc becomes a cylinder of known volume."""

import numpy as np
import pytest

from stsbench.geometry.base_wall import hang_base
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.solid import measure_solid
from stsbench.geometry.topology import half_edge_twins
from tests.shapes import sheet


def _square():
    ground = sheet(10, 10, pitch_mm=1.0)
    rim = boundary_loops(ground.faces, half_edge_twins(ground.faces, ground.vertex_count)).loop(0)
    return ground, rim


def _solid(ground, base):
    return np.vstack([ground.vertices, base.vertices]), np.concatenate([ground.faces, base.faces])


LEVELS = {"a bottom": [-4.0], "a plinth": [-1.0, -4.0], "a seam": [np.full(40, -0.5), -1.0, -4.0]}


@pytest.mark.parametrize("levels", LEVELS.values(), ids=LEVELS.keys())
def test_a_square_sheet_becomes_a_box(levels):
    ground, rim = _square()
    base = hang_base(ground.vertices, rim, ground.vertices[rim, :2], levels)
    found = measure_solid(*_solid(ground, base))
    assert (found.watertight, found.genus, found.shells) == (True, 0, 1)
    assert found.volume_mm3 == pytest.approx(400.0)
    assert len(base.vertices) == 40 * len(levels)
    bottom = _solid(ground, base)[0][base.faces[-base.bottom_face_count :]]
    assert (bottom[..., 2] == -4.0).all()


def test_a_larger_outline_makes_a_frustum():
    ground, rim = _square()
    outline = 5 + 1.4 * (ground.vertices[rim, :2] - 5)
    base = hang_base(ground.vertices, rim, outline, [-3.0])
    found = measure_solid(*_solid(ground, base))
    # h / 3 (A + B + sqrt(A B)) with sides of 10 and 14 mm
    assert found.volume_mm3 == pytest.approx(1.0 * (100 + 196 + 140))


def test_the_sheet_is_taken_over_as_it_is():
    ground, rim = _square()
    before = ground.vertices.copy(), ground.faces.copy()
    base = hang_base(ground.vertices, rim, ground.vertices[rim, :2], [-4.0])
    assert (ground.vertices == before[0]).all()
    assert (ground.faces == before[1]).all()
    assert base.faces.max() == ground.vertex_count + 39
