"""The client's side of the socket: a few kept connections, errors as stsbench errors.

Rules owned here:
- A connection that cannot be made starts the broker anew where that is allowed, then the request is
  sent once. A request whose answer was lost is sent again only if sending it twice is harmless.
- A kept connection that the broker has closed is noticed before anything is sent on it.
- The broker's refusals come back as the errors they were.

The standard library's HTTP client does: measured, a request takes a third of httpx's time, and so
does the import.
"""

import contextlib
import http.client
import json
import select
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from stsbench.errors import StorageError
from stsbench.vault.launch import ensure_broker, knows_token, read_token, wait_stopped
from stsbench.vault.private_folders import Address
from stsbench.vault.settings import VaultSettings
from stsbench.vault.wire import error_from

__all__ = ["CutShortError", "Transport"]

_TIMEOUT_S = 600.0  # an intake of a large folder may take minutes
_MOST_KEPT = 4

Bytes = bytes | bytearray | memoryview


class Transport:
    """Requests to the broker of one home; may be used by several threads.

    Parameters
    ----------
    settings : VaultSettings
    start : bool
        Start the broker when there is none.

    Raises
    ------
    StorageError
        There is none and it may not be started, or it cannot be.
    """

    def __init__(self, settings: VaultSettings, *, start: bool) -> None:
        self._settings = settings
        self._start = start
        self._lock = threading.Lock()
        self._kept: list[http.client.HTTPConnection] = []
        self._token = ""
        self._address = ensure_broker(settings, start=start)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: Iterable[Bytes] | None = None,
        again: bool = False,
    ) -> Any:
        """Send a request and return its JSON.

        Parameters
        ----------
        method, path : str
        body : JSON value, optional
        content : iterable of buffers, optional
            Instead of a body.
        again : bool
            Whether it may be sent a second time when its answer was lost.

        Raises
        ------
        StsbenchError
            What the broker answered; StorageError when it cannot be reached.
        """
        parts: list[Bytes] = [json.dumps(body).encode()] if content is None else list(content)
        try:
            with self._answered(method, path, parts) as answer:
                status, data = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            if not again:
                raise _lost(error) from None
            return self.call(method, path, body, content=parts)
        return _checked(status, data)

    def read_into(self, path: str) -> bytearray:
        """Return the bytes of a response.

        Raises
        ------
        StsbenchError
            What the broker answered; StorageError when it cannot be reached.
        CutShortError
            Fewer bytes came than were announced.
        """
        try:
            with self._answered("GET", path, []) as answer:
                if answer.status >= 400:
                    return bytearray(_checked(answer.status, answer.read()) or b"")
                content = bytearray(int(answer.getheader("content-length") or 0))
                filled, view = 0, memoryview(content)
                while filled < len(content) and (count := answer.readinto(view[filled:])):
                    filled += count
                if filled < len(content):
                    raise CutShortError
                return content
        except (OSError, http.client.HTTPException) as error:
            raise _lost(error) from None

    def wait_stopped(self) -> None:
        """Wait until the broker has ended."""
        self.close()
        wait_stopped(self._settings)

    def close(self) -> None:
        """Close the connections; the broker runs on."""
        with self._lock:
            kept, self._kept = self._kept, []
        for connection in kept:
            connection.close()

    def __enter__(self) -> "Transport":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _answered(
        self, method: str, path: str, parts: list[Bytes]
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request; keep the connection when the answer was read, else close it."""
        connection = self._connection()
        headers = {"content-length": str(sum(len(part) for part in parts)), **self._credentials()}
        try:
            connection.request(method, path, body=iter(parts), headers=headers)
            with connection.getresponse() as answer:
                yield answer
        except BaseException:
            connection.close()
            raise
        self._keep(connection)

    def _connection(self) -> http.client.HTTPConnection:
        with self._lock:
            while self._kept:
                kept = self._kept.pop()
                if _is_quiet(kept):
                    return kept
                kept.close()
        try:
            return self._connected()
        except OSError:
            self._address = ensure_broker(self._settings, start=self._start)
            return self._connected()

    def _connected(self) -> http.client.HTTPConnection:
        connection = _connection_to(self._address)
        try:
            connection.connect()
            if not self._address.socket:
                self._token = read_token(self._address)
                _check_broker(connection, self._token)
        except BaseException:
            connection.close()
            raise
        return connection

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._kept) < _MOST_KEPT and connection.sock is not None:
                self._kept.append(connection)
                return
        connection.close()

    def _credentials(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self._token}"} if self._token else {}


class CutShortError(Exception):
    """The broker stopped sending in the middle; why is to be asked."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("vault", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.settimeout(_TIMEOUT_S)
            connected.connect(self._path)
        except OSError:
            connected.close()
            raise
        self.sock = connected


def _connection_to(address: Address) -> http.client.HTTPConnection:
    if address.socket:
        return _UnixConnection(address.socket)
    return http.client.HTTPConnection("127.0.0.1", address.port, timeout=_TIMEOUT_S)


def _check_broker(connection: http.client.HTTPConnection, token: str) -> None:
    if not knows_token(connection, token):
        raise ConnectionRefusedError  # another process has the port by now


def _is_quiet(connection: http.client.HTTPConnection) -> bool:
    """Tell whether a kept connection is open: a closed one is readable, with nothing in it."""
    if connection.sock is None:
        return False
    readable, _, _ = select.select([connection.sock], [], [], 0)
    return not readable


def _checked(status: int, data: bytes) -> Any:
    try:
        document = json.loads(data)
    except ValueError:
        document = None
    if status >= 400:
        raise error_from(document)
    return document


def _lost(error: Exception) -> StorageError:
    return StorageError(
        f"The vault stopped while answering ({type(error).__name__}).",
        "Ask again: what was confirmed is kept.",
    )
