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
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.asked, page.errors = [], []  # of this page and those it opens
    context.on("request", lambda request: page.asked.append(request.url))
    context.on("weberror", lambda error: page.errors.append(str(error.error)))
    return page


def foreign(page) -> list[str]:
    """Requests that left this machine."""
    own = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
    return [url for url in page.asked if not url.startswith(own)]


STACKS = """
import sys, threading, traceback
for thread in threading.enumerate():
    if thread.name.startswith('stsbench'):
        print(''.join(traceback.format_stack(sys._current_frames()[thread.ident])[-6:]))
"""


class OpenNotebook:
    """A notebook in single-document mode, with its kernel.

    Without an address it is one that a click has opened, or that is opened beside the page's last.
    """

    def __init__(self, page, name: str, *, address: str = "", beside: bool = False) -> None:
        self.page = page
        self._context = (
            "[...window.jupyterapp.shell.widgets('main')]"
            f".map(one => one.context).find(one => one?.path == '{name}')"
        )
        if address:
            base, token = address.split("stsbench?token=")
            page.goto(f"{base}doc/tree/{name}?token={token}")
        if beside:
            words = ["docmanager:open", {"path": name}]
            page.evaluate("async words => void await jupyterapp.commands.execute(...words)", words)
        page.wait_for_function(
            f"window.jupyterapp?.shell && {self._context}?.isReady", timeout=90_000
        )
        self.wait_idle()

    def in_page(self, expression: str) -> str:
        """Return an expression with this notebook's CONTEXT and KERNEL put in."""
        kernel = "CONTEXT.sessionContext.session?.kernel"
        return expression.replace("KERNEL", kernel).replace("CONTEXT", self._context)

    def wait_idle(self, seconds: float = 90.0) -> None:
        self.page.wait_for_function(self.in_page("KERNEL?.status == 'idle'"), timeout=seconds * 1e3)

    def command(self, name: str) -> None:
        """Do a command of JupyterLab; returns once it is done."""
        self.page.evaluate(
            "async name => void await window.jupyterapp.commands.execute(name)", name
        )

    def run_all(self) -> None:
        self.command("notebook:run-all-cells")
        self.wait_idle()

    def save(self) -> None:
        self.page.evaluate(self.in_page("async () => void await CONTEXT.save()"))

    def python(self, code: str) -> str:
        """Run code in the kernel outside every cell; return what it printed."""
        return self.page.evaluate(
            self.in_page("""async code => {
                const future = KERNEL.requestExecute({code, store_history: false});
                let text = '';
                future.onIOPub = m => {
                    if (m.header.msg_type == 'stream') text += m.content.text;
                    if (m.header.msg_type == 'error') text += 'ERROR ' + m.content.evalue;
                };
                await future.done;
                return text;
            }"""),
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
                raise AssertionError(f"{expression} stays {said}\n{self.python(STACKS)}")
            time.sleep(0.1)
