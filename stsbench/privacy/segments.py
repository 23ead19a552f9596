"""Tink's AES256-GCM-HKDF streaming wire format: any length, random access, truncation shows.

    1 byte 40 | 32 bytes salt | 7 bytes nonce prefix | segment 0 | segment 1 | ... | last segment

Rules kept here:
- The key of a body is HKDF-SHA-256(key, salt, associated data); a salt is never used twice.
- A segment's nonce is prefix | big-endian counter | 1 for the last one. So a segment that is cut,
  moved, doubled or taken from another body does not open.
- The last segment is opened first: a length that is not authenticated is never believed.
- Bytes are byte for byte those of Tink (`tests/privacy/tink_vectors.json`, made by Tink itself).

References
----------
Tink wire format, "AES-GCM-HKDF streaming AEAD". Hoang et al., "Online authenticated-encryption and
its nonce-reuse misuse-resistance", CRYPTO 2015 (the STREAM construction).
"""

import secrets
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stsbench.errors import InputError
from stsbench.privacy.seals import refusal

__all__ = ["Buffer", "SegmentReader", "seal_segments", "sealed_length"]

Buffer = bytes | bytearray | memoryview

SALT_BYTES = 32
PREFIX_BYTES = 7
HEADER_BYTES = 1 + SALT_BYTES + PREFIX_BYTES
TAG_BYTES = 16


def sealed_length(plain_length: int, segment_bytes: int) -> int:
    """Return how many bytes a body of `plain_length` bytes has once sealed."""
    return HEADER_BYTES + plain_length + TAG_BYTES * _count(plain_length, segment_bytes)


def seal_segments(
    key: bytes,
    data: Buffer,
    *,
    associated_data: bytes,
    segment_bytes: int,
    salt: bytes | None = None,
    nonce_prefix: bytes | None = None,
) -> Iterator[bytes]:
    """Yield the body of `data`: its header, then one sealed segment after the other.

    Parameters
    ----------
    key : bytes
        32 bytes.
    data : buffer
    associated_data : bytes
        Goes into the key derivation; whoever opens the body must know it.
    segment_bytes : int
        Size of a sealed segment, at least 128; the first one includes the header.
    salt, nonce_prefix : bytes, optional
        32 and 7 random bytes. Given only to repeat a published vector.
    """
    _check_segment(segment_bytes)
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    prefix = secrets.token_bytes(PREFIX_BYTES) if nonce_prefix is None else nonce_prefix
    cipher = _cipher(key, salt, associated_data)
    view = memoryview(data).cast("B")
    last = _count(len(view), segment_bytes) - 1
    yield bytes([HEADER_BYTES]) + salt + prefix
    for index in range(last + 1):
        start = _plain_start(index, segment_bytes)
        stop = len(view) if index == last else _plain_start(index + 1, segment_bytes)
        yield cipher.encrypt(_nonce(prefix, index, index == last), view[start:stop], None)


class SegmentReader:
    """Opens a sealed body held in memory or in a mapped file.

    Parameters
    ----------
    key : bytes
        32 bytes.
    body : buffer
        As `seal_segments` yields it, joined.
    associated_data : bytes
    segment_bytes : int

    Raises
    ------
    SealError
        Another key or context, or a body that was cut, extended or changed at its end. A change
        elsewhere is found when its segment is read.
    """

    def __init__(
        self, key: bytes, body: Buffer, *, associated_data: bytes, segment_bytes: int
    ) -> None:
        _check_segment(segment_bytes)
        self._body = memoryview(body).cast("B").toreadonly()
        self._segment = segment_bytes
        total = len(self._body)
        self._count = max(1, -(-total // segment_bytes))
        self.length = total - HEADER_BYTES - TAG_BYTES * self._count
        if (
            total < HEADER_BYTES + TAG_BYTES
            or self._body[0] != HEADER_BYTES
            or self._count > 1 << 32
        ):
            raise refusal()
        self._prefix = bytes(self._body[1 + SALT_BYTES : HEADER_BYTES])
        self._cipher = _cipher(key, bytes(self._body[1 : 1 + SALT_BYTES]), associated_data)
        self._open_segment(self._count - 1)

    def decrypt_into(self, target: bytearray | memoryview) -> int:
        """Decrypt everything into one buffer and return the length written.

        Parameters
        ----------
        target : writable buffer
            At least `length` bytes. After a SealError its content is to be thrown away.

        Raises
        ------
        SealError
            Any segment was changed.
        """
        view = memoryview(target).cast("B")
        if len(view) < self.length:
            raise InputError(
                f"The buffer has {len(view)} bytes for {self.length}.", "Pass a larger one."
            )
        for index in range(self._count):
            start, stop = self._plain_range(index)
            try:
                self._cipher.decrypt_into(
                    _nonce(self._prefix, index, index == self._count - 1),
                    self._sealed_segment(index),
                    None,
                    view[start:stop],
                )
            except InvalidTag:
                raise refusal() from None
        return self.length

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`; only the segments they lie in are opened."""
        if offset < 0 or count < 0:
            raise InputError(f"Reading {count} bytes at {offset}.", "Count from 0.")
        count = min(count, self.length - offset)
        if count <= 0:
            return b""
        first = _segment_of(offset, self._segment)
        last = _segment_of(offset + count - 1, self._segment)
        opened = b"".join(self._open_segment(index) for index in range(first, last + 1))
        skip = offset - self._plain_range(first)[0]
        return opened[skip : skip + count]

    def _plain_range(self, index: int) -> tuple[int, int]:
        last = index == self._count - 1
        stop = self.length if last else _plain_start(index + 1, self._segment)
        return _plain_start(index, self._segment), stop

    def _sealed_segment(self, index: int) -> memoryview:
        start = index * self._segment if index else HEADER_BYTES
        return self._body[start : (index + 1) * self._segment]

    def _open_segment(self, index: int) -> bytes:
        nonce = _nonce(self._prefix, index, index == self._count - 1)
        try:
            return self._cipher.decrypt(nonce, self._sealed_segment(index), None)
        except InvalidTag:
            raise refusal() from None


def _cipher(key: bytes, salt: bytes, associated_data: bytes) -> AESGCM:
    if len(key) != 32:
        raise InputError(f"A stream key has {len(key)} bytes.", "Pass 32.")
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=associated_data)
    return AESGCM(derivation.derive(key))


def _nonce(prefix: bytes, index: int, last: bool) -> bytes:
    return prefix + index.to_bytes(4, "big") + (b"\1" if last else b"\0")


def _plain_start(index: int, segment_bytes: int) -> int:
    """Offset in the plaintext where a segment starts; the first is shorter by the header."""
    return index * (segment_bytes - TAG_BYTES) - (HEADER_BYTES if index else 0)


def _segment_of(offset: int, segment_bytes: int) -> int:
    return (offset + HEADER_BYTES) // (segment_bytes - TAG_BYTES)


def _count(plain_length: int, segment_bytes: int) -> int:
    """Segments of a body: at least one, and the last is empty only when everything is."""
    return max(1, -(-(plain_length + HEADER_BYTES) // (segment_bytes - TAG_BYTES)))


def _check_segment(segment_bytes: int) -> None:
    if segment_bytes < 128:
        raise InputError(f"Segments of {segment_bytes} bytes are too short.", "Use 65536.")
