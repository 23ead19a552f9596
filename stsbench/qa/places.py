"""The places a person must look at, in order of clinical risk, in words for a technician.

Rules owned here:
- What stops a case comes first, then what touches the bite or a margin, then invented surface by
  size, then the rest. The order is a choice, not fact.
- A place is told by side and depth of the arch where the sides are known, and always by its
  coordinates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.qa.subjects import Subject

__all__ = ["ReviewPlace", "count_findings", "kind_words", "review_places"]

_SEVERITY = {Severity.HOLD: 0, Severity.REVIEW: 1, Severity.NOTE: 2}
_RISK = (
    FindingKind.PREPARATION_UNMARKED,
    FindingKind.UNIT_SUSPECT,
    FindingKind.ORIENTATION_UNSURE,
    FindingKind.NOT_ORIENTABLE,
    FindingKind.STITCHING_STEP,
    FindingKind.DOUBLE_LAYER,
    FindingKind.HOLE,
    FindingKind.SELF_INTERSECTION,
    FindingKind.FOLD,
    FindingKind.SPIKE,
)
_NOWHERE = {FindingKind.UNIT_SUSPECT, FindingKind.ORIENTATION_UNSURE}
_MIDDLE_MM = 6.0

_ACTION_WORDS = {
    Action.NONE: "seen only",
    Action.REPAIRED: "repaired",
    Action.REMOVED: "removed",
    Action.FILLED: "filled",
    Action.KEPT: "kept",
    Action.LEFT_OPEN: "left open",
    Action.UNSOLVED: "not solved",
}


@dataclass(frozen=True, slots=True)
class ReviewPlace:
    """One entry of the review list.

    Parameters
    ----------
    number : int
        As ringed in the pictures.
    scan_id, kind, where, action, severity, detail : str
    place_mm : (x, y, z) float, mm
        In scanner axes.
    size_mm : float
    picture : str
        Name of the close-up, "" for none.
    """

    number: int
    scan_id: str
    kind: str
    where: str
    place_mm: tuple[float, float, float]
    size_mm: float
    action: str
    severity: str
    detail: str
    picture: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the place as the QA record writes it."""
        return {
            "number": self.number,
            "scan_id": self.scan_id,
            "kind": self.kind,
            "where": self.where,
            "place_mm": [round(value, 4) + 0.0 for value in self.place_mm],
            "size_mm": round(self.size_mm, 4),
            "action": self.action,
            "severity": self.severity,
            "detail": self.detail,
        }


def kind_words(kind: str) -> str:
    """Return what a kind of finding is called."""
    if kind == FindingKind.ORIENTATION_UNSURE:
        return "orientation"
    return kind.replace("_", " ").replace("non manifold", "branching")


def review_places(subjects: Sequence[Subject]) -> list[tuple[ReviewPlace, Mapping[str, Any]]]:
    """Return the review list of a case with the finding behind each entry."""
    found = [(subject, finding) for subject in subjects for finding in subject.review]
    found.sort(key=lambda pair: _risk(pair[1]))  # stable: equal risk keeps the stages' order
    return [
        (_place(number, subject, finding), finding)
        for number, (subject, finding) in enumerate(found, start=1)
    ]


def _risk(finding: Mapping[str, Any]) -> tuple[int, int, float]:
    kind = FindingKind(finding["kind"])
    rank = _RISK.index(kind) if kind in _RISK else len(_RISK)
    return _SEVERITY[Severity(finding["severity"])], rank, -float(finding["size_mm"])


def _place(number: int, subject: Subject, finding: Mapping[str, Any]) -> ReviewPlace:
    x, y, z = (float(value) for value in finding["place_mm"])
    pinned = FindingKind(finding["kind"]) not in _NOWHERE
    return ReviewPlace(
        number,
        subject.scan_id,
        kind_words(finding["kind"]),
        _where(subject, (x, y, z)) if pinned else "whole scan",
        (x, y, z),
        float(finding["size_mm"]),
        _ACTION_WORDS[Action(finding["action"])],
        str(finding["severity"]),
        str(finding["detail"]),
        f"{subject.scan_id}_place_{number}" if pinned else "",
    )


def _where(subject: Subject, place: tuple[float, float, float]) -> str:
    vertices = subject.original.vertices
    if not len(vertices):
        return ""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    backwards = vertices @ subject.anatomy.posterior
    depth = (np.asarray(place) @ subject.anatomy.posterior - backwards.min()) / max(
        float(np.ptp(backwards)), 1e-9
    )
    if subject.oriented == "none":
        return ""
    third = "front" if depth < 1 / 3 else "middle" if depth < 2 / 3 else "back"
    if not subject.anatomy.sides_sure:
        return third
    aside = float((np.asarray(place) - (low + high) / 2) @ subject.anatomy.left)
    side = "centre" if abs(aside) < _MIDDLE_MM else "left" if aside > 0 else "right"
    return f"{side} {third}"


def count_findings(report: Mapping[str, Any]) -> list[tuple[str, int, str, float]]:
    """Return (kind, count, what became of them, largest size in mm) of a report's findings."""
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for finding in report.get("findings", []):
        kinds.setdefault(str(finding["kind"]), []).append(finding)
    rows = []
    for kind in FindingKind:
        some = kinds.get(kind.value)
        if not some:
            continue
        became = {action: 0 for action in Action}
        for finding in some:
            became[Action(finding["action"])] += 1
        words = ", ".join(
            f"{count} {_ACTION_WORDS[action]}" for action, count in became.items() if count
        )
        largest = max(float(finding["size_mm"]) for finding in some)
        rows.append((kind_words(kind), len(some), words, largest))
    return rows
