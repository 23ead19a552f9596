"""Codes: what is refused, what cannot be matched, what never collides."""

import hmac
import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.errors import InputError
from stsbench.privacy.codes import (
    AUDIT,
    CASE_LETTERS,
    PATIENT,
    SYMBOLS,
    TICKET,
    CaseNumber,
    CodeDomain,
    derive_code,
    is_case_number,
    is_code,
    new_intake_ticket,
    parse_case_number,
    parse_code,
)

KEY = bytes(range(32))
SECRET = bytes(range(32, 64))
numbers = st.builds(
    CaseNumber,
    year=st.integers(2000, 2099),
    month=st.integers(1, 12),
    counter=st.integers(1, 999_999),
)


def secret(number: int) -> bytes:
    return number.to_bytes(32, "big")


def code(number: int, domain: CodeDomain = PATIENT, key: bytes = KEY) -> str:
    return derive_code(key, domain=domain, patient_secret=secret(number))


WRITTEN = {
    "the example of the design": (CaseNumber(2026, 11, 42), "2611-0042-K"),
    "first of a century": (CaseNumber(2000, 1, 1), "0001-0001-S"),
    "five digits": (CaseNumber(2026, 11, 12345), "2611-12345-R"),
    "last": (CaseNumber(2099, 12, 999_999), "9912-999999-N"),
}


@pytest.mark.parametrize(("number", "text"), WRITTEN.values(), ids=WRITTEN)
def test_a_case_number_is_written_one_way(number, text):
    assert str(number) == text
    assert is_case_number(text)
    assert parse_case_number(text) == number


def test_the_check_letter_makes_the_weighted_sum_divisible_by_23():
    # 2611 000042: 2 + 6*10 + 1*100 + 1*1000 + 4*10**8 + 2*10**9, and K is the letter number 9.
    assert (2 + 60 + 100 + 1000 + 4 * 10**8 + 2 * 10**9 + CASE_LETTERS.index("K")) % 23 == 0


@given(number=numbers)
@settings(deadline=None, max_examples=50)
def test_every_single_wrong_symbol_of_a_case_number_is_found(number):
    text = str(number)
    for place, symbol in enumerate(text):
        others = "0123456789" if symbol.isdigit() else CASE_LETTERS
        if symbol == "-":
            continue
        for other in set(others) - {symbol}:
            assert not is_case_number(text[:place] + other + text[place + 1 :])


@given(number=numbers)
@settings(deadline=None, max_examples=100)
def test_every_swap_of_two_symbols_of_a_case_number_is_found(number):
    text = str(number)
    for first, second in itertools.combinations(range(len(text)), 2):
        swapped = list(text)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        if swapped != list(text):
            assert not is_case_number("".join(swapped))


TYPED = [
    "2611-0042-k",
    " 2611 0042 K ",
    "26110042K",
    "2611\u20130042\u2013K",
    "26II-0O42-K",
    "26l1-oo42-k",
]


@pytest.mark.parametrize("text", TYPED)
def test_a_case_number_is_read_as_people_type_it(text):
    assert str(parse_case_number(text)) == "2611-0042-K"


