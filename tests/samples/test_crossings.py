import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.samples.crossings import crossing_pairs
from stsbench.samples.occlusion import joined
from tests.shapes import sheet, sphere


def lifted(mesh, shift):
    return TriangleMesh(mesh.vertices + shift, mesh.faces)


def two_triangles(shift):
    flat = [[0, 0, 0], [4, 0, 0], [0, 4, 0]]
    upright = [[1, 1, -1], [2, 1, -1], [1, 1, 1]]
    vertices = np.array([*flat, *(np.array(upright) + shift)], dtype=float)
    return TriangleMesh(vertices, np.arange(6, dtype=np.int32).reshape(2, 3))


@pytest.mark.parametrize(
    ("name", "mesh", "pairs"),
    [
        ("through each other", two_triangles([0, 0, 0]), 1),
        ("apart", two_triangles([0, 0, 5]), 0),
        ("beside", two_triangles([4, 0, 0]), 0),
        ("a flat sheet", sheet(6, 6), 0),
        ("a ball", sphere(2), 0),
        ("no faces", TriangleMesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)), 0),
    ],
)
def test_pairs(name, mesh, pairs):
    assert len(crossing_pairs(mesh)) == pairs


def test_two_balls_cross_along_a_circle_and_only_there():
    pair = joined(sphere(3), lifted(sphere(3), [0.0, 0.0, 6.0]))
    crossed = np.unique(crossing_pairs(pair))
    middles = pair.vertices[pair.faces[crossed]].mean(axis=1)
    assert len(crossed) > 40
    assert np.abs(middles[:, 2] - 3.0).max() < 1.0
    assert np.abs(np.hypot(middles[:, 0], middles[:, 1]) - 4.0).max() < 1.0


def test_only_chosen_faces_are_compared():
    pair = joined(sphere(2), lifted(sphere(2), [0.0, 0.0, 6.0]))
    assert len(crossing_pairs(pair, np.arange(sphere(2).face_count))) == 0
