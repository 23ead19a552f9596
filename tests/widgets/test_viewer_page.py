"""The viewer in a real Chromium: what Python shows is drawn, what is clicked arrives."""

from itertools import pairwise

import numpy as np
import pytest

from tests.shapes import sheet, sphere

pytestmark = pytest.mark.browser

SHEET = sheet(21, 21, pitch_mm=1.0)  # 20 x 20 mm, two faces per cell
MIDDLE = SHEET.vertices[SHEET.faces].mean(axis=1)
HOLE = np.flatnonzero(np.hypot(*(MIDDLE[:, :2] - (8.0, 12.0)).T) < 1.6)


@pytest.fixture
def viewer(make_viewer):
    """A flat sheet with a hole, seen from above."""
    made = make_viewer()
    made.show_mesh("scan", SHEET.vertices, SHEET.faces, editable=True, title="Lower jaw")
    made.open_view()
    made.apply_delta("scan", removed=HOLE)
    return made


def drawn_faces(viewer):
    return viewer.ask("app.active.slots.aliveCount")


def test_a_mesh_is_drawn(viewer):
    assert [event["what"] for event in viewer.seen("drawn")] == ["mesh", "delta"]
    assert drawn_faces(viewer) == len(SHEET.faces) - len(HOLE)
    picture = viewer.ask(
        """(() => { app.stage.draw();
          const gl = app.stage.renderer.getContext(), data = new Uint8Array(4 * 40 * 40);
          gl.readPixels(app.stage.width / 2, app.stage.height / 2, 40, 40, gl.RGBA,
                        gl.UNSIGNED_BYTE, data);
          return Array.from(data); })()"""
    )
    red, blue = np.array(picture).reshape(-1, 4)[:, 0], np.array(picture).reshape(-1, 4)[:, 2]
    assert (red.astype(int) - blue).mean() > 20, "stone is warmer than the sky"


def test_nothing_is_drawn_without_need(viewer):
    viewer.page.wait_for_timeout(400)
    before = viewer.ask("app.stage.frames")
    viewer.page.wait_for_timeout(300)
    assert viewer.ask("app.stage.frames") == before


@pytest.mark.parametrize("beside_mm", [0.0, 1.7])
def test_a_click_in_or_at_a_hole_asks_to_fill_it(viewer, beside_mm):
    viewer.press("f")
    viewer.click((8.0 + beside_mm, 12.0, 0.0))
    use, _ = viewer.use()
    assert (use["tool"], use["layer"], use["preview"]) == ("fill", "scan", True)
    left = np.delete(SHEET.faces, HOLE, axis=0)
    halves = {tuple(edge) for k in range(3) for edge in left[:, [k, (k + 1) % 3]].tolist()}
    v0, v1 = use["edge"]
    assert (v0, v1) in halves
    assert (v1, v0) not in halves, "an open edge"


def test_a_click_beside_every_hole_asks_for_nothing(viewer):
    viewer.press("f")
    viewer.click((14.0, 4.0, 0.0))
    assert viewer.seen("use") == []
    assert "no hole" in viewer.ask("app.root.querySelector('.sts-line').textContent")


def test_a_preview_is_accepted_by_enter_and_rejected_by_escape(viewer):
    before = drawn_faces(viewer)
    for key, event in (("Escape", "reject"), ("Enter", "accept")):
        viewer.preview_delta("scan", revived=HOLE)
        assert drawn_faces(viewer) == before + len(HOLE)
        viewer.press(key)
        assert len(viewer.seen(event)) == 1
        viewer.drop_preview()
        assert drawn_faces(viewer) == before


def test_an_applied_delta_takes_the_preview_away_first(viewer):
    viewer.preview_delta("scan", revived=HOLE)
    viewer.apply_delta("scan", revived=HOLE)
    assert drawn_faces(viewer) == len(SHEET.faces)
    assert viewer.ask("app.preview") is None


def square(x, y, half):
    return [(x + dx * half, y + dy * half, 0.0) for dx, dy in
            [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -0.9)]]  # fmt: skip


def chosen(viewer):
    event = viewer.seen("select")[-1]
    slots = np.frombuffer(event["buffers"][0], np.uint32)
    assert event["count"] == len(slots)
    return set(slots.tolist())


