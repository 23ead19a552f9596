"""Settings: from the environment once, refused when they are no numbers."""

import pytest

from stsbench.errors import InputError
from stsbench.vault.settings import load_settings


def test_what_is_not_set_has_a_default(tmp_path):
    settings = load_settings(tmp_path, {})
    assert (settings.idle_s, settings.keys, settings.ticket_s) == (900.0, "auto", 3600.0)
    assert settings.home == tmp_path.resolve()
    folders = {settings.vault_folder, settings.keys_folder, settings.out_folder}
    assert folders == {settings.home / name for name in ("vault", "keys", "out")}


def test_two_spellings_of_one_home_are_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "x").mkdir()
    spelled = [tmp_path / "link", tmp_path / "x" / ".." / "real"]
    assert {load_settings(home, {}).home for home in spelled} == {(tmp_path / "real").resolve()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STSBENCH_KEYS", "paper"),
        ("STSBENCH_VAULT_IDLE_S", "soon"),
        ("STSBENCH_VAULT_UIDS", "root"),
        ("STSBENCH_VAULT_LEASE_S", "1h"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, name, value):
    with pytest.raises(InputError, match=name):
        load_settings(tmp_path, {name: value})


def test_what_is_set_counts(tmp_path):
    environment = {
        "STSBENCH_VAULT_IDLE_S": "7", "STSBENCH_KEYS": "file", "STSBENCH_VAULT_UIDS": "1000, 1001",
        "STSBENCH_VAULT_LOOPBACK": "1", "STSBENCH_VAULT_CHECKPOINT_EVERY": "0",
    }  # fmt: skip
    settings = load_settings(tmp_path, environment)
    assert (settings.idle_s, settings.keys, settings.loopback) == (7.0, "file", True)
    assert settings.allowed_uids == {1000, 1001}
    assert settings.checkpoint_every == 1
