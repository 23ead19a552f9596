"""Intake through the real child: preview, hold, refuse, confirm once, forget."""

import asyncio

import pytest

from stsbench.domain.access import Attestation, IntakeVerdict, ReasonCode
from stsbench.errors import InputError, StorageError
from stsbench.files.scans import decode_scan
from stsbench.privacy.audit_entries import Outcome
from stsbench.privacy.streams import SealedObject
from stsbench.vault.audit_reading import read_entries
from stsbench.vault.broker import Broker
from stsbench.vault.case_rows import case_record, find_object
from stsbench.vault.parsing import ParsedFolder, ParsedScan
from stsbench.vault.vault_store import header_of
from tests.shapes import sphere
from tests.vault.house import ADULT, NAME, SCAN, clinic_folder, clinic_order, settings_of

ACCEPTED, HOLD, REFUSED = IntakeVerdict.ACCEPTED, IntakeVerdict.HOLD, IntakeVerdict.REFUSED


@pytest.fixture
def broker(settings):
    with Broker(settings) as opened:
        yield opened


def parsed(**about):
    """What the child would hand over for an order with one scan; saves starting it."""
    order = clinic_order(**about)
    return ParsedFolder(order, True, (), (ParsedScan(4, (60.0, 50.0, 20.0), SCAN),))


def admit(broker, **about):
    return broker.intake.admit(parsed(**about), actor="uid:7").ticket


async def preview(broker, folder):
    return await broker.intake.preview(str(folder), actor="uid:7")


async def confirm(broker, ticket, **given):
    return await broker.intake.confirm(
        ticket,
        **{"attestations": (), "apply_unit": True, "arch_answers": {}, "actor": "uid:7", **given},
    )


def attest(question, answer):
    return Attestation(question, answer, "clinic", "2026-11-20")


def last(broker):
    return list(read_entries(broker.store.database))[-1]


def held_rows(broker):
    with broker.store.database.transaction() as rows:
        return {
            name: rows.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar()
            for name in ("cases", "patients", "patient_index", "sealed_fields", "objects")
        }


NOTHING = {"cases": 0, "patients": 0, "patient_index": 0, "sealed_fields": 0, "objects": 0}


def test_a_whole_order_becomes_a_case_once(broker, tmp_path):
    scans = {"u.stl": (sphere(1, 30.0), "upper"), "l.ply": (sphere(1, 30.0), "lower")}
    folder = clinic_folder(tmp_path / NAME, patient=ADULT, scans=scans, origin="DE")

    async def work():
        shown = await preview(broker, folder)
        assert NAME not in repr(shown)
        assert shown.asked_for == ()
        assert broker.intake.preview_of("") == shown
        assert held_rows(broker) == NOTHING
        outcomes = await asyncio.gather(*(confirm(broker, shown.ticket) for _ in range(4)))
        return shown, outcomes

    shown, outcomes = asyncio.run(work())
    assert {outcome.verdict for outcome in outcomes} == {ACCEPTED}
    assert len({outcome.case_number for outcome in outcomes}) == 1
    assert held_rows(broker)["cases"] == 1
    case = broker.find_case(outcomes[0].case_number)
    with broker.store.database.transaction() as rows:
        record = case_record(rows, case.case_id)
    assert [scan.scan_id for scan in record.order.scans] == ["upper", "lower"]
    assert record.order.origin == "DE"
    assert record.order.items[0].shade == "A2"
    assert (last(broker).ticket, last(broker).outcome) == (shown.ticket, Outcome.COMPLETED)


def test_a_confirmed_ticket_answers_after_a_restart(settings):
    with Broker(settings) as broker:
        outcome = asyncio.run(confirm(broker, admit(broker)))
    with Broker(settings) as broker:
        assert asyncio.run(confirm(broker, outcome.ticket)) == outcome
        with pytest.raises(InputError, match="no open intake ticket"):
            asyncio.run(confirm(broker, "T-0000-0000-0000"))


def test_eight_orders_of_one_patient_at_once_are_one_patient(broker):
    tickets = [admit(broker) for _ in range(8)]

    async def at_once():
        return await asyncio.gather(*(confirm(broker, ticket) for ticket in tickets))

    outcomes = asyncio.run(at_once())
    assert len({outcome.patient_code for outcome in outcomes}) == 1
    assert len({outcome.case_number for outcome in outcomes}) == 8
    assert held_rows(broker)["patients"] == held_rows(broker)["patient_index"] == 1


def test_a_ticket_abandoned_while_somebody_waits_to_confirm_it_makes_no_case(broker):
    ticket = admit(broker)

    async def at_once():
        lock = broker.intake._tickets[ticket].lock
        async with lock:  # both have found the ticket and wait for it
            waiting = [
                asyncio.create_task(broker.intake.abandon(ticket, actor="uid:7")),
                asyncio.create_task(confirm(broker, ticket)),
            ]
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)

    with pytest.raises(InputError, match="no open intake ticket"):
        asyncio.run(at_once())
    assert held_rows(broker) == NOTHING


