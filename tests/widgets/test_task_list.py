"""A technician's first case by real clicks in a real JupyterLab: four notebooks, every tool once.

The tests are one session, in order: the order is taken in, its scan repaired with every tool, the
model made and reviewed. After every use Python's mesh and the page's are compared; the recorded
answers are run through papermill, and the stored bytes must be the same. `STSBENCH_PICTURES=folder`
keeps the pictures of docs/technician.md.
"""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from stsbench.batch.notebook_run import run_notebook
from stsbench.domain.access import Purpose, Role
from stsbench.files.bundled import notebooks_folder
from stsbench.workflow.auditing import withdraw_consent
from stsbench.workflow.cases import latest_object, open_case
from stsbench.workflow.intake import preview_folder
from stsbench.workflow.recorded import read_answers, write_answers
from tests.widgets.bench_arch import PLATE_FACES, damaged_arch, order_folder
from tests.widgets.bench_hands import APP, BenchHands
from tests.widgets.bench_words import left_in_english, read_bench
from tests.widgets.lab_driver import foreign, new_page, running_lab

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.notebook
PICTURES = os.environ.get("STSBENCH_PICTURES")
STATIC = Path(__file__).parents[2] / "stsbench" / "widgets" / "static" / "viewer.js"
TOOLS_BY_HAND = {
    "fill", "fill_below", "delete", "refill", "smooth", "trim_plane", "trim_curve",
    "delete_component", "keep_component", "clean_border",
}  # fmt: skip
RAISED = """async secret => {
    const code = `def opened(name):\\n    raise ValueError('no')\\nopened('${secret}'.upper())`;
    const future = KERNEL.requestExecute({code, store_history: false});
    let said = '';
    future.onIOPub = m => { if (m.header.msg_type == 'error') said += JSON.stringify(m.content); };
    await future.done;
    return said;
}"""
RECORDED = (
    "from stsbench.workflow.recorded import write_answers; print(write_answers(bench.answers))"
)


@pytest.fixture(scope="module", autouse=True)
def _built():
    if not STATIC.is_file():
        pytest.skip("the viewer was not built: make viewer")


@pytest.fixture(scope="module")
def arch():
    """What the clinic sends."""
    return damaged_arch()


@pytest.fixture(scope="module")
def start(bench_home, chromium, arch, tmp_path_factory):
    """The page of tiles of a lab behind a base URL, where an order waits."""
    preview_folder(order_folder(tmp_path_factory.mktemp("orders") / "one", arch.mesh, age=None))
    size = (1400, 1000) if PICTURES else (1100, 800)  # software draws every pixel
    with running_lab(bench_home, base_url="/user/anna/") as address:
        page = new_page(chromium, width=size[0], height=size[1])
        page.goto(address)
        yield page
        page.context.close()
    assert page.errors == []
    assert foreign(page) == []


@pytest.fixture(scope="module")
def intake(start):
    """Notebook 1, opened by a click on its tile and Run All."""
    start.get_by_text("1 · Intake").click()
    hands = BenchHands(start, "1_intake.ipynb")
    hands.run_all()
    hands.wait_done()
    return hands


@pytest.fixture(scope="module")
def hands(intake):
    """The repair bench, opened by Run All."""
    hands = BenchHands(intake.page, "2_repair_scan.ipynb", beside=True)
    hands.run_until_open()
    return hands


@pytest.fixture(scope="module")
def modelling(hands):
    """The model bench, in the same page."""
    hands = BenchHands(hands.page, "3_make_model.ipynb", beside=True)
    hands.run_until_open()
    return hands


@pytest.fixture(scope="module")
def number(hands):
    """The case, as its bench names it."""
    return hands.python("print(bench.desk.session.number, end='')")


def picture(page, name):
    """Keep a picture of the view where somebody asked for pictures."""
    if PICTURES:
        page.locator(".sts-viewer:visible").last.screenshot(
            path=Path(PICTURES) / f"bench_{name}.png"
        )


