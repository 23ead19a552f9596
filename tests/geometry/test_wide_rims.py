"""Rims longer than the exact search takes: they end, they close, and what is flat stays flat."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.hole_filling import PatchKind, fill_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.geometry.wide_rims import WIDEST_RIM
from tests.repair import referee


def _ring(count, *, radius_mm=20.0, width_mm=1.0, wave_mm=0.0, fold_mm=0.0):
    """A band around a round hole."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lift = wave_mm * np.sin(5 * angle)
    inner = np.column_stack([(radius_mm + fold_mm * np.sin(40 * angle))[:, None] * circle, lift])
    outer = np.column_stack([(radius_mm + width_mm) * circle, lift])
    i = np.arange(count)
    j = (i + 1) % count
    faces = np.concatenate(
        [np.stack([i, i + count, j], axis=1), np.stack([j, i + count, j + count], axis=1)]
    )
    return TriangleMesh(np.vstack([inner, outer]), faces.astype(np.int32))


def _closed(mesh, **options):
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    loops = boundary_loops(mesh.faces, twin)
    radius = [np.hypot(*mesh.vertices[loops.loop(k), :2].T).mean() for k in range(len(loops))]
    inner = loops.take(np.array([int(np.argmin(radius))]))
    patches = fill_loops(mesh.vertices, mesh.faces, twin, inner.vertices, inner.offsets, **options)
    assert not patches.failed.any()
    whole = TriangleMesh(
        np.vstack([mesh.vertices, patches.vertices]), np.concatenate([mesh.faces, patches.faces])
    )
    _, counts = referee.edge_counts(whole.faces)
    assert counts.max() == 2
    assert referee.badly_wound(whole.faces) == 0
    assert referee.border_loops(whole.faces) == 1
    assert len(referee.bow_ties(whole.faces)) == 0
    assert np.isfinite(whole.vertices).all()
    return patches, whole


RINGS = {
    "flat 161": {"count": 161},
    "flat 700": {"count": 700},
    "wavy 400": {"count": 400, "wave_mm": 9.0, "radius_mm": 5.0},
    "shadow crosses itself": {"count": 900, "wave_mm": 8.0, "fold_mm": 0.9},
    "flat 5000": {"count": 5000},
    "wavy 5000": {"count": 5000, "wave_mm": 2.0},
}


@pytest.mark.parametrize("name", RINGS)
def test_a_wide_rim_is_closed(name):
    target = 0.8 if RINGS[name]["count"] > 1000 else None
    _closed(_ring(**RINGS[name]), target_edge_mm=target)


@pytest.mark.parametrize(("count", "lift"), [(6_000, 0.0), (4_000, 0.01)])
def test_a_patch_too_wide_for_its_rim_grows_coarser_inwards(count, lift):
    radius_mm = 20.0
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    steps = radius_mm + 2 * np.pi * radius_mm / count * np.arange(3)[:, None]
    x, y = steps * np.cos(angle), steps * np.sin(angle)
    vertices = np.stack([x, y, lift * (x * x - y * y)], axis=-1).reshape(-1, 3)
    i = np.arange(count)
    j = (i + 1) % count
    ring = np.concatenate([np.stack([i, i + count, j + count], 1), np.stack([i, j + count, j], 1)])
    faces = np.concatenate([ring, ring + count]).astype(np.int32)
    patches, _ = _closed(TriangleMesh(vertices.astype(np.float32).astype(float), faces))
    assert patches.kind.tolist() == [PatchKind.MEMBRANE]
    assert len(patches.vertices) < 8 * count
    x, y, z = patches.vertices.T
    assert np.abs(z).max() <= lift * radius_mm**2 + 1e-6


def test_a_rim_too_long_for_any_patch_is_left_open_at_once():
    mesh = _ring(WIDEST_RIM + 1)
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    loops = boundary_loops(mesh.faces, twin)
    patches = fill_loops(mesh.vertices, mesh.faces, twin, loops.vertices, loops.offsets)
    assert patches.failed.tolist() == [True, True]
    assert patches.kind.tolist() == [PatchKind.NONE, PatchKind.NONE]
    assert len(patches.faces) == len(patches.vertices) == 0
    assert patches.rim_mm.min() == pytest.approx(2 * np.pi * 20.0, rel=1e-6)


@pytest.mark.parametrize("count", [161, 400, 1000])
def test_a_wide_flat_hole_is_filled_flat(count):
    patches, whole = _closed(_ring(count), target_edge_mm=0.8)
    corners = whole.vertices[patches.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (across[:, 2] > 0).all()
    polygon = count / 2 * np.sin(2 * np.pi / count) * 20.0**2
    assert patches.area_mm2[0] == pytest.approx(polygon, rel=1e-6)


def test_the_same_twice():
    first, again = (_closed(_ring(400, wave_mm=3.0))[0] for _ in range(2))
    assert first.vertices.tobytes() == again.vertices.tobytes()
    assert first.faces.tobytes() == again.faces.tobytes()
