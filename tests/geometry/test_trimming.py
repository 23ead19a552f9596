"""Cutting a surface where its vertices change sides: areas, shared vertices, parts."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.topology import half_edge_twins
from stsbench.geometry.trimming import edges_to_cut, parts_of, split_faces
from tests.repair.referee import edge_counts
from tests.shapes import sheet, sphere


def area_of(vertices, faces):
    a, b, c = (vertices[faces[:, j]] for j in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def cut(mesh, depth, alive=None):
    alive = np.ones(mesh.face_count, dtype=bool) if alive is None else alive
    side = np.sign(depth).astype(np.int8)
    edges = edges_to_cut(mesh.faces, alive, side)
    share = depth[edges.low] / (depth[edges.low] - depth[edges.high])
    low, high = mesh.vertices[edges.low], mesh.vertices[edges.high]
    places = low + (high - low) * share[:, None]
    done = split_faces(mesh.vertices, mesh.faces, side, edges, places)
    keep = alive.copy()
    keep[done.removed] = False
    return (
        np.concatenate([mesh.vertices, places]),
        np.concatenate([mesh.faces[keep], done.faces]),
        done,
    )


@pytest.mark.parametrize("turn", [0.0, 0.3, 1.1, 2.4, 4.0])
def test_what_is_left_of_a_sheet_has_the_area_of_the_polygon(turn):
    mesh = sheet(20, 20)  # 10 x 10 mm
    normal = np.array([np.cos(turn), np.sin(turn), 0.0])
    depth = (mesh.vertices - [5.013, 4.987, 0]) @ normal
    vertices, faces, done = cut(mesh, depth)
    # By the shoelace formula over the square clipped to the same half-plane.
    square = np.array([(0, 0), (10, 0), (10, 10), (0, 10)], dtype=float)
    inside = (square - [5.013, 4.987]) @ normal[:2]
    polygon = []
    for k in range(4):
        if inside[k] <= 0:
            polygon.append(square[k])
        after = (k + 1) % 4
        if inside[k] * inside[after] < 0:
            t = inside[k] / (inside[k] - inside[after])
            polygon.append(square[k] + t * (square[after] - square[k]))
    x, y = np.array(polygon).T
    truth = abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2
    assert area_of(vertices, faces).sum() == pytest.approx(truth, rel=1e-9)
    assert (np.diff(done.source) >= 0).all()
    used = np.unique(faces)
    assert ((vertices[used] - [5.013, 4.987, 0]) @ normal).max() < 1e-9


def test_cut_vertices_are_shared_and_no_crack_opens():
    ball = sphere(4)
    vertices, faces, _ = cut(ball, ball.vertices @ np.array([0.2, 0.3, 1.0]) - 1.001)
    _, uses = edge_counts(faces)
    assert uses.max() == 2
    table = half_edge_twins(np.ascontiguousarray(faces), len(vertices))
    corners = faces.ravel()
    own = np.flatnonzero(table >= 0)
    after = np.where(own % 3 == 2, own - 2, own + 1)
    assert np.array_equal(corners[after], corners[table[own]])  # wound alike


def test_a_corner_on_the_line_is_used_as_it_is():
    mesh = sheet(1, 1, pitch_mm=1.0)
    depth = mesh.vertices[:, 0] - mesh.vertices[:, 1]  # along the diagonal
    vertices, faces, done = cut(mesh, depth)
    assert not len(done.faces)
    assert len(faces) == 1
    depth = mesh.vertices[:, 0] - 0.5 * mesh.vertices[:, 1]
    vertices, faces, done = cut(mesh, depth)
    assert area_of(vertices, faces).sum() == pytest.approx(0.25)


def test_dead_faces_are_neither_cut_nor_removed():
    mesh = sheet(4, 4)
    alive = np.zeros(mesh.face_count, dtype=bool)
    alive[:4] = True
    _, faces, done = cut(mesh, mesh.vertices[:, 0] - 0.7, alive)
    assert done.removed.max() < 4
    assert done.source.max() < 4
    assert len(faces)


def test_parts_are_what_edges_join_that_are_not_cut():
    mesh = sheet(6, 6)
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    corners = mesh.faces.ravel()
    after = np.where(np.arange(len(twin)) % 3 == 2, -2, 1) + np.arange(len(twin))
    left = mesh.vertices[:, 0] < 1.4
    parted = left[corners] != left[corners[after]]
    alive = np.ones(mesh.face_count, dtype=bool)
    part = parts_of(mesh.faces, alive, parted, mesh.vertex_count)
    assert len(np.unique(part)) == 2
    assert np.array_equal(part == part[0], left)
    alone = parts_of(mesh.faces, np.zeros_like(alive), parted, mesh.vertex_count)
    assert np.array_equal(alone, np.arange(mesh.vertex_count))


def test_what_is_left_of_a_face_is_split_along_the_shorter_diagonal():
    mesh = TriangleMesh(np.array([[0, 0, 0], [4, 0, 0], [0, 1, 0.0]]), np.array([[0, 1, 2]]))
    depth = np.array([-1.0, 3.0, -1.0])  # the cut is at x = 1 and from (1, 0.75)
    vertices, faces, _ = cut(mesh, depth)
    lengths = {
        tuple(sorted(edge)): np.linalg.norm(vertices[edge[0]] - vertices[edge[1]])
        for face in faces.tolist()
        for edge in ((face[0], face[1]), (face[1], face[2]), (face[2], face[0]))
    }
    assert len(faces) == 2
    inner = [
        lengths[edge]
        for edge in lengths
        if sum(set(edge) <= set(face) for face in faces.tolist()) == 2
    ]
    assert inner == [pytest.approx(np.hypot(1.0, 0.75))]  # the other one is hypot(1, 1)
