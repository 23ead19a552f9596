"""The QA record as a page for people, a table for spreadsheets and a document for programs.

Rules owned here:
- Same record, same bytes: no clock, no random id; a date stands in it only when it was passed in.
- Codes only. Every figure stands beside its limit and the source of the limit.
- What was not checked is part of the record, and the decision is `pending`.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from stsbench.domain.edits import EditRecord
from stsbench.domain.findings import NOT_CHECKED
from stsbench.domain.order import Profile
from stsbench.domain.verdicts import CheckResult, Verdict
from stsbench.qa.gates import CheckRow, not_checked_here
from stsbench.qa.illustrations import Plan
from stsbench.qa.places import ReviewPlace, count_findings
from stsbench.qa.subjects import Subject
from stsbench.qa.templating import fill_page, picture_source

__all__ = ["SCHEMA", "checks_csv", "record_document", "render_report"]

SCHEMA = "stsbench.qa/1"
_CSV_COLUMNS = (
    "case_number", "subject", "id", "title", "stage", "value", "unit", "result", "applies",
    "threshold", "source", "choice", "note",
)  # fmt: skip
_VERDICT_WORDS = {
    Verdict.PASS: "Every check that applies was answered and passed. A reviewer still has to look.",
    Verdict.REVIEW: "Usable once a person has looked at what is marked below.",
    Verdict.HOLD: "Not usable as it is: at least one check failed or a stage stopped.",
}
_RESULT_WORDS = {
    CheckResult.PASS: "pass",
    CheckResult.WARN: "warning",
    CheckResult.FAIL: "fail",
    CheckResult.NOT_CHECKED: "not checked",
}
_ORIENTED_WORDS = {
    "confirmed": "orientation confirmed by a person.",
    "given": "orientation not confirmed: a direction was given, no one has looked at the result.",
    "sure": "orientation not confirmed: found automatically, the self-check is satisfied.",
    "unsure": "orientation not confirmed: found automatically, the self-check is not satisfied.",
}
_SIDES_WORDS = "R and L are the patient's right and left; upper front teeth point up, lower down."


def render_report(
    subjects: Sequence[Subject],
    places: Sequence[ReviewPlace],
    plan: Plan,
    pictures: Mapping[str, bytes],
    *,
    case_number: str,
    profile: Profile,
    verdict: Verdict,
    decision: str,
    dated: str = "",
) -> str:
    """Return the record as one self-contained HTML page.

    Parameters
    ----------
    subjects : sequence of Subject
    places : sequence of ReviewPlace
    plan : Plan
        What each picture shows.
    pictures : mapping of name to PNG bytes
        Empty when none were drawn.
    case_number : str
    profile : Profile
    verdict : Verdict
    decision : str
    dated : str
        Written as it is; "" for none.
    """

    def shown(names: Sequence[str]) -> list[dict[str, object]]:
        return [
            {"alt": plan.alt[name], "source": picture_source(pictures[name])}
            for name in names
            if name in pictures
        ]

    return fill_page(
        "report.html",
        {
            "case_number": case_number,
            "profile": profile.value,
            "dated": dated,
            "verdict": verdict.value,
            "verdict_words": _VERDICT_WORDS[verdict],
            "decision": decision,
            "made": [_made(subject) for subject in subjects],
            "orientation": _orientation_lines(subjects),
            "record": shown(plan.record),
            "sides_words": _sides_words(subjects),
            "places": [_place(place) for place in places],
            "close_ups": shown(plan.close_ups),
            "checks": [_checks(subject) for subject in subjects],
            "changes": [
                _changes(subject, shown(_maps_of(plan, subject)))
                for subject in subjects
                if subject.repaired is not None
            ],
            "blind": list(NOT_CHECKED),
            "unanswered": [
                {"check_id": row.check_id, "title": row.title, "reason": row.reason}
                for row in not_checked_here()
            ],
            "schema": SCHEMA,
        },
    )


def _maps_of(plan: Plan, subject: Subject) -> list[str]:
    own = {f"{subject.scan_id}_{kind}" for kind in ("edits", "deviation", "places")}
    return [name for name in plan.maps if name in own]


def _made(subject: Subject) -> dict[str, str]:
    repaired, model = subject.repaired, subject.model
    concerned = any(row.applies and row.gate.stage == "model" for row in subject.rows)
    return {
        "scan_id": subject.scan_id,
        "received": f"{subject.original.face_count:,}",
        "repaired": f"{repaired.mesh.face_count:,}" if repaired else "",
        "repair_verdict": str(repaired.report.get("verdict", "")) if repaired else "",
        "model": f"{model.mesh.face_count:,}" if model else "",
        "model_verdict": str(model.report.get("verdict", "")) if model else "",
        "no_model": "not reached" if concerned else "none is made of this scan",
    }


def _orientation_lines(subjects: Sequence[Subject]) -> list[dict[str, str]]:
    lines = []
    for subject in subjects:
        word = next((row.value for row in subject.rows if row.gate.measure == "orientation"), None)
        if isinstance(word, str):
            lines.append({"scan_id": subject.scan_id, "words": _ORIENTED_WORDS[word]})
    return lines


def _sides_words(subjects: Sequence[Subject]) -> str:
    if all(subject.anatomy.sides_sure for subject in subjects):
        return _SIDES_WORDS
    return _SIDES_WORDS + " Without letters the midline is not sure and no side is named."


def _place(place: ReviewPlace) -> dict[str, str]:
    x, y, z = place.place_mm
    return {
        "number": str(place.number),
        "scan_id": place.scan_id,
        "kind": place.kind,
        "where": place.where,
        "coordinates": f"x {x:.1f}, y {y:.1f}, z {z:.1f} mm" if place.picture else "",
        "size": f"{place.size_mm:.2f} mm" if place.size_mm and place.picture else "",
        "action": place.action,
        "severity": place.severity,
        "detail": place.detail,
    }


def _checks(subject: Subject) -> dict[str, object]:
    answered = [row for row in subject.rows if row.result is not CheckResult.NOT_CHECKED]
    open_, idle = ({}, {})  # type: tuple[dict[str, list[str]], dict[str, list[str]]]
    for row in subject.rows:
        if row.result is CheckResult.NOT_CHECKED:
            group = open_ if row.applies else idle
            group.setdefault(row.note, []).append(row.gate.check_id)
    lines = [f"Not answered, {note}: {', '.join(ids)}." for note, ids in open_.items()]
    lines += [f"Does not apply, {note}: {', '.join(ids)}." for note, ids in idle.items()]
    return {
        "subject": subject.scan_id,
        "rows": [_check(row) for row in answered],
        "lines": lines,
    }


def _check(row: CheckRow) -> dict[str, str]:
    return {
        "id": row.gate.check_id,
        "title": row.gate.title,
        "value": row.gate.show(row.value),
        "threshold": row.gate.threshold,
        "result": row.result.value,
        "result_words": _RESULT_WORDS[row.result],
        "source": f"{row.gate.source}. {row.note.capitalize()}." if row.note else row.gate.source,
    }


def _changes(subject: Subject, maps: list[dict[str, object]]) -> dict[str, object]:
    repaired = subject.repaired
    report = repaired.report if repaired is not None else {}
    return {
        "scan_id": subject.scan_id,
        "sums": _sums(report, repaired.edits) if repaired is not None else "",
        "findings": [
            {
                "kind": kind,
                "count": f"{count:,}",
                "became": became,
                "largest": f"{largest:.2f} mm" if largest else "",
            }
            for kind, count, became, largest in count_findings(report)
        ],
        "maps": maps,
    }


def _sums(report: Mapping[str, Any], edits: EditRecord) -> str:
    told = report.get("edits", {})
    added = int(edits.edited_faces.sum())
    kept = len(edits.face_source) - added
    parts = [
        f"{len(edits.removed_face):,} triangles taken away, {added:,} made, {kept:,} as received."
    ]
    if "edited_mm2" in told:
        share = 100.0 * float(told.get("edited_share", 0.0))
        parts.append(f"Edited area {float(told['edited_mm2']):.2f} mm², {share:.2f} % of the scan.")
    if "outside_defects_mm2" in told:
        by_hand = float(told.get("by_hand_mm2", 0.0))
        part = f" ({by_hand:.3f} mm² of it by hand)" if by_hand else ""
        outside = float(told["outside_defects_mm2"])
        parts.append(f"Edited outside any defect: {outside:.3f} mm²{part}.")
    return " ".join(parts)


def checks_csv(rows: Sequence[CheckRow], *, case_number: str) -> str:
    """Return the checks as CSV with a header line.

    Text that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells = {"case_number": case_number, **row.as_json()}
        writer.writerow({key: _cell(value) for key, value in cells.items()})
    return stream.getvalue()


def _cell(value: object) -> object:
    risky = isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"'{value}" if risky else value


def record_document(
    subjects: Sequence[Subject],
    places: Sequence[ReviewPlace],
    *,
    case_number: str,
    profile: Profile,
    verdict: Verdict,
    decision: str,
) -> dict[str, object]:
    """Return the record as a document for programs, schema `stsbench.qa/1`."""
    return {
        "schema": SCHEMA,
        "case_number": case_number,
        "profile": profile.value,
        "verdict": verdict.value,
        "decision": decision,
        "scans": {subject.scan_id: subject.verdict.value for subject in subjects},
        "checks": [row.as_json() for subject in subjects for row in subject.rows],
        "review": [place.as_json() for place in places],
        "not_checked": [
            *NOT_CHECKED,
            *(f"{row.check_id} {row.title}: {row.reason}" for row in not_checked_here()),
        ],
    }
