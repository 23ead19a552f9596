import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.errors import InputError
from stsbench.geometry.level_set import extract_surface


def grid(nodes, spacing=1.0):
    """Coordinates of the nodes of a cube centred on the origin."""
    axis = (np.arange(nodes) - (nodes - 1) / 2) * spacing
    return np.meshgrid(axis, axis, axis, indexing="ij")


def edge_counts(faces):
    """Undirected edges with their face counts, and whether each direction occurs once."""
    directed = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    _, counts = np.unique(np.sort(directed, axis=1), axis=0, return_counts=True)
    return counts, len(np.unique(directed, axis=0)) == len(directed)


def fans(vertices, faces):
    """Number of edge-connected fans of faces about each vertex (1 where manifold)."""
    following = [{} for _ in vertices]
    for a, b, c in faces.tolist():
        following[a][b], following[b][c], following[c][a] = c, a, b
    result = []
    for ring in following:
        left, count = dict(ring), 0
        while left:
            count += 1
            start, vertex = left.popitem()
            while vertex != start:
                vertex = left.pop(vertex)
        result.append(count)
    return np.array(result)


def assert_closed_manifold(vertices, faces):
    counts, once = edge_counts(faces)
    assert once
    assert (counts == 2).all()
    assert np.array_equal(np.unique(faces), np.arange(len(vertices)))
    assert (fans(vertices, faces) == 1).all()


def volume_and_area(vertices, faces):
    a, b, c = vertices[faces].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    return (a * np.cross(b, c)).sum() / 6, np.linalg.norm(normal, axis=1).sum() / 2


def test_a_sphere_has_its_volume_and_area():
    x, y, z = grid(61, 0.2)
    vertices, faces = extract_surface(np.sqrt(x * x + y * y + z * z) - 5.0, 0.0, 0.2)
    assert_closed_manifold(vertices, faces)
    volume, area = volume_and_area(vertices - 6.0, faces)
    assert volume == pytest.approx(4 / 3 * np.pi * 125, rel=2e-3)
    assert area == pytest.approx(4 * np.pi * 25, rel=3e-3)
    assert np.abs(np.linalg.norm(vertices - 6.0, axis=1) - 5.0).max() < 2e-3
    assert len(vertices) - len(faces) // 2 == 2


@pytest.mark.parametrize(
    ("name", "field", "euler"),
    [
        ("torus", lambda x, y, z: np.hypot(np.hypot(x, y) - 4, z) - 1.5, 0),
        (
            "two spheres",
            lambda x, y, z: np.hypot(np.hypot(abs(x) - 3, y), z) - 2,
            4,
        ),
        ("box", lambda x, y, z: np.maximum(np.maximum(abs(x), abs(y)), abs(z)) - 3.3, 2),
        ("shell", lambda x, y, z: abs(np.sqrt(x * x + y * y + z * z) - 4) - 0.8, 4),
        ("nothing inside", lambda x, y, z: x + y + z + 99, 0),
    ],
)  # fmt: skip
def test_topology_is_the_field_s(name, field, euler):
    vertices, faces = extract_surface(field(*grid(33, 0.5)), 0.0, 0.5)
    if len(faces):
        assert_closed_manifold(vertices, faces)
        assert volume_and_area(vertices - 8.0, faces)[0] > 0
    assert len(vertices) - len(faces) // 2 == euler


def test_a_plane_is_exact_and_spacing_scales_each_axis():
    volume = np.broadcast_to(np.arange(4, dtype=np.float32), (3, 5, 4)) - 1.25
    vertices, faces = extract_surface(volume, 0.0, (1.0, 2.0, 4.0), origin=(10.0, 20.0, 30.0))
    assert np.allclose(vertices[:, 2], 35.0, atol=1e-12)
    assert vertices.min(axis=0).tolist() == [10.0, 20.0, 35.0]
    assert vertices.max(axis=0).tolist() == [12.0, 28.0, 35.0]
    assert len(faces) == 2 * 2 * 4
    a, b, c = vertices[faces].transpose(1, 0, 2)
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()


def test_every_sign_pattern_closes():
    for pattern in range(1, 256):
        volume = np.ones((4, 4, 4), dtype=np.float32)
        for corner in range(8):
            if pattern >> corner & 1:
                volume[1 + (corner & 1), 1 + (corner >> 1 & 1), 1 + (corner >> 2 & 1)] = -1
        vertices, faces = extract_surface(volume)
        assert_closed_manifold(vertices, faces)
        assert volume_and_area(vertices, faces)[0] > 0


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), nodes=st.integers(2, 20))
def test_noise_gives_a_closed_manifold_and_the_same_one_again(seed, nodes):
    rng = np.random.default_rng(seed)
    volume = np.ones((nodes + 17, nodes + 2, nodes + 2), dtype=np.float32)
    # Whole numbers: many nodes lie exactly on the level.
    volume[1:-1, 1:-1, 1:-1] = rng.integers(-2, 3, (nodes + 15, nodes, nodes))
    vertices, faces = extract_surface(volume)
    assert_closed_manifold(vertices, faces)
    assert volume_and_area(vertices, faces)[0] > 0
    assert len(np.unique(vertices, axis=0)) == len(vertices)
    again = extract_surface(volume)
    assert np.array_equal(again[0], vertices)
    assert np.array_equal(again[1], faces)


@pytest.mark.parametrize(
    ("name", "volume", "spacing", "message"),
    [
        ("flat", np.zeros((4, 4)), 1.0, "no cells"),
        ("one node thick", np.zeros((4, 4, 1)), 1.0, "no cells"),
        ("not a number", np.full((2, 2, 2), np.nan), 1.0, "not finite"),
        ("endless", np.full((2, 2, 2), np.inf), 1.0, "not finite"),
        ("no spacing", np.zeros((2, 2, 2)), 0.0, "not positive"),
        ("spacing not a number", np.zeros((2, 2, 2)), np.nan, "not positive"),
    ],
)
def test_refuses_what_has_no_surface(name, volume, spacing, message):
    with pytest.raises(InputError, match=message) as caught:
        extract_surface(volume, 0.0, spacing)
    assert caught.value.remedy
