import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.level_set import extract_surface
from stsbench.samples.adjacency import (
    border_loop_count,
    border_vertices,
    edge_table,
    face_components,
    face_pairs,
    mean_edge_mm,
    pinched_vertices,
    take_faces,
    tunnel_count,
    vertex_normals,
)
from tests.shapes import grid_faces, sheet, sphere, tetrahedron


def two_at_a_point():
    faces = np.array([[0, 1, 2], [0, 3, 4]], dtype=np.int32)
    return TriangleMesh(np.random.default_rng(1).random((5, 3)), faces)


@pytest.mark.parametrize(
    ("name", "mesh", "edges", "inner", "loops", "pieces", "pinched"),
    [
        ("sheet", sheet(2, 3), 23, 13, 1, 1, 0),
        ("closed", tetrahedron(), 6, 6, 0, 1, 0),
        ("touching at a point", two_at_a_point(), 6, 0, 1, 2, 1),
    ],
)
def test_counts(name, mesh, edges, inner, loops, pieces, pinched):
    table, edge = edge_table(mesh.faces)
    assert len(table) == edges
    assert np.array_equal(np.unique(edge), np.arange(edges))
    assert len(face_pairs(mesh.faces)[0]) == inner
    assert border_loop_count(mesh) == loops
    assert len(np.unique(face_components(mesh.faces))) == pieces
    assert len(pinched_vertices(mesh.faces)) == pinched


def test_the_border_of_a_sheet_with_a_hole():
    mesh = sheet(4, 4)
    holed = take_faces(mesh, np.arange(mesh.face_count) != 10)
    assert border_loop_count(holed) == 2
    assert border_vertices(holed).sum() == 16 + 3


def test_taking_faces_drops_loose_vertices_and_keeps_what_belongs_to_the_rest():
    mesh = sheet(2, 2)
    tinted = TriangleMesh(
        mesh.vertices, mesh.faces, np.arange(27).reshape(9, 3), {"fdi": np.arange(9)}
    )
    part = take_faces(tinted, np.array([0]))
    kept = part.attributes["fdi"]
    assert part.vertex_count == 3
    assert np.array_equal(part.vertices, mesh.vertices[kept])
    assert np.array_equal(part.colours[:, 0], 3 * kept)


def test_normals_point_outwards_and_the_mean_edge_is_a_mean():
    ball = sphere(3)
    normals = vertex_normals(ball.vertices, ball.faces)
    assert np.allclose(normals, ball.vertices / 5.0, atol=0.02)
    unit = TriangleMesh(
        np.array([[0, 0, 0], [3, 0, 0], [3, 4, 0]], float), grid_faces(1, 1)[:1] * 0 + [0, 1, 2]
    )
    assert mean_edge_mm(unit) == pytest.approx(4.0)


def test_a_ring_has_one_tunnel_and_a_ball_none():
    x, y, z = np.meshgrid(*[np.linspace(-3, 3, 25)] * 3, indexing="ij")
    torus = extract_surface((np.hypot(np.hypot(x, y) - 1.8, z) - 0.7).astype(np.float32))
    assert tunnel_count(TriangleMesh(*torus)) == 1
    assert tunnel_count(sphere(1)) == 0
    assert tunnel_count(sheet(3, 3)) == 0
