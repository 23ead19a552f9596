"""Reading the audit log back: its entries, and the check of the whole of it.

Rules owned here:
- A tag that doesn't fit names the entry, also when whoever edited it mended the leaf beside it.
- Long reads use a connection of their own, so that the broker goes on answering.
"""

import hmac
from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import select

from stsbench.privacy.audit_entries import AuditEntry
from stsbench.privacy.audit_tree import leaf_hash
from stsbench.privacy.audit_verification import AuditVerification, StoredEntry, verify_log
from stsbench.vault.audit_log import AuditKeys
from stsbench.vault.audit_rows import entry_mac, read_stored
from stsbench.vault.database import Database
from stsbench.vault.schema import checkpoints

__all__ = ["check_log", "read_checkpoints", "read_entries"]

_NO_LEAF = bytes(32)


def check_log(
    database: Database, keys: AuditKeys, *, kept: str = "", witnessed: Sequence[str] = ()
) -> AuditVerification:
    """Check every entry against its tag, its place, the tree and all signed checkpoints.

    Parameters
    ----------
    database : Database
    keys : AuditKeys
    kept : str
        The copy of the last checkpoint that lies with the keys, or nothing.
    witnessed : sequence of str
        Checkpoints that somebody kept outside the vault.
    """
    return verify_log(
        _stored(database, keys),
        checkpoints=[*read_checkpoints(database), *([kept] if kept else [])],
        origin=keys.origin,
        public_keys=[keys.public_key],
        witnessed=witnessed,
    )


def read_entries(
    database: Database, *, first: int = 1, limit: int | None = None
) -> Iterator[AuditEntry]:
    """Yield the entries from one number on, oldest first.

    Raises
    ------
    AuditError
        An entry is not as the vault writes it.
    """
    with database.reading() as rows:
        for row in islice(read_stored(rows, after=first - 1), limit):
            yield AuditEntry.parse(row.entry)


def read_checkpoints(database: Database) -> list[str]:
    """Return the signed checkpoints, oldest first."""
    with database.reading() as rows:
        return list(rows.execute(select(checkpoints.c.note).order_by(checkpoints.c.size)).scalars())


def _stored(database: Database, keys: AuditKeys) -> Iterator[StoredEntry]:
    with database.reading() as rows:
        for row in read_stored(rows):
            genuine = hmac.compare_digest(row.mac, entry_mac(keys.mac_key, row.entry))
            mended = not genuine and leaf_hash(row.entry) == row.leaf
            yield StoredEntry(row.sequence, row.entry, _NO_LEAF if mended else row.leaf)
