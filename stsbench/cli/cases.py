"""`stsbench intake | case | report | review | release`: cases inside the vault, by number."""

from pathlib import Path
from typing import Annotated

import typer

from stsbench.cli.screen import ERROR_STREAM, VERDICT_STYLES, print_json

__all__ = ["register"]

CaseNumber = Annotated[str, typer.Argument(help="A case number, such as 2611-0042-K.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

_CASE = typer.Typer(help="List, show and erase cases.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    """Add the commands of this module."""
    application.command("intake")(intake_command)
    application.add_typer(_CASE, name="case")
    application.command("report")(report_command)
    application.command("review")(review_command)
    application.command("release")(release_command)


def intake_command(
    folder: Annotated[Path, typer.Argument(help="An order's folder, as the clinic sent it.")],
    confirm: Annotated[bool, typer.Option(help="Store the case; else only a preview.")] = False,
    attest: Annotated[
        list[str] | None,
        typer.Option(help="An answer, such as age_unknown=adult; may be given again."),
    ] = None,
    attested_by: Annotated[str, typer.Option(help="Role that attests: clinic or lab.")] = "",
    attested_on: Annotated[str, typer.Option(help="Day of the attestation, YYYY-MM-DD.")] = "",
    arch: Annotated[
        list[str] | None, typer.Option(help="An arch, such as scan1=upper; may be given again.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Hand an order to the vault: a ticket and a preview; with --confirm the case is stored."""
    from stsbench.domain.answers import Answers
    from stsbench.workflow import intake

    preview = intake.preview_folder(folder)
    if not as_json:
        _print_preview(preview)
    if not confirm:
        if as_json:
            print_json({"schema": "stsbench.intake/1", "ticket": preview.ticket})
        else:
            typer.echo(f"ticket {preview.ticket}: open notebook 1_intake, or repeat with --confirm")
        return 0
    answers = Answers()
    for pair, prefix in [
        *((x, "attest") for x in attest or ()),
        *((x, "arch") for x in arch or ()),
    ]:
        key, _, value = pair.partition("=")
        answers = answers.with_answer(f"{prefix}/{key}", value)
    if attest:
        answers = answers.with_answer("attest/by", attested_by)
        answers = answers.with_answer("attest/on", attested_on)
    outcome = intake.confirm_intake(preview.ticket, answers)
    row = intake.outcome_row(outcome)
    if as_json:
        print_json({"schema": "stsbench.intake/1", **row})
    else:
        style = VERDICT_STYLES.get(str(row["verdict"]), "")
        reasons = ", ".join(reason.value for reason in outcome.reasons)
        ERROR_STREAM.print(f"{row['verdict']} {row['case_number']} {reasons}".strip(), style=style)
        typer.echo(preview.originals_note)
    return {"accepted": 0, "hold": 4, "refused": 5}[str(row["verdict"])]


@_CASE.command("list")
def case_list_command(as_json: AsJson = False) -> int:
    """List the cases of this home, newest first."""
    from stsbench.workflow.cases import case_rows

    rows = case_rows()
    if as_json:
        print_json({"schema": "stsbench.cases/1", "cases": rows})
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table("case", "profile", "stage", "verdict", "received", box=None)
    for row in rows:
        verdict = str(row["verdict"])
        table.add_row(
            row["case_number"],
            row["profile"],
            row["stage"],
            f"[{VERDICT_STYLES.get(verdict, 'default')}]{verdict}[/]",
            row["received_on"],
        )
    Console(highlight=False).print(table if rows else "no case yet: stsbench intake FOLDER")
    return 0


@_CASE.command("show")
def case_show_command(case: CaseNumber) -> int:
    """Show what a case holds: codes, stages and sealed objects."""
    from stsbench.workflow.cases import open_case

    with open_case(case) as opened:
        record = opened.record
        print_json(
            {
                "schema": "stsbench.case/1",
                "case_number": record.order.case_number,
                "patient_code": record.order.patient_code,
                "profile": str(record.order.profile),
                "stage": record.stage,
                "verdicts": dict(record.verdicts),
                "objects": [
                    {"object_id": o.object_id, "kind": o.kind, "scan_id": o.scan_id}
                    for o in record.objects
                ],
            }
        )
    return 0


@_CASE.command("erase")
def case_erase_command(
    case: CaseNumber,
    reason: Annotated[str, typer.Option(help="One code word, such as patient_request.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Destroy a case's key: every byte of it becomes unreadable, for good."""
    from stsbench.workflow.release import erase_case

    if not yes:
        typer.confirm(f"Erase case {case} for good?", abort=True)
    print_json(erase_case(case, reason=reason))
    return 0


@_CASE.command("withdraw")
def case_withdraw_command(
    case: CaseNumber,
    purpose: Annotated[str, typer.Option(help="Such as repair or model.")],
) -> int:
    """Withdraw consent for a purpose: the next open is refused, running work ends."""
    from stsbench.workflow.auditing import withdraw_consent

    withdraw_consent(case, purpose)
    return 0


@_CASE.command("open")
def case_open_command(case: CaseNumber) -> int:
    """Say which notebook to open next for a case."""
    from stsbench.workflow.cases import open_case

    following = {"intake": "2_repair_scan", "repair": "3_make_model", "model": "4_review_model"}
    with open_case(case) as opened:
        notebook = following.get(opened.record.stage)
    typer.echo(
        f"stsbench lab, then notebook {notebook} with case_number {case}"
        if notebook
        else f"case {case} is reviewed: stsbench report {case}"
    )
    return 0


def report_command(case: CaseNumber) -> int:
    """Write a case's newest QA report to the home's out folder (audited)."""
    from stsbench.workflow.release import release_report

    typer.echo(str(release_report(case)))
    return 0


def review_command(case: CaseNumber, as_json: AsJson = False) -> int:
    """Measure a case's models against the checks and store the QA report; ends in pending."""
    from stsbench.workflow.review import review_case

    reviewed = review_case(case)
    if as_json:
        print_json(reviewed.outcome)
    else:
        for row in reviewed.rows:
            typer.echo(f"{row.result.value:12} {row.gate.check_id:4} {row.gate.title}")
        typer.echo(f"verdict: pending a person; report: stsbench report {reviewed.case_number}")
    return 4 if reviewed.any_failed else 0


def release_command(case: CaseNumber) -> int:
    """Write the accepted models of a case for printer or CAM (audited)."""
    from stsbench.workflow.release import release_case

    for path in release_case(case):
        typer.echo(str(path))
    return 0


def _print_preview(preview: object) -> None:
    from rich.console import Console
    from rich.table import Table

    from stsbench.workflow.tables import identifier_rows, scan_rows

    console = Console(highlight=False)
    table = Table("found", "where", "times", box=None, title="identifying data (never shown)")
    for row in identifier_rows(preview):
        table.add_row(*row)
    console.print(table)
    table = Table("scan", "shows", "faces", "size mm", "unit factor", box=None)
    for row in scan_rows(preview):
        table.add_row(*row)
    console.print(table)
