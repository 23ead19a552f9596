"""The policy: every role, purpose and kind of data once, against a table written by hand."""

import tomllib
from dataclasses import replace
from datetime import date
from importlib.resources import files
from itertools import product

import pytest

from stsbench.domain.access import LegalBasis, Purpose, ReasonCode, Role
from stsbench.domain.subject import ConsentRecord
from stsbench.errors import InputError
from stsbench.privacy.consent import AgeStatement, Standing
from stsbench.privacy.policy import (
    AccessRequest,
    Reach,
    decide,
    describe,
    load_policy,
    policy_from,
)

TODAY = date(2026, 11, 22)
POLICY = load_policy()
ALL_CONSENTS = tuple(ConsentRecord(purpose, "ab" * 32, TODAY) for purpose in Purpose)
ADULT = Standing(ALL_CONSENTS, AgeStatement(adult_attested=True))
CHILD = Standing(ALL_CONSENTS, AgeStatement(12, TODAY), guardian_verified=True)

# What is granted to an adult who consented to everything, with the law cited where asked. Columns
# are technician, engineer, qa, privacy officer, admin, auditor; o objects, i identity, c contact.
GOLDEN = """
repair        o  o  -  -    -  -
model         o  o  -  -    -  -
manufacture   o  -  -  -    -  -
quality       -  o  o  -    -  -
communicate   -  -  -  c    -  -
legal         -  -  -  oic  -  -
improve       -  -  -  -    -  -
"""
GRANTED = {
    (Role(role), Purpose(line.split()[0]), reach)
    for line in GOLDEN.strip().splitlines()
    for role, cell in zip(Role, line.split()[1:], strict=True)
    for reach in Reach
    if reach[0] in cell
}
MATRIX = list(product(Role, Purpose, Reach))


def granted(request: AccessRequest, standing: Standing = ADULT) -> bool:
    return decide(request, standing=standing, today=TODAY, policy=POLICY).granted


@pytest.mark.parametrize(("role", "purpose", "reach"), MATRIX, ids="/".join)
def test_the_matrix_is_the_table(role, purpose, reach):
    request = AccessRequest(role, purpose, reach, cited=True)
    answer = decide(request, standing=ADULT, today=TODAY, policy=POLICY)
    assert answer.granted is ((role, purpose, reach) in GRANTED)
    assert (answer.reason is ReasonCode.NONE) is answer.granted
    assert (answer.lease_minutes > 0) is answer.granted


def test_the_table_names_every_role_and_purpose():
    assert len(GOLDEN.split()) == len(Purpose) * (len(Role) + 1)
    assert len(MATRIX) == len(Role) * len(Purpose) * len(Reach) == 126
    assert len(GRANTED) == 11


@pytest.mark.parametrize(("role", "purpose", "reach"), sorted(GRANTED), ids="/".join)
def test_nothing_with_consent_as_its_basis_is_granted_without(role, purpose, reach):
    request = AccessRequest(role, purpose, reach, cited=True)
    needs_consent = POLICY.rules[purpose].basis is LegalBasis.CONSENT
    without = {
        ReasonCode.CONSENT_MISSING: Standing((), ADULT.age),
        ReasonCode.CONSENT_WITHHELD: Standing(
            tuple(c for c in ALL_CONSENTS if c.purpose is Purpose.IMPROVE), ADULT.age
        ),
        ReasonCode.CONSENT_WITHDRAWN: ADULT.with_withdrawal(tuple(Purpose), TODAY),
        ReasonCode.AGE_UNKNOWN: replace(ADULT, age=AgeStatement()),
        ReasonCode.MINOR_WITHOUT_GUARDIAN: replace(CHILD, guardian_verified=False),
    }
    for reason, standing in without.items():
        answer = decide(request, standing=standing, today=TODAY, policy=POLICY)
        assert answer.granted is not needs_consent
        assert answer.reason is (reason if needs_consent else ReasonCode.NONE)


