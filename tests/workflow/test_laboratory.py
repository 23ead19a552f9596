"""Settings of `stsbench lab` that keep patient data where it is."""

import json
import sys
from types import ModuleType

import pytest

from stsbench.errors import StorageError
from stsbench.workflow import laboratory
from stsbench.workflow.laboratory import _write_settings, run_lab


def test_kernels_keep_no_history_and_show_no_values(tmp_path):
    _write_settings(tmp_path)
    config = (tmp_path / "ipython" / "profile_default" / "ipython_config.py").read_text()
    assert 'hist_file = ":memory:"' in config
    assert "HistoryManager.enabled = False" in config
    assert 'xmode = "Minimal"' in config


def test_the_page_asks_nobody_for_news_and_saves_no_widget(tmp_path):
    settings = _write_settings(tmp_path)
    found = {path.stem: json.loads(path.read_text()) for path in settings.rglob("*-settings")}
    assert found["notification"] == {"fetchNews": "false", "checkForUpdates": False}
    assert found["tracker"]["windowingMode"] == "none"
    assert found["plugin"]["saveState"] is False


@pytest.fixture
def started(monkeypatch):
    """Collects the commands that would be run; an untouched environment of no hub."""
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN", raising=False)
    commands = []
    monkeypatch.setattr(
        laboratory.subprocess, "call", lambda command, env: commands.append((command, env)) or 0
    )
    return commands


def _open_lab(home, base_url="/"):
    return run_lab(home, port=8901, browser=False, base_url=base_url, say=lambda _: None)


def test_alone_the_lab_listens_to_this_machine_only(tmp_path, started):
    _open_lab(tmp_path, base_url="/lab/")
    ((command, _),) = started
    assert command[1:3] == ["-m", "jupyterlab"]
    assert {"--ServerApp.ip=127.0.0.1", "--ServerApp.port=8901"} <= set(command)
    assert "--ServerApp.base_url=/lab/" in command
    assert not any("token=" in word or "password=" in word for word in command)


def test_under_a_hub_the_hub_gives_address_and_sign_in(tmp_path, started, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "made-up")
    hub = ModuleType("jupyterhub")
    hub.__spec__ = laboratory.find_spec("json")
    monkeypatch.setitem(sys.modules, "jupyterhub", hub)
    _open_lab(tmp_path, base_url="/lab/")
    ((command, environment),) = started
    assert command[1:3] == ["-m", "jupyterhub.singleuser"]
    assert not any(
        word.startswith(f"--ServerApp.{name}=")
        for word in command
        for name in ("port", "ip", "base_url", "open_browser")
    )
    assert "--ServerApp.default_url=/stsbench" in command
    assert any("start_page" in word and "jupyterlab" in word for word in command)
    assert environment["IPYTHONDIR"] == str(tmp_path / "lab" / "ipython")


def test_a_hub_without_its_package_here_is_told_what_to_install(tmp_path, started, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "made-up")
    monkeypatch.setattr(laboratory, "find_spec", lambda _: None)
    with pytest.raises(StorageError, match="pip install jupyterhub"):
        _open_lab(tmp_path)
    assert not started
