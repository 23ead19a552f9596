"""What the vault answers with: frozen values in codes and numbers, never an identity."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stsbench.domain.access import IdentifierPlace, IntakeVerdict, LegalBasis, Purpose, ReasonCode
from stsbench.domain.order import Order

__all__ = [
    "CaseRecord",
    "CaseSummary",
    "IntakeOutcome",
    "IntakePreview",
    "LeaseAnswer",
    "LeaseRequest",
    "ObjectEntry",
    "ScanPreview",
    "VerdictEntry",
]


@dataclass(frozen=True, slots=True)
class ScanPreview:
    """One scan of a folder that is not a case yet.

    Parameters
    ----------
    scan_id : str
        "upper", "lower", ...; unique within the folder. The clinic's file name is not repeated.
    role : str
        As in `ScanRole`, or "" when neither order nor file says which arch it is.
    face_count : int
    extents_mm : (3,) float
        Width, depth and height if the file were in its stated unit.
    unit_factor_suggested : float
        1.0 when the size is that of a mouth; 1000.0 or 25.4 when it looks like metres or inches.
    """

    scan_id: str
    role: str
    face_count: int
    extents_mm: tuple[float, float, float]
    unit_factor_suggested: float


@dataclass(frozen=True, slots=True)
class IntakePreview:
    """What is in a clinic's folder: kinds, counts and places of identifying data; no value."""

    ticket: str
    identifiers: tuple[IdentifierPlace, ...]
    scans: tuple[ScanPreview, ...]
    order_present: bool
    asked_for: tuple[ReasonCode, ...]
    originals_note: str


@dataclass(frozen=True, slots=True)
class IntakeOutcome:
    """What became of an intake."""

    ticket: str
    verdict: IntakeVerdict
    reasons: tuple[ReasonCode, ...] = ()
    case_number: str | None = None
    patient_code: str | None = None
    asked_for: tuple[ReasonCode, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """One line of the list of cases."""

    case_number: str
    patient_code: str
    profile: str
    stage: str
    verdict: str
    received_on: str


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """A sealed object of a case: what it is and what it was made from."""

    object_id: str
    kind: str
    scan_id: str
    parents: tuple[str, ...]
    created_at: str
    size_bytes: int
    version: int = 1
    summary: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VerdictEntry:
    """A verdict recorded for a stage."""

    stage: str
    verdict: str
    detail: Mapping[str, object]
    recorded_at: str


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case as everyone below the vault may see it.

    Parameters
    ----------
    verdicts : mapping of str to str
        The newest verdict of each stage; `history` has every one.
    """

    order: Order
    stage: str
    verdict: str
    received_on: str
    objects: tuple[ObjectEntry, ...]
    verdicts: Mapping[str, str]
    history: tuple[VerdictEntry, ...]


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """One request for a lease: which object of which case, for what, in which role."""

    case_number: str
    object_id: str  # or a scan id: its newest version
    purpose: str
    role: str


@dataclass(frozen=True, slots=True)
class LeaseAnswer:
    """A grant, or a refusal with its reason."""

    granted: bool
    lease_id: str = ""
    case_number: str = ""
    object_id: str = ""
    purpose: Purpose | None = None
    legal_basis: LegalBasis | None = None
    size_bytes: int = 0
    open_until: str = ""
    reason: ReasonCode = ReasonCode.NONE
    problem: str = ""
    remedy: str = ""