REASONS = {
    "a closed purpose": (Role.TECHNICIAN, Purpose.IMPROVE, Reach.OBJECTS, "purpose_not_covered"),
    "identity for repair": (Role.TECHNICIAN, Purpose.REPAIR, Reach.IDENTITY, "purpose_not_covered"),
    "a scan to communicate": (
        Role.PRIVACY_OFFICER, Purpose.COMMUNICATE, Reach.OBJECTS, "purpose_not_covered",
    ),
    "an admin": (Role.ADMIN, Purpose.LEGAL, Reach.IDENTITY, "role_not_allowed"),
    "an auditor": (Role.AUDITOR, Purpose.QUALITY, Reach.OBJECTS, "role_not_allowed"),
    "a law not cited": (
        Role.PRIVACY_OFFICER, Purpose.LEGAL, Reach.IDENTITY, "purpose_not_covered",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("role", "purpose", "reach", "reason"), REASONS.values(), ids=REASONS)
def test_a_refusal_says_why(role, purpose, reach, reason):
    answer = decide(AccessRequest(role, purpose, reach), standing=ADULT, today=TODAY, policy=POLICY)
    assert answer.reason == reason
    assert answer.legal_basis is POLICY.rules[purpose].basis


def test_a_role_is_asked_before_consent_so_that_consents_do_not_leak():
    nobody = Standing((), ADULT.age)
    for standing in (ADULT, nobody):
        request = AccessRequest(Role.ADMIN, Purpose.REPAIR)
        answer = decide(request, standing=standing, today=TODAY, policy=POLICY)
        assert answer.reason is ReasonCode.ROLE_NOT_ALLOWED


def test_withdrawing_stops_consent_and_nothing_else():
    withdrawn = ADULT.with_withdrawal({Purpose.REPAIR}, TODAY)
    assert not granted(AccessRequest(Role.TECHNICIAN, Purpose.REPAIR), withdrawn)
    assert granted(AccessRequest(Role.TECHNICIAN, Purpose.MODEL), withdrawn)
    assert granted(AccessRequest(Role.PRIVACY_OFFICER, Purpose.LEGAL, cited=True), withdrawn)


def test_a_childs_lease_is_shorter_and_improving_stays_closed_for_children():
    request = AccessRequest(Role.TECHNICIAN, Purpose.REPAIR)
    minutes = [
        decide(request, standing=standing, today=TODAY, policy=POLICY).lease_minutes
        for standing in (ADULT, CHILD)
    ]
    assert minutes == [POLICY.lease_minutes, POLICY.minor_lease_minutes]
    assert minutes[1] < minutes[0]
    unknown = replace(ADULT, age=AgeStatement())
    legal = AccessRequest(Role.PRIVACY_OFFICER, Purpose.LEGAL, cited=True)
    answer = decide(legal, standing=unknown, today=TODAY, policy=POLICY)
    assert answer.lease_minutes == POLICY.minor_lease_minutes
    opened = {
        **POLICY.rules,
        Purpose.IMPROVE: replace(
            POLICY.rules[Purpose.IMPROVE], enabled=True, roles=(Role.ENGINEER,)
        ),
    }
    request = AccessRequest(Role.ENGINEER, Purpose.IMPROVE)
    policy = replace(POLICY, rules=opened)
    unknown = replace(ADULT, age=AgeStatement())
    for standing, reason in (
        (ADULT, ReasonCode.NONE),
        (CHILD, ReasonCode.PURPOSE_NOT_COVERED),
        (unknown, ReasonCode.PURPOSE_NOT_COVERED),
    ):
        assert decide(request, standing=standing, today=TODAY, policy=policy).reason is reason


def test_a_laboratory_may_raise_the_minor_age_and_never_lower_it():
    seventeen = replace(ADULT, age=AgeStatement(17, TODAY))
    request = AccessRequest(Role.TECHNICIAN, Purpose.REPAIR)
    assert decide(request, standing=seventeen, today=TODAY, policy=POLICY).granted
    raised = POLICY.with_minor_age(18)
    assert not decide(request, standing=seventeen, today=TODAY, policy=raised).granted
    for lower in (15, 17):
        with pytest.raises(InputError):
            raised.with_minor_age(lower)


def document() -> dict:
    return tomllib.loads((files("stsbench.privacy") / "policy.toml").read_text())


def without(path: str) -> dict:
    changed = document()
    *steps, last = path.split(".")
    holder = changed
    for step in steps:
        holder = holder[step]
    del holder[last]
    return changed


def changed(path: str, value: object) -> dict:
    altered = document()
    *steps, last = path.split(".")
    holder = altered
    for step in steps:
        holder = holder[step]
    holder[last] = value
    return altered


BROKEN = {
    "another schema": changed("schema", "stsbench.policy/2"),
    "a minor age below the notice": changed("minor_age", 15),
    "a minor age of 30": changed("minor_age", 30),
    "a purpose left out": without("purposes.improve"),
    "a purpose nobody knows": changed("purposes.sale", document()["purposes"]["repair"]),
    "a role nobody knows": changed("purposes.repair.roles", ["janitor"]),
    "a basis nobody knows": changed("purposes.repair.basis", "habit"),
    "consent for nothing": changed("purposes.repair.consents", []),
    "a misspelt key": changed("purposes.repair.enabeld", True),
    "no lease": without("lease.minutes"),
    "a child's lease above the other": changed("lease.minor_minutes", 61),
    "a lease of nothing": changed("lease.minor_minutes", 0),
}


@pytest.mark.parametrize("table", BROKEN.values(), ids=BROKEN)
def test_a_broken_table_is_refused(table):
    with pytest.raises(InputError) as caught:
        policy_from(table)
    assert caught.value.remedy


def test_the_package_brings_its_table():
    assert policy_from(document()) == POLICY
    assert POLICY.minor_age == 16
    assert not POLICY.rules[Purpose.IMPROVE].enabled


def test_the_description_has_a_row_for_every_purpose():
    heading, *rows = describe()
    assert {len(row) for row in rows} == {len(heading)}
    assert [row[0].split(":")[0] for row in rows] == [purpose.value for purpose in Purpose]
    assert rows[-1][-1] == "nobody (switched off)"
    assert rows[0] == (
        "repair: repair scans", "III.1", "consent", "repair", "objects", "technician, engineer",
    )  # fmt: skip
