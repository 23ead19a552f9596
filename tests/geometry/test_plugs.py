"""Plugs: a crossing surface becomes a clean one, and nothing far from the crossing changes."""

import numpy as np
import pytest

from stsbench.geometry.plugs import plug_faces
from stsbench.geometry.self_intersection import self_meetings
from stsbench.geometry.solid import measure_solid
from tests.shapes import sphere

UP = np.array([0.0, 0, 1])


def _pinched():
    """A ball with one vertex pulled through the other side."""
    ball = sphere(3, radius_mm=5.0)
    vertices = ball.vertices.copy()
    top = int(vertices[:, 0].argmax())
    vertices[top] = [-5.4, 0.3, 0.2]
    return vertices.astype(np.float32).astype(float), ball.faces


def _crossed(vertices, faces):
    return np.unique(self_meetings(vertices, faces).pairs)


@pytest.mark.parametrize("group_mm", [0.0, 0.6])
def test_the_crossing_goes(group_mm):
    vertices, faces = _pinched()
    chosen = _crossed(vertices, faces)
    assert len(chosen) > 3
    found = plug_faces(vertices, faces, chosen, radius_mm=0.3, group_mm=group_mm, up=UP)
    rounded = found.vertices.astype(np.float32).astype(float)
    assert len(self_meetings(rounded, found.faces).pairs) == 0
    solid = measure_solid(rounded, found.faces)
    assert (solid.watertight, solid.shells) == (True, 1)
    assert solid.volume_mm3 > 0


def test_faces_away_from_the_plug_are_those_of_the_surface():
    ball = sphere(3, radius_mm=5.0)
    found = plug_faces(ball.vertices, ball.faces, np.array([7]), radius_mm=0.4, up=UP)
    whole = np.array([tuple(sorted(map(tuple, face))) for face in ball.vertices[ball.faces]])
    source = found.face_source
    near = (
        np.linalg.norm(
            ball.vertices[ball.faces].mean(axis=1) - ball.vertices[ball.faces[7, 0]], axis=1
        )
        < 2.5
    )
    kept = 0
    for face, origin in zip(found.vertices[found.faces], source, strict=True):
        if origin >= 0 and not near[origin]:
            assert (np.array(sorted(map(tuple, face))) == whole[origin]).all()
            kept += 1
    assert kept == int((~near).sum())
    assert (source < 0).any()
    # A dab on a face of a ball: outside it is about half of a small ball and a prism.
    assert measure_solid(found.vertices, found.faces).volume_mm3 > (
        measure_solid(ball.vertices, ball.faces).volume_mm3
    )


def test_a_plug_ends_at_the_bottom():
    ball = sphere(3, radius_mm=5.0)
    lowest = int(ball.vertices[ball.faces].mean(axis=1)[:, 2].argmin())
    found = plug_faces(ball.vertices, ball.faces, np.array([lowest]), radius_mm=0.5, up=UP)
    assert found.vertices[:, 2].min() >= ball.vertices[:, 2].min() - 1e-9


def test_a_pocket_is_dropped():
    ball, pocket = sphere(3, radius_mm=5.0), sphere(2, radius_mm=1.0)
    vertices = np.vstack([ball.vertices, pocket.vertices])
    faces = np.concatenate([ball.faces, pocket.faces[:, ::-1] + ball.vertex_count])
    found = plug_faces(vertices, faces, np.array([3]), radius_mm=0.3, up=UP)
    assert found.dropped_shells == 1
    assert measure_solid(found.vertices, found.faces).shells == 1
