"""The database: what was deleted is gone, and what cannot be written is said."""

import sqlite3

import pytest
from sqlalchemy import delete, insert, select

from stsbench.errors import StorageError
from stsbench.vault.database import Database
from stsbench.vault.schema import VAULT, facts

CANARY = "Residue-of-a-deleted-row"


def files_of(path):
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def test_a_deleted_row_leaves_no_byte(tmp_path):
    path = tmp_path / "v.db"
    database = Database(path, VAULT)
    with database.transaction() as rows:
        rows.execute(
            insert(facts), [{"name": f"n{number}", "value": CANARY * 20} for number in range(200)]
        )
    database.truncate_log()  # so that it lies in the database's own pages
    assert CANARY.encode() in path.read_bytes()  # the search finds what is there
    with database.transaction() as rows:
        rows.execute(delete(facts))
    database.truncate_log()
    assert CANARY.encode() not in files_of(path)
    database.close()
    assert [each.name for each in tmp_path.iterdir()] == ["v.db"]


def test_an_error_undoes_the_whole_transaction(tmp_path):
    database = Database(tmp_path / "v.db", VAULT)
    one, same = {"name": "n", "value": "v"}, {"name": "n", "value": "secret value"}
    with pytest.raises(StorageError, match="IntegrityError") as caught:
        write_each(database, one, same)
    assert "secret" not in str(caught.value)
    with pytest.raises(KeyError):
        write_each(database, one, None)
    with database.transaction() as rows:
        assert rows.execute(select(facts)).all() == []
    database.close()


def write_each(database, *values):
    with database.transaction() as rows:
        for value in values:
            if value is None:
                raise KeyError
            rows.execute(insert(facts), value)


def test_durability_is_switched_on(tmp_path):
    database = Database(tmp_path / "v.db", VAULT)
    with database.reading() as rows:
        said = {
            name: rows.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "temp_store")
        }
    assert said == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "temp_store": 2}
    database.close()


def test_a_file_that_is_no_database_is_refused_without_its_content(tmp_path):
    path = tmp_path / "v.db"
    path.write_bytes(b"Anna Hohenfels, born 1980, is no database" * 200)
    with pytest.raises(StorageError) as caught:
        Database(path, VAULT)
    assert "Hohenfels" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_full_disk_is_an_error_and_nothing_is_written(tmp_path):
    path = tmp_path / "v.db"
    database = Database(path, VAULT)
    limit_pages(database, 0)
    with pytest.raises(StorageError), database.transaction() as rows:
        rows.execute(insert(facts), {"name": "big", "value": "x" * 1_000_000})
    limit_pages(database, 1_000_000)
    with database.transaction() as rows:
        assert rows.execute(select(facts)).all() == []
    database.close()


def limit_pages(database, extra):
    """Let SQLite run out of room, as on a full disk: SQLITE_FULL from the engine itself."""
    driver: sqlite3.Connection = database._connection.connection.driver_connection
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count={pages + extra}")


def test_a_long_read_holds_up_no_writer_and_sees_one_moment(tmp_path):
    database = Database(tmp_path / "v.db", VAULT)
    with database.transaction() as rows:
        rows.execute(insert(facts), {"name": "first", "value": "v"})
    with database.reading() as reader:
        assert len(reader.execute(select(facts)).all()) == 1
        with database.transaction() as rows:
            rows.execute(insert(facts), {"name": "second", "value": "v"})
        assert len(reader.execute(select(facts)).all()) == 1
    with database.snapshot() as rows:
        assert len(rows.execute(select(facts)).all()) == 2
    database.close()
