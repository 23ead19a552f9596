"""The kernel cache notices a changed callee, wherever it lies, and nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stsbench.geometry.kernel_folders import source_key

PACKAGE = Path(__file__).parents[2] / "stsbench"
CALLEE = (
    "from stsbench.geometry.compiled import kernel\n@kernel\ndef grown(x):\n    return x + {}\n"
)
CALLER = (
    "from stsbench.geometry.compiled import kernel\n"
    "from stsbench.geometry.callee import grown\n"
    "@kernel\ndef twice(x):\n    return 2 * grown(x)\n"
)


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "site" / "stsbench"
    for layer in ("geometry", "domain"):
        shutil.copytree(
            PACKAGE / layer, folder / layer, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("__init__.py", "errors.py"):
        shutil.copy(PACKAGE / name, folder / name)
    (folder / "geometry" / "caller.py").write_text(CALLER)
    (folder / "geometry" / "callee.py").write_text(CALLEE.format(1))
    return folder


def twice(package, number):
    code = f"from stsbench.geometry.caller import twice; print(twice({number}))"
    environment = os.environ | {
        "PYTHONPATH": str(package.parent),
        "STSBENCH_CACHE": str(package.parents[1] / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(done.stdout)


def test_an_edited_callee_is_compiled_again(package):
    assert twice(package, 5) == 12
    cached = {path: path.stat().st_mtime_ns for path in package.parents[1].rglob("*.nbc")}
    assert cached
    assert twice(package, 5) == 12
    assert {path: path.stat().st_mtime_ns for path in package.parents[1].rglob("*.nbc")} == cached
    (package / "geometry" / "callee.py").write_text(CALLEE.format(2))
    assert twice(package, 5) == 14


def test_the_key_follows_imports_and_nothing_else(package):
    caller = package / "geometry" / "caller.py"
    before = source_key(caller, package)
    (package / "geometry" / "stranger.py").write_text("x = 1\n")
    assert source_key(caller, package) == before
    (package / "geometry" / "callee.py").write_text(CALLEE.format(3))
    after = source_key(caller, package)
    assert after != before
    caller.write_text(CALLER.replace("geometry.callee import grown", "geometry import callee"))
    (package / "geometry" / "callee.py").write_text(CALLEE.format(4))
    assert source_key(caller, package) not in {before, after}


def test_where_and_when_plays_no_part(package, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(package, elsewhere)
    os.utime(elsewhere / "geometry" / "callee.py", (1, 1))
    name = Path("geometry") / "caller.py"
    assert source_key(elsewhere / name, elsewhere) == source_key(package / name, package)
