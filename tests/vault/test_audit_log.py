"""The audit log: durable before anything is granted, and every change to it is found."""

import sqlite3

import pytest

from stsbench.domain.access import ReasonCode
from stsbench.errors import AuditError
from stsbench.privacy.audit_entries import Outcome
from stsbench.vault.audit_log import AuditKeys, AuditLog
from stsbench.vault.audit_reading import check_log, read_checkpoints, read_entries
from stsbench.vault.database import Database
from stsbench.vault.keystore import Keystore
from stsbench.vault.root_key import FileRootKeys
from stsbench.vault.schema import VAULT, facts
from tests.vault.test_database import limit_pages

KEYS = AuditKeys("stsbench.local/vault/test", b"s" * 32, b"m" * 32)


class Log:
    """A log with the databases under it, opened and closed like a vault's."""

    def __init__(self, folder, every=1000):
        folder.mkdir(exist_ok=True)
        self.database = Database(folder / "v.db", VAULT)
        root = FileRootKeys(folder / "root.key")
        self.keys = Keystore(folder, root, vault_id="f" * 32)
        self.log = AuditLog(
            self.database, self.keys, KEYS, every=every, now=lambda: "2026-11-22T12:00:00.000000Z"
        )

    def write(self, count):
        for _ in range(count):
            with self.log.writing("uid:1") as batch:
                batch.event("refuse", Outcome.REFUSED, reason=ReasonCode.CASE_UNKNOWN)

    def check(self, **more):
        kept = self.keys.kept_checkpoint()
        return check_log(self.database, KEYS, kept=kept[1] if kept else "", **more)

    def close(self):
        self.database.close()
        self.keys.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "a"


def written(folder, count, *, signed=True, every=1000):
    log = Log(folder, every)
    log.write(count)
    if signed:
        log.log.checkpoint()
    log.close()


def edit(folder, *statements):
    with sqlite3.connect(folder / "v.db") as rows:
        for statement in statements:
            rows.execute(statement)
    rows.close()


def problems_after(folder, *statements):
    edit(folder, *statements)
    log = Log(folder)
    try:
        return [str(problem) for problem in log.check().problems]
    finally:
        log.close()


def test_entries_count_from_one_over_restarts(folder):
    written(folder, 3)
    log = Log(folder)
    log.write(2)
    with log.log.writing("uid:1") as batch:
        intent = batch.intent("open_object")
    assert intent == 6
    assert [entry.sequence for entry in log.log.open_intents()] == [6]
    with log.log.writing("uid:1") as batch:
        batch.outcome("open_object", Outcome.COMPLETED, intent=intent)
    assert log.log.open_intents() == []
    assert [entry.sequence for entry in read_entries(log.database, first=6)] == [6, 7]
    assert log.check().intact
    log.close()


def test_a_batch_is_one_transaction_with_the_rows_it_speaks_of(folder):
    log = Log(folder)
    with pytest.raises(ZeroDivisionError), log.log.writing("uid:1") as batch:
        fail_after(batch.intent("open_object"), batch.rows)
    assert log.log.size == 0
    assert log.log.open_intents() == []
    with log.log.writing("uid:1") as batch:
        assert [batch.intent("open_object") for _ in range(3)] == [1, 2, 3]
    assert log.check().entries == 3
    log.close()


def fail_after(_intent, rows):
    rows.execute(facts.insert(), {"name": "n", "value": "v"})
    _ = 1 / 0


