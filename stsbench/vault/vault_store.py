"""The open store of one home: databases, keys, sealed objects and the audit log.

Rules owned here:
- Folders are private, and the root key belongs to the wrapped keys, or nothing opens.
- The clock is here, and nowhere below.
"""

import contextlib
import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import TracebackType

from sqlalchemy import insert, select

from stsbench.errors import SealError, StorageError
from stsbench.privacy.streams import StreamHeader
from stsbench.vault.audit_log import AuditKeys, AuditLog
from stsbench.vault.database import Database
from stsbench.vault.keystore import Keystore
from stsbench.vault.object_folder import ObjectFolder
from stsbench.vault.private_folders import make_private
from stsbench.vault.root_key import find_root_keys
from stsbench.vault.schema import VAULT, facts
from stsbench.vault.settings import VaultSettings

__all__ = ["VaultStore", "header_of"]

_SCHEMA = "stsbench.vault/1"


def header_of(case_id: str, object_id: str, kind: str) -> StreamHeader:
    """Return the header that a sealed object of a case must have."""
    return StreamHeader(bytes.fromhex(object_id), bytes.fromhex(case_id), kind)


class VaultStore:
    """Everything of a vault that lies on disk, opened.

    Parameters
    ----------
    settings : VaultSettings

    Raises
    ------
    StorageError, SealError
        The folders are not private, a database doesn't open, or the root key is missing.
    """

    def __init__(self, settings: VaultSettings) -> None:
        self.settings = settings
        settings.home.mkdir(parents=True, exist_ok=True)
        make_private(settings.vault_folder)
        make_private(settings.keys_folder)
        self.objects = ObjectFolder(settings.vault_folder / "objects")
        self.database = Database(settings.vault_folder / "vault.db", VAULT)
        try:
            self._facts = self._find_facts()
            root_keys = find_root_keys(
                settings.keys_folder, mode=settings.keys, account=self._facts["vault_id"]
            )
            self.keys = Keystore(settings.keys_folder, root_keys, vault_id=self._facts["vault_id"])
        except BaseException:
            self.database.close()
            raise
        self.audit = AuditLog(
            self.database,
            self.keys,
            AuditKeys(
                origin=f"stsbench.local/vault/{self._facts['vault_id'][:12]}",
                signing_key=self.keys.service_key("audit-signer"),
                mac_key=self.keys.service_key("audit-mac"),
            ),
            every=settings.checkpoint_every,
            now=self.now,
        )

    def now(self) -> str:
        """Return the time in UTC, with microseconds."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def today(self) -> date:
        """Return the day at this laboratory."""
        return datetime.now(UTC).astimezone().date()

    def close(self) -> None:
        """Sign the log as it stands and close everything, also when signing fails."""
        try:
            if not self.audit.damage:
                self.audit.checkpoint()
        except (StorageError, SealError):
            pass  # a disk that cannot be written: the next start finds the unsigned tail
        finally:
            for part in (self.database, self.keys):
                with contextlib.suppress(StorageError):
                    part.close()

    def __enter__(self) -> "VaultStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _find_facts(self) -> Mapping[str, str]:
        with self.database.transaction() as rows:
            found = {row.name: str(row.value) for row in rows.execute(select(facts))}
            if not found:
                found = {
                    "schema": _SCHEMA,
                    "vault_id": secrets.token_hex(16),
                    "created_at": self.now(),
                }
                rows.execute(
                    insert(facts),
                    [{"name": name, "value": value} for name, value in sorted(found.items())],
                )
        if found.get("schema") != _SCHEMA:
            raise StorageError(
                f"The vault has format {found.get('schema')}, not {_SCHEMA}.",
                "Open it with the version of stsbench that made it.",
            )
        return found
