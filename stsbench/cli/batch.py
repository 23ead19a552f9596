"""`stsbench batch run`: one notebook over several cases."""

from typing import Annotated

import typer

from stsbench.cli.screen import print_json

__all__ = ["GROUP"]

GROUP = typer.Typer(help="Run notebooks in bulk.", no_args_is_help=True)


@GROUP.callback()
def bulk() -> None:
    """Run notebooks in bulk."""


@GROUP.command("run")
def batch_run_command(
    notebook: Annotated[str, typer.Argument(help="Such as 2_repair_scan.")],
    cases: Annotated[list[str], typer.Option(help="A case number; may be given again.")],
    profile: Annotated[str, typer.Option(help="Instead of the order's own.")] = "",
    workers: Annotated[int, typer.Option(help="Notebooks at a time.")] = 2,
) -> int:
    """Run a notebook over cases; its outputs are sealed with each case."""
    from stsbench.batch.case_runs import run_over_cases

    parameters = {"profile": profile} if profile else {}
    rows = run_over_cases(notebook, cases, parameters=parameters, workers=workers)
    print_json({"schema": "stsbench.batch/1", "rows": rows})
    return 4 if any(row["verdict"] in {"hold", "error"} for row in rows) else 0
