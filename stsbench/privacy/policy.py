"""Who may use what, for what purpose: one table, one pure decision.

Rules kept here:
- What the table does not allow is refused. There is no override and no "admin may".
- The order of the questions is fixed, so the reason is reproducible: is the purpose open at all,
  does it reach this kind of data, may this role ask, is a citation needed, does consent cover it.
- A purpose whose basis is consent needs one in effect today; withdrawing it stops that purpose and
  no other basis (privacy notice XI).
- For a child leases are shorter, and some purposes stay closed.

The table is `privacy/policy.toml`; `describe` prints it, and a test compares the documentation.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from stsbench.domain.access import LegalBasis, Purpose, ReasonCode, Role
from stsbench.errors import InputError
from stsbench.privacy.consent import Standing, consent_answer, is_minor

__all__ = [
    "AccessRequest",
    "Decision",
    "Policy",
    "PurposeRule",
    "Reach",
    "decide",
    "describe",
    "load_policy",
    "policy_from",
]

SCHEMA = "stsbench.policy/1"
LOWEST_MINOR_AGE = 16  # privacy notice IX.1


class Reach(StrEnum):
    """What kind of data is asked for."""

    OBJECTS = "objects"  # scans, models, reports: pseudonymous, and still identifying
    IDENTITY = "identity"  # name, age, gender, doctor
    CONTACT = "contact"  # of the clinic, never of the patient


@dataclass(frozen=True, slots=True)
class PurposeRule:
    """One purpose of the table.

    Parameters
    ----------
    purpose : Purpose
    notice : str
        Section of the privacy notice.
    title : str
    basis : LegalBasis
    consents : tuple of Purpose
        A consent for any of them covers this purpose.
    reaches : tuple of Reach
    roles : tuple of Role
    citation : bool
        Whether the law or order relied on must be cited.
    minors : bool
        Whether it is open for a child's data at all.
    enabled : bool
    """

    purpose: Purpose
    notice: str
    title: str
    basis: LegalBasis
    consents: tuple[Purpose, ...]
    reaches: tuple[Reach, ...]
    roles: tuple[Role, ...]
    citation: bool = False
    minors: bool = True
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole table.

    Parameters
    ----------
    minor_age : int
        Below it a guardian consents.
    needed_at_intake : tuple of Purpose
    lease_minutes, minor_lease_minutes : int
    rules : mapping of Purpose to PurposeRule
        One for every purpose there is.

    Raises
    ------
    InputError
        The minor age is below 16, a purpose has no rule, or a basis of consent names none.
    """

    minor_age: int
    needed_at_intake: tuple[Purpose, ...]
    lease_minutes: int
    minor_lease_minutes: int
    rules: Mapping[Purpose, PurposeRule]

    def __post_init__(self) -> None:
        if not LOWEST_MINOR_AGE <= self.minor_age <= 21:
            raise InputError(
                f"A minor age of {self.minor_age} is not allowed.",
                f"Set {LOWEST_MINOR_AGE} or more, up to 21.",
            )
        if not 0 < self.minor_lease_minutes <= self.lease_minutes:
            raise InputError(
                f"Leases of {self.lease_minutes} and {self.minor_lease_minutes} minutes.",
                "Set both above zero, a child's no longer than the other.",
            )
        for purpose in Purpose:
            rule = self.rules.get(purpose)
            if rule is None or (rule.basis is LegalBasis.CONSENT and not rule.consents):
                raise InputError(
                    f"The policy has no complete rule for {purpose.value}.",
                    "Write one; what is not written is refused.",
                )

    def with_minor_age(self, minor_age: int) -> "Policy":
        """Return the policy of a laboratory that sets the age higher."""
        if minor_age < self.minor_age:
            raise InputError(
                f"A minor age of {minor_age} would be lower than {self.minor_age}.",
                "It may only be raised.",
            )
        return replace(self, minor_age=minor_age)


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Who asks for what.

    Parameters
    ----------
    role : Role
    purpose : Purpose
    reach : Reach
    cited : bool
        Whether the law or order relied on was named; its text is sealed into the audit entry.
    """

    role: Role
    purpose: Purpose
    reach: Reach = Reach.OBJECTS
    cited: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with the words the audit entry needs.

    Parameters
    ----------
    granted : bool
    reason : ReasonCode
        NONE when granted.
    legal_basis : LegalBasis
        Of the purpose asked for, also when it is refused.
    lease_minutes : int
        0 when refused.
    """

    granted: bool
    reason: ReasonCode
    legal_basis: LegalBasis
    lease_minutes: int


