"""Rows of the audit log as they lie in the database, and the tag that shows who wrote them.

Rules owned here:
- A row that somebody edited by hand is read all the same, whatever it holds now: it is to be told.
- The tag is keyed: whoever edits an entry can mend the leaf beside it, but not the tag.
"""

import hmac
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, literal_column, select

from stsbench.vault.schema import audit_entries

__all__ = ["StoredRow", "entry_mac", "read_stored"]


class StoredRow(NamedTuple):
    """A row of the log as it lies in the database."""

    sequence: int
    entry: bytes
    leaf: bytes
    mac: bytes


def read_stored(rows: Connection, *, after: int = 0) -> Iterator[StoredRow]:
    """Yield the rows after a number, in order; also rows whose values somebody changed."""
    # Untyped: an edit by hand may have left text where bytes were, and that is to be told.
    columns: list[ColumnElement[Any]] = [
        literal_column(name) for name in ("sequence", "entry", "leaf", "mac")
    ]
    query = select(*columns).select_from(audit_entries).order_by(audit_entries.c.sequence)
    for row in rows.execute(query.where(audit_entries.c.sequence > after)):
        yield StoredRow(int(row[0]), *(_as_bytes(value) for value in row[1:]))


def _as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def entry_mac(mac_key: bytes, entry: bytes) -> bytes:
    """Return the tag that shows an entry to be the one this log wrote."""
    return hmac.digest(mac_key, b"stsbench/audit/v1\0" + entry, "sha256")
