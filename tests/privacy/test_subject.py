"""Identifying types: they print no value, and refuse what no person has."""

import copy
import traceback
from datetime import date

import pytest

from stsbench.domain.access import Purpose
from stsbench.domain.order import OrderItem
from stsbench.domain.subject import (
    Clinic,
    ConsentRecord,
    DataSubject,
    Doctor,
    Guardian,
    IdentifiedOrder,
    IdentifiedScan,
)
from stsbench.errors import OrderError

PATIENT = DataSubject("Zora Quintarelli", 44, date(2026, 11, 1), "female", adult_attested=True)
FILLED = [
    PATIENT,
    Guardian("Zora Quintarelli", "in_person", "Zora Nurse", "ab" * 32),
    Clinic("Zora Clinic"),
    Doctor("Zora Doctor"),
    IdentifiedScan("Zora_upper.stl"),
    IdentifiedOrder(
        clinic_order_no="Zora-1",
        patient=PATIENT,
        clinic=Clinic("Zora Clinic"),
        items=(OrderItem("crown", (11,), "Zora", "Zora"),),
        notes="call Zora",
    ),
]


@pytest.mark.parametrize("value", FILLED, ids=lambda value: type(value).__name__)
def test_nothing_identifying_is_printed(value):
    texts = [repr(value), str(value), f"{value}", f"{value!r}", repr([value]), repr({1: value})]
    texts.append(repr(copy.deepcopy(value)))
    assert not any("Zora" in text or "44" in text for text in texts)
    assert type(value).__name__ in repr(value)


def test_a_traceback_shows_no_value():
    with pytest.raises(ValueError, match="withheld") as caught:
        raise ValueError(PATIENT)
    assert "Zora" not in "".join(traceback.format_exception(caught.value))


def test_how_many_fields_are_filled_is_printed():
    assert repr(DataSubject()) == "<DataSubject: 0 of 5 fields, withheld>"
    assert repr(DataSubject(age=0)) == "<DataSubject: 1 of 5 fields, withheld>"
    assert repr(PATIENT) == "<DataSubject: 5 of 5 fields, withheld>"


def test_an_order_needs_nothing():
    assert IdentifiedOrder().patient is None


@pytest.mark.parametrize("age", [-1, 131, 1980])
def test_an_age_no_person_has_is_refused(age):
    with pytest.raises(OrderError) as caught:
        DataSubject(age=age)
    assert str(age) not in str(caught.value)


REFUSED = {
    "a hash that is none": {"text_sha256": "Zora"},
    "upper case": {"text_sha256": "AB" * 32},
    "withdrawn before given": {"withdrawn_on": date(2026, 10, 31)},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_a_consent_that_contradicts_itself_is_refused(change):
    good = {"purpose": Purpose.REPAIR, "text_sha256": "ab" * 32, "given_on": date(2026, 11, 1)}
    assert ConsentRecord(**good, withdrawn_on=date(2026, 11, 1))
    with pytest.raises(OrderError) as caught:
        ConsentRecord(**(good | change))
    assert "Zora" not in str(caught.value)


@pytest.mark.parametrize("origin", ["Germany", "de", "D1", "DEU"])
def test_an_origin_that_is_no_country_code_is_refused(origin):
    with pytest.raises(OrderError):
        IdentifiedOrder(origin=origin)
