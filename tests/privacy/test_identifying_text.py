"""The search for identifying text: kinds by case, encodings by table, bounds by size."""

import base64
import json
from urllib.parse import quote

import pytest

from stsbench.privacy.identifying_text import (
    KINDS,
    IdentityTokens,
    is_scan_vocabulary,
    kinds_in_bytes,
    kinds_in_text,
    tokens_of,
)

ORDER = {
    "patient": {"name": "Zoë Quintarelli", "gender": "female", "age": 44},
    "guardian": {"name": "Ada Quintarelli", "verified_by": "Bruno Abendroth"},
    "doctor": {"name": "Dr. med. Li Wörthmüller"},
    "clinic": {"name": "Dental Clinic Oberfeld"},
    "clinic_order_no": "K-20771",
}
TOKENS = tokens_of(ORDER)

TEXTS = {
    "nothing": ("", []),
    "blanks and dashes": (" -_. ", []),
    "the name": ("Zoë Quintarelli", ["name"]),
    "part of the name in another word": ("upperquintarelli2", ["name"]),
    "in upper case": ("QUINTARELLI", ["name"]),
    "without its accent": ("Zoe", ["name"]),
    "transliterated": ("Woerthmueller", ["name"]),
    "the verifier": ("Abendroth", ["name"]),
    "a short name as a word": ("scan of Li", ["name"]),
    "a short name within a word": ("list", ["free text"]),
    "a title": ("Dr. med.", ["free text"]),
    "the clinic": ("Oberfeld", ["clinic name"]),
    "a word every clinic has": ("Dental Clinic", ["free text"]),
    "the order number": ("order K-20771", ["number", "order number"]),
    "an e-mail": ("write to a.b@example.org", ["e-mail"]),
    "a phone number": ("call +49 30 1234567", ["phone number"]),
    "a German date": ("12.03.1980", ["date"]),
    "an ISO date": ("1980-03-12", ["date"]),
    "a date without dashes": ("upper 19800312", ["date"]),
    "a chart number": ("case 48213", ["number"]),
    "a Windows path": ("C:\\scans\\upper.stl", ["computer path"]),
    "a Unix path": ("/home/someone/upper.stl", ["computer path"]),
    "a field of dental software": ('PatientName="x"', ["identity field"]),
    "a field of another": ("<Patient_LastName>", ["identity field"]),
    "software": ("Exported by a scanner", ["free text"]),
}


@pytest.mark.parametrize(("text", "kinds"), TEXTS.values(), ids=TEXTS)
def test_the_kinds_in_a_text(text, kinds):
    assert sorted(kinds_in_text(text, TOKENS)) == kinds


def test_every_kind_found_is_a_kind_that_is_described():
    found = set().union(*(kinds for _, kinds in TEXTS.values()))
    assert found <= KINDS.keys()


NAMES = ["Quintarelli", "Wörthmüller", "QUINTARELLI", "wörthmüller"]
ENCODINGS = {
    "UTF-8": lambda name: name.encode(),
    "UTF-16 little-endian": lambda name: name.encode("utf-16-le"),
    "UTF-16 big-endian": lambda name: name.encode("utf-16-be"),
    "UTF-16 with mark": lambda name: name.encode("utf-16"),
    "Latin-1": lambda name: name.encode("latin-1"),
    "GB 18030": lambda name: name.encode("gb18030"),
    "percent": lambda name: quote(name).encode(),
    "percent in lower case": lambda name: quote(name).lower().encode(),
    "XML reference": lambda name: name.encode("ascii", "xmlcharrefreplace"),
    "JSON escape": lambda name: json.dumps(name).encode(),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("around", [b"", b"\0\xff\x80" * 50, b"\x01" * 101])
def test_a_name_is_found_in_bytes(encode, name, around):
    assert "name" in kinds_in_bytes(around + encode(name) + around, TOKENS)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "latin-1", "gb18030"])
@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("code", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_name_is_found_in_base64_at_every_place(name, encoding, shift, code):
    hidden = code(bytes(range(200, 200 + shift)) + name.encode(encoding))
    assert "name" in kinds_in_bytes(b'data="' + hidden + b'"', TOKENS)
    for glued in range(4):
        assert "name" in kinds_in_bytes(b"A" * glued + hidden, TOKENS)


def test_the_same_bytes_without_a_name_are_clean():
    # The control: what is found above is the name and not its wrapping.
    for encode in ENCODINGS.values():
        assert "name" not in kinds_in_bytes(encode("Bergkristall"), TOKENS)


CHINESE = tokens_of({"patient": {"name": "王小明"}})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "gbk", "gb18030"])
def test_a_chinese_name_is_found(encoding):
    assert "name" in kinds_in_bytes(b"x" + "王小明".encode(encoding), CHINESE)
    assert "name" in kinds_in_bytes("小明".encode(encoding), CHINESE)
    assert "name" in kinds_in_text("upper_小明", CHINESE)
    assert "name" not in kinds_in_bytes("大卫".encode(encoding), CHINESE)


def test_patterns_are_found_in_bytes_too():
    wide = 'PatientName="x" a.b@example.org'.encode("utf-16-le")
    assert kinds_in_bytes(wide, TOKENS) == {"identity field", "e-mail"}
    assert kinds_in_bytes(b"\0" * 100, TOKENS) == frozenset()


MALFORMED = [
    None,
    {},
    {"patient": None},
    {"patient": "Zora Quintarelli"},
    {"patient": []},
    {"patient": {"name": 7}},
    {"clinic_order_no": 7},
    {"patient": {"name": "x" * 100_000}},
    {"patient": {"name": "\ud800"}},
    {"patient": {"name": "A"}},
]


@pytest.mark.parametrize("document", MALFORMED, ids=range(len(MALFORMED)))
def test_words_are_taken_from_any_document(document):
    tokens = tokens_of(document)
    assert "free text" in kinds_in_text("something", tokens)
    assert kinds_in_bytes(b"something", tokens) == frozenset()


def test_no_token_is_printed():
    assert repr(TOKENS) == "<IdentityTokens: 9 words, withheld>"
    assert "Quint" not in f"{TOKENS}"
    assert repr(IdentityTokens()) == "<IdentityTokens: 0 words, withheld>"


CLEAN = ["upper", "UpperJawScan", "upper_jaw", "bite-left 2", "Maxilla_Base", "01", "order", ""]
UNCLEAN = ["anna", "upper_anna", "upper 2024", "Scan of Zora", "小明", "K-20771"]


@pytest.mark.parametrize("stem", CLEAN)
def test_a_scans_own_words_are_clean(stem):
    assert is_scan_vocabulary(stem)


@pytest.mark.parametrize("stem", UNCLEAN)
def test_any_other_word_is_not(stem):
    assert not is_scan_vocabulary(stem)


@pytest.mark.parametrize(
    "data",
    [
        b"a" * 300_000,
        b"A" * 300_000,
        b"+" * 300_000,
        b"0 " * 150_000,
        b"@" * 300_000,
        b"a@" * 150_000,
        b"<" * 300_000,
    ],
    ids=lambda data: repr(data[:2]),
)
def test_hostile_repetition_ends(data):
    kinds_in_bytes(data, TOKENS)
    kinds_in_text(data[:4096].decode(), TOKENS)
