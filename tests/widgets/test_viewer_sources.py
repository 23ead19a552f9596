"""The viewer's JavaScript: its own unit tests, its types, its bundle."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
import hatch_build  # noqa: E402 - it lies beside pyproject.toml, as hatchling wants it

VIEWER = ROOT / "viewer"
WAYS = ("left", "right", "up", "down")


@pytest.fixture(scope="module")
def node():
    try:
        return hatch_build.find_node()[0]
    except SystemExit as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", autouse=True)
def _bundle(node):
    hatch_build.build_viewer(ROOT)


def test_the_units_hold(node):
    done = subprocess.run(
        [*node, "test.mjs"], cwd=VIEWER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "# fail 0" in done.stdout or "fail 0" in done.stdout


def test_the_types_hold(node):
    compiler = VIEWER / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.exists():
        pytest.skip("the type checker comes with an editable install")
    done = subprocess.run(
        [*node, str(compiler), "--noEmit"], cwd=VIEWER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_a_bundle_is_not_made_twice():
    assert hatch_build.build_viewer(ROOT) is False


def test_the_bundle_keeps_the_licences_and_names_no_host():
    text = (ROOT / "stsbench" / "widgets" / "static" / "viewer.js").read_text(encoding="utf-8")
    assert text.count("The MIT License") + text.count("MIT License") >= 2
    assert "three.js authors" in text
    assert "Garrett Johnson" in text
    for word in ("cdn", "unpkg", "jsdelivr", "googleapis", "XMLHttpRequest"):
        assert word not in text, word


def test_the_loader_is_small():
    loader = ROOT / "stsbench" / "widgets" / "static" / "loader.js"
    assert loader.stat().st_size < 4000, "it is part of every widget's state"


@pytest.mark.parametrize("path", sorted((VIEWER / "src").glob("*.ts")), ids=lambda path: path.name)
def test_a_source_fits_in_the_head(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 350
    assert lines[0].startswith("// "), "a module starts by saying what it is"


def test_every_label_of_the_viewer_is_used():
    text = "".join(path.read_text(encoding="utf-8") for path in (VIEWER / "src").glob("*.ts"))
    words = set(re.findall(r"\w+", text))
    table = json.loads((ROOT / "stsbench/widgets/labels.json").read_text(encoding="utf-8"))
    made = {f"{prefix}_{name}" for prefix in ("tip", "hint") for name in words}  # put together
    made |= {f"{what}_{way}" for what in ("turn", "pan", "cross", "fine") for way in WAYS}
    made |= {f"layer_{number}" for number in range(1, 5)}
    assert set(table["viewer"]) - words - made == set()


def test_the_lock_holds_no_address():
    assert "http" not in (VIEWER / "package-lock.json").read_text()


def test_what_cannot_be_fetched_is_said_in_one_line(tmp_path, monkeypatch):
    import shutil

    for name in ("viewer/package.json", "viewer/package-lock.json", "viewer/.npmrc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(VIEWER / "src", tmp_path / "viewer" / "src")
    shutil.copy(VIEWER / "build.mjs", tmp_path / "viewer" / "build.mjs")
    words = tmp_path / "stsbench" / "widgets" / "labels.json"
    words.parent.mkdir(parents=True)
    shutil.copy(ROOT / "stsbench" / "widgets" / "labels.json", words)
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(SystemExit, match="npm could not fetch") as caught:
        hatch_build.build_viewer(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_wheel_carries_the_bundle_and_no_source_of_it(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "wheel", "--no-deps"]
    subprocess.run(
        [*pip, "--no-build-isolation", "-w", tmp_path, ROOT], check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"stsbench/widgets/static/viewer.js", "stsbench/widgets/static/loader.js"} <= set(names)
    assert [name for name in names if "node_modules" in name or name.endswith(".ts")] == []
