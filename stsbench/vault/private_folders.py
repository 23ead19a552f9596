"""The short private folder that holds the broker's socket, and how clients find it.

Rules owned here:
- Every level made by us is a real folder, owned by this user and closed to others; a link, an open
  folder or a stranger's is refused, because whoever owns the folder owns the socket's name.
- The name hangs on a hash of the home, so that the path stays below the 107 bytes of sockaddr_un.
- The broker of a home writes its address into the vault folder: two logins with different
  XDG_RUNTIME_DIR find the same broker.

References
----------
unix(7); XDG Base Directory Specification 0.8, XDG_RUNTIME_DIR.
"""

import hashlib
import json
import os
import stat
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from stsbench.errors import StorageError

__all__ = [
    "Address",
    "check_private",
    "make_private",
    "read_address",
    "runtime_folder",
    "write_address",
]

_SOCKET_PATH_BYTES = 107  # sun_path holds 108 with its closing zero
_ADDRESS_NAME = "broker.address"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker listens: a Unix socket, or loopback with a token file."""

    socket: str = ""
    port: int = 0
    token_file: str = ""


def runtime_folder(home: Path) -> Path:
    """Make, check and return the runtime folder of a home.

    Raises
    ------
    StorageError
        A level belongs to someone else, is a link or is open to others, or the path is too long.
    """
    name = hashlib.sha256(str(home).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    folder = make_private(_runtime_root()) / name
    if len(os.fsencode(folder / "s")) > _SOCKET_PATH_BYTES:
        raise StorageError(
            "The path of the vault's socket is longer than 107 bytes.",
            "Set STSBENCH_RUNTIME_DIR to a shorter folder of your own.",
        )
    return make_private(folder)


def _runtime_root() -> Path:
    named = os.environ.get("STSBENCH_RUNTIME_DIR")
    if named:
        return Path(named)
    session = os.environ.get("XDG_RUNTIME_DIR")
    if session and _is_private(Path(session)):
        return Path(session) / "stsbench"
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    short = Path("/tmp")  # noqa: S108 - checked level by level; gettempdir() may be too long
    return (short if short.is_dir() else Path(tempfile.gettempdir())) / f"stsbench-{owner}"


def make_private(folder: Path) -> Path:
    """Make a folder for this user alone, unless it is there; return it once it is checked.

    Raises
    ------
    StorageError
        It cannot be made, or what is there is not a private folder of this user.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            "A folder of the vault cannot be made.",
            f"Look at free space and permissions there ({error.strerror}).",
        ) from None
    check_private(folder)
    return folder


def check_private(folder: Path) -> None:
    """Refuse a folder that others own, share or redirect.

    Raises
    ------
    StorageError
        See above.
    """
    if not _is_private(folder):
        raise StorageError(
            "A folder of the vault is a link, belongs to another user or is open to others.",
            "Find out who made it; then remove it, or close it with chmod 700.",
        )


def _is_private(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    if not hasattr(os, "getuid"):
        return True  # Windows: profile folders are private by their access lists
    return status.st_uid == os.getuid() and not status.st_mode & 0o077


def write_address(vault_folder: Path, address: Address) -> None:
    """Leave word where the broker of this vault listens."""
    aside = vault_folder / f".{_ADDRESS_NAME}"
    aside.write_text(json.dumps(asdict(address), sort_keys=True), encoding="utf-8")
    aside.replace(vault_folder / _ADDRESS_NAME)


def read_address(vault_folder: Path) -> Address | None:
    """Return where the broker of this vault last listened, or None."""
    try:
        document = json.loads((vault_folder / _ADDRESS_NAME).read_text(encoding="utf-8"))
        return Address(
            socket=str(document["socket"]),
            port=int(document["port"]),
            token_file=str(document["token_file"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
