"""Case numbers, patient codes and intake tickets: made, checked and refused.

Rules kept here:
- The two codes never mix. The case number `2611-0042-K` is short, engraved and the name of a job;
  the patient code `P-7K3M-9QXA-2D4R` stands for a person in one domain and links two of their jobs.
- A patient code is a keyed hash of a secret of that patient. Without the domain key it cannot be
  guessed from a name, and once the patient's key is destroyed nobody can compute it again.
- Every code carries checks: a mistyped one is refused, it never opens another case.
- A refusal never repeats the text it refuses; somebody may have typed a name.

References
----------
Reed & Solomon, "Polynomial codes over certain finite fields", J. SIAM 8(2), 1960. Crockford,
"Base 32", 2019. Faldum & Pommerening, "An optimal code for patient identifiers", Comput. Methods
Programs Biomed. 79(1), 2005 (the same idea with eight symbols).
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from functools import cache

from stsbench.errors import InputError

__all__ = [
    "AUDIT",
    "PATIENT",
    "TICKET",
    "CaseNumber",
    "CodeDomain",
    "derive_code",
    "is_case_number",
    "is_code",
    "new_intake_ticket",
    "parse_case_number",
    "parse_code",
]

CASE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"  # 23 of them, a prime; without I, L and O
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: without I, L, O and U

_CASE_PATTERN = re.compile(r"([0-9]{2})(0[1-9]|1[0-2])-([0-9]{4,6})-([A-Z])", re.ASCII)
_CASE_TYPED = re.compile(r"([0-9]{4})([0-9]{4,6})([A-Z])", re.ASCII)
_CODE_PATTERN = re.compile(r"([A-Z]{1,3})-([0-9A-Z]{4})-([0-9A-Z]{4})-([0-9A-Z]{4})", re.ASCII)
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})  # what the alphabet leaves out on purpose
_SPACES_AND_DASHES = re.compile(r"[\s\-\u2010-\u2015]+")  # people paste typographic dashes

_DATA_SYMBOLS = 10  # 50 bits of the hash
_CODE_SYMBOLS = _DATA_SYMBOLS + 2


@dataclass(frozen=True, order=True, slots=True)
class CaseNumber:
    """A case number: year, month, counter within the month.

    The check letter c solves sum(digit_i * 10**i) + c = 0 mod 23. 23 is prime and 10 is a primitive
    root of it, so every single wrong symbol and every swap of two symbols is found.

    Parameters
    ----------
    year : int
        2000 to 2099.
    month : int
        1 to 12.
    counter : int
        1 to 999999; written with at least four digits.

    Raises
    ------
    InputError
        A part is out of range.
    """

    year: int
    month: int
    counter: int

    def __post_init__(self) -> None:
        if not (2000 <= self.year <= 2099 and 1 <= self.month <= 12):
            raise InputError(
                f"Case numbers cannot say month {self.month} of {self.year}.",
                "Use a month of the years 2000 to 2099.",
            )
        if not 1 <= self.counter <= 999_999:
            raise InputError(
                f"Case counter {self.counter} is out of range.",
                "Count 1 to 999999 within a month.",
            )

    @property
    def check_letter(self) -> str:
        """The check symbol."""
        digits = f"{self.year % 100:02d}{self.month:02d}{self.counter:06d}"
        weighted = sum(int(digit) * pow(10, place, 23) for place, digit in enumerate(digits))
        return CASE_LETTERS[-weighted % 23]

    def __str__(self) -> str:
        return f"{self.year % 100:02d}{self.month:02d}-{self.counter:04d}-{self.check_letter}"


def parse_case_number(text: str) -> CaseNumber:
    """Read a case number as people type it.

    Case, spaces and dashes do not matter; O reads as 0, I and L as 1.

    Raises
    ------
    InputError
        Another form, or the check letter does not fit.
    """
    match = _CASE_TYPED.fullmatch(_typed_case_number(text))
    if match is None or not _leading_digits_allowed(match[2]):
        raise InputError("This is no case number.", "Type it as on the work ticket: 2611-0042-K.")
    number = CaseNumber(2000 + int(match[1][:2]), int(match[1][2:]), int(match[2]))
    if match[3] != number.check_letter:
        raise InputError(
            "The case number does not fit its check letter.",
            "Compare every digit with the work ticket and type it again.",
        )
    return number


def is_case_number(text: str) -> bool:
    """Return True for a case number exactly as stsbench writes it."""
    match = _CASE_PATTERN.fullmatch(text)
    if match is None or not _leading_digits_allowed(match[3]) or int(match[3]) == 0:
        return False
    return str(CaseNumber(2000 + int(match[1]), int(match[2]), int(match[3]))) == text


@dataclass(frozen=True, slots=True)
class CodeDomain:
    """Where a code is used; codes of one patient in two domains cannot be matched without keys.

    Parameters
    ----------
    label : str
        Names the domain in the hash and in the check symbols: lower case, digits, dash, slash.
    prefix : str
        One to three letters before the code.
    """

    label: str
    prefix: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9/-]{1,64}", self.label, re.ASCII):
            raise InputError("A code domain has no usable label.", "Use a-z, 0-9, dash and slash.")
        if not re.fullmatch(r"[A-Z]{1,3}", self.prefix, re.ASCII):
            raise InputError("A code domain has no usable prefix.", "Use one to three letters A-Z.")

    @property
    def tag(self) -> tuple[int, int]:
        """Two field elements folded into the checks: another domain's code does not pass."""
        return _tag(self.label)


