"""The person behind a case, and whoever speaks for them: the only types that hold identities.

Rules kept here:
- Importable by `privacy`, `vault` and `files/orders` alone (an import contract keeps it so).
- `repr` and `str` never show a value: a traceback, a log line or a notebook cell prints how many
  fields are filled, not with what.
- Values are checked for their form when they are made; a refusal never repeats them.
"""

import re
from dataclasses import dataclass, fields
from datetime import date

from stsbench.domain.access import Purpose
from stsbench.domain.order import OrderItem, ScanRole, Unit
from stsbench.errors import OrderError

__all__ = [
    "Clinic",
    "ConsentRecord",
    "DataSubject",
    "Doctor",
    "Guardian",
    "IdentifiedOrder",
    "IdentifiedScan",
]

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


class _Withheld:
    """Shows which type it is and how many fields are filled, never a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        values = [getattr(self, field.name) for field in fields(self)]  # type: ignore[arg-type]
        empty = [value is None or value is False or value in ("", ()) for value in values]
        filled = empty.count(False)
        return f"<{type(self).__name__}: {filled} of {len(values)} fields, withheld>"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, repr=False)
class DataSubject(_Withheld):
    """The patient, as far as the clinic says.

    Parameters
    ----------
    name : str
        Or "".
    age : int or None
        Whole years on the day `age_on`. An age grows old: it is never compared without its day.
    age_on : date or None
    gender : str
        Or "".
    adult_attested : bool
        The clinic vouches that the patient is an adult, without giving an age.

    Raises
    ------
    OrderError
        An age no person has.
    """

    name: str = ""
    age: int | None = None
    age_on: date | None = None
    gender: str = ""
    adult_attested: bool = False

    def __post_init__(self) -> None:
        if self.age is not None and not 0 <= self.age <= 130:
            raise OrderError("The age in an order is no person's age.", "Ask the clinic for it.")


@dataclass(frozen=True, slots=True, repr=False)
class Guardian(_Withheld):
    """Who consents for a child, and how that was verified.

    Parameters
    ----------
    name : str
    method : str
        How identity and guardianship were checked, such as "in_person".
    verified_by : str
        Who checked; neither the guardian nor the patient.
    evidence_sha256 : str
        Hash of the signed form, 64 hexadecimal digits; the form itself stays with the clinic.
    """

    name: str = ""
    method: str = ""
    verified_by: str = ""
    evidence_sha256: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Clinic(_Withheld):
    """Who sent the order."""

    name: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Doctor(_Withheld):
    """Who treats the patient."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One consent: what for, to which text, since when and until when. It names nobody.

    Parameters
    ----------
    purpose : Purpose
    text_sha256 : str
        Hash of the text agreed to; "" when the clinic only attests that consent was given.
    given_on : date
    withdrawn_on : date or None

    Raises
    ------
    OrderError
        The hash is none, or it was withdrawn before it was given.
    """

    purpose: Purpose
    text_sha256: str
    given_on: date
    withdrawn_on: date | None = None

    def __post_init__(self) -> None:
        if self.text_sha256 and not _SHA256.fullmatch(self.text_sha256):
            raise OrderError(
                f"The consent for {self.purpose.value} names no text.",
                "Give text_sha256 as 64 hexadecimal digits in lower case.",
            )
        if self.withdrawn_on is not None and self.withdrawn_on < self.given_on:
            raise OrderError(
                f"The consent for {self.purpose.value} was withdrawn before it was given.",
                "Ask the clinic for both dates.",
            )


@dataclass(frozen=True, slots=True, repr=False)
class IdentifiedScan(_Withheld):
    """One scan as the clinic lists it. Its file name may hold a name.

    Parameters
    ----------
    file : str
        Name within the order's folder.
    role : ScanRole or None
        None when the clinic does not say what it shows.
    unit : Unit
    """

    file: str
    role: ScanRole | None = None
    unit: Unit = Unit.MILLIMETRE


@dataclass(frozen=True, slots=True, repr=False)
class IdentifiedOrder(_Withheld):
    """An order as the clinic sent it, before identities are taken out.

    Parameters
    ----------
    clinic_order_no : str
    clinic, doctor, patient, guardian : optional
    origin : str
        ISO 3166 alpha-2 country of the clinic, or "".
    consents : tuple of ConsentRecord
        Empty when the order says nothing about consent.
    items : tuple of OrderItem
    scans : tuple of IdentifiedScan
    notes : str
        Free text: vault only.
    """

    clinic_order_no: str = ""
    clinic: Clinic | None = None
    doctor: Doctor | None = None
    patient: DataSubject | None = None
    guardian: Guardian | None = None
    origin: str = ""
    consents: tuple[ConsentRecord, ...] = ()
    items: tuple[OrderItem, ...] = ()
    scans: tuple[IdentifiedScan, ...] = ()
    notes: str = ""

    def __post_init__(self) -> None:
        if self.origin and not _COUNTRY.fullmatch(self.origin):
            raise OrderError(
                "The origin of an order is no country code.", "Use two letters, such as DE or CN."
            )
