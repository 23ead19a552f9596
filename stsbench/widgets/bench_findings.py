"""What a bench lists: findings with their words, open holes with their rims, edited places.

Rules owned here:
- The review list comes first, the gravest first. A finding's identifier is its kind and its place to
  a tenth of a millimetre, so it stays the same while others come and go.
- Open holes are traced on the mesh as it is now, so a hole that was just filled is gone at once; what
  was found where hands have since cut the surface away goes as well, and comes back with it.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.geometry.boundary import measure_loops
from stsbench.repair.working_mesh import WorkingMesh
from stsbench.widgets.labels import Labels

__all__ = ["finding_rows", "table_rows"]

# Of no use to hands: there is nothing to see at their places. The text table counts them.
_UNSEEN = frozenset({FindingKind.UNREFERENCED_VERTEX, FindingKind.DUPLICATE_VERTEX})
_RANK = {Severity.HOLD: 0, Severity.REVIEW: 1, Severity.NOTE: 2}
_NEAR_MM = 0.01
_REACH_MM = 1.0  # surface that a finding's place belongs to


def finding_rows(
    findings: Iterable[Finding], working: WorkingMesh, labels: Labels
) -> list[dict[str, Any]]:
    """Return what `Viewer.show_findings` takes.

    Parameters
    ----------
    findings : iterable of Finding
        As listed by the last check.
    working : WorkingMesh
        As it is now.
    labels : Labels
    """
    findings = _still_there(tuple(findings), working)
    loops = working.open_loops()
    measured = measure_loops(working.vertices, loops)
    listed = sorted(findings, key=lambda f: (_RANK[f.severity], -f.size_mm, f.place_mm))
    rows: list[dict[str, Any]] = []
    taken: set[int] = set()
    named: Counter[str] = Counter()
    for finding in listed:
        if _is_unseen(finding):
            continue
        loop = None
        if finding.kind in {FindingKind.HOLE, FindingKind.BORDER} and (
            finding.action in {Action.LEFT_OPEN, Action.KEPT, Action.NONE}
        ):
            gaps = abs(measured.centre_mm - finding.place_mm).max(axis=1, initial=0.0)
            same = (gaps < _NEAR_MM) & (abs(measured.rim_mm - finding.size_mm) < _NEAR_MM)
            if not same.any():
                continue  # closed or cut since the last check
            found = int(same.argmax())
            taken.add(found)
            loop = loops.loop(found).tolist()
        rows.append(_row(_name_of(finding, named), finding, labels, loop))
    fresh = [n for n in range(len(loops)) if n not in taken]
    for n in sorted(fresh, key=lambda n: -float(measured.rim_mm[n])):
        x, y, z = (float(value) for value in measured.centre_mm[n])
        hole = Finding(
            FindingKind.HOLE,
            (x, y, z),
            float(measured.rim_mm[n]),
            severity=Severity.REVIEW,
            action=Action.LEFT_OPEN,
        )
        rows.append(_row(_name_of(hole, named), hole, labels, loops.loop(n).tolist()))
    return sorted(rows, key=lambda row: row["rank"])


def _still_there(findings: tuple[Finding, ...], working: WorkingMesh) -> tuple[Finding, ...]:
    """Leave out findings at whose places hands have taken the surface away."""
    alive = np.zeros(len(working.vertices), dtype=bool)
    alive[working.faces[working.alive]] = True
    cut = np.zeros(len(alive), dtype=bool)
    cut[working.faces[~working.alive]] = True
    cut &= ~alive
    if not cut.any():
        return findings
    gone, there = working.vertices[cut], working.vertices[alive]
    return tuple(
        finding
        for finding in findings
        if not _is_near(gone, finding.place_mm) or _is_near(there, finding.place_mm)
    )


def _is_near(places: NDArray[np.float64], place_mm: tuple[float, float, float]) -> bool:
    away = places - place_mm
    return bool((np.einsum("ij,ij->i", away, away) <= _REACH_MM**2).any())


def _name_of(finding: Finding, named: Counter[str]) -> str:
    """Return an identifier that no row has yet; those of one kind and place are counted."""
    place = ",".join(f"{round(x, 1) + 0.0:.1f}" for x in finding.place_mm)
    name = f"{finding.kind.value}@{place}"
    named[name] += 1
    return name if named[name] == 1 else f"{name}#{named[name]}"


def _row(name: str, finding: Finding, labels: Labels, loop: list[int] | None) -> dict[str, Any]:
    kind = labels.find(finding.kind.value, "kind")
    action = labels.find(finding.action.value, "action")
    return {
        "id": name,
        "kind": finding.kind.value,
        "place_mm": [float(x) for x in finding.place_mm],
        "size_mm": float(finding.size_mm),
        "severity": finding.severity.value,
        "title": f"{kind}: {action}",
        "loop": loop,
        "faces": None,
        "rank": _RANK[finding.severity],
    }


def table_rows(findings: Iterable[Finding], labels: Labels) -> list[tuple[str, ...]]:
    """Return the findings as a text table, the review list first.

    Notes that cannot be seen, such as unused vertices, are counted in one row of each kind: a scan
    has thousands of them.
    """
    listed = sorted(findings, key=lambda f: (_RANK[f.severity], -f.size_mm, f.place_mm))
    unseen = Counter((f.kind, f.action) for f in listed if _is_unseen(f))
    rows: list[tuple[str, ...]] = [
        (
            labels.find(f.severity.value, "verdicts") if f.severity is not Severity.NOTE else "",
            labels.find(f.kind.value, "kind"),
            f"{f.size_mm:.2f}",
            ", ".join(f"{x:.1f}" for x in f.place_mm),
            labels.find(f.action.value, "action"),
        )
        for f in listed
        if not _is_unseen(f)
    ]
    for (kind, action), count in unseen.items():
        name = f"{labels.find(kind.value, 'kind')} ({count:,})"
        rows.append(("", name, "", "", labels.find(action.value, "action")))
    return rows


def _is_unseen(finding: Finding) -> bool:
    return finding.kind in _UNSEEN and finding.severity is Severity.NOTE
