"""The benches of notebooks 3 and 4, re-runs and bad input, in a real JupyterLab.

All but the first are the long list: `make test-benches`.
"""

import os

import numpy as np
import pytest

from stsbench.batch.notebook_run import run_notebook
from stsbench.domain.access import Purpose, Role
from stsbench.domain.answers import Answers
from stsbench.files.bundled import notebooks_folder
from stsbench.workflow.cases import latest_object, open_case
from stsbench.workflow.recorded import read_answers
from stsbench.workflow.repair import repair_case
from tests.shapes import sheet
from tests.widgets.bench_arch import damaged_arch, take_in
from tests.widgets.bench_hands import APP, BenchHands
from tests.widgets.lab_driver import foreign, new_page, running_lab
from tests.widgets.test_repair_bench import LONG, STATIC, picture

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.notebook
SAVED = "bench.done is not None and not any(t.is_alive() for t in bench.desk._threads)"


@pytest.fixture(scope="module", autouse=True)
def _built():
    if not STATIC.is_file():
        pytest.skip("the viewer was not built: make viewer")


@pytest.fixture(scope="module")
def laboratory(bench_home, chromium, tmp_path_factory):
    """A lab behind a base URL with a case that was repaired by hand."""
    arch = damaged_arch()
    number = take_in(tmp_path_factory.mktemp("orders") / "one", arch.mesh)
    steps = [{"tool": "fill_below", "rim_mm": 30.0}, {"tool": "keep_component", "face": 0}]
    repair_case(number, answers=Answers({"lower/steps": steps}))
    with running_lab(bench_home, base_url="/user/anna/") as address:
        page = new_page(chromium)
        yield address, page, number, arch
        page.context.close()


def stored(number, kind, purpose=Purpose.MODEL, role=Role.TECHNICIAN):
    with open_case(number) as case:
        entry = latest_object(case.record.objects, kind, "lower")
        return case.read(entry.object_id, purpose=purpose, role=role)


def test_tiles_behind_a_base_url_show_nothing_of_a_case(laboratory):
    address, page, number, _ = laboratory
    page.goto(address)
    assert page.get_by_text("3 · Make model").is_visible()
    assert number not in page.content()
    picture_of(page, "start")
    page.goto(address.split("?")[0] + "?token=wrong")
    assert "3 · Make model" in page.content()  # the cookie of the first visit still holds
    page.context.clear_cookies()
    page.goto(address.split("?")[0])
    assert "Make model" not in page.content()
    assert foreign(page) == []


@LONG
def test_a_plane_is_set_by_three_clicks_confirmed_and_the_model_saved(laboratory):
    address, page, number, arch = laboratory
    hands = BenchHands(page, address, "3_make_model.ipynb")
    hands.run_until_open()
    hands.wait_python(SAVED, seconds=60)
    hands.settle()
    assert page.evaluate(f"{APP}.guides.canConfirm")
    picture(page, "model")
    first = hands.python("print(bench.desk.session.made['lower'].frame.source)")
    hands.press("plane")
    for place in (arch.places[0], arch.places[1], arch.hole):
        hands.click(place)
    hands.wait_python("bench.answers.get('lower/orientation')")
    hands.wait_python("bench.desk.session.made['lower'].frame.source == 'given'", seconds=60)
    assert "automatic" in first
    page.get_by_role("button", name="The plane lies right").click()
    hands.wait_python("bench.answers.get('lower/orientation_confirmed')")
    hands.wait_python("not any(t.is_alive() for t in bench.desk._threads)", seconds=60)
    page.get_by_role("button", name="Save new version").click()
    hands.wait_python("not any(t.is_alive() for t in bench.desk._threads)", seconds=60)
    by_hand = stored(number, "model"), stored(number, "model_report")
    recorded = hands.python(
        "from stsbench.workflow.recorded import write_answers; print(write_answers(bench.answers))"
    ).strip()
    assert read_answers(recorded).get("lower/orientation")
    given = {"case_number": number, "answers": recorded}
    run_notebook(notebooks_folder() / "3_make_model.ipynb", given)
    assert (stored(number, "model"), stored(number, "model_report")) == by_hand
    assert page.errors == []


@LONG
def test_a_reviewer_accepts_and_the_case_leaves_the_screen(laboratory, bench_home):
    address, page, number, _ = laboratory
    hands = BenchHands(page, address, "4_review_model.ipynb")
    hands.run_until_open()
    hands.wait_python("not any(t.is_alive() for t in bench.desk._threads)", seconds=90)
    hands.settle()
    picture(page, "review")
    page.get_by_role("button", name="Accept").last.click()
    page.wait_for_function(f"{APP}.stage.layers.size === 0", timeout=10_000)
    with open_case(number) as case:
        assert case.record.verdicts["review"] == "accept"
    hands.save()
    saved = (bench_home / "notebooks" / "4_review_model.ipynb").read_bytes()
    assert len(saved) < 20_000
    assert b"Kanarienvogel" not in saved
    assert page.errors == []
    assert foreign(page) == []


@LONG
def test_twenty_runs_keep_one_view_and_little_memory(laboratory):
    address, page, _, _ = laboratory
    hands = BenchHands(page, address, "2_repair_scan.ipynb")
    resident = "open('/proc/self/statm').read().split()[1]"
    sizes = []
    for _ in range(21):
        hands.run_until_open()
        assert page.evaluate("window.stsbenchViewers.size") == 1
        sizes.append(int(hands.python(f"import gc; gc.collect(); print({resident})")))
    grown = (sizes[-1] - sizes[0]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    assert grown <= 20.0, f"{grown:.1f} MB"
    assert page.locator("canvas.sts-canvas").count() == 1


@LONG
def test_a_scan_without_area_is_one_line_in_the_bench(laboratory, tmp_path):
    address, page, _, _ = laboratory
    flat = sheet(20, 20, pitch_mm=3.0)
    line = flat.vertices.copy()
    line[:, 1] = line[:, 2] = 0.0
    take_in(tmp_path / "order", type(flat)(line.astype(np.float32), flat.faces))
    hands = BenchHands(page, address, "2_repair_scan.ipynb")
    hands.run_all()
    hands.wait_python("not any(t.is_alive() for t in bench.desk._threads)", seconds=60)
    said = page.locator(".stsbench-say").last.inner_text()
    assert "area" in said
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()


def picture_of(page, name):
    if folder := os.environ.get("STSBENCH_PICTURES"):
        page.screenshot(path=f"{folder}/bench_{name}.png")


@LONG
def test_a_dead_kernel_is_said_in_the_bench(laboratory):
    address, page, number, _ = laboratory
    repair_case(number)
    hands = BenchHands(page, address, "2_repair_scan.ipynb")
    hands.set_case(number)
    hands.run_until_open()
    page.evaluate(
        """() => {
            const context = window.jupyterapp.shell.currentWidget.context;
            context.sessionContext.session.kernel.requestExecute({code: 'import os; os._exit(1)'});
        }"""
    )
    line = page.locator(".sts-viewer .sts-line").last
    line.get_by_text("The kernel stopped").wait_for(timeout=60_000)
