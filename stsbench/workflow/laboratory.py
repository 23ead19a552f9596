"""JupyterLab on the notebooks, with settings that are safe where patient data is near.

Rules owned here:
- Kernels keep no input history, tracebacks show no values, nothing is fetched from other hosts.
- A kernel that no page is open on and nobody used for an hour ends, and its bench's leases with it;
  a server without kernels ends after a working day.
- It opens with a page of tiles (`widgets/start_page`), behind a base URL as on a port of its own.
- Started by a JupyterHub (`c.Spawner.cmd = ["stsbench", "lab"]`) it is that user's server: the hub
  then gives address, base URL and sign-in, everything else stays as it is.
- A notebook is drawn whole: a 3D view that is scrolled away keeps its picture.
- Notebooks are copied into the home, so that the package's own stay as they are.

Source: JupyterHub documentation, "Configuring user environments" and `jupyterhub.singleuser`.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from stsbench.errors import StorageError
from stsbench.files.bundled import notebooks_folder
from stsbench.files.homes import demo_home, find_home

__all__ = ["IdleLimits", "run_lab"]

_IPYTHON_CONFIG = """\
c.HistoryManager.enabled = False
c.HistoryManager.hist_file = ":memory:"
c.InteractiveShell.xmode = "Minimal"
"""
_LAB_SETTINGS: dict[str, dict[str, object]] = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    "@jupyter-widgets/jupyterlab-manager/plugin.jupyterlab-settings": {"saveState": False},
}
_HUB_TOKEN = "JUPYTERHUB_API_TOKEN"  # noqa: S105 - the name of a variable
_START_PAGE = "stsbench.widgets.start_page"  # by name: the server loads it, this layer does not


@dataclass(frozen=True, slots=True)
class IdleLimits:
    """How long nothing may happen, in seconds.

    Parameters
    ----------
    kernel_s : int
        Before a kernel without an open page ends.
    look_s : int
        Between two looks at the kernels; the server looks at itself once a minute.
    server_s : int
        Before a server without kernels ends.
    """

    kernel_s: int = 3600
    look_s: int = 300
    server_s: int = 28800


def run_lab(
    home: Path | None,
    *,
    port: int,
    browser: bool,
    say: Callable[[str], object],
    base_url: str = "/",
    idle: IdleLimits | None = None,
) -> int:
    """Start JupyterLab and stay until it ends.

    Parameters
    ----------
    home : Path, optional
        The home; by default STSBENCH_HOME or the user's, or the demo's while that holds no case.
    port : int
    browser : bool
        Open a browser.
    say : callable
        Takes one remark for the user.
    base_url : str
        Where a proxy or a hub shows the server, such as /user/anna/.
    idle : IdleLimits, optional
        When unused kernels and the server end.

    Returns
    -------
    int
        JupyterLab's exit code.

    Raises
    ------
    StorageError
        The home cannot be written, or a hub started this and JupyterHub is not installed here.
    """
    limits = idle or IdleLimits()
    chosen = home or _home_with_cases(say)
    folder = chosen / "notebooks"
    _refresh_notebooks(folder)
    settings = _write_settings(chosen / "lab")
    command = [
        sys.executable, "-m", *_server(port=port, browser=browser, base_url=base_url),
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.jpserver_extensions={{'jupyterlab': True, '{_START_PAGE}': True}}",
        f"--MappingKernelManager.cull_idle_timeout={limits.kernel_s}",
        f"--MappingKernelManager.cull_interval={limits.look_s}",
        f"--ServerApp.shutdown_no_activity_timeout={limits.server_s}",
        "--KernelManager.transport=ipc",
        f"--LabApp.user_settings_dir={settings}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    if hasattr(os, "getuid") and os.getuid() == 0:
        say("JupyterLab runs as root here; better start it as an ordinary user.")
        command.append("--allow-root")
    environment = os.environ | {
        "STSBENCH_HOME": str(chosen),
        "IPYTHONDIR": str(chosen / "lab" / "ipython"),
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", ""),
    }
    return subprocess.call(command, env=environment)  # noqa: S603 - our own interpreter


def _server(*, port: int, browser: bool, base_url: str) -> list[str]:
    """Return the module to run and its own options: JupyterLab's, or those of a hub's user."""
    if os.environ.get(_HUB_TOKEN):
        if find_spec("jupyterhub") is None:
            raise StorageError(
                "A hub started this, and JupyterHub is not installed beside stsbench.",
                "Install the hub's version of it here: python -m pip install jupyterhub.",
            )
        return ["jupyterhub.singleuser", "--ServerApp.default_url=/stsbench"]
    return [
        "jupyterlab",
        f"--ServerApp.port={port}",
        f"--ServerApp.open_browser={browser}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.base_url={base_url}",
        "--LabApp.default_url=/stsbench",
    ]


def _home_with_cases(say: Callable[[str], object]) -> Path:
    home, demo = find_home(), demo_home()
    if not (home / "vault").is_dir() and (demo / "vault").is_dir():
        say("This home holds no case yet: opening the demo's.")
        return demo
    return home


def _refresh_notebooks(folder: Path) -> None:
    """Copy new or changed notebooks; keep what the user changed, beside the new one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for source in sorted(notebooks_folder().glob("*.ipynb")):
        target = folder / source.name
        if target.is_file() and target.read_bytes() != source.read_bytes():
            shutil.move(target, target.with_suffix(".yours.ipynb"))
        if not target.is_file():
            shutil.copyfile(source, target)


def _write_settings(folder: Path) -> Path:
    profile = folder / "ipython" / "profile_default"
    settings = folder / "settings"
    try:
        profile.mkdir(parents=True, exist_ok=True)
        (profile / "ipython_config.py").write_text(_IPYTHON_CONFIG, encoding="utf-8")
        for name, values in _LAB_SETTINGS.items():
            path = settings / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values, indent=2), encoding="utf-8")
    except OSError:
        raise StorageError("The home cannot be written.", "Choose another with --home.") from None
    return settings
