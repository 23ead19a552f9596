"""The viewer in a real Chromium: what Python shows is drawn, what is clicked arrives."""

import numpy as np
import pytest

from tests.shapes import sphere

pytestmark = pytest.mark.browser


def test_a_mesh_is_drawn_and_a_click_names_its_face(make_viewer):
    viewer = make_viewer()
    ball = sphere()
    viewer.show_mesh("ball", ball.vertices, ball.faces, editable=True)
    viewer.open_view()
    assert [event["what"] for event in viewer.seen("drawn")] == ["mesh"]
    viewer.page.mouse.click(640, 320)
    (event,) = viewer.seen("select")
    assert event["layer"] == "ball"
    assert np.frombuffer(event["buffers"][0], np.uint32).shape == (1,)
