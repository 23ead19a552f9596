"""Sending the content of an open object: decrypted piece by piece, only while its lease is open.

Rules owned here:
- A piece is decrypted in a thread while the one before is being sent; no plain copy is kept.
- When the lease ends in the middle, or a piece does not open, the answer is cut short: the client
  sees fewer bytes than announced and asks why.
"""

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from stsbench.privacy.streams import SealedObject
from stsbench.vault.broker import Broker
from stsbench.vault.vault_store import header_of

__all__ = ["stream_lease"]

_PIECE = 1 << 20


def stream_lease(broker: Broker, lease_id: str) -> StreamingResponse:
    """Return the content of a lease's object as a response.

    Raises
    ------
    AccessRefusedError
        The lease is not open.
    SealError, StorageError
        The object does not open, or is not there.
    """
    lease = broker.leases.find(lease_id)
    key = broker.store.keys.case_key(lease.case.case_id)
    header = header_of(lease.case.case_id, lease.held.object_id, lease.held.kind)
    mapped = broker.store.objects.mapped(lease.held.object_id)
    sealed = SealedObject(mapped, patient_key=key, expected=header)

    async def pieces() -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        for offset in range(0, sealed.length, _PIECE):
            broker.leases.find(lease_id)
            yield await loop.run_in_executor(broker.workers, sealed.read_at, offset, _PIECE)

    return StreamingResponse(
        pieces(),
        media_type="application/octet-stream",
        headers={"content-length": str(sealed.length)},
    )
