"""Re-runs, bad input, languages and idle ends, in a real JupyterLab: `make test-benches`."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request

import numpy as np
import pytest
from jupyter_client import BlockingKernelClient

from stsbench.domain.answers import Answers
from stsbench.workflow.auditing import vault_status
from stsbench.workflow.intake import preview_folder
from stsbench.workflow.model import model_case
from stsbench.workflow.repair import repair_case
from tests.shapes import sheet
from tests.vault.house import wait_until
from tests.widgets.bench_arch import damaged_arch, order_folder, take_in
from tests.widgets.bench_hands import BenchHands
from tests.widgets.bench_words import left_in_english, read_bench
from tests.widgets.lab_driver import free_port, new_page, running_lab
from tests.widgets.test_task_list import STATIC, picture_of

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.notebook,
    pytest.mark.skipif(
        not os.environ.get("STSBENCH_LONG"), reason="the long list: make test-benches"
    ),
]


@pytest.fixture(scope="module", autouse=True)
def _built():
    if not STATIC.is_file():
        pytest.skip("the viewer was not built: make viewer")


@pytest.fixture(scope="module")
def laboratory(bench_home, chromium, tmp_path_factory):
    """A lab behind a base URL with a case that was repaired by hand and has its model."""
    arch = damaged_arch()
    number = take_in(tmp_path_factory.mktemp("orders") / "one", arch.mesh)
    steps = [{"tool": "fill_below", "rim_mm": 30.0}, {"tool": "keep_component", "face": 0}]
    repair_case(number, answers=Answers({"lower/steps": steps}))
    model_case(number)
    with running_lab(bench_home, base_url="/user/anna/") as address:
        page = new_page(chromium)
        yield address, page, number, arch
        page.context.close()


def test_twenty_runs_keep_one_view_and_little_memory(laboratory):
    address, page, _, _ = laboratory
    hands = BenchHands(page, "2_repair_scan.ipynb", address=address)
    resident = "open('/proc/self/statm').read().split()[1]"
    sizes = []
    for _ in range(21):
        hands.run_until_open()
        assert page.evaluate("window.stsbenchViewers.size") == 1
        sizes.append(int(hands.python(f"import gc; gc.collect(); print({resident})")))
    grown = (sizes[-1] - sizes[0]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    assert grown <= 20.0, f"{grown:.1f} MB"
    assert page.locator("canvas.sts-canvas").count() == 1


TITLES = {
    "1_intake": {"de": "Annahme", "zh": "接单"},
    "3_make_model": {"de": "Modell erstellen", "zh": "制作模型"},
    "4_review_model": {"de": "Modell prüfen", "zh": "审核模型"},
}


@pytest.mark.parametrize("language", ["de", "zh"])
@pytest.mark.parametrize("name", TITLES)
def test_every_bench_speaks_another_language(name, language, laboratory, bench_home, tmp_path):
    address, page, number, arch = laboratory
    if name == "1_intake":
        preview_folder(order_folder(tmp_path / "order", arch.mesh, age=None))
    setting = bench_home / "settings.toml"
    setting.write_text(f'language = "{language}"\n')
    try:
        hands = BenchHands(page, f"{name}.ipynb", address=address)
        if name == "1_intake":
            hands.run_all()
            hands.wait_done()
        else:
            hands.set_case(number)
            hands.run_until_open()
        said, cut_off = read_bench(page)
    finally:
        setting.unlink()
    head = page.locator(".stsbench-head").last.inner_text()
    assert head.startswith(f"{TITLES[name][language]} · ")
    picture_of(page, f"{name}_{language}")
    assert len(said) > 30
    assert left_in_english(said, language) == []
    assert cut_off == []


def line_of(hands):
    """What stands in the bench and where the mesh would be, once the bench rests."""
    hands.run_all()
    hands.wait_done()
    page = hands.page
    said = page.locator(".stsbench-say").last.inner_text()
    page.locator(".sts-cover").last.get_by_text(said).wait_for()  # no blank canvas
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()
    return said


def test_a_scan_without_area_is_one_line_in_the_bench(laboratory, tmp_path):
    address, page, _, _ = laboratory
    flat = sheet(20, 20, pitch_mm=3.0)
    line = flat.vertices.copy()
    line[:, 1] = line[:, 2] = 0.0
    take_in(tmp_path / "order", type(flat)(line.astype(np.float32), flat.faces))
    assert "area" in line_of(BenchHands(page, "2_repair_scan.ipynb", address=address))


def test_a_scan_of_five_million_faces_is_one_line_in_the_bench(laboratory, tmp_path):
    address, page, _, _ = laboratory
    take_in(tmp_path / "order", sheet(1582, 1581, pitch_mm=0.04, height=lambda x, _y: 0.1 * x))
    said = line_of(BenchHands(page, "2_repair_scan.ipynb", address=address))
    assert "5,002,284 faces; the bench shows 2,000,000. Ask the clinic" in said


def test_a_scan_of_no_faces_is_asked_for_at_intake(laboratory, tmp_path):
    address, page, _, _ = laboratory
    flat = sheet(20, 20, pitch_mm=3.0)
    preview_folder(order_folder(tmp_path / "order", type(flat)(flat.vertices, flat.faces[:0])))
    hands = BenchHands(page, "1_intake.ipynb", address=address)
    hands.run_all()
    hands.wait_done()
    assert page.locator(".stsbench-say").last.inner_text() == "Missing: a readable scan"
    page.get_by_role("button", name="Take in").click()  # asks again, takes nothing in
    hands.wait_done()
    assert "Missing" in page.locator(".stsbench-say").last.inner_text()
    assert "Traceback" not in page.locator(".jp-Notebook").inner_text()


def test_a_case_that_does_not_exist_is_one_line_in_the_bench(laboratory):
    address, page, _, _ = laboratory
    hands = BenchHands(page, "2_repair_scan.ipynb", address=address)
    hands.set_case("2611-9999-A")
    hands.run_all()
    hands.wait_done()
    assert "case_unknown" in page.locator(".stsbench-say").last.inner_text()


LAB = """
import sys
from pathlib import Path
from stsbench.workflow.laboratory import IdleLimits, run_lab
limits = IdleLimits(kernel_s=4, look_s=1, server_s=5)
run_lab(Path(sys.argv[1]), port=int(sys.argv[2]), browser=False, say=print, idle=limits)
"""


HELD = """
from stsbench.domain.access import Purpose, Role
from stsbench.vault.client import VaultClient
from stsbench.workflow.bench_lease import WatchedLeases
from stsbench.workflow.cases import newest_case
case = newest_case(VaultClient.connect(), "{number}")
held = WatchedLeases(case, purpose=Purpose.REPAIR, role=Role.TECHNICIAN, ended=print)
held.open("lower")
"""


def test_a_lab_that_nobody_uses_ends_with_its_kernels_and_leases(bench_home, tmp_path):
    number, port = take_in(tmp_path / "order", damaged_arch().mesh), free_port()
    kernels = f"http://127.0.0.1:{port}/api/kernels?token=t"
    before = vault_status()["open_leases"]
    with (
        tempfile.TemporaryDirectory(prefix="stsb-", dir="/tmp") as short,
        contextlib.ExitStack() as rest,
    ):
        log = rest.enter_context((tmp_path / "log").open("w"))
        environment = os.environ | {"JUPYTER_RUNTIME_DIR": short, "JUPYTER_TOKEN": "t"}
        words = [sys.executable, "-c", LAB, str(bench_home), str(port)]
        lab = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
        rest.callback(lab.wait)
        rest.callback(lab.kill)
        assert wait_until(lambda: answer_of(kernels) == [], seconds=90)
        started = answer_of(kernels, b'{"name": "python3"}')["id"]
        client = BlockingKernelClient(connection_file=f"{short}/kernel-{started}.json")
        client.load_connection_file()
        client.start_channels()
        rest.callback(client.stop_channels)
        held = client.execute(HELD.format(number=number), reply=True, timeout=90)
        assert held["content"]["status"] == "ok"
        assert vault_status()["open_leases"] == before + 1
        assert wait_until(lambda: answer_of(kernels) == [], seconds=60)
        assert wait_until(lambda: vault_status()["open_leases"] == before, seconds=10)
        assert lab.wait(150) == 0
    said = (tmp_path / "log").read_text()
    assert "Culling 'idle' kernel" in said
    assert "shutting down" in said


def answer_of(address, body=None):
    """What the server answers, None while it does not."""
    request = urllib.request.Request(address, data=body)
    with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
    return None


def test_a_killed_kernel_is_said_in_the_bench(laboratory):
    address, page, number, _ = laboratory
    hands = BenchHands(page, "2_repair_scan.ipynb", address=address)
    hands.set_case(number)
    hands.run_until_open()
    os.kill(int(hands.python("import os; print(os.getpid())")), signal.SIGKILL)
    line = page.locator(".sts-viewer .sts-line").last
    line.get_by_text("The kernel stopped").wait_for(timeout=60_000)
