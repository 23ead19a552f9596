"""Erasing: nothing of the case opens any more, nobody else loses anything, a receipt says so."""

import shutil

import pytest
from sqlalchemy import select

from stsbench.domain.access import Role
from stsbench.errors import AccessRefusedError, InputError, SealError
from stsbench.privacy.streams import SealedObject
from stsbench.vault.broker import Broker
from stsbench.vault.erasure import erase_case
from stsbench.vault.releasing import release_object
from stsbench.vault.schema import patient_index, patients
from stsbench.vault.vault_store import header_of
from tests.vault.house import SCAN, add_case

OFFICER = Role.PRIVACY_OFFICER


@pytest.fixture
def broker(settings):
    with Broker(settings) as opened:
        yield opened


def erase(broker, number, role=OFFICER, reason="patient_request"):
    return erase_case(broker.store, case_number=number, role=role, reason=reason, actor="uid:7")


def count(broker, table):
    with broker.store.database.transaction() as rows:
        return len(rows.execute(select(table)).all())


def test_an_erased_case_is_gone_and_its_sister_remains(broker):
    first, second = add_case(broker.store).case_number, add_case(broker.store).case_number
    receipt = erase(broker, first)
    with pytest.raises(AccessRefusedError, match="case_erased"):
        broker.find_case(first)
    sister = broker.find_case(second)
    assert len(broker.store.keys.case_key(sister.case_id)) == 32
    assert len(broker.store.objects.identifiers()) == 1
    assert count(broker, patients) == count(broker, patient_index) == 1
    assert receipt["case_number"] == first
    assert len(receipt["audit_entries"]) == 2
    assert receipt["not_covered"]
    assert erase(broker, first) == receipt  # asked again: the same receipt
    erase(broker, second)
    assert count(broker, patients) == count(broker, patient_index) == 0
    assert broker.store.objects.identifiers() == []


def test_a_copy_of_everything_but_the_root_key_opens_nothing(broker, tmp_path):
    number = add_case(broker.store).case_number
    case = broker.find_case(number)
    (object_id,) = broker.store.objects.identifiers()
    key_before = broker.store.keys.case_key(case.case_id)
    sealed = bytes(broker.store.objects.mapped(object_id))
    home = broker.settings.home
    shutil.copytree(home / "vault", tmp_path / "copy" / "vault")
    shutil.copytree(home / "keys", tmp_path / "copy" / "keys")
    header = header_of(case.case_id, object_id, "scan")
    assert SealedObject(sealed, patient_key=key_before, expected=header).content() == SCAN
    erase(broker, number)
    with pytest.raises(SealError):
        broker.store.keys.case_key(case.case_id)
    # The copy with today's root key in it: the generation that wrapped it is gone.
    shutil.copy(home / "keys" / "root.key", tmp_path / "copy" / "keys" / "root.key")
    from stsbench.vault.vault_store import VaultStore
    from tests.vault.house import settings_of

    with pytest.raises(SealError, match="missing"):
        VaultStore(settings_of(tmp_path / "copy"))


def test_no_byte_of_the_sealed_order_stays_in_the_home(broker):
    number = add_case(broker.store).case_number
    with broker.store.database.transaction() as rows:
        found = rows.exec_driver_sql("SELECT sealed_value FROM sealed_fields").scalars().all()
    erase(broker, number)
    vault = broker.settings.vault_folder
    left = b"".join(path.read_bytes() for path in vault.rglob("*") if path.is_file())
    assert len(found) >= 5
    assert not any(bytes(value) in left for value in found)


def test_released_files_in_this_home_go_too(broker):
    number = add_case(broker.store).case_number
    path = release_object(
        broker.store, broker.policy, case_number=number, object_id="upper",
        role=Role.TECHNICIAN, actor="uid:7",
    )  # fmt: skip
    assert path.read_bytes() == SCAN
    assert path.parent == broker.settings.out_folder / number
    assert path.suffix == ".ply"
    erase(broker, number)
    assert not path.parent.exists()


@pytest.mark.parametrize("role", [role for role in Role if role is not OFFICER])
def test_only_the_privacy_officer_erases(broker, role):
    number = add_case(broker.store).case_number
    with pytest.raises(AccessRefusedError, match="role_not_allowed"):
        erase(broker, number, role=role)
    assert broker.find_case(number)


def test_what_is_not_there_or_has_no_reason_is_refused(broker):
    with pytest.raises(AccessRefusedError, match="case_unknown"):
        erase(broker, "2611-9999-A")
    number = add_case(broker.store).case_number
    with pytest.raises(InputError, match="code word"):
        erase(broker, number, reason="Anna asked for it")


@pytest.mark.parametrize(("role", "granted"), [(Role.TECHNICIAN, True), (Role.QA, False)])
def test_a_release_is_decided_like_any_access(broker, role, granted):
    number = add_case(broker.store).case_number
    arguments = {"case_number": number, "object_id": "upper", "role": role, "actor": "uid:7"}
    if granted:
        assert release_object(broker.store, broker.policy, **arguments).exists()
    else:
        with pytest.raises(AccessRefusedError, match="role_not_allowed"):
            release_object(broker.store, broker.policy, **arguments)
        assert not (broker.settings.out_folder / number).exists()
