"""Trimming: straight cuts at the width, kept vertices bit by bit, flaps go with the strip."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.rim_trimming import trim_border
from stsbench.geometry.topology import count_fans, half_edge_twins
from tests.shapes import sheet, toothed_arch


def _rim(mesh):
    return boundary_loops(mesh.faces, half_edge_twins(mesh.faces, mesh.vertex_count)).loop(0)


def _area(vertices, faces):
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


@pytest.mark.parametrize("width_mm", [0.15, 0.25, 0.5, 0.8, 1.3])
def test_a_square_loses_its_edge(width_mm):
    ground = sheet(20, 20, pitch_mm=0.5)
    left = trim_border(ground.vertices, ground.faces, _rim(ground), width_mm=width_mm)
    side = 10 - 2 * width_mm
    # A vertex nearer than a fifth of an edge (0.14 mm on a diagonal) is taken for the line.
    assert abs(np.sqrt(_area(left.vertices, left.faces)) - side) < 0.3
    assert np.abs(left.vertices[:, :2] - 5).max() <= side / 2 + 0.15


def test_nothing_is_left_of_a_narrow_strip():
    strip = sheet(1, 40, pitch_mm=0.5)
    left = trim_border(strip.vertices, strip.faces, _rim(strip), width_mm=0.3)
    assert len(left.faces) == 0


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.6))
def test_what_is_left_is_clean_and_in_place(seed, width_mm):
    arch = toothed_arch(1.0)
    rim = _rim(arch)
    vertices = arch.vertices.copy()
    vertices[rim] += np.random.default_rng(seed).normal(0, 0.2, (len(rim), 3))
    left = trim_border(vertices, arch.faces, rim, width_mm=width_mm)
    twin = half_edge_twins(left.faces, len(left.vertices))
    assert (twin > -2).all()
    assert count_fans(left.faces, twin, len(left.vertices)).max() == 1
    # Every face lies in the plane of the face it came from.
    a, b, c = (vertices[arch.faces[left.face_source][:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    corners = left.vertices[left.faces]
    assert np.abs(np.einsum("fkd,fd->fk", corners - a[:, None], normal)).max() < 1e-5
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (np.einsum("fd,fd->f", facing, normal) > 0).all()
    # Vertices far from the rim are those of the scan, in their old order.
    known = {tuple(v): k for k, v in enumerate(vertices.tolist())}
    kept = [known[tuple(v)] for v in left.vertices.tolist() if tuple(v) in known]
    assert kept == sorted(kept)
    assert len(kept) > 0.5 * len(vertices)
