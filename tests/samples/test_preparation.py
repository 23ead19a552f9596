import numpy as np
import pytest
from scipy.spatial import cKDTree

from stsbench.errors import InputError
from stsbench.samples.adjacency import mean_edge_mm
from stsbench.samples.arch_model import build_arch
from stsbench.samples.field_sampling import evaluate
from stsbench.samples.preparation import finish_line


def test_the_finish_line_runs_once_round_the_stump_on_the_surface(quadrant):
    line = quadrant.truth.finish_lines[46]
    mesh = quadrant.mesh
    steps = np.linalg.norm(np.roll(line, -1, axis=0) - line, axis=1)
    assert 20 < steps.sum() < 45  # mm round a molar
    assert steps.max() < 1.0
    # A vertex is never farther than an edge of this coarse scan.
    assert cKDTree(mesh.vertices).query(line)[0].max() < mean_edge_mm(mesh) * 1.5
    stump = mesh.vertices[mesh.attributes["fdi"] == 46][:, :2] - line[:, :2].mean(axis=0)
    round_it = line[:, :2] - line[:, :2].mean(axis=0)
    angle = np.unwrap(np.arctan2(round_it[:, 1], round_it[:, 0]))
    assert abs(angle[-1] - angle[0]) == pytest.approx(2 * np.pi, abs=0.1)
    radius = np.interp(
        np.arctan2(stump[:, 1], stump[:, 0]),
        angle,
        np.hypot(*round_it.T),
        period=2 * np.pi,
    )
    assert (np.hypot(*stump.T) < radius + 0.3).mean() > 0.9


def test_the_line_lies_at_an_edge_of_the_field(quadrant):
    model = build_arch(quadrant.truth.plan)
    line = finish_line(model, 46, count=60)
    assert np.abs(evaluate(model, line).surface).max() < 0.02


@pytest.mark.parametrize("fdi", [47, 36])
def test_refuses_a_tooth_without_preparation(fdi, quadrant):
    with pytest.raises(InputError, match="no preparation"):
        finish_line(build_arch(quadrant.truth.plan), fdi)
