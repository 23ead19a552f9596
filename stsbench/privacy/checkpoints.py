"""Signed checkpoints: what the audit log looked like when its root was signed.

    stsbench.local/vault/3f2a           origin: which log
    4711                                entries
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB...  root, base64
    at 2026-11-22T15:04:05Z             further lines, optional

    — stsbench.local/vault/3f2a Az3grl...   key name, then base64 of key hash and signature

Rules kept here:
- A checkpoint is text that fits on a label: it can be mailed, printed or pasted elsewhere. Whoever
  holds one outside the vault is a witness.
- One signature of a known key must verify; lines of unknown keys (witnesses) are left alone.
- A signature shows who signed, not when: the time line is the signer's word.

References
----------
C2SP tlog-checkpoint and signed-note (c2sp.org); RFC 8032 (Ed25519).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from stsbench.errors import InputError, SealError
from stsbench.privacy.audit_tree import Frontier

__all__ = [
    "Checkpoint",
    "checkpoint_of",
    "key_hash",
    "new_signing_key",
    "open_checkpoint",
    "open_note",
    "public_key_of",
    "sign_checkpoint",
    "sign_note",
]

_ED25519 = b"\x01"
_DASH = "\u2014 "  # every signature line starts with an em dash and a space
_ORIGIN = re.compile(r"[!-*,-~]{1,200}", re.ASCII)  # visible ASCII without "+"
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_EXTENSION = re.compile(r"[ -~]{1,200}", re.ASCII)
_LARGEST_NOTE = 64 << 10


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Size and root of a log at one moment.

    Parameters
    ----------
    origin : str
        Names the log; visible ASCII without spaces and "+".
    size : int
        Entries.
    root : bytes
        32 bytes.
    extensions : tuple of str
        Further lines, such as "at 2026-11-22T15:04:05Z".

    Raises
    ------
    InputError
        A field that the text form cannot hold.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _ORIGIN.fullmatch(self.origin):
            raise InputError("A log has no usable origin.", "Use letters, digits, dots, slashes.")
        if not 0 <= self.size < 1 << 63 or len(self.root) != 32:
            raise InputError(
                f"Size {self.size} with a root of {len(self.root)} bytes is no checkpoint.",
                "Pass a count and 32 bytes.",
            )
        if not all(_EXTENSION.fullmatch(line) for line in self.extensions):
            raise InputError("A checkpoint line is empty or not ASCII.", "Use one short line.")

    @property
    def text(self) -> str:
        """The signed text, ending in a newline."""
        root = base64.b64encode(self.root).decode()
        return "\n".join([self.origin, str(self.size), root, *self.extensions, ""])

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the signed text.

        Raises
        ------
        InputError
            Another form; one spelling only is accepted.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not _SIZE.fullmatch(lines[1]):
            raise InputError("This is no checkpoint.", "Paste it whole, with its signature.")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except (binascii.Error, ValueError):
            raise InputError("A checkpoint's root is not base64.", "Paste it whole.") from None
        checkpoint = cls(lines[0], int(lines[1]), root, tuple(lines[3:-1]))
        if checkpoint.text != text:
            raise InputError("A checkpoint is not spelled as signed.", "Paste it unchanged.")
        return checkpoint


def checkpoint_of(frontier: Frontier, *, origin: str, at: str | None = None) -> Checkpoint:
    """Return the checkpoint of a log's present state; `at` is the caller's time, ISO 8601."""
    extensions = () if at is None else (f"at {at}",)
    return Checkpoint(origin, frontier.size, frontier.root, extensions)


def new_signing_key() -> bytes:
    """Return a random Ed25519 private key, 32 bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key_of(signing_key: bytes) -> bytes:
    """Return the 32 byte public key of a private one."""
    return _private(signing_key).public_key().public_bytes_raw()


def key_hash(name: str, public_key: bytes) -> bytes:
    """Return the 4 bytes that name a key in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def sign_checkpoint(checkpoint: Checkpoint, *, signing_key: bytes) -> str:
    """Return the checkpoint as a signed note; the key goes by the log's origin."""
    return sign_note(checkpoint.text, name=checkpoint.origin, signing_key=signing_key)


def open_checkpoint(note: str, *, origin: str, public_keys: Iterable[bytes]) -> Checkpoint:
    """Return what a signed checkpoint says, once one known key of the log verifies it.

    Parameters
    ----------
    note : str
    origin : str
        The log it must be of.
    public_keys : iterable of 32 bytes
        Keys this log has signed with, from outside the log.

    Raises
    ------
    SealError
        Another log, no known key, a wrong signature, or another form; it does not say which.
    """
    text = open_note(note, keys={(origin, key_hash(origin, key)): key for key in public_keys})
    try:
        checkpoint = Checkpoint.parse(text)
    except InputError:
        raise _refusal() from None
    if checkpoint.origin != origin:
        raise _refusal()
    return checkpoint


def sign_note(text: str, *, name: str, signing_key: bytes) -> str:
    """Sign any text as a C2SP note.

    Raises
    ------
    InputError
        The text does not end in a newline, or the name cannot stand in a signature line.
    """
    if not text.endswith("\n") or not _ORIGIN.fullmatch(name):
        raise InputError("This text cannot be signed as a note.", "End it with a newline.")
    private = _private(signing_key)
    blob = key_hash(name, private.public_key().public_bytes_raw()) + private.sign(text.encode())
    return f"{text}\n{_DASH}{name} {base64.b64encode(blob).decode()}\n"


def open_note(note: str, *, keys: Mapping[tuple[str, bytes], bytes]) -> str:
    """Return the text of a note once a signature of a known key verifies.

    Parameters
    ----------
    note : str
    keys : mapping of (name, key hash) to 32 byte public key

    Raises
    ------
    SealError
        No known key signed it, a known key's signature is wrong, or another form.
    """
    text, divider, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if len(note) > _LARGEST_NOTE or not divider or not text or lines[-1]:
        raise _refusal()
    signed = (text + "\n").encode(errors="surrogatepass")
    known = [_signature(line, keys) for line in lines[:-1]]
    verified = [_verifies(found, signed) for found in known if found is not None]
    if not verified or not all(verified):
        raise _refusal()
    return text + "\n"


def _signature(line: str, keys: Mapping[tuple[str, bytes], bytes]) -> tuple[bytes, bytes] | None:
    """Return the public key and signature of a line; None when its key is unknown."""
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise _refusal()
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _refusal() from None
    public_key = keys.get((name, blob[:4]))
    return None if public_key is None else (public_key, blob[4:])


def _verifies(found: tuple[bytes, bytes], signed: bytes) -> bool:
    public_key, signature = found
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private(signing_key: bytes) -> Ed25519PrivateKey:
    if len(signing_key) != 32:
        raise InputError(f"A signing key has {len(signing_key)} bytes.", "Pass 32.")
    return Ed25519PrivateKey.from_private_bytes(signing_key)


def _refusal() -> SealError:
    return SealError(
        "A checkpoint does not verify.",
        "Compare it with a copy kept outside the vault, and call the privacy officer.",
    )
