"""A home of its own for every test, and brokers that are stopped when their module is done."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from stsbench.vault.settings import load_settings
from tests.vault.house import RunningVault


@pytest.fixture(scope="session", autouse=True)
def _runtime_folder():
    """Sockets need a short path; keys go to a file; nothing of the user's own settings is read."""
    folder = Path(tempfile.mkdtemp(prefix="stsv-", dir="/tmp" if os.name == "posix" else None))
    changed = {"STSBENCH_RUNTIME_DIR": str(folder / "r"), "STSBENCH_KEYS": "file"}
    before = {name: os.environ.get(name) for name in (*changed, "STSBENCH_HOME")}
    os.environ.update(changed)
    os.environ.pop("STSBENCH_HOME", None)
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(tmp_path):
    return load_settings(tmp_path / "home")


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    """One broker process for a whole module."""
    with RunningVault(tmp_path_factory.mktemp("vault") / "home") as running:
        yield running
