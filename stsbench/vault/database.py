"""One SQLite database, opened so that what is committed is on disk and what is deleted is gone.

Rules owned here:
- WAL with synchronous=FULL: a commit that returned survives a power cut.
- secure_delete=ON, temp_store=MEMORY, and the WAL truncated at the end and on demand: deleted rows
  do not stay readable in free pages (second line; the first is that nothing plain is written).
- One connection, used by one thread at a time: the broker does all its writing on its event loop,
  so that two decisions never interleave.

References
----------
sqlite.org/wal.html, sqlite.org/pragma.html#pragma_secure_delete.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from stsbench.errors import StorageError

__all__ = ["Database"]

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA fullfsync=ON",  # macOS: a plain fsync stops at the drive's cache
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
)


class Database:
    """An open database.

    Parameters
    ----------
    path : Path
        The file; made when it isn't there.
    tables : MetaData
        Made when they aren't there.

    Raises
    ------
    StorageError
        The file can't be opened, is no database, or lies on a disk that can't be written.
    """

    def __init__(self, path: Path, tables: MetaData) -> None:
        self.path = path
        self._engine = _engine(path)
        try:
            self._connection = self._engine.connect()
            with self._connection.begin():
                tables.create_all(self._connection)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise _unavailable(error) from None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a write transaction; it is committed at the end, or undone on an error.

        Raises
        ------
        StorageError
            It could not be begun, written or committed; nothing of it happened.
        """
        with self._begun("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a short read; it works on a disk that cannot be written, too.

        Raises
        ------
        StorageError
            The database cannot be read.
        """
        with self._begun("BEGIN") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a second connection for long reads, in whatever thread needs it.

        It sees the database as it was at its first read and holds up no writer.
        """
        engine = _engine(self.path)
        try:
            with engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _unavailable(error) from None
        finally:
            engine.dispose()

    def truncate_log(self) -> None:
        """Move the write-ahead log into the database and cut it to nothing."""
        # Past SQLAlchemy, which would open a transaction that the checkpoint then waits for.
        driver: Any = self._connection.connection.driver_connection
        try:
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise _unavailable(error) from None

    def close(self) -> None:
        """Truncate the log and close."""
        try:
            self.truncate_log()
        finally:
            self._connection.close()
            self._engine.dispose()

    @contextmanager
    def _begun(self, statement: str) -> Iterator[Connection]:
        try:
            with self._connection.execution_options(begin=statement).begin():
                yield self._connection
        except SQLAlchemyError as error:
            raise _unavailable(error) from None


def _engine(path: Path) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: _connect(path),
        poolclass=StaticPool,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _connect(path: Path) -> Any:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    return connection


def _begin(connection: Connection) -> None:
    # IMMEDIATE for writers: a read that turns into a write may find that somebody was faster.
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _unavailable(error: SQLAlchemyError | sqlite3.Error) -> StorageError:
    # The driver's own text may quote a value: only its kind is passed on.
    kind = type(getattr(error, "orig", None) or error).__name__
    return StorageError(
        f"The vault's database cannot be used ({kind}).",
        "Look at free space and permissions of the home's vault folder.",
    )
