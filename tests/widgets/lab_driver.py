"""A real JupyterLab in a real Chromium, driven by clicks; Python's side is read from the kernel."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).parents[2]
_FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--enable-precise-memory-info",
]  # fmt: skip
_KERNEL = "window.jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel"


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextlib.contextmanager
def running_lab(home: Path, *, base_url: str = "/") -> Iterator[str]:
    """Start `stsbench lab` as a user does; yield the address with its token."""
    log = home.parent / "lab.log"
    words = ["lab", "--home", str(home), "--port", str(free_port()), "--no-browser"]
    settings = home.parent / "jupyter"
    settings.mkdir(exist_ok=True)
    exposed = {"LabApp": {"expose_app_in_browser": True}}
    (settings / "jupyter_lab_config.json").write_text(json.dumps(exposed))
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(settings)}
    with log.open("w") as stream:
        lab = subprocess.Popen(
            [sys.executable, "-m", "stsbench", *words, "--base-url", base_url],
            cwd=ROOT,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _address(log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(lab.pid, signal.SIGTERM)
        lab.wait(30)


def _address(log: Path) -> str:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        found = re.search(r"http://127\.0\.0\.1:\S+\?token=\w+", log.read_text())
        if found:
            return found[0]
        time.sleep(0.2)
    raise AssertionError(log.read_text()[-2000:])


@contextlib.contextmanager
def browser(*, width: int = 1400, height: int = 1000):
    """Yield a page of a Chromium of its own; inside pytest use the fixture `chromium` instead."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=_FLAGS, headless=True
        )
        yield new_page(chromium, width=width, height=height)
        chromium.close()


def new_page(chromium, *, width: int = 1400, height: int = 1000):
    """Return a page that records requests and errors."""
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="en-US")
    page = context.new_page()
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    return page


def foreign(page) -> list[str]:
    """Requests that left this machine."""
    own = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
    return [url for url in page.asked if not url.startswith(own)]


class OpenNotebook:
    """A notebook in single-document mode, with its kernel."""

    def __init__(self, page, address: str, name: str) -> None:
        self.page = page
        base, token = address.split("stsbench?token=")
        page.goto(f"{base}doc/tree/{name}?token={token}")
        page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.context?.isReady", timeout=90_000
        )
        self.wait_idle()

    def wait_idle(self, seconds: float = 90.0) -> None:
        self.page.wait_for_function(f"{_KERNEL}?.status == 'idle'", timeout=seconds * 1e3)

    def command(self, name: str) -> None:
        self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)

    def run_all(self) -> None:
        self.command("notebook:run-all-cells")
        time.sleep(0.3)
        self.wait_idle()

    def save(self) -> None:
        self.command("docmanager:save")
        time.sleep(1.0)

    def python(self, code: str) -> str:
        """Run code in the kernel outside every cell; return what it printed."""
        return self.page.evaluate(
            """async code => {
                const future = KERNEL.requestExecute({code, store_history: false});
                let text = '';
                future.onIOPub = m => {
                    if (m.header.msg_type == 'stream') text += m.content.text;
                    if (m.header.msg_type == 'error') text += 'ERROR ' + m.content.evalue;
                };
                await future.done;
                return text;
            }""".replace("KERNEL", _KERNEL),
            code,
        )

    def wait_python(self, expression: str, *, seconds: float = 60.0) -> str:
        """Wait until an expression is true in the kernel."""
        deadline = time.monotonic() + seconds
        while True:
            said = self.python(f"print(bool({expression}), end='')")
            if said == "True":
                return said
            if time.monotonic() > deadline:
                raise AssertionError(f"{expression} stays {said}")
            time.sleep(0.1)
