"""Who is the same patient: name and clinic find, gender and age may contradict."""

from datetime import date

import pytest

from stsbench.domain.subject import DataSubject
from stsbench.vault.patients import may_be_same
from stsbench.vault.vault_store import VaultStore
from tests.vault.house import CLINIC, NAME, add_case

DAY = date(2026, 11, 1)

PAIRS = {
    "nothing known": (DataSubject("A"), DataSubject("A"), True),
    "same age, same day": (DataSubject("A", 44, DAY), DataSubject("A", 44, DAY), True),
    "a year on": (DataSubject("A", 44, DAY), DataSubject("A", 45, date(2027, 11, 1)), True),
    "ten years on, same age": (
        DataSubject("A", 44, DAY), DataSubject("A", 44, date(2036, 11, 1)), False),
    "ten years on, ten older": (
        DataSubject("A", 44, DAY), DataSubject("A", 54, date(2036, 11, 1)), True),
    "mother and daughter": (DataSubject("A", 44, DAY), DataSubject("A", 12, DAY), False),
    "other gender": (DataSubject("A", gender="f"), DataSubject("A", gender="m"), False),
    "gender unknown once": (DataSubject("A", gender="f"), DataSubject("A"), True),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_what_may_be_one_person(name):
    first, second, expected = PAIRS[name]
    assert may_be_same(first, second) is expected
    assert may_be_same(second, first) is expected


SECOND_ORDERS = {
    "same name, same clinic": ({}, True),
    "spelled with other spaces and case": ({"name": "  ANNA   hohenfels-okonkwo "}, True),
    "age not given": ({"age": None}, True),
    "another name": ({"name": "Anna Hohenfels"}, False),
    "another clinic": ({"clinic": "Praxis am See"}, False),
    "no clinic": ({"clinic": ""}, False),
    "no name": ({"name": ""}, False),
    "a namesake of twelve": ({"age": 12}, False),
    "a namesake of other gender": ({"gender": "m"}, False),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    from stsbench.vault.settings import load_settings

    with VaultStore(load_settings(tmp_path_factory.mktemp("p") / "home")) as opened:
        yield opened


@pytest.mark.parametrize("name", SECOND_ORDERS)
def test_a_second_order(store, name):
    changed, same = SECOND_ORDERS[name]
    first = {"name": NAME, "clinic": CLINIC}
    code = add_case(store, **first).patient_code
    assert (add_case(store, **{**first, **changed}).patient_code == code) is same


def test_orders_without_any_name_are_never_one_patient(store):
    codes = {add_case(store, name="", clinic="", age=None).patient_code for _ in range(3)}
    assert len(codes) == 3


def test_nothing_of_a_confirmed_case_is_pending(store):
    add_case(store, roles=("upper", "lower"))
    with store.database.snapshot() as rows:
        assert rows.exec_driver_sql("SELECT count(*) FROM pending_objects").scalar() == 0


def test_case_numbers_count_up(store):
    first, second = add_case(store).case_number, add_case(store).case_number
    assert int(second[5:9]) == int(first[5:9]) + 1
