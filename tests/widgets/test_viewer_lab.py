"""The viewer in a real JupyterLab: clicks reach the kernel, cells are run again, nothing is kept.

One JupyterLab serves all tests of this module, in order: its start takes longer than they do.
"""

import json

import pytest

from tests.widgets.lab import Notebook, running_lab

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

CELL = """\
import numpy as np
from stsbench.widgets.viewer import Viewer
n = 300
x, y = (0.2 * axis.ravel() for axis in np.meshgrid(np.arange(n), np.arange(n)))
vertices = np.stack([x, y, np.sin(x) + np.cos(y)], axis=1)
a = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
faces = np.vstack([np.c_[a, a + 1, a + n + 1], np.c_[a, a + n + 1, a + n]])
viewer = Viewer(height_px=520)
viewer.show_mesh("scan", vertices, np.delete(faces, np.arange(40000, 40010), 0), editable=True)
uses = []
viewer.on("use", lambda content, buffers: uses.append(content["use"]))
viewer
"""
MEMORY = "import gc; gc.collect(); print(4096 * int(open('/proc/self/statm').read().split()[1]))"
RUNS = 5  # of a mesh of 3.2 MB; twenty of them grew a kernel by 8.7 MB
HOLE = """(() => {
  const rims = app.rims.of(app.active), loop = rims.loops.find((one) => one.length < 40);
  const place = app.stage.view.place.target.clone();
  const at = app.stage.project(place.fromArray(app.active.slots.positions, 3 * loop[0]));
  return [at.x, at.y];
})()"""


def app(page, expression):
    return page.evaluate(
        f"() => {{ const app = [...(window.stsbenchViewers ?? [])].at(-1); return {expression}; }}"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("lab")
    cell = {"cell_type": "code", "id": "a", "source": CELL, "metadata": {}, "outputs": [],
            "execution_count": None}  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3"}
    book = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4,
            "nbformat_minor": 5}  # fmt: skip
    (made / "scan.ipynb").write_text(json.dumps(book))
    return made


@pytest.fixture(scope="module")
def notebook(chromium, folder):
    with running_lab(folder, base_url="/lab/of/test/") as address:
        page = chromium.new_page(viewport={"width": 1300, "height": 850})
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        book = Notebook(page, address, "scan.ipynb")
        yield book
        foreign = {url for url in book.asked if not url.startswith((address, "blob:", "data:"))}
        assert foreign == set(), "no request to any other host"
        assert errors == []
        page.close()


def shown(notebook):
    notebook.page.wait_for_function(
        """() => {
          const app = [...(window.stsbenchViewers ?? [])].at(-1);
          return app?.stage.frames > 0 && app.active;
        }""",
        timeout=60_000,
    )


def test_a_click_reaches_the_kernel(notebook):
    notebook.run("notebook:run-all-cells")
    shown(notebook)
    page = notebook.page
    page.locator(".sts-canvas").click(position={"x": 5, "y": 5})
    page.keyboard.press("f")
    x, y = app(page, HOLE)
    page.locator(".sts-canvas").click(position={"x": x, "y": y})
    page.wait_for_timeout(300)
    assert json.loads(notebook.ask("import json; print(json.dumps(uses))"))[0]["tool"] == "fill"
    notebook.ask("viewer.say('done')")


def test_letters_belong_to_the_viewer_and_not_to_the_notebook(notebook):
    page = notebook.page
    page.locator(".sts-canvas").click(position={"x": 5, "y": 5})
    cells = page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length")
    for key in ("a", "b", "d", "d", "x", "Escape"):
        page.keyboard.press(key)
    assert page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length") == cells


def test_a_second_view_is_given_everything(notebook):
    notebook.page.evaluate(
        """() => { const { content } = window.jupyterapp.shell.currentWidget;
          content.activeCellIndex = 0; }"""
    )
    notebook.run("notebook:create-output-view")
    notebook.page.wait_for_function(
        "() => [...window.stsbenchViewers].length === 2 && [...window.stsbenchViewers][1].active"
    )
    counts = notebook.page.evaluate(
        "() => [...window.stsbenchViewers].map((app) => app.active.slots.aliveCount)"
    )
    assert counts == [178792, 178792]
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")
    notebook.page.wait_for_function("() => window.stsbenchViewers.size === 1")


def test_runs_leave_one_viewer_and_little_memory(notebook):
    notebook.run("notebook:run-all-cells")
    shown(notebook)
    before = int(notebook.ask(MEMORY))
    for _ in range(RUNS):
        notebook.run("notebook:run-all-cells")
        notebook.wait_until_idle()
    shown(notebook)
    grown_mb = (int(notebook.ask(MEMORY)) - before) / 1e6
    assert grown_mb <= 2 * RUNS, "a mesh is kept"  # five kept ones would be 16 MB
    assert app(notebook.page, "window.stsbenchViewers.size") == 1
    live = notebook.ask(
        "import ipywidgets; print(sum(type(w).__name__ == 'Viewer' for w in "
        "ipywidgets.widgets.widget._instances.values()))"
    )
    assert live == "1"


def test_a_lost_context_is_restored(notebook):
    page = notebook.page
    lose = "app.stage.renderer.getContext().getExtension('WEBGL_lose_context')"
    app(page, f"(app.lose = {lose}).loseContext()")
    page.wait_for_function("() => [...window.stsbenchViewers][0].stage.isLost")
    app(page, "app.lose.restoreContext()")
    page.wait_for_function("() => ![...window.stsbenchViewers][0].stage.isLost")
    before = app(page, "app.stage.frames")
    app(page, "app.stage.draw()")
    assert app(page, "app.stage.frames") > before  # the restored stage may have drawn by itself
    assert app(page, "app.stage.renderer.getContext().getError()") == 0


def test_a_saved_notebook_holds_no_mesh(notebook, folder):
    notebook.run("docmanager:save")
    notebook.page.wait_for_timeout(500)
    book = json.loads((folder / "scan.ipynb").read_text())
    state = json.dumps(book["metadata"].get("widgets", {}))
    assert len(state) < 12_000
    assert len((folder / "scan.ipynb").read_bytes()) < 30_000
    made = notebook.ask("print(len(str(viewer.get_state())))")
    assert int(made) < 8_000


def test_a_kernel_that_stops_is_said_so(notebook):
    page = notebook.page
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
    )
    page.wait_for_function(
        "() => document.querySelector('.sts-line')?.textContent.includes('kernel')", timeout=20_000
    )
    notebook.wait_until_idle()
    notebook.run("notebook:run-all-cells")
    page.wait_for_function("() => window.stsbenchViewers.size === 1")
    shown(notebook)
