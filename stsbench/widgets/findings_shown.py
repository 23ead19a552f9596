"""A finding as the viewer lists it, checked."""

from collections.abc import Mapping

from stsbench.domain.dentition import check_fdi
from stsbench.domain.findings import Severity
from stsbench.errors import InputError
from stsbench.widgets.wire import as_triple

__all__ = ["as_shown_finding"]


def as_shown_finding(finding: Mapping[str, object]) -> dict[str, object]:
    """Return a finding with every field the page reads.

    Parameters
    ----------
    finding : mapping
        `id`, `kind`, `place_mm` and, optionally, `size_mm`, `severity`, `title`, `loop` (vertex
        indices), `faces` (half-open ranges of slots), `tooth` (FDI number) and `number`, which
        orders and names it in a list that has an order of its own.

    Raises
    ------
    InputError
        No id, kind or place, or an unknown severity.
    """
    missing = [name for name in ("id", "kind", "place_mm") if _is_missing(finding.get(name))]
    if missing:
        raise InputError(f"A finding has no {missing[0]}.", "Give id, kind and place_mm.")
    severity = str(finding.get("severity", Severity.NOTE.value))
    if severity not in {one.value for one in Severity}:
        raise InputError(f"{severity!r} is no severity.", "Use note, review or hold.")
    place, loop, faces = finding["place_mm"], finding.get("loop"), finding.get("faces")
    return {
        "id": str(finding["id"]),
        "kind": str(finding["kind"]),
        "place_mm": as_triple(place),
        "size_mm": float(str(finding.get("size_mm", 0.0))),
        "severity": severity,
        "title": str(finding.get("title", "")),
        "tooth": None if finding.get("tooth") is None else check_fdi(int(str(finding["tooth"]))),
        "number": None if finding.get("number") is None else int(str(finding["number"])),
        "loop": None if loop is None else [int(vertex) for vertex in _items(loop)],
        "faces": None
        if faces is None
        else [[int(start), int(stop)] for start, stop in _items(faces)],
    }


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value)  # a place may be an array


def _items(value: object) -> list:  # type: ignore[type-arg]
    return list(value)  # type: ignore[call-overload,no-any-return]
