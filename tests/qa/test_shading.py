import numpy as np
import pytest

from stsbench.qa.shading import split_sharp_edges
from tests.qa.bodies import box
from tests.shapes import sheet, sphere


def test_a_box_keeps_its_edges():
    mesh = box(60, 50, 15)
    smooth = split_sharp_edges(mesh.vertices, mesh.faces)
    across = np.abs(smooth.normals[smooth.faces])
    assert across.max(axis=2) == pytest.approx(1.0)  # every corner faces along an axis
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    flat = np.cross(b - a, c - a)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    assert smooth.normals[smooth.faces] == pytest.approx(np.repeat(flat[:, None], 3, axis=1))


def test_a_sphere_stays_smooth():
    mesh = sphere(3)
    smooth = split_sharp_edges(mesh.vertices, mesh.faces)
    assert (smooth.faces == mesh.faces).all()
    radial = mesh.vertices / np.linalg.norm(mesh.vertices, axis=1, keepdims=True)
    assert np.einsum("ij,ij->i", smooth.normals, radial).min() > 0.999


def test_doubled_vertices_stay_where_they_were():
    mesh = box(2, 3, 4)
    smooth = split_sharp_edges(mesh.vertices, mesh.faces)
    assert (mesh.vertices[smooth.vertex_source][smooth.faces] == mesh.vertices[mesh.faces]).all()


def test_a_face_without_area_harms_no_neighbour():
    flat = sheet(4, 4)
    faces = np.vstack([flat.faces, [[6, 7, 7]]])
    smooth = split_sharp_edges(flat.vertices, faces)
    assert np.isfinite(smooth.normals).all()
    assert smooth.normals[smooth.faces[:-1]] == pytest.approx(
        np.broadcast_to([0.0, 0.0, 1.0], (len(flat.faces), 3, 3))
    )


def test_no_faces_no_normals():
    smooth = split_sharp_edges(np.zeros((3, 3)), np.zeros((0, 3), np.int32))
    assert smooth.faces.shape == (0, 3)