@pytest.mark.parametrize("every", [1, 4])
def test_checkpoints_come_by_themselves(folder, every):
    log = Log(folder, every=every)
    log.write(9)
    notes = read_checkpoints(log.database)
    assert len(notes) == 9 // every
    assert log.keys.kept_checkpoint() == (9 // every * every, notes[-1])
    assert log.check().signed_until == 9 // every * every
    assert log.log.checkpoint() == log.log.checkpoint()
    assert log.check().signed_until == 9
    log.close()


CHANGES = {
    "edited": ["UPDATE audit_entries SET entry = replace(entry, 'case_unknown', 'none') "
               "WHERE sequence = 3"],
    "edited, leaf mended": [
        "UPDATE audit_entries SET entry = (SELECT entry FROM audit_entries WHERE sequence = 4), "
        "leaf = (SELECT leaf FROM audit_entries WHERE sequence = 4) WHERE sequence = 3"],
    "deleted": ["DELETE FROM audit_entries WHERE sequence = 3"],
    "swapped": ["UPDATE audit_entries SET sequence = -3 WHERE sequence = 3",
                "UPDATE audit_entries SET sequence = 3 WHERE sequence = 5",
                "UPDATE audit_entries SET sequence = 5 WHERE sequence = -3"],
    "tag changed": ["UPDATE audit_entries SET mac = zeroblob(32) WHERE sequence = 3"],
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_entry_is_named(folder, name):
    written(folder, 7)
    found = problems_after(folder, *CHANGES[name])
    assert any("entry 3" in problem or "entries 3" in problem for problem in found), found


def test_an_edit_with_leaf_mended_is_placed_exactly_by_its_tag(folder):
    log = Log(folder)
    log.write(7)
    genuine = stored(folder)
    log.log.checkpoint()
    log.close()
    from stsbench.privacy.audit_tree import leaf_hash

    forged = genuine[2].replace(b"case_unknown", b"case_erased")
    with sqlite3.connect(folder / "v.db") as rows:
        rows.execute(
            "UPDATE audit_entries SET entry = ?, leaf = ? WHERE sequence = 3",
            (forged, leaf_hash(forged)),
        )
    rows.close()
    assert "entry 3: edited" in problems_after(folder)


def stored(folder):
    rows = sqlite3.connect(folder / "v.db")
    found = rows.execute("SELECT entry FROM audit_entries ORDER BY sequence").fetchall()
    rows.close()
    return [row[0] for row in found]


def test_a_tail_cut_together_with_its_checkpoints_is_missed_by_the_copy_with_the_keys(folder):
    written(folder, 7)
    edit(folder, "DELETE FROM audit_entries WHERE sequence > 5", "DELETE FROM checkpoints")
    log = Log(folder)
    assert any("6 to 7" in str(problem) for problem in log.check().problems)
    with pytest.raises(AuditError, match="ends at entry 5, but 7 were signed"):
        log.write(1)
    log.close()


def test_a_tail_cut_everywhere_is_found_by_a_checkpoint_kept_outside(folder):
    log = Log(folder)
    log.write(7)
    outside = log.log.checkpoint()
    log.close()
    edit(folder, "DELETE FROM audit_entries WHERE sequence > 5", "DELETE FROM checkpoints")
    with sqlite3.connect(folder / "keys.db") as rows:
        rows.execute("DELETE FROM checkpoint_copies")
    rows.close()
    log = Log(folder)
    silent, told = log.check(), log.check(witnessed=[outside])
    assert silent.intact  # said in `not_proven`, and nowhere to be seen
    assert any("no checkpoint kept outside" in line for line in silent.not_proven)
    assert not told.intact
    log.close()


def test_a_forged_checkpoint_is_found(folder):
    written(folder, 3)
    found = problems_after(folder, "UPDATE checkpoints SET note = replace(note, '3', '2')")
    assert "a checkpoint does not verify" in found


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET mac = zeroblob(32)",
                                       "DELETE FROM audit_entries WHERE sequence = 2"])  # fmt: skip
def test_a_log_found_damaged_is_not_written_on(folder, statement):
    written(folder, 4, signed=False)
    edit(folder, statement)
    log = Log(folder)
    with pytest.raises(AuditError, match="damaged at entry"):
        log.write(1)
    log.close()


def test_a_damaged_frontier_is_rebuilt_from_the_entries(folder):
    written(folder, 6)
    edit(folder, "UPDATE checkpoints SET frontier = zeroblob(64)")
    log = Log(folder)
    log.write(3)
    log.log.checkpoint()
    assert log.check().intact
    log.close()


def test_when_it_cannot_be_written_nothing_happened(folder):
    log = Log(folder)
    log.write(5)
    limit_pages(log.database, 0)
    size = log.log.size
    with pytest.raises(AuditError, match="nothing was granted"):
        log.write(2000)
    limit_pages(log.database, 1_000_000)
    assert log.log.size >= size
    log.write(1)
    assert log.check().intact
    log.close()
