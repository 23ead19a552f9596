"""Keys: one random key per patient under the root key, one per case under its patient's key.

Rules owned here:
- Wrapped keys lie in `keys.db`, the root key elsewhere. What is sealed for a case is sealed under
  the case key, and nothing else opens it.
- Destroying a case key is its erasure. In the same transaction the patient's key is changed (or
  destroyed with the last case) and every key is wrapped under a new root generation; then the old
  generation is destroyed. So no older copy of `keys.db` opens the case, backups included.
- A crash at any point leaves either all of it or none: both root generations are held until the
  rows say which one counts.

References
----------
docs/decisions/0003-a-key-per-case.md.
"""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from stsbench.domain.failpoints import failpoint
from stsbench.errors import SealError
from stsbench.privacy.seals import (
    RowContext,
    new_patient_key,
    new_root_key,
    open_row,
    refusal,
    seal_row,
    unwrap_patient_key,
    wrap_patient_key,
)
from stsbench.vault.database import Database
from stsbench.vault.root_key import RootKeys
from stsbench.vault.schema import (
    KEYS,
    case_keys,
    checkpoint_copies,
    key_facts,
    patient_keys,
    service_keys,
)

__all__ = ["Keystore"]

FILE_NAME = "keys.db"
_HELD_CASE_KEYS = 256


