"""The Python side of the viewer: what it refuses, what it sends, what it gives back."""

import gc
import weakref

import numpy as np
import pytest

from stsbench.errors import InputError, MeshError
from stsbench.widgets.live_viewers import LiveViewers
from stsbench.widgets.viewer import Viewer
from tests.shapes import sheet

SHEET = sheet(5, 4)


class Recorder(Viewer):
    """A viewer whose messages are kept instead of sent."""

    def __init__(self, **options):
        self.sent = []
        super().__init__(**options)

    def send(self, content, buffers=None):
        self.sent.append((content, buffers))

    def types(self):
        return [content["type"] for content, _ in self.sent]

    def hear(self, kind, **content):
        self._receive(self, {"type": kind, **content}, [])


@pytest.fixture
def viewer():
    made = Recorder()
    made.show_mesh("scan", SHEET.vertices, SHEET.faces, editable=True)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"language": "fr"}, "'fr' is no language"),
        ({"tooth_numbers": "zsigmondy"}, "notation of teeth"),
        ({"height_px": 10}, "10 px"),
    ],
)
def test_settings_that_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        Viewer(**options)


@pytest.mark.parametrize(
    ("name", "call", "words"),
    [
        ("no faces", lambda v: v.show_mesh("x", SHEET.vertices, []), "no faces"),
        (
            "too many faces",
            lambda v: v.show_mesh("x", np.zeros((3, 3)), np.zeros((3_000_001, 3), np.int8)),
            "3,000,001 faces",
        ),
        ("an unknown layer", lambda v: v.apply_delta("other", removed=[1]), "No layer 'other'"),
        ("values of another mesh", lambda v: v.show_values("scan", [1.0]), r"shape \(1,\)"),
        (
            "a scale of no length",
            lambda v: v.show_values("scan", np.zeros(len(SHEET.vertices)), low=1, high=1),
            "scale",
        ),
        ("reasons of another mesh", lambda v: v.show_edits("scan", [1, 2]), r"shape \(2,\)"),
        (
            "a plane without direction",
            lambda v: v.show_plane([0, 0, 0], [0, 0, 0], confirmed=False),
            "direction",
        ),
        ("an unknown level", lambda v: v.say("x", "shout"), "shout"),
        (
            "two findings of one id",
            lambda v: v.show_findings(
                "scan", [{"id": "1", "kind": "hole", "place_mm": (0, 0, 0)}] * 2
            ),
            "share an id",
        ),
        ("a tooth that is none", lambda v: v.show_teeth({99: (0, 0, 0)}), "99"),
    ],
)
def test_calls_that_are_refused_send_nothing(viewer, name, call, words):
    viewer.hear("ready", view="a")
    before = len(viewer.sent)
    with pytest.raises((InputError, MeshError), match=words):
        call(viewer)
    assert len(viewer.sent) == before


def test_nothing_is_sent_before_a_view_is_ready(viewer):
    viewer.say("hello")
    assert viewer.sent == []
    viewer.hear("ready", view="a")
    assert viewer.types() == ["mesh", "say"]
    assert all(content["to"] == "a" for content, _ in viewer.sent)


def test_a_second_view_is_given_the_mesh_as_it_is_now(viewer):
    viewer.hear("ready", view="a")
    viewer.apply_delta("scan", removed=[3], vertices=[[9, 9, 9]], faces=[[0, 1, 20]])
    viewer.preview_delta("scan", removed=[4])
    viewer.show_findings("scan", [{"id": "1", "kind": "hole", "place_mm": (0, 0, 0)}])
    viewer.sent.clear()
    viewer.hear("ready", view="b")
    assert viewer.types() == ["mesh", "delta", "findings"]
    mesh = viewer.sent[0][1]
    assert np.frombuffer(mesh[1], np.uint32).reshape(-1, 3)[-1].tolist() == [0, 1, 20]
    assert np.frombuffer(mesh[3], np.uint32).tolist() == [3]
    assert viewer.sent[1][0]["preview"] is True


def test_findings_without_extras_are_filled_in(viewer):
    viewer.hear("ready", view="a")
    viewer.show_findings("scan", [{"id": 7, "kind": "hole", "place_mm": np.zeros(3), "tooth": 16}])
    (item,) = viewer.sent[-1][0]["items"]
    assert item == {
        "id": "7", "kind": "hole", "place_mm": [0, 0, 0], "size_mm": 0.0, "severity": "note",
        "title": "", "loop": None, "faces": None, "tooth": 16, "number": None,
    }  # fmt: skip


def test_clear_forgets_every_mesh_at_once(viewer):
    viewer.hear("ready", view="a")
    viewer.clear("The case is closed.")
    assert viewer.sent[-1][0]["type"] == "clear"
    viewer.sent.clear()
    viewer.hear("ready", view="b")
    assert viewer.types() == ["clear"], "a page that is opened later shows nothing either"


def test_a_mesh_never_is_part_of_the_state(viewer):
    state = viewer.get_state()
    assert len(str(state)) < 8000
    assert not any(isinstance(value, bytes | memoryview | np.ndarray) for value in state.values())


def test_several_handlers_hear_one_event_and_an_error_becomes_a_line(viewer):
    heard = []
    viewer.hear("ready", view="a")
    viewer.on("use", lambda content, _: heard.append(content["use"]))
    viewer.on("use", lambda *_: viewer.show_edits("scan", [1]))
    viewer.hear("use", use={"tool": "fill"})
    assert heard == [{"tool": "fill"}]
    assert viewer.sent[-1][0]["level"] == "error"
    assert "Pass one reason per slot" in viewer.sent[-1][0]["text"]


def test_an_unforeseen_error_names_no_value_on_the_screen(viewer):
    viewer.hear("ready", view="a")
    viewer.on("save", lambda *_: {}["P-secret"])
    with pytest.raises(KeyError):
        viewer.hear("save")
    assert "P-secret" not in viewer.sent[-1][0]["text"]


def test_the_script_is_sent_to_whoever_asks(viewer):
    viewer.hear("load")
    content, buffers = viewer.sent[-1]
    assert content == {"type": "bundle", "digest": viewer.bundle}
    assert bytes(buffers[0][:12]) == b"/*! stsbench"


def test_a_closed_viewer_is_let_go():
    viewer = Recorder()
    viewer.show_mesh("scan", SHEET.vertices, SHEET.faces)
    gone = weakref.ref(viewer._layers["scan"])
    viewer.close()
    gc.collect()
    assert gone() is None


class Closable:
    closed = False

    def close(self):
        self.closed = True


def test_running_a_cell_again_closes_what_its_last_run_made():
    live, first, second, other, third = LiveViewers(), *(Closable() for _ in range(4))
    live.enter(first, "cell 1", "run 1")
    live.enter(second, "cell 1", "run 1")
    live.enter(other, "cell 2", "run 2")
    assert not first.closed
    live.enter(third, "cell 1", "run 3")
    assert (first.closed, second.closed, other.closed, third.closed) == (True, True, False, False)
    live.leave(third)
    live.leave(third)
    live.enter(Closable(), "cell 1", "run 4")
    assert not third.closed, "it was closed by its owner"
