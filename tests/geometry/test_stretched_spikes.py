"""Blunt spikes: what was pulled is told from what was scanned by the size of its faces."""

import numpy as np
import pytest

from stsbench.geometry.stretched_spikes import find_stretched, mean_face
from tests.geometry.test_spikes import PITCH_MM, TIP, bell, curved, spikes_of
from tests.shapes import sheet

# height, radius, power: tall and round, with a blunt top, into the surface, as wide as six edges
PULLED = [(2.0, 1.3, 1.0), (2.0, 1.3, 0.5), (-2.0, 1.3, 0.5), (2.4, 1.5, 1.0)]


@pytest.mark.parametrize(("height_mm", "radius_mm", "power"), PULLED)
def test_a_blunt_spike_goes_whole(height_mm, radius_mm, power):
    vertices, faces = curved()
    damaged, lift = bell(vertices, height_mm, radius_mm, power=power)
    spike, heights = spikes_of(damaged, faces)
    assert len(heights) == 1
    assert heights[0] == pytest.approx(height_mm, rel=0.15)
    assert (spike[lift > 0.06] == 0).all()
    away = np.linalg.norm(vertices - vertices[TIP], axis=1)
    assert (spike[away > radius_mm + 1.5 * PITCH_MM] == -1).all()


@pytest.mark.parametrize("height_mm", [1.6, 2.0, 2.4])
def test_the_same_bump_scanned_evenly_is_none(height_mm):
    """Pulled, the faces on its flanks grow; scanned, an edge along the surface stays as long."""
    mesh = sheet(40, 40, pitch_mm=0.3)
    tip = 20 * 41 + 20
    across = mesh.vertices - mesh.vertices[tip]
    away = np.linalg.norm(across, axis=1)
    radius_mm = 1.2

    def rise(r):
        return height_mm * np.clip(1 - (r / radius_mm) ** 2, 0, None)

    pulled = mesh.vertices + rise(away)[:, None] * [0, 0, 1]
    assert len(spikes_of(pulled, mesh.faces)[1]) == 1
    r = np.linspace(0, 9, 3001)
    along = np.concatenate([[0], np.cumsum(np.hypot(np.diff(r), np.diff(rise(r))))])
    nearer = np.interp(away, along, r)
    scanned = mesh.vertices[tip] + across * (nearer / np.maximum(away, 1e-9))[:, None]
    scanned[:, 2] = rise(nearer)
    assert not len(spikes_of(scanned, mesh.faces)[1])


def test_mean_face_is_per_face():
    """Six faces of 1 mm2 about one vertex and three of 3 mm2 about another: 15 over 9."""
    start = np.array([0, 6, 9, 20], dtype=np.int32)
    sums = np.array([[0, 0, 1, 6.0], [0, 0, 1, 9.0], [0, 0, 1, 500.0]])
    ring = np.array([1, 0, 2], dtype=np.int32)
    assert mean_face(start, sums, ring, 0, 2) == pytest.approx(15 / 9)


def asked(*, area, height_mm=1.0, rough_mm=0.2, pitch_mm=0.3, beside_mm=0.0, border=-1, down=-1):
    """A flat top of two rings on a rough plane: every second vertex of a ring up, the others down.

    No quadric follows that, so its misfit and the departure of ring 3 are `rough_mm`, and the doubt
    is 1.5 times that over the height.
    """
    turns = np.arange(8) * np.pi / 4
    circle = np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1)
    sign = np.where(np.arange(8) % 2, 1.0, -1.0)[:, None] * [0, 0, 1]
    rings = [np.array([[0, 0, height_mm]])]
    rings += [pitch_mm * k * circle + [0, 0, height_mm] for k in (1, 2)]
    rings += [pitch_mm * k * circle + rough_mm * sign for k in range(3, 11)]
    vertices = np.concatenate(rings)
    vertices[1, 2] += beside_mm
    sums = np.tile([0.0, 0, 1, 1], (len(vertices), 1))
    sums[:25, 3] = area
    sums[down, 2] *= -1 if down >= 0 else 1
    edge = np.zeros(len(vertices), dtype=bool)
    edge[border] = border >= 0
    ends = np.array([0, *(1 + 8 * np.arange(11))], dtype=np.int32)
    names = np.arange(len(vertices), dtype=np.int32)
    start = 8 * np.arange(len(vertices) + 1, dtype=np.int32)
    walk = (names.copy(), names, ends, 10)
    room = (np.empty((3, 3)), np.empty(3), np.empty((99, 3)), np.empty((6, 6)), np.empty(6))
    return find_stretched(vertices, start, np.zeros(0, np.int32), edge, sums, walk, room)


# what differs, the base (the ring beyond ring 3): 1 + 1.45 x 1.5 x 0.2 = 1.435 is the least stretch
ASKED = {
    "stretched enough": ({"area": 1.44}, 4),
    "not quite": ({"area": 1.43}, 0),
    "smoother surroundings ask for less": ({"area": 1.25, "rough_mm": 0.1}, 4),
    "but for something": ({"area": 1.1, "rough_mm": 0.01}, 0),
    "rough surroundings tell nothing": ({"area": 9.0, "rough_mm": 0.41}, 0),
    "into the surface": ({"area": 1.44, "height_mm": -1.0}, 4),
    "0.6 of the radius": ({"area": 2.0, "height_mm": 0.56}, 4),
    "lower": ({"area": 2.0, "height_mm": 0.53}, 0),
    "0.25 mm": ({"area": 2.0, "height_mm": 0.26, "pitch_mm": 0.1, "rough_mm": 0.04}, 4),
    "lower than that": ({"area": 2.0, "height_mm": 0.24, "pitch_mm": 0.1, "rough_mm": 0.04}, 0),
    "1.8 mm wide": ({"area": 2.0, "height_mm": 2.0, "pitch_mm": 0.59}, 4),
    "wider": ({"area": 2.0, "height_mm": 2.0, "pitch_mm": 0.61}, 0),
    "a little higher beside it": ({"area": 2.0, "beside_mm": 0.24}, 4),
    "much higher beside it": ({"area": 2.0, "beside_mm": 0.26}, 0),
    "one lies face down": ({"area": 2.0, "down": 28}, 0),
    "farther out that says nothing": ({"area": 2.0, "down": 34}, 4),
    "its base is on the border": ({"area": 2.0, "border": 20}, 0),
}


@pytest.mark.parametrize("name", ASKED)
def test_the_stretch_has_to_outweigh_the_doubt(name):
    changes, base = ASKED[name]
    height, found, whole = asked(**changes)
    assert (found, whole) == (base, 10)
    assert height == pytest.approx(changes.get("height_mm", 1.0) if base else 0)


@pytest.mark.parametrize(("finer", "found"), [(1.0, 1), (0.5, 0)])
def test_a_small_spike_is_not_finer_than_its_surroundings(finer, found):
    """0.8 mm high and told by the quadric; none where the scanner saw it with small faces."""
    vertices, faces = curved()
    across = vertices[:, :2] - vertices[TIP, :2]
    away = np.linalg.norm(across, axis=1)
    near = np.interp(away, [0, 1.2, 2.4, 9], [0, finer * 1.2, 2.4, 9])
    vertices[:, :2] = vertices[TIP, :2] + across * (near / np.maximum(away, 1e-9))[:, None]
    vertices[:, 2] = -0.05 * ((vertices[:, :2] - 6) ** 2).sum(axis=1)
    damaged, _ = bell(vertices, 0.8, 0.65)
    assert len(spikes_of(damaged, faces)[1]) == found