def test_a_lasso_chooses_the_faces_inside(viewer):
    viewer.press("l")
    viewer.drag(*square(14.5, 5.5, 2.2))
    corners = np.abs(SHEET.vertices[SHEET.faces][:, :, :2] - (14.5, 5.5)).max(axis=(1, 2))
    assert chosen(viewer) == set(np.flatnonzero(corners < 2.2).tolist())
    viewer.press("g")
    assert len(chosen(viewer)) == 48, "five cells by five, but for two far corners"
    viewer.press("Shift+G")
    assert len(chosen(viewer)) == 18
    viewer.press("i")
    assert len(chosen(viewer)) == len(SHEET.faces) - len(HOLE) - 18
    viewer.press("Escape")
    assert chosen(viewer) == set()


@pytest.mark.parametrize(
    ("key", "tool", "preview", "more"),
    [
        ("Delete", "delete", False, {}),
        ("r", "refill", True, {}),
        ("s", "smooth", True, {"cap_mm": 0.05, "passes": 10}),
    ],
)
def test_chosen_faces_go_to_python_in_a_buffer(viewer, key, tool, preview, more):
    viewer.press("l")
    viewer.drag(*square(14.5, 5.5, 2.2))
    viewer.press(key)
    use, slots = viewer.use()
    assert use == {"tool": tool, "layer": "scan", "preview": preview, **more}
    assert set(slots.tolist()) == chosen(viewer)


def test_what_was_deleted_is_no_longer_chosen(viewer):
    viewer.press("l")
    viewer.drag(*square(14.5, 5.5, 2.2))
    viewer.press("Delete")
    _, slots = viewer.use()
    viewer.apply_delta("scan", removed=slots[:10])
    assert viewer.ask("app.selection.count") == len(slots) - 10


def test_a_brush_paints_and_takes_away(viewer):
    viewer.press("b")
    viewer.drag((4, 4, 0), (9, 4, 0), steps=12)
    painted = chosen(viewer)
    away = np.abs(MIDDLE[sorted(painted)][:, 1] - 4)
    assert len(painted) > 12
    assert away.max() <= 1.0, "the radius is 1 mm"
    viewer.page.keyboard.down("Control")
    viewer.drag((4, 4, 0), (9, 4, 0), steps=12)
    viewer.page.keyboard.up("Control")
    assert chosen(viewer) == set()


def test_a_lasso_does_not_choose_what_is_hidden_unless_asked(make_viewer):
    viewer = make_viewer()
    ball = sphere()
    viewer.show_mesh("ball", ball.vertices, ball.faces, editable=True)
    viewer.open_view()
    viewer.press("l")
    viewer.drag(*square(0, 0, 5.15))
    centres = ball.vertices[ball.faces].mean(axis=1)
    assert chosen(viewer)
    assert (centres[sorted(chosen(viewer))][:, 2] > -0.3).all()
    viewer.press("Shift+X")
    viewer.drag(*square(0, 0, 5.15))
    assert len(chosen(viewer)) == len(ball.faces)


def test_a_piece_is_deleted_or_kept_alone(viewer):
    ball = sphere(2, 2.0)
    vertices = np.vstack([SHEET.vertices, ball.vertices + np.array([14, 5, 3])])
    faces = np.vstack([SHEET.faces, ball.faces + len(SHEET.vertices)])
    viewer.show_mesh("scan", vertices, faces, editable=True)
    viewer.press("c")
    viewer.click((14, 5, 5))
    assert chosen(viewer) == set(range(len(SHEET.faces), len(faces)))
    viewer.page.get_by_text("Delete piece").click()
    use, _ = viewer.use()
    assert use["tool"] == "delete_component"
    assert use["face"] >= len(SHEET.faces)


def test_a_line_across_the_picture_trims_by_a_plane(viewer):
    viewer.press("t")
    viewer.drag((5, 0.5, 0), (5, 19.5, 0))
    viewer.press("Enter")
    use, _ = viewer.use()
    assert use["tool"] == "trim_plane"
    assert use["point"][0] == pytest.approx(5, abs=0.05)
    assert np.abs(use["normal"]) == pytest.approx([1, 0, 0], abs=0.01)