REFUSED = {
    "empty": "",
    "no number": "Zora Quintarelli",
    "wrong letter": "2611-0042-M",
    "a letter outside the alphabet": "2611-0042-O",
    "month 13": "2613-0042-K",
    "month 0": "2600-0042-K",
    "counter 0": "2611-0000-A",
    "needless zeros": "2611-00042-K",
    "too many digits": "2611-1000000-K",
    "digits of another script": "\u0662\u0666\u0661\u0661-\u0660\u0660\u0664\u0662-K",
    "full-width": "\uff12\uff16\uff11\uff11-\uff10\uff10\uff14\uff12-K",
    "a patient code": "P-7K3M-9QXA-2D4R",
    "a line more": "2611-0042-K\n2611",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_no_case_number_is_refused_without_being_repeated(text):
    assert not is_case_number(text)
    with pytest.raises(InputError) as caught:
        parse_case_number(text)
    assert caught.value.remedy
    assert not text.strip() or text.strip() not in str(caught.value)


@pytest.mark.parametrize(
    ("year", "month", "counter"),
    [(1999, 1, 1), (2026, 0, 1), (2026, 13, 1), (2026, 1, 0), (2026, 1, 10**6)],
)
def test_a_case_number_out_of_range_is_refused(year, month, counter):
    with pytest.raises(InputError):
        CaseNumber(year, month, counter)


def test_a_code_is_the_truncated_keyed_hash_and_two_checks():
    message = b"stsbench/psn/v1\0patient\0" + SECRET + b"\0"
    number = int.from_bytes(hmac.digest(KEY, message, "sha256"), "big") >> (256 - 50)
    data = "".join(SYMBOLS[number >> 5 * place & 31] for place in reversed(range(10)))
    written = derive_code(KEY, domain=PATIENT, patient_secret=SECRET)
    assert written.replace("-", "").startswith("P" + data)
    assert is_code(written, PATIENT)


def test_a_code_is_the_same_each_time_and_another_for_every_input():
    codes = {
        derive_code(key, domain=domain, patient_secret=one, counter=counter)
        for key in (KEY, KEY[::-1])
        for domain in (PATIENT, CodeDomain("recipient/one", "P"))
        for one in (SECRET, SECRET[::-1])
        for counter in (0, 1, 255)
    }
    assert len(codes) == 24
    assert derive_code(KEY, domain=PATIENT, patient_secret=SECRET) in codes


@given(data=st.integers(0, 2**50), domain=st.sampled_from([PATIENT, AUDIT, TICKET]))
@settings(deadline=None, max_examples=25)
def test_one_or_two_wrong_symbols_of_a_code_are_found(data, domain):
    valid = code(data, domain)
    places = [place for place, symbol in enumerate(valid) if symbol != "-"][1:]
    for first, second in itertools.combinations(places, 2):
        wrong = list(valid)
        wrong[first] = SYMBOLS[(SYMBOLS.index(valid[first]) + 1 + data % 31) % 32]
        assert not is_code("".join(wrong), domain) or wrong == list(valid)
        wrong[second] = SYMBOLS[(SYMBOLS.index(valid[second]) + 1 + data % 30) % 32]
        assert not is_code("".join(wrong), domain) or wrong == list(valid)


@given(data=st.integers(0, 2**50))
@settings(deadline=None, max_examples=25)
def test_every_swap_of_two_symbols_of_a_code_is_found(data):
    valid = code(data)
    places = [place for place, symbol in enumerate(valid) if symbol != "-"][1:]
    for first, second in itertools.combinations(places, 2):
        swapped = list(valid)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        assert swapped == list(valid) or not is_code("".join(swapped), PATIENT)


def test_a_random_code_passes_about_once_in_1024():
    symbols = itertools.product(SYMBOLS[::3], repeat=4)
    tried = ["P-" + "-".join(["".join(group)] * 3) for group in symbols]
    passed = sum(is_code(text, PATIENT) for text in tried)
    assert passed < len(tried) / 200


def test_the_code_of_one_domain_is_refused_in_another():
    for number in range(200):
        assert not is_code(code(number, PATIENT).replace("P-", "A-"), AUDIT)
        assert not is_code(code(number, AUDIT).replace("A-", "P-"), PATIENT)


def test_codes_of_one_patient_in_two_domains_share_nothing():
    # Where two codes of one patient agree is where chance puts them: one symbol in 32.
    pairs = [(code(number, PATIENT), code(number, AUDIT, KEY[::-1])) for number in range(4000)]
    agreeing = Counter(
        place
        for first, second in pairs
        for place, (one, other) in enumerate(zip(first[2:], second[2:], strict=True))
        if one == other and one != "-"
    )
    expected = len(pairs) / 32
    assert all(abs(count - expected) < 6 * expected**0.5 for count in agreeing.values())


def test_a_list_of_names_does_not_reach_the_codes():
    # The hash covers a secret of the patient and no name: a dictionary has nothing to try.
    names = [f"Surname{number} Given{number}" for number in range(2000)]
    known = {code(number) for number in range(200)}
    tried = {
        derive_code(KEY, domain=PATIENT, patient_secret=name.encode().ljust(32)[:32])
        for name in names
    }
    assert not known & tried


def test_a_taken_code_gives_way_to_the_next_counter():
    taken: set[str] = {code(7)}
    counter = next(
        number
        for number in range(256)
        if derive_code(KEY, domain=PATIENT, patient_secret=secret(7), counter=number) not in taken
    )
    assert counter == 1


def test_twenty_thousand_codes_differ():
    assert len({code(number) for number in range(20_000)}) == 20_000


def test_tickets_are_random_and_valid():
    tickets = {new_intake_ticket() for _ in range(500)}
    assert len(tickets) == 500
    assert all(is_code(ticket, TICKET) for ticket in tickets)
    assert not any(is_code(ticket, PATIENT) for ticket in tickets)


def test_a_code_is_read_as_people_type_it():
    valid = next(text for text in map(code, range(100)) if {"0", "1"} <= set(text))
    typed = valid.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert parse_code(typed, PATIENT) == valid
    assert parse_code(valid, PATIENT) == valid


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "Zora Quintarelli",
        "P-7K3M-9QXA-2D4",
        "A-7K3M-9QXA-2D4R",
        "P-UUUU-UUUU-UUUU",
        "PPPP" * 4,
    ],
)
def test_what_is_no_code_is_refused_without_being_repeated(text):
    assert not is_code(text, PATIENT)
    with pytest.raises(InputError) as caught:
        parse_code(text, PATIENT)
    assert caught.value.remedy
    assert len(text) < 2 or text not in str(caught.value)


def test_lower_case_is_read_but_is_not_a_written_code():
    assert not is_code(code(3).lower(), PATIENT)


KEYS = {
    "short domain key": {"domain_key": b"k" * 31},
    "short secret": {"patient_secret": b"k" * 16},
    "counter below": {"counter": -1},
    "counter above": {"counter": 256},
}


@pytest.mark.parametrize("change", KEYS.values(), ids=KEYS)
def test_a_code_cannot_be_derived_from_a_wrong_key(change):
    given_values = {"domain_key": KEY, "patient_secret": SECRET, "counter": 0} | change
    with pytest.raises(InputError):
        derive_code(given_values.pop("domain_key"), domain=PATIENT, **given_values)


@pytest.mark.parametrize(
    ("label", "prefix"), [("", "P"), ("Upper", "P"), ("a", ""), ("a", "abcd"), ("a\0b", "P")]
)
def test_a_domain_needs_a_label_and_a_prefix(label, prefix):
    with pytest.raises(InputError):
        CodeDomain(label, prefix)
