"""The viewer without a mouse: every tool by real key presses in Chromium, and what is read out."""

import numpy as np
import pytest

from tests.shapes import sheet

pytestmark = pytest.mark.browser

SHEET = sheet(
    20, 20, pitch_mm=1.0
)  # 20 x 20 mm, two faces per cell; the cross starts at its middle
MIDDLE = SHEET.vertices[SHEET.faces].mean(axis=1)
HOLE = np.flatnonzero(np.hypot(*(MIDDLE[:, :2] - (10.3, 10.2)).T) < 1.6)


@pytest.fixture
def viewer(make_viewer):
    """A flat sheet seen from above."""
    made = make_viewer()
    made.show_mesh("scan", SHEET.vertices, SHEET.faces, editable=True, title="Lower jaw")
    made.open_view()
    made.ask("(app.stage.view.finishFlight(), app.stage.draw())")
    return made


def arrows(viewer, right, down):
    """Press the arrow keys so often: ten pixels each."""
    for count, (more, less) in ((right, ("Right", "Left")), (down, ("Down", "Up"))):
        viewer.press(*[f"Arrow{more if count > 0 else less}"] * abs(count))


def mm_of(viewer, presses):
    return 10 * presses * viewer.ask("app.stage.view.mmPerPixel")


def live(viewer):
    return viewer.ask("app.root.querySelector('.sts-live').textContent")


def chosen(viewer):
    return set(np.frombuffer(viewer.seen("select")[-1]["buffers"][0], np.uint32).tolist())


def draw_square(viewer, half, key=" "):
    for right, down in ((-half, -half), (2 * half, 0), (0, 2 * half), (-2 * half, 0)):
        arrows(viewer, right, down)
        viewer.press(key)


def within(viewer, half):
    corners = np.abs(SHEET.vertices[SHEET.faces][:, :, :2] - (10, 10)).max(axis=(1, 2))
    return set(np.flatnonzero(corners < mm_of(viewer, half)).tolist())


@pytest.mark.parametrize("key", [" ", "Enter"])
def test_a_lasso_is_drawn_corner_by_corner(viewer, key):
    viewer.press("l")
    draw_square(viewer, 6, key)
    assert live(viewer) == "Place 4"
    viewer.press("Enter")
    assert chosen(viewer) == within(viewer, 6)


def test_a_lasso_closes_at_its_first_corner_adds_and_takes_away(viewer):
    viewer.press("l")
    draw_square(viewer, 6)
    arrows(viewer, 0, -12)
    viewer.press(" ")
    whole = chosen(viewer)
    assert whole == within(viewer, 6)
    arrows(viewer, 6, 6)
    draw_square(viewer, 3)
    viewer.press("Control+Enter")
    assert chosen(viewer) == whole - within(viewer, 3)
    arrows(viewer, 3, -3)
    draw_square(viewer, 3)
    viewer.press("Shift+Enter")
    assert chosen(viewer) == whole


def test_a_corner_is_taken_back_and_a_lasso_dropped(viewer):
    viewer.press("l")
    arrows(viewer, -6, -6)
    viewer.press(" ", "ArrowUp", " ", "Backspace")
    assert live(viewer) == "Taken back, 1 left"
    viewer.press("Escape", "Enter", "Enter")
    assert viewer.seen("select") == []
    assert viewer.ask("app.tools.active.id") == "lasso"


def test_two_ends_of_a_line_trim_by_a_plane(viewer):
    viewer.press("t")
    arrows(viewer, 0, -15)
    viewer.press(" ")
    arrows(viewer, 0, 30)
    viewer.press("Enter")
    assert viewer.ask("app.stage.clips")
    viewer.press("Enter")
    use, _ = viewer.use()
    assert use["tool"] == "trim_plane"
    assert np.abs(use["normal"]) == pytest.approx([1, 0, 0], abs=1e-6)
    assert use["point"][0] == pytest.approx(10, abs=0.1)
    viewer.press("t", " ", "Backspace")
    assert live(viewer) == "Taken back, 0 left"


def test_a_curve_runs_over_the_surface_between_its_places(viewer):
    viewer.press("y")
    draw_square(viewer, 5)
    viewer.press("Backspace", " ")
    arrows(viewer, 0, -10)
    viewer.press("Enter", "Enter")
    arrows(viewer, 5, 5)
    viewer.press(" ")
    use, _ = viewer.use()
    assert use["tool"] == "trim_curve"
    assert use["goes"] == pytest.approx([10, 10, 0], abs=0.1)
    points = np.array(use["points"])
    assert points[0] == pytest.approx(points[-1])
    half = mm_of(viewer, 5)
    assert np.abs(points[:, :2] - 10).max(axis=1) == pytest.approx(half, abs=0.02), "on the square"
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() < half / 3, "no long chords"


