"""The rules of the house, as tests: size, layers, cheap import, names."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "stsbench").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "base", "manager", "io", "types"}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_fits_in_the_head(path):
    assert len(path.read_text().splitlines()) <= 350, "split it, or move its data to a file"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is_and_what_it_offers(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "a module starts with a sentence"
    assert path.stem not in FORBIDDEN_NAMES, "name it by its content"
    assert path.stem == "__init__" or "__all__" in path.read_text()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_function_hides_its_module(path):
    tree = ast.parse(path.read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert path.stem not in functions


def test_imports_point_downwards():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


HEAVY = "{'pyvista', 'vtk', 'trimesh', 'pandas', 'ipywidgets', 'papermill', 'jupyterlab'}"


@pytest.mark.parametrize(
    ("name", "code", "heavy"),
    [
        (
            "the package",
            "import stsbench",
            HEAVY[:-1] + ", 'numpy', 'scipy', 'numba', 'typer', 'rich'}",
        ),
        ("loose files", "import stsbench.workflow.loose_files", HEAVY),
        ("the command line", "import stsbench.cli.groups", HEAVY[:-1] + ", 'scipy', 'numba'}"),
    ],
)
def test_an_import_is_cheap(name, code, heavy):
    program = f"import sys; {code}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]", name
