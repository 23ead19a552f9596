"""The broker process: hardened, one per home, served over a Unix socket or loopback with a token.

Rules owned here:
- It hardens itself before it opens a key, and holds the home's lock for life.
- Started by a client, it says "ready" or what went wrong, in one line on its standard output, once.
- It ends when idle, when told to, or on SIGTERM; then outcomes and a checkpoint are written.
- Nothing is logged: uvicorn's loggers are off, and an unexpected error is told by type and line.

Run by the first client as `python -m stsbench.vault.serving`, or by hand as `stsbench vault serve`.
"""

import argparse
import asyncio
import logging
import os
import secrets
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import uvicorn

from stsbench.errors import StorageError, StsbenchError
from stsbench.vault.broker import Broker
from stsbench.vault.connections import peer_protocol
from stsbench.vault.file_locks import FileLock
from stsbench.vault.hardening import harden_process
from stsbench.vault.launch import BROKER_LOCK
from stsbench.vault.private_folders import Address, make_private, runtime_folder, write_address
from stsbench.vault.routes import application
from stsbench.vault.settings import VaultSettings, load_settings

__all__ = ["main", "serve"]

_KEEP_ALIVE_S = 75  # longer than any client keeps an idle connection
_TICK_S = 0.1
_ANOTHER = "Another broker serves this home."
_DONE, _NOT_AVAILABLE = 0, 6


def serve(
    home: Path | None = None,
    *,
    idle_s: float | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve the vault of a home until it is idle, told to stop or interrupted.

    Parameters
    ----------
    home : Path, optional
    idle_s : float, optional
        Overrides the setting; `inf` to serve until told to stop.
    ready : callable, optional
        Called once clients can connect.

    Raises
    ------
    StorageError
        Another broker serves this home, or a folder, key or database cannot be used.
    """
    open_doors = harden_process()
    settings = load_settings(home)
    if idle_s is not None:
        settings = replace(settings, idle_s=idle_s)
    make_private(settings.vault_folder)
    lock = FileLock(settings.vault_folder / BROKER_LOCK)
    if not lock.acquire():
        raise StorageError(_ANOTHER, "Use that one, or stop it with stsbench vault stop.")
    try:
        with Broker(settings, open_doors=open_doors) as broker:
            _serve_locked(broker, settings, ready)
    finally:
        lock.release()


def _serve_locked(broker: Broker, settings: VaultSettings, ready: Callable[[], None]) -> None:
    listener, address, token = _listen(settings)
    logging.disable(logging.CRITICAL)  # an exception's text may quote what was asked for
    config = uvicorn.Config(
        application(broker, token=token),
        http=peer_protocol(settings.allowed_uids),
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=5,
    )

    def started() -> None:
        write_address(settings.vault_folder, address)
        ready()

    server = _Server(config, started)
    try:
        asyncio.run(_run(server, broker, listener))
    finally:
        listener.close()
        if address.socket:
            Path(address.socket).unlink(missing_ok=True)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()


async def _run(server: uvicorn.Server, broker: Broker, listener: socket.socket) -> None:
    async def watch() -> None:
        while not server.should_exit:
            broker.tick()
            if broker.wants_to_stop:
                server.should_exit = True
            await asyncio.sleep(_TICK_S)

    watching = asyncio.create_task(watch())
    try:
        await server.serve(sockets=[listener])
    finally:
        watching.cancel()


def _listen(settings: VaultSettings) -> tuple[socket.socket, Address, str]:
    folder = runtime_folder(settings.home)
    if settings.loopback or not hasattr(socket, "AF_UNIX"):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", 0))
        token, token_file = secrets.token_urlsafe(32), folder / "token"
        token_file.unlink(missing_ok=True)
        descriptor = os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(token)
        return listener, Address(port=listener.getsockname()[1], token_file=str(token_file)), token
    path = folder / "s"
    path.unlink(missing_ok=True)  # of a broker that was killed: the lock says that none runs
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    return listener, Address(socket=str(path)), ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve as the process that a client started."""
    parser = argparse.ArgumentParser(prog="stsbench-broker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--detach", action="store_true")
    options = parser.parse_args(arguments)
    if options.detach and hasattr(os, "fork") and os.fork():
        os._exit(0)  # so that init, not the client, is the parent
    try:
        serve(options.home, ready=partial(_say_once, "ready"))
    except StsbenchError as error:
        another = error.problem == _ANOTHER
        _say_once("another" if another else f"error\t{error.problem}\t{error.remedy}")
        return _NOT_AVAILABLE
    return _DONE


def _say_once(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
