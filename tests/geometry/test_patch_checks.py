"""What is seen of a patch: bends over its edges and its rim, thin faces, vertices that meet."""

import numpy as np
import pytest

from stsbench.geometry.hole_refinement import Refinement
from stsbench.geometry.hole_rims import Rims
from stsbench.geometry.patch_checks import inspect_patches

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=float)
UP = [0.0, 0.0, 1.0]


def _rims(normals, *, thin_mm=1e-6):
    count = len(normals)
    return Rims(
        np.arange(count, dtype=np.int32), np.array([0, count]), np.zeros(count, np.int32),
        np.array(normals, float), np.ones(count), np.ones(1, bool), np.empty(0, np.int32),
        np.empty((0, 3), np.int64), thin_mm, np.zeros(1, np.int32),
    )  # fmt: skip


def _patch(faces, opposite, new=()):
    return Refinement(
        np.array(new, float).reshape(-1, 3), np.array(faces, np.int32),
        np.array(opposite, np.int32), np.array([0, len(new)]), np.array([0, len(faces)]),
        np.zeros(1, bool),
    )  # fmt: skip


PAIR = ([[0, 1, 2], [0, 2, 3]], [[-1, -2, 3], [2, -3, -4]])  # a square cut along its diagonal


def _tilted(degrees):
    angle = np.radians(degrees)
    return [0.0, np.sin(angle), np.cos(angle)]


@pytest.mark.parametrize("degrees", [0, 30, 90, 150, 180])
@pytest.mark.parametrize("place", range(4))
def test_a_bend_over_the_rim(degrees, place):
    normals = [UP] * 4
    normals[place] = _tilted(degrees)
    report = inspect_patches(CORNERS, np.empty((0, 3)), _rims(normals), _patch(*PAIR))
    cosine = np.cos(np.radians(degrees))
    assert report.sharpest[0] == pytest.approx(cosine)
    # Places 0 and 1 belong to the first face, 2 and 3 to the second.
    expected = [1.0, 1.0]
    expected[place // 2] = cosine
    assert report.bend.tolist() == pytest.approx(expected)
    assert report.area_mm2[0] == pytest.approx(1.0)
    assert not report.is_thin[0]


def test_nothing_known_behind_the_rim_is_no_bend():
    nothing = _rims([[0.0, 0.0, 0.0]] * 4)
    assert inspect_patches(CORNERS, np.empty((0, 3)), nothing, _patch(*PAIR)).sharpest[0] == 1.0


@pytest.mark.parametrize("lift", [0.0, 0.5, -0.5])
def test_a_bend_within(lift):
    corners = CORNERS.copy()
    corners[3, 2] = lift
    nothing = _rims([[0.0, 0.0, 0.0]] * 4)
    report = inspect_patches(corners, np.empty((0, 3)), nothing, _patch(*PAIR))
    second = np.cross(corners[2] - corners[0], corners[3] - corners[0])
    cosine = second[2] / np.linalg.norm(second)
    assert report.sharpest[0] == pytest.approx(cosine)
    assert report.bend.tolist() == pytest.approx([cosine, cosine])


STAR = (
    [[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]],
    [[-1, 5, 10], [-2, 8, 1], [-3, 11, 4], [-4, 2, 7]],
)


@pytest.mark.parametrize(
    ("middle", "thin"),
    [
        ([0.5, 0.5, 0.0], False),
        ([0.5, 1e-7, 0.0], True),  # a face without height
        ([0.5, 1e-3, 0.0], False),
        ([1.0, 1.0, 0.0], True),  # on a corner of the rim
        ([1.0 + 1e-9, 1.0, 0.3], False),
    ],
)
def test_thin_faces_and_vertices_that_meet(middle, thin):
    patch = _patch(*STAR, new=[middle])
    report = inspect_patches(CORNERS, patch.vertices, _rims([UP] * 4), patch)
    assert report.is_thin.tolist() == [thin]
    assert (report.bend == -1).any() == thin


def test_vertices_that_meet_only_as_float32():
    """Two new vertices a nanometre apart become one in a file."""
    apart = np.array([[0.3, 0.4, 5.0], [0.3 + 1e-10, 0.4, 5.0], [0.9, 0.4, 5.0]])
    patch = _patch(*STAR, new=[[0.5, 0.5, 0.0]])._replace(
        vertices=np.vstack([[0.5, 0.5, 0.0], apart]), vertex_offsets=np.array([0, 4])
    )
    report = inspect_patches(CORNERS, patch.vertices, _rims([UP] * 4), patch)
    assert report.is_thin.tolist() == [True]
    assert (report.bend > -1).all()
