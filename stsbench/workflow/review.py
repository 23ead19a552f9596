"""Review the models of a case: measure, draw, write the QA record, and let a person decide.

Unattended, a review ends in "pending"; only a person's answer accepts a model or sends it back.
"""

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from stsbench.domain.access import Purpose, Role
from stsbench.domain.answers import Answers
from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import ScanEntry, ScanRole
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.domain.verdicts import CheckResult
from stsbench.errors import InputError
from stsbench.files.records import decode_edits
from stsbench.files.scans import decode_scan
from stsbench.qa.gates import CheckRow
from stsbench.qa.review import PENDING, Modelled, QaRecord, Repaired
from stsbench.qa.review import review_case as review_values
from stsbench.workflow.cases import OpenCase, latest_object, open_case

__all__ = ["CaseReview", "review_case", "sign_off"]

_DECISIONS = (PENDING, "accept", "send_back")


@dataclass(frozen=True, slots=True)
class CaseReview:
    """What a review came to; prints as codes and verdicts."""

    case_number: str
    synthetic: bool
    record: QaRecord = field(repr=False)

    @property
    def rows(self) -> tuple[CheckRow, ...]:
        """The checks with their results."""
        return self.record.rows

    @property
    def any_failed(self) -> bool:
        """True when a check failed."""
        return any(row.result is CheckResult.FAIL for row in self.rows)

    @property
    def outcome(self) -> dict[str, object]:
        """Codes and verdicts; the decision is a person's."""
        results = [row.result for row in self.rows]
        return {
            "stage": "review",
            "verdict": self.record.decision,
            "case_number": self.case_number,
            "measured": self.record.verdict.value,
            "checks": {result.value: results.count(result) for result in CheckResult},
            "places_to_review": len(self.record.places),
        }


class _Desk:
    """The reviewer's leases: opened one by one, closed together."""

    def __init__(self, case: OpenCase, role: Role, leases: ExitStack) -> None:
        self.case = case
        self._role = role
        self._leases = leases
        self.last_lease_id = ""

    def read(self, object_id: str) -> bytes:
        lease = self._leases.enter_context(
            self.case.client.open_object(
                self.case.number, object_id, purpose=Purpose.QUALITY, role=self._role
            )
        )
        self.last_lease_id = lease.lease_id
        return bytes(lease.read())

    def read_newest(self, kind: str, scan_id: str) -> tuple[str, bytes]:
        entry = latest_object(self.case.record.objects, kind, scan_id)
        return entry.object_id, self.read(entry.object_id)


def review_case(
    case_number: str = "", *, role: Role = Role.QA, progress: Progress = NO_PROGRESS
) -> CaseReview:
    """Measure and draw a case's models, store the QA record, record the verdict "pending".

    Parameters
    ----------
    case_number : str
        Empty for the newest case.
    role : Role
    progress : Progress

    Raises
    ------
    InputError
        The case was not repaired and modelled yet.
    RenderError
        No picture can be drawn on this machine.
    """
    with open_case(case_number) as case, ExitStack() as leases:
        desk = _Desk(case, role, leases)
        scans: dict[str, TriangleMesh] = {}
        repairs: dict[str, Repaired] = {}
        models: dict[str, Modelled] = {}
        parents: list[str] = []
        for scan in case.scans:
            scans[scan.scan_id] = decode_scan(desk.read(scan.scan_id))
            repairs[scan.scan_id] = _repaired(desk, scan)
            if scan in case.arch_scans and _has_model(case, scan):
                model_id, models[scan.scan_id] = _modelled(desk, scan)
                parents.append(model_id)
        record = review_values(
            scans,
            repairs,
            models,
            case_number=case.number,
            profile=case.record.order.profile,
            arches=_arches(case),
            full_arch={s.scan_id: False for s in case.scans if s.role is ScanRole.PREPARATION},
            progress=progress,
        )
        _store(desk, record, parents or [scan.scan_id for scan in case.scans])
        return CaseReview(case.number, case.record.order.synthetic, record)


def _has_model(case: OpenCase, scan: ScanEntry) -> bool:
    kinds = {(entry.kind, entry.scan_id) for entry in case.record.objects}
    if "model" not in case.record.verdicts:
        raise InputError("This case has no models yet.", "Run notebook 3_make_model first.")
    return ("model", scan.scan_id) in kinds


def _repaired(desk: _Desk, scan: ScanEntry) -> Repaired:
    return Repaired(
        decode_scan(desk.read_newest("repaired_scan", scan.scan_id)[1]),
        decode_edits(desk.read_newest("edits", scan.scan_id)[1]),
        json.loads(desk.read_newest("repair_report", scan.scan_id)[1]),
    )


def _modelled(desk: _Desk, scan: ScanEntry) -> tuple[str, Modelled]:
    object_id, data = desk.read_newest("model", scan.scan_id)
    report = json.loads(desk.read_newest("model_report", scan.scan_id)[1])
    return object_id, Modelled(decode_scan(data), report)


def _arches(case: OpenCase) -> dict[str, Arch]:
    return {scan.scan_id: scan.role.arch for scan in case.scans if scan.role.arch is not None}


def _store(desk: _Desk, record: QaRecord, parents: list[str]) -> None:
    client, number = desk.case.client, desk.case.number
    summary: dict[str, Any] = {"verdict": record.verdict.value, "decision": record.decision}
    for kind, data in (("qa_report", record.html.encode()), ("qa_record", record.json)):
        client.store_object(
            number,
            kind=kind,
            data=data,
            parents=parents,
            lease_id=desk.last_lease_id,
            summary=summary,
        )
    client.record_verdict(number, stage="review", verdict=PENDING, detail=summary)


def sign_off(
    reviewed: CaseReview, answers: Answers, *, interactive: bool, role: Role = Role.QA
) -> dict[str, object]:
    """Record the reviewer's decision and return the outcome.

    Parameters
    ----------
    reviewed : CaseReview
    answers : Answers
        `decision`: "pending", "accept" or "send_back".
    interactive : bool
        False in batch: the decision stays pending whatever was recorded.
    role : Role

    Raises
    ------
    InputError
        No such decision.
    """
    decision = str(answers.get("decision", PENDING)) if interactive else PENDING
    if decision not in _DECISIONS:
        raise InputError(f"{decision!r} is no decision.", f"Use one of {', '.join(_DECISIONS)}.")
    if decision != PENDING:
        with open_case(reviewed.case_number) as case:
            detail = {"measured": reviewed.record.verdict.value, "by_role": role.value}
            case.client.record_verdict(case.number, stage="review", verdict=decision, detail=detail)
    return {**reviewed.outcome, "verdict": decision}
