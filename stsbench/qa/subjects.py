"""One scan of a case with everything that was made of it, and what was measured on the way.

Rules owned here:
- Directions come from the model's report, else from an estimate that is marked as such, else from
  the principal axes, which name no side.
- A scan without a repair or a model gives the checks of the stages it went through; the others stay
  unanswered, and unanswered is never passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.dentition import Arch
from stsbench.domain.edits import EditRecord
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import Profile, ScanRole
from stsbench.domain.verdicts import Verdict, worst
from stsbench.errors import InputError
from stsbench.modelling.orientation import estimate_frame
from stsbench.qa.cameras import Anatomy, fallback_anatomy
from stsbench.qa.deviation import Deviation, measure_deviation
from stsbench.qa.gates import CheckRow, evaluate, load_gates
from stsbench.qa.limits import Stage
from stsbench.qa.measurements import Measurements, measure_model, measure_repair, measure_scan
from stsbench.repair.inspection import inspect_scan

__all__ = ["Modelled", "Repaired", "Subject", "gather_subject"]


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired scan: mesh, edit record and report `stsbench.repair/1`."""

    mesh: TriangleMesh = field(repr=False)
    edits: EditRecord = field(repr=False)
    report: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Modelled:
    """A digital model and its report `stsbench.model/1`."""

    mesh: TriangleMesh = field(repr=False)
    report: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class Subject:
    """One scan of a case under review.

    Parameters
    ----------
    scan_id : str
    arch : Arch
        Lower where the scan shows none; only cameras use it then.
    original : TriangleMesh
        As received, in mm.
    anatomy : Anatomy
    oriented : str
        Where the directions come from, in words.
    repaired, model, deviation
        None where the stage was not reached.
    rows : tuple of CheckRow
    """

    scan_id: str
    arch: Arch
    original: TriangleMesh = field(repr=False)
    anatomy: Anatomy = field(repr=False)
    oriented: str
    repaired: Repaired | None
    model: Modelled | None
    deviation: Deviation | None
    rows: tuple[CheckRow, ...] = field(repr=False, default=())

    @property
    def verdict(self) -> Verdict:
        """What repair and modelling said; hold where the repair was not reached."""
        reports = [part.report for part in (self.repaired, self.model) if part is not None]
        said = [Verdict(str(report.get("verdict", Verdict.HOLD))) for report in reports]
        return worst(said) if self.repaired is not None else Verdict.HOLD

    @property
    def review(self) -> list[Mapping[str, Any]]:
        """The places repair and modelling want a person to look at."""
        reports = [part.report for part in (self.repaired, self.model) if part is not None]
        return [finding for report in reports for finding in report.get("review", [])]

    @property
    def shown(self) -> TriangleMesh:
        """The furthest product: model, else repaired scan, else the scan as received."""
        for part in (self.model, self.repaired):
            if part is not None:
                return part.mesh
        return self.original


def gather_subject(
    scan_id: str,
    original: TriangleMesh,
    repaired: Repaired | None,
    model: Modelled | None,
    *,
    profile: Profile,
    arch: Arch | None = None,
    full_arch: bool | None = None,
) -> Subject:
    """Measure one scan and its products and hold them against the checks.

    Parameters
    ----------
    scan_id : str
    original : TriangleMesh
    repaired, model
        None where the stage was not reached.
    profile : Profile
    arch : Arch, optional
        From the scan's role when not given.
    full_arch : bool, optional
        Whether the scan claims to show a whole arch: upper and lower do when not given.
    """
    shows = arch or _arch_of(scan_id)
    whole = shows is not None if full_arch is None else full_arch
    seen = shows or Arch.MANDIBULAR
    anatomy, oriented = _anatomy(repaired.mesh if repaired else original, model, shows)
    measured = measure_scan(original, axes=_axes(anatomy, seen, oriented), full_arch=whole)
    deviation = None
    if repaired is not None:
        deviation = measure_deviation(original, repaired.mesh, repaired.edits)
        left = inspect_scan(repaired.mesh).counts
        measured |= measure_repair(
            repaired.mesh, repaired.edits, repaired.report, deviation, left=left
        )
    else:
        measured |= Measurements(gaps=_whole_stage(Stage.REPAIR, "the scan was not repaired"))
    if model is not None:
        normal = _model_normal(model.report)
        measured |= measure_model(model.mesh, model.report, normal=normal)
    elif shows is None:
        measured |= Measurements(reasons=_whole_stage(Stage.MODEL, "no model is made of this scan"))
    else:
        measured |= Measurements(gaps=_whole_stage(Stage.MODEL, "no model was made"))
    rows = evaluate(
        measured.values,
        profile=profile,
        subject=scan_id,
        reasons=measured.reasons,
        gaps=measured.gaps,
    )
    return Subject(scan_id, seen, original, anatomy, oriented, repaired, model, deviation, rows)


def _arch_of(scan_id: str) -> Arch | None:
    try:
        return ScanRole(scan_id).arch
    except ValueError:
        return None


def _whole_stage(stage: Stage, words: str) -> dict[str, str]:
    return {gate.measure: words for gate in load_gates() if gate.stage is stage}


def _anatomy(mesh: TriangleMesh, model: Modelled | None, arch: Arch | None) -> tuple[Anatomy, str]:
    matrix = model.report.get("model_from_scanner") if model is not None else None
    if model is not None and matrix is not None and arch is not None:
        axes = np.asarray(matrix, dtype=np.float64)[:3, :3]
        told = model.report.get("orientation", {})
        settled = bool(told.get("confirmed") or told.get("sure"))
        sides = settled and bool(told.get("midline_sure"))
        up = axes[2] if arch is Arch.MANDIBULAR else -axes[2]
        return Anatomy(up, axes[1], sides_sure=sides), "model"
    if arch is not None:
        try:
            frame = estimate_frame(mesh, arch=arch)
        except InputError:  # nothing to go by: a scan without a border or with too few points
            return fallback_anatomy(mesh.vertices, arch), "none"
        return Anatomy.of(frame, arch), "estimate" if frame.sure else "unsure estimate"
    return fallback_anatomy(mesh.vertices, Arch.MANDIBULAR), "none"


def _axes(anatomy: Anatomy, arch: Arch, oriented: str) -> NDArray[np.float64] | None:
    if oriented == "none":
        return None
    out = anatomy.superior if arch is Arch.MANDIBULAR else -anatomy.superior
    return np.stack([np.cross(anatomy.posterior, out), anatomy.posterior, out])


def _model_normal(report: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """Return the direction out of the biting surface in the axes the model is written in."""
    if report.get("output_frame") == "print":
        return np.array([0.0, 0.0, 1.0])
    matrix = report.get("model_from_scanner")
    return None if matrix is None else np.asarray(matrix, dtype=np.float64)[2, :3]