@pytest.mark.parametrize(
    ("key", "kind", "value"), [("m", "distance", None), ("a", "angle", 90.0)], ids=["mm", "degrees"]
)
def test_places_are_measured(viewer, key, kind, value):
    viewer.press(key)
    arrows(viewer, -5, 0)
    viewer.press(" ")
    arrows(viewer, 5, 0)
    viewer.press(" ", "Backspace", " ")
    if kind == "angle":
        arrows(viewer, 0, 4)
        viewer.press("Enter")
    (event,) = viewer.seen("measure")
    expected = mm_of(viewer, 5) if value is None else value
    assert (event["kind"], event["value"]) == (kind, pytest.approx(expected, rel=1e-3))


def test_three_places_of_the_bite(viewer):
    viewer.press("p")
    for right, down in ((-5, 0), (10, 0), (-5, 8)):
        arrows(viewer, right, down)
        viewer.press(" ")
    (event,) = viewer.seen("plane")
    assert np.ptp(event["points"], axis=0)[:2] == pytest.approx(
        [mm_of(viewer, 10), mm_of(viewer, 8)], rel=1e-3
    )


def test_a_hole_is_filled_and_a_piece_chosen(viewer):
    viewer.apply_delta("scan", removed=HOLE)
    viewer.press("f", "Alt+ArrowRight", "Enter")
    use, _ = viewer.use()
    assert use["tool"] == "fill"
    viewer.press("c")
    arrows(viewer, 12, 0)
    viewer.press(" ")
    assert len(chosen(viewer)) == len(SHEET.faces) - len(HOLE)


def test_the_brush_paints_and_takes_away(viewer):
    viewer.press("b", " ")
    first = chosen(viewer)
    assert len(first) > 3
    viewer.press("ArrowRight", "Alt+ArrowRight", " ")
    assert chosen(viewer) > first
    viewer.press("Control+ ", "Alt+ArrowLeft", "ArrowLeft", "Control+ ")
    assert chosen(viewer) == set()


def test_a_note_is_written_at_the_cross(viewer):
    viewer.press("Shift+N", " ")
    viewer.page.keyboard.type("margin")
    viewer.page.keyboard.press("Enter")
    (event,) = viewer.seen("mark")
    assert event["note"] == "margin"
    assert event["place_mm"] == pytest.approx([10, 10, 0], abs=0.1)


def test_arrows_move_the_cross_of_a_tool_and_turn_without_one(viewer):
    turn = "app.stage.view.place.turn.toArray()"
    before = viewer.ask(turn)
    viewer.press("l", "ArrowLeft", "Alt+ArrowUp")
    assert viewer.ask(turn) == before
    viewer.press("Control+ArrowLeft")
    assert viewer.ask(turn) != before
    viewer.press("v")
    before = viewer.ask(turn)
    viewer.press("ArrowLeft")
    assert viewer.ask(turn) != before


def test_the_cross_goes_when_the_mouse_is_used(viewer):
    viewer.press("m", "ArrowLeft")
    assert viewer.ask("app.cross.isOn")
    viewer.click((4, 4, 0))
    assert not viewer.ask("app.cross.isOn")


def test_what_lies_under_the_cross_is_read_out(viewer):
    viewer.press("m", "ArrowLeft")
    viewer.page.wait_for_timeout(700)
    x = 10 - mm_of(viewer, 1)
    assert live(viewer) == f"On Lower jaw: {x:.1f}, 10.0, 0.0 mm"
    arrows(viewer, -40, 0)
    viewer.page.wait_for_timeout(700)
    assert live(viewer) == "Beside the scan"


def test_the_picture_is_read_out_in_words(viewer):
    finding = {"id": "a", "kind": "spike", "place_mm": [1, 1, 0], "size_mm": 1.0,
               "severity": "review", "title": "", "loop": None, "faces": None}  # fmt: skip
    viewer.show_findings("scan", [finding, {**finding, "id": "b"}])
    viewer.press("b", " ", "Shift+S")
    said = live(viewer)
    assert "Lower jaw: 800 faces, shown." in said
    assert "Findings: spike 2." in said
    assert "Tools: Brush." in said
    assert "faces chosen" in said
    assert viewer.ask("document.getElementById(app.root.getAttribute('aria-describedby'))"
                      ".textContent") == said  # fmt: skip


def test_help_lists_the_keys_of_the_cross(viewer):
    viewer.press("?")
    text = viewer.page.locator(".sts-help").inner_text()
    for words in ("Click at the cross", "Space", "Backspace", "Alt pixel by pixel", "Ctrl+Enter"):
        assert words in text, words
    viewer.press("Escape")
