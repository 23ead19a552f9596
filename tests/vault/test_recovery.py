"""Killed at every step: what was confirmed is kept, what was not is not there, nobody got away."""

import pytest

from stsbench.errors import SealError
from stsbench.privacy.audit_entries import EntryKind, Outcome
from stsbench.vault.audit_reading import check_log, read_entries
from stsbench.vault.broker import Broker
from stsbench.vault.case_rows import case_record
from stsbench.vault.vault_store import VaultStore
from tests.vault.house import add_case, run_python, settings_of

# Each script works on a vault that holds one case already, and is killed at a failpoint.
BEGIN = """
import asyncio, sys
from pathlib import Path
from stsbench.domain.access import Role
from stsbench.vault.broker import Broker
from stsbench.vault.erasure import erase_case
from stsbench.vault.records import LeaseRequest
from stsbench.vault.releasing import release_object
from tests.vault.house import SCAN, add_case, settings_of
broker = Broker(settings_of(Path(sys.argv[1])))
number = sys.argv[2]
def lease():
    request = LeaseRequest(number, "upper", "repair", "technician")
    return broker.leases.grant([request], actor="uid:7")[0].lease_id
"""
INTAKE = BEGIN + "add_case(broker.store, roles=('upper', 'lower'), name='Somebody Else')"
OPEN = BEGIN + "lease()"
STORE = BEGIN + (
    "asyncio.run(broker.derivations.store(number, kind='model', data=SCAN, parents=['upper'], "
    "lease_id=lease(), summary={}, actor='uid:7'))"
)
RELEASE = BEGIN + (
    "release_object(broker.store, broker.policy, case_number=number, object_id='upper', "
    "role=Role.TECHNICIAN, actor='uid:7')"
)
ERASE = BEGIN + (
    "erase_case(broker.store, case_number=number, role=Role.PRIVACY_OFFICER, reason='test', "
    "actor='uid:7')"
)


@pytest.fixture
def vault(tmp_path):
    """A home with one confirmed case; returns its settings and the case number."""
    settings = settings_of(tmp_path / "home")
    with VaultStore(settings) as store:
        number = add_case(store).case_number
    return settings, number


def killed(code, vault, place):
    settings, number = vault
    ran = run_python(code, str(settings.home), number, failpoint=place)
    assert ran.returncode == -9, ran.stderr
    return settings, number


def assert_whole(broker, *, cases, objects):
    """Nothing is left over, nothing is open, and the log fits its checkpoints."""
    store = broker.store
    with store.database.transaction() as rows:
        counts = {
            name: rows.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar()
            for name in ("cases", "objects", "pending_objects", "open_intents")
        }
    assert counts == {"cases": cases, "objects": objects, "pending_objects": 0, "open_intents": 0}
    assert len(store.objects.identifiers()) == objects
    assert list((broker.settings.vault_folder / "objects" / "incoming").iterdir()) == []
    assert check_log(store.database, store.audit.keys).intact


def last_outcome(broker, action):
    entries = [entry for entry in read_entries(broker.store.database) if entry.action == action]
    return entries[-1].kind, entries[-1].outcome


@pytest.mark.parametrize(
    ("place", "confirmed"),
    [
        ("intake.after_begin", False),
        ("objects.before_rename", False),
        ("objects.after_rename", False),
        ("intake.before_keys", False),
        ("keystore.after_case_key", False),
        ("intake.before_commit", False),
        ("intake.after_commit", True),
    ],
)
def test_an_intake_is_a_whole_case_or_nothing(vault, place, confirmed):
    settings, number = killed(INTAKE, vault, place)
    with Broker(settings) as broker:
        assert broker.find_case(number)
        assert_whole(broker, cases=1 + confirmed, objects=1 + 2 * confirmed)
        expected = Outcome.COMPLETED if confirmed else Outcome.FAILED
        assert last_outcome(broker, "intake") == (EntryKind.OUTCOME, expected)
        # The next intake gets a number nobody has, and all of its rows.
        fresh = add_case(broker.store, name="Somebody Else").case_number
        assert broker.store.keys.case_key(broker.find_case(fresh).case_id)


