"""The blind index: which spellings meet, which do not, and what a stored value tells."""

import pytest

from stsbench.errors import InputError
from stsbench.privacy.blind_index import INDEX_BYTES, folded, index_value, loosened, normalised

KEY = bytes(range(32))

SAME = {
    "case and spaces": ("Zora  Quintarelli ", "zora quintarelli"),
    "composed and split accents": ("Zoe\u0308 Müller", "Zoë Mu\u0308ller"),
    "full width": ("\uff3a\uff4f\uff52\uff41", "zora"),
    "sharp s": ("Weiß", "WEISS"),
    "direction marks": ("\u200fZora\u200e", "Zora"),
    "soft hyphen": ("Quin\u00adtarelli", "quintarelli"),
    "ligature": ("Steﬁ", "stefi"),
    "a tab": ("Zora\tQuintarelli", "Zora Quintarelli"),
}
DIFFERENT = {
    "another name": ("Zora", "Nora"),
    "an accent": ("Zoë", "Zoe"),
    "order of parts": ("Zora Quintarelli", "Quintarelli Zora"),
    "two words and one": ("Anna Lena", "Annalena"),
}
CANDIDATES = {
    "order of parts": ("Zora Quintarelli", "QUINTARELLI^ZORA^"),
    "comma": ("Quintarelli, Zora", "Zora Quintarelli"),
    "German transliteration": ("Jörg Müller", "Joerg Mueller"),
    "accent dropped": ("Zoë Bél", "Zoe Bel"),
    "dots": ("Z. Quintarelli", "z quintarelli"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_spellings_of_one_name_meet(one, other):
    assert normalised(one) == normalised(other)
    assert index_value(KEY, field="name", text=one) == index_value(KEY, field="name", text=other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_names_that_differ_do_not_meet(one, other):
    assert index_value(KEY, field="name", text=one) != index_value(KEY, field="name", text=other)


@pytest.mark.parametrize(("one", "other"), CANDIDATES.values(), ids=CANDIDATES)
def test_the_loose_form_finds_candidates(one, other):
    assert loosened(one) == loosened(other)
    assert normalised(one) != normalised(other)


def test_the_folded_form_keeps_the_order_of_words():
    assert folded("Müller-Lüdenscheid, Anna") == "muller ludenscheid anna"


def test_a_value_depends_on_key_and_field_and_is_eight_bytes():
    values = {
        index_value(key, field=field, text="Zora")
        for key in (KEY, KEY[::-1])
        for field in ("name", "name_loose", "doctor")
    }
    assert len(values) == 6
    assert {len(value) for value in values} == {INDEX_BYTES}


def test_field_and_text_cannot_be_shifted_into_each_other():
    assert index_value(KEY, field="name", text="x") != index_value(KEY, field="namex", text="")


def test_ten_thousand_names_give_ten_thousand_values():
    assert len({index_value(KEY, field="name", text=f"n{i}") for i in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    ("key", "field"), [(b"short", "name"), (KEY, ""), (KEY, "Na me"), (KEY, "a\0b")]
)
def test_a_wrong_key_or_field_is_refused(key, field):
    with pytest.raises(InputError):
        index_value(key, field=field, text="Zora")
