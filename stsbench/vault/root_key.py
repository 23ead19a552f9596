"""Where the root key lies: the keyring of the operating system, or a file for its owner alone.

Rules owned here:
- A root key is never made when wrapped keys already exist: a lost key is an error, not a new start.
- Keys carry a generation; while they are changed both are held, so that a crash loses neither.
- A replaced key file is overwritten before it goes. Solid-state disks may keep the old block: the
  erasure receipt says so.
- A key file is a warning: whoever reads this user's files can read it.
"""

import json
import os
from pathlib import Path
from typing import Any, Protocol

from stsbench.errors import SealError, StorageError
from stsbench.privacy.seals import ROOT_KEY_BYTES

__all__ = ["FileRootKeys", "KeyringRootKeys", "RootKeys", "find_root_keys"]

FILE_NAME = "root.key"
_SERVICE = "stsbench"
_SCHEMA = "stsbench.root-key/1"


class RootKeys(Protocol):
    """A place that keeps root keys by generation."""

    @property
    def described(self) -> str:
        """Where that is, in a few words, without a path."""

    @property
    def warning(self) -> str:
        """What is weak about it, or nothing."""

    def load(self) -> dict[int, bytes]:
        """Return the keys by generation; empty when there is none."""

    def store(self, keys: dict[int, bytes]) -> None:
        """Replace what is kept, durably and in one step."""


class FileRootKeys:
    """Root keys in a file with mode 0600.

    Parameters
    ----------
    path : Path
    """

    described = "key file"
    warning = "The root key lies in a file: whoever can read this user's files can open the vault."

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[int, bytes]:
        """Return the keys by generation; empty when there is no file."""
        try:
            if os.name == "posix" and self._path.stat().st_mode & 0o077:
                raise StorageError(
                    "The root key file is open to other users.", "Close it with chmod 600."
                )
            return _decode(self._path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unreachable(error) from None

    def store(self, keys: dict[int, bytes]) -> None:
        """Write aside, rename, then overwrite the old file's bytes."""
        aside, old = self._path.with_suffix(".new"), self._path.with_suffix(".old")
        try:
            for leftover in (aside, old):
                leftover.unlink(missing_ok=True)
            _write_new(aside, _encode(keys).encode("ascii"))
            if self._path.exists():
                old.hardlink_to(self._path)
            aside.replace(self._path)
            _sync_folder(self._path.parent)
            _overwrite(old)
        except OSError as error:
            raise _unreachable(error) from None


class KeyringRootKeys:
    """Root keys in the keyring of the operating system.

    Parameters
    ----------
    account : str
        One entry per vault.
    backend : keyring backend
    """

    described = "keyring of the operating system"
    warning = ""

    def __init__(self, account: str, backend: Any) -> None:
        self._account = account
        self._backend = backend

    def load(self) -> dict[int, bytes]:
        """Return the keys by generation; empty when the keyring has no entry."""
        try:
            text = self._backend.get_password(_SERVICE, self._account)
        except Exception as error:  # noqa: BLE001 - every desktop's keyring fails its own way
            raise _unreachable(error) from None
        return _decode(text) if text else {}

    def store(self, keys: dict[int, bytes]) -> None:
        """Replace the entry."""
        try:
            self._backend.set_password(_SERVICE, self._account, _encode(keys))
        except Exception as error:  # noqa: BLE001 - every desktop's keyring fails its own way
            raise _unreachable(error) from None


def find_root_keys(keys_folder: Path, *, mode: str, account: str) -> RootKeys:
    """Return the place that keeps this vault's root keys.

    A key file that exists wins: it was chosen when the vault was made.

    Parameters
    ----------
    keys_folder : Path
    mode : str
        "auto", "keyring" or "file".
    account : str
        Name of the keyring entry.

    Raises
    ------
    StorageError
        "keyring" was asked for and there is no usable one.
    """
    path = Path(os.environ.get("STSBENCH_KEY_FILE") or keys_folder / FILE_NAME)
    if mode == "file" or (mode == "auto" and path.exists()):
        return FileRootKeys(path)
    backend = _usable_keyring()
    if backend is not None:
        return KeyringRootKeys(account, backend)
    if mode == "keyring":
        raise StorageError(
            "This system has no usable keyring.",
            "Unlock or install one, or set STSBENCH_KEYS=file and guard the file.",
        )
    return FileRootKeys(path)


def _usable_keyring() -> Any | None:
    import keyring  # noqa: PLC0415 - slow, and not needed with a key file

    try:
        backend = keyring.get_keyring()
        # Priority 1 and above is what keyring itself recommends; 0 is its refusing stand-in.
        return backend if float(backend.priority) >= 1 else None
    except Exception:  # noqa: BLE001 - whatever a desktop's keyring does, a file remains
        return None


def _encode(keys: dict[int, bytes]) -> str:
    held = {str(generation): key.hex() for generation, key in sorted(keys.items())}
    return json.dumps({"schema": _SCHEMA, "keys": held}, sort_keys=True) + "\n"


def _decode(text: str) -> dict[int, bytes]:
    try:
        document = json.loads(text)
        keys = {int(number): bytes.fromhex(key) for number, key in document["keys"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        keys = {}
    if not keys or any(len(key) != ROOT_KEY_BYTES for key in keys.values()):
        raise SealError(
            "The root key is damaged.", "Put back the copy you keep of it, then start again."
        )
    return keys


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _overwrite(path: Path) -> None:
    if path.exists():
        size = path.stat().st_size
        with path.open("r+b") as stream:
            stream.write(os.urandom(size))
            stream.flush()
            os.fsync(stream.fileno())
        path.unlink()


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # Windows cannot open a folder; its rename is journalled
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unreachable(error: Exception) -> StorageError:
    return StorageError(
        f"The root key cannot be reached ({type(error).__name__}).",
        "Unlock the keyring, or look at the permissions of the home's keys folder.",
    )
