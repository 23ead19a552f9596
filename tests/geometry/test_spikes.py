"""Spikes on a curved sheet: found where they stand, cut to their foot, and nothing besides."""

import numpy as np
import pytest

from stsbench.geometry.spikes import UNITY, _falls_steeply, _needle, spike_vertices
from stsbench.geometry.topology import half_edge_twins, open_vertices
from stsbench.geometry.vertex_rings import vertex_neighbours
from stsbench.geometry.wide_normals import sum_normals
from tests.shapes import sheet

PITCH_MM = 0.4
TIP = 15 * 31 + 15


def curved():
    mesh = sheet(
        30, 30, pitch_mm=PITCH_MM, height=lambda x, y: -0.06 * (x - 6) ** 2 - 0.03 * (y - 6) ** 2
    )
    return mesh.vertices, mesh.faces


def bell(vertices, height_mm, radius_mm, *, power=1.5):
    """Return the surface with a bell on it, and how far each vertex went."""
    away = ((vertices - vertices[TIP]) ** 2).sum(axis=1)
    lift = height_mm * np.clip(1 - away / radius_mm**2, 0, 1) ** power
    return vertices + lift[:, None] * [0, 0, 1], np.abs(lift)


def spikes_of(vertices, faces):
    normals = sum_normals(vertices, faces)
    border = np.zeros(len(vertices), dtype=bool)
    border[open_vertices(faces, half_edge_twins(faces, len(vertices)))] = True
    found = spike_vertices(
        vertices, vertex_neighbours(faces, border), border, normals.near, normals.unity < UNITY
    )
    return found[0], found[1]


# height, radius: a needle, several vertices, into the surface, wider than high
BELLS = [(1.5, 0.45), (0.8, 0.65), (-0.8, 0.65), (0.6, 0.7)]


@pytest.mark.parametrize(("height_mm", "radius_mm"), BELLS)
def test_a_spike_goes_to_its_foot_and_no_farther(height_mm, radius_mm):
    vertices, faces = curved()
    damaged, lift = bell(vertices, height_mm, radius_mm)
    spike, heights = spikes_of(damaged, faces)
    assert len(heights) == 1
    assert heights[0] == pytest.approx(height_mm, rel=0.1)
    assert (spike[lift > 0.06] == 0).all()
    assert (spike[lift < 0.03] == -1).all()


@pytest.mark.parametrize(
    ("height_mm", "radius_mm"), [(0.1, 0.45), (0.3, 1.0), (0.5, 3.0), (0.0, 1.0)]
)
def test_what_is_low_or_wide_is_none(height_mm, radius_mm):
    vertices, faces = curved()
    damaged, _ = bell(vertices, height_mm, radius_mm)
    spike, heights = spikes_of(damaged, faces)
    assert not len(heights)
    assert (spike == -1).all()


def stacked(drops_mm, *, way=1.0, pitch_mm=0.4, count=8):
    """A vertex and rings of eight about it, each so far below it; what `_needle` is asked with."""
    turns = np.arange(count) * 2 * np.pi / count
    rings = [np.zeros((1, 3))]
    for k, drop_mm in enumerate(drops_mm, 1):
        circle = np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1)
        rings.append(pitch_mm * k * circle - [0, 0, way * drop_mm])
    ends = np.array([0, *(1 + count * np.arange(len(rings)))], dtype=np.int32)
    return np.concatenate(rings), ends


# drops of rings 1 to 5, height
NEEDLES = {
    "level behind": ((0.6, 0.9, 0.9, 0.9, 0.9), 0.9),
    "rises behind": ((0.6, 0.9, 0.6, 0.5, 0.5), 0.9),
    "falls on a little": ((0.6, 0.9, 1.05, 1.2, 1.3), 0.9),
    "falls on": ((0.6, 0.9, 1.1, 1.3, 1.5), 0.0),
    "too low": ((0.3, 0.35, 0.35, 0.35, 0.35), 0.0),
}


@pytest.mark.parametrize("way", [1.0, -1.0])
@pytest.mark.parametrize("name", NEEDLES)
def test_a_needle_does_not_fall_on_behind_its_base(name, way):
    drops_mm, height_mm = NEEDLES[name]
    vertices, ends = stacked(drops_mm, way=way)
    sums = np.tile([0.0, 0, 1, 1], (len(vertices), 1))
    ring = np.arange(len(vertices), dtype=np.int32)
    border = np.zeros(len(vertices), dtype=bool)
    told = _needle(vertices, border, sums, ring, ends, np.empty((3, 3)))
    assert told == pytest.approx(way * height_mm)
    border[ends[4] - 1] = True
    assert _needle(vertices, border, sums, ring, ends, np.empty((3, 3))) == 0


@pytest.mark.parametrize("way", [1.0, -1.0])
@pytest.mark.parametrize(
    ("drop_mm", "one_mm", "steep"),
    [(0.5, 0.5, True), (0.5, 0.3, False), (0.38, 0.38, False), (0.33, 1.2, True)],
)
def test_every_edge_of_a_needle_falls_steeply(drop_mm, one_mm, steep, way):
    """Each by 0.8 of its way across (0.4 mm), by 0.4 mm in the mean."""
    vertices, _ = stacked((drop_mm,), way=way)
    vertices[1, 2] = -way * one_mm
    sums = np.tile([0.0, 0, 2, 2], (len(vertices), 1))
    start = np.array([0, *[8] * 9], dtype=np.int32)
    around = np.arange(1, 9, dtype=np.int32)
    assert _falls_steeply(vertices, start, around, sums, 0) == steep


@pytest.mark.parametrize("bend", [-0.05, 0.05])
def test_a_spike_on_a_ridge_takes_nothing_of_the_ridge(bend):
    mesh = sheet(30, 30, pitch_mm=PITCH_MM, height=lambda x, y: 0 * x + bend * np.abs(y - 6.0) ** 3)
    damaged, lift = bell(mesh.vertices, 1.0, 0.65)
    spike, heights = spikes_of(damaged, mesh.faces)
    assert len(heights) == 1
    assert (spike[lift == 0] == -1).all()
    assert (spike[lift > 0.06] == 0).all()
