"""One Chromium for the tests of the viewer, and a fresh page for each."""

import pytest

from tests.widgets.pages import ARGUMENTS, CHROMIUM, HOST, PageViewer


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def make_viewer(chromium):
    """Return a function that opens a viewer on a page of its own; errors of a page fail the test."""
    contexts, viewers = [], []

    def make(*, width=1280, height=760, **options):
        context = chromium.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        viewer = PageViewer(context.new_page(), **options)
        viewers.append(viewer)
        return viewer

    yield make
    for context in contexts:
        context.close()
    for viewer in viewers:
        assert viewer.errors == []
        foreign = [url for url in viewer.asked if not url.startswith((HOST, "blob:"))]
        assert foreign == []
        viewer.close()
