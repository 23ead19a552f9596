"""What the viewer shows beside the tools: findings, layers, maps, sections, words."""

import numpy as np
import pytest

from tests.shapes import sheet, sphere

pytestmark = pytest.mark.browser

SHEET = sheet(21, 21, pitch_mm=1.0)
FINDINGS = [
    {"id": "small", "kind": "hole", "place_mm": (3, 3, 0), "size_mm": 2.0, "tooth": 36,
     "loop": [66, 67, 88, 87]},
    {"id": "look", "kind": "spike", "place_mm": (15, 4, 0), "size_mm": 1.0, "severity": "review",
     "faces": [[10, 14]]},
    {"id": "large", "kind": "hole", "place_mm": (9, 15, 0), "size_mm": 6.5},
]  # fmt: skip


@pytest.fixture
def viewer(make_viewer):
    made = make_viewer()
    made.show_mesh("scan", SHEET.vertices, SHEET.faces, editable=True, title="Lower jaw")
    made.open_view()
    return made


def side(viewer):
    """Return the side panel once it is filled, which happens once a frame."""
    viewer.ask("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return viewer.page.locator(".sts-side")


def rows(viewer):
    return side(viewer).locator(".sts-finding").all_inner_texts()


def test_findings_to_review_come_first_and_keys_go_from_one_to_the_next(viewer):
    viewer.show_findings("scan", FINDINGS)
    assert [row.split("\n")[1] for row in rows(viewer)] == ["spike", "hole", "hole · 36"]
    viewer.press(".", ".", ",")
    assert [event["id"] for event in viewer.seen("finding")] == ["look", "large", "look"]
    viewer.ask("app.stage.view.finishFlight()")
    assert viewer.ask("app.stage.view.place.target.toArray()") == pytest.approx([15, 4, 0])


def test_a_click_in_the_list_or_on_a_marker_goes_there(viewer):
    viewer.show_findings("scan", FINDINGS)
    viewer.page.locator("[data-finding=large]").click()
    viewer.press("0")
    viewer.click((3, 3, 0))
    assert [event["id"] for event in viewer.seen("finding")] == ["large", "small"]


def test_the_hole_flown_to_is_filled_and_its_faces_are_chosen_by_key(viewer):
    viewer.apply_delta("scan", removed=[120, 121])
    hole = SHEET.faces[[120, 121]]
    loop = [int(vertex) for vertex in np.unique(hole)]
    viewer.show_findings("scan", [{**FINDINGS[0], "loop": loop}, FINDINGS[1]])
    viewer.press(".")
    viewer.page.keyboard.press("Shift+Comma")
    assert viewer.ask("Array.from(app.selection.slots)") == [10, 11, 12, 13]
    viewer.press(".")
    viewer.page.keyboard.press("Shift+Period")
    use, _ = viewer.use()
    assert use["tool"] == "fill"
    assert set(use["edge"]) <= set(loop)


def test_a_kind_can_be_hidden(viewer):
    viewer.show_findings("scan", FINDINGS)
    viewer.page.locator(".sts-kind", has_text="hole").click()
    assert len(rows(viewer)) == 1
    viewer.press(".", ".")
    assert [event["id"] for event in viewer.seen("finding")] == ["look", "look"]


def test_upper_and_lower_are_shown_and_hidden_apart(viewer):
    ball = sphere(2, 3.0)
    viewer.show_mesh("upper", ball.vertices + np.array([10, 10, 4]), ball.faces, title="Upper jaw")
    assert viewer.ask("app.stage.pick(...argument).layer.name", at(viewer, (10, 10, 7))) == "upper"
    viewer.press("Alt+2")
    assert viewer.ask("app.stage.pick(...argument).layer.name", at(viewer, (10, 10, 0))) == "scan"
    viewer.page.locator(".sts-layer", has_text="Lower jaw").click()
    assert viewer.ask("app.stage.pick(...argument)", at(viewer, (10, 10, 0))) is None


def at(viewer, place):
    x, y = viewer.pixel(place)
    box = viewer.page.locator(".sts-canvas").bounding_box()
    return [x - box["x"], y - box["y"]]


def colours(viewer, place, reach):
    """Return red, green, blue of a row of pixels, so many to the left and right of a place."""
    x, y = at(viewer, place)
    data = viewer.ask(
        """(() => { app.stage.draw(); const gl = app.stage.renderer.getContext();
          const data = new Uint8Array(4 * argument[2]);
          gl.readPixels(argument[0], app.stage.height - argument[1], argument[2], 1, gl.RGBA,
                        gl.UNSIGNED_BYTE, data);
          return Array.from(data); })()""",
        [x - reach, y, 2 * reach + 1],
    )
    return np.reshape(data, (-1, 4))[:, :3]


def colour(viewer, place):
    return colours(viewer, place, 0)[0].tolist()


def test_a_deviation_map_runs_from_blue_to_vermilion_with_a_scale(viewer):
    values = (SHEET.vertices[:, 0] - 10) / 200
    viewer.show_values("scan", values, low=-0.05, high=0.05, title="Deviation")
    below, above = colour(viewer, (1, 10, 0)), colour(viewer, (19, 10, 0))
    assert below[2] > below[0] + 60
    assert above[0] > above[2] + 60
    ticks = side(viewer).locator(".sts-ticks").inner_text().split()
    assert ticks == ["-0.050", "-0.025", "0.000", "0.025", "0.050"]
    viewer.press("h")
    assert abs(colour(viewer, (1, 10, 0))[0] - colour(viewer, (19, 10, 0))[0]) < 40


def test_an_edit_map_has_a_colour_and_a_count_per_reason(viewer):
    reasons = np.zeros(len(SHEET.faces), np.uint8)
    reasons[:200] = 1
    plain = colour(viewer, (10.2, 2.5, 0))
    viewer.show_edits("scan", reasons)
    edited = colour(viewer, (10.2, 2.5, 0))
    assert edited[2] - edited[0] > plain[2] - plain[0] + 60, "hole fills are blue"
    assert "hole filled\n200" in side(viewer).inner_text()


def test_before_and_after_share_the_picture(viewer):
    viewer.apply_delta("scan", removed=np.arange(len(SHEET.faces)))
    viewer.show_before("scan", SHEET.vertices, SHEET.faces)
    assert viewer.ask("app.compare.meshes.size") == 0, "nothing of it is held until it is wanted"
    viewer.press("j")
    assert viewer.seen("before")
    left, right = colour(viewer, (5, 10, 0)), colour(viewer, (15, 10, 0))
    assert left[0] > left[2] + 20, "stone, as it was"
    assert right[2] > right[0], "sky, as it is"
    viewer.press("j")
    assert viewer.ask("app.compare.meshes.size") == 0


def test_a_section_hides_what_lies_before_it(viewer):
    ball = sphere(3, 4.0)
    viewer.show_mesh("ball", ball.vertices + np.array([10, 10, 0]), ball.faces)
    viewer.ask("app.showView('occlusal')")
    before = viewer.ask("app.stage.pick(...argument).place.z", at(viewer, (10, 10, 0)))
    viewer.press("d")
    after = viewer.ask("app.stage.pick(...argument).place.z", at(viewer, (10, 10, 0)))
    assert before == pytest.approx(4, abs=0.1)
    assert after < 0.1
    viewer.press("PageUp", "PageUp")
    assert viewer.ask("app.stage.clip.w") > viewer.ask("app.stage.view.place.target.z") + 0.9


def test_a_section_hides_the_markers_of_what_lies_before_it(viewer):
    places = [{**FINDINGS[1], "id": "before", "place_mm": (15, 4, 3)},
              {**FINDINGS[1], "id": "behind", "place_mm": (5, 4, -3)}]  # fmt: skip
    viewer.show_findings("scan", places)
    viewer.ask("app.showView('occlusal')")
    orange = [colour(viewer, one["place_mm"]) for one in places]
    assert all(one[0] > one[2] + 100 for one in orange)
    viewer.press("d")
    before, behind = (colour(viewer, one["place_mm"]) for one in places)
    assert before[0] < before[2] + 100
    assert behind[0] > behind[2] + 100
    assert viewer.ask("app.findings.at(...argument)", at(viewer, (15, 4, 3))) == -1
    assert viewer.ask("app.findings.at(...argument)", at(viewer, (5, 4, -3))) == 1


def test_what_asks_nothing_has_a_small_marker(viewer):
    viewer.show_findings("scan", FINDINGS[1:])
    viewer.ask("app.showView('occlusal')")

    def marked(place):
        """Count the pixels of a marker along a line through it."""
        row = colours(viewer, place, 9)
        return int((row[:, 0] > row[:, 2] + 90).sum())

    review, note = marked((15, 4, 0)), marked((9, 15, 0))
    assert review >= 6
    assert 2 <= note <= review / 2 + 1


def test_every_way_to_look_draws_without_an_error(viewer):
    for key in ("w", "x", "z", "o", "1", "2", "3", "4", "5", "Shift+P", "?"):
        viewer.press(key)
        viewer.ask("(app.stage.view.finishFlight(), app.stage.draw())")
        assert viewer.ask("app.stage.renderer.getContext().getError()") == 0, key


def test_words_follow_the_settings(viewer):
    viewer.page.evaluate("change('language', 'de')")
    assert "Loch füllen" in viewer.page.locator("[data-command=fill]").inner_text()
    assert "(F)" in viewer.page.locator("[data-command=fill]").get_attribute("title")


@pytest.mark.parametrize(
    ("notation", "shown"),
    [
        ("fdi", ["36", "11", "28", "45"]),
        ("universal", ["19", "8", "16", "29"]),
        ("palmer", ["┌6", "1┘", "└8", "5┐"]),
    ],
)
def test_teeth_are_numbered_on_screen_as_the_setting_says(notation, shown, viewer):
    places = {36: (3, 3, 0), 11: (-3, 3, 0), 28: (3, -3, 0), 45: (-3, -3, 0)}
    viewer.show_findings("scan", [{**FINDINGS[0], "tooth": 36}])
    viewer.show_teeth(places)
    viewer.page.evaluate("name => change('tooth_numbers', name)", notation)
    viewer.ask("app.stage.draw()")
    assert viewer.page.locator(".sts-overlay .sts-tooth").all_text_contents() == shown
    assert f" · {shown[0]}" in viewer.page.locator(".sts-findings").first.inner_text()


def test_what_happens_is_said_to_a_screen_reader(viewer):
    viewer.show_findings("scan", FINDINGS)
    viewer.press(".")
    live = viewer.page.locator(".sts-live")
    assert live.get_attribute("aria-live") == "polite"
    assert live.text_content() == "1 / 3: spike, 1.00 mm"
    unnamed = viewer.page.evaluate(
        "[...document.querySelectorAll('.sts-viewer button')].filter(b => !b.innerText.trim()).length"
    )
    assert unnamed == 0


def test_clear_leaves_a_line_and_no_mesh(viewer):
    viewer.show_findings("scan", FINDINGS)
    viewer.clear("The case is closed.")
    assert viewer.page.locator(".sts-cover").inner_text() == "The case is closed."
    assert viewer.ask("app.stage.layers.size") == 0
    memory = viewer.ask("app.stage.renderer.info.memory")
    assert memory["geometries"] <= 1, "the graphics card holds no mesh"


def test_a_viewer_works_without_a_mouse(viewer):
    viewer.apply_delta("scan", removed=np.flatnonzero(
        np.hypot(*(SHEET.vertices[SHEET.faces].mean(axis=1)[:, :2] - (10, 10)).T) < 1.6))  # fmt: skip
    viewer.press("f", "Space")
    use, _ = viewer.use()
    assert use["tool"] == "fill", "the hole is under the cross in the middle"


@pytest.mark.parametrize("effect", ["", "z"], ids=["plain", "shadows"])
def test_a_lost_context_comes_back_with_everything_that_was_drawn(viewer, effect):
    """Mesh, delta, map, wire frame, chosen faces, markers and outline: the same picture as before."""
    viewer.show_findings("scan", FINDINGS)
    viewer.apply_delta("scan", removed=np.arange(20), vertices=[[1, 1, 2], [6, 1, 2], [1, 6, 2]],
                       faces=[[len(SHEET.vertices) + i for i in range(3)]])  # fmt: skip
    viewer.show_values(
        "scan", np.linspace(-0.1, 0.1, len(SHEET.vertices) + 3), low=-0.1, high=0.1, unit="mm"
    )
    viewer.press("w", "i", *([effect] if effect else []))
    picture = """(() => { app.stage.draw();
        const gl = app.stage.renderer.getContext(), { width, height } = app.stage;
        const data = new Uint8Array(4 * width * height);
        gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
        const before = app.pictureBefore ??= data;
        return [new Set(data).size, data.filter((v, i) => Math.abs(v - before[i]) > 2).length];
    })()"""
    assert viewer.ask(picture)[0] > 50
    lose = "app.stage.renderer.getContext().getExtension('WEBGL_lose_context')"
    viewer.ask(f"(app.lose = {lose}).loseContext()")
    viewer.page.wait_for_function("[...window.stsbenchViewers][0].stage.isLost")
    viewer.ask("app.lose.restoreContext()")
    viewer.page.wait_for_function("![...window.stsbenchViewers][0].stage.isLost")
    assert viewer.ask(picture)[1] < 2000, "of 860,000 bytes; some edges are smoothed otherwise"
    assert viewer.ask("app.stage.renderer.getContext().getError()") == 0
