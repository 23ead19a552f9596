"""Repair the scans of a case: open under a lease, repair, store sealed, record the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stsbench.domain.access import Purpose, Role
from stsbench.domain.answers import Answers
from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import ScanEntry
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.domain.verdicts import Verdict, worst
from stsbench.files.records import encode_edits, encode_report
from stsbench.files.scans import decode_scan, encode_ply
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.repair.result import RepairResult
from stsbench.workflow.cases import OpenCase, open_case

__all__ = ["CaseRepair", "ScanRepair", "repair_case"]


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
        The technician's choices; `<scan>/hole/<n>` and so on.
    role : Role
        Who asks; the vault decides.
    progress : Progress

    Raises
    ------
    AccessRefusedError
        No consent or role covers the repair.
    """
    with open_case(case_number) as case:
        repairs = [
            _repair_one(case, scan, profile, answers or Answers(), role, progress)
            for scan in case.scans
        ]
        verdict = worst(repair.result.verdict for repair in repairs)
        detail = {repair.scan_id: repair.result.verdict.value for repair in repairs}
        case.client.record_verdict(
            case.number, stage="repair", verdict=verdict.value, detail=detail
        )
        return CaseRepair(case.number, case.record.order.synthetic, verdict, tuple(repairs))


def _repair_one(
    case: OpenCase,
    scan: ScanEntry,
    profile: str,
    answers: Answers,
    role: Role,
    progress: Progress,
) -> ScanRepair:
    order = case.record.order
    limits = load_profile(profile or order.profile)
    with case.client.open_object(
        case.number, scan.scan_id, purpose=Purpose.REPAIR, role=role
    ) as lease:
        original = decode_scan(lease.read())
        result = repair_scan(
            original,
            profile=limits,
            answers=_answers_of(answers, scan.scan_id),
            preparation=order.has_preparation,
            progress=progress,
        )
        summary: Mapping[str, str] = {"verdict": result.verdict.value}
        products = (
            ("repaired_scan", encode_ply(result.mesh)),
            ("edits", encode_edits(result.edits)),
            ("repair_report", encode_report(result.report())),
        )
        for kind, data in products:
            case.client.store_object(
                case.number,
                kind=kind,
                data=data,
                parents=(scan.scan_id,),
                lease_id=lease.lease_id,
                summary=summary,
            )
    return ScanRepair(scan.scan_id, scan.role.arch, original, result)


def _answers_of(answers: Answers, scan_id: str) -> Answers:
    """Answers of one scan: keys without a scan's name hold for all."""
    own = f"{scan_id}/"
    general = {key: value for key, value in answers.values.items() if "/hole/" not in key}
    special = {
        key.removeprefix(own): value for key, value in answers.values.items() if key.startswith(own)
    }
    return Answers({**general, **special})
