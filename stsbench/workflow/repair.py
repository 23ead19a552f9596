"""Repair the scans of a case: open under a lease, repair, store sealed, record the verdict.

Rules owned here:
- What a technician did by hand is part of the answers, `<scan>/steps`: a list of uses, replayed in
  order on the automatic repair. The bench, Run All and a batch come through here alike.
- The answers are stored with what they led to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stsbench.domain.access import Purpose, Role
from stsbench.domain.answers import Answers
from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import Order, ScanEntry
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.domain.verdicts import Verdict, worst
from stsbench.files.records import encode_edits, encode_report
from stsbench.files.scans import decode_scan, encode_ply
from stsbench.repair.by_hand import list_steps
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import RepairProfile, load_profile
from stsbench.repair.replay import replay_uses
from stsbench.repair.result import RepairResult
from stsbench.workflow.bench_result import worked_result
from stsbench.workflow.cases import OpenCase, open_case

__all__ = [
    "CaseRepair",
    "ScanRepair",
    "answers_of",
    "limits_of",
    "record_repair",
    "repair_automatically",
    "repair_case",
    "store_repair",
    "uses_of",
]


@dataclass(frozen=True, slots=True)
class ScanRepair:
    """One repaired scan; prints as its verdict, never as a mesh."""

    scan_id: str
    arch: Arch | None
    original: TriangleMesh = field(repr=False)
    result: RepairResult = field(repr=False)

    @property
    def report(self) -> dict[str, Any]:
        """The report `stsbench.repair/1`."""
        report: dict[str, Any] = self.result.report()
        return report


@dataclass(frozen=True, slots=True)
class CaseRepair:
    """What the repair of a case came to."""

    case_number: str
    synthetic: bool
    verdict: Verdict
    scans: tuple[ScanRepair, ...]

    @property
    def outcome(self) -> dict[str, object]:
        """Codes and verdicts for the notebook's last cell."""
        return {
            "stage": "repair",
            "verdict": self.verdict.value,
            "case_number": self.case_number,
            "scans": {scan.scan_id: scan.result.verdict.value for scan in self.scans},
            "places_to_review": sum(len(scan.result.review) for scan in self.scans),
        }


def repair_case(
    case_number: str = "",
    *,
    profile: str = "",
    answers: Answers | None = None,
    role: Role = Role.TECHNICIAN,
    progress: Progress = NO_PROGRESS,
) -> CaseRepair:
    """Repair every scan of a case and store the results in the vault.

    Parameters
    ----------
    case_number : str
        Empty for the newest case.
    profile : str
        Limits to use; empty for the order's own.
    answers : Answers, optional
        The technician's choices: `<scan>/hole/<n>` and so on, and `<scan>/steps`, which are replayed
        after the automatic repair.
    role : Role
        Who asks; the vault decides.
    progress : Progress

    Raises
    ------
    AccessRefusedError
        No consent or role covers the repair.
    """
    given = answers or Answers()
    with open_case(case_number) as case:
        limits = limits_of(case.record.order, given, profile)
        repairs = [_repair_one(case, scan, limits, given, role, progress) for scan in case.scans]
        verdict = record_repair(case, repairs)
        return CaseRepair(case.number, case.record.order.synthetic, verdict, tuple(repairs))


def limits_of(order: Order, answers: Answers, profile: str = "") -> RepairProfile:
    """Return the limits to repair by: the profile asked for, the one answered, or the order's."""
    return load_profile(profile or str(answers.get("profile", "")) or order.profile)


def answers_of(answers: Answers, scan_id: str) -> Answers:
    """Return the answers of one scan: keys without a scan's name hold for all."""
    own = f"{scan_id}/"
    general = {key: value for key, value in answers.values.items() if "/hole/" not in key}
    special = {
        key.removeprefix(own): value for key, value in answers.values.items() if key.startswith(own)
    }
    return Answers({**general, **special})


def uses_of(answers: Answers, scan_id: str) -> tuple[Mapping[str, object], ...]:
    """Return the uses of tools that the answers list for a scan."""
    return answers.steps(scan_id)


def repair_automatically(
    original: TriangleMesh,
    *,
    order: Order,
    limits: RepairProfile,
    answers: Answers,
    progress: Progress = NO_PROGRESS,
) -> RepairResult:
    """Repair one scan as the profile and the answers of this scan have it; no step by hand.

    Stitching steps are searched for and listed: a person looks at what a case's repair reports.
    """
    return repair_scan(
        original,
        profile=limits,
        answers=answers,
        preparation=order.has_preparation,
        finds_steps=True,
        progress=progress,
    )


def store_repair(
    case: OpenCase, scan_id: str, result: RepairResult, *, answers: Answers, lease_id: str
) -> None:
    """Seal a repaired scan with its edits, its report and the answers that led to it."""
    summary: Mapping[str, str] = {"verdict": result.verdict.value}
    products = (
        ("repaired_scan", encode_ply(result.mesh)),
        ("edits", encode_edits(result.edits)),
        ("repair_report", encode_report(result.report())),
        ("answers", encode_report(answers.as_json())),
    )
    for kind, data in products:
        case.client.store_object(
            case.number,
            kind=kind,
            data=data,
            parents=(scan_id,),
            lease_id=lease_id,
            summary=summary,
        )


def record_repair(case: OpenCase, repairs: Sequence[ScanRepair]) -> Verdict:
    """Record the verdict of a case's repair and return it."""
    verdict = worst(repair.result.verdict for repair in repairs)
    detail = {repair.scan_id: repair.result.verdict.value for repair in repairs}
    case.client.record_verdict(case.number, stage="repair", verdict=verdict.value, detail=detail)
    return verdict


def _repair_one(
    case: OpenCase,
    scan: ScanEntry,
    limits: RepairProfile,
    answers: Answers,
    role: Role,
    progress: Progress,
) -> ScanRepair:
    with case.client.open_object(
        case.number, scan.scan_id, purpose=Purpose.REPAIR, role=role
    ) as lease:
        original = decode_scan(lease.read())
        result = repair_automatically(
            original,
            order=case.record.order,
            limits=limits,
            answers=answers_of(answers, scan.scan_id),
            progress=progress,
        )
        if uses := uses_of(answers, scan.scan_id):
            working, _ = replay_uses(result.mesh, uses, profile=limits, progress=progress)
            result = worked_result(
                result,
                working.to_mesh(),
                working.record(result.edits),
                profile=limits,
                by_hand=list_steps(working),
            )
        store_repair(case, scan.scan_id, result, answers=answers, lease_id=lease.lease_id)
    return ScanRepair(scan.scan_id, scan.role.arch, original, result)
