"""Sealing rows and wrapping patient keys.

Rules kept here:
- A sealed value opens only where it was sealed: table, version, row, patient and column are bound
  to it. A value moved to another row, column or patient does not open.
- Every patient has one random key. Use `derive_subkey` for a purpose, never the key itself.
- The patient key is wrapped under a root key generation; destroy the wrap and that generation, and
  everything sealed for the patient is unreadable.
- A SealError never says which check failed.

References
----------
NIST SP 800-38D (AES-GCM), RFC 5297 (AES-SIV), RFC 5869 (HKDF). Why these: docs/decisions/0002.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stsbench.errors import InputError, SealError

__all__ = [
    "PATIENT_KEY_BYTES",
    "ROOT_KEY_BYTES",
    "KeyUse",
    "RowContext",
    "derive_commitment",
    "derive_subkey",
    "keyed_digest",
    "new_patient_key",
    "new_root_key",
    "open_row",
    "refusal",
    "seal_row",
    "unwrap_patient_key",
    "wrap_patient_key",
]

PATIENT_KEY_BYTES = 32
ROOT_KEY_BYTES = 64  # AES-256-SIV takes two keys of 32
NONCE_BYTES = 12
TAG_BYTES = 16

_LARGEST_ROW = 16 << 20


class KeyUse(StrEnum):
    """What a sub-key is for; the word goes into HKDF, so uses cannot be swapped."""

    ROW = "row"
    FILE = "file"
    PSEUDONYM = "psn"
    COMMITMENT = "commit"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class RowContext:
    """Where a sealed value belongs.

    Parameters
    ----------
    table, column : str
    row_id : str
    patient_id : str
        The vault's internal id of the patient, or "" for rows of no patient.
    version : int
        Of the row: an older value put back does not open as the current one.
    """

    table: str
    version: int
    row_id: str
    patient_id: str
    column: str

    def encoded(self) -> bytes:
        """Return the bytes that are authenticated with the value; no two contexts share them."""
        if not 0 <= self.version < 1 << 64:
            raise InputError(f"Row version {self.version} is out of range.", "Count up from 0.")
        return _length_prefixed(
            [
                b"stsbench/row/v1",
                self.table.encode(),
                self.version.to_bytes(8, "big"),
                self.row_id.encode(),
                self.patient_id.encode(),
                self.column.encode(),
            ]
        )


def refusal() -> SealError:
    """Return the one error for whatever does not open; it names no check."""
    return SealError(
        "A sealed value does not open.",
        "Run stsbench vault doctor; restore it from a backup if the store was damaged.",
    )


def new_patient_key() -> bytes:
    """Return a random patient key, 32 bytes."""
    return secrets.token_bytes(PATIENT_KEY_BYTES)


def new_root_key() -> bytes:
    """Return a random root key, 64 bytes."""
    return secrets.token_bytes(ROOT_KEY_BYTES)


def derive_subkey(patient_key: bytes, use: KeyUse) -> bytes:
    """Return the 32 byte sub-key of a patient key for one use (HKDF-SHA-256)."""
    _check_length("patient key", patient_key, PATIENT_KEY_BYTES)
    return _hkdf(patient_key, b"stsbench/subkey/v1/" + KeyUse(use).value.encode())


def derive_commitment(patient_key: bytes, object_id: bytes) -> bytes:
    """Return 32 bytes that tie an object to one key, so that no second key can open it.

    AES-GCM alone does not commit: an attacker who chooses two keys can build one file that opens
    under both. The commitment stands in the object's header and is compared before decryption.

    References
    ----------
    Albertini et al., "How to abuse and fix authenticated encryption without key commitment",
    USENIX Security 2022.
    """
    return keyed_digest(derive_subkey(patient_key, KeyUse.COMMITMENT), object_id)


def keyed_digest(subkey: bytes, content: bytes | bytearray | memoryview) -> bytes:
    """Return HMAC-SHA-256 of some content: a plain hash in the store would link equal scans."""
    return hmac.digest(subkey, content, "sha256")


def seal_row(patient_key: bytes, plaintext: bytes, context: RowContext) -> bytes:
    """Seal one value for one place; nonce, ciphertext and tag in that order.

    Parameters
    ----------
    patient_key : bytes
        32 bytes; the row sub-key is derived here.
    plaintext : bytes
        At most 16 MiB; larger things are objects (`streams`).
    context : RowContext

    Raises
    ------
    InputError
        A key of another length or a value above the limit.
    """
    if len(plaintext) > _LARGEST_ROW:
        raise InputError(
            f"A row value has {len(plaintext)} bytes, more than {_LARGEST_ROW}.",
            "Store it as an object.",
        )
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = AESGCM(derive_subkey(patient_key, KeyUse.ROW))
    return nonce + cipher.encrypt(nonce, plaintext, context.encoded())


def open_row(patient_key: bytes, sealed: bytes, context: RowContext) -> bytes:
    """Open a value sealed by `seal_row` for the same place.

    Raises
    ------
    SealError
        Another key, another place, or changed bytes; it does not say which.
    """
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise refusal()
    cipher = AESGCM(derive_subkey(patient_key, KeyUse.ROW))
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encoded())
    except InvalidTag:
        raise refusal() from None


def wrap_patient_key(
    root_key: bytes, patient_key: bytes, *, patient_id: str, generation: int
) -> bytes:
    """Wrap a patient key under a root key generation (AES-SIV: no nonce to get wrong).

    Parameters
    ----------
    root_key : bytes
        64 bytes, of that generation.
    patient_key : bytes
        32 bytes.
    patient_id : str
        The vault's internal id; a wrap moved to another patient does not open.
    generation : int
        Of the root key; changes with every erasure epoch.
    """
    _check_length("patient key", patient_key, PATIENT_KEY_BYTES)
    return _root_cipher(root_key).encrypt(patient_key, _wrap_context(patient_id, generation))


def unwrap_patient_key(
    root_key: bytes, wrapped: bytes, *, patient_id: str, generation: int
) -> bytes:
    """Return a patient key from its wrap.

    Raises
    ------
    SealError
        Another root key, patient or generation, or changed bytes; it does not say which.
    """
    cipher = _root_cipher(root_key)
    if len(wrapped) != PATIENT_KEY_BYTES + TAG_BYTES:
        raise refusal()
    try:
        return cipher.decrypt(wrapped, _wrap_context(patient_id, generation))
    except InvalidTag:
        raise refusal() from None


def _root_cipher(root_key: bytes) -> AESSIV:
    _check_length("root key", root_key, ROOT_KEY_BYTES)
    return AESSIV(root_key)


def _wrap_context(patient_id: str, generation: int) -> list[bytes]:
    if not 0 <= generation < 1 << 32:
        raise InputError(f"Key generation {generation} is out of range.", "Count up from 0.")
    return [b"dek/v1", patient_id.encode(), generation.to_bytes(4, "big")]


def _hkdf(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(key)


def _length_prefixed(parts: Iterable[bytes]) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def _check_length(name: str, key: bytes, expected: int) -> None:
    if len(key) != expected:
        raise InputError(f"A {name} has {len(key)} bytes.", f"Pass {expected} random bytes.")
