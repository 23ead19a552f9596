"""`stsbench inspect | repair | model | render`: loose files, outside the vault."""

from pathlib import Path
from typing import Annotated

import typer

from stsbench.cli.loose_work import conclude, inspect_loose, repair_loose
from stsbench.cli.screen import ERROR_STREAM, OUTSIDE_THE_VAULT, progress_bar
from stsbench.errors import InputError

__all__ = ["register"]

Scan = Annotated[Path, typer.Argument(help="A scan: STL, PLY or OBJ, in millimetres.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="Where the result goes (.ply .stl .obj).")]
ReportPath = Annotated[Path | None, typer.Option("--report", help="Write the report (JSON).")]
ProfileName = Annotated[
    str,
    typer.Option("--profile", help="study, aligner, restorative, ortho-record or denture."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


def register(application: typer.Typer) -> None:
    """Add the commands of this module."""
    application.command("inspect")(inspect_command)
    application.command("repair")(repair_command)
    application.command("model")(model_command)
    application.command("render")(render_command)


def inspect_command(scan: Scan, as_json: AsJson = False) -> int:
    """Find every mesh defect of the listed kinds, counted and placed."""
    return inspect_loose(scan, as_json=as_json)


def repair_command(
    scan: Scan,
    out: Out,
    report: ReportPath = None,
    edits: Annotated[Path | None, typer.Option(help="Write the edit record (NPZ).")] = None,
    profile: ProfileName = "study",
    decimate_mm: Annotated[
        float | None, typer.Option(help="Then take out faces, staying within so many mm.")
    ] = None,
    remesh_mm: Annotated[
        float | None, typer.Option(help="Then give the edges this one length, mm.")
    ] = None,
    max_deviation_mm: Annotated[
        float | None, typer.Option(help="Farthest that remeshing may go, mm (0.02).")
    ] = None,
    find_steps: Annotated[
        bool, typer.Option("--find-steps", help="Report stitching steps too: as long again.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Repair a scan: only what is broken changes, and every change is recorded."""
    return repair_loose(
        scan,
        out,
        report=report,
        edits=edits,
        profile=profile,
        decimate_mm=decimate_mm,
        remesh_mm=remesh_mm,
        max_deviation_mm=max_deviation_mm,
        find_steps=find_steps,
        as_json=as_json,
    )


def model_command(
    scan: Scan,
    out: Out,
    arch: Annotated[str, typer.Option(help="upper or lower.")],
    profile: ProfileName = "study",
    body: Annotated[str, typer.Option(help="solid or hollow.")] = "solid",
    wall: Annotated[float | None, typer.Option(help="Wall of a hollow body, mm.")] = None,
    base_height: Annotated[
        float | None, typer.Option(help="Base below the deepest point, mm.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Text to engrave.")] = None,
    orientation: Annotated[
        str | None, typer.Option(help="X,Y,Z out of the biting surface; counts as confirmed.")
    ] = None,
    frame: Annotated[str, typer.Option(help="scanner or print.")] = "scanner",
    repair: Annotated[bool, typer.Option(help="Repair the scan first.")] = True,
    report: ReportPath = None,
    as_json: AsJson = False,
) -> int:
    """Make a digital model with a base from a scan."""
    from stsbench.workflow.loose_files import model_file

    ERROR_STREAM.print(OUTSIDE_THE_VAULT, style="dim")
    with progress_bar("model") as progress:
        document = model_file(
            scan,
            out,
            arch=arch,
            profile=profile,
            body=body,
            wall_mm=wall,
            base_height_mm=base_height,
            label=label,
            orientation=_numbers(orientation),
            frame=frame,
            repair=repair,
            report_path=report,
            progress=progress,
        )
    return conclude(document, as_json=as_json)


def render_command(
    mesh: Annotated[Path, typer.Argument(help="A mesh: STL, PLY or OBJ.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="A folder for the pictures.")],
    arch: Annotated[str, typer.Option(help="upper or lower.")] = "lower",
    orientation: Annotated[str | None, typer.Option(help="X,Y,Z out of the bite.")] = None,
) -> int:
    """Draw the five record views."""
    from stsbench.workflow.pictures import render_file

    ERROR_STREAM.print(OUTSIDE_THE_VAULT, style="dim")
    for name in render_file(mesh, out, arch=arch, orientation=_numbers(orientation)):
        typer.echo(name)
    return 0


def _numbers(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError("The orientation is not X,Y,Z.", "Give numbers, such as 0,0,1.") from None