def test_a_drawn_curve_trims_the_side_clicked(viewer):
    viewer.press("y")
    viewer.drag(*square(14, 6, 3), steps=8)
    viewer.press("Enter")
    viewer.click((14, 6, 0))
    use, _ = viewer.use()
    assert use["tool"] == "trim_curve"
    curve = np.array(use["points"])
    assert curve[0] == pytest.approx(curve[-1]), "a closed curve"
    assert np.abs(np.abs(curve[:, :2] - (14, 6)).max(axis=1) - 3).max() < 0.2
    assert use["goes"] == pytest.approx([14, 6, 0], abs=0.1)


def test_measures_are_in_millimetres_and_degrees(viewer):
    viewer.press("m")
    viewer.click((2, 2, 0))
    viewer.click((5, 6, 0))
    viewer.press("a")
    for place in [(10, 2, 0), (4, 2, 0), (4, 8, 0)]:
        viewer.click(place)
    length, angle = viewer.seen("measure")
    assert (length["kind"], length["unit"]) == ("distance", "mm")
    assert length["value"] == pytest.approx(5, abs=0.05)
    assert (angle["kind"], angle["unit"]) == ("angle", "deg")
    assert angle["value"] == pytest.approx(90, abs=0.5)


def test_the_thickness_of_a_wall(make_viewer):
    viewer = make_viewer()
    ball = sphere(4, 4.0)
    viewer.show_mesh("ball", ball.vertices, ball.faces)
    viewer.open_view()
    viewer.press("n")
    viewer.click((0, 0, 4))
    (event,) = viewer.seen("measure")
    assert (event["kind"], round(event["value"], 1)) == ("thickness", 8.0)


def test_a_note_marks_its_place(viewer):
    viewer.press("Shift+N")
    viewer.click((14, 6, 0))
    viewer.page.keyboard.type("ask the clinic: bubble?")
    viewer.page.keyboard.press("Enter")
    (event,) = viewer.seen("mark")
    assert event["note"] == "ask the clinic: bubble?"
    assert event["place_mm"] == pytest.approx([14, 6, 0], abs=0.1)


def test_python_takes_a_note_off_the_page_and_puts_it_back(viewer):
    shown = viewer.page.locator(".sts-note")
    viewer.press("Shift+N")
    viewer.click((14, 6, 0))
    viewer.page.keyboard.type("rough")
    viewer.page.keyboard.press("Enter")
    shown.first.wait_for(state="attached")
    viewer.show_notes("scan", [])
    shown.first.wait_for(state="detached")
    viewer.show_notes("scan", [((14, 6, 0), "rough"), ((2, 2, 0), "bubble")])
    viewer.page.wait_for_function("() => document.querySelectorAll('.sts-note').length === 2")
    assert "2  bubble" in viewer.page.locator("svg text").all_text_contents()
    viewer.show_notes("scan", [((2, 2, 0), "bubble")])
    viewer.page.wait_for_function("() => document.querySelectorAll('.sts-note').length === 1")
    assert "1  bubble" in viewer.page.locator("svg text").all_text_contents()


def test_measures_and_notes_of_the_page_are_undone_among_the_steps(viewer):
    def shown(done, notes):
        viewer.page.wait_for_function(
            "([done, notes]) => { const { measures } = [...window.stsbenchViewers].at(-1);"
            " return measures.done.length === done && measures.notes.length === notes; }",
            arg=[done, notes],
        )

    viewer.press("m")
    viewer.click((2, 2, 0))
    viewer.click((5, 6, 0))
    viewer.press("Shift+N")
    viewer.click((14, 6, 0))
    viewer.page.keyboard.type("rough")
    viewer.page.keyboard.press("Enter")
    shown(1, 1)
    viewer.press("Control+z")
    shown(1, 0)
    viewer.press("Control+z")
    shown(0, 0)
    assert viewer.seen("undo") == []
    viewer.press("Control+y", "Control+y")
    shown(1, 1)
    viewer.history("Fill hole", None)  # a step of Python's comes after them
    viewer.page.wait_for_function("() => [...window.stsbenchViewers].at(-1).history.undo")
    viewer.press("Control+z")
    assert len(viewer.seen("undo")) == 1
    viewer.history(None, "Fill hole")
    viewer.page.wait_for_function("() => ![...window.stsbenchViewers].at(-1).history.undo")
    viewer.press("Control+z")
    shown(1, 0)
    viewer.show_notes("scan", [((2, 2, 0), "rough")])  # from now on Python has the say of notes
    shown(1, 1)
    viewer.press("Control+z")
    shown(0, 1)
    viewer.press("Control+z", "Control+y")
    shown(1, 1)