def test_a_hold_stores_nothing_and_ends_with_attestations(broker, tmp_path):
    scans = {"scan a.ply": (sphere(1, 30.0), None)}
    folder = clinic_folder(tmp_path / "f", scans=scans, consents=())

    async def work():
        shown = await preview(broker, folder)
        asked = (ReasonCode.AGE_UNKNOWN, ReasonCode.CONSENT_MISSING, ReasonCode.ARCH_UNKNOWN)
        assert shown.asked_for == asked
        held = await confirm(broker, shown.ticket)
        assert (held.verdict, held.reasons, held.case_number) == (HOLD, asked, None)
        assert (last(broker).action, last(broker).reason) == ("hold_intake", asked[0])
        assert held_rows(broker) == NOTHING
        given = [
            attest(ReasonCode.AGE_UNKNOWN, "adult"),
            attest(ReasonCode.CONSENT_MISSING, "clinic_confirmed"),
        ]
        with pytest.raises(InputError, match="no scan of this intake"):
            await confirm(broker, shown.ticket, arch_answers={"scan_9": "upper"})
        with pytest.raises(InputError, match="no scan of this intake"):
            await confirm(broker, shown.ticket, arch_answers={"scan_1": "left"})
        return await confirm(
            broker, shown.ticket, attestations=given, arch_answers={"scan_1": "lower"}
        )

    outcome = asyncio.run(work())
    assert outcome.verdict is ACCEPTED
    with broker.store.database.transaction() as rows:
        fields = rows.exec_driver_sql("SELECT field FROM sealed_fields").scalars().all()
    assert "attestations" in fields


REFUSALS = {
    "consent withheld": ({"consents": ("repair",)}, ReasonCode.CONSENT_WITHHELD),
    "a child": ({"age": 12}, ReasonCode.MINOR_WITHOUT_GUARDIAN),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_keeps_ticket_and_code_alone(broker, name):
    about, reason = REFUSALS[name]
    ticket = admit(broker, **about)

    async def work():
        return await confirm(broker, ticket), await confirm(broker, ticket)

    outcome, again = asyncio.run(work())
    assert outcome == again
    assert (outcome.verdict, outcome.reasons[0]) == (REFUSED, reason)
    entry = last(broker)
    assert (entry.ticket, entry.reason, entry.outcome) == (outcome.ticket, reason, "refused")
    assert (entry.subject, entry.case_number, entry.object_id) == ("", "", "")
    assert held_rows(broker) == NOTHING
    assert broker.intake.count == 0
    assert broker.store.objects.identifiers() == []


UNITS = {"metres": (0.03, 1000.0), "inches": (1.2, 25.4)}


@pytest.mark.parametrize("unit", UNITS)
def test_a_suggested_factor_is_applied_on_confirmation(broker, tmp_path, unit):
    radius, factor = UNITS[unit]
    scans = {"u.ply": (sphere(1, radius), "upper")}
    folder = clinic_folder(tmp_path / "f", patient=ADULT, scans=scans)

    async def work():
        shown = await preview(broker, folder)
        assert shown.scans[0].unit_factor_suggested == factor
        unchanged = await confirm(broker, shown.ticket, apply_unit=False)
        assert (unchanged.verdict, unchanged.reasons) == (HOLD, (ReasonCode.UNIT_SUSPECT,))
        return await confirm(broker, shown.ticket)

    outcome = asyncio.run(work())
    case = broker.find_case(outcome.case_number)
    with broker.store.database.transaction() as rows:
        record = case_record(rows, case.case_id)
        held = find_object(rows, case.case_id, "upper")
    assert record.order.scans[0].unit_factor == factor
    sealed = SealedObject(
        broker.store.objects.mapped(held.object_id),
        patient_key=broker.store.keys.case_key(case.case_id),
        expected=header_of(case.case_id, held.object_id, "scan"),
    )
    mesh = decode_scan(bytes(sealed.content()))
    extent = mesh.vertices.max(axis=0) - mesh.vertices.min(axis=0)
    original = sphere(1, radius).vertices
    expected = (original.max(axis=0) - original.min(axis=0)) * factor
    assert extent == pytest.approx(expected, rel=1e-6)


def test_a_scan_nobody_can_read_holds_the_intake(broker, tmp_path):
    folder = clinic_folder(tmp_path / "f", patient=ADULT)
    (folder / "upper.ply").write_bytes(b"ply\nnot really\n")

    async def work():
        shown = await preview(broker, folder)
        return await confirm(broker, shown.ticket)

    outcome = asyncio.run(work())
    assert (outcome.verdict, outcome.reasons) == (HOLD, (ReasonCode.SCAN_UNREADABLE,))


def test_an_abandoned_or_late_ticket_is_forgotten_and_written(tmp_path):
    with Broker(settings_of(tmp_path / "home", ticket_s=0.0)) as broker:
        ticket = admit(broker)
        with pytest.raises(InputError, match="no open intake ticket"):
            asyncio.run(confirm(broker, ticket))
        broker.tick()
        assert broker.intake.count == 0
        assert (last(broker).ticket, last(broker).outcome) == (ticket, Outcome.FAILED)
    with Broker(settings_of(tmp_path / "home")) as broker:
        ticket = admit(broker)
        asyncio.run(broker.intake.abandon(ticket, actor="uid:7"))
        assert (last(broker).ticket, last(broker).outcome) == (ticket, Outcome.FAILED)
        assert broker.store.audit.open_intents() == []
        assert held_rows(broker) == NOTHING


def test_previews_have_a_limit_together(tmp_path):
    folder = clinic_folder(tmp_path / "f", patient=ADULT)
    with Broker(settings_of(tmp_path / "home", preview_bytes=len(SCAN))) as broker:
        admit(broker)
        with pytest.raises(StorageError, match="1 intakes wait"):
            asyncio.run(preview(broker, folder))
