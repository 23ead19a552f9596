"""Whoever owns the folder owns the socket's name: squatters, links and open folders are refused."""

import os
import socket
import sys

import pytest

from stsbench.errors import StorageError
from stsbench.vault.launch import ensure_broker
from stsbench.vault.private_folders import (
    Address,
    make_private,
    read_address,
    runtime_folder,
    write_address,
)
from tests.vault.house import settings_of

posix_only = pytest.mark.skipif(os.name != "posix", reason="access lists, not modes")


def test_the_folder_is_private_short_and_the_same_for_one_home(tmp_path):
    first = runtime_folder(tmp_path / "home")
    assert first == runtime_folder(tmp_path / "home")
    assert first != runtime_folder(tmp_path / "other")
    assert len(os.fsencode(first / "s")) <= 107
    assert os.name != "posix" or first.stat().st_mode & 0o777 == 0o700


def open_to_all(path):
    path.mkdir()
    path.chmod(0o777)


def link_elsewhere(path):
    target = path.parent / "target"
    target.mkdir(mode=0o700)
    path.symlink_to(target)


def plain_file(path):
    path.write_text("in the way")


@posix_only
@pytest.mark.parametrize("squat", [open_to_all, link_elsewhere, plain_file])
def test_a_squatted_level_is_refused(tmp_path, monkeypatch, squat):
    root = tmp_path / "r"
    squat(root)
    monkeypatch.setenv("STSBENCH_RUNTIME_DIR", str(root))
    with pytest.raises(StorageError) as caught:
        runtime_folder(tmp_path / "home")
    assert str(tmp_path) not in str(caught.value)


@posix_only
@pytest.mark.skipif(os.name == "posix" and os.getuid() != 0, reason="only root gives files away")
def test_a_folder_of_another_user_is_refused(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    with pytest.raises(StorageError, match="another user"):
        make_private(folder)


@posix_only
def test_a_path_too_long_for_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("STSBENCH_RUNTIME_DIR", str(tmp_path / ("x" * 100)))
    with pytest.raises(StorageError, match="107 bytes"):
        runtime_folder(tmp_path / "home")


def test_an_address_is_read_as_it_was_written(tmp_path):
    assert read_address(tmp_path) is None
    write_address(tmp_path, Address(socket="/run/x/s"))
    assert read_address(tmp_path) == Address(socket="/run/x/s")
    (tmp_path / "broker.address").write_text("{not json")
    assert read_address(tmp_path) is None


@posix_only
def test_a_client_does_not_talk_through_an_open_folder(tmp_path):
    settings = settings_of(tmp_path / "home")
    make_private(settings.vault_folder)
    planted = tmp_path / "planted"
    planted.mkdir()
    planted.chmod(0o755)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(planted / "s"))
    listener.listen()
    write_address(settings.vault_folder, Address(socket=str(planted / "s")))
    with listener, pytest.raises(StorageError, match="open to others"):
        ensure_broker(settings, start=False)


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.getuid() != 0, reason="needs another user"
)
def test_a_client_does_not_talk_to_another_users_process(tmp_path):
    settings = settings_of(tmp_path / "home")
    make_private(settings.vault_folder)
    folder = make_private(tmp_path / "p")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "s"))
    # The kernel remembers who called listen(): a stranger with a socket handed to it.
    os.seteuid(65534)
    try:
        listener.listen()
    finally:
        os.seteuid(0)
    write_address(settings.vault_folder, Address(socket=str(folder / "s")))
    with listener, pytest.raises(StorageError, match="Another user's process"):
        ensure_broker(settings, start=False)
