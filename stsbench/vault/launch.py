"""Finding the broker of a home, and starting it when there is none.

Rules owned here:
- A client talks to a broker only when the socket's folder is private and the kernel says that the
  process behind it belongs to this user: a socket planted by another user is refused.
- Clients that start at once start one broker: a lock around starting, another one that the broker
  holds for life. A lock outlives no process.
- A broker started here is detached, in a session of its own, with a clean environment.
"""

import hmac
import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from stsbench.errors import StorageError
from stsbench.vault.file_locks import FileLock
from stsbench.vault.peers import hello_proof, peer_user
from stsbench.vault.private_folders import Address, check_private, read_address, runtime_folder
from stsbench.vault.settings import VaultSettings

__all__ = [
    "BROKER_LOCK",
    "clean_environment",
    "ensure_broker",
    "knows_token",
    "read_token",
    "wait_stopped",
]

BROKER_LOCK = "broker.lock"  # in the vault folder; a broker holds it for life
_START_WAIT_S = 30.0
_RETRY_S = 0.1
_KEPT_NAMES = (
    "DBUS_SESSION_BUS_ADDRESS",  # the keyring answers there
    "HOME",
    "LANG",
    "LC_ALL",
    "PATH",
    "SYSTEMROOT",
    "TMPDIR",
    "USERPROFILE",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
)


def clean_environment() -> dict[str, str]:
    """Return what a broker or its child may inherit: no PYTHON*, no LD_*, no secrets of others."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT_NAMES or name.startswith("STSBENCH_")
    }


def ensure_broker(settings: VaultSettings, *, start: bool) -> Address:
    """Return the address of the running broker of a home.

    Parameters
    ----------
    settings : VaultSettings
    start : bool
        Start one when there is none.

    Raises
    ------
    StorageError
        There is none and none may be started, it doesn't start, or what answers there belongs to
        somebody else.
    """
    address = _reachable(settings)
    if address is not None:
        return address
    if not start:
        raise StorageError("The vault is not running.", "Start it with stsbench vault serve.")
    lock = FileLock(runtime_folder(settings.home) / "start.lock")
    if not lock.acquire(wait_s=_START_WAIT_S):
        raise _does_not_start()
    try:
        return _started(settings)
    finally:
        lock.release()


def wait_stopped(settings: VaultSettings) -> None:
    """Wait until the broker of a home, told to stop, has closed everything."""
    lock = FileLock(settings.vault_folder / BROKER_LOCK)
    lock.acquire(wait_s=_START_WAIT_S)
    lock.release()


def _started(settings: VaultSettings) -> Address:
    # One started by hand at this moment, or one that is just ending, holds the home's lock: try
    # again until either it answers or ours starts.
    deadline = time.monotonic() + _START_WAIT_S
    while (address := _reachable(settings)) is None:
        if time.monotonic() > deadline:
            raise _does_not_start()
        if _start(settings.home) != "ready":
            time.sleep(_RETRY_S)
    return address


def _reachable(settings: VaultSettings) -> Address | None:
    address = read_address(settings.vault_folder)
    if address is None:
        return None
    check_private(settings.vault_folder)
    if not address.socket:
        return address if _answers_loopback(address) else None
    check_private(Path(address.socket).parent)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5.0)
        try:
            probe.connect(address.socket)
        except OSError:
            return None
        _check_owner(probe)
    return address


def _check_owner(probe: socket.socket) -> None:
    try:
        owner = peer_user(probe).user
    except OSError:
        return  # no such call on this system: the private folder is what protects
    if owner != os.getuid():
        raise StorageError(
            "Another user's process listens where the vault should be.",
            "Do not use it; find out whose it is and remove its socket.",
        )


def knows_token(connection: http.client.HTTPConnection, token: str) -> bool:
    """Ask a process on loopback to show that it is the broker, without sending it anything.

    Raises
    ------
    OSError, HTTPException
        It does not answer.
    """
    nonce = secrets.token_hex(16)
    connection.request("GET", f"/v1/hello/{nonce}")
    with connection.getresponse() as answer:
        said = answer.read(1000)
    return hmac.compare_digest(
        said, json.dumps({"proof": hello_proof(token, nonce)}, separators=(",", ":")).encode()
    )


def read_token(address: Address) -> str:
    """Return the token of a broker on loopback.

    Raises
    ------
    StorageError
        Its file cannot be read.
    """
    try:
        return Path(address.token_file).read_text(encoding="ascii")
    except OSError:
        raise StorageError(
            "The vault's token cannot be read.", "Run as the user whose vault it is."
        ) from None


def _answers_loopback(address: Address) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=5.0)
    try:
        return knows_token(connection, read_token(address))
    except (OSError, http.client.HTTPException, StorageError):
        return False
    finally:
        connection.close()


def _start(home: Path) -> str:
    """Start a broker and return what it says: "ready", or "another" when the home has one."""
    command = [
        sys.executable,
        "-I",
        "-m",
        "stsbench.vault.serving",
        "--home",
        str(home),
        "--detach",
    ]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            env=clean_environment(),
            cwd=home.anchor,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise StorageError(
            f"The vault cannot be started ({error.strerror}).",
            "Run stsbench vault serve in a terminal to see why.",
        ) from None
    said = _first_line(process)
    if said.startswith("error\t"):
        _word, problem, remedy = [*said.split("\t"), "", ""][:3]
        raise StorageError(problem, remedy)
    return said


def _first_line(process: subprocess.Popen[bytes]) -> str:
    """Read what the starting broker says; it closes the pipe once it is ready."""
    said: list[bytes] = []

    def read() -> None:
        if process.stdout is not None:
            with process.stdout:
                said.append(process.stdout.readline())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(_START_WAIT_S)
    if os.name == "posix":
        process.wait()  # only the first of the two forks: it ends at once
    if not said or not said[0].endswith(b"\n"):
        raise _does_not_start()
    return said[0].decode("utf-8", "replace").strip("\n")


def _does_not_start() -> StorageError:
    return StorageError(
        "The vault does not start.", "Run stsbench vault serve in a terminal to see why."
    )