def test_cleared_measures_come_back_with_undo(viewer):
    def measured():
        return viewer.page.evaluate("() => [...window.stsbenchViewers].at(-1).measures.done.length")

    viewer.press("m")
    for place in [(2, 2, 0), (5, 6, 0), (8, 6, 0), (5, 2, 0)]:
        viewer.click(place)
    counts = [measured()]
    viewer.page.get_by_role("button", name="Clear measures").click()
    counts.append(measured())
    for key in ("Control+z", "Control+z", "Control+y", "Control+y", "Control+z"):
        viewer.press(key)
        counts.append(measured())
    assert counts == [2, 0, 2, 1, 2, 0, 2]


def test_tools_that_change_a_mesh_are_there_where_one_may_be_changed(viewer):
    def tools():
        names = viewer.page.locator(".sts-rail button:visible").all_inner_texts()
        return {name.strip() for name in names}

    assert {"Turn", "Lasso", "Fill hole", "Distance"} <= tools()
    viewer.show_mesh("scan", SHEET.vertices, SHEET.faces, title="Lower jaw")
    viewer.page.get_by_role("button", name="Lasso").wait_for(state="hidden")
    assert tools() == {"Turn", "Distance", "Angle", "Thickness", "Note"}
    viewer.show_plane([10, 10, 0], [0, 0, 1], confirmed=False)
    viewer.page.get_by_role("button", name="Occlusal plane").wait_for()
    assert viewer.page.get_by_text("Preview first").count() == 0
    viewer.press("l")
    assert viewer.ask("app.tools.active.id") == "turn"


def test_labels_of_measures_cover_no_other(viewer):
    viewer.press("m")
    for start, end in [((2, 5), (8, 5)), ((5, 2), (5, 8)), ((2, 2), (8, 8)), ((2, 8), (8, 2))]:
        viewer.click((*start, 0))
        viewer.click((*end, 0))
    viewer.page.wait_for_function(
        "() => document.querySelectorAll('svg text.sts-strong').length === 4"
    )
    texts = viewer.page.locator("svg text.sts-strong")  # all about one middle
    tops = sorted(one.bounding_box()["y"] for one in texts.all())
    assert len(tops) == 4
    assert min(below - above for above, below in pairwise(tops)) >= 15
    drawn = viewer.ask("[...app.overlay.element.querySelectorAll('*')].map((one) => one.tagName)")
    assert "text" not in drawn[: len(drawn) - drawn[::-1].index("polyline")]  # lines lie below


def test_three_places_give_a_plane_and_enter_confirms_it(viewer):
    viewer.press("p")
    for place in [(2, 2, 0), (18, 2, 0), (10, 18, 0)]:
        viewer.click(place)
    (event,) = viewer.seen("plane")
    assert np.array(event["points"])[2] == pytest.approx([10, 18, 0], abs=0.1)
    assert event["layer"] == "scan"
    viewer.show_plane([10, 10, 0], [0, 0, 1], confirmed=False)
    viewer.press("Enter")
    assert len(viewer.seen("plane_confirm")) == 1
    viewer.show_plane([10, 10, 0], [0, 0, 1], confirmed=True)
    viewer.press("Enter")
    assert len(viewer.seen("plane_confirm")) == 1, "confirmed already"


