"""Keys: what opens, what was destroyed for good, and what a crash leaves."""

import secrets
import shutil
import sqlite3

import pytest
from hypothesis import given, settings, strategies
from sqlalchemy import select

from stsbench.errors import SealError
from stsbench.vault.keystore import Keystore
from stsbench.vault.root_key import FileRootKeys
from tests.vault.house import run_python

VAULT_ID = "f" * 32


def opened(folder, vault_id=VAULT_ID):
    folder.mkdir(exist_ok=True)
    return Keystore(folder, FileRootKeys(folder / "root.key"), vault_id=vault_id)


def add(keys, case_id, patient_id, *, new=True):
    key = secrets.token_bytes(32)
    patient_key = secrets.token_bytes(32) if new else None
    keys.add_case(case_id, key, patient_id=patient_id, patient_key=patient_key)
    return key


def test_keys_open_again_after_closing(tmp_path):
    keys = opened(tmp_path / "k")
    key, service = add(keys, "c1", "p1"), keys.service_key("audit-mac")
    keys.close()
    keys = opened(tmp_path / "k")
    assert keys.case_key("c1") == key
    assert keys.service_key("audit-mac") == service != keys.service_key("codes/patient")
    keys.close()


def test_a_destroyed_case_key_is_gone_and_the_others_open(tmp_path):
    keys = opened(tmp_path / "k")
    add(keys, "c1", "p1")
    sister, other = add(keys, "c2", "p1", new=False), add(keys, "c3", "p2")
    service = keys.service_key("codes/patient")
    assert keys.destroy_case("c1") is False  # its patient has another case
    for _again in range(2):
        with pytest.raises(SealError):
            keys.case_key("c1")
        assert (keys.case_key("c2"), keys.case_key("c3")) == (sister, other)
        assert keys.service_key("codes/patient") == service
        keys.close()
        keys = opened(tmp_path / "k")
    assert keys.destroy_case("c3") is True
    with pytest.raises(SealError):
        keys.patient_key("p2")
    keys.close()


@pytest.mark.parametrize("sister_remains", [True, False])
def test_an_older_copy_of_the_key_database_opens_nothing(tmp_path, sister_remains):
    folder = tmp_path / "k"
    keys = opened(folder)
    add(keys, "c1", "p1")
    if sister_remains:
        add(keys, "c2", "p1", new=False)
    keys.close()
    shutil.copy(folder / "keys.db", tmp_path / "backup.db")
    keys = opened(folder)
    keys.destroy_case("c1")
    present_root = keys._root
    present = present_keys(keys)
    keys.close()
    # Whatever lies in the backup, tried with every key there is today.
    old = sqlite3.connect(tmp_path / "backup.db")
    with pytest.raises(SealError):
        unwrap_with(old, present_root, present)
    old.close()


def present_keys(keys):
    from stsbench.vault.schema import patient_keys

    with keys._database.transaction() as rows:
        found = rows.execute(select(patient_keys.c.patient_id)).scalars().all()
    return {patient_id: keys.patient_key(patient_id) for patient_id in found}


def unwrap_with(old, root, present):
    from stsbench.privacy.seals import RowContext, open_row, unwrap_patient_key

    case = old.execute("SELECT wrapped FROM case_keys WHERE case_id = 'c1'").fetchone()[0]
    context = RowContext("case_keys", 1, "c1", "p1", "wrapped")
    for patient_key in present.values():
        with pytest.raises(SealError):
            open_row(patient_key, case, context)
    wrapped, generation = old.execute("SELECT wrapped, generation FROM patient_keys").fetchone()
    unwrap_patient_key(root, wrapped, patient_id="p1", generation=generation)


