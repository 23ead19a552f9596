"""A real JupyterLab on a free port, and a page on one of its notebooks."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

_CURRENT = "window.jupyterapp.shell.currentWidget.context"


@contextlib.contextmanager
def running_lab(folder, *, base_url="/"):
    """Yield the address of a JupyterLab whose settings and notebooks lie in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython",
        "JUPYTER_DATA_DIR": "data", "JUPYTERLAB_SETTINGS_DIR": "settings",
    }  # fmt: skip
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
        "--IdentityProvider.token=", "--allow-root", "--expose-app-in-browser",
        f"--ServerApp.root_dir={folder}", f"--ServerApp.base_url={base_url}",
    ]  # fmt: skip
    environment = {**os.environ, **{name: str(folder / place) for name, place in places.items()}}
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=folder
        )
        try:
            address = f"http://127.0.0.1:{port}{base_url}"
            _wait_for(f"{address}api/status")
            yield address
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(address):
    for _ in range(240):
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):
            return
        time.sleep(0.25)
    raise TimeoutError("JupyterLab did not start")


class Notebook:
    """A notebook open in JupyterLab, run as a person would."""

    def __init__(self, page, address, name):
        self.page = page
        self.asked = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(f"{address}lab/workspaces/test/tree/{name}?reset")
        page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.context?.isReady", timeout=90_000
        )
        self.wait_until_idle()
        page.evaluate("window.jupyterapp.shell.collapseLeft()")

    def wait_until_idle(self):
        self.page.wait_for_function(
            f"{_CURRENT}.sessionContext.session?.kernel?.status === 'idle'", timeout=90_000
        )

    def run(self, command):
        self.page.evaluate("name => window.jupyterapp.commands.execute(name)", command)

    def ask(self, code):
        """Run code in the kernel, outside the cells; return what it printed."""
        return self.page.evaluate(
            """async code => {
              const { context } = window.jupyterapp.shell.currentWidget;
              const { kernel } = context.sessionContext.session;
              const done = kernel.requestExecute({ code, store_history: false });
              let text = "";
              done.onIOPub = ({ header, content }) => {
                if (header.msg_type === "stream") text += content.text;
                if (header.msg_type === "error") text += `${content.ename}: ${content.evalue}`;
              };
              await done.done;
              return text;
            }""",
            code,
        ).strip()
