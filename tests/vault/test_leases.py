"""Leases: decided, durable, then given; refused with a code; ended with an outcome."""

import asyncio

import pytest

from stsbench.domain.access import Purpose, ReasonCode, Role
from stsbench.errors import AccessRefusedError, AuditError, InputError, SealError
from stsbench.privacy.audit_entries import EntryKind, Outcome
from stsbench.vault.audit_reading import read_entries
from stsbench.vault.broker import Broker
from stsbench.vault.case_rows import case_record
from stsbench.vault.records import LeaseRequest
from stsbench.vault.releasing import release_object
from tests.vault.house import SCAN, add_case, settings_of
from tests.vault.test_database import limit_pages

TECHNICIAN, REPAIR = Role.TECHNICIAN.value, Purpose.REPAIR.value


@pytest.fixture
def broker(settings):
    with Broker(settings) as opened:
        yield opened


def ask(broker, case_number, name="upper", *, purpose=REPAIR, role=TECHNICIAN):
    return broker.leases.grant([LeaseRequest(case_number, name, purpose, role)], actor="uid:7")[0]


def log_of(broker):
    return list(read_entries(broker.store.database))


def test_the_intent_stands_before_the_grant_and_the_outcome_after(broker):
    number = add_case(broker.store).case_number
    answer = ask(broker, number)
    assert answer.granted
    intent = log_of(broker)[-1]
    assert (intent.kind, intent.action, intent.actor) == (EntryKind.INTENT, "open_object", "uid:7")
    assert (intent.role, intent.purpose, intent.case_number) == (TECHNICIAN, REPAIR, number)
    assert intent.object_id == answer.object_id
    assert intent.subject.startswith("A-")
    assert intent.legal_basis == answer.legal_basis == "consent"
    broker.leases.close([answer.lease_id])
    outcome = log_of(broker)[-1]
    assert (outcome.kind, outcome.outcome, outcome.intent) == (
        EntryKind.OUTCOME, Outcome.COMPLETED, intent.sequence,
    )  # fmt: skip
    broker.leases.close([answer.lease_id])  # again: nothing
    assert log_of(broker)[-1] == outcome


