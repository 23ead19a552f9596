"""`stsbench setup | demo | lab`: this machine, the sample cases, the notebooks."""

from pathlib import Path
from typing import Annotated, Any

import typer

from stsbench.cli.screen import ERROR_STREAM, VERDICT_STYLES, print_json, progress_bar

__all__ = ["register"]

Home = Annotated[Path | None, typer.Option(help="The home; STSBENCH_HOME by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def register(application: typer.Typer) -> None:
    """Add the commands of this module."""
    application.callback(invoke_without_command=True)(version_option)
    application.command("setup")(setup_command)
    application.command("demo")(demo_command)
    application.command("lab")(lab_command)


def version_option(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Repair scans, make models, keep data safe: the open workbench for dental laboratories."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"stsbench {installed('stsbench')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def setup_command() -> int:
    """Compile the kernels for this machine and check its libraries."""
    from stsbench.workflow.machine import check_pictures, compile_kernels

    with progress_bar("compile") as progress:
        done = compile_kernels(progress=progress)
    ERROR_STREAM.print(
        f"kernels ready ({done.seconds:.1f} s; for a repair after {done.repair_seconds:.1f} s)"
    )
    for remark in (done.remark, check_pictures()):
        if remark:
            ERROR_STREAM.print(remark, style="yellow")
    return 0


def demo_command(
    home: Annotated[Path | None, typer.Option(help="A folder to keep the demo in.")] = None,
    as_json: AsJson = False,
    workers: Annotated[int, typer.Option(help="Orders at a time.")] = 2,
) -> int:
    """Run the whole chain on the sample cases, unattended."""
    from stsbench.batch.demonstration import run_demo

    with progress_bar("demo") as progress:
        result = run_demo(home, workers=workers, progress=progress)
    if as_json:
        print_json(result.as_json())
    else:
        _print_rows(result.rows)
        typer.echo(f"report: {result.report_path}")
        typer.echo(f"{result.summary}")
        typer.echo("next: make lab   (or: stsbench lab)")
    return 0 if result.as_expected else 4


def lab_command(
    home: Home = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    base_url: Annotated[str, typer.Option(help="Where a proxy or hub shows it.")] = "/",
) -> int:
    """Open JupyterLab on the notebooks, with safe settings."""
    from stsbench.workflow.laboratory import run_lab

    return run_lab(home, port=port, browser=browser, base_url=base_url, say=ERROR_STREAM.print)


def _print_rows(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("order", "case", "intake", "repair", "model", "review", "why", "s", "ok"):
        table.add_column(title, overflow="fold", no_wrap=title in {"case", "intake", "s", "ok"})
    for row in rows:
        table.add_row(
            row["order"],
            row["case_number"] or "-",
            *(_coloured(row[stage]) for stage in ("intake", "repair", "model", "review")),
            row["reason"].replace("_", " "),
            f"{row['seconds']:.0f}",
            "yes" if row["as_expected"] else "[red]no[/red]",
        )
    Console(highlight=False).print(table)


def _coloured(verdict: str | None) -> str:
    if not verdict:
        return "-"
    return f"[{VERDICT_STYLES.get(verdict, 'default')}]{verdict}[/]"
