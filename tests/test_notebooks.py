"""Notebooks stay thin, stay clean, and show every parameter to the batch."""

import ast
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def has_tag(cell, tag):
    return tag in cell.metadata.get("tags", [])


def test_no_outputs_or_runs_are_committed(path):
    book = nbformat.read(path, as_version=4)
    assert not {"papermill", "widgets"} & set(book.metadata)
    for cell in code_cells(path):
        assert not cell.outputs
        assert cell.execution_count is None
        assert not has_tag(cell, "injected-parameters")


def test_cells_call_the_package_and_define_nothing(path):
    for cell in code_cells(path):
        tree = ast.parse(cell.source)
        assert len(cell.source.splitlines()) <= 12
        assert cell.metadata["jupyter"]["source_hidden"] is True
        assert not [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While)
        ]


def test_the_second_cell_holds_the_parameters(path):
    book = nbformat.read(path, as_version=4)
    assert has_tag(book.cells[1], "parameters")
    assert len([cell for cell in book.cells if has_tag(cell, "parameters")]) == 1


def test_papermill_sees_every_parameter(path):
    import papermill

    (cell,) = [cell for cell in code_cells(path) if has_tag(cell, "parameters")]
    assigned = {n.target.id for n in ast.parse(cell.source).body if isinstance(n, ast.AnnAssign)}
    seen = papermill.inspect_notebook(path)
    assert assigned == set(seen)
    assert all(p["inferred_type_name"] in {"str", "int", "float", "bool"} for p in seen.values())
    assert all(p["help"] for p in seen.values())
    assert {"interactive", "answers"} <= assigned
