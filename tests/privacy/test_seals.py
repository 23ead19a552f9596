"""Seals: a value opens in its place, under its key, unchanged; everything else is one refusal."""

import itertools
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.errors import InputError, SealError
from stsbench.privacy.seals import (
    KeyUse,
    RowContext,
    derive_commitment,
    derive_subkey,
    keyed_digest,
    new_patient_key,
    new_root_key,
    open_row,
    refusal,
    seal_row,
    unwrap_patient_key,
    wrap_patient_key,
)

KEY = bytes(range(32))
ROOT = bytes(range(64))
PLACE = RowContext(table="patients", version=3, row_id="r1", patient_id="p1", column="name")

OTHER_PLACES = {
    "table": {"table": "orders"},
    "version before": {"version": 2},
    "version after": {"version": 4},
    "row": {"row_id": "r2"},
    "patient": {"patient_id": "p2"},
    "column": {"column": "gender"},
    "no patient": {"patient_id": ""},
}


def message(error: pytest.ExceptionInfo[SealError]) -> str:
    return str(error.value)


@given(plaintext=st.binary(max_size=300))
@settings(deadline=None, max_examples=25)
def test_a_value_comes_back_from_its_place(plaintext):
    assert open_row(KEY, seal_row(KEY, plaintext, PLACE), PLACE) == plaintext


def test_sealing_twice_gives_two_nonces():
    nonces = {seal_row(KEY, b"Zora", PLACE)[:12] for _ in range(2000)}
    assert len(nonces) == 2000


def test_a_sealed_value_is_nonce_gcm_and_the_encoded_place():
    sealed = seal_row(KEY, b"Zora", PLACE)
    cipher = AESGCM(derive_subkey(KEY, KeyUse.ROW))
    assert cipher.decrypt(sealed[:12], sealed[12:], PLACE.encoded()) == b"Zora"
    assert len(sealed) == 12 + 4 + 16


@pytest.mark.parametrize("change", OTHER_PLACES.values(), ids=OTHER_PLACES)
def test_a_value_moved_to_another_place_does_not_open(change):
    sealed = seal_row(KEY, b"Zora", PLACE)
    with pytest.raises(SealError) as caught:
        open_row(KEY, sealed, replace(PLACE, **change))
    assert message(caught) == str(refusal())


