"""One Chromium and one page for the tests of the viewer, and a fresh viewer for each."""

import pytest

from tests.vault.house import home_of_notebooks
from tests.widgets.pages import ARGUMENTS, CHROMIUM, HOST, Page


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def host(chromium):
    page = Page(chromium.new_page(viewport={"width": 1000, "height": 560}))
    yield page
    foreign = [url for url in page.asked if not url.startswith((HOST, "blob:"))]
    assert foreign == []


@pytest.fixture
def make_viewer(host):
    """Return a function that opens a viewer; errors of the page, and leaks, fail the test."""

    def make(**options):
        return host.open(**{"height_px": 540, **options})

    yield make
    left = host.close()
    errors, host.errors = host.errors, []
    assert errors == []
    assert left == 0, "views or listeners are left behind"


@pytest.fixture(scope="module")
def bench_home(tmp_path_factory):
    """A home that STSBENCH_HOME names; its broker is stopped when the module is done."""
    with home_of_notebooks(tmp_path_factory.mktemp("bench") / "home") as folder:
        yield folder
