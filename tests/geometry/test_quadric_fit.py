"""Quadrics fitted to rings that lie on one: what departs is known."""

import numpy as np
import pytest

from stsbench.geometry.quadric_fit import depart, set_axis

# Coefficients of 1, x, y, x^2, xy, y^2.
SHAPES = {
    "flat": (0, 0, 0, 0, 0, 0),
    "shifted": (2.0, 0, 0, 0, 0, 0),
    "bowl": (0, 0, 0, 0.3, 0, 0.3),
    "saddle": (0.1, 0, 0, 0.2, -0.4, -0.1),
}


def rings(shape, tip_mm, *, count=4, foot_mm=0.0, per_ring=8):
    """A vertex and rings of eight about it on a quadric over the xy plane; the tip stands above."""
    turns = np.arange(per_ring) * 2 * np.pi / per_ring
    flat = [np.zeros((1, 2))]
    flat += [
        0.2 * k * np.stack([np.cos(turns), np.sin(turns)], axis=1) for k in range(1, count + 1)
    ]
    x, y = np.concatenate(flat).T
    one, u, v, uu, uv, vv = shape
    z = one + u * x + v * y + uu * x * x + uv * x * y + vv * y * y
    z[0] += tip_mm
    z[1 : per_ring + 1] += foot_mm
    ends = np.array([0, *(1 + per_ring * np.arange(count + 1))], dtype=np.int32)
    return np.stack([x, y, z], axis=1), ends


def measure(vertices, ends, k, last, *, axis=(0, 0, 1)):
    order = np.random.default_rng(2).permutation(len(vertices)).astype(np.int32)
    places = np.empty_like(vertices)
    places[order] = vertices
    sums = np.tile([*axis, 1.0], (len(vertices), 1))
    place = np.empty((len(vertices), 3))
    room = (np.empty((3, 3)), np.empty(3), place, np.empty((6, 6)), np.empty(6))
    rough = depart(places, sums, order, ends, k, last, *room)
    return rough, place[:, 2]


@pytest.mark.parametrize("tip_mm", [0.5, -0.25])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_stands_above_a_quadric_departs_by_its_height(shape, tip_mm):
    vertices, ends = rings(SHAPES[shape], tip_mm, foot_mm=0.125)
    rough, away = measure(vertices, ends, 1, 4)
    assert rough == pytest.approx(0.0, abs=1e-12)
    assert away == pytest.approx([tip_mm, *[0.125] * 8, *[0.0] * 24], abs=1e-12)


def test_the_misfit_is_a_root_mean_square():
    vertices, ends = rings(SHAPES["flat"], 0.0)
    vertices[9:, 2] = np.tile([0.01, -0.01], 12)  # by turns: no quadric bends so often
    rough, away = measure(vertices, ends, 1, 4)
    assert rough == pytest.approx(0.01)
    assert away[9:] == pytest.approx(vertices[9:, 2])


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 2, 0), (0.6, 0, 0.8), (-1, 2, 2)])
def test_heights_are_measured_along_the_mean_normal(axis):
    vertices, ends = rings(SHAPES["flat"], 0.5)
    unit = np.asarray(axis) / np.linalg.norm(axis)
    least = np.eye(3)[np.abs(unit).argmin()]
    side = np.cross(unit, least)
    side /= np.linalg.norm(side)
    turned = vertices @ np.stack([side, np.cross(unit, side), unit])
    rough, away = measure(turned, ends, 1, 4, axis=axis)
    assert rough == pytest.approx(0.0, abs=1e-12)
    assert away[0] == pytest.approx(0.5)


@pytest.mark.parametrize("case", ["too few", "along a line"])
def test_no_quadric_says_nothing(case):
    if case == "too few":
        vertices, ends = rings(SHAPES["flat"], 0.5, count=2)
        vertices[:, :2] += np.random.default_rng(1).uniform(-0.05, 0.05, (17, 2))
        rough, _ = measure(vertices, ends, 1, 2)  # eight vertices
    else:
        vertices, ends = rings(SHAPES["flat"], 0.5)
        vertices[:, 1] = 0
        rough, _ = measure(vertices, ends, 1, 4)
    assert rough == np.inf


def test_the_axis_is_the_mean_of_the_ring_alone():
    sums = np.array([(9, 9, 9, 1), (0, 0, 2, 1), (2, 0, 0, 1), (9, 0, 9, 1)], dtype=np.float64)
    frame = np.zeros((3, 3))
    set_axis(sums, np.arange(4, dtype=np.int32), 1, 3, frame)
    assert frame[2] == pytest.approx([0.5**0.5, 0, 0.5**0.5])
