"""The command line as a script sees it: exit codes, one line of error, nothing half-written."""

import json
import subprocess
import sys

import numpy as np
import pytest

from stsbench import errors
from stsbench.cli import loose
from stsbench.cli.application import exit_code, run
from stsbench.cli.groups import run_words
from stsbench.cli.screen import print_table
from stsbench.cli.usual_words import USUAL, read_words
from stsbench.files.scans import encode_ply, read_scan
from stsbench.geometry.kernel_folders import cache_folder
from tests.shapes import sheet


def dome():
    """A bumpy open sheet of 30 x 30 mm with a small hole."""
    mesh = sheet(60, 60, height=lambda x, y: 4 + np.cos(x / 3) + np.sin(y / 4))
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    keep = np.hypot(centres[:, 0] - 12, centres[:, 1] - 17) > 0.9
    return type(mesh)(mesh.vertices, mesh.faces[keep])


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "scan.ply"
    path.write_bytes(encode_ply(dome()))
    return path


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.FormatError, 3),
        (errors.OrderError, 3),
        (errors.NotManifoldError, 3),
        (errors.QualityGateError, 4),
        (errors.AccessRefusedError, 5),
        (errors.SealError, 5),
        (errors.StorageError, 6),
        (errors.RenderError, 6),
        (errors.CancelledError, 130),
    ],
)
def test_every_error_has_its_exit_code(error, code):
    assert exit_code(error("It broke.", "Mend it.")) == code


