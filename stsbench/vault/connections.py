"""A uvicorn protocol that knows who is connected, and reads nothing from strangers.

Rules owned here:
- ASGI's scope carries no peer credentials: they are asked when the connection is made and travel in
  the request's state.

References
----------
ASGI HTTP specification 2.3, `scope["state"]`.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stsbench.vault.peers import Peer, peer_user

__all__ = ["peer_protocol"]


def peer_protocol(allowed_uids: frozenset[int]) -> type[HttpToolsProtocol]:
    """Return a uvicorn protocol that serves the processes of some users only."""

    class PeerProtocol(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            peer = self._find_peer(transport)
            if peer is None:
                transport.abort()
                return
            self.app_state = {**self.app_state, "peer": peer}

        def data_received(self, data: bytes) -> None:
            if "peer" in self.app_state:
                super().data_received(data)

        @staticmethod
        def _find_peer(transport: asyncio.Transport) -> Peer | None:
            connection: Any = transport.get_extra_info("socket")
            if connection is None or connection.family == socket.AF_INET:
                return Peer()
            try:
                peer = peer_user(connection)
            except OSError:
                return None
            return peer if peer.user in allowed_uids else None

    return PeerProtocol
