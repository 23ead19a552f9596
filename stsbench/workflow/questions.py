"""What intake asks, as data: a panel shows it, a batch answers it from the record."""

from collections.abc import Iterable
from dataclasses import dataclass

from stsbench.domain.access import ReasonCode

__all__ = ["Question", "questions_for"]


@dataclass(frozen=True, slots=True)
class Question:
    """One decision: its key in `Answers` and its choices; its words are the bench's.

    Parameters
    ----------
    key : str
    choices : tuple of str
        Empty for free text (a date; never a name).
    """

    key: str
    choices: tuple[str, ...] = ()


_ATTESTED: dict[ReasonCode, tuple[str, ...]] = {
    ReasonCode.AGE_UNKNOWN: ("", "adult"),
    ReasonCode.CONSENT_MISSING: ("", "clinic_confirmed"),
    ReasonCode.ARCH_UNKNOWN: ("", "upper", "lower"),
}


def questions_for(missing: Iterable[ReasonCode]) -> tuple[Question, ...]:
    """Return what intake still has to ask, and who attests it."""
    asked = [
        Question(f"attest/{reason.value}", _ATTESTED[reason])
        for reason in missing
        if reason in _ATTESTED
    ]
    if not asked:
        return ()
    return (*asked, Question("attest/by", ("", "clinic", "lab")), Question("attest/on"))