@pytest.mark.parametrize(
    ("name", "words", "code", "says"),
    [
        ("unknown command", ["nonsense"], 2, "No such command"),
        ("no output", ["repair", "{scan}"], 2, "Missing option"),
        ("not a number", ["model", "{scan}", "-o", "{out}.ply", "--arch", "lower", "--wall", "x"],
         2, "valid number"),
        ("no such file", ["repair", "{tmp}/none.ply", "-o", "{out}.ply"], 3, ""),
        ("a folder", ["inspect", "{tmp}"], 3, ""),
        ("unknown suffix", ["repair", "{scan}", "-o", "{out}.xyz"], 3, ".ply, .stl, .obj"),
        ("unknown profile", ["repair", "{scan}", "-o", "{out}.ply", "--profile", "x"], 3, "study"),
        ("unknown arch", ["model", "{scan}", "-o", "{out}.ply", "--arch", "left"], 3, "upper"),
        ("no direction", ["model", "{scan}", "-o", "{out}.ply", "--arch", "lower",
                          "--orientation", "0,0,0"], 3, "three numbers"),
        ("words for numbers", ["model", "{scan}", "-o", "{out}.ply", "--arch", "lower",
                               "--orientation", "a,b"], 3, "0,0,1"),
        ("no such folder", ["repair", "{scan}", "-o", "{tmp}/no/out.ply"], 6, "Create it"),
        ("no edge length", ["repair", "{scan}", "-o", "{out}.ply", "--remesh-mm", "0"], 3,
         "0.02 to 5 mm"),
        ("no deviation", ["repair", "{scan}", "-o", "{out}.ply", "--remesh-mm", "0.5",
                          "--max-deviation-mm", "-1"], 3, "more than 0"),
        ("a deviation of nothing", ["repair", "{scan}", "-o", "{out}.ply", "--max-deviation-mm",
                                    "0.1"], 3, "edge length"),
        ("both reshapings", ["repair", "{scan}", "-o", "{out}.ply", "--remesh-mm", "0.5",
                             "--decimate-mm", "0.1"], 3, "one of them"),
        ("reshaping a record", ["repair", "{scan}", "-o", "{out}.ply", "--remesh-mm", "0.5",
                                "--profile", "ortho-record"], 3, "Leave"),
        ("one file twice", ["repair", "{scan}", "-o", "{out}.ply", "--report", "{out}.ply"], 3,
         "of its own"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_line_and_leaves_nothing(name, words, code, says, scan, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    filled = [w.format(scan=scan, tmp=tmp_path, out=tmp_path / "out") for w in words]
    assert run(filled) == code
    complaint = capsys.readouterr().err.strip().splitlines()[-1]
    assert says in complaint
    assert str(tmp_path) not in complaint
    assert sorted(tmp_path.iterdir()) == before


def test_repair_writes_mesh_report_and_edits(scan, tmp_path, capsys):
    out, report, edits = (tmp_path / name for name in ("out.stl", "r.json", "e.npz"))
    words = ["repair", scan, "-o", out, "--report", report, "--edits", edits, "--json"]
    assert run([str(word) for word in words]) == 0
    assert "Outside the vault" in (captured := capsys.readouterr()).err
    document = json.loads(report.read_text())
    assert document == json.loads(captured.out)
    assert document["schema"] == "stsbench.repair/1"
    assert str(tmp_path) not in report.read_text()
    assert read_scan(out).face_count > dome().face_count
    assert edits.stat().st_size > 0


def test_repair_remeshes_when_asked(scan, tmp_path, capsys):
    out = tmp_path / "out.ply"
    words = [
        "repair",
        scan,
        "-o",
        out,
        "--remesh-mm",
        "0.9",
        "--max-deviation-mm",
        "0.03",
        "--json",
    ]
    assert run([str(word) for word in words]) == 0
    note = json.loads(capsys.readouterr().out)["findings"][-1]
    assert "edges of 0.9 mm" in note["detail"]
    assert "bound 0.03 mm" in note["detail"]
    assert read_scan(out).face_count < 0.6 * dome().face_count


def test_the_same_command_twice_gives_the_same_bytes(scan, tmp_path):
    for turn in ("a", "b"):
        names = {name: tmp_path / f"{turn}{name}" for name in (".ply", ".json", ".npz")}
        run(["repair", str(scan), "-o", str(names[".ply"]), "--report", str(names[".json"]),
             "--edits", str(names[".npz"])])  # fmt: skip
    for name in (".ply", ".json", ".npz"):
        assert (tmp_path / f"a{name}").read_bytes() == (tmp_path / f"b{name}").read_bytes()


def test_a_lab_can_refuse_loose_files(scan, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STSBENCH_HOME", str(tmp_path))
    (tmp_path / "settings.toml").write_text('loose_files = "refuse"\n')
    assert run(["inspect", str(scan)]) == 5
    assert "intake" in capsys.readouterr().err


def test_debug_adds_the_traceback(tmp_path, capsys):
    assert run(["inspect", str(tmp_path / "none.stl"), "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_the_module_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "stsbench", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("stsbench ")


@pytest.mark.parametrize("point", ["atomic.before_rename"])
def test_a_killed_repair_leaves_the_old_result(point, scan, tmp_path):
    out = tmp_path / "out.ply"
    out.write_bytes(b"the result of yesterday")
    done = subprocess.run(
        [sys.executable, "-m", "stsbench", "repair", scan, "-o", out],
        env={
            "STSBENCH_FAILPOINT": point,
            "STSBENCH_CACHE": str(cache_folder().parent),
            "PATH": "",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        check=False,
    )
    assert done.returncode == -9
    assert out.read_bytes() == b"the result of yesterday"


@pytest.mark.parametrize(
    "words",
    [
        [], ["repair"], ["repair", "a.ply"], ["repair", "-o", "b.ply"], ["model", "a.ply"],
        ["repair", "a.ply", "-o"], ["repair", "a.ply", "-o", "--json"],
        ["repair", "a", "b", "-o", "c"],
        ["repair", "a.ply", "-o", "b.ply", "-o", "c.ply"], ["repair", "a.ply", "--out=b.ply"],
        ["repair", "a.ply", "-o", "b.ply", "--decimate-mm", "1"], ["inspect", "a.ply", "--help"],
        ["inspect", ""], ["inspect", "-"], ["inspect", "--", "a.ply"], ["inspect", "a.ply", "b.ply"],
        ["inspect", "a.ply", "--json", "--json"], ["repair", "a.ply", "-o", ""],
    ],
)  # fmt: skip
def test_unusual_words_are_left_to_typer(words):
    assert read_words(words) is None


def test_usual_words_mean_what_typer_makes_of_them(monkeypatch):
    """What typer would call the work with, for every usual option and its other spelling."""
    called = []
    for name in ("inspect_loose", "repair_loose"):
        monkeypatch.setattr(loose, name, lambda *given, **named: called.append((given, named)))
    for command, usual in USUAL.items():
        words = [command, "scan.ply", "--json"]
        seen = set()
        for option, (name, _) in usual.options.items():
            if name not in seen:
                words += [option, f"{name}.ply"]
            seen.add(name)
        read = read_words(words)
        run_words(words)
        given, named = called.pop()
        assert read.pop("scan") == given[0]
        assert [read.pop("out")] == list(given[1:]) if "out" in read else len(given) == 1
        assert read == {name: value for name, value in named.items() if value}
        for option, (name, make) in usual.options.items():
            spelled = [command, "scan.ply", option, "x"]
            spelled += [] if name == "out" or "out" not in usual.required else ["-o", "out.ply"]
            assert read_words(spelled)[name] == make("x")


def test_a_table_is_as_wide_as_its_texts(capsys):
    print_table(["a", "bb"], [["long text", "1"], ["x", "222"]])
    assert capsys.readouterr().out == "a          bb\nlong text  1\nx          222\n"


def test_repair_imports_nothing_it_does_not_use(scan, tmp_path):
    code = (
        "import sys\n"
        "from stsbench.cli.application import run\n"
        f"run(['repair', {str(scan)!r}, '-o', {str(tmp_path / 'out.ply')!r}])\n"
        "heavy = {'numba', 'scipy', 'typer', 'pydantic', 'rich', 'pandas', 'vtk', 'cryptography'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    for _ in range(2):  # the first may have to compile
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
    assert done.stdout.splitlines()[-1] == "[]"
