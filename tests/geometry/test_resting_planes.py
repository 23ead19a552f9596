"""Candidate directions: unit, spread out, and the true one always near."""

import numpy as np
import pytest

from stsbench.geometry.arch_tips import prepare_cloud
from stsbench.geometry.resting_planes import resting_directions
from stsbench.geometry.surface_sample import sample_surface
from tests.shapes import sphere, toothed_arch


def _turned(seed):
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return q * np.sign(np.linalg.det(q))


@pytest.mark.parametrize("seed", range(3))
def test_one_candidate_lies_near_the_occlusal_normal(seed):
    turn, arch = _turned(seed), toothed_arch(1.0)
    sample = sample_surface(arch.vertices @ turn.T, arch.faces, pitch_mm=0.8)
    cloud = prepare_cloud(sample.positions, sample.border)
    starts = np.array(resting_directions(cloud.positions, cloud.inner, sample.border))
    assert np.linalg.norm(starts, axis=1) == pytest.approx(1.0)
    assert len(starts) == 36
    assert np.degrees(np.arccos((starts @ turn[:, 2]).max())) < 16.0


def test_a_surface_without_border_has_candidates_too():
    ball = sphere(3, radius_mm=8.0)
    sample = sample_surface(ball.vertices, ball.faces, pitch_mm=0.8)
    cloud = prepare_cloud(sample.positions, sample.border)
    assert len(resting_directions(cloud.positions, cloud.inner, sample.border)) >= 30
