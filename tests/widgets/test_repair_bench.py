"""A technician's task list on the repair bench, by real clicks in a real JupyterLab.

The tests are one session, in order. After every use Python's mesh and the page's are compared; at the
end the recorded answers are run through papermill, and the stored bytes must be the same.
`STSBENCH_PICTURES=folder` keeps pictures.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from stsbench.batch.notebook_run import run_notebook
from stsbench.domain.access import Purpose, Role
from stsbench.files.bundled import notebooks_folder
from stsbench.workflow.auditing import withdraw_consent
from stsbench.workflow.cases import latest_object, open_case
from stsbench.workflow.recorded import read_answers, write_answers
from tests.widgets.bench_arch import PLATE_FACES, damaged_arch, take_in
from tests.widgets.bench_hands import APP, BenchHands
from tests.widgets.lab_driver import foreign, new_page, running_lab

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.notebook
LONG = pytest.mark.skipif(
    not os.environ.get("STSBENCH_LONG"), reason="the long list: make test-benches"
)
STATIC = Path(__file__).parents[2] / "stsbench" / "widgets" / "static" / "viewer.js"


def picture(page, name):
    """Keep a picture of the view where somebody asked for pictures."""
    if folder := os.environ.get("STSBENCH_PICTURES"):
        page.locator(".sts-viewer").last.screenshot(path=Path(folder) / f"bench_{name}.png")


def stored(number, kind):
    with open_case(number) as case:
        entry = latest_object(case.record.objects, kind, "lower")
        return case.read(entry.object_id, purpose=Purpose.REPAIR, role=Role.TECHNICIAN)


@pytest.fixture(scope="module")
def laboratory(bench_home, chromium, tmp_path_factory):
    """A lab with one case, a page, and the arch that was taken in."""
    arch = damaged_arch()
    number = take_in(tmp_path_factory.mktemp("orders") / "one", arch.mesh)
    with running_lab(bench_home) as address:
        page = new_page(chromium)
        yield address, page, number, arch
        page.context.close()


@pytest.fixture(scope="module")
def hands(laboratory):
    """The bench, opened by a click on its tile and Run All."""
    address, page, _, _ = laboratory
    page.goto(address)
    page.get_by_text("2 · Repair scan").click()
    hands = BenchHands(page, address, "2_repair_scan.ipynb")
    hands.run_until_open()
    hands.settle()
    return hands


def test_a_click_on_a_tile_and_run_all_open_the_bench(hands, laboratory):
    _, page, number, arch = laboratory
    facts = hands.facts()
    assert (facts["alive"], facts["loops"]) == (arch.mesh.face_count, 3)  # border, hole, plate
    assert hands.agrees()
    assert number in page.locator(".stsbench-head").last.inner_text()
    picture(page, "opened")
    hands.key(".")  # the first place to look at
    hands.settle()
    hands.press("fit")
    hands.settle()


def test_a_hole_is_filled_by_click_rejected_and_filled(hands, laboratory):
    _, page, _, arch = laboratory
    start = hands.facts()
    hands.press("fill")
    hands.click(arch.hole)
    page.wait_for_function(f"{APP}.preview !== null", timeout=60_000)
    assert hands.facts() == start
    picture(page, "fill_preview")
    hands.press("reject")
    hands.press("fill")
    hands.click(arch.hole)
    hands.accept()
    filled = hands.after(start)
    assert filled["loops"] == 2
    assert filled["alive"] > start["alive"]
    assert hands.agrees()


def test_a_lasso_is_deleted_and_all_below_a_length_filled(hands, laboratory):
    _, page, _, arch = laboratory
    before = hands.facts()
    hands.lasso(arch.places[0], pixels=14)
    picture(page, "lasso")
    chosen = page.evaluate(f"{APP}.selection.count")
    hands.key("Delete")
    cut = hands.after(before)
    gone = before["alive"] - cut["alive"]
    assert 50 < chosen <= gone <= chosen + 20  # what would hang by a corner goes as well
    assert cut["loops"] == before["loops"] + 1
    assert hands.agrees()
    hands.press("fill")
    page.locator("[data-field=rim_up_to]").fill("30")
    hands.press("fill_below")
    hands.accept()
    assert hands.after(cut)["loops"] == before["loops"]
    assert hands.agrees()


@LONG
def test_brushed_grown_and_shrunk_faces_are_refilled(hands, laboratory):
    _, page, _, arch = laboratory
    before = hands.facts()
    hands.press("brush")
    x, y = hands.pixel(arch.places[1])
    hands.drag([(x - 8, y), (x, y), (x + 8, y + 4)])
    brushed = page.evaluate(f"{APP}.selection.count")
    hands.press("grow")
    grown = page.evaluate(f"{APP}.selection.count")
    hands.press("shrink")
    assert 0 < brushed < grown
    assert page.evaluate(f"{APP}.selection.count") < grown
    hands.press("refill")
    hands.accept()
    refilled = hands.after(before)
    assert (refilled["loops"], refilled["tools"][-1]) == (before["loops"], "refill")
    assert hands.agrees()


@LONG
def test_smoothing_keeps_its_cap(hands, laboratory):
    _, _, _, arch = laboratory
    before = hands.facts()
    hands.lasso(arch.places[2], pixels=18)
    hands.press("smooth")
    hands.accept()
    assert hands.after(before)["alive"] == before["alive"]
    furthest = hands.python(
        "import numpy as np; step = bench.desk.session.scans['lower'].working.steps[-1];"
        "print(np.linalg.norm(step.moved_to - step.moved_from, axis=1).max(), end='')"
    )
    assert 0.0 < float(furthest) <= 0.05 + 1e-6
    assert hands.agrees()


@LONG
def test_a_loose_piece_goes(hands, laboratory):
    _, _, _, arch = laboratory
    before = hands.facts()
    hands.press("piece")
    hands.click(arch.piece)
    hands.key("Delete")
    after = hands.after(before)
    assert after["alive"] == before["alive"] - PLATE_FACES
    assert after["loops"] == before["loops"] - 1
    assert hands.agrees()


@LONG
def test_a_plane_drawn_across_an_end_trims_it(hands, laboratory):
    _, page, _, arch = laboratory
    before = hands.facts()
    hands.press("trim_plane")
    x, y = hands.pixel(arch.mesh.vertices[np.argmax(arch.mesh.vertices[:, 1])])
    hands.drag([(x - 60, y + 12), (x, y + 12), (x + 60, y + 12)])
    picture(page, "trim_plane")
    hands.key("Enter")
    hands.accept()
    share = hands.after(before)["alive"] / before["alive"]
    assert 0.9 < share < 1.0
    assert hands.agrees()


@LONG
def test_a_curve_drawn_on_the_surface_trims_what_is_clicked(hands, laboratory):
    _, _, _, arch = laboratory
    before = hands.facts()
    hands.press("trim_curve")
    x, y = hands.pixel(arch.places[3])
    ring = [(x + 14 * np.cos(t), y + 14 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 25)]
    hands.drag(ring)
    hands.key("Enter")
    hands.page.mouse.click(x, y)
    hands.accept()
    after = hands.after(before)
    assert before["alive"] * 0.95 < after["alive"] < before["alive"]
    assert after["loops"] == before["loops"] + 1
    assert hands.agrees()


@LONG
def test_the_border_is_cleaned(hands):
    before = hands.facts()
    rim = hands.python(
        "w = bench.desk.session.scans['lower'].working; loops = w.open_loops();"
        "loop = max((loops.loop(n) for n in range(len(loops))), key=len);"
        "print(w.vertices[loop[w.vertices[loop][:, 1].argmin()]].tolist(), end='')"
    )
    hands.press("border")
    hands.click(eval(rim))
    hands.accept()
    assert hands.after(before)["tools"][-1] == "clean_border"
    assert hands.agrees()


@LONG
def test_measures_and_notes_change_no_mesh(hands, laboratory):
    _, page, _, arch = laboratory
    before = hands.facts()
    for tool, count in (("distance", 2), ("angle", 3), ("thickness", 1)):
        hands.press(tool)
        for place in arch.places[:count]:
            hands.click(place)
    assert page.evaluate(f"{APP}.measures.done.length") >= 2
    hands.press("note")
    hands.click(arch.places[1])
    page.locator(".sts-note-input").fill("rough here")
    page.keyboard.press("Enter")
    hands.wait_python("bench.answers.get('lower/marks')")
    assert hands.facts() == before
    picture(page, "measured")


def test_everything_is_undone_and_done_again(hands):
    before = hands.facts()
    for left in reversed(range(len(before["tools"]))):
        hands.key("Control+z")
        hands.wait_steps(left)
    assert hands.agrees()
    for count in range(len(before["tools"])):
        hands.key("Control+y")
        hands.wait_steps(count + 1)
    assert hands.facts() == before
    assert hands.agrees()


@LONG
def test_the_work_is_looked_at(hands, laboratory):
    _, page, _, _ = laboratory
    before = hands.facts()
    for look in ("compare", "section", "wires", "glass", "deviation"):
        hands.press(look)
        picture(page, look)
        hands.press(look)
    assert hands.facts() == before


def test_the_work_is_saved(hands, laboratory):
    _, page, _, _ = laboratory
    hands.key("Control+s")
    hands.wait_python("bench.done and bench.done.scans[0].report['edits']['edited_mm2'] > 20")
    assert page.errors == []
    assert foreign(page) == []


def test_papermill_makes_the_same_bytes_of_the_recorded_answers(hands, laboratory):
    _, _, number, _ = laboratory
    kinds = ("repaired_scan", "edits", "repair_report")
    by_hand = [stored(number, kind) for kind in kinds]
    recorded = hands.python(
        "from stsbench.workflow.recorded import write_answers; print(write_answers(bench.answers))"
    ).strip()
    assert read_answers(recorded).steps("lower")
    notebook = notebooks_folder() / "2_repair_scan.ipynb"
    run = run_notebook(notebook, {"case_number": number, "answers": recorded})
    assert run.outcome["case_number"] == number
    assert [stored(number, kind) for kind in kinds] == by_hand
    assert "widget-view" not in run.document
    assert write_answers(read_answers(recorded)) == recorded


def test_the_saved_notebook_holds_no_mesh_no_name_and_no_key(hands, laboratory, bench_home):
    _, _, _, arch = laboratory
    hands.save()
    saved = (bench_home / "notebooks" / "2_repair_scan.ipynb").read_bytes()
    assert b"widget-view" in saved  # the bench was in it
    assert len(saved) < 20_000
    for secret in (b"Zebedea", b"Kanarienvogel", b"application/vnd.jupyter.widget-state"):
        assert secret not in saved
    first = arch.mesh.vertices[:3].astype(np.float32).tobytes()
    assert first not in saved
    state = hands.page.evaluate(
        """async () => {
            const context = window.jupyterapp.shell.currentWidget.context;
            return JSON.stringify(context.model.toJSON());
        }"""
    )
    assert len(state) < 20_000
    sizes = hands.python(
        "import json; print(max(len(json.dumps(w.get_state(), default=str)) "
        "for w in [bench.desk.viewer]))"
    )
    assert int(sizes) < 8_000


def test_withdrawn_consent_takes_the_mesh_off_the_screen(hands, laboratory):
    _, page, number, _ = laboratory
    withdraw_consent(number, "repair")
    page.wait_for_function(f"{APP}.stage.layers.size === 0", timeout=5_000)
    assert page.locator(".stsbench-say").last.inner_text()
    assert page.locator(".sts-cover").last.inner_text()
    picture(page, "withdrawn")


@pytest.fixture(scope="module", autouse=True)
def _built():
    if not STATIC.is_file():
        pytest.skip("the viewer was not built: make viewer")
