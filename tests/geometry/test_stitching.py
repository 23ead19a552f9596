"""Stitching steps: planted with a known shift on a wavy sheet, and what must not pass for one."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.step_models import LEAST_MM, fit_steps
from stsbench.geometry.stitching import find_steps
from stsbench.geometry.topology import half_edge_twins, open_vertices
from stsbench.geometry.vertex_rings import vertex_neighbours
from stsbench.geometry.wide_normals import sum_near
from stsbench.samples.arches import random_pose
from tests.shapes import sheet

PITCH_MM = 0.35
PLANE = np.array([0.96, 0.28, 0.0])
MIDDLE = np.array([18.0, 18.0, 0.0])


def wavy(x, y):
    return 1.5 * np.sin(0.52 * x) * np.sin(0.52 * y + 0.4)


def waves():
    mesh = sheet(104, 104, pitch_mm=PITCH_MM, height=wavy)
    return mesh.vertices, mesh.faces


def shifted(vertices, way, *, width_mm=0.5):
    ahead = (vertices - MIDDLE) @ PLANE
    share = np.clip(ahead / width_mm + 0.5, 0, 1)[:, None]
    return (vertices + share * np.asarray(way)).astype(np.float32).astype(np.float64), ahead


def rim_and_sums(vertices, faces):
    border = np.zeros(len(vertices), dtype=bool)
    border[open_vertices(faces, half_edge_twins(faces, len(vertices)))] = True
    return border, sum_near(vertices, faces)


def found(vertices, faces):
    return find_steps(vertices, faces, *rim_and_sums(vertices, faces))


ALONG = np.cross([0.0, 0, 1], PLANE)  # within the plane, sideways
SHIFTS = {
    "sideways": 0.25 * ALONG,
    "sideways and up": 0.2 * ALONG + [0, 0, 0.2],
    "large": 0.4 * ALONG,
}


@pytest.mark.parametrize("name", SHIFTS)
def test_a_step_is_found_measured_and_placed(name):
    vertices, faces = waves()
    moved, ahead = shifted(vertices, SHIFTS[name])
    steps = found(moved, faces)
    assert len(steps) == 1
    assert steps[0].offset_mm == pytest.approx(np.linalg.norm(SHIFTS[name]), abs=0.04)
    assert 28 < steps[0].length_mm < 40
    assert abs((steps[0].place_mm - MIDDLE) @ PLANE) < 0.5
    assert (np.abs(ahead[faces[steps[0].faces]]).min(axis=1) < 0.5).all()


def _shoulder(vertices):
    """A ledge of one height all along a plane, as a preparation has it: no shift does that."""
    normals = np.zeros_like(vertices)
    slope = 1e-4
    x, y = vertices[:, 0], vertices[:, 1]
    normals[:, 0] = -(wavy(x + slope, y) - wavy(x - slope, y)) / (2 * slope)
    normals[:, 1] = -(wavy(x, y + slope) - wavy(x, y - slope)) / (2 * slope)
    normals[:, 2] = 1
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    turn = np.sign(np.sin(0.9 * (vertices @ ALONG)))[:, None]
    share = np.clip((vertices - MIDDLE) @ PLANE / 0.5 + 0.5, 0, 1)[:, None]
    return vertices + 0.3 * share * turn * normals


NONE = {
    "clean": lambda v: v,
    "too small": lambda v: shifted(v, 0.06 * ALONG)[0],
    "ramp as wide as a tooth": lambda v: shifted(v, 0.3 * ALONG, width_mm=6.0)[0],
    "ledges of changing sides": _shoulder,
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_step(name):
    vertices, faces = waves()
    assert found(NONE[name](vertices), faces) == []


def test_a_short_one_is_no_step():
    vertices, faces = waves()
    moved, _ = shifted(vertices, 0.4 * ALONG)
    near = np.abs((vertices - MIDDLE) @ ALONG) < 10
    kept = faces[near[faces].all(axis=1)]
    names, small = np.unique(kept, return_inverse=True)
    assert found(moved[names], np.ascontiguousarray(small.reshape(-1, 3), dtype=np.int32)) == []


def test_pose_and_names_play_no_part():
    vertices, faces = waves()
    moved, _ = shifted(vertices, SHIFTS["sideways"])
    here = found(moved, faces)[0]
    pose = random_pose(4, shift_mm=40.0)
    turned = (moved @ pose[:3, :3].T + pose[:3, 3]).astype(np.float32).astype(np.float64)
    there = found(turned, faces)[0]
    assert there.offset_mm == pytest.approx(here.offset_mm, abs=0.01)
    assert there.place_mm == pytest.approx(pose[:3, :3] @ here.place_mm + pose[:3, 3], abs=1.0)
    rng = np.random.default_rng(1)
    name = rng.permutation(len(moved))
    renamed = np.empty_like(moved)
    renamed[name] = moved
    shuffled = name[faces][rng.permutation(len(faces))].astype(np.int32)
    again = found(renamed, np.ascontiguousarray(shuffled))[0]
    assert again.offset_mm == pytest.approx(here.offset_mm, abs=1e-9)
    assert again.place_mm == pytest.approx(here.place_mm, abs=1e-9)
    assert len(again.faces) == len(here.faces)


def test_the_ramp_of_a_quadric_has_the_height_it_was_given():
    mesh = sheet(24, 24, pitch_mm=0.2, height=lambda x, y: 0.05 * x * y - 0.03 * x * x)
    vertices = mesh.vertices.copy()
    vertices[:, 2] += 0.2 * np.clip((vertices[:, 0] - 2.4) / 0.5 + 0.5, 0, 1)
    border, sums = rim_and_sums(vertices, mesh.faces)
    rings = vertex_neighbours(mesh.faces, border)
    asked = np.array([12 * 25 + 12, 0, 12 * 25 + 3], dtype=np.int32)
    assert np.allclose(vertices[asked[0], :2], 2.4)
    fits = fit_steps(vertices, rings, border, sums, asked)
    assert abs(fits.height_mm[0]) == pytest.approx(0.2, abs=0.02)
    assert fits.misfit_mm[0] < 0.2 * fits.plain_mm[0]
    assert fits.plain_mm[0] > LEAST_MM
    assert abs(fits.way[0] @ [1, 0, 0]) > 0.95
    assert fits.seen[1] == fits.seen[2] == 0  # at the border, and away from the step
    cut = np.array([1.0, 0, 0, 2.4])
    given = fit_steps(vertices, rings, border, sums, asked[:1], cut=cut)
    assert given.height_mm[0] == pytest.approx(0.2, abs=0.02)


def test_a_mesh_of_one_face_has_none():
    mesh = TriangleMesh(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2]]))
    assert found(mesh.vertices, np.ascontiguousarray(mesh.faces, dtype=np.int32)) == []
