"""Sealed objects, format STSE version 1: scans, models and reports at rest.

    offset 0  magic "STSE" | version 1 | suite 1 | log2 of the segment size | 0
           8  object id, 16 bytes
          24  id of the patient key, 16 bytes
          40  kind, 16 bytes of ASCII, padded with zeros
          56  revision, 8 bytes big-endian
          64  key commitment, 32 bytes
          96  32 zero bytes
         128  body: Tink AES256-GCM-HKDF streaming (`segments`), this header as associated data

Rules kept here:
- The 128 bytes are authenticated as a whole: a body under another header does not open.
- Whoever opens an object says which one, of which kind and revision, under which key, is expected;
  an object put in another's place, or an older one put back, does not open.
- The key commitment is compared before anything is decrypted.
- No hash of the content and no name stands in the clear.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from stsbench.errors import InputError
from stsbench.privacy import segments
from stsbench.privacy.seals import KeyUse, derive_commitment, derive_subkey, refusal
from stsbench.privacy.segments import Buffer

__all__ = [
    "HEADER_BYTES",
    "SealedObject",
    "StreamHeader",
    "read_header",
    "seal_object",
    "seal_object_parts",
    "sealed_size",
]

HEADER_BYTES = 128
MAGIC = b"STSE"
VERSION = 1
AES256_GCM_HKDF = 1  # the only suite so far

_ID_BYTES = 16
_KIND_BYTES = 16
_COMMITMENT = slice(64, 96)


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What a sealed object says about itself in the clear.

    Parameters
    ----------
    object_id : bytes
        16 random bytes.
    key_id : bytes
        16 random bytes that name the patient key in the key store; they say nothing else.
    kind : str
        1 to 16 characters a-z and underscore, such as "scan" or "repair_report".
    revision : int
        Counts up when an object is replaced under its id.
    log2_segment : int
        12 to 24; 16 for segments of 64 KiB.
    """

    object_id: bytes
    key_id: bytes
    kind: str
    revision: int = 0
    log2_segment: int = 16

    def __post_init__(self) -> None:
        if len(self.object_id) != _ID_BYTES or len(self.key_id) != _ID_BYTES:
            raise InputError(
                f"Ids of {len(self.object_id)} and {len(self.key_id)} bytes name no object.",
                "Pass 16 bytes each.",
            )
        letters = self.kind.replace("_", "a")
        if not (letters.isascii() and letters.isalpha() and letters.islower()):
            raise InputError("An object's kind is no word.", "Use a-z and underscores.")
        if len(self.kind) > _KIND_BYTES:
            raise InputError(f"A kind of {len(self.kind)} letters is too long.", "Use up to 16.")
        if not 0 <= self.revision < 1 << 64 or not 12 <= self.log2_segment <= 24:
            raise InputError(
                f"Revision {self.revision} or segment size 2^{self.log2_segment} is out of range.",
                "Count revisions from 0 and use 2^16.",
            )

    def encoded(self, patient_key: bytes) -> bytes:
        """Return the 128 bytes, with the commitment to this key."""
        fields = [
            MAGIC,
            bytes([VERSION, AES256_GCM_HKDF, self.log2_segment, 0]),
            self.object_id,
            self.key_id,
            self.kind.encode().ljust(_KIND_BYTES, b"\0"),
            self.revision.to_bytes(8, "big"),
            derive_commitment(patient_key, self.object_id),
        ]
        return b"".join(fields).ljust(HEADER_BYTES, b"\0")


def read_header(sealed: Buffer) -> StreamHeader:
    """Read the header of a sealed object without any key; nothing in it is proven yet.

    Raises
    ------
    SealError
        These bytes are no STSE version 1 object.
    """
    raw = bytes(memoryview(sealed).cast("B")[:HEADER_BYTES])
    if len(raw) != HEADER_BYTES or raw[:6] != MAGIC + bytes([VERSION, AES256_GCM_HKDF]):
        raise refusal()
    try:
        return StreamHeader(
            object_id=raw[8:24],
            key_id=raw[24:40],
            kind=raw[40:56].rstrip(b"\0").decode("ascii"),
            revision=int.from_bytes(raw[56:64], "big"),
            log2_segment=raw[6],
        )
    except (InputError, UnicodeDecodeError):
        raise refusal() from None


def sealed_size(plain_size: int, *, log2_segment: int = 16) -> int:
    """Return the size of a sealed object in bytes."""
    return HEADER_BYTES + segments.sealed_length(plain_size, 1 << log2_segment)


def seal_object_parts(data: Buffer, *, patient_key: bytes, header: StreamHeader) -> Iterator[bytes]:
    """Yield a sealed object piece by piece, ready to be written; see `seal_object`."""
    raw = header.encoded(patient_key)
    yield raw
    yield from segments.seal_segments(
        derive_subkey(patient_key, KeyUse.FILE),
        data,
        associated_data=raw,
        segment_bytes=1 << header.log2_segment,
    )


def seal_object(data: Buffer, *, patient_key: bytes, header: StreamHeader) -> bytearray:
    """Seal one object in memory.

    Parameters
    ----------
    data : buffer
    patient_key : bytes
        32 bytes; file sub-key and commitment are derived here.
    header : StreamHeader

    Returns
    -------
    bytearray
        `sealed_size(len(data))` bytes.
    """
    plain_size = memoryview(data).nbytes
    sealed = bytearray(sealed_size(plain_size, log2_segment=header.log2_segment))
    filled = 0
    for part in seal_object_parts(data, patient_key=patient_key, header=header):
        sealed[filled : filled + len(part)] = part
        filled += len(part)
    return sealed


class SealedObject:
    """An opened sealed object: its length is proven, its content is decrypted on reading.

    Parameters
    ----------
    sealed : buffer
        The whole object, in memory or mapped from a file.
    patient_key : bytes
        32 bytes.
    expected : StreamHeader
        What the caller asked the store for.

    Raises
    ------
    SealError
        Another object, kind, revision or key, or changed bytes; it does not say which.
    """

    def __init__(self, sealed: Buffer, *, patient_key: bytes, expected: StreamHeader) -> None:
        view = memoryview(sealed).cast("B")
        raw = bytes(view[:HEADER_BYTES])
        # One comparison for every field, the reserved bytes and the commitment.
        if not hmac.compare_digest(raw, expected.encoded(patient_key)):
            raise refusal()
        self._reader = segments.SegmentReader(
            derive_subkey(patient_key, KeyUse.FILE),
            view[HEADER_BYTES:],
            associated_data=raw,
            segment_bytes=1 << expected.log2_segment,
        )

    @property
    def length(self) -> int:
        """Bytes of the content."""
        return self._reader.length

    def decrypt_into(self, target: bytearray | memoryview) -> int:
        """Decrypt the content into one buffer of at least `length` bytes; return `length`."""
        return self._reader.decrypt_into(target)

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`, opening only the segments they lie in."""
        return self._reader.read_at(offset, count)

    def content(self) -> bytearray:
        """Return the whole content in one new buffer."""
        target = bytearray(self.length)
        self.decrypt_into(target)
        return target
