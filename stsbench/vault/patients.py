"""Finding a patient again, and giving a new one codes.

Rules owned here:
- The match is name and clinic, by keyed hash; then the sealed rows are opened and compared. Gender
  and age may contradict a match, they never make one: an age drifts, and a clinic may leave it out.
- Someone without a name is never matched: every such order is a new patient.
- A false split costs a link, a false link mixes two people: in doubt it is another patient.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, insert, select

from stsbench.domain.subject import DataSubject, IdentifiedOrder
from stsbench.errors import StorageError
from stsbench.privacy.blind_index import index_value, normalised
from stsbench.privacy.codes import AUDIT, PATIENT, derive_code
from stsbench.privacy.seals import KeyUse, derive_subkey, new_patient_key
from stsbench.vault.case_seals import open_order
from stsbench.vault.keystore import Keystore
from stsbench.vault.schema import cases, patient_index, patients

__all__ = ["Patient", "PatientFinder", "may_be_same"]

_YEAR = timedelta(days=365.25)
_SLACK = timedelta(days=366)  # clinics round ages; a choice, not a fact
_INDEX_GENERATION = 1


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient of the vault; `key` is set for a new one, whose rows are still to be written."""

    patient_id: str
    code: str
    audit_code: str
    code_counter: int = 0
    key: bytes | None = None
    index: bytes = b""


def may_be_same(first: DataSubject, second: DataSubject) -> bool:
    """Return whether nothing in two records of one name says that they are two people."""
    if first.gender and second.gender and normalised(first.gender) != normalised(second.gender):
        return False
    if first.age is None or second.age is None or not first.age_on or not second.age_on:
        return True
    # Born between a year before and the day itself that many years back.
    births = [
        (subject.age_on - (subject.age + 1) * _YEAR, subject.age_on - subject.age * _YEAR)
        for subject in (first, second)
        if subject.age is not None and subject.age_on is not None
    ]
    (first_from, first_to), (second_from, second_to) = births
    return first_from <= second_to + _SLACK and second_from <= first_to + _SLACK


class PatientFinder:
    """Finds or makes the patient of an order, inside the transaction that stores the case.

    Parameters
    ----------
    keys : Keystore
    """

    def __init__(self, keys: Keystore) -> None:
        self._keys = keys
        self._index_key = keys.service_key("blind-index")
        self._code_keys = {
            domain: keys.service_key(f"codes/{domain.label}") for domain in (PATIENT, AUDIT)
        }

    def find_or_make(self, rows: Connection, order: IdentifiedOrder) -> Patient:
        """Return the patient of an order; a new one comes with its key, not yet written."""
        value = self._index_of(order)
        if value:
            known = self._known(rows, order, value)
            if known is not None:
                return known
        return self._new(rows, value)

    @staticmethod
    def insert(rows: Connection, patient: Patient, *, at: str) -> None:
        """Write the rows of a new patient; nothing happens for a known one."""
        if patient.key is None:
            return
        rows.execute(
            insert(patients),
            {
                "patient_id": patient.patient_id,
                "code": patient.code,
                "code_counter": patient.code_counter,
                "audit_code": patient.audit_code,
                "created_at": at,
            },
        )
        if patient.index:
            rows.execute(
                insert(patient_index),
                {
                    "patient_id": patient.patient_id,
                    "value": patient.index,
                    "generation": _INDEX_GENERATION,
                },
            )

    def _index_of(self, order: IdentifiedOrder) -> bytes:
        name, clinic = _named(order)
        if not name:
            return b""
        return index_value(self._index_key, field="name_at_clinic", text=f"{name} | {clinic}")

    def _known(self, rows: Connection, order: IdentifiedOrder, value: bytes) -> Patient | None:
        found = rows.execute(
            select(patients, cases.c.case_id)
            .join(patient_index, patient_index.c.patient_id == patients.c.patient_id)
            .join(cases, cases.c.patient_id == patients.c.patient_id)
            .where(patient_index.c.value == value)
            .order_by(patients.c.created_at, patients.c.patient_id, cases.c.case_number)
        ).all()
        contradicted: set[str] = set()
        fitting: dict[str, Patient] = {}
        for row in found:
            # Every case of a patient has a say: one without an age must not let a child in.
            if self._fits(rows, row.case_id, order):
                known = Patient(row.patient_id, row.code, row.audit_code)
                fitting.setdefault(row.patient_id, known)
            else:
                contradicted.add(row.patient_id)
        return next((fitting[each] for each in fitting if each not in contradicted), None)

    def _fits(self, rows: Connection, case_id: str, order: IdentifiedOrder) -> bool:
        held = open_order(rows, case_id, self._keys.case_key(case_id), "patient", "clinic")
        patient = order.patient or DataSubject()
        return _named(held) == _named(order) and may_be_same(patient, held.patient or patient)

    def _new(self, rows: Connection, value: bytes) -> Patient:
        key = new_patient_key()
        secret = derive_subkey(key, KeyUse.PSEUDONYM)
        code, counter = _free_code(
            lambda counter: derive_code(
                self._code_keys[PATIENT], domain=PATIENT, patient_secret=secret, counter=counter
            ),
            rows,
        )
        audit_code = derive_code(self._code_keys[AUDIT], domain=AUDIT, patient_secret=secret)
        return Patient(secrets.token_hex(16), code, audit_code, counter, key, value)


def _free_code(derive: Callable[[int], str], rows: Connection) -> tuple[str, int]:
    for counter in range(256):
        code = derive(counter)
        taken = rows.execute(select(patients.c.code).where(patients.c.code == code)).first()
        if taken is None:
            return code, counter
    raise StorageError("No free patient code was found.", "Confirm the intake again.")


def _named(order: IdentifiedOrder) -> tuple[str, str]:
    name = order.patient.name if order.patient else ""
    clinic = order.clinic.name if order.clinic else ""
    return normalised(name), normalised(clinic)