def test_a_grant_that_was_under_way_is_presumed_accessed(vault):
    settings, _number = killed(OPEN, vault, "leases.after_intent")
    with Broker(settings) as broker:
        assert broker.recovery.presumed == 1
        assert last_outcome(broker, "open_object") == (EntryKind.OUTCOME, Outcome.PRESUMED)
        assert_whole(broker, cases=1, objects=1)
    with Broker(settings) as broker:
        assert broker.recovery.presumed == 0  # told once


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ("derivations.after_intent", False),
        ("objects.before_rename", False),
        ("derivations.before_commit", False),
        ("derivations.after_commit", True),
    ],
)
def test_a_stored_object_is_whole_or_not_there(vault, place, kept):
    settings, number = killed(STORE, vault, place)
    with Broker(settings) as broker:
        expected = Outcome.COMPLETED if kept else Outcome.FAILED
        assert last_outcome(broker, "store_object") == (EntryKind.OUTCOME, expected)
        assert_whole(broker, cases=1, objects=1 + kept)
        case = broker.find_case(number)
        with broker.store.database.transaction() as rows:
            record = case_record(rows, case.case_id)
        assert [entry.kind for entry in record.objects] == ["scan"] + ["model"] * kept


@pytest.mark.parametrize("place", ["releasing.after_intent", "releasing.after_write"])
def test_a_release_that_was_under_way_is_presumed(vault, place):
    settings, number = killed(RELEASE, vault, place)
    with Broker(settings) as broker:
        assert last_outcome(broker, "release") == (EntryKind.OUTCOME, Outcome.PRESUMED)
        assert_whole(broker, cases=1, objects=1)
    left = list((settings.out_folder / number).glob("*")) if settings.out_folder.exists() else []
    assert all(path.suffix == ".ply" for path in left)


@pytest.mark.parametrize(
    ("place", "erased"),
    [
        ("erasure.after_intent", False),
        ("keystore.before_destruction", False),
        ("keystore.after_destruction", True),
        ("erasure.after_key", True),
        ("erasure.after_rows", True),
    ],
)
def test_an_erasure_is_finished_once_the_key_is_gone(vault, place, erased):
    settings, number = killed(ERASE, vault, place)
    with Broker(settings) as broker:
        expected = Outcome.COMPLETED if erased else Outcome.FAILED
        assert last_outcome(broker, "erase_case") == (EntryKind.OUTCOME, expected)
        assert_whole(broker, cases=1 - erased, objects=1 - erased)
        if not erased:
            assert len(broker.store.keys.case_key(broker.find_case(number).case_id)) == 32


def test_killed_while_sweeping_it_sweeps_again(vault):
    settings, number = killed(INTAKE, vault, "intake.before_commit")
    killed(OPEN, (settings, number), "recovery.before_sweep")
    with Broker(settings) as broker:
        assert_whole(broker, cases=1, objects=1)


def test_a_vault_put_back_from_a_copy_sweeps_nothing_it_does_not_know(vault, tmp_path):
    import shutil

    settings, number = vault
    shutil.copy(settings.vault_folder / "vault.db", tmp_path / "older.db")
    with VaultStore(settings) as store:
        newer = add_case(store, name="Somebody Else").case_number
    shutil.copy(settings.vault_folder / "vault.db", tmp_path / "newer.db")
    shutil.copy(tmp_path / "older.db", settings.vault_folder / "vault.db")
    with Broker(settings) as broker:  # the log ends before what was signed: nothing is written
        assert broker.store.audit.damage
    shutil.copy(tmp_path / "newer.db", settings.vault_folder / "vault.db")
    with Broker(settings) as broker:
        for each in (number, newer):
            assert len(broker.store.keys.case_key(broker.find_case(each).case_id)) == 32
        assert len(broker.store.objects.identifiers()) == 2


def test_a_home_whose_keys_are_lost_does_not_start_anew(vault):
    settings, _number = vault
    (settings.keys_folder / "root.key").unlink()
    with pytest.raises(SealError, match="missing"):
        Broker(settings)
