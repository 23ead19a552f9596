"""What leaves for the page: shapes, ranges and refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.errors import InputError, MeshError
from stsbench.widgets.findings_shown import as_shown_finding
from stsbench.widgets.mirrors import LayerMirror
from stsbench.widgets.wire import (
    Delta,
    as_colours,
    as_delta,
    as_faces,
    as_triple,
    as_vertices,
)

SQUARE = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], np.float32)
HALVES = np.array([(0, 1, 2), (0, 2, 3)], np.uint32)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sets(st.integers(0, 11)), st.integers(0, 3)), max_size=6))
def test_a_mirror_counts_what_is_alive(steps):
    vertices, faces = np.zeros((12, 3), np.float32), np.tile([[0, 1, 2]], (12, 1)).astype(np.uint32)
    layer, alive = LayerMirror(vertices, faces, None, {}), set(range(12))
    for slots, more in steps:
        change = {"removed": sorted(slots & alive), "revived": sorted(slots - alive)}
        layer.apply(layer.checked(as_delta({**change, "faces": [[3, 4, 5]] * more})))
        alive ^= slots
        alive |= set(range(layer.face_count - more, layer.face_count))
        assert layer.alive_count == len(alive)


@pytest.mark.parametrize(
    ("name", "call", "words"),
    [
        ("flat vertices", lambda: as_vertices([1.0, 2.0, 3.0]), r"shape \(3,\)"),
        ("a coordinate that is no number", lambda: as_vertices([[0, 0, np.nan]]), "finite"),
        ("quads", lambda: as_faces([[0, 1, 2, 3]], 4), r"shape \(1, 4\)"),
        ("a vertex that is not there", lambda: as_faces([[0, 1, 4]], 4), "0 to 4"),
        ("too few colours", lambda: as_colours([[1, 2, 3]], 2), "2 vertices"),
        ("two numbers for a place", lambda: as_triple([1.0, 2.0]), "three numbers"),
        ("a finding without place", lambda: as_shown_finding({"id": "1", "kind": "hole"}), "place"),
        (
            "a severity nobody knows",
            lambda: as_shown_finding(
                {"id": "1", "kind": "hole", "place_mm": [0, 0, 0], "severity": "bad"}
            ),
            "bad",
        ),
    ],
)
def test_what_would_not_draw_is_refused(name, call, words):
    with pytest.raises((InputError, MeshError), match=words):
        call()


def mirror():
    return LayerMirror(SQUARE, HALVES, None, {"layer": "one"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"removed": [2]}, "Removed slots go from 2"),
        ({"removed": [-1]}, "Removed slots"),
        ({"revived": [0]}, "alive already"),
        ({"moved": [0], "moved_to": []}, "1 vertices move to 0"),
        ({"vertices": [[0, 0, 1]], "faces": [[0, 1, 5]]}, "there are 5"),
        ({"face_count": 3}, "face_count is 3"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(change, words):
    with pytest.raises((InputError, MeshError), match=words):
        mirror().checked(as_delta(change))


def test_a_dead_slot_does_not_die_again():
    layer = mirror()
    layer.apply(layer.checked(as_delta({"removed": [1]})))
    assert layer.alive_count == 1
    with pytest.raises(InputError, match="dead already"):
        layer.checked(as_delta({"removed": [1]}))


def test_an_undo_brings_the_layer_back():
    layer = mirror()
    step = {"removed": [0], "vertices": [[0.5, 0.5, 1]], "faces": [[0, 1, 4], [1, 2, 4]],
            "moved": [3], "moved_to": [[0, 2, 0]]}  # fmt: skip
    before = [bytes(buffer) for buffer in layer.message().buffers]
    layer.apply(layer.checked(as_delta(step)))
    assert (layer.vertex_count, layer.face_count, layer.alive_count) == (5, 4, 3)
    undo = {
        "vertex_count": 4,
        "face_count": 2,
        "revived": [0],
        "moved": [3],
        "moved_to": SQUARE[3:],
    }
    layer.apply(layer.checked(as_delta(undo)))
    assert [bytes(buffer) for buffer in layer.message().buffers] == before
    assert SQUARE[3].tolist() == [0, 1, 0], "the caller's array is not ours to change"


def test_a_delta_travels_in_seven_buffers():
    message = Delta(removed=np.array([7], np.uint32)).message("lower", preview=True)
    assert [len(buffer) for buffer in message.buffers] == [4, 0, 0, 0, 0, 0, 0]
    assert message.content["preview"] is True
