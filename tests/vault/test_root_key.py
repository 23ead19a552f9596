"""The root key: where it lies, how it is replaced, and what is refused."""

import os

import pytest

from stsbench.errors import SealError, StorageError
from stsbench.privacy.seals import new_root_key
from stsbench.vault.root_key import FileRootKeys, KeyringRootKeys, find_root_keys


class MemoryKeyring:
    """A keyring that works like a desktop's, in memory."""

    priority = 5

    def __init__(self):
        self.entries = {}

    def get_password(self, service, account):
        return self.entries.get((service, account))

    def set_password(self, service, account, password):
        self.entries[service, account] = password


@pytest.mark.parametrize("kind", ["file", "keyring"])
def test_keys_are_kept_by_generation(tmp_path, kind):
    place = (
        FileRootKeys(tmp_path / "root.key")
        if kind == "file"
        else KeyringRootKeys("account", MemoryKeyring())
    )
    assert place.load() == {}
    old, new = new_root_key(), new_root_key()
    place.store({1: old})
    place.store({1: old, 2: new})
    assert place.load() == {1: old, 2: new}
    place.store({2: new})
    assert place.load() == {2: new}
    assert bool(place.warning) == (kind == "file")


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_a_key_file_is_for_its_owner_alone(tmp_path):
    place = FileRootKeys(tmp_path / "root.key")
    place.store({1: new_root_key()})
    assert (tmp_path / "root.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["root.key"]
    (tmp_path / "root.key").chmod(0o640)
    with pytest.raises(StorageError, match="open to other users"):
        place.load()


def test_the_bytes_of_a_replaced_key_file_are_overwritten(tmp_path):
    path, old = tmp_path / "root.key", new_root_key()
    place = FileRootKeys(path)
    place.store({1: old})
    with path.open("rb") as held:  # the old file, under no name any more
        place.store({2: new_root_key()})
        assert old.hex().encode() not in held.read()


@pytest.mark.parametrize(
    "text", ["", "{}", '{"keys": {}}', '{"keys": {"1": "00"}}', '{"keys": {"one": "00"}}', "[1]"]
)
def test_a_damaged_key_file_is_refused(tmp_path, text):
    path = tmp_path / "root.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SealError, match="damaged"):
        FileRootKeys(path).load()


def test_without_a_keyring_auto_means_a_file_and_keyring_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("stsbench.vault.root_key._usable_keyring", lambda: None)
    assert isinstance(find_root_keys(tmp_path, mode="auto", account="a"), FileRootKeys)
    with pytest.raises(StorageError, match="no usable keyring"):
        find_root_keys(tmp_path, mode="keyring", account="a")


def test_a_key_file_that_exists_wins_over_a_keyring(tmp_path, monkeypatch):
    monkeypatch.setattr("stsbench.vault.root_key._usable_keyring", MemoryKeyring)
    assert isinstance(find_root_keys(tmp_path, mode="auto", account="a"), KeyringRootKeys)
    FileRootKeys(tmp_path / "root.key").store({1: new_root_key()})
    assert isinstance(find_root_keys(tmp_path, mode="auto", account="a"), FileRootKeys)
