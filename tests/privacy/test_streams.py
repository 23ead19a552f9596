"""Sealed objects: the header is bound, the key is committed to, nothing stands in the clear."""

from dataclasses import replace

import pytest

from stsbench.errors import InputError, SealError
from stsbench.privacy.seals import KeyUse, derive_commitment, derive_subkey
from stsbench.privacy.segments import seal_segments
from stsbench.privacy.streams import (
    HEADER_BYTES,
    SealedObject,
    StreamHeader,
    read_header,
    seal_object,
    seal_object_parts,
    sealed_size,
)

KEY = bytes(range(32))
HEADER = StreamHeader(
    object_id=bytes(range(16)), key_id=bytes(range(16, 32)), kind="scan", log2_segment=12
)
CONTENT = bytes(i * 7 & 255 for i in range(20_000))
SEALED = bytes(seal_object(CONTENT, patient_key=KEY, header=HEADER))


def opened(sealed: bytes, *, key: bytes = KEY, expected: StreamHeader = HEADER) -> bytes:
    return bytes(SealedObject(sealed, patient_key=key, expected=expected).content())


@pytest.mark.parametrize("size", [0, 1, 4040, 4096, 20_000])
@pytest.mark.parametrize("log2_segment", [12, 16])
def test_an_object_comes_back(size, log2_segment):
    header = replace(HEADER, log2_segment=log2_segment)
    sealed = seal_object(CONTENT[:size], patient_key=KEY, header=header)
    assert len(sealed) == sealed_size(size, log2_segment=log2_segment)
    assert opened(bytes(sealed), expected=header) == CONTENT[:size]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_can_be_sealed_and_opened(kind):
    sealed = seal_object(kind(CONTENT), patient_key=KEY, header=HEADER)
    assert opened(kind(bytes(sealed))) == CONTENT


def test_the_header_lies_where_the_format_says():
    assert SEALED[:8] == b"STSE\x01\x01\x0c\x00"
    assert SEALED[8:24] == HEADER.object_id
    assert SEALED[24:40] == HEADER.key_id
    assert SEALED[40:56] == b"scan".ljust(16, b"\0")
    assert SEALED[56:64] == bytes(8)
    assert SEALED[64:96] == derive_commitment(KEY, HEADER.object_id)
    assert SEALED[96:128] == bytes(32)
    assert SEALED[128] == 40  # Tink's own header begins


def test_the_parts_are_the_object():
    parts = list(seal_object_parts(CONTENT, patient_key=KEY, header=HEADER))
    assert opened(b"".join(parts)) == CONTENT
    assert len(parts[0]) == HEADER_BYTES
    assert max(map(len, parts)) <= 1 << HEADER.log2_segment


def test_the_header_can_be_read_without_a_key():
    revised = replace(HEADER, revision=7, kind="repair_report")
    assert read_header(seal_object(b"", patient_key=KEY, header=revised)) == revised


def test_part_of_an_object_can_be_read():
    sealed = SealedObject(SEALED, patient_key=KEY, expected=HEADER)
    assert sealed.length == len(CONTENT)
    assert sealed.read_at(4_000, 5_000) == CONTENT[4_000:9_000]
    target = bytearray(len(CONTENT))
    assert sealed.decrypt_into(target) == len(CONTENT)
    assert target == CONTENT


def test_no_piece_of_the_content_stands_in_the_clear():
    text = b"Zora Quintarelli " * 300
    sealed = bytes(seal_object(text, patient_key=KEY, header=HEADER))
    assert b"Zora" not in sealed
    assert b"Quin" not in sealed


OTHERS = {
    "object": {"object_id": bytes(16)},
    "patient key": {"key_id": bytes(16)},
    "kind": {"kind": "model"},
    "older revision": {"revision": 1},
    "segment size": {"log2_segment": 13},
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_an_object_in_anothers_place_does_not_open(change):
    with pytest.raises(SealError):
        opened(SEALED, expected=replace(HEADER, **change))


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_a_body_under_another_header_does_not_open(change):
    other = replace(HEADER, **change)
    moved = bytes(seal_object(CONTENT, patient_key=KEY, header=other))[:128] + SEALED[128:]
    with pytest.raises(SealError):
        opened(moved, expected=other)


def test_every_changed_byte_of_the_header_is_found():
    for place in range(HEADER_BYTES + 40):
        spoilt = bytearray(SEALED)
        spoilt[place] ^= 1
        with pytest.raises(SealError):
            opened(bytes(spoilt))


def test_an_object_truncated_anywhere_does_not_open():
    for length in [*range(0, 300, 7), *range(300, len(SEALED), 997), len(SEALED) - 1]:
        with pytest.raises(SealError):
            opened(SEALED[:length])


def test_another_key_does_not_open():
    with pytest.raises(SealError):
        opened(SEALED, key=KEY[::-1])


def test_a_second_key_is_refused_by_the_commitment_before_anything_is_decrypted():
    # An attacker who writes a body for another key under the victim's header gets no further.
    other = KEY[::-1]
    raw = HEADER.encoded(KEY)
    body = b"".join(
        seal_segments(
            derive_subkey(other, KeyUse.FILE), CONTENT, associated_data=raw, segment_bytes=4096
        )
    )
    for key in (KEY, other):
        with pytest.raises(SealError):
            opened(raw + body, key=key)


NO_OBJECTS = {
    "empty": b"",
    "short": SEALED[:100],
    "another magic": b"STSX" + SEALED[4:],
    "another version": SEALED[:4] + b"\x02" + SEALED[5:],
    "another suite": SEALED[:5] + b"\x02" + SEALED[6:],
    "a huge segment": SEALED[:6] + b"\xff" + SEALED[7:],
    "a kind that is no word": SEALED[:40] + b"\xff" * 16 + SEALED[56:],
}


@pytest.mark.parametrize("data", NO_OBJECTS.values(), ids=NO_OBJECTS)
def test_what_is_no_object_has_no_header(data):
    with pytest.raises(SealError):
        read_header(data)


REFUSED = {
    "short object id": {"object_id": b"1"},
    "long key id": {"key_id": bytes(17)},
    "no kind": {"kind": ""},
    "a kind with a name in it": {"kind": "Scan of Zora"},
    "a long kind": {"kind": "a" * 17},
    "negative revision": {"revision": -1},
    "tiny segments": {"log2_segment": 3},
    "huge segments": {"log2_segment": 40},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_a_header_out_of_range_is_refused(change):
    with pytest.raises(InputError):
        replace(HEADER, **change)
