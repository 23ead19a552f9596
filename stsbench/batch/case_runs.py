"""One notebook over several cases; each executed notebook is sealed with its case."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from stsbench.batch.notebook_run import run_notebook
from stsbench.errors import InputError, StsbenchError
from stsbench.files.bundled import notebooks_folder
from stsbench.workflow.sealing import seal_notebook

__all__ = ["run_over_cases"]


def run_over_cases(
    notebook: str,
    cases: Sequence[str],
    *,
    parameters: Mapping[str, str] | None = None,
    workers: int = 2,
) -> list[dict[str, Any]]:
    """Run a notebook over cases, several at a time.

    Parameters
    ----------
    notebook : str
        Such as 2_repair_scan.
    cases : sequence of str
        Case numbers, each once.
    parameters : mapping, optional
        Further parameters, the same for every case.
    workers : int
        Notebooks at a time.

    Returns
    -------
    list of dict
        Per case: case_number, verdict ("error" when the notebook failed), seconds, error.

    Raises
    ------
    InputError
        No such notebook, or a case named twice.
    """
    path = notebooks_folder() / f"{notebook.removesuffix('.ipynb')}.ipynb"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in notebooks_folder().glob("*.ipynb")))
        raise InputError(f"There is no notebook {notebook!r}.", f"Use one of {known}.")
    if len(set(cases)) < len(cases):
        raise InputError("A case is named twice.", "Name each case once.")
    one = partial(_run_one, path=path, parameters=dict(parameters or {}))
    if workers < 2 or len(cases) < 2:
        return [one(case) for case in cases]
    with ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(one, cases))


def _run_one(case_number: str, *, path: Path, parameters: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {"case_number": case_number, "verdict": "error", "error": ""}
    try:
        run = run_notebook(path, {**parameters, "case_number": case_number})
        row["verdict"], row["seconds"] = run.outcome["verdict"], round(run.seconds, 2)
        seal_notebook(case_number, run.document)
    except StsbenchError as error:
        row["error"] = str(error)
    return row
