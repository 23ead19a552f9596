"""Sealed objects: whole or not there."""

import pytest

from stsbench.errors import StorageError
from stsbench.vault.object_folder import ObjectFolder

FIRST, SECOND = "aa" + "0" * 30, "bb" + "1" * 30


def test_an_object_comes_back_as_it_was_put(tmp_path):
    folder = ObjectFolder(tmp_path / "o")
    folder.put(FIRST, [b"one", b"two"])
    folder.put(SECOND, [b"x" * 100_000])
    assert bytes(folder.mapped(FIRST)) == b"onetwo"
    assert folder.identifiers() == [FIRST, SECOND]
    folder.delete(FIRST)
    folder.delete(FIRST)
    assert folder.identifiers() == [SECOND]


def test_what_could_not_be_written_whole_is_not_there(tmp_path):
    folder = ObjectFolder(tmp_path / "o")

    def broken():
        yield b"half"
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left"):
        folder.put(FIRST, broken())
    assert folder.identifiers() == []
    assert list((tmp_path / "o" / "incoming").iterdir()) == []


def test_a_missing_or_empty_object_is_an_error_without_its_path(tmp_path):
    folder = ObjectFolder(tmp_path / "o")
    folder.put(SECOND, [])
    for name in (FIRST, SECOND):
        with pytest.raises(StorageError) as caught:
            folder.mapped(name)
        assert str(tmp_path) not in str(caught.value)


def test_what_a_killed_broker_was_writing_is_cleared(tmp_path):
    folder = ObjectFolder(tmp_path / "o")
    folder.put(FIRST, [b"kept"])
    (tmp_path / "o" / "incoming" / SECOND).write_bytes(b"half")
    folder.clear_incoming()
    assert list((tmp_path / "o" / "incoming").iterdir()) == []
    assert folder.identifiers() == [FIRST]
