"""The scans of an intake: which arch they show, whether their size is a mouth's, in millimetres.

Rules owned here:
- An answered arch fills a gap and never overrides what the order says.
- A scan that could not be read, or whose size no unit explains, holds the whole intake.
- The factor that a preview suggested is the one that is applied, and the case records it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from stsbench.domain.access import ReasonCode
from stsbench.domain.order import ScanEntry, ScanRole
from stsbench.domain.subject import IdentifiedOrder
from stsbench.errors import InputError
from stsbench.privacy.intake_rules import answered_roles
from stsbench.vault.case_making import PreparedScan
from stsbench.vault.parsing import ParsedFolder
from stsbench.vault.pseudonymous_order import scan_ids
from stsbench.vault.scan_units import scaled_ply, size_is_plausible, suggested_factor

__all__ = ["extents_mm", "held_for_scans", "prepared_scans", "with_arches"]


def with_arches(order: IdentifiedOrder, answers: Mapping[str, str]) -> IdentifiedOrder:
    """Return the order with the arches that somebody answered for scans of the preview.

    Raises
    ------
    InputError
        No such scan, or neither upper nor lower.
    """
    if not answers:
        return order
    names = scan_ids(answered_roles(order))
    unknown = [name for name in answers if name not in names]
    if unknown or any(answer not in {"upper", "lower"} for answer in answers.values()):
        raise InputError(
            "An arch was answered for no scan of this intake, or with another word.",
            "Answer upper or lower for the scan names of the preview.",
        )
    scans = tuple(
        replace(scan, role=ScanRole(answers[name])) if name in answers and not scan.role else scan
        for scan, name in zip(order.scans, names, strict=True)
    )
    return replace(order, scans=scans)


def held_for_scans(
    parsed: ParsedFolder, roles: Sequence[ScanRole | None], apply_unit: bool
) -> tuple[ReasonCode, ...]:
    """Return what the scans themselves hold an intake for."""
    found: list[ReasonCode] = []
    if not all(scan.readable for scan in parsed.scans):
        found.append(ReasonCode.SCAN_UNREADABLE)
    for place, (scan, role) in enumerate(zip(parsed.scans, roles, strict=True)):
        extents = extents_mm(parsed, place)
        factor = suggested_factor(extents, role) if apply_unit else 1.0
        fits = size_is_plausible([extent * factor for extent in extents], role)
        if scan.readable and not fits and ReasonCode.UNIT_SUSPECT not in found:
            found.append(ReasonCode.UNIT_SUSPECT)
    return tuple(found)


def prepared_scans(
    parsed: ParsedFolder, roles: Sequence[ScanRole | None]
) -> tuple[PreparedScan, ...]:
    """Return the scans of an accepted intake, ready to be put into millimetres and sealed."""
    prepared: list[PreparedScan] = []
    for place, (scan, role, name) in enumerate(
        zip(parsed.scans, roles, scan_ids(roles), strict=True)
    ):
        if role is None:
            raise InputError("A scan has no arch.", "Answer upper or lower for it.")
        factor = parsed.order.scans[place].unit.in_mm
        factor *= suggested_factor(extents_mm(parsed, place), role)
        entry = ScanEntry(name, role, scan.face_count, factor)
        prepared.append(PreparedScan(entry, partial(scaled_ply, scan.ply, factor)))
    return tuple(prepared)


def extents_mm(parsed: ParsedFolder, place: int) -> tuple[float, float, float]:
    """Return how large a scan is if its file is in the unit the order says."""
    in_mm = parsed.order.scans[place].unit.in_mm
    x, y, z = (extent * in_mm for extent in parsed.scans[place].extents)
    return x, y, z
