"""Around every request: the token, the body, and how an error leaves the broker.

Rules owned here:
- An error leaves as a problem and a remedy. An unexpected one is told by its type and line alone,
  because its text may quote a value; nothing is logged.
- Only the stsbench errors have texts of their own that may pass.
"""

import json
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stsbench.errors import (
    AccessRefusedError,
    AuditError,
    InputError,
    PrivacyError,
    StorageError,
    StsbenchError,
)
from stsbench.vault.broker import Broker
from stsbench.vault.peers import Peer, token_matches
from stsbench.vault.wire import error_document

__all__ = ["Handler", "actor_of", "guarded", "json_body", "peer_of"]

Handler = Callable[[Request], Awaitable[Response]]

_STATUS: tuple[tuple[type[StsbenchError], int], ...] = (
    (AccessRefusedError, 403),
    (AuditError, 507),
    (PrivacyError, 409),
    (InputError, 422),
    (StorageError, 503),
)


def guarded(handler: Handler, broker: Broker, token: str) -> Handler:
    """Return a handler that checks the token and turns every error into an answer."""

    async def answer(request: Request) -> Response:
        if token and not token_matches(request.scope["headers"], token):
            return Response(status_code=401)
        broker.touch()
        try:
            return await handler(request)
        except StsbenchError as error:
            return _refusal(error)
        except (KeyError, TypeError, ValueError) as error:
            if _is_ours(error):
                return _refusal(_unexpected(error))
            return _refusal(
                InputError("This request is incomplete.", "Use the client of stsbench.")
            )
        except Exception as error:  # noqa: BLE001 - its text may quote a value and must not pass
            return _refusal(_unexpected(error))

    return answer


async def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request.

    Raises
    ------
    InputError
        There is none.
    """
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise InputError("This request holds no JSON object.", "Use the client of stsbench.")
    return body


def peer_of(request: Request) -> Peer:
    """Return who the kernel said is connected."""
    peer = request.scope.get("state", {}).get("peer")
    return peer if isinstance(peer, Peer) else Peer()


def actor_of(request: Request) -> str:
    """Return who the kernel said is connected, as the audit log writes it."""
    user = peer_of(request).user
    return f"uid:{user}" if user >= 0 else "token"


def _refusal(error: StsbenchError) -> JSONResponse:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    return JSONResponse(error_document(error), status_code=status)


def _is_ours(error: Exception) -> bool:
    """Tell whether the error came from below, not from the handlers reading their body."""
    frames = traceback.extract_tb(error.__traceback__)
    return Path(frames[-1].filename).name not in {"routes.py", "answering.py"}


def _unexpected(error: Exception) -> StorageError:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "stsbench" in Path(frame.filename).parts] or frames
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "an unknown place"
    return StorageError(
        f"The vault met an unexpected error ({type(error).__name__} at {place}).",
        "Report this line; nothing was granted.",
    )