def test_every_changed_bit_is_found():
    sealed = seal_row(KEY, b"Zora", PLACE)
    for place, bit in itertools.product(range(len(sealed)), range(8)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << bit
        with pytest.raises(SealError):
            open_row(KEY, bytes(changed), PLACE)


def test_every_shorter_or_longer_value_is_found():
    sealed = seal_row(KEY, b"Zora", PLACE)
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            open_row(KEY, sealed[:length], PLACE)
    with pytest.raises(SealError):
        open_row(KEY, sealed + b"\0", PLACE)


def test_another_key_does_not_open_and_says_the_same():
    sealed = seal_row(KEY, b"Zora", PLACE)
    with pytest.raises(SealError) as wrong_key:
        open_row(KEY[::-1], sealed, PLACE)
    with pytest.raises(SealError) as cut:
        open_row(KEY, sealed[:5], PLACE)
    assert message(wrong_key) == message(cut)
    assert "Zora" not in message(cut)


texts = st.text(alphabet="a|\0", max_size=3)  # few letters: near misses are frequent
places = st.builds(
    RowContext,
    table=texts,
    version=st.integers(0, 3),
    row_id=texts,
    patient_id=texts,
    column=texts,
)


@given(one=places, other=places)
@settings(deadline=None, max_examples=100)
def test_no_two_places_are_encoded_alike(one, other):
    assert (one == other) == (one.encoded() == other.encoded())


def test_fields_cannot_run_into_each_other():
    one = RowContext("ab", 0, "c", "d", "e")
    other = RowContext("a", 0, "bc", "d", "e")
    assert one.encoded() != other.encoded()
    for mark in ("|", "\0", "/"):
        one = RowContext("t", 0, f"a{mark}b", "c", "d")
        other = RowContext("t", 0, "a", f"b{mark}c", "d")
        assert one.encoded() != other.encoded()


def test_sub_keys_differ_by_use_and_by_patient():
    keys = {derive_subkey(key, use) for key in (KEY, KEY[::-1]) for use in KeyUse}
    assert len(keys) == 2 * len(KeyUse)
    assert {len(key) for key in keys} == {32}
    assert KEY not in keys


def test_a_commitment_depends_on_key_and_object():
    commitments = {derive_commitment(key, one) for key in (KEY, KEY[::-1]) for one in (b"1", b"2")}
    assert len(commitments) == 4


def test_a_keyed_digest_does_not_link_equal_content_of_two_patients():
    assert keyed_digest(derive_subkey(KEY, KeyUse.DIGEST), b"scan") != keyed_digest(
        derive_subkey(KEY[::-1], KeyUse.DIGEST), b"scan"
    )


def test_a_patient_key_comes_back_from_its_wrap():
    wrapped = wrap_patient_key(ROOT, KEY, patient_id="p1", generation=1)
    assert unwrap_patient_key(ROOT, wrapped, patient_id="p1", generation=1) == KEY
    # AES-SIV has no nonce: the same wrap each time, and no pair of wraps can share one by accident.
    assert wrapped == wrap_patient_key(ROOT, KEY, patient_id="p1", generation=1)


MOVED = {
    "to another patient": {"patient_id": "p2"},
    "to another generation": {"generation": 2},
    "under another root key": {"root_key": ROOT[::-1]},
}


@pytest.mark.parametrize("change", MOVED.values(), ids=MOVED)
def test_a_moved_wrap_does_not_open(change):
    wrapped = wrap_patient_key(ROOT, KEY, patient_id="p1", generation=1)
    asked = {"root_key": ROOT, "patient_id": "p1", "generation": 1} | change
    with pytest.raises(SealError):
        unwrap_patient_key(asked.pop("root_key"), wrapped, **asked)


def test_every_changed_byte_of_a_wrap_is_found():
    wrapped = wrap_patient_key(ROOT, KEY, patient_id="p1", generation=1)
    spoilt = [wrapped[:i] + bytes([wrapped[i] ^ 1]) + wrapped[i + 1 :] for i in range(len(wrapped))]
    for bad in [*spoilt, b"", wrapped[:-1], wrapped + b"\0"]:
        with pytest.raises(SealError):
            unwrap_patient_key(ROOT, bad, patient_id="p1", generation=1)


def test_destroying_a_generation_leaves_wraps_unreadable_and_rewrapped_ones_alive():
    # What erasure does: survivors are wrapped anew, the old generation goes, old backups are dead.
    next_root = ROOT[::-1]
    backup = wrap_patient_key(ROOT, KEY, patient_id="victim", generation=1)
    survivor = wrap_patient_key(next_root, KEY, patient_id="survivor", generation=2)
    assert unwrap_patient_key(next_root, survivor, patient_id="survivor", generation=2) == KEY
    for generation in (1, 2):
        with pytest.raises(SealError):
            unwrap_patient_key(next_root, backup, patient_id="victim", generation=generation)


def test_new_keys_are_random_and_long_enough():
    assert (
        len({new_patient_key() for _ in range(100)} | {new_root_key() for _ in range(100)}) == 200
    )
    assert (len(new_patient_key()), len(new_root_key())) == (32, 64)


REFUSED = {
    "short patient key": lambda: derive_subkey(b"k", KeyUse.ROW),
    "long patient key": lambda: seal_row(b"k" * 64, b"", PLACE),
    "short root key": lambda: wrap_patient_key(KEY, KEY, patient_id="p", generation=0),
    "negative generation": lambda: wrap_patient_key(ROOT, KEY, patient_id="p", generation=-1),
    "negative version": lambda: replace(PLACE, version=-1).encoded(),
    "a row of 17 MB": lambda: seal_row(KEY, bytes(17 << 20), PLACE),
    "an unknown use": lambda: derive_subkey(KEY, "print"),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_wrong_keys_and_sizes_are_refused(call):
    with pytest.raises(ValueError, match=r"\S") as caught:
        call()
    assert KEY.hex() not in str(caught.value)
    assert isinstance(caught.value, InputError) or "print" in str(caught.value)
