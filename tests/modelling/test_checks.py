"""Checks measure the mesh that is written: moved anatomy, crooked bottoms and holes show."""

import numpy as np
import pytest

from stsbench.geometry.base_wall import hang_base
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.modelling.checks import Anatomy, measure_anatomy, measure_body
from tests.shapes import sheet

UP = np.array([0.0, 0, 1])
EXACT = Anatomy(0.0, 0.0, 0.0, 1.0)
GROUND = sheet(20, 20, pitch_mm=0.5)


def _box(tilt=0.0):
    rim = boundary_loops(GROUND.faces, half_edge_twins(GROUND.faces, GROUND.vertex_count)).loop(0)
    base = hang_base(GROUND.vertices, rim, GROUND.vertices[rim, :2], [-6.0])
    new = base.vertices.copy()
    new[:, 2] += tilt * (new[:, 0] - 5)
    faces = np.concatenate([GROUND.faces, base.faces])
    from_scan = np.arange(len(faces)) < GROUND.face_count
    return np.vstack([GROUND.vertices, new]), faces, from_scan


def test_a_box_measures_as_a_box():
    vertices, faces, _ = _box()
    checks = measure_body(vertices, faces, UP, EXACT, lowest_mm=0.0)
    assert (checks.watertight, checks.genus, checks.shells) == (True, 0, 1)
    assert checks.volume_mm3 == pytest.approx(600)
    assert checks.self_intersections == 0
    assert (checks.height_mm, checks.base_below_mm) == pytest.approx((6, 6))
    assert checks.bottom_flatness_mm == pytest.approx(0, abs=1e-6)
    assert checks.bottom_angle_deg == pytest.approx(0, abs=1e-4)
    named = {row["name"]: row["value"] for row in checks.as_json()}
    assert named["volume_mm3"] == 600.0
    assert named["status"] == "NoError"


def test_a_tilted_bottom_shows_its_angle():
    vertices, faces, _ = _box(tilt=np.tan(np.radians(1.5)))
    checks = measure_body(vertices, faces, UP, EXACT, lowest_mm=0.0)
    assert checks.bottom_angle_deg == pytest.approx(1.5, abs=0.01)
    assert checks.bottom_flatness_mm < 1e-5


def test_a_dented_bottom_shows_its_depth():
    vertices, faces, _ = _box()
    vertices[-1, 2] += 0.3
    assert measure_body(vertices, faces, UP, EXACT, lowest_mm=0.0).bottom_flatness_mm > 0.1


def test_an_open_mesh_has_no_bottom_and_leaks():
    checks = measure_body(GROUND.vertices, GROUND.faces, UP, EXACT, lowest_mm=0.0)
    assert not checks.watertight
    assert checks.bottom_flatness_mm is None
    assert checks.bottom_angle_deg is None


def test_untouched_anatomy_measures_zero():
    found = measure_anatomy(GROUND, *_box())
    assert found.scan_to_model_mm == pytest.approx(0, abs=1e-12)
    assert found.model_to_scan_mm == pytest.approx(0, abs=1e-12)
    assert found.compared_share == 1.0


def test_a_vertex_moved_by_ten_microns_shows():
    vertices, faces, from_scan = _box()
    vertices[220, 2] += 0.010
    found = measure_anatomy(GROUND, vertices, faces, from_scan)
    assert found.model_to_scan_mm == pytest.approx(0.010, abs=1e-6)
    assert found.scan_to_model_mm > 0.005


def test_anatomy_that_is_missing_shows():
    vertices, faces, from_scan = _box()
    gone = np.linalg.norm(vertices[faces].mean(axis=1) - [5, 5, 0], axis=1) < 1.0
    found = measure_anatomy(GROUND, vertices, faces[~gone], from_scan[~gone])
    assert found.scan_to_model_mm > 0.5
    assert found.model_to_scan_mm == pytest.approx(0, abs=1e-12)


def test_a_band_and_dabs_are_left_out_and_counted():
    vertices, faces, from_scan = _box()
    vertices[0, 2] += 0.4  # a corner of the rim
    vertices[220, 2] += 0.4
    dab = GROUND.vertices[GROUND.faces[(GROUND.faces == 220).any(axis=1)]]
    found = measure_anatomy(GROUND, vertices, faces, from_scan, band_mm=0.8, dabs=dab, dab_mm=0.6)
    assert found.scan_to_model_mm == pytest.approx(0, abs=1e-12)
    # Kept: a square of 8.4 mm of 10, less the dab of about 1.1 mm radius.
    assert found.compared_share == pytest.approx((8.4**2 - 3.8) / 100, abs=0.05)
