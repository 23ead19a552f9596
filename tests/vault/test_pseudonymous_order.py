"""What passes the border of the vault: known words only."""

import pytest

from stsbench.domain.order import OrderItem, Profile, ScanRole
from stsbench.domain.subject import IdentifiedOrder
from stsbench.vault.pseudonymous_order import profile_of, public_order, scan_ids

ITEMS = {
    "known words": (OrderItem("crown", (36,), "Zirconia", "A2"), ("crown", "zirconia", "A2")),
    "half shades": (OrderItem("veneer", (11,), "e.max", "3M2.5"), ("veneer", "e_max", "3M2.5")),
    "a name as material": (OrderItem("crown", (), "Anna Muster", "A2"), ("crown", "", "A2")),
    "a name as shade": (OrderItem("inlay", (), "gold", "Muster"), ("inlay", "gold", "")),
    "a name as type": (OrderItem("anna_muster", (), "pmma", ""), ("other", "pmma", "")),
    "a shade and a name": (OrderItem("crown", (), "", "A2 Muster"), ("crown", "", "")),
}


@pytest.mark.parametrize("name", ITEMS)
def test_only_known_words_pass(name):
    item, expected = ITEMS[name]
    order = public_order(
        IdentifiedOrder(items=(item,)), case_number="x", patient_code="y", scans=()
    )
    passed = order.items[0]
    assert (passed.type, passed.material, passed.shade) == expected
    assert passed.fdi == item.fdi


PROFILES = {
    Profile.STUDY: (),
    Profile.ALIGNER: ("aligner", "model"),
    Profile.RESTORATIVE: ("model", "crown", "denture"),
    Profile.DENTURE: ("denture",),
    Profile.ORTHO_RECORD: ("crown", "ortho_record"),
}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_strictest_profile_that_was_asked_for_wins(profile):
    assert profile_of([OrderItem(kind) for kind in PROFILES[profile]]) is profile


def test_scans_are_called_by_what_they_show():
    roles = [ScanRole.UPPER, None, ScanRole.UPPER, ScanRole.LOWER, None, ScanRole.UPPER]
    assert scan_ids(roles) == ("upper", "scan_2", "upper_2", "lower", "scan_5", "upper_3")
