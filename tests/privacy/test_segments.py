"""The streaming format: Tink's bytes, and every way of cutting and moving segments."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.errors import InputError, SealError
from stsbench.privacy.segments import SegmentReader, seal_segments, sealed_length

# Made by Tink itself; make_tink_vectors.py is the recipe.
GOLDEN = json.loads((Path(__file__).parent / "tink_vectors.json").read_text())
KEY = bytes.fromhex(GOLDEN["key"])
CONTEXT = bytes.fromhex(GOLDEN["associated_data"])
SEGMENT = 128  # of which 16 are the tag and, in the first, 40 the header
NAMES = [f"{vector['segment_bytes']}/{vector['plain_length']}" for vector in GOLDEN["vectors"]]


def plaintext(length: int) -> bytes:
    return bytes((i * 131 + (i >> 8) * 7) & 255 for i in range(length))


def sealed(data: bytes, *, segment_bytes: int = SEGMENT, **options: bytes) -> bytes:
    options.setdefault("associated_data", CONTEXT)
    return b"".join(seal_segments(KEY, data, segment_bytes=segment_bytes, **options))


def reader(body: bytes, *, key: bytes = KEY, context: bytes = CONTEXT) -> SegmentReader:
    return SegmentReader(key, body, associated_data=context, segment_bytes=SEGMENT)


def opened(body: bytes, **options: bytes) -> bytes:
    found = reader(body, **options)
    target = bytearray(found.length)
    assert found.decrypt_into(target) == found.length
    return bytes(target)


@pytest.mark.parametrize("vector", GOLDEN["vectors"], ids=NAMES)
def test_our_bytes_are_tinks_bytes(vector):
    body = sealed(
        plaintext(vector["plain_length"]),
        segment_bytes=vector["segment_bytes"],
        salt=bytes.fromhex(vector["salt"]),
        nonce_prefix=bytes.fromhex(vector["nonce_prefix"]),
    )
    assert hashlib.sha256(body).hexdigest() == vector["body_sha256"]
    assert len(body) == sealed_length(vector["plain_length"], vector["segment_bytes"])
    assert vector["body"] in {"", body.hex()}


@pytest.mark.parametrize("vector", [v for v in GOLDEN["vectors"] if v["body"]], ids=str)
def test_we_read_what_tink_wrote(vector):
    body = bytes.fromhex(vector["body"])
    assert opened(body) == plaintext(vector["plain_length"])
    for offset in range(0, vector["plain_length"], 17):
        assert reader(body).read_at(offset, 30) == plaintext(vector["plain_length"])[offset:][:30]


@given(length=st.integers(0, 1200), segment=st.sampled_from([128, 129, 256, 4096]))
@settings(deadline=None, max_examples=60)
def test_any_length_comes_back(length, segment):
    data = plaintext(length)
    body = sealed(data, segment_bytes=segment)
    found = SegmentReader(KEY, body, associated_data=CONTEXT, segment_bytes=segment)
    target = bytearray(length + 5)
    assert found.length == length == found.decrypt_into(target)
    assert bytes(target) == data + bytes(5)
    assert len(body) == sealed_length(length, segment)


@given(offset=st.integers(0, 1000), count=st.integers(0, 1000))
@settings(deadline=None, max_examples=60)
def test_random_access_equals_a_slice(offset, count):
    body, data = BODY
    assert reader(body).read_at(offset, count) == data[offset : offset + count]


BODY = (sealed(plaintext(700)), plaintext(700))


def test_reading_opens_only_the_segments_asked_for():
    body, data = BODY
    spoilt = bytearray(body)
    spoilt[3 * SEGMENT + 5] ^= 1  # in the fourth segment
    found = reader(bytes(spoilt))
    assert found.read_at(0, 100) == data[:100]
    with pytest.raises(SealError):
        found.read_at(0, found.length)
    with pytest.raises(SealError):
        found.decrypt_into(bytearray(found.length))


def test_every_changed_byte_is_found():
    body, _ = BODY
    for place in range(len(body)):
        spoilt = bytearray(body)
        spoilt[place] ^= 0x40
        with pytest.raises(SealError):
            opened(bytes(spoilt))


def test_every_truncation_is_found_when_the_body_is_opened():
    body, _ = BODY
    for length in range(len(body)):
        with pytest.raises(SealError):
            reader(body[:length])


SEGMENTS = [BODY[0][start : start + SEGMENT] for start in range(0, len(BODY[0]), SEGMENT)]
OTHER = sealed(plaintext(700), associated_data=CONTEXT)
MOVED = {
    "two swapped": [0, 2, 1, 3, 4, 5],
    "one doubled": [0, 1, 1, 2, 3, 4, 5],
    "one left out": [0, 2, 3, 4, 5],
    "the last in front": [0, 5, 1, 2, 3, 4],
    "the last twice": [0, 1, 2, 3, 4, 5, 5],
    "without the last": [0, 1, 2, 3, 4],
    "without the first": [1, 2, 3, 4, 5],
    "reversed": [5, 4, 3, 2, 1, 0],
}


@pytest.mark.parametrize("order", MOVED.values(), ids=MOVED)
def test_moved_segments_do_not_open(order):
    assert len(SEGMENTS) > 5
    rest = SEGMENTS[6:] if len(order) >= 6 else []
    with pytest.raises(SealError):
        opened(b"".join([*(SEGMENTS[place] for place in order), *rest]))


def test_a_segment_of_another_body_does_not_open():
    for start in range(SEGMENT, len(OTHER), SEGMENT):
        spliced = BODY[0][:start] + OTHER[start : start + SEGMENT] + BODY[0][start + SEGMENT :]
        with pytest.raises(SealError):
            opened(spliced)


@pytest.mark.parametrize("tail", [b"\0", b"x" * 15, b"x" * 16, b"x" * 128, b"x" * 200])
def test_an_extended_body_does_not_open(tail):
    with pytest.raises(SealError):
        reader(BODY[0] + tail)


@pytest.mark.parametrize("body", [b"", b"\x28", bytes(40), bytes(56), b"\x28" + bytes(10_000)])
def test_what_is_no_body_does_not_open(body):
    with pytest.raises(SealError):
        reader(body)


def test_another_key_or_context_does_not_open():
    for options in ({"key": KEY[::-1]}, {"context": b"another"}):
        with pytest.raises(SealError):
            reader(BODY[0], **options)


def test_two_bodies_of_one_text_share_nothing():
    bodies = [sealed(plaintext(64)) for _ in range(50)]
    assert len({body[1:33] for body in bodies}) == len({body[40:] for body in bodies}) == 50


REFUSED = {
    "a short key": lambda: list(
        seal_segments(b"k", b"", associated_data=b"", segment_bytes=SEGMENT)
    ),
    "tiny segments": lambda: list(seal_segments(KEY, b"", associated_data=b"", segment_bytes=64)),
    "a small buffer": lambda: reader(BODY[0]).decrypt_into(bytearray(699)),
    "a negative offset": lambda: reader(BODY[0]).read_at(-1, 5),
    "a negative count": lambda: reader(BODY[0]).read_at(0, -5),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_wrong_arguments_are_refused(call):
    with pytest.raises(InputError):
        call()
