import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from data_samples.channels import planted_channels
from data_samples.make_samples import HERE, main
from data_samples.recipes import RECIPES
from stsbench.domain.access import IntakeVerdict, ReasonCode
from stsbench.domain.verdicts import Verdict
from stsbench.files.orders import read_order
from stsbench.files.scans import read_scan

FOLDERS = [recipe.folder for recipe in RECIPES]


def scans_of(folder):
    return [HERE / folder / scan.file for scan in read_order(HERE / folder).scans]


def test_ten_orders_and_nothing_else_in_25_megabytes():
    there = sorted(path.name for path in HERE.iterdir() if (path / "order.json").is_file())
    assert there == sorted(FOLDERS)
    assert len(there) == 10
    files = [path for folder in there for path in (HERE / folder).iterdir()]
    assert sum(path.stat().st_size for path in files) < 25_000_000


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.folder)
def test_what_is_expected_is_as_the_recipe_says_and_in_known_words(recipe):
    data = (HERE / recipe.folder / "expected.json").read_bytes()
    assert data == recipe.expected()
    expected = json.loads(data)
    assert expected["schema"] == "stsbench.expected/1"
    IntakeVerdict(expected["intake"])
    if expected["reason"]:
        ReasonCode(expected["reason"])
    stages = expected["stages"]
    assert set(stages) == {"repair", "model", "review"}
    assert {stages["repair"], stages["model"]} <= {*map(str, Verdict), None}
    assert stages["review"] == ("pending" if expected["intake"] == "accepted" else None)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_scan_can_be_read_and_is_as_large_as_a_sample_should_be(folder):
    paths = scans_of(folder)
    assert paths
    for path in paths:
        mesh = read_scan(path)
        quadrant = folder.startswith("04")
        assert (8_000 if quadrant else 50_000) < mesh.face_count < (13_000 if quadrant else 60_000)
        size = max(mesh.extents_mm)
        assert 0.05 < size < 0.08 if folder.startswith("06") else 35 < size < 90


def test_together_the_orders_plant_every_channel_and_one_plants_nothing():
    channels = {folder: planted_channels(HERE / folder) for folder in FOLDERS}
    assert channels.pop("07_order_without_names") == []
    for rows in channels.values():
        assert {"folder name", "file name", "order.patient.name"} <= {row[1] for row in rows}
    found = {row[1] for rows in channels.values() for row in rows}
    assert found >= {
        "MTL comment",
        "MTL material",
        "MTL texture",
        "OBJ comment",
        "OBJ group",
        "OBJ library",
        "OBJ material",
        "OBJ object",
        "PLY comment",
        "PLY obj_info",
        "PLY trailing bytes",
        "PNG text",
        "PNG trailing bytes",
        "STL attribute bytes",
        "STL header",
        "STL solid name",
        "XML",
        "order.clinic.name",
        "order.clinic_order_no",
        "order.doctor.name",
        "order.notes",
        "order.scans[].file",
    }


def test_making_a_small_order_again_changes_no_byte():
    """In a process of its own, as a developer runs it."""
    script = HERE / "make_samples.py"
    command = [sys.executable, str(script), "--check", "--only", "04"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "same" in done.stdout


def test_the_check_sees_a_changed_byte_a_missing_file_and_a_foreign_one(
    tmp_path, monkeypatch, capsys
):
    files = {"order.json": b"{}", "lower.stl": b"scan"}
    recipe = replace(RECIPES[0], make=lambda: dict(files))
    monkeypatch.setattr("data_samples.make_samples.RECIPES", (recipe,))
    assert main(["--target", str(tmp_path)]) == 0
    assert main(["--target", str(tmp_path), "--check"]) == 0
    folder = tmp_path / recipe.folder
    (folder / "lower.stl").write_bytes(b"scam")
    (folder / "order.json").unlink()
    (folder / "extra.txt").write_bytes(b"")
    capsys.readouterr()
    assert main(["--target", str(tmp_path), "--check"]) == 1
    assert "differs: extra.txt, lower.stl, order.json" in capsys.readouterr().out
    shutil.rmtree(folder)
    assert main(["--target", str(tmp_path), "--check"]) == 1
