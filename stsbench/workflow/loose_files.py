"""Inspect, repair and model a loose file: the one verb outside the vault.

Nothing here is pseudonymised, leased or audited, and callers say so to the user. A lab can refuse
loose files altogether: `loose_files = "refuse"` in `settings.toml` of the home. Reports never hold
the path of the input.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stsbench.domain.answers import Answers
from stsbench.domain.dentition import Arch
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.domain.verdicts import Verdict, worst
from stsbench.errors import AccessRefusedError, InputError, StorageError
from stsbench.files.homes import read_home_settings

if TYPE_CHECKING:
    from stsbench.domain.mesh import TriangleMesh
    from stsbench.files.atomic import WrittenAside
    from stsbench.repair.profiles import RepairProfile
    from stsbench.repair.result import RepairResult

__all__ = ["Report", "inspect_file", "model_file", "repair_file"]

Report = dict[str, Any]
_SUFFIXES = (".ply", ".stl", ".obj")


def inspect_file(path: str | Path, *, progress: Progress = NO_PROGRESS) -> Report:
    """Find every mesh defect of the listed kinds in a scan file.

    Parameters
    ----------
    path : str or Path
        STL, PLY or OBJ, in millimetres.

    Returns
    -------
    dict
        Report `stsbench.inspect/1`.

    Raises
    ------
    FormatError
        The file is not what its name or header claims.
    AccessRefusedError
        This lab does not allow loose files.
    """
    from stsbench.files.scans import read_scan  # noqa: PLC0415 - kernels load only when used
    from stsbench.repair.inspection import inspect_scan  # noqa: PLC0415

    _refuse_where_forbidden()
    return inspect_scan(read_scan(Path(path)), progress=progress).report()


def repair_file(
    path_in: str | Path,
    path_out: str | Path,
    *,
    profile: str = "study",
    edits_path: str | Path | None = None,
    report_path: str | Path | None = None,
    answers: Answers | None = None,
    decimate_mm: float | None = None,
    remesh_mm: float | None = None,
    max_deviation_mm: float | None = None,
    finds_steps: bool = False,
    progress: Progress = NO_PROGRESS,
) -> Report:
    """Repair a scan file and write the result.

    Parameters
    ----------
    path_in, path_out : str or Path
        STL, PLY or OBJ; the result's suffix chooses its format.
    profile : str
        study, aligner, restorative, ortho-record or denture: the limits in mm.
    edits_path, report_path : str or Path, optional
        Where the edit record (NPZ) and the report (JSON) go.
    answers : Answers, optional
        Choices per hole and border loop, and `steps` to replay after the automatic repair.
    decimate_mm : float, optional
        Take out faces afterwards while the surface stays within so many mm; off by default.
    remesh_mm : float, optional
        Give the edges this one length afterwards; off by default. Not with `decimate_mm`.
    max_deviation_mm : float, optional
        Farthest that remeshing may lie from the repaired scan, 0.02 by default.
    finds_steps : bool
        Search for stitching steps as well, which takes as long again, and report them.

    Returns
    -------
    dict
        Report `stsbench.repair/1`. With verdict "hold" the result is written all the same.

    Raises
    ------
    FormatError, InputError
        The scan or a parameter is wrong; nothing was written.
    AccessRefusedError
        This lab does not allow loose files.
    """
    from stsbench.files.atomic import write_aside  # noqa: PLC0415
    from stsbench.files.records import encode_edits, encode_report  # noqa: PLC0415
    from stsbench.files.scans import read_scan, write_scan_aside  # noqa: PLC0415
    from stsbench.geometry.two_threads import side_by_side  # noqa: PLC0415
    from stsbench.repair.pipeline import repair_scan  # noqa: PLC0415
    from stsbench.repair.profiles import load_profile  # noqa: PLC0415
    from stsbench.workflow.freed_memory import keep_freed_memory  # noqa: PLC0415

    _refuse_where_forbidden()
    keep_freed_memory()
    target = _checked_mesh_target(path_out)
    beside = [_checked_target(other) for other in (edits_path, report_path) if other is not None]
    _refuse_same_targets([target, *beside])
    limits = load_profile(profile)
    _refuse_reshaping(decimate_mm, remesh_mm, max_deviation_mm, allowed=limits.edits_allowed)
    uses = answers.steps() if answers is not None else ()
    reshaped = uses or decimate_mm is not None or remesh_mm is not None
    with ExitStack() as undone:
        written: list[WrittenAside] = []

        def write(mesh: "TriangleMesh") -> None:
            """Write the result aside; it is taken away again unless all else goes well."""
            written.append(undone.enter_context(write_scan_aside(mesh, target)))

        result = repair_scan(
            read_scan(Path(path_in)),
            profile=limits,
            answers=answers or Answers(),
            finds_steps=finds_steps,
            progress=progress,
            on_mesh=None if reshaped else write,
        )
        if uses:
            result = _worked_on(result, uses, limits, progress)
        if decimate_mm is not None:
            from stsbench.repair.thinning import decimate_result  # noqa: PLC0415

            result = decimate_result(result, bound_mm=decimate_mm, progress=progress)
        if remesh_mm is not None:
            from stsbench.repair.remeshing import BOUND_MM, remesh_result  # noqa: PLC0415

            bound_mm = BOUND_MM if max_deviation_mm is None else max_deviation_mm
            result = remesh_result(result, edge_mm=remesh_mm, bound_mm=bound_mm, progress=progress)
        if written:
            report = result.report()
        else:  # the disk is waited for without using a core
            _, report = side_by_side(lambda: write(result.mesh), result.report)
        written[0].put_in_place()
    if edits_path is not None:
        write_aside(Path(edits_path), encode_edits(result.edits))
    if report_path is not None:
        write_aside(Path(report_path), encode_report(report))
    return report


def _worked_on(
    result: "RepairResult",
    uses: Sequence[Mapping[str, Any]],
    limits: "RepairProfile",
    progress: Progress,
) -> "RepairResult":
    """Replay the steps of a person on a result."""
    from stsbench.repair.by_hand import list_steps  # noqa: PLC0415
    from stsbench.repair.replay import replay_uses  # noqa: PLC0415
    from stsbench.workflow.bench_result import worked_result  # noqa: PLC0415

    working, _ = replay_uses(result.mesh, uses, profile=limits, progress=progress)
    return worked_result(
        result,
        working.to_mesh(),
        working.record(result.edits),
        profile=limits,
        by_hand=list_steps(working),
    )


def model_file(
    path_in: str | Path,
    path_out: str | Path,
    *,
    arch: str,
    profile: str = "study",
    body: str = "solid",
    wall_mm: float | None = None,
    base_height_mm: float | None = None,
    label: str | None = None,
    orientation: Sequence[float] | None = None,
    frame: str = "scanner",
    repair: bool = True,
    report_path: str | Path | None = None,
    progress: Progress = NO_PROGRESS,
) -> Report:
    """Make a digital model from a scan file and write it.

    Parameters
    ----------
    path_in, path_out : str or Path
    arch : str
        upper or lower.
    profile : str
        study, aligner, restorative, ortho-record or denture.
    body : str
        solid or hollow; `wall_mm` belongs to hollow.
    base_height_mm : float, optional
        Height of the base below the deepest point of the scan; the profile's by default.
    label : str, optional
        Text to engrave, such as the case number.
    orientation : sequence of 3 float, optional
        Direction out of the biting surface in the scan's axes; replaces the automatic estimate
        and counts as confirmed.
    frame : str
        "scanner" keeps the scan's axes; "print" puts the bottom on z = 0.
    repair : bool
        Repair first (the default).
    report_path : str or Path, optional

    Returns
    -------
    dict
        Report `stsbench.model/1`, with the report of the repair under `repair`.

    Raises
    ------
    FormatError, InputError
        The scan or a parameter is wrong; nothing was written.
    AccessRefusedError
        This lab does not allow loose files.
    """
    from stsbench.files.atomic import write_aside  # noqa: PLC0415
    from stsbench.files.records import encode_report  # noqa: PLC0415
    from stsbench.files.scans import read_scan, write_scan  # noqa: PLC0415
    from stsbench.modelling import profiles as model_profiles  # noqa: PLC0415
    from stsbench.modelling.orientation import given_frame  # noqa: PLC0415
    from stsbench.modelling.pipeline import make_model  # noqa: PLC0415
    from stsbench.repair import profiles as repair_profiles  # noqa: PLC0415
    from stsbench.repair.pipeline import repair_scan  # noqa: PLC0415

    _refuse_where_forbidden()
    target = _checked_mesh_target(path_out)
    if report_path is not None:
        _refuse_same_targets([target, _checked_target(report_path)])
    jaw = Arch.parse(arch)
    shape = model_profiles.load_profile(profile)
    limits = repair_profiles.load_profile(profile)
    mesh = read_scan(Path(path_in))
    repaired: Report | None = None
    if repair:
        result = repair_scan(mesh, profile=limits, progress=progress)
        mesh, repaired = result.mesh, result.report()
    given = None
    if orientation is not None:
        given = given_frame(mesh, _direction(orientation), arch=jaw)
    model = make_model(
        mesh,
        arch=jaw,
        profile=shape,
        frame=given,
        body=body,
        wall_mm=wall_mm,
        base_height_mm=base_height_mm,
        label=label,
        output_frame=frame,
        confirmed=given is not None,
        progress=progress,
    )
    report: Report = model.report()
    if repaired is not None:
        report["repair"] = repaired
        report["verdict"] = worst((Verdict(report["verdict"]), Verdict(repaired["verdict"]))).value
    write_scan(model.mesh, target)
    if report_path is not None:
        write_aside(Path(report_path), encode_report(report))
    return report


def _direction(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    direction = np.asarray(values, dtype=np.float64)
    if direction.shape != (3,) or not np.isfinite(direction).all() or not direction.any():
        raise InputError("The orientation is no direction.", "Give three numbers, such as 0,0,1.")
    return direction


def _refuse_where_forbidden() -> None:
    if read_home_settings().loose_files == "refuse":
        raise AccessRefusedError(
            "This lab does not work on loose files.", "Take the order in: stsbench intake FOLDER."
        )


def _refuse_reshaping(
    decimate_mm: float | None,
    remesh_mm: float | None,
    max_deviation_mm: float | None,
    *,
    allowed: bool,
) -> None:
    """Refuse what does not go together before any work is done."""
    if not allowed and (decimate_mm is not None or remesh_mm is not None):
        raise InputError("This profile allows no edit.", "Leave decimation and remeshing out.")
    if decimate_mm is not None and remesh_mm is not None:
        raise InputError("Decimating and remeshing undo each other.", "Ask for one of them.")
    if max_deviation_mm is not None and remesh_mm is None:
        raise InputError("A deviation alone does nothing.", "Give an edge length to remesh with.")
    if remesh_mm is not None:
        from stsbench.repair.remeshing import BOUND_MM, check_lengths  # noqa: PLC0415

        check_lengths(remesh_mm, BOUND_MM if max_deviation_mm is None else max_deviation_mm)


def _checked_mesh_target(path: str | Path) -> Path:
    """Refuse a bad output before any work is done."""
    target = Path(path)
    if target.suffix.lower() not in _SUFFIXES:
        raise InputError(
            f"The output's suffix is {target.suffix or 'missing'}.",
            f"Use one of {', '.join(_SUFFIXES)}.",
        )
    return _checked_target(target)


def _checked_target(path: str | Path) -> Path:
    target = Path(path)
    if not target.parent.is_dir():
        raise StorageError("The output's folder does not exist.", "Create it, then try again.")
    if target.is_dir():
        raise InputError("The output is a folder.", "Name a file in it.")
    return target


def _refuse_same_targets(targets: Sequence[Path]) -> None:
    if len({target.resolve() for target in targets}) < len(targets):
        raise InputError("Two outputs have one name.", "Give each output a file of its own.")
