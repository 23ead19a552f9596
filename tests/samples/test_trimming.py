from dataclasses import replace

import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.samples.adjacency import border_loop_count, face_components, pinched_vertices
from stsbench.samples.arch_model import build_arch
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.polygonising import polygonise
from stsbench.samples.trimming import largest_clean_piece, seen_by_scanner, trim
from tests.shapes import sheet

PLAN = ArchPlan(Arch.MANDIBULAR, seed=2)


@pytest.fixture(scope="module")
def model():
    return build_arch(PLAN)


@pytest.fixture(scope="module")
def block(model):
    return polygonise(model, 1.0)


@pytest.mark.parametrize("raggedness", [0.0, 1.0, 10.0])
def test_a_trimmed_scan_is_one_piece_with_one_border(raggedness, model, block):
    plan = replace(PLAN, raggedness=raggedness)
    scan = trim(model, plan, block)
    assert border_loop_count(scan) == 1
    assert len(np.unique(face_components(scan.faces))) == 1
    assert len(pinched_vertices(scan.faces)) == 0
    assert scan.face_count < 0.8 * block.face_count


def test_enclosed_spots_are_given_back(model, block):
    """A scanner this ragged misses islands of surface inside the border."""
    plan = replace(PLAN, raggedness=10.0)
    scan = trim(model, plan, block)
    inside = seen_by_scanner(model, plan, scan.vertices)
    assert (inside < -0.5).sum() > 10


def test_depth_and_quadrant_bound_the_scan(model, block):
    smooth = replace(PLAN, raggedness=0.0)
    deep, flat = (trim(model, replace(smooth, depth_mm=d), block) for d in (6.0, 3.0))
    assert deep.vertices[:, 2].min() < flat.vertices[:, 2].min() - 2.0
    right = trim(model, replace(smooth, quadrant=4), block)
    assert right.vertices[:, 0].max() < 10.0
    left = trim(model, replace(smooth, quadrant=3), block)
    assert left.vertices[:, 0].min() > -10.0


def test_the_largest_piece_loses_bow_ties_and_hanging_faces():
    mesh = sheet(6, 6)
    # A second sheet touches the first in one vertex, and one face hangs on an edge of the rim.
    loose = mesh.vertices[:4] + np.array([0.0, -3.0, 0.0])
    tip = np.array([[1.25, -0.4, 0.0]])
    vertices = np.concatenate([mesh.vertices, loose, tip])
    n = mesh.vertex_count
    extra = [[0, n + 1, n], [n, n + 1, n + 2], [3, 2, n + 4]]
    faces = np.concatenate([mesh.faces, np.array(extra)]).astype(np.int32)
    clean = largest_clean_piece(TriangleMesh(vertices, faces))
    assert clean.vertices[:, 1].min() == 0.0
    assert len(pinched_vertices(clean.faces)) == 0
    assert border_loop_count(clean) == 1
    assert clean.face_count >= mesh.face_count - 4
