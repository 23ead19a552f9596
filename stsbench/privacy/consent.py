"""What consents are worth on a given day, for an adult and for a child.

Rules kept here:
- A consent counts from the day it is given to the day before it is withdrawn. A withdrawal ends
  every consent for that purpose given up to that day; one of the same day does not revive it.
- A child is whoever may be younger than the minor age: an age given on an earlier day has grown by
  the full years since, and is taken at its lowest. An attestation never overrides a known age.
- A child's consent needs a guardian, verified by somebody else, with evidence. It is judged on the
  day it was given: turning sixteen does not mend it, a new consent does.
- A guardian's consent stands until it is withdrawn, also past that birthday. (A choice, not fact.)
- An unknown age is nobody's: it is asked for.

The effective answer comes from one function, `consent_answer`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from stsbench.domain.access import Purpose, ReasonCode
from stsbench.domain.subject import ConsentRecord, Guardian
from stsbench.errors import InputError
from stsbench.privacy.blind_index import loosened

__all__ = [
    "GUARDIAN_METHODS",
    "AgeStatement",
    "Standing",
    "consent_answer",
    "guardian_is_verified",
    "is_minor",
    "youngest_age",
]

# How a clinic may have checked who a guardian is; anything else is no verification.
GUARDIAN_METHODS = ("in_person", "id_document", "signed_form", "video_call", "notary")


@dataclass(frozen=True, slots=True)
class AgeStatement:
    """What is known about an age, and since when.

    Parameters
    ----------
    age : int or None
        Whole years on `age_on`.
    age_on : date or None
        Needed with an age.
    adult_attested : bool
        Counts only where no age is known.
    minor_attested : bool
        Likewise; the stricter of the two wins.
    """

    age: int | None = None
    age_on: date | None = None
    adult_attested: bool = False
    minor_attested: bool = False

    def __post_init__(self) -> None:
        if self.age is not None and self.age_on is None:
            raise InputError("An age has no day.", "Give the day it was stated on.")

    def __repr__(self) -> str:
        return f"<AgeStatement: age {'withheld' if self.age is not None else 'unknown'}>"


@dataclass(frozen=True, slots=True)
class Standing:
    """All that decides about a patient's data besides role and purpose; the vault seals it.

    Parameters
    ----------
    consents : tuple of ConsentRecord
    age : AgeStatement
    guardian_verified : bool
    """

    consents: tuple[ConsentRecord, ...] = ()
    age: AgeStatement = AgeStatement()
    guardian_verified: bool = False

    def as_json(self) -> dict[str, object]:
        """Return plain values; the age is personal data, so seal what you store."""
        return {
            "age": self.age.age,
            "age_on": None if self.age.age_on is None else self.age.age_on.isoformat(),
            "adult_attested": self.age.adult_attested,
            "minor_attested": self.age.minor_attested,
            "guardian_verified": self.guardian_verified,
            "consents": [
                {
                    "purpose": consent.purpose.value,
                    "text_sha256": consent.text_sha256,
                    "given_on": consent.given_on.isoformat(),
                    "withdrawn_on": consent.withdrawn_on and consent.withdrawn_on.isoformat(),
                }
                for consent in self.consents
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> "Standing":
        """Read what `as_json` wrote.

        Raises
        ------
        InputError
            Something else.
        """
        try:
            age, consents = document["age"], document["consents"]
            if not isinstance(consents, list) or not isinstance(age, int | None):
                raise _no_standing()
            return cls(
                consents=tuple(_consent_from(consent) for consent in consents),
                age=AgeStatement(
                    age=age,
                    age_on=_day(document["age_on"]),
                    adult_attested=document["adult_attested"] is True,
                    minor_attested=document["minor_attested"] is True,
                ),
                guardian_verified=document["guardian_verified"] is True,
            )
        except (KeyError, TypeError, ValueError):
            raise _no_standing() from None

    def with_withdrawal(self, purposes: Collection[Purpose], on: date) -> "Standing":
        """Return the standing after consent for these purposes was withdrawn."""
        consents = tuple(
            ConsentRecord(consent.purpose, consent.text_sha256, consent.given_on, on)
            if consent.purpose in purposes
            and consent.withdrawn_on is None
            and consent.given_on <= on
            else consent
            for consent in self.consents
        )
        return Standing(consents, self.age, self.guardian_verified)


def youngest_age(statement: AgeStatement, on: date) -> int | None:
    """Return the lowest age the person can have on a day, or None when no age is known."""
    if statement.age is None or statement.age_on is None:
        return None
    if on >= statement.age_on:
        return statement.age + _full_years(statement.age_on, on)
    same_day = (on.month, on.day) == (statement.age_on.month, statement.age_on.day)
    return statement.age - _full_years(on, statement.age_on) - (0 if same_day else 1)


def is_minor(statement: AgeStatement, *, on: date, minor_age: int) -> bool | None:
    """Return whether the person may be a child on a day; None when nothing is known."""
    age = youngest_age(statement, on)
    if age is not None:
        return age < minor_age
    if statement.minor_attested:
        return True
    return False if statement.adult_attested else None


def guardian_is_verified(
    guardian: Guardian | None, *, patient_name: str = "", presented_by: str = ""
) -> bool:
    """Return True when somebody else has verified the guardian and kept evidence.

    Parameters
    ----------
    guardian : Guardian or None
    patient_name : str
        Neither guardian nor verifier may be the patient.
    presented_by : str
        Who hands the order over, where known; the guardian may not verify by uploading.
    """
    if guardian is None or guardian.method not in GUARDIAN_METHODS:
        return False
    evidence = guardian.evidence_sha256
    if len(evidence) != 64 or not set(evidence) <= set("0123456789abcdef"):
        return False
    name, verifier = _person(guardian.name), _person(guardian.verified_by)
    patient, presenter = _person(patient_name), _person(presented_by)
    return (
        bool(name) and bool(verifier) and verifier not in {name, patient} and name != patient
    ) and presenter != name


def consent_answer(
    standing: Standing, *, purposes: Collection[Purpose], on: date, minor_age: int
) -> ReasonCode:
    """Return NONE when an effective consent covers one of the purposes, else why not.

    Parameters
    ----------
    standing : Standing
    purposes : collection of Purpose
        A consent for any one of them suffices.
    on : date
    minor_age : int

    Returns
    -------
    ReasonCode
        NONE, CONSENT_MISSING (none at all, or none of them counts yet), CONSENT_WITHHELD (others
        but not these), CONSENT_WITHDRAWN, AGE_UNKNOWN or MINOR_WITHOUT_GUARDIAN.
    """
    minor_now = is_minor(standing.age, on=on, minor_age=minor_age)
    if minor_now is None:
        return ReasonCode.AGE_UNKNOWN
    if minor_now and not standing.guardian_verified:
        return ReasonCode.MINOR_WITHOUT_GUARDIAN
    if not standing.consents:
        return ReasonCode.CONSENT_MISSING
    wanted = [consent for consent in standing.consents if consent.purpose in purposes]
    if not wanted:
        return ReasonCode.CONSENT_WITHHELD
    begun = [consent for consent in wanted if consent.given_on <= on]
    running = [consent for consent in begun if not _withdrawn(consent, wanted, on)]
    if begun and not running:
        return ReasonCode.CONSENT_WITHDRAWN
    valid = [
        consent
        for consent in running
        if standing.guardian_verified
        or is_minor(standing.age, on=consent.given_on, minor_age=minor_age) is False
    ]
    return ReasonCode.NONE if valid else ReasonCode.CONSENT_MISSING


def _withdrawn(consent: ConsentRecord, others: list[ConsentRecord], on: date) -> bool:
    return any(
        other.purpose is consent.purpose
        and other.withdrawn_on is not None
        and consent.given_on <= other.withdrawn_on <= on
        for other in others
    )


def _full_years(earlier: date, later: date) -> int:
    not_yet = (later.month, later.day) < (earlier.month, earlier.day)
    return later.year - earlier.year - int(not_yet)


def _person(name: str) -> str:
    """Return a form in which two spellings of one name are equal."""
    return loosened(name)


def _consent_from(document: Mapping[str, object]) -> ConsentRecord:
    given_on = _day(document["given_on"])
    if given_on is None:
        raise _no_standing()
    return ConsentRecord(
        Purpose(str(document["purpose"])),
        str(document["text_sha256"]),
        given_on,
        _day(document["withdrawn_on"]),
    )


def _day(text: object) -> date | None:
    return None if text is None else date.fromisoformat(str(text))


def _no_standing() -> InputError:
    return InputError("This is no record of consents.", "Read it from the vault again.")