def test_directions_turn_a_view_that_nobody_moved(viewer):
    towards = "app.stage.view.finishFlight() ?? app.stage.view.axis(0, 0, 1).toArray()"
    viewer.set_directions(occlusal=(0, -1, 0), frontal=(0, 0, 1), upper=False)
    assert viewer.ask(towards) == pytest.approx([0, -1, 0], abs=1e-9)
    viewer.ask("app.stage.view.orbit(40, 0)")
    mine = viewer.ask(towards)
    viewer.set_directions(occlusal=(0, 0, 1), frontal=(0, -1, 0), upper=False)
    assert viewer.ask(towards) == mine, "nobody is taken away from what he looks at"
    viewer.press("1")
    assert viewer.ask(towards) == pytest.approx([0, 0, 1], abs=1e-9)


def test_all_holes_below_a_length(viewer):
    viewer.press("f")
    viewer.page.locator("[data-field=rim_up_to]").fill("12.5")
    viewer.page.locator("[data-command=fill_below]").click()
    use, _ = viewer.use()
    assert use == {"tool": "fill_below", "rim_mm": 12.5, "layer": "scan", "preview": True}


def test_undo_redo_and_save_are_asked_of_python(viewer):
    viewer.press("Control+z", "Control+s")
    assert viewer.seen("undo") == [], "nothing to undo"
    viewer.history("Fill hole", "Delete")
    viewer.press("Control+z", "Control+y")
    kinds = [event["type"] for event in viewer.events]
    assert [kind for kind in kinds if kind in {"undo", "redo", "save"}] == ["save", "undo", "redo"]
    assert "Fill hole" in viewer.page.locator("[data-command=undo]").get_attribute("title")


AHEAD = "performance.getEntriesByName('stsbench:ahead').length"
PATCH = {"vertices": [(8.0, 12.0, 0.0)], "faces": [(0, 1, len(SHEET.vertices))]}
CUT = {"vertex_count": len(SHEET.vertices), "face_count": len(SHEET.faces)}


def stepped(viewer, **change):
    """Do one step as a bench does: the delta, then the names of the history."""
    viewer.apply_delta("scan", **change)
    viewer.history("Fill hole", None)


def test_an_undo_is_seen_before_python_answers_and_not_drawn_again(viewer):
    stepped(viewer, **PATCH)
    full, ahead = drawn_faces(viewer), viewer.ask(AHEAD)
    viewer.press("Control+z")
    assert (drawn_faces(viewer), viewer.ask(AHEAD)) == (full - 1, ahead + 1)
    assert len(viewer.seen("undo")) == 1, "Python is asked all the same"
    viewer.page.wait_for_timeout(300)
    frames = viewer.ask("app.stage.frames")
    viewer.apply_delta("scan", **CUT)
    assert viewer.ask("app.stage.frames") == frames
    assert viewer.seen("drawn")[-1]["what"] == "delta"
    viewer.history(None, "Fill hole")
    viewer.press("Control+y")
    assert (drawn_faces(viewer), viewer.ask(AHEAD)) == (full, ahead + 2)


def test_an_undo_that_python_did_not_do_is_taken_back(viewer):
    full = drawn_faces(viewer) + 1
    answers = (
        lambda: viewer.history("Fill hole", None),  # a note went instead
        viewer.drop_preview,  # an error
        lambda: viewer.apply_delta("scan", removed=[5]),  # another step came first
    )
    for answer in answers:
        stepped(viewer, **PATCH)
        viewer.press("Control+z")
        assert drawn_faces(viewer) == full - 1
        answer()
        left = int(viewer._layers["scan"].alive_count)
        assert drawn_faces(viewer) == left
        viewer.apply_delta("scan", **CUT)


def test_two_views_wait_for_python(viewer):
    stepped(viewer, **PATCH)
    viewer.open_view()
    full = drawn_faces(viewer)
    viewer.press("Control+z")
    assert drawn_faces(viewer) == full
    viewer.apply_delta("scan", **CUT)
    assert drawn_faces(viewer) == full - 1


@pytest.fixture
def fingers(viewer):
    """Touch the canvas as a touch screen does, through the browser's own input."""
    session = viewer.page.context.new_cdp_session(viewer.page)

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        viewer.page.wait_for_timeout(60)  # moves are handed on with the next frame

    yield touch
    session.detach()


