"""Size tells the unit: a table of mouths in every unit, and the scaling itself."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import ScanRole
from stsbench.files.scans import decode_scan, encode_ply
from stsbench.vault.scan_units import scaled_ply, size_is_plausible, suggested_factor
from tests.shapes import sphere

CASES = {
    "arch in mm": ((62.0, 51.0, 18.0), ScanRole.LOWER, 1.0),
    "quadrant in mm": ((11.0, 24.0, 14.0), ScanRole.UPPER, 1.0),
    "arch in metres": ((0.062, 0.051, 0.018), ScanRole.LOWER, 1000.0),
    "arch in inches": ((2.44, 2.0, 0.71), ScanRole.UPPER, 25.4),
    "quadrant in inches": ((0.43, 0.94, 0.55), ScanRole.UPPER, 25.4),
    "mm said to be metres": ((62000.0, 51000.0, 18000.0), ScanRole.LOWER, 0.001),
    "mm said to be inches": ((62.0 * 25.4, 900.0, 400.0), ScanRole.LOWER, 1 / 25.4),
    "one die in mm": ((3.0, 3.1, 2.2), ScanRole.PREPARATION, 1.0),
    "one die as an arch": ((3.0, 3.1, 2.2), ScanRole.UPPER, 25.4),
    "nothing known": ((0.0001, 0.0001, 0.0001), ScanRole.UPPER, 1.0),
    "a point": ((0.0, 0.0, 0.0), None, 1.0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_factor_is_the_one_that_makes_a_mouth(name):
    extents, role, factor = CASES[name]
    assert suggested_factor(extents, role) == pytest.approx(factor)


def test_a_size_that_no_unit_explains_stays_implausible():
    for extents in ((0.0001,) * 3, (1e9,) * 3, (0.0,) * 3, (float("nan"),) * 3):
        assert suggested_factor(extents, ScanRole.UPPER) == 1.0
        assert not size_is_plausible(extents, ScanRole.UPPER)


@pytest.mark.parametrize("coloured", [False, True])
@pytest.mark.parametrize("factor", [1.0, 1000.0, 25.4])
def test_scaling_moves_every_vertex_and_nothing_else(coloured, factor):
    mesh = sphere(1, 0.03)
    colours = np.arange(mesh.vertex_count * 3, dtype=np.uint8).reshape(-1, 3) if coloured else None
    mesh = TriangleMesh(mesh.vertices.astype(np.float32), mesh.faces, colours)
    scaled = decode_scan(scaled_ply(encode_ply(mesh), factor))
    expected = (mesh.vertices * factor).astype(np.float32)
    assert np.array_equal(scaled.vertices, expected.astype(np.float64))
    assert np.array_equal(scaled.faces, mesh.faces)
    assert (scaled.colours is None) == (colours is None)
    assert colours is None or np.array_equal(scaled.colours, colours)
