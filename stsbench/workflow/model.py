"""Make the digital models of a case from its repaired scans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stsbench.domain.access import Purpose, Role
from stsbench.domain.answers import Answers
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import Order, ScanEntry
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.domain.verdicts import Verdict, worst
from stsbench.errors import InputError, MeshError
from stsbench.files.records import encode_report
from stsbench.files.scans import decode_scan, encode_ply
from stsbench.modelling.orientation import given_frame
from stsbench.modelling.pipeline import ModelResult, make_model
from stsbench.modelling.profiles import load_profile
from stsbench.workflow.cases import OpenCase, latest_object, open_case

__all__ = [
    "CaseModel",
    "ScanModel",
    "case_model_of",
    "model_case",
    "model_scan",
    "record_models",
    "store_model",
]


@dataclass(frozen=True, slots=True)
class ScanModel:
    """One digital model; prints as its verdict, never as a mesh."""

    scan_id: str
    repaired: TriangleMesh = field(repr=False)
    result: ModelResult = field(repr=False)

    @property
    def report(self) -> dict[str, Any]:
        """The report `stsbench.model/1`."""
        report: dict[str, Any] = self.result.report()
        return report


@dataclass(frozen=True, slots=True)
class CaseModel:
    """What the modelling of a case came to.

    Parameters
    ----------
    models : tuple of ScanModel
    not_made : mapping of scan id to str
        Why no model could be made of a scan; the verdict holds then.
    """

    case_number: str
    synthetic: bool
    verdict: Verdict
    models: tuple[ScanModel, ...]
    not_made: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> dict[str, Any]:
        """Codes and verdicts for the notebook's last cell."""
        return {
            "stage": "model",
            "verdict": self.verdict.value,
            "case_number": self.case_number,
            "models": {model.scan_id: model.result.verdict.value for model in self.models}
            | dict.fromkeys(self.not_made, Verdict.HOLD.value),
            "not_made": list(self.not_made.values()),
        }


def model_case(
    case_number: str = "",
    *,
    profile: str = "",
    body: str = "solid",
    answers: Answers | None = None,
    role: Role = Role.TECHNICIAN,
    progress: Progress = NO_PROGRESS,
) -> CaseModel:
    """Make a model of every arch of a case and store it in the vault.

    Parameters
    ----------
    case_number : str
        Empty for the newest case.
    profile : str
        Empty for the order's own.
    body : str
        solid or hollow.
    answers : Answers, optional
        `orientation` [x, y, z], `orientation_confirmed`, each also as `<scan>/...`; `body`.
    role : Role
    progress : Progress

    Raises
    ------
    InputError
        The scans were not repaired yet, or the case has no arch.
    """
    with open_case(case_number) as case:
        if not case.arch_scans:
            raise InputError("This case has no upper or lower scan.", "Ask the clinic for one.")
        models: list[ScanModel] = []
        not_made: dict[str, str] = {}
        for scan in case.arch_scans:
            try:
                models.append(
                    _model_one(case, scan, profile, body, answers or Answers(), role, progress)
                )
            except MeshError as error:  # the repair could not solve this scan: hold, do not crash
                not_made[scan.scan_id] = str(error)
        made = case_model_of(case, models, not_made)
        record_models(case, made)
        return made


def case_model_of(
    case: OpenCase, models: Sequence[ScanModel], not_made: Mapping[str, str]
) -> CaseModel:
    """Join the models of a case; what could not be made holds it."""
    verdicts = [model.result.verdict for model in models] + [Verdict.HOLD] * len(not_made)
    synthetic = case.record.order.synthetic
    return CaseModel(case.number, synthetic, worst(verdicts), tuple(models), dict(not_made))


def record_models(case: OpenCase, made: CaseModel) -> None:
    """Record the verdict of a case's models."""
    case.client.record_verdict(
        case.number, stage="model", verdict=made.verdict.value, detail=made.outcome["models"]
    )


def model_scan(
    mesh: TriangleMesh,
    scan: ScanEntry,
    *,
    order: Order,
    answers: Answers,
    profile: str = "",
    body: str = "solid",
    progress: Progress = NO_PROGRESS,
) -> ModelResult:
    """Make the model of one repaired scan as the answers have it.

    Raises
    ------
    InputError
        The scan shows no whole arch.
    MeshError
        The repair could not solve the scan.
    """
    arch = scan.role.arch
    if arch is None:  # arch_scans holds upper and lower only
        raise InputError(f"Scan {scan.scan_id} shows no whole arch.", "Choose upper or lower.")
    normal = answers.get(f"{scan.scan_id}/orientation", answers.get("orientation"))
    given = isinstance(normal, list | tuple)
    frame = given_frame(mesh, np.asarray(normal, np.float64), arch=arch) if given else None
    confirmed = answers.get(
        f"{scan.scan_id}/orientation_confirmed", answers.get("orientation_confirmed", False)
    )
    return make_model(
        mesh,
        arch=arch,
        profile=load_profile(profile or order.profile),
        frame=frame,
        body=str(answers.get("body", body)),
        confirmed=given or bool(confirmed),
        progress=progress,
    )


def store_model(case: OpenCase, source_id: str, result: ModelResult, *, lease_id: str) -> None:
    """Seal a model with its report."""
    products = (
        ("model", encode_ply(result.mesh)),
        ("model_report", encode_report(result.report())),
    )
    for kind, data in products:
        case.client.store_object(
            case.number,
            kind=kind,
            data=data,
            parents=(source_id,),
            lease_id=lease_id,
            summary={"verdict": result.verdict.value},
        )


def _model_one(
    case: OpenCase,
    scan: ScanEntry,
    profile: str,
    body: str,
    answers: Answers,
    role: Role,
    progress: Progress,
) -> ScanModel:
    source = latest_object(case.record.objects, "repaired_scan", scan.scan_id)
    with case.client.open_object(
        case.number, source.object_id, purpose=Purpose.MODEL, role=role
    ) as lease:
        mesh = decode_scan(lease.read())
        result = model_scan(
            mesh,
            scan,
            order=case.record.order,
            answers=answers,
            profile=profile,
            body=body,
            progress=progress,
        )
        store_model(case, source.object_id, result, lease_id=lease.lease_id)
    return ScanModel(scan.scan_id, mesh, result)
