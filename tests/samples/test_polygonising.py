import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.samples.adjacency import edge_table, face_components, pinched_vertices
from stsbench.samples.arch_model import build_arch
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.arches import rounded
from stsbench.samples.crossings import crossing_pairs
from stsbench.samples.field_sampling import evaluate, project, sample_grid
from stsbench.samples.polygonising import polygonise, relax

PLAN = ArchPlan(Arch.MANDIBULAR, seed=2)


@pytest.fixture(scope="module")
def model():
    return build_arch(PLAN)


@pytest.fixture(scope="module")
def block(model):
    return polygonise(model, 1.0)


def test_the_block_is_closed_and_manifold(block):
    _, edge = edge_table(block.faces)
    assert (np.bincount(edge.ravel()) == 2).all()
    assert len(pinched_vertices(block.faces)) == 0
    assert len(np.unique(face_components(block.faces))) == 1
    a, b, c = block.vertices[block.faces].transpose(1, 0, 2)
    assert (a * np.cross(b, c)).sum() / 6 > 20_000  # mm3: wound outwards


def test_sampled_signs_agree_with_the_field(model):
    low = np.array([-30.0, 0.0, -8.0])
    volume = sample_grid(model, low, 0.9, (40, 30, 12))
    index = np.random.default_rng(5).integers(0, volume.shape, (2000, 3))
    exact = evaluate(model, low + 0.9 * index).surface
    sampled = volume[tuple(index.T)]
    clear = np.abs(exact) > 1e-4
    assert np.array_equal(np.sign(sampled)[clear], np.sign(exact)[clear])
    near = np.abs(exact) < 0.4
    assert np.abs(sampled - exact)[near].max() < 1e-4
    far = np.abs(exact) > 1e-3
    assert np.array_equal((sampled * 2**16)[far], np.round(sampled * 2**16)[far])


def test_projection_ends_on_the_surface(model, block):
    places = block.vertices[::7] + 0.05
    there = evaluate(model, project(model, places, rounds=8, farthest_mm=0.5)).surface
    assert np.percentile(np.abs(there), 98) < 0.01


def test_relaxing_evens_triangles_and_lets_nothing_cross(model, block):
    even = relax(model, block, 1.0)
    assert np.array_equal(even.faces, block.faces)
    assert len(crossing_pairs(even)) == 0

    def spread(mesh):
        edges, _ = edge_table(mesh.faces)
        length = np.linalg.norm(np.subtract(*mesh.vertices[edges.T]), axis=1)
        return length.std() / length.mean()

    assert spread(even) < 0.8 * spread(block)


def test_last_bits_of_another_processor_change_less_than_a_micrometre(model, block):
    """Stands in for other hardware: every table off by some units in the last place."""
    other = model._replace(
        along=model.along * (1 + 1e-14),
        profiles=model.profiles * (1 - 1e-14),
        ridges=model.ridges * (1 + 1e-14),
    )
    there = polygonise(other, 1.0)
    assert np.array_equal(there.faces, block.faces)
    assert np.abs(there.vertices - block.vertices).max() < 1e-6
    here, there = relax(model, block, 1.0), relax(other, there, 1.0)
    assert np.abs(rounded(here.vertices) - rounded(there.vertices)).max() <= 1e-3
