"""What a batch refuses before a kernel starts, and what it believes afterwards."""

import json
import os

import nbformat
import pytest

from stsbench.batch.notebook_run import run_notebook
from stsbench.batch.shared_kernel import SharedKernel
from stsbench.errors import InputError, QualityGateError

PARAMETERS = (
    'answers: str = ""  # recorded\n'
    'case_number: str = ""  # a case\n'
    "interactive: bool = True  # widgets\n"
)
OUTCOME = (
    "from stsbench.widgets.outcomes import show_outcome\n"
    'show_outcome({"verdict": "pass", "case_number": case_number, "widgets": interactive})'
)


def answers(values):
    return json.dumps({"schema": "stsbench.answers/1", "answers": values}, ensure_ascii=False)


@pytest.fixture
def notebook(tmp_path):
    def write(*cells):
        book = nbformat.v4.new_notebook()
        first = nbformat.v4.new_code_cell(PARAMETERS)
        first.metadata["tags"] = ["parameters"]
        book.cells = [first, *(nbformat.v4.new_code_cell(cell) for cell in cells)]
        book.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "P"}
        path = tmp_path / "book.ipynb"
        path.write_text(nbformat.writes(book))
        return path

    return write


@pytest.mark.parametrize(
    ("name", "parameters", "says"),
    [
        ("unknown", {"case": "2611-0042-K"}, "case_number"),
        ("a path", {"case_number": "/home/someone/scan"}, "never a path"),
        ("a name with an umlaut", {"case_number": "Müller"}, "never a path or a name"),
        ("a path for an answer", {"answers": answers({"a": "/home/x"})}, "never a path"),
        ("a path for a key", {"answers": answers({"/home/x": 1})}, "never a path"),
        ("a name in a list", {"answers": answers({"a": ["Müller"]})}, "never a path or a name"),
        ("no answers", {"answers": "fill"}, "no JSON"),
    ],
)
def test_parameters_are_checked_before_anything_runs(name, parameters, says, notebook):
    with pytest.raises(InputError, match=says):
        run_notebook(notebook(OUTCOME), parameters)


@pytest.mark.notebook
def test_a_run_returns_what_the_last_cell_showed(notebook):
    steps = answers({"upper/steps": [{"tool": "fill", "edge": [1, 2]}], "attest/by": "clinic"})
    run = run_notebook(notebook(OUTCOME), {"case_number": "2611-0042-K", "answers": steps})
    assert run.outcome == {"verdict": "pass", "case_number": "2611-0042-K", "widgets": False}


@pytest.mark.notebook
@pytest.mark.parametrize(
    ("name", "cell", "says"),
    [
        ("an exception", "raise ValueError('no')", "ValueError"),
        ("a dead kernel", "import os; os._exit(1)", "kernel died"),
        ("no outcome", "1 + 1", "without an outcome"),
    ],
)
def test_a_failed_run_is_never_a_success(name, cell, says, notebook):
    with pytest.raises(QualityGateError, match=says):
        run_notebook(notebook(cell), {})


@pytest.mark.notebook
def test_our_errors_are_one_line_in_the_notebook(notebook):
    cell = "from stsbench.errors import InputError\nraise InputError('It broke.', 'Mend it.')"
    with pytest.raises(QualityGateError, match=r"InputError: It broke\. Mend it\."):
        run_notebook(notebook(cell), {})


@pytest.mark.notebook
def test_runs_in_one_kernel_find_nothing_of_each_other(notebook):
    mark = "import os\nleft = 1"
    told = (
        "import os\nfrom stsbench.widgets.outcomes import show_outcome\n"
        'show_outcome({"verdict": "pass", "process": os.getpid(), "left": "left" in globals(),'
        ' "case": case_number})'
    )
    with SharedKernel() as kernel:
        first = run_notebook(notebook(mark, told), {"case_number": "2611-0001-A"}, kernel=kernel)
        second = run_notebook(notebook(told), {}, kernel=kernel)
    assert first.outcome["left"] is True
    assert second.outcome == {**first.outcome, "left": False, "case": ""}
    counts = [cell.get("execution_count") for cell in json.loads(second.document)["cells"]]
    assert 1 in counts
    with pytest.raises(ProcessLookupError):
        os.kill(second.outcome["process"], 0)


@pytest.mark.notebook
def test_a_shared_kernel_that_died_is_one_line(notebook):
    with SharedKernel() as kernel:
        with pytest.raises(QualityGateError, match="kernel died"):
            run_notebook(notebook("import os; os._exit(1)"), {}, kernel=kernel)
        with pytest.raises(QualityGateError, match="kernel died"):
            run_notebook(notebook(OUTCOME), {}, kernel=kernel)


def test_a_shared_kernel_that_no_run_started_ends_quietly():
    with SharedKernel():
        pass
