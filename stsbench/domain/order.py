"""A clinic's order once identities are taken out: what everyone below the vault may see."""

from dataclasses import dataclass
from enum import StrEnum

from stsbench.domain.dentition import Arch

__all__ = ["Order", "OrderItem", "Profile", "ScanEntry", "ScanRole", "Unit"]


class Profile(StrEnum):
    """What the model is for; limits and defaults hang on it (research: dental, table 7.2)."""

    STUDY = "study"
    ALIGNER = "aligner"
    RESTORATIVE = "restorative"
    ORTHO_RECORD = "ortho-record"
    DENTURE = "denture"


class ScanRole(StrEnum):
    """What a scan shows."""

    UPPER = "upper"
    LOWER = "lower"
    BITE_LEFT = "bite_left"
    BITE_RIGHT = "bite_right"
    PREPARATION = "preparation"
    SITU = "situ"

    @property
    def arch(self) -> Arch | None:
        """The arch, where the role says it."""
        return {ScanRole.UPPER: Arch.MAXILLARY, ScanRole.LOWER: Arch.MANDIBULAR}.get(self)


class Unit(StrEnum):
    """Unit of a scan file's coordinates."""

    MILLIMETRE = "mm"
    METRE = "m"
    INCH = "inch"

    @property
    def in_mm(self) -> float:
        """Millimetres in one unit."""
        return {Unit.MILLIMETRE: 1.0, Unit.METRE: 1000.0, Unit.INCH: 25.4}[self]


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One thing to make."""

    type: str
    fdi: tuple[int, ...] = ()
    material: str = ""
    shade: str = ""


@dataclass(frozen=True, slots=True)
class ScanEntry:
    """One scan of a case as stored: no file name of the clinic survives."""

    scan_id: str  # "upper", "lower", "preparation", ...; unique within the case
    role: ScanRole
    face_count: int
    unit_factor: float  # already applied; 1.0 when the file was in mm


@dataclass(frozen=True, slots=True)
class Order:
    """A pseudonymous order."""

    case_number: str
    patient_code: str
    profile: Profile
    items: tuple[OrderItem, ...]
    scans: tuple[ScanEntry, ...]
    origin: str = ""  # ISO 3166 country of the clinic, for transfer rules
    synthetic: bool = False  # every scan is one of the package's samples: no person's teeth

    @property
    def has_preparation(self) -> bool:
        """True when a tooth was prepared: nothing may be filled near an unmarked margin."""
        prepared = any(scan.role is ScanRole.PREPARATION for scan in self.scans)
        crowns = {"crown", "bridge", "inlay", "onlay", "veneer", "preparation"}
        return prepared or any(item.type in crowns for item in self.items)
