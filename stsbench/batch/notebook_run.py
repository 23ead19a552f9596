"""One notebook run through papermill: the same notebook a technician opens, unattended.

Rules owned here (measured: research on papermill 2.7):
- papermill only warns about an unknown parameter and runs with the default; here it is refused.
- Cell status says "completed" after a crash; only the outcome that the notebook's last cell shows
  counts (`application/vnd.stsbench.outcome+json`), and an exception is an exception.
- Kernels talk over IPC sockets instead of open TCP ports; no widget state is stored.
- Parameters are written into the output, so only codes are allowed: no path, no name.
"""

import contextlib
import json
import logging
import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stsbench.batch.shared_kernel import SharedKernel
from stsbench.domain.outcomes import OUTCOME_MIME
from stsbench.errors import InputError, QualityGateError
from stsbench.workflow.recorded import read_answers

__all__ = ["NotebookRun", "run_notebook"]


_CODES_ONLY = re.compile(r"[\w .,:;+\-\[\]{}\"=]*", re.ASCII)
_ANSWER_KEY = re.compile(r"\w[\w-]*(/\w[\w-]*){0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NotebookRun:
    """What became of one run.

    Parameters
    ----------
    outcome : mapping
        What the notebook's last cell showed: verdicts and codes.
    seconds : float
        Wall time, kernel start included.
    document : str
        The executed notebook (JSON).
    """

    outcome: Mapping[str, Any]
    seconds: float
    document: str


def run_notebook(
    path: Path,
    parameters: Mapping[str, str | int | float | bool],
    *,
    kernel: SharedKernel | None = None,
) -> NotebookRun:
    """Execute a notebook with parameters, in a kernel of its own unless one is given.

    Parameters
    ----------
    path : Path
        One of the package's notebooks.
    parameters : mapping
        Codes, numbers and switches; `interactive` is always False here.
    kernel : SharedKernel, optional
        Emptied first; lives on afterwards.

    Raises
    ------
    InputError
        An unknown parameter, or a text that is no code.
    QualityGateError
        A cell failed, or the notebook ended without an outcome.
    """
    given = {**parameters, "interactive": False}
    _refuse_unknown(path, given)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="stsbench-run-") as folder:
        target = Path(folder) / path.name
        failure = _execute(path, target, given, kernel)
        if failure is not None:
            raise QualityGateError(f"Notebook {path.stem} failed: {failure}", "See the case's log.")
        document = target.read_text(encoding="utf-8")
    return NotebookRun(_outcome_of(document, path.stem), time.perf_counter() - started, document)


def _refuse_unknown(path: Path, parameters: Mapping[str, object]) -> None:
    import papermill  # noqa: PLC0415 - loads jupyter

    known = papermill.inspect_notebook(str(path))
    for name, value in parameters.items():
        if name not in known:
            raise InputError(
                f"Notebook {path.stem} has no parameter {name!r}.",
                f"Use one of {', '.join(sorted(known))}.",
            )
        if isinstance(value, str) and not _holds_codes_only(name, value):
            raise InputError(
                f"Parameter {name!r} holds more than codes.",
                "Pass case numbers and tickets, never a path or a name.",
            )


def _holds_codes_only(name: str, text: str) -> bool:
    """Answers are read first: their keys may hold slashes, `upper/steps`, and nothing else may."""
    if name != "answers" or not text.strip():
        return _CODES_ONLY.fullmatch(text) is not None
    answers = read_answers(text).values
    return all(_ANSWER_KEY.fullmatch(key) for key in answers) and all(
        _CODES_ONLY.fullmatch(json.dumps(value, ensure_ascii=False)) for value in answers.values()
    )


def _execute(
    path: Path, target: Path, parameters: Mapping[str, object], kernel: SharedKernel | None
) -> str | None:
    """Run it; return one line about the failing cell, or None."""
    import papermill  # noqa: PLC0415

    with _quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of papermill and its kernel; ours are tested elsewhere
        try:
            papermill.execute_notebook(
                str(path),
                str(target),
                dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                log_output=False,
                request_save_on_cell_execute=False,
                store_widget_state=False,
                **_where(target.parent, kernel),
            )
        except papermill.PapermillExecutionError as error:
            return f"{error.ename}: {error.evalue}".splitlines()[0]
        except RuntimeError as error:  # nbclient's DeadKernelError
            return f"the kernel died ({type(error).__name__})"
    return None


def _where(folder: Path, kernel: SharedKernel | None) -> dict[str, Any]:
    """Name the kernel to use; one of its own gets sockets in the folder of this run."""
    from traitlets.config import Config  # noqa: PLC0415

    if kernel is not None:
        return {"km": kernel.emptied()}
    sockets = {"transport": "ipc", "ip": str(folder / "k")}
    return {"config": Config({"KernelManager": sockets}), "shutdown_kernel": "immediate"}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep papermill's chatter away and the kernel on this interpreter and one BLAS thread."""
    logging.getLogger("papermill").setLevel(logging.ERROR)
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    before = dict(os.environ)
    folder = str(Path(sys.executable).parent)
    os.environ.update(
        {
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PATH": folder + os.pathsep + os.environ.get("PATH", ""),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _outcome_of(document: str, name: str) -> Mapping[str, Any]:
    shown: list[Mapping[str, Any]] = [
        output["data"][OUTCOME_MIME]
        for cell in json.loads(document)["cells"]
        for output in cell.get("outputs", [])
        if OUTCOME_MIME in output.get("data", {})
    ]
    if not shown:
        raise QualityGateError(f"Notebook {name} ended without an outcome.", "Run it by hand.")
    return shown[-1]