@cache
def _tag(label: str) -> tuple[int, int]:
    digest = hashlib.sha256(b"stsbench/psn/tag/" + label.encode()).digest()
    return digest[0] & 31, digest[1] & 31


PATIENT = CodeDomain("patient", "P")  # what technicians see
AUDIT = CodeDomain("audit", "A")  # what the audit log holds
TICKET = CodeDomain("intake-ticket", "T")  # random: unrelated to what the folder holds


def derive_code(
    domain_key: bytes, *, domain: CodeDomain, patient_secret: bytes, counter: int = 0
) -> str:
    """Return the code of a patient in one domain.

    Parameters
    ----------
    domain_key : bytes
        32 random bytes of the domain; destroying them unlinks the domain.
    domain : CodeDomain
    patient_secret : bytes
        32 bytes derived from the patient's key (`seals.KeyUse.PSEUDONYM`).
    counter : int
        0 to 255; the next one when the code is taken already, so codes never collide.

    Raises
    ------
    InputError
        A key of another length, or a counter out of range.
    """
    if len(domain_key) != 32 or len(patient_secret) != 32:
        raise InputError(
            f"Keys of {len(domain_key)} and {len(patient_secret)} bytes make no code.",
            "Pass 32 bytes each.",
        )
    if not 0 <= counter <= 255:
        raise InputError(f"Code counter {counter} is out of range.", "Use 0 to 255.")
    message = b"\0".join(
        [b"stsbench/psn/v1", domain.label.encode(), patient_secret + bytes([counter])]
    )
    return _written(hmac.digest(domain_key, message, "sha256"), domain)


def new_intake_ticket() -> str:
    """Return a random intake ticket, `T-XXXX-XXXX-XXXX`."""
    return _written(secrets.token_bytes(8), TICKET)


def parse_code(text: str, domain: CodeDomain) -> str:
    """Read a code as people type it and return it as stsbench writes it.

    Raises
    ------
    InputError
        Another form, a wrong symbol, a swap, or the code of another domain.
    """
    typed = _SPACES_AND_DASHES.sub("", text).upper()
    body = typed.removeprefix(domain.prefix).translate(_MISREAD)
    groups = "-".join(body[start : start + 4] for start in range(0, len(body), 4))
    code = f"{domain.prefix}-{groups}"
    if not typed.startswith(domain.prefix) or not is_code(code, domain):
        raise InputError(
            f"This is no code of the {domain.label} domain, or a symbol is wrong.",
            f"Type it as shown: {domain.prefix} and three groups of four symbols.",
        )
    return code


def is_code(text: str, domain: CodeDomain) -> bool:
    """Return True for a code of this domain exactly as stsbench writes it."""
    match = _CODE_PATTERN.fullmatch(text)
    if match is None or match[1] != domain.prefix:
        return False
    symbols = "".join(match.groups()[1:])
    if any(symbol not in SYMBOLS for symbol in symbols):
        return False
    return _syndromes([SYMBOLS.index(symbol) for symbol in symbols], domain) == (0, 0)


# GF(32) with the primitive polynomial x^5 + x^2 + 1: exponents twice over, so sums need no modulo.
def _tables() -> tuple[tuple[int, ...], dict[int, int]]:
    powers = [1]
    for _ in range(30):
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0b100101 if doubled & 32 else doubled)
    return tuple(powers * 2), {power: exponent for exponent, power in enumerate(powers)}


_POWER, _EXPONENT = _tables()


def _times(first: int, second: int) -> int:
    return _POWER[_EXPONENT[first] + _EXPONENT[second]] if first and second else 0


def _syndromes(symbols: list[int], domain: CodeDomain) -> tuple[int, int]:
    """Return the sums of v_i and of v_i * a**i over the field; both are zero for a valid code."""
    plain, weighted = domain.tag
    for place, symbol in enumerate(symbols):
        plain ^= symbol
        weighted ^= _times(symbol, _POWER[place])
    return plain, weighted


def _written(digest: bytes, domain: CodeDomain) -> str:
    number = int.from_bytes(digest[:8], "big") >> (64 - 5 * _DATA_SYMBOLS)
    symbols = [(number >> (5 * place)) & 31 for place in reversed(range(_DATA_SYMBOLS))]
    plain, weighted = _syndromes(symbols, domain)
    # Two unknowns: c10 + c11 = plain and c10 a^10 + c11 a^11 = weighted.
    first, second = _POWER[_DATA_SYMBOLS], _POWER[_DATA_SYMBOLS + 1]
    inverse = _POWER[31 - _EXPONENT[first ^ second]]
    last = _times(weighted ^ _times(plain, first), inverse)
    text = "".join(SYMBOLS[symbol] for symbol in [*symbols, plain ^ last, last])
    return "-".join([domain.prefix, text[:4], text[4:8], text[8:_CODE_SYMBOLS]])


def _typed_case_number(text: str) -> str:
    typed = _SPACES_AND_DASHES.sub("", text).upper()
    return typed[:-1].translate(_MISREAD) + typed[-1:]


def _leading_digits_allowed(counter: str) -> bool:
    """One spelling per number: more than four digits only when they are needed."""
    return len(counter) == 4 or counter[0] != "0"
