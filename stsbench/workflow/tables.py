"""Rows of text about previews and results, the same for terminal and notebook."""

from typing import Any

__all__ = ["identifier_rows", "scan_rows"]

Row = tuple[str, ...]


def identifier_rows(preview: Any) -> list[Row]:
    """Return kind, place and count of identifying data in an intake preview; never a value."""
    return [(found.kind, found.place, str(found.count)) for found in preview.identifiers]


def scan_rows(preview: Any) -> list[Row]:
    """Return id, role, faces, size and unit factor of each scan in an intake preview."""
    return [
        (
            scan.scan_id,
            str(scan.role or "?"),
            f"{scan.face_count:,}",
            " x ".join(f"{extent * scan.unit_factor_suggested:.0f}" for extent in scan.extents_mm),
            f"{scan.unit_factor_suggested:g}",
        )
        for scan in preview.scans
    ]
