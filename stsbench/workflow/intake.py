"""Take an order in: hand its folder to the broker, answer what is asked, confirm.

The folder's name and everything in it stay between the broker and its keyless parsing child; what
comes back are kinds, counts and places of identifying data, never a value.
"""

from dataclasses import dataclass
from pathlib import Path

from stsbench.domain.access import Attestation, ReasonCode
from stsbench.domain.answers import Answers
from stsbench.errors import InputError
from stsbench.vault.client import VaultClient
from stsbench.vault.records import IntakeOutcome, IntakePreview

__all__ = [
    "TakenIn",
    "attestations_from",
    "confirm_intake",
    "outcome_row",
    "preview_folder",
    "preview_ticket",
]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What arrived, and what became of it."""

    preview: IntakePreview
    outcome: IntakeOutcome


def preview_folder(folder: str | Path) -> IntakePreview:
    """Hand an order's folder to the broker.

    Raises
    ------
    InputError
        There is no such folder.
    StorageError
        The vault cannot be reached.
    """
    path = Path(folder)
    if not path.is_dir():
        raise InputError("There is no such folder.", "Name the folder that holds order.json.")
    with VaultClient.connect() as client:
        return client.preview_intake(path.resolve())


def preview_ticket(ticket: str = "") -> IntakePreview:
    """Return the preview of an open ticket; empty for the newest one.

    Raises
    ------
    InputError
        No ticket is open.
    """
    with VaultClient.connect() as client:
        return client.preview_of(ticket.strip())


def confirm_intake(ticket: str, answers: Answers | None = None) -> IntakeOutcome:
    """Confirm a ticket: the case is stored, held or refused.

    Parameters
    ----------
    ticket : str
    answers : Answers, optional
        `attest/<reason code>` with one code word, `attest/by` and `attest/on`;
        `apply_unit` bool; `arch/<scan>` upper or lower.
    """
    given = answers or Answers()
    arches = {
        key.removeprefix("arch/"): str(value)
        for key, value in given.values.items()
        if key.startswith("arch/")
    }
    with VaultClient.connect() as client:
        return client.confirm_intake(
            ticket,
            attestations=attestations_from(given),
            apply_unit=bool(given.get("apply_unit", True)),
            arch_answers=arches,
        )


def attestations_from(answers: Answers) -> tuple[Attestation, ...]:
    """Read the attestations out of the answers, with the role and date that signed them."""
    by, on = str(answers.get("attest/by", "")), str(answers.get("attest/on", ""))
    questions = [key for key in answers.values if key.startswith("attest/")]
    return tuple(
        Attestation(ReasonCode(key.removeprefix("attest/")), str(answers.values[key]), by, on)
        for key in questions
        if key not in {"attest/by", "attest/on"} and answers.values[key]
    )


def outcome_row(outcome: IntakeOutcome) -> dict[str, object]:
    """Return codes and verdict for the notebook's last cell."""
    return {
        "stage": "intake",
        "verdict": outcome.verdict.value,
        "ticket": outcome.ticket,
        "case_number": outcome.case_number or "",
        "patient_code": outcome.patient_code or "",
        "reasons": [reason.value for reason in outcome.reasons],
    }
