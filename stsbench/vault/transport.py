"""The client's side of the socket: one HTTP connection pool, errors as stsbench errors.

Rules owned here:
- A connection that cannot be made starts the broker anew where that is allowed, then the request is
  sent once. A request whose answer was lost is sent again only if sending it twice is harmless.
- The broker's refusals come back as the errors they were.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from stsbench.errors import StorageError, StsbenchError
from stsbench.vault.launch import ensure_broker, wait_stopped
from stsbench.vault.runtime_folder import Address
from stsbench.vault.settings import VaultSettings
from stsbench.vault.wire import error_from

__all__ = ["Transport"]

_TIMEOUT = httpx.Timeout(600.0, connect=10.0)
_KEEP_ALIVE_S = 60.0  # shorter than the broker keeps an idle connection


class Transport:
    """Requests to the broker of one home.

    Parameters
    ----------
    settings : VaultSettings
    start : bool
        Start the broker when there is none.
    """

    def __init__(self, settings: VaultSettings, *, start: bool) -> None:
        self._settings = settings
        self._start = start
        self._http = self._connected()

    def call(
        self, method: str, path: str, body: Any = None, *, content: Any = None, again: bool = False
    ) -> Any:
        """Send a request and return its JSON.

        Parameters
        ----------
        method, path : str
        body : JSON value, optional
        content : bytes or iterable of bytes, optional
            Instead of a body.
        again : bool
            Whether it may be sent a second time when its answer was lost.

        Raises
        ------
        StsbenchError
            What the broker answered; StorageError when it cannot be reached.
        """
        for attempt in (1, 2):
            try:
                answer = self._http.request(method, path, json=body, content=content)
            except httpx.ConnectError:
                self._reconnect()
            except httpx.TransportError as error:
                if not again or attempt == 2:
                    raise _lost(error) from None
                self._reconnect()
            else:
                return _checked(answer)
        raise StorageError("The vault cannot be reached.", "Run stsbench vault doctor.")

    @contextlib.contextmanager
    def stream(self, path: str) -> Iterator[httpx.Response]:
        """Open a response whose bytes are read piece by piece."""
        try:
            with self._http.stream("GET", path) as answer:
                if answer.is_error:
                    answer.read()
                    _checked(answer)
                yield answer
        except httpx.TransportError as error:
            raise _lost(error) from None

    def wait_stopped(self) -> None:
        """Wait until the broker has ended."""
        self._http.close()
        wait_stopped(self._settings)

    def close(self) -> None:
        """Close the connections; the broker runs on."""
        self._http.close()

    def __enter__(self) -> "Transport":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _reconnect(self) -> None:
        self._http.close()
        self._http = self._connected()

    def _connected(self) -> httpx.Client:
        address = ensure_broker(self._settings, start=self._start)
        limits = httpx.Limits(keepalive_expiry=_KEEP_ALIVE_S)
        if address.socket:
            wire = httpx.HTTPTransport(uds=address.socket, limits=limits)
            return httpx.Client(
                transport=wire, base_url="http://vault", timeout=_TIMEOUT, trust_env=False
            )
        return httpx.Client(
            base_url=f"http://127.0.0.1:{address.port}",
            headers={"authorization": f"Bearer {_token(address)}"},
            limits=limits,
            timeout=_TIMEOUT,
            trust_env=False,
        )


def _token(address: Address) -> str:
    try:
        return Path(address.token_file).read_text(encoding="ascii")
    except OSError:
        raise StorageError(
            "The vault's token cannot be read.", "Run as the user whose vault it is."
        ) from None


def _checked(answer: httpx.Response) -> Any:
    try:
        document = answer.json()
    except ValueError:
        document = None
    if answer.is_error:
        raise error_from(document)
    return document


def _lost(error: httpx.TransportError) -> StsbenchError:
    return StorageError(
        f"The vault stopped while answering ({type(error).__name__}).",
        "Ask again: what was confirmed is kept.",
    )