def decide(request: AccessRequest, *, standing: Standing, today: date, policy: Policy) -> Decision:
    """Decide about one access.

    Parameters
    ----------
    request : AccessRequest
    standing : Standing
        Consents, age and guardian of the data subject.
    today : date
        Given by the caller: this function has no clock.
    policy : Policy

    Returns
    -------
    Decision
    """
    rule = policy.rules[request.purpose]
    minor = is_minor(standing.age, on=today, minor_age=policy.minor_age)
    reason = _refusal(request, rule, standing, today, policy)
    if reason is not ReasonCode.NONE:
        return Decision(False, reason, rule.basis, 0)
    # Whoever's age is unknown gets the shorter lease as well.
    minutes = policy.lease_minutes if minor is False else policy.minor_lease_minutes
    return Decision(True, ReasonCode.NONE, rule.basis, minutes)


def _refusal(
    request: AccessRequest, rule: PurposeRule, standing: Standing, today: date, policy: Policy
) -> ReasonCode:
    if not rule.enabled or request.reach not in rule.reaches:
        return ReasonCode.PURPOSE_NOT_COVERED
    if request.role not in rule.roles:
        return ReasonCode.ROLE_NOT_ALLOWED
    if rule.citation and not request.cited:
        return ReasonCode.PURPOSE_NOT_COVERED
    minor = is_minor(standing.age, on=today, minor_age=policy.minor_age)
    if not rule.minors and minor is not False:
        return ReasonCode.PURPOSE_NOT_COVERED
    if rule.basis is not LegalBasis.CONSENT:
        return ReasonCode.NONE
    return consent_answer(standing, purposes=rule.consents, on=today, minor_age=policy.minor_age)


@cache
def load_policy() -> Policy:
    """Return the table of the package.

    Raises
    ------
    InputError
        The table has another schema, an unknown word or an incomplete rule.
    """
    return policy_from(
        tomllib.loads((files("stsbench.privacy") / "policy.toml").read_text(encoding="utf-8"))
    )


def policy_from(document: Mapping[str, Any]) -> Policy:
    """Read a table that was parsed from TOML; see `load_policy`."""
    if document.get("schema") != SCHEMA:
        raise InputError("This is no policy.", f"Its schema must be {SCHEMA}.")
    try:
        rules = {
            Purpose(name): _rule(name, dict(row)) for name, row in document["purposes"].items()
        }
        return Policy(
            minor_age=document["minor_age"],
            needed_at_intake=tuple(Purpose(name) for name in document["needed_at_intake"]),
            lease_minutes=document["lease"]["minutes"],
            minor_lease_minutes=document["lease"]["minor_minutes"],
            rules=rules,
        )
    except InputError:
        raise
    except (KeyError, TypeError, ValueError) as exc:
        raise InputError(f"The policy cannot be read: {exc}.", "Correct policy.toml.") from exc


def _rule(name: str, row: dict[str, Any]) -> PurposeRule:
    return PurposeRule(
        purpose=Purpose(name),
        basis=LegalBasis(row.pop("basis")),
        consents=tuple(Purpose(word) for word in row.pop("consents")),
        reaches=tuple(Reach(word) for word in row.pop("reaches")),
        roles=tuple(Role(word) for word in row.pop("roles")),
        **row,
    )


def describe(policy: Policy | None = None) -> tuple[tuple[str, ...], ...]:
    """Return the table for people: a heading row, then one row per purpose."""
    policy = load_policy() if policy is None else policy
    heading = ("purpose", "notice", "legal basis", "consent needed", "reaches", "roles")
    return (heading, *(_described(policy.rules[purpose]) for purpose in Purpose))


def _described(rule: PurposeRule) -> tuple[str, ...]:
    nobody = "nobody (switched off)" if not rule.enabled else "nobody"
    return (
        f"{rule.purpose.value}: {rule.title}",
        rule.notice,
        rule.basis.value.replace("_", " ") + (", cited" if rule.citation else ""),
        " or ".join(purpose.value for purpose in rule.consents) or "none",
        ", ".join(rule.reaches),
        ", ".join(role.value.replace("_", " ") for role in rule.roles) or nobody,
    )
