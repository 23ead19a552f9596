"""A vault of its own for the tests of this folder, found the way notebooks find it."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.vault.house import stop_vault


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home that STSBENCH_HOME names; its broker is stopped when the module is done."""
    runtime = Path(tempfile.mkdtemp(prefix="stsw-", dir="/tmp" if os.name == "posix" else None))
    folder = tmp_path_factory.mktemp("bench") / "home"
    changed = {
        "STSBENCH_HOME": str(folder),
        "STSBENCH_RUNTIME_DIR": str(runtime / "r"),
        "STSBENCH_KEYS": "file",
    }
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    yield folder
    stop_vault(folder)
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    shutil.rmtree(runtime, ignore_errors=True)
