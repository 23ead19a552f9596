"""Audit entries: codes only, one spelling, nothing can be smuggled into a reason."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.access import LegalBasis, Purpose, ReasonCode, Role
from stsbench.errors import AuditError, InputError
from stsbench.privacy.audit_entries import SCHEMA, AuditEntry, EntryKind, Outcome
from stsbench.privacy.codes import AUDIT, PATIENT, TICKET, derive_code

KEY = bytes(32)
SUBJECT = derive_code(KEY, domain=AUDIT, patient_secret=KEY)
TICKET_CODE = derive_code(KEY, domain=TICKET, patient_secret=KEY)
AT = "2026-11-22T15:04:05.123456Z"
FULL = AuditEntry(
    sequence=17,
    at=AT,
    kind=EntryKind.OUTCOME,
    action="open_object",
    actor="uid:1000",
    role=Role.TECHNICIAN,
    purpose=Purpose.REPAIR,
    legal_basis=LegalBasis.CONSENT,
    subject=SUBJECT,
    case_number="2611-0042-K",
    object_id="0123456789abcdef" * 2,
    ticket=TICKET_CODE,
    reason=ReasonCode.CONSENT_WITHDRAWN,
    outcome=Outcome.REFUSED,
    intent=16,
    details=b"\x00\xff sealed",
)
SMALL = AuditEntry(1, AT, EntryKind.INTENT, "open_object", "uid:1000")


def test_canonical_bytes_are_sorted_compact_ascii_with_every_key():
    data = SMALL.canonical()
    assert data == (
        b'{"action":"open_object","actor":"uid:1000","at":"2026-11-22T15:04:05.123456Z",'
        b'"case_number":"","details":"","intent":null,"kind":"intent","legal_basis":null,'
        b'"object_id":"","outcome":"","purpose":null,"reason":"none","role":null,'
        b'"schema":"stsbench.audit/1","sequence":1,"subject":"","ticket":""}'
    )
    assert list(json.loads(FULL.canonical())) == sorted(json.loads(data))


@pytest.mark.parametrize("entry", [FULL, SMALL], ids=["full", "small"])
def test_an_entry_comes_back_from_its_bytes(entry):
    assert AuditEntry.parse(entry.canonical()) == entry


@given(
    sequence=st.integers(2, 2**53 - 1),
    details=st.binary(max_size=50),
    reason=st.sampled_from(list(ReasonCode)),
    role=st.sampled_from([None, *Role]),
)
@settings(deadline=None, max_examples=50)
def test_any_entry_comes_back(sequence, details, reason, role):
    entry = replace(FULL, sequence=sequence, intent=1, details=details, reason=reason, role=role)
    assert AuditEntry.parse(entry.canonical()) == entry


WRONG = {
    "sequence 0": {"sequence": 0, "intent": None, "kind": EntryKind.EVENT},
    "a local time": {"at": "2026-11-22T15:04:05.123456+01:00"},
    "a time without microseconds": {"at": "2026-11-22T15:04:05Z"},
    "month 13": {"at": "2026-13-22T15:04:05.123456Z"},
    "a sentence for an action": {"action": "Opened for Zora"},
    "a line break in an action": {"action": "open\nobject"},
    "an escape sequence in an actor": {"actor": "uid\x1b[2J"},
    "JSON in an actor": {"actor": 'x","role":"admin'},
    "a person for an actor": {"actor": "Zora Quintarelli"},
    "an empty actor": {"actor": ""},
    "a name for a subject": {"subject": "Zora"},
    "a patient code for a subject": {
        "subject": derive_code(KEY, domain=PATIENT, patient_secret=KEY)
    },
    "a mistyped case number": {"case_number": "2611-0043-K"},
    "a path for an object": {"object_id": "/home/zora/upper.stl"},
    "upper case for an object": {"object_id": "0123456789ABCDEF" * 2},
    "a case number for a ticket": {"ticket": "2611-0042-K"},
    "an intent of the future": {"intent": 17},
    "an outcome without intent": {"intent": None},
    "an intent with an outcome": {"kind": EntryKind.INTENT, "intent": None},
    "an event with an intent": {"kind": EntryKind.EVENT},
    "an outcome without an outcome": {"outcome": Outcome.NONE},
    "an event without an outcome": {
        "kind": EntryKind.EVENT, "intent": None, "outcome": Outcome.NONE
    },
    "details of 65 KiB": {"details": bytes(65 << 10)},
}  # fmt: skip


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_is_no_code_cannot_be_written(change):
    with pytest.raises(InputError) as caught:
        replace(FULL, **change)
    assert "Zora" not in str(caught.value)
    assert "\n" not in str(caught.value)


DATA = FULL.canonical()
UNREADABLE = {
    "empty": b"",
    "no JSON": b"Zora",
    "a list": b"[]",
    "a space": DATA.replace(b'"actor":', b'"actor": '),
    "another order of keys": json.dumps(dict(reversed(json.loads(DATA).items()))).encode(),
    "a key more": DATA.replace(b'{"action"', b'{"aa":"","action"'),
    "a key less": DATA.replace(b'"reason":"consent_withdrawn",', b""),
    "another schema": DATA.replace(SCHEMA.encode(), b"stsbench.audit/2"),
    "an unknown role": DATA.replace(b'"technician"', b'"janitor"'),
    "a number for a text": DATA.replace(b'"uid:1000"', b"1000"),
    "a text for a number": DATA.replace(b'"sequence":17', b'"sequence":"17"'),
    "details that are no hex": DATA.replace(b"00ff", b"zzzz"),
    "upper case hex": DATA.replace(b"00ff", b"00FF"),
    "a doubled key": DATA.replace(b'"sequence":17', b'"sequence":17,"sequence":17'),
    "null": b"null",
    "deep": b"[" * 100_000,
    "a lone surrogate": DATA.replace(b"uid:1000", b"\\ud800"),
    "a real number": DATA.replace(b'"sequence":17', b'"sequence":17.0'),
    "yes": DATA.replace(b'"intent":16', b'"intent":true'),
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_only_canonical_bytes_are_an_entry(data):
    with pytest.raises(AuditError) as caught:
        AuditEntry.parse(data)
    assert caught.value.remedy
    assert "Zora" not in str(caught.value)


def test_a_text_field_cannot_fake_the_sequence_number():
    # audit_verification finds the number by its bytes; inside a text the quotes would be escaped.
    assert FULL.canonical().count(b'"sequence":') == 1
    assert b'"sequence":17,' in FULL.canonical()
