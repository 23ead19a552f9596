"""Who is at the other end of a connection, asked of the kernel before a byte is read.

Rules owned here:
- On a Unix socket the peer's user decides, asked by both sides: the broker closes a stranger's
  connection unread, a client does not talk to a stranger's broker.
- On loopback, which has no users, a random token in a file for the owner alone decides. The broker
  shows that it knows the token before a client sends it: a port can be taken over.

References
----------
unix(7), SO_PEERCRED.
"""

import hmac
import platform
import socket
import struct
from dataclasses import dataclass

__all__ = ["Peer", "hello_proof", "peer_user", "token_matches"]

_UCRED = struct.Struct("3i")  # pid, uid, gid
_XUCRED = struct.Struct("IIh2xI")  # macOS sys/ucred.h: version, uid, group count, first group
_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end; user and process are -1 where the system doesn't tell."""

    user: int = -1
    process: int = -1


def peer_user(connection: socket.socket) -> Peer:
    """Ask the kernel who is connected.

    Raises
    ------
    OSError
        The socket is no Unix socket, or the system has no such call.
    """
    # Looked up by name: mypy takes sys.platform for a constant and calls the rest unreachable.
    linux = getattr(socket, "SO_PEERCRED", None)
    if linux is not None:
        raw = connection.getsockopt(socket.SOL_SOCKET, linux, _UCRED.size)
        process, user, _group = _UCRED.unpack(raw)
        return Peer(user, process)
    if platform.system() == "Darwin":  # not run here: no Mac was at hand
        raw = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)
        _version, user, _count, _group = _XUCRED.unpack_from(raw)
        return Peer(user)
    raise OSError("This system does not tell who is connected.")


def hello_proof(token: str, nonce: str) -> str:
    """Return what only a holder of the token can answer to a nonce."""
    return hmac.digest(token.encode(), b"stsbench/hello/v1\0" + nonce.encode(), "sha256").hex()


def token_matches(headers: list[tuple[bytes, bytes]], token: str) -> bool:
    """Compare the bearer token of a request in constant time."""
    given = next((value for name, value in headers if name == b"authorization"), b"")
    return hmac.compare_digest(given, b"Bearer " + token.encode())
