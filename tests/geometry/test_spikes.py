"""Spikes on a curved sheet: found where they stand, cut to their foot, and nothing besides."""

import numpy as np
import pytest

from stsbench.geometry.quadric_fit import depart
from stsbench.geometry.spikes import UNITY, spike_vertices
from stsbench.geometry.topology import half_edge_twins, open_vertices
from stsbench.geometry.vertex_rings import vertex_neighbours, walk_rings
from stsbench.geometry.wide_normals import sum_near, sum_normals
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


@pytest.mark.parametrize("bend", [-0.05, 0.05])
def test_near_rings_say_more_than_a_bend_farther_out(bend):
    """On the edge of a ridge a quadric over all rings alike misses the middle by far more."""
    mesh = sheet(30, 30, pitch_mm=PITCH_MM, height=lambda x, y: 0 * x + bend * np.abs(y - 6.0) ** 3)
    border = np.zeros(mesh.vertex_count, dtype=bool)
    start, around = vertex_neighbours(mesh.faces, border)
    ring, ends = np.empty(2048, np.int32), np.zeros(12, np.int32)
    mark = np.full(mesh.vertex_count, -1, np.int32)
    walk_rings(start, around, TIP, mark, 0, ring, ends, 0, 5)
    sums = sum_near(mesh.vertices, mesh.faces)
    rooms = np.empty((3, 3)), np.empty(3), np.empty((2048, 3)), np.empty((6, 6)), np.empty(6)
    missed = []
    for near in (False, True):
        depart(mesh.vertices, sums, ring, ends, 2, 5, near, *rooms)
        missed.append(np.abs(rooms[2][: ends[3], 2]).max())
    assert missed[1] < 0.6 * missed[0]


@pytest.mark.parametrize("bend", [-0.05, 0.05])
def test_a_spike_on_a_ridge_takes_nothing_of_the_ridge(bend):
    mesh = sheet(30, 30, pitch_mm=PITCH_MM, height=lambda x, y: 0 * x + bend * np.abs(y - 6.0) ** 3)
    damaged, lift = bell(mesh.vertices, 1.0, 0.65)
    spike, heights = spikes_of(damaged, mesh.faces)
    assert len(heights) == 1
    assert (spike[lift == 0] == -1).all()
    assert (spike[lift > 0.06] == 0).all()
