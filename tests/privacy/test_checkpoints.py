"""Checkpoints: one spelling, one signer, and a published vector from another implementation."""

import base64

import pytest

from stsbench.errors import InputError, SealError
from stsbench.privacy.audit_tree import Frontier, leaf_hash
from stsbench.privacy.checkpoints import (
    Checkpoint,
    checkpoint_of,
    key_hash,
    new_signing_key,
    open_checkpoint,
    open_note,
    public_key_of,
    sign_checkpoint,
    sign_note,
)

ORIGIN = "stsbench.local/vault/3f2a"
SEED = bytes(range(32))
PUBLIC = public_key_of(SEED)
FRONTIER = Frontier().append(leaf_hash(b"one"), leaf_hash(b"two"))
AT = "2026-11-22T15:04:05Z"
NOTE = sign_checkpoint(checkpoint_of(FRONTIER, origin=ORIGIN, at=AT), signing_key=SEED)

# From the documentation of Go's golang.org/x/mod/sumdb/note.
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SIGNATURE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot"
    "pRZb6KE6RyyBwJnAM=\n"
)


def opened(note: str, *, origin: str = ORIGIN, keys: tuple[bytes, ...] = (PUBLIC,)) -> Checkpoint:
    return open_checkpoint(note, origin=origin, public_keys=keys)


def test_a_note_signed_by_another_implementation_verifies():
    name, hashed, encoded = GO_KEY.split("+", 2)
    public = base64.b64decode(encoded)[1:]
    assert key_hash(name, public).hex() == hashed
    keys = {(name, key_hash(name, public)): public}
    assert open_note(GO_TEXT + "\n" + GO_SIGNATURE, keys=keys) == GO_TEXT
    with pytest.raises(SealError):
        open_note(GO_TEXT.replace("answer", "cause") + "\n" + GO_SIGNATURE, keys=keys)


def test_ed25519_is_the_one_of_the_rfc():
    # RFC 8032, section 7.1, test 1.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert public_key_of(seed).hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )


def test_a_checkpoint_is_text_that_fits_on_a_label():
    root = base64.b64encode(FRONTIER.root).decode()
    text, signature = NOTE.split("\n\n")
    assert text == f"{ORIGIN}\n2\n{root}\nat {AT}"
    assert signature.startswith(f"\u2014 {ORIGIN} ")
    assert signature.endswith("\n")


def test_a_checkpoint_comes_back():
    assert opened(NOTE) == Checkpoint(ORIGIN, 2, FRONTIER.root, (f"at {AT}",))
    assert Checkpoint.parse(opened(NOTE).text) == opened(NOTE)
    assert (
        opened(sign_checkpoint(checkpoint_of(Frontier(), origin=ORIGIN), signing_key=SEED)).size
        == 0
    )


def test_a_root_has_one_spelling():
    # The last two bits before the padding carry nothing; only zero is accepted.
    text = Checkpoint(ORIGIN, 1, bytes(32)).text
    assert "A=\n" in text
    assert Checkpoint.parse(text).root == bytes(32)
    with pytest.raises(InputError):
        Checkpoint.parse(text.replace("A=\n", "B=\n"))


def test_a_line_of_a_witness_is_left_alone():
    other = new_signing_key()
    witness = sign_note(opened(NOTE).text, name="witness.example", signing_key=other)
    both = NOTE + witness.split("\n\n")[1]
    assert opened(both) == opened(NOTE)
    assert opened(both.replace(NOTE.split("\n\n")[1], "") + NOTE.split("\n\n")[1]) == opened(NOTE)


def test_an_older_key_of_the_log_still_verifies():
    old = new_signing_key()
    note = sign_checkpoint(checkpoint_of(FRONTIER, origin=ORIGIN), signing_key=old)
    assert opened(note, keys=(PUBLIC, public_key_of(old))).size == 2
    with pytest.raises(SealError):
        opened(note)


def forged(old: str, new: str) -> str:
    assert old in NOTE
    return NOTE.replace(old, new, 1)