def test_no_byte_of_a_destroyed_wrap_stays_in_the_database(tmp_path):
    folder = tmp_path / "k"
    keys = opened(folder)
    add(keys, "c1", "p1")
    with sqlite3.connect(folder / "keys.db") as rows:
        wraps = [row[0] for row in rows.execute("SELECT wrapped FROM case_keys")]
    rows.close()
    keys.destroy_case("c1")
    left = b"".join(path.read_bytes() for path in folder.glob("keys.db*"))
    assert wraps
    assert not any(wrap in left for wrap in wraps)
    keys.close()


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE case_keys SET wrapped = (SELECT wrapped FROM case_keys WHERE case_id = 'c2') "
         "WHERE case_id = 'c1'", "another case's wrap"),
        ("UPDATE case_keys SET patient_id = 'p2' WHERE case_id = 'c1'", "another patient"),
        ("UPDATE patient_keys SET wrapped = (SELECT wrapped FROM patient_keys "
         "WHERE patient_id = 'p2') WHERE patient_id = 'p1'", "another patient's wrap"),
    ],
)  # fmt: skip
def test_a_moved_wrap_does_not_open(tmp_path, statement, what):
    folder = tmp_path / "k"
    keys = opened(folder)
    add(keys, "c1", "p1")
    add(keys, "c2", "p2")
    keys.close()
    with sqlite3.connect(folder / "keys.db") as rows:
        rows.execute(statement)
    rows.close()
    keys = opened(folder)
    with pytest.raises(SealError):
        keys.case_key("c1")
    keys.close()


def test_a_lost_root_key_is_an_error_and_not_a_new_start(tmp_path):
    folder = tmp_path / "k"
    keys = opened(folder)
    keys.service_key("audit-mac")
    keys.close()
    (folder / "root.key").unlink()
    with pytest.raises(SealError, match="missing"):
        opened(folder)
    assert not (folder / "root.key").exists()


def test_keys_of_another_vault_are_refused(tmp_path):
    opened(tmp_path / "k").close()
    with pytest.raises(SealError, match="another vault"):
        opened(tmp_path / "k", vault_id="0" * 32)


DESTROY = """
import sys
from pathlib import Path
from stsbench.vault.keystore import Keystore
from stsbench.vault.root_key import FileRootKeys
folder = Path(sys.argv[1])
Keystore(folder, FileRootKeys(folder / "root.key"), vault_id="f" * 32).destroy_case("c1")
"""


@pytest.mark.parametrize(
    ("place", "destroyed"),
    [("keystore.before_destruction", False), ("keystore.after_destruction", True)],
)
def test_a_crash_leaves_all_of_a_destruction_or_none(tmp_path, place, destroyed):
    folder = tmp_path / "k"
    keys = opened(folder)
    victim, sister = add(keys, "c1", "p1"), add(keys, "c2", "p1", new=False)
    keys.close()
    assert run_python(DESTROY, str(folder), failpoint=place).returncode == -9
    assert len(FileRootKeys(folder / "root.key").load()) == 2
    keys = opened(folder)
    assert len(FileRootKeys(folder / "root.key").load()) == 1
    assert keys.case_key("c2") == sister
    if destroyed:
        with pytest.raises(SealError):
            keys.case_key("c1")
    else:
        assert keys.case_key("c1") == victim
    keys.close()


@settings(deadline=None, max_examples=8)
@given(
    steps=strategies.lists(
        strategies.tuples(strategies.sampled_from(["add", "destroy"]), strategies.integers(0, 5)),
        max_size=8,
    )
)
def test_what_was_not_destroyed_opens_and_nothing_else(tmp_path_factory, steps):
    keys = opened(tmp_path_factory.mktemp("keys") / "k")
    alive: dict[str, bytes] = {}
    destroyed: set[str] = set()
    for step, number in steps:
        case_id, patient_id = f"c{number}", f"p{number % 2}"
        if step == "add" and case_id not in alive and case_id not in destroyed:
            siblings = [name for name in alive if int(name[1:]) % 2 == number % 2]
            alive[case_id] = add(keys, case_id, patient_id, new=not siblings)
        elif step == "destroy" and case_id in alive:
            keys.destroy_case(case_id)
            del alive[case_id]
            destroyed.add(case_id)
    assert {case_id: keys.case_key(case_id) for case_id in alive} == alive
    for case_id in destroyed:
        with pytest.raises(SealError):
            keys.case_key(case_id)
    keys.close()
