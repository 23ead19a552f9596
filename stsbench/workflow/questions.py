"""What intake asks, as data: a panel shows it, a batch answers it from the record."""

from dataclasses import dataclass

from stsbench.domain.access import ReasonCode
from stsbench.vault.records import IntakePreview

__all__ = ["Question", "for_intake"]


@dataclass(frozen=True, slots=True)
class Question:
    """One decision: its key in `Answers`, its words, its choices.

    Parameters
    ----------
    key : str
    text : str
        A sentence for the technician.
    choices : tuple of str
        Empty for free text (a code word or a date; never a name).
    default : str
    """

    key: str
    text: str
    choices: tuple[str, ...] = ()
    default: str = ""


_ATTESTED: dict[ReasonCode, tuple[str, tuple[str, ...]]] = {
    ReasonCode.AGE_UNKNOWN: ("Does the clinic attest that the patient is an adult?", ("", "adult")),
    ReasonCode.CONSENT_MISSING: (
        "Does the clinic attest that consent for repair and model was given?",
        ("", "clinic_confirmed"),
    ),
    ReasonCode.ARCH_UNKNOWN: ("Which arch does the scan show?", ("", "upper", "lower")),
}


def for_intake(preview: IntakePreview) -> tuple[Question, ...]:
    """Return what intake still has to ask, and who attests it."""
    asked = [
        Question(f"attest/{reason.value}", *_ATTESTED[reason])
        for reason in preview.asked_for
        if reason in _ATTESTED
    ]
    if not asked:
        return ()
    return (
        *asked,
        Question("attest/by", "Who attests it? A role, such as clinic.", ("", "clinic", "lab")),
        Question("attest/on", "On which day? YYYY-MM-DD."),
    )