class Keystore:
    """The open key store of a vault.

    Parameters
    ----------
    folder : Path
        Private folder that holds `keys.db`.
    root_keys : RootKeys
        Where the root key lies.
    vault_id : str
        Of the data these keys open.

    Raises
    ------
    SealError
        Wrapped keys exist and their root key does not, or they are of another vault.
    """

    def __init__(self, folder: Path, root_keys: RootKeys, *, vault_id: str) -> None:
        self._database = Database(folder / FILE_NAME, KEYS)
        self._root_keys = root_keys
        self._held: dict[str, bytes] = {}
        try:
            self._check_vault(vault_id)
            self._generation, self._root = self._settle_generations()
        except BaseException:
            self._database.close()
            raise

    @property
    def root_keys(self) -> RootKeys:
        """Where the root key lies."""
        return self._root_keys

    def service_key(self, name: str) -> bytes:
        """Return a 32 byte key of the vault itself, made when first asked for."""
        with self._database.transaction() as rows:
            found = rows.execute(select(service_keys).where(service_keys.c.name == name)).first()
            if found is not None:
                return unwrap_patient_key(
                    self._root,
                    found.wrapped,
                    patient_id=_service(name),
                    generation=found.generation,
                )
            key = new_patient_key()
            rows.execute(insert(service_keys), self._wrapped_service(name, key))
        return key

    def patient_key(self, patient_id: str) -> bytes:
        """Return a patient's key.

        Raises
        ------
        SealError
            It was destroyed, or doesn't open.
        """
        with self._database.snapshot() as rows:
            return self._patient_key(rows, patient_id)

    def case_key(self, case_id: str) -> bytes:
        """Return the key that opens what is sealed for a case.

        Raises
        ------
        SealError
            It was destroyed, or doesn't open.
        """
        held = self._held.get(case_id)
        if held is not None:
            return held
        with self._database.snapshot() as rows:
            found = rows.execute(select(case_keys).where(case_keys.c.case_id == case_id)).first()
            if found is None:
                raise refusal()
            patient_key = self._patient_key(rows, found.patient_id)
        key = open_row(patient_key, found.wrapped, _case_context(case_id, found.patient_id))
        if len(self._held) >= _HELD_CASE_KEYS:
            self._held.clear()
        self._held[case_id] = key
        return key

    def add_case(
        self, case_id: str, key: bytes, *, patient_id: str, patient_key: bytes | None = None
    ) -> None:
        """Wrap the key of a new case, and the key of its patient when that is new too.

        Parameters
        ----------
        case_id, patient_id : str
        key : bytes
            32 random bytes.
        patient_key : bytes, optional
            Given for a new patient only.
        """
        with self._database.transaction() as rows:
            if patient_key is not None:
                rows.execute(insert(patient_keys), self._wrapped_patient(patient_id, patient_key))
            else:
                patient_key = self._patient_key(rows, patient_id)
            rows.execute(insert(case_keys), _wrapped_case(case_id, key, patient_id, patient_key))
        failpoint("keystore.after_case_key")

    def destroy_case(self, case_id: str) -> bool:
        """Destroy a case's key and every way back to it; return whether its patient went too."""
        self._held.clear()
        fresh, generation = new_root_key(), self._generation + 1
        self._root_keys.store({self._generation: self._root, generation: fresh})
        failpoint("keystore.before_destruction")
        with self._database.transaction() as rows:
            found = rows.execute(select(case_keys).where(case_keys.c.case_id == case_id)).first()
            gone = found is not None and self._forget(rows, case_id, found.patient_id)
            self._rewrap_all(rows, fresh, generation)
        failpoint("keystore.after_destruction")
        self._root, self._generation = fresh, generation
        self._root_keys.store({generation: fresh})
        self._database.truncate_log()
        return gone

    def drop_unconfirmed(self, case_ids: Iterable[str]) -> None:
        """Drop the keys of cases that were never confirmed, and of patients with no case."""
        with self._database.transaction() as rows:
            for case_id in case_ids:
                self._held.pop(case_id, None)
                rows.execute(delete(case_keys).where(case_keys.c.case_id == case_id))
            rows.execute(
                delete(patient_keys).where(
                    patient_keys.c.patient_id.not_in(select(case_keys.c.patient_id))
                )
            )

    def keep_checkpoint(self, size: int, note: str) -> None:
        """Keep a copy of the audit log's last checkpoint, in place of the one before."""
        with self._database.transaction() as rows:
            rows.execute(delete(checkpoint_copies))
            rows.execute(insert(checkpoint_copies), {"size": size, "note": note})

    def kept_checkpoint(self) -> tuple[int, str] | None:
        """Return the copy of the last checkpoint: size of the log and its note."""
        with self._database.snapshot() as rows:
            found = rows.execute(select(checkpoint_copies)).first()
        return None if found is None else (found.size, found.note)

    def close(self) -> None:
        """Forget the keys in memory and close the database."""
        self._held.clear()
        self._root = b""
        self._database.close()

    def _check_vault(self, vault_id: str) -> None:
        with self._database.transaction() as rows:
            owner = rows.execute(
                select(key_facts.c.value).where(key_facts.c.name == "vault_id")
            ).scalar()
            if owner is None:
                rows.execute(insert(key_facts), {"name": "vault_id", "value": vault_id})
        if owner not in {None, vault_id}:
            raise SealError(
                "The keys of this home belong to another vault.",
                "Put back the vault folder and the keys folder that belong together.",
            )

    def _settle_generations(self) -> tuple[int, bytes]:
        keys = self._root_keys.load()
        with self._database.snapshot() as rows:
            used = {row.generation for row in rows.execute(select(patient_keys.c.generation))}
            used |= {row.generation for row in rows.execute(select(service_keys.c.generation))}
        if used and not used <= keys.keys():
            raise SealError(
                f"The root key of generation {max(used)} is missing: nothing in the vault opens.",
                "Put back the key file or the keyring entry that belongs to this home.",
            )
        if not keys:
            keys = {1: new_root_key()}
            self._root_keys.store(keys)
        # Rows are rewrapped in one transaction, so at most one generation is in use.
        generation = max(used) if used else max(keys)
        if len(keys) > 1:
            keys = {generation: keys[generation]}
            self._root_keys.store(keys)
        return generation, keys[generation]

    def _forget(self, rows: Connection, case_id: str, patient_id: str) -> bool:
        rows.execute(delete(case_keys).where(case_keys.c.case_id == case_id))
        others = rows.execute(select(case_keys).where(case_keys.c.patient_id == patient_id)).all()
        if not others:
            rows.execute(delete(patient_keys).where(patient_keys.c.patient_id == patient_id))
            return True
        old, new = self._patient_key(rows, patient_id), new_patient_key()
        for other in others:
            key = open_row(old, other.wrapped, _case_context(other.case_id, patient_id))
            values = _wrapped_case(other.case_id, key, patient_id, new)
            rows.execute(
                update(case_keys).where(case_keys.c.case_id == other.case_id).values(**values)
            )
        values = self._wrapped_patient(patient_id, new)
        rows.execute(
            update(patient_keys).where(patient_keys.c.patient_id == patient_id).values(**values)
        )
        return False

    def _rewrap_all(self, rows: Connection, root: bytes, generation: int) -> None:
        old = self._root
        for table, name, spoken in (
            (patient_keys, patient_keys.c.patient_id, str),
            (service_keys, service_keys.c.name, _service),
        ):
            rewrapped = []
            for row in rows.execute(select(name, table.c.generation, table.c.wrapped)):
                owner = spoken(row[0])
                key = unwrap_patient_key(
                    old, row.wrapped, patient_id=owner, generation=row.generation
                )
                wrapped = wrap_patient_key(root, key, patient_id=owner, generation=generation)
                rewrapped.append({"owner": row[0], "new_wrap": wrapped})
            if rewrapped:  # one statement for all of them: there may be many thousands
                statement = update(table).where(name == bindparam("owner"))
                values = {"generation": generation, "wrapped": bindparam("new_wrap")}
                rows.execute(statement.values(values), rewrapped)

    def _patient_key(self, rows: Connection, patient_id: str) -> bytes:
        found = rows.execute(
            select(patient_keys).where(patient_keys.c.patient_id == patient_id)
        ).first()
        if found is None:
            raise refusal()
        return unwrap_patient_key(
            self._root, found.wrapped, patient_id=patient_id, generation=found.generation
        )

    def _wrapped_patient(self, patient_id: str, key: bytes) -> dict[str, object]:
        wrapped = wrap_patient_key(
            self._root, key, patient_id=patient_id, generation=self._generation
        )
        return {"patient_id": patient_id, "generation": self._generation, "wrapped": wrapped}

    def _wrapped_service(self, name: str, key: bytes) -> dict[str, object]:
        wrapped = wrap_patient_key(
            self._root, key, patient_id=_service(name), generation=self._generation
        )
        return {"name": name, "generation": self._generation, "wrapped": wrapped}


def _service(name: str) -> str:
    return f"service/{name}"  # patient ids are plain hexadecimal, so the two never meet


def _case_context(case_id: str, patient_id: str) -> RowContext:
    return RowContext("case_keys", 1, case_id, patient_id, "wrapped")


def _wrapped_case(
    case_id: str, key: bytes, patient_id: str, patient_key: bytes
) -> dict[str, object]:
    wrapped = seal_row(patient_key, key, _case_context(case_id, patient_id))
    return {"case_id": case_id, "patient_id": patient_id, "wrapped": wrapped}
