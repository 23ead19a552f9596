"""From a repaired scan to one sheet with one rim: what is kept, closed, left out and refused."""

import numpy as np
import pytest

from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import InputError, MeshError, NotManifoldError
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.modelling.open_scan import prepare_scan
from tests.modelling.ragged import pierced
from tests.shapes import sheet, sphere, tetrahedron

GROUND = sheet(20, 20)


def _flipped(count):
    faces = GROUND.faces.copy()
    faces[:count] = faces[:count, ::-1]
    return TriangleMesh(GROUND.vertices, faces)


def test_a_plain_sheet_is_taken_as_it_is():
    scan = prepare_scan(GROUND)
    assert (scan.vertices == GROUND.vertices).all()
    assert (scan.faces == GROUND.faces).all()
    assert scan.scan_face_count == GROUND.face_count
    assert len(scan.rim) == 80
    assert scan.findings == ()


@pytest.mark.parametrize(("radius_mm", "severity"), [(0.5, Severity.NOTE), (2.0, Severity.REVIEW)])
def test_an_inner_opening_is_closed_and_listed(radius_mm, severity):
    holed = pierced(GROUND, (5, 5, 0), radius_mm)
    scan = prepare_scan(holed)
    loops = boundary_loops(scan.faces, half_edge_twins(scan.faces, len(scan.vertices)))
    assert len(loops) == 1
    assert scan.scan_face_count == holed.face_count
    assert len(scan.faces) > holed.face_count
    (finding,) = scan.findings
    assert (finding.kind, finding.action) == (FindingKind.HOLE, Action.FILLED)
    assert finding.severity is severity
    assert finding.place_mm == pytest.approx((5, 5, 0), abs=0.2)
    assert finding.area_mm2 == pytest.approx(np.pi * radius_mm**2, rel=0.4)


def test_the_largest_piece_stays_and_the_rest_is_listed():
    crumb = sheet(2, 3)
    scan = prepare_scan(
        TriangleMesh(
            np.vstack([crumb.vertices + np.array([0, 0, 9.0]), GROUND.vertices]),
            np.concatenate([crumb.faces, GROUND.faces + crumb.vertex_count]),
        )
    )
    assert len(scan.vertices) == GROUND.vertex_count
    (finding,) = scan.findings
    assert (finding.kind, finding.severity) == (FindingKind.ISLAND, Severity.REVIEW)
    assert finding.faces_count == 12
    assert finding.area_mm2 == pytest.approx(1.5)


def test_coordinates_become_those_of_a_file():
    scan = prepare_scan(TriangleMesh(GROUND.vertices + 0.1, GROUND.faces))
    assert (scan.vertices == scan.vertices.astype(np.float32)).all()


REFUSED = {
    "empty": (TriangleMesh(GROUND.vertices, GROUND.faces[:0]), InputError, "no faces"),
    "a solid": (tetrahedron(), InputError, "already a solid"),
    "a closed ball": (sphere(2), InputError, "already a solid"),
    "a face with a corner twice": (
        TriangleMesh(GROUND.vertices, np.vstack([GROUND.faces, [[0, 0, 1]]])),
        MeshError,
        "twice",
    ),
    "a fin": (
        TriangleMesh(
            np.vstack([GROUND.vertices, [[5, 5, 3.0]]]),
            np.vstack([GROUND.faces, [[22, 23, GROUND.vertex_count]]]),
        ),
        NotManifoldError,
        "more than two faces",
    ),
    "two sheets in a point": (
        TriangleMesh(
            np.vstack([GROUND.vertices, GROUND.vertices + np.array([10.0, 10, 0])]),
            np.vstack(
                [
                    GROUND.faces,
                    np.where(
                        GROUND.faces == 0,
                        GROUND.vertex_count - 1,
                        GROUND.faces + GROUND.vertex_count,
                    ),
                ]
            ),
        ),
        NotManifoldError,
        "in a point",
    ),
    "some faces turned": (_flipped(7), MeshError, "disagree"),
}


@pytest.mark.parametrize(("mesh", "error", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals(mesh, error, problem):
    with pytest.raises(error, match=problem) as refusal:
        prepare_scan(mesh)
    assert refusal.value.remedy


def test_a_sheet_that_is_inside_out_as_a_whole_is_no_error():
    assert len(prepare_scan(_flipped(GROUND.face_count)).rim) == 80
