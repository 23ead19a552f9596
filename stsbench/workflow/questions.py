"""What each notebook asks, as data: a panel shows it, a batch answers it from the record."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stsbench.domain.access import Purpose, ReasonCode, Role
from stsbench.errors import InputError
from stsbench.vault.records import IntakePreview
from stsbench.workflow.cases import latest_object, open_case

if TYPE_CHECKING:  # each notebook loads only the kernels of its own step
    from stsbench.workflow.review import CaseReview

__all__ = ["Question", "for_intake", "for_model", "for_repair", "for_review"]

_YES_NO = ("no", "yes")


@dataclass(frozen=True, slots=True)
class Question:
    """One decision: its key in `Answers`, its words, its choices.

    Parameters
    ----------
    key : str
    text : str
        A sentence for the technician.
    choices : tuple of str
        Empty for free text (a code word or a date; never a name).
    default : str
    """

    key: str
    text: str
    choices: tuple[str, ...] = ()
    default: str = ""


_ATTESTED: dict[ReasonCode, tuple[str, tuple[str, ...]]] = {
    ReasonCode.AGE_UNKNOWN: ("Does the clinic attest that the patient is an adult?", ("", "adult")),
    ReasonCode.CONSENT_MISSING: (
        "Does the clinic attest that consent for repair and model was given?",
        ("", "clinic_confirmed"),
    ),
    ReasonCode.ARCH_UNKNOWN: ("Which arch does the scan show?", ("", "upper", "lower")),
}


def for_intake(preview: IntakePreview) -> tuple[Question, ...]:
    """Return what intake still has to ask, and who attests it."""
    asked = [
        Question(f"attest/{reason.value}", *_ATTESTED[reason])
        for reason in preview.asked_for
        if reason in _ATTESTED
    ]
    if not asked:
        return ()
    return (
        *asked,
        Question("attest/by", "Who attests it? A role, such as clinic.", ("", "clinic", "lab")),
        Question("attest/on", "On which day? YYYY-MM-DD."),
    )


def for_repair(case_number: str = "") -> tuple[Question, ...]:
    """Return a choice for every hole that the last repair left open; none before the first run."""
    questions: list[Question] = []
    with open_case(case_number) as case:
        for scan in case.scans:
            try:
                entry = latest_object(case.record.objects, "repair_report", scan.scan_id)
            except InputError:
                continue
            data = case.read(entry.object_id, purpose=Purpose.REPAIR, role=Role.TECHNICIAN)
            questions += _open_holes(scan.scan_id, json.loads(data)["findings"])
    return tuple(questions)


def _open_holes(scan_id: str, findings: Sequence[dict[str, object]]) -> list[Question]:
    left_open = [
        finding
        for finding in findings
        if finding["kind"] == "hole" and finding["action"] == "left_open"
    ]
    return [
        Question(
            f"{scan_id}/hole/{number}",
            f"{scan_id}: a hole of {float(str(finding['size_mm'])):.1f} mm perimeter is open.",
            ("keep_open", "fill"),
            "keep_open",
        )
        for number, finding in enumerate(left_open)
    ]


def for_model(case_number: str = "") -> tuple[Question, ...]:
    """Return the confirmation of the occlusal plane."""
    with open_case(case_number) as case:
        arches = ", ".join(scan.scan_id for scan in case.arch_scans)
    return (
        Question(
            "orientation_confirmed",
            f"Does the occlusal plane lie right ({arches})? Look at the views first.",
            _YES_NO,
            "no",
        ),
    )


def for_review(reviewed: "CaseReview") -> tuple[Question, ...]:
    """Return the reviewer's decision."""
    return (
        Question(
            "decision",
            f"{reviewed.case_number}: accept the models, or send them back?",
            ("pending", "accept", "send_back"),
            "pending",
        ),
    )
