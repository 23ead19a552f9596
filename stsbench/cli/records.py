"""`stsbench audit ...` and `stsbench vault ...`: for the privacy officer and the administrator."""

from pathlib import Path
from typing import Annotated

import typer

from stsbench.cli.screen import print_json

__all__ = ["AUDIT", "VAULT"]

AUDIT = typer.Typer(help="Verify, show and export the audit log.", no_args_is_help=True)
VAULT = typer.Typer(help="Serve and examine the vault.", no_args_is_help=True)

Home = Annotated[Path | None, typer.Option(help="The home; STSBENCH_HOME by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@AUDIT.command("verify")
def audit_verify_command(
    home: Home = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="An export kept outside; may be given again.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Find an edited, deleted or reordered entry; say what this cannot prove."""
    from stsbench.workflow.auditing import verify_audit

    result = verify_audit(home, witnesses=checkpoint or ())
    if as_json:
        print_json(result)
    else:
        state = "intact" if result["intact"] else "NOT intact"
        signed = f"signed up to {result['signed_until']}"
        typer.echo(
            f"{result['entries']} entries, {state}; {signed}, "
            f"witnessed up to {result['witnessed_until']}"
        )
        for problem in result["problems"]:
            typer.echo(f"  {problem}")
        for limit in result["not_proven"]:
            typer.echo(f"  not proven: {limit}")
    return 0 if result["intact"] else 4


@AUDIT.command("show")
def audit_show_command(
    case: Annotated[str, typer.Option(help="Only this case.")] = "",
    last: Annotated[int, typer.Option(help="How many entries.")] = 20,
    home: Home = None,
) -> int:
    """Show the newest entries: when, who, what for, and how it ended."""
    from stsbench.workflow.auditing import audit_rows

    for row in audit_rows(case_number=case, last=last, home=home):
        typer.echo(row)
    return 0


@AUDIT.command("export")
def audit_export_command(
    out: Annotated[Path, typer.Option("-o", "--out", help="A file outside the vault.")],
    home: Home = None,
) -> int:
    """Write entries and signed checkpoint to a file a witness can keep."""
    from stsbench.workflow.auditing import export_audit

    typer.echo(export_audit(out, home))
    return 0


@VAULT.command("serve")
def vault_serve_command(home: Home = None) -> int:
    """Run the broker in the foreground until stopped."""
    from stsbench.workflow.auditing import serve_vault

    serve_vault(home)
    return 0


@VAULT.command("status")
def vault_status_command(home: Home = None) -> int:
    """Say whether a broker runs and what it holds."""
    from stsbench.workflow.auditing import vault_status

    print_json(vault_status(home))
    return 0


@VAULT.command("doctor")
def vault_doctor_command(home: Home = None) -> int:
    """State the level of protection, where keys live, and what is not proven."""
    from stsbench.workflow.auditing import vault_doctor

    print_json(vault_doctor(home))
    return 0


@VAULT.command("stop")
def vault_stop_command(home: Home = None) -> int:
    """Stop the broker of this home."""
    from stsbench.workflow.auditing import stop_vault

    stop_vault(home)
    return 0
