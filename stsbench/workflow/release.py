"""Files that leave the vault: accepted models for printer or CAM, QA reports, erased cases."""

from pathlib import Path

from stsbench.domain.access import Role
from stsbench.errors import QualityGateError
from stsbench.workflow.cases import open_case

__all__ = ["erase_case", "release_case", "release_report"]


def release_case(case_number: str, *, role: Role = Role.TECHNICIAN) -> list[Path]:
    """Write the newest model of each arch to the case's out folder.

    Raises
    ------
    QualityGateError
        No person accepted the models yet.
    """
    with open_case(case_number) as case:
        if case.record.verdicts.get("review") != "accept":
            raise QualityGateError(
                f"Case {case.number} was not accepted by a reviewer.",
                "Open notebook 4_review_model and decide there.",
            )
        newest = {entry.scan_id: entry for entry in case.record.objects if entry.kind == "model"}
        return [
            case.client.release(case.number, entry.object_id, role=role)
            for entry in newest.values()
        ]


def release_report(case_number: str, *, role: Role = Role.QA) -> Path:
    """Write a case's newest QA report to the case's out folder.

    Raises
    ------
    QualityGateError
        The case was not reviewed yet.
    """
    with open_case(case_number) as case:
        reports = [entry for entry in case.record.objects if entry.kind == "qa_report"]
        if not reports:
            raise QualityGateError(
                f"Case {case.number} has no QA report.", "Run notebook 4_review_model first."
            )
        return case.client.release(case.number, reports[-1].object_id, role=role)


def erase_case(
    case_number: str, *, reason: str, role: Role = Role.PRIVACY_OFFICER
) -> dict[str, object]:
    """Destroy a case's key and return the receipt."""
    with open_case(case_number) as case:
        return dict(case.client.erase_case(case.number, role=role, reason=reason))