def picture_of(page, name):
    """Keep a picture of the page."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"bench_{name}.png")


def stored(number, kind, purpose=Purpose.REPAIR):
    with open_case(number) as case:
        entry = latest_object(case.record.objects, kind, "lower")
        return case.read(entry.object_id, purpose=purpose, role=Role.TECHNICIAN)


def wait_until_nothing_is_shown(hands, line, *, which=-1, closed="closed"):
    """Wait until one view shows no mesh; the line stands in the bench and in the view."""
    page, start = hands.page, time.monotonic()
    page.wait_for_function(f"[...window.stsbenchViewers].at({which}).stage.layers.size === 0")
    taken = time.monotonic() - start
    said = [page.locator(place).nth(which) for place in (".stsbench-say", ".sts-cover")]
    for place in said:
        place.get_by_text(line).wait_for(state="attached")
    assert closed in page.locator(".stsbench-head").nth(which).text_content()
    return taken


def test_the_start_page_has_tiles_for_who_has_the_token(start, chromium):
    assert [tile for tile in start.locator("a").all_inner_texts() if tile[:1].isdigit()]
    picture_of(start, "start")
    stranger = new_page(chromium)
    stranger.goto(start.url.split("?")[0])
    assert "Make model" not in stranger.content()
    stranger.context.close()


def test_an_order_is_taken_in_once_what_is_missing_was_answered(intake):
    page = intake.page
    assert "Ticket T-" in page.locator(".stsbench-head").inner_text()
    assert "the patient's age" in page.locator(".stsbench-say").inner_text()
    assert "Kanarienvogel" not in page.content()
    picture_of(page, "intake")
    page.get_by_label("adult").select_option(label="yes, an adult")
    page.get_by_label("Who attests").select_option(label="the clinic")
    page.get_by_label("which day").fill("2026-11-22")
    page.get_by_role("button", name="Take in").click()
    following = page.locator(".stsbench-next")
    following.wait_for(timeout=30_000)
    assert following.evaluate("a => new URL(a.href).pathname") == (
        "/user/anna/doc/tree/2_repair_scan.ipynb"
    )
    assert intake.python("print(bench.done.outcome.verdict, end='')") == "accepted"
    number = intake.python("print(bench.done.outcome.case_number, end='')")
    assert number in page.locator(".stsbench-head").inner_text()
    assert "Kanarienvogel" not in page.content()


def test_the_repair_bench_shows_what_python_holds(hands, number, arch):
    page = hands.page
    facts = hands.facts()
    assert (facts["alive"], facts["loops"]) == (arch.mesh.face_count, 4)  # border, hole, plates
    assert hands.agrees()
    head = page.locator(".stsbench-head").last.inner_text()
    assert number in head
    assert "purpose: repair" in head
    assert "open until" in head
    assert page.locator(".stsbench-say").last.inner_text().startswith("hold: hole. Loop 3: left")
    assert page.locator(".jp-InputArea-editor:visible").count() == 0  # code is collapsed
    picture(page, "opened")
    hands.key(".")  # the first place to look at
    hands.settle()
    hands.press("fit")
    hands.settle()


def test_a_hole_is_filled_by_click_rejected_and_filled(hands, arch):
    page = hands.page
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
    assert filled["loops"] == start["loops"] - 1
    assert filled["alive"] > start["alive"]
    assert hands.agrees()


def test_a_lasso_is_deleted_and_all_below_a_length_filled(hands, arch):
    page = hands.page
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


def test_brushed_grown_and_shrunk_faces_are_refilled(hands, arch):
    page = hands.page
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


def test_smoothing_keeps_its_cap(hands, arch):
    before = hands.facts()
    hands.lasso(arch.places[2], pixels=18)
    hands.press("smooth")
    hands.accept()
    assert hands.after(before)["alive"] == before["alive"]
    furthest = hands.python(
        "import numpy as np; step = bench.desk.session.scans['lower'].working.last_step();"
        "print(np.linalg.norm(step.moved_to - step.moved_from, axis=1).max(), end='')"
    )
    assert 0.0 < float(furthest) <= 0.05 + 1e-6
    assert hands.agrees()


def test_a_loose_piece_goes(hands, arch):
    before = hands.facts()
    hands.press("piece")
    hands.click(arch.pieces[0])
    hands.page.get_by_role("button", name="Delete piece").click()
    hands.accept()
    after = hands.after(before)
    assert after["alive"] == before["alive"] - PLATE_FACES[0]
    assert after["loops"] == before["loops"] - 1
    assert hands.agrees()


def test_one_piece_is_kept_and_the_others_go(hands, arch):
    before = hands.facts()
    hands.press("piece")
    hands.click(arch.places[1])
    hands.page.get_by_role("button", name="Keep only this").click()
    hands.accept()
    after = hands.after(before)
    assert (after["tools"][-1], after["loops"]) == ("keep_component", before["loops"] - 1)
    assert after["alive"] == before["alive"] - PLATE_FACES[1]
    assert hands.agrees()


def test_a_plane_drawn_across_an_end_trims_it(hands, arch):
    before = hands.facts()
    hands.press("trim_plane")
    tip = arch.mesh.vertices[np.argmax(arch.mesh.vertices[:, 1])]
    line = [tip + np.array([aside, -1.5, 0.0]) for aside in (-5.0, 0.0, 5.0)]
    hands.drag([hands.pixel(place) for place in line])
    picture(hands.page, "trim_plane")
    hands.key("Enter")
    hands.accept()
    share = hands.after(before)["alive"] / before["alive"]
    assert 0.9 < share < 1.0
    assert hands.agrees()


def test_a_curve_drawn_on_the_surface_trims_what_is_clicked(hands, arch):
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


def test_measures_and_notes_change_no_mesh(hands, arch):
    page = hands.page
    before = hands.facts()
    for tool, count in (("distance", 2), ("angle", 3), ("thickness", 1)):
        hands.press(tool)
        for place in arch.places[:count]:
            hands.click(place)
    assert page.evaluate(f"{APP}.measures.done.length") >= 2
    hands.press("plane")
    for place in arch.places[:3]:
        hands.click(place)
    page.locator(".sts-line", has_text="The record views follow").wait_for()
    hands.settle()
    hands.press("note")
    hands.click(arch.places[1])
    page.locator(".sts-note-input").fill("rough here")
    page.keyboard.press("Enter")
    hands.wait_python("bench.answers.get('lower/marks')")
    assert hands.facts() == before
    hands.key("Control+z")
    page.wait_for_function(f"{APP}.measures.notes.length === 0")
    hands.wait_python("not bench.answers.get('lower/marks')")
    hands.key("Control+y")
    page.wait_for_function(f"{APP}.measures.notes.length === 1")
    assert hands.facts() == before
    picture(page, "measured")


def test_every_tool_was_used(hands):
    assert set(hands.facts()["tools"]) == TOOLS_BY_HAND


def test_everything_is_undone_and_done_again(hands):
    before, notes = hands.facts(), f"{APP}.measures.notes.length"
    hands.key("Control+z")
    hands.page.wait_for_function(f"{notes} === 0")  # the note came last
    for left in reversed(range(len(before["tools"]))):
        hands.key("Control+z")
        hands.wait_steps(left)
    assert hands.agrees()
    for count in range(len(before["tools"])):
        hands.key("Control+y")
        hands.wait_steps(count + 1)
    hands.key("Control+y")
    hands.page.wait_for_function(f"{notes} === 1")
    assert hands.facts() == before
    assert hands.agrees()


def test_the_work_is_looked_at(hands):
    before = hands.facts()
    for look in ("compare", "section", "deviation", "edits"):
        hands.press(look)
        picture(hands.page, look)
        hands.press(look)
    assert hands.facts() == before


def test_the_work_is_saved_and_the_next_step_shown(hands):
    page = hands.page
    hands.key("Control+s")
    hands.wait_python("bench.done and bench.done.scans[0].report['edits']['edited_mm2'] > 20")
    hands.wait_done()
    assert "Next: 3" in page.locator(".stsbench-next").last.inner_text()


def test_papermill_makes_the_same_bytes_of_the_recorded_answers(hands, number):
    kinds = ("repaired_scan", "edits", "repair_report")
    by_hand = [stored(number, kind) for kind in kinds]
    recorded = hands.python(RECORDED).strip()
    assert read_answers(recorded).steps("lower")
    notebook = notebooks_folder() / "2_repair_scan.ipynb"
    run = run_notebook(notebook, {"case_number": number, "answers": recorded})
    assert run.outcome["case_number"] == number
    assert [stored(number, kind) for kind in kinds] == by_hand
    assert "widget-view" not in run.document
    assert write_answers(read_answers(recorded)) == recorded


def test_the_lab_keeps_no_history_shows_no_value_and_ends_when_idle(hands, bench_home):
    said = hands.python(
        "from ipykernel.connect import get_connection_info as told\n"
        "history = get_ipython().history_manager\n"
        "print(told(unpack=True)['transport'], history.enabled, history.hist_file, end='')"
    )
    assert said == "ipc False :memory:"  # one port: the kernel itself opens none
    raised = hands.page.evaluate(hands.in_page(RAISED), "Kanarien" + "vogel")
    assert "ValueError" in raised
    assert "Kanarienvogel" not in raised
    log = (bench_home.parent / "lab.log").read_text()
    assert "Culling kernels with idle durations > 3600 seconds" in log
    assert "Will shut down after 28800 seconds with no kernels" in log
    news = hands.page.locator(".jp-Notification-Toast, .Toastify__toast, .jp-toast")
    assert news.count() == 0


@pytest.mark.parametrize("language", ["de", "zh"])
def test_the_bench_speaks_another_language(language, hands, bench_home):
    (bench_home / "settings.toml").write_text(f'language = "{language}"\n')
    hands.run_until_open()
    said, cut_off = read_bench(hands.page)
    assert len(said) > 100
    assert left_in_english(said, language) == []
    assert cut_off == []
    picture_of(hands.page, f"in_{language}")


def test_withdrawn_consent_takes_the_mesh_off_the_screen(hands, number, bench_home):
    (bench_home / "settings.toml").unlink()
    withdraw_consent(number, "repair")
    taken = wait_until_nothing_is_shown(hands, "同意已于 20", closed="已关闭")
    assert taken < 4.0  # a look each second; the rest is for a machine with other work


def test_a_plane_is_set_by_three_clicks_confirmed_and_the_model_saved(modelling, number, arch):
    hands, page = modelling, modelling.page
    assert page.evaluate(f"{APP}.guides.canConfirm")
    first = hands.python("print(bench.desk.session.made['lower'].frame.source)")
    assert "automatic" in first
    picture(page, "model")
    hands.press("plane")
    for place in (arch.places[0], arch.places[1], arch.hole):
        hands.click(place)
    hands.wait_python("bench.desk.session.made['lower'].frame.source == 'given'")
    hands.wait_done()
    page.get_by_role("button", name="The plane lies right").click()
    hands.wait_python("bench.answers.get('lower/orientation_confirmed')")
    hands.wait_done()
    decided = hands.python("print(bench.answers.as_json())")
    for keys, sources in (("Control+z", ("given", "automatic")), ("Control+y", ("given", "given"))):
        for source in sources:
            hands.key(keys)
            hands.wait_done()
            made = hands.python("print(bench.desk.session.made['lower'].frame.source)")
            assert source in made
    assert hands.python("print(bench.answers.as_json())") == decided
    page.get_by_role("button", name="Save new version").click()
    hands.wait_done()
    assert "Next: 4" in page.locator(".stsbench-next").last.inner_text()
    by_hand = stored(number, "model", Purpose.MODEL)
    recorded = hands.python(RECORDED).strip()
    assert read_answers(recorded).get("lower/orientation")
    notebook = notebooks_folder() / "3_make_model.ipynb"
    run = run_notebook(notebook, {"case_number": number, "answers": recorded})
    assert run.outcome["case_number"] == number
    assert stored(number, "model", Purpose.MODEL) == by_hand
    assert "widget-view" not in run.document


def test_a_reviewer_accepts_and_the_case_leaves_every_screen(modelling, number):
    hands = BenchHands(modelling.page, "4_review_model.ipynb", beside=True)
    hands.run_until_open(seconds=90)
    maps = hands.page.evaluate(
        "() => [...[...window.stsbenchViewers].at(-1).maps.scales.keys()].map((one) => one.name)"
    )
    assert set(maps) == {"lower", "lower model"}
    numbers = hands.page.locator(".sts-viewer:visible").last.locator(".sts-rank").all_inner_texts()
    assert [int(one) for one in numbers] == sorted(int(one) for one in numbers)
    marked = hands.page.evaluate(
        "() => [...window.stsbenchViewers].at(-1).findings.points?.geometry.attributes.position.count"
    )
    assert marked == len(numbers)
    picture(hands.page, "review")
    hands.page.get_by_role("button", name="Accept").last.click()
    wait_until_nothing_is_shown(hands, "The case was accepted")
    with open_case(number) as case:
        assert case.record.verdicts["review"] == "accept"
    hands.save()
    wait_until_nothing_is_shown(modelling, "A reviewer signed this case off", which=-2)


def test_saved_notebooks_hold_no_mesh_no_name_and_no_key(intake, modelling, arch, bench_home):
    first = arch.mesh.vertices[:3].astype(np.float32).tobytes()
    intake.save()
    modelling.command("docmanager:save-all")
    held = modelling.page.evaluate(modelling.in_page("JSON.stringify(CONTEXT.model.toJSON())"))
    assert len(held) < 30_000
    saved = sorted((bench_home / "notebooks").glob("*.ipynb"))
    assert len(saved) == 4
    for path in saved:
        data = path.read_bytes()
        assert len(data) < 30_000, path.name
        for secret in (b"Zebedea", b"Kanarienvogel", b"widget-state", first):
            assert secret not in data, path.name
    assert sum(b"widget-view" in path.read_bytes() for path in saved) >= 3  # the benches were there
    held = modelling.python(
        "import json; print(len(json.dumps(bench.desk.viewer.get_state(), default=str)))"
    )
    assert int(held) < 8_000
