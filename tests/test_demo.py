"""The demo from an installed wheel, on a machine of its own: rows as expected, no name anywhere.

One run serves three promises: a wheel works away from the checkout, the chain does on every sample
order what `expected.json` says, and no planted name is in any byte that was written.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stsbench.geometry.kernel_folders import cache_folder
from tests.canaries import hits

ROOT = Path(__file__).parents[1]
SAMPLES = sorted(path.parent.name for path in (ROOT / "data_samples").glob("*/expected.json"))


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A private HOME and temp folder, with the wheel installed in a folder."""
    # Unix sockets need a short path.
    folder = tmp_path_factory.mktemp("m")
    wheel = folder / "wheel"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    built = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheel, ROOT]
    subprocess.run(built, check=True, capture_output=True)
    (made,) = wheel.glob("*.whl")
    site = folder / "site"
    subprocess.run(
        [*pip, "install", "--no-deps", "--target", site, made], check=True, capture_output=True
    )
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "PYTHONPATH": str(site),
        "STSBENCH_KEYS": "file",
        # The wheel's kernels are the checkout's, compiled before; another test covers compiling.
        "STSBENCH_CACHE": str(cache_folder().parent),
    }
    yield folder, environment
    run_stsbench(folder, environment, "vault", "stop", "--home", folder / "demo")


def run_stsbench(folder, environment, *words):
    return subprocess.run(
        [sys.executable, "-P", "-m", "stsbench", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(machine):
    folder, environment = machine
    done = run_stsbench(folder, environment, "demo", "--home", folder / "demo", "--json")
    assert done.stdout.startswith("{"), done.stderr
    return done, json.loads(done.stdout)


@pytest.mark.notebook
@pytest.mark.parametrize("number", range(len(SAMPLES)), ids=SAMPLES)
def test_each_order_ends_as_expected(number, demo):
    expected = json.loads((ROOT / "data_samples" / SAMPLES[number] / "expected.json").read_text())
    row = demo[1]["rows"][number]
    assert row["error"] == ""
    assert row["intake"] == expected["intake"]
    assert expected["reason"] in row["reason"]
    for stage in ("repair", "model", "review"):
        assert row[stage] == expected["stages"][stage], stage
    assert row["as_expected"] is True


@pytest.mark.notebook
def test_the_demo_exits_zero_and_leaves_a_report(demo):
    done, document = demo
    assert done.returncode == 0, done.stderr
    report = Path(document["report"])
    page = report.read_text()
    assert all(row["case_number"] in page for row in document["rows"])
    assert list(report.parent.glob("*/*.html"))


@pytest.mark.notebook
def test_no_planted_name_is_in_any_byte(demo, machine):
    folder, _ = machine
    from data_samples.planting import CANARIES

    written = [folder / name for name in ("demo", "home", "tmp")]
    sizes = [path.stat().st_size for path in (folder / "demo").rglob("*") if path.is_file()]
    assert sum(sizes) > 10_000_000, "the demo wrote too little to be worth searching"
    assert hits(written, CANARIES) == []


@pytest.mark.notebook
def test_the_search_would_have_found_one(demo, machine, tmp_path):
    folder, _ = machine
    from data_samples.planting import CANARIES

    control = tmp_path / "control"
    control.mkdir()
    some = next((folder / "demo").rglob("*.ipynb"))
    shutil.copy(some, control / "copy.ipynb")
    with (control / "copy.ipynb").open("ab") as file:
        file.write(CANARIES[0].encode("utf-16-le"))
    assert hits([control], CANARIES)


@pytest.mark.notebook
def test_the_audit_log_of_the_demo_verifies(demo, machine):
    folder, environment = machine
    done = run_stsbench(folder, environment, "audit", "verify", "--home", folder / "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not proven" in done.stdout


@pytest.mark.notebook
def test_output_notebooks_hold_no_mesh_and_no_widget(demo, machine):
    folder, _ = machine
    books = list((folder / "demo" / "runs").rglob("*.ipynb"))
    assert books
    for path in books:
        book = json.loads(path.read_text())
        assert "widgets" not in book["metadata"]
        kinds = {
            kind
            for cell in book["cells"]
            for output in cell.get("outputs", [])
            for kind in output.get("data", {})
        }
        assert kinds <= {
            "text/plain", "text/html", "image/png", "application/vnd.stsbench.outcome+json"
        }  # fmt: skip