REFUSALS = {
    "no such case": ({"case_number": "2611-9999-A"}, ReasonCode.CASE_UNKNOWN),
    "no such object": ({"name": "lower"}, ReasonCode.CASE_UNKNOWN),
    "no such role": ({"role": "dentist"}, ReasonCode.ROLE_NOT_ALLOWED),
    "no such purpose": ({"purpose": "curiosity"}, ReasonCode.PURPOSE_NOT_COVERED),
    "a role that may not": ({"role": "auditor"}, ReasonCode.ROLE_NOT_ALLOWED),
    "an administrator": ({"role": "admin"}, ReasonCode.ROLE_NOT_ALLOWED),
    "a purpose switched off": ({"purpose": "improve"}, ReasonCode.PURPOSE_NOT_COVERED),
    "a purpose without consent": ({"purpose": "manufacture"}, ReasonCode.CONSENT_WITHHELD),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_a_code_and_is_written(broker, name):
    changed, reason = REFUSALS[name]
    number = add_case(broker.store).case_number
    arguments = {"case_number": number, **changed}
    answer = ask(broker, arguments.pop("case_number"), **arguments)
    assert not answer.granted
    assert answer.reason is reason
    assert answer.remedy
    last = log_of(broker)[-1]
    assert (last.kind, last.outcome, last.reason) == (EntryKind.EVENT, Outcome.REFUSED, reason)
    assert broker.leases.count == 0


def test_many_requests_share_one_write_and_each_gets_its_answer(broker):
    first, second = add_case(broker.store).case_number, add_case(broker.store).case_number
    requests = [
        LeaseRequest(first, "upper", REPAIR, TECHNICIAN),
        LeaseRequest("2611-9999-A", "upper", REPAIR, TECHNICIAN),
        LeaseRequest(second, "upper", REPAIR, TECHNICIAN),
    ]
    before = broker.store.audit.size
    answers = broker.leases.grant(requests, actor="uid:7")
    assert [answer.case_number for answer in answers] == [first, "", second]
    assert len({entry.at for entry in log_of(broker)[before:]}) == 1
    intents = [entry.sequence for entry in broker.store.audit.open_intents()]
    assert intents == [before + 1, before + 3]


def test_when_the_log_cannot_be_written_nothing_is_granted(broker):
    number = add_case(broker.store).case_number
    limit_pages(broker.store.database, 0)
    with pytest.raises(AuditError, match="nothing was granted"):
        broker.leases.grant(
            [LeaseRequest(number, "upper", REPAIR, TECHNICIAN)] * 500, actor="uid:7"
        )
    assert broker.leases.count == 0
    limit_pages(broker.store.database, 1_000_000)
    assert ask(broker, number).granted


def test_on_a_disk_that_cannot_be_written_nothing_is_granted_stored_or_released(broker):
    number = add_case(broker.store).case_number
    lease = ask(broker, number).lease_id
    driver = broker.store.database._connection.connection.driver_connection
    driver.execute("PRAGMA query_only=ON")  # every write is SQLITE_READONLY
    for attempt in (
        lambda: ask(broker, number),
        lambda: store(broker, number, lease),
        lambda: broker.withdraw_consent(number, Purpose.REPAIR, actor="uid:7"),
        lambda: release_object(
            broker.store, broker.policy, case_number=number, object_id="upper",
            role=Role.TECHNICIAN, actor="uid:7",
        ),
    ):  # fmt: skip
        with pytest.raises(AuditError, match="nothing was granted"):
            attempt()
    assert broker.leases.count == 1
    assert len(broker.store.objects.identifiers()) == 1
    assert not (broker.settings.out_folder / number).exists()
    driver.execute("PRAGMA query_only=OFF")
    assert ask(broker, number).granted


def test_a_lease_runs_out_and_says_so(tmp_path):
    with Broker(settings_of(tmp_path / "home", lease_s=0.0)) as broker:
        number = add_case(broker.store).case_number
        answer = ask(broker, number)
        with pytest.raises(AccessRefusedError, match="lease_expired"):
            broker.leases.find(answer.lease_id)
        broker.tick()
        last = log_of(broker)[-1]
        assert (last.outcome, last.reason) == (Outcome.COMPLETED, ReasonCode.LEASE_EXPIRED)
        assert broker.store.audit.open_intents() == []


def test_a_childs_lease_is_shorter(broker):
    from datetime import datetime

    adult, unknown_age = add_case(broker.store), add_case(broker.store, name="", age=None)
    ends = datetime.fromisoformat(ask(broker, adult.case_number).open_until)
    assert 59 * 60 < (ends - datetime.now(ends.tzinfo)).total_seconds() <= 3600
    assert ask(broker, unknown_age.case_number).reason is ReasonCode.AGE_UNKNOWN


def test_a_withdrawn_consent_closes_what_is_open_and_refuses_the_next(broker):
    number = add_case(broker.store).case_number
    repairing, modelling = ask(broker, number), ask(broker, number, purpose="model")
    broker.withdraw_consent(number, Purpose.REPAIR, actor="uid:7")
    with pytest.raises(AccessRefusedError, match=r"Consent was withdrawn on 20\d\d-\d\d-\d\d: "):
        broker.leases.find(repairing.lease_id)
    broker.leases.find(modelling.lease_id)
    assert ask(broker, number).reason is ReasonCode.CONSENT_WITHDRAWN
    assert ask(broker, number, purpose="model").granted
    broker.withdraw_consent(number, Purpose.MODEL, actor="uid:7")
    # The quality check lives on the consent for the model.
    assert not ask(broker, number, purpose="quality", role="qa").granted
    with pytest.raises(AccessRefusedError, match="consent_withdrawn"):
        broker.leases.find(modelling.lease_id)


def test_a_withdrawal_outlives_the_broker(settings):
    with Broker(settings) as broker:
        number = add_case(broker.store).case_number
        broker.withdraw_consent(number, Purpose.REPAIR, actor="uid:7")
    with Broker(settings) as broker:
        assert ask(broker, number).reason is ReasonCode.CONSENT_WITHDRAWN


def store(broker, number, lease_id, **changed):
    asked = {"kind": "repaired_scan", "data": SCAN, "parents": ["upper"], "summary": {}, **changed}
    return asyncio.run(broker.derivations.store(number, lease_id=lease_id, actor="uid:7", **asked))


def test_what_is_made_is_versioned_and_knows_where_it_came_from(broker):
    number = add_case(broker.store, roles=("upper", "lower")).case_number
    lease = ask(broker, number, "lower").lease_id
    first = store(broker, number, lease, parents=["lower"], summary={"verdict": "pass"})
    second = store(broker, number, lease, parents=[first.object_id])
    assert (first.version, second.version) == (1, 2)
    assert first.scan_id == second.scan_id == "lower"
    case = broker.find_case(number)
    with broker.store.database.transaction() as rows:
        record = case_record(rows, case.case_id)
    assert record.objects[-2:] == (first, second)
    scan = next(entry for entry in record.objects if entry.scan_id == "lower")
    assert first.parents == (scan.object_id,)
    assert second.parents == (first.object_id,)
    kinds = [(entry.action, entry.kind) for entry in log_of(broker)[-4:]]
    assert kinds == [("store_object", "intent"), ("store_object", "outcome")] * 2


STORE_REFUSALS = {
    "another kind": ({"kind": "diary"}, InputError),
    "a scan": ({"kind": "scan"}, InputError),
    "no parents": ({"parents": []}, InputError),
    "a parent of nowhere": ({"parents": ["lower"]}, InputError),
}


@pytest.mark.parametrize("name", STORE_REFUSALS)
def test_what_cannot_be_placed_is_not_kept(broker, name):
    changed, error = STORE_REFUSALS[name]
    number = add_case(broker.store).case_number
    lease = ask(broker, number).lease_id
    with pytest.raises(error):
        store(broker, number, lease, **changed)
    assert len(broker.store.objects.identifiers()) == 1


def test_a_lease_stores_into_its_own_case_and_while_it_is_open(broker):
    mine, other = add_case(broker.store).case_number, add_case(broker.store).case_number
    lease = ask(broker, mine).lease_id
    with pytest.raises(AccessRefusedError):
        store(broker, other, lease)
    broker.leases.close([lease])
    with pytest.raises(AccessRefusedError, match="lease_expired"):
        store(broker, mine, lease)


def test_a_lease_lost_while_sealing_keeps_nothing(broker):
    number = add_case(broker.store).case_number
    lease = ask(broker, number).lease_id
    objects = len(broker.store.objects.identifiers())

    async def withdrawn_meanwhile():
        working = asyncio.create_task(
            broker.derivations.store(
                number, kind="model", data=SCAN, parents=["upper"], lease_id=lease, summary={},
                actor="uid:7",
            )
        )  # fmt: skip
        await asyncio.sleep(0)
        broker.withdraw_consent(number, Purpose.REPAIR, actor="uid:7")
        return await working

    with pytest.raises(AccessRefusedError, match="Consent was withdrawn on"):
        asyncio.run(withdrawn_meanwhile())
    assert len(broker.store.objects.identifiers()) == objects
    last = log_of(broker)[-1]
    assert (last.action, last.outcome) == ("store_object", Outcome.FAILED)
    assert broker.store.audit.open_intents() == []


SWAPS = {
    "standing of another case": (
        "UPDATE sealed_fields SET sealed_value = (SELECT sealed_value FROM sealed_fields "
        "WHERE case_id = '{other}' AND field = 'standing') "
        "WHERE case_id = '{mine}' AND field = 'standing'"),
    "another field of the case": (
        "UPDATE sealed_fields SET sealed_value = (SELECT sealed_value FROM sealed_fields "
        "WHERE case_id = '{mine}' AND field = 'patient') "
        "WHERE case_id = '{mine}' AND field = 'standing'"),
    "another version": "UPDATE sealed_fields SET version = 2 WHERE case_id = '{mine}'",
    "gone": "DELETE FROM sealed_fields WHERE case_id = '{mine}'",
}  # fmt: skip


@pytest.mark.parametrize("name", SWAPS)
def test_a_moved_row_does_not_open(broker, name):
    mine, other = add_case(broker.store).case_number, add_case(broker.store).case_number
    statement = SWAPS[name].format(
        mine=broker.find_case(mine).case_id, other=broker.find_case(other).case_id
    )
    with broker.store.database.transaction() as rows:
        rows.exec_driver_sql(statement)
    with pytest.raises(SealError):
        ask(broker, mine)


def test_an_object_in_anothers_place_does_not_open(broker):
    numbers = [add_case(broker.store).case_number for _ in range(2)]
    first, second = broker.store.objects.identifiers()
    folder = broker.settings.vault_folder / "objects"
    places = [folder / name[:2] / name for name in (first, second)]
    contents = [place.read_bytes() for place in places]
    for place, content in zip(places, reversed(contents), strict=True):
        place.write_bytes(content)
    for number in numbers:
        with pytest.raises(SealError):
            release_object(
                broker.store, broker.policy, case_number=number, object_id="upper",
                role=Role.TECHNICIAN, actor="uid:7",
            )  # fmt: skip
        assert log_of(broker)[-1].outcome is Outcome.FAILED
    assert broker.store.audit.open_intents() == []


def test_an_older_standing_put_back_does_not_open(broker):
    number = add_case(broker.store).case_number
    case = broker.find_case(number)
    query = "SELECT sealed_value FROM sealed_fields WHERE case_id = ? AND field = 'standing'"
    with broker.store.database.transaction() as rows:
        before = rows.exec_driver_sql(query, (case.case_id,)).scalar()
    broker.withdraw_consent(number, Purpose.REPAIR, actor="uid:7")
    with broker.store.database.transaction() as rows:
        rows.exec_driver_sql(
            "UPDATE sealed_fields SET sealed_value = ? WHERE case_id = ? AND field = 'standing'",
            (before, case.case_id),
        )
    with pytest.raises(SealError):
        ask(broker, number)


def test_those_who_ask_at_once_share_one_write_and_fail_alone(broker):
    good, bad = add_case(broker.store).case_number, add_case(broker.store).case_number
    with broker.store.database.transaction() as rows:
        case_id = rows.exec_driver_sql(
            "SELECT case_id FROM cases WHERE case_number = ?", (bad,)
        ).scalar()
        rows.exec_driver_sql("DELETE FROM sealed_fields WHERE case_id = ?", (case_id,))

    def asking(number):
        request = LeaseRequest(number, "upper", REPAIR, TECHNICIAN)
        return broker.leases.grant_together([request], actor="uid:7")

    async def at_once(*numbers):
        return await asyncio.gather(*map(asking, numbers), return_exceptions=True)

    before = broker.store.audit.size
    first, second = asyncio.run(at_once(good, good))
    assert first[0].granted
    assert second[0].granted
    assert len({entry.at for entry in log_of(broker)[before:]}) == 1
    first, second = asyncio.run(at_once(bad, good))
    assert isinstance(first, SealError)
    assert second[0].granted
