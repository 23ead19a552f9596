"""What a kernel or a check saw: kind, place, size, and what became of it.

The kinds below are all that stsbench looks for. `NOT_CHECKED` is what no mesh check can see; every
report repeats it, because a clean mesh is not a good impression.
"""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["NOT_CHECKED", "Action", "Finding", "FindingKind", "Severity"]

NOT_CHECKED = (
    "distortion of the whole arch (stitching drift)",
    "margins smoothed by the scanner",
    "a wrong or shifted bite",
    "anatomy that is missing beyond the border",
    "whether the scan shows this patient",
)


class FindingKind(StrEnum):
    """Every defect the product names, in the order a report lists them."""

    HOLE = "hole"
    BORDER = "border"  # a boundary loop kept as the edge of the scan; not a defect
    ISLAND = "island"
    SPIKE = "spike"
    FOLD = "fold"
    SELF_INTERSECTION = "self_intersection"
    NON_MANIFOLD_EDGE = "non_manifold_edge"
    NON_MANIFOLD_VERTEX = "non_manifold_vertex"
    DEGENERATE_FACE = "degenerate_face"
    DUPLICATE_FACE = "duplicate_face"
    DUPLICATE_VERTEX = "duplicate_vertex"
    UNREFERENCED_VERTEX = "unreferenced_vertex"
    FLIPPED_WINDING = "flipped_winding"
    NOT_ORIENTABLE = "not_orientable"
    DOUBLE_LAYER = "double_layer"
    STITCHING_STEP = "stitching_step"
    UNIT_SUSPECT = "unit_suspect"
    PREPARATION_UNMARKED = "preparation_unmarked"
    ORIENTATION_UNSURE = "orientation_unsure"
    MODEL_INVALID = "model_invalid"  # a finished model fails a check of its own
    BY_HAND = "by_hand"  # what a technician changed with a tool; not a defect


class Severity(StrEnum):
    """How much a finding asks of the reader."""

    NOTE = "note"
    REVIEW = "review"
    HOLD = "hold"


class Action(StrEnum):
    """What became of a finding."""

    NONE = "none"  # inspected only
    REPAIRED = "repaired"
    REMOVED = "removed"
    FILLED = "filled"
    KEPT = "kept"  # on purpose, such as the border
    LEFT_OPEN = "left_open"  # above a limit of the profile
    UNSOLVED = "unsolved"


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect: what, where, how large, and what became of it.

    Parameters
    ----------
    kind : FindingKind
    place_mm : (x, y, z) float
        Centre, in the scan's own axes.
    size_mm : float
        Perimeter for a hole or border, height for a spike, largest extent otherwise.
    area_mm2 : float
        Area of the faces concerned; for a hole, of its filling or of a flat one.
    faces_count : int
    severity : Severity
    action : Action
    detail : str
        One sentence for a person; no name and no path.
    """

    kind: FindingKind
    place_mm: tuple[float, float, float]
    size_mm: float = 0.0
    area_mm2: float = 0.0
    faces_count: int = 0
    severity: Severity = Severity.NOTE
    action: Action = Action.NONE
    detail: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the finding as the report writes it; lengths rounded to 0.1 um."""
        return {
            "kind": self.kind.value,
            "place_mm": [round(x, 4) + 0.0 for x in self.place_mm],
            "size_mm": round(self.size_mm, 4),
            "area_mm2": round(self.area_mm2, 4),
            "faces_count": self.faces_count,
            "severity": self.severity.value,
            "action": self.action.value,
            "detail": self.detail,
        }
