"""Values and errors over the socket: the same on both sides, and nothing else."""

from datetime import date

import pytest

from stsbench import errors
from stsbench.domain.access import Attestation, IntakeVerdict, Purpose, ReasonCode
from stsbench.domain.order import Order, OrderItem, Profile, ScanEntry, ScanRole
from stsbench.domain.subject import IdentifiedOrder
from stsbench.errors import InputError, StorageError
from stsbench.vault.records import CaseRecord, IntakeOutcome, LeaseAnswer, ObjectEntry, VerdictEntry
from stsbench.vault.wire import as_document, error_document, error_from, value_from
from tests.vault.house import clinic_order

ORDER = Order(
    "2611-0001-R", "P-1", Profile.ALIGNER, (OrderItem("crown", (11, 12)),),
    (ScanEntry("upper", ScanRole.UPPER, 4, 25.4),), "DE",
)  # fmt: skip
VALUES = [
    clinic_order(roles=("upper", "lower")),
    IdentifiedOrder(),
    IntakeOutcome("T-1", IntakeVerdict.HOLD, reasons=(ReasonCode.AGE_UNKNOWN,)),
    LeaseAnswer(granted=True, purpose=Purpose.REPAIR, size_bytes=7),
    Attestation(ReasonCode.AGE_UNKNOWN, "adult", "clinic", "2026-11-20"),
    CaseRecord(
        ORDER, "intake", "accepted", "2026-11-22",
        (ObjectEntry("a", "scan", "upper", (), "t", 3, summary={"holes": [1, 2.5, None]}),),
        {"intake": "accepted"}, (VerdictEntry("intake", "accepted", {}, "t"),),
    ),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_arrives_as_it_was_sent(value):
    import json

    document = json.loads(json.dumps(as_document(value)))
    assert value_from(type(value), document) == value


NO_VALUES = {
    "not an object": 7,
    "an unknown field": {"ticket": "T-1", "verdict": "hold", "name": "Hohenfels"},
    "a missing field": {"ticket": "T-1"},
    "an unknown word": {"ticket": "T-1", "verdict": "perhaps"},
    "another type": {"ticket": 7, "verdict": "hold"},
    "a number as list": {"ticket": "T-1", "verdict": "hold", "reasons": 7},
}


@pytest.mark.parametrize("name", NO_VALUES)
def test_what_is_no_value_is_refused_without_quoting_it(name):
    with pytest.raises(InputError) as caught:
        value_from(IntakeOutcome, NO_VALUES[name])
    assert "Hohenfels" not in str(caught.value)


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_arrives_as_it_was_raised(name):
    error = getattr(errors, name)("What is wrong.", "What to do.")
    arrived = error_from(error_document(error))
    assert type(arrived) is type(error)
    assert (arrived.problem, arrived.remedy) == ("What is wrong.", "What to do.")


@pytest.mark.parametrize(
    "document", [None, [], {}, {"error": "SystemExit", "problem": "p", "remedy": "r"}]
)
def test_an_error_nobody_knows_is_a_storage_error(document):
    assert type(error_from(document)) is StorageError


def test_days_travel_as_iso_dates():
    assert as_document([date(2026, 11, 22)]) == ["2026-11-22"]