def test_two_fingers_zoom_about_their_middle_and_shift(viewer, fingers):
    x, y = viewer.pixel((14.0, 6.0, 0.0))
    height = viewer.ask("app.stage.view.place.height")
    viewer.press("l")
    fingers("touchStart", (x - 40, y))
    fingers("touchMove", (x - 40, y + 1))
    fingers("touchStart", (x - 40, y), (x + 40, y))
    for apart in (60, 80):
        fingers("touchMove", (x - apart, y), (x + apart, y))
    assert viewer.ask("app.stage.view.place.height") == pytest.approx(height / 2, rel=0.05)
    assert viewer.pixel((14.0, 6.0, 0.0)) == pytest.approx((x, y), abs=3)
    fingers("touchMove", (x - 80, y + 50), (x + 80, y + 50))
    assert viewer.pixel((14.0, 6.0, 0.0)) == pytest.approx((x, y + 50), abs=3)
    fingers("touchEnd")
    assert viewer.seen("select") == [], "the first finger's stroke was taken back"
    assert viewer.seen("use") == []


def test_pinching_a_trackpad_zooms_and_shift_with_the_wheel_shifts(viewer):
    x, y = viewer.pixel((10.0, 10.0, 0.0))
    height = viewer.ask("app.stage.view.place.height")
    viewer.page.mouse.move(x, y)
    viewer.page.keyboard.down("Control")
    viewer.page.mouse.wheel(0, -10)
    viewer.page.keyboard.up("Control")
    viewer.page.wait_for_timeout(100)
    assert viewer.ask("app.stage.view.place.height") == pytest.approx(
        height * np.exp(-0.1), rel=0.01
    )
    viewer.page.keyboard.down("Shift")
    viewer.page.mouse.wheel(0, 30)
    viewer.page.keyboard.up("Shift")
    viewer.page.wait_for_timeout(100)
    moved = np.subtract(viewer.pixel((10.0, 10.0, 0.0)), (x, y))
    assert np.abs(moved).max() == pytest.approx(30, abs=2)


def of_views(viewer, expression):
    """A value of each view that is open."""
    return viewer.page.evaluate(f"[...window.stsbenchViewers].map(app => {expression})")


def test_views_of_one_viewer_hold_its_mesh_once(viewer):
    second = viewer.open_view()
    viewer.page.wait_for_function("[...window.stsbenchViewers].every(app => app.active)")
    same = "[...window.stsbenchViewers].every(app => app.active.slots === first.active.slots)"
    shared = f"(() => {{ const [first] = window.stsbenchViewers; return {same}; }})()"
    assert viewer.page.evaluate(shared)
    left = len(SHEET.faces) - len(HOLE)
    viewer.preview_delta("scan", revived=HOLE)
    assert of_views(viewer, "app.active.slots.aliveCount") == [left + len(HOLE)] * 2
    third = viewer.open_view()  # it has not seen the mesh without the preview: one of its own
    viewer.page.wait_for_function("[...window.stsbenchViewers].every(app => app.preview)")
    assert of_views(viewer, "app.active.slots.aliveCount") == [left + len(HOLE)] * 3
    new = [len(SHEET.vertices) + i for i in range(3)]
    viewer.apply_delta("scan", vertices=[[1, 1, 3], [4, 1, 3], [1, 4, 3]], faces=[new])
    assert of_views(viewer, "app.active.slots.aliveCount") == [left + 1] * 3
    x, y = viewer.pixel((2.0, 2.0, 3.0))
    seen = "app.stage.pick(...argument).place.z"
    box = viewer.ask("(({left, top}) => [left, top])(app.stage.canvas.getBoundingClientRect())")
    places = viewer.page.evaluate(
        f"argument => [...window.stsbenchViewers].map(app => {seen})", [x - box[0], y - box[1]]
    )
    assert places == pytest.approx([3, 3, 3])
    viewer.show_mesh("scan", SHEET.vertices, SHEET.faces, editable=True)
    assert viewer.page.evaluate(shared), "a mesh all are sent is held once"
    for number in (second, third):
        viewer.page.evaluate("number => window.closers[number]()", number)
    viewer.apply_delta("scan", removed=HOLE)
    assert of_views(viewer, "app.active.slots.aliveCount") == [left]
    assert viewer.ask("app.stage.pick(app.stage.width / 2 + 40, app.stage.height / 2) !== null")