LINE = NOTE.split("\n\n")[1]
FORGED = {
    "size": forged("\n2\n", "\n3\n"),
    "size with a zero before it": forged("\n2\n", "\n02\n"),
    "root": forged(base64.b64encode(FRONTIER.root).decode()[:4], "AAAA"),
    "time": forged("15:04", "15:05"),
    "origin": forged("3f2a", "3f2b"),
    "line added": forged("\nat", "\nor\nat"),
    "line removed": forged(f"\nat {AT}", ""),
    "no signature": NOTE.split("\n\n")[0] + "\n\n",
    "no divider": NOTE.replace("\n\n", "\n"),
    "signature cut": NOTE[:-20] + "\n",
    "no last newline": NOTE[:-1],
    "carriage returns": NOTE.replace("\n", "\r\n"),
    "a hyphen for the dash": NOTE.replace("\u2014", "-"),
    "garbage for base64": NOTE.replace(LINE, f"\u2014 {ORIGIN} ????\n"),
    "signature of nothing": NOTE.replace(LINE, f"\u2014 {ORIGIN} AAAA\n"),
    "a second, wrong signature": NOTE
    + sign_note("x\n", name=ORIGIN, signing_key=SEED).split("\n\n")[1],
    "empty": "",
    "newlines": "\n\n\n\n",
    "a lone surrogate": forged("3f2a", "3f\ud8002a"),
    "a megabyte": "x" * 1_000_000 + NOTE,
}


@pytest.mark.parametrize("note", FORGED.values(), ids=FORGED)
def test_a_changed_checkpoint_does_not_verify(note):
    with pytest.raises(SealError) as caught:
        opened(note)
    assert caught.value.remedy


def test_every_changed_symbol_is_found():
    for place, symbol in enumerate(NOTE):
        with pytest.raises(SealError):
            opened(NOTE[:place] + ("A" if symbol != "A" else "B") + NOTE[place + 1 :])


def test_a_checkpoint_of_another_log_does_not_pass():
    note = sign_checkpoint(checkpoint_of(FRONTIER, origin="another.log"), signing_key=SEED)
    with pytest.raises(SealError):
        opened(note)
    relabelled = sign_note(
        Checkpoint("another.log", 2, FRONTIER.root).text, name=ORIGIN, signing_key=SEED
    )
    with pytest.raises(SealError):
        opened(relabelled)


def test_a_signed_text_that_is_no_checkpoint_does_not_pass():
    for text in ("hello\n", f"{ORIGIN}\n2\n", f"{ORIGIN}\n2\n!!!!\n", f"{ORIGIN}\n2\nAAAA\n"):
        with pytest.raises(SealError):
            opened(sign_note(text, name=ORIGIN, signing_key=SEED))


REFUSED = {
    "origin with a space": lambda: Checkpoint("my log", 1, bytes(32)),
    "origin with a plus": lambda: Checkpoint("my+log", 1, bytes(32)),
    "origin with a newline": lambda: Checkpoint("my\nlog", 1, bytes(32)),
    "negative size": lambda: Checkpoint(ORIGIN, -1, bytes(32)),
    "short root": lambda: Checkpoint(ORIGIN, 1, bytes(31)),
    "empty line": lambda: Checkpoint(ORIGIN, 1, bytes(32), ("",)),
    "a line break in a line": lambda: Checkpoint(ORIGIN, 1, bytes(32), ("a\nb",)),
    "short signing key": lambda: sign_note("x\n", name=ORIGIN, signing_key=b"k"),
    "text without newline": lambda: sign_note("x", name=ORIGIN, signing_key=SEED),
    "a name with a space": lambda: sign_note("x\n", name="a b", signing_key=SEED),
    "no checkpoint": lambda: Checkpoint.parse("Zora"),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_the_text_cannot_hold_is_refused(call):
    with pytest.raises(InputError) as caught:
        call()
    assert "Zora" not in str(caught.value)
