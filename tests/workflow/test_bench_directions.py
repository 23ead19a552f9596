"""How scans on a bench lie: found in any pose, told by three places, or left alone."""

import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import Profile
from stsbench.errors import InputError
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.workflow.bench_directions import find_directions, told_directions
from stsbench.workflow.bench_history import BenchScan
from tests.shapes import sphere, toothed_arch

LOWER, UPPER = Arch.MANDIBULAR, Arch.MAXILLARY
Y_UP = np.array([(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)])  # as many scanners export
LIMITS = load_profile(Profile.STUDY)
TEETH = toothed_arch(0.8)


def on_bench(mesh, arch, turn=None):
    turned = mesh if turn is None else TriangleMesh(mesh.vertices @ turn.T, mesh.faces)
    return BenchScan("scan", turned, repair_scan(turned, profile=LIMITS), LIMITS, arch)


@pytest.fixture(scope="module")
def lower():
    return on_bench(TEETH, LOWER, Y_UP)


def test_a_scan_that_lies_otherwise_is_found(lower):
    found = find_directions([lower])
    assert np.array(found.occlusal) @ Y_UP[:, 2] > 0.998
    assert np.array(found.frontal) @ Y_UP[:, 1] > 0.996
    assert not found.upper


def test_the_lower_arch_decides_and_an_upper_one_alone_counts(lower):
    upper = on_bench(TEETH, UPPER)
    assert find_directions([upper, lower]) == find_directions([lower])
    alone = find_directions([upper])
    assert alone.upper
    assert alone.occlusal[2] > 0.998


def test_what_is_not_sure_or_no_arch_says_nothing(lower):
    ball = on_bench(sphere(4, 8.0), LOWER)
    nobody = BenchScan("scan", lower.original, lower.automatic, LIMITS, None)
    assert find_directions([ball]) is None
    assert find_directions([nobody]) is None


@pytest.mark.parametrize("arch", [LOWER, UPPER, None])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_three_places_tell_plane_and_side(arch, order, lower):
    scan = BenchScan("scan", lower.original, lower.automatic, LIMITS, arch)
    vertices = lower.automatic.mesh.vertices @ Y_UP
    tips = [
        lower.automatic.mesh.vertices[np.where(part, vertices[:, 2], -np.inf).argmax()]
        for part in (vertices[:, 0] < -12, np.abs(vertices[:, 0]) < 4, vertices[:, 0] > 12)
    ]
    told = told_directions(scan, [tips[i].tolist() for i in order])
    assert np.array(told.occlusal) @ Y_UP[:, 2] > 0.98
    assert np.array(told.frontal) @ Y_UP[:, 1] > 0.98
    assert told.upper is (arch is UPPER)


def test_three_places_on_a_line_are_refused(lower):
    with pytest.raises(InputError, match="line"):
        told_directions(lower, [(0, 0, 0), (10, 0, 0), (20, 0, 0)])
