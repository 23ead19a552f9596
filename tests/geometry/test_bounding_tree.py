"""Trees over small meshes: every box against its faces, the order against codes made from text."""

import numpy as np
import pytest

from stsbench.geometry.bounding_tree import LEAF, build_tree
from tests.shapes import sheet, sphere, tetrahedron


def hill(x, y):
    return np.float32(np.sin(x) + 0.3 * y).astype(np.float64)


def shuffled(mesh, seed=5):
    return mesh.vertices, mesh.faces[np.random.default_rng(seed).permutation(mesh.face_count)]


ROUND = sphere(2)
CASES = {
    "one face": (sheet(1, 1).vertices, sheet(1, 1).faces[:1]),
    "a tetrahedron": (tetrahedron().vertices, tetrahedron().faces),
    "a leaf": (sheet(2, 4).vertices, sheet(2, 4).faces),
    "a leaf and one": (sheet(2, 9).vertices, sheet(2, 9).faces[: LEAF + 1]),
    "a hill": shuffled(sheet(9, 13, height=hill)),
    "a sphere": (ROUND.vertices.astype(np.float32).astype(np.float64), ROUND.faces),
    "in two threads": shuffled(sheet(98, 107, height=hill)),
    "all in one place": (np.full((3, 3), 7.0), np.zeros((40, 3), dtype=np.int32)),
    "copies": (sheet(2, 2).vertices, np.repeat(sheet(2, 2).faces, 9, axis=0)),
}


def boxes_of(vertices, faces):
    corners = vertices[faces].astype(np.float32)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def code_of(cell):
    """Bits of three numbers by turns, those of z first: written out and read again."""
    x, y, z = (f"{int(c):010b}" for c in cell)
    return int("".join(c + b + a for a, b, c in zip(x, y, z, strict=True)), 2)


@pytest.fixture(params=CASES, scope="module")
def case(request):
    vertices, faces = CASES[request.param]
    faces = np.ascontiguousarray(faces, dtype=np.int32)
    return vertices, faces, build_tree(vertices, faces)


def test_every_face_lies_in_one_place_with_its_box(case):
    vertices, faces, tree = case
    assert np.array_equal(np.sort(tree.order), np.arange(len(faces)))
    assert np.array_equal(tree.faces, faces[tree.order])
    assert tree.leaf_count == len(tree.boxes) == -(-len(faces) // LEAF)
    boxes = tree.boxes.transpose(0, 2, 1).reshape(-1, 6)
    assert np.array_equal(boxes[: len(faces)], boxes_of(vertices, tree.faces))
    assert (boxes[len(faces) :, :3] == np.inf).all()
    assert (boxes[len(faces) :, 3:] == -np.inf).all()


def test_every_node_holds_what_lies_below_it(case):
    _, _, tree = case
    first = len(tree.nodes) // 2
    assert tree.leaf_count <= first < 2 * tree.leaf_count
    assert first & (first - 1) == 0
    for n in range(first):
        inside = tree.boxes[n] if n < tree.leaf_count else np.zeros((6, 0), np.float32)
        assert np.array_equal(tree.nodes[first + n, :3], inside[:3].min(axis=1, initial=np.inf))
        assert np.array_equal(tree.nodes[first + n, 3:], inside[3:].max(axis=1, initial=-np.inf))
    for n in range(1, first):
        below = tree.nodes[2 * n : 2 * n + 2]
        assert np.array_equal(tree.nodes[n, :3], below[:, :3].min(axis=0))
        assert np.array_equal(tree.nodes[n, 3:], below[:, 3:].max(axis=0))


def test_faces_follow_the_curve_and_ties_their_numbers(case):
    vertices, faces, tree = case
    corners = vertices[faces]
    middle = (corners.min(axis=1) + corners.max(axis=1)) / 2
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    scale = 1023.0 / max((high - low).max(), 1e-300)
    cells = ((middle - low) * (scale if (high > low).any() else 0.0)).astype(int)
    codes = [code_of(cell) for cell in cells]
    assert tree.order.tolist() == sorted(range(len(faces)), key=lambda f: (codes[f], f))


def test_vertices_that_no_face_names_do_not_coarsen_the_curve():
    vertices, faces = CASES["a hill"]
    some = np.ascontiguousarray(faces[:40])
    far = np.concatenate([vertices, np.full((400, 3), 9e5)])
    assert np.array_equal(build_tree(far, some).order, build_tree(vertices[:140], some).order)
