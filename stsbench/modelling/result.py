"""A digital model with what is known about it, and its report `stsbench.model/1`.

Rules owned here:
- The report holds no path, no name and no time; places and matrices are in mm.
- Raw measured values stand under `checks`, each with its name; limits belong to the checks of qa.
- `model_from_scanner` leads to the occlusal frame, `output_from_scanner` to the axes of the file.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.dentition import Arch
from stsbench.domain.findings import NOT_CHECKED, Finding, Severity
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.occlusion import OcclusalFrame
from stsbench.domain.verdicts import Verdict, verdict_of
from stsbench.modelling.checks import Checks
from stsbench.modelling.profiles import ModelProfile

__all__ = ["SCHEMA", "ModelResult"]

SCHEMA = "stsbench.model/1"
_MODEL_NOT_CHECKED = (
    "how the printed model comes out (shrinkage, supports)",
    "whether the base suits an articulator",
)


@dataclass(frozen=True, eq=False, slots=True)
class ModelResult:
    """A digital model and what is known about it.

    Parameters
    ----------
    mesh : TriangleMesh
        In the axes that `output_from_scanner` leads to.
    frame : OcclusalFrame
        In the scanner's axes.
    arch : Arch
    profile : ModelProfile
    body : str
    output_frame : str
    output_from_scanner : (4, 4) float64
        Identity for "scanner".
    confirmed : bool
        A person confirmed the orientation.
    findings : tuple of Finding
        Places in the scanner's axes.
    checks : Checks
        Raw measured values.
    wall_mm : mapping or None
        Measured wall of a hollow model; None for a solid one.
    patched_mm2, trimmed_mm2, scan_mm2 : float
        Area of patches, of the strip cut off along the rim, and of the scan.
    """

    mesh: TriangleMesh
    frame: OcclusalFrame
    arch: Arch
    profile: ModelProfile
    body: str
    output_frame: str
    output_from_scanner: NDArray[np.float64]
    confirmed: bool
    findings: tuple[Finding, ...]
    checks: Checks
    wall_mm: dict[str, float] | None
    patched_mm2: float
    trimmed_mm2: float
    scan_mm2: float

    @property
    def verdict(self) -> Verdict:
        """The strictest severity among the findings."""
        return verdict_of(self.findings)

    @property
    def review(self) -> tuple[Finding, ...]:
        """Findings a person must look at."""
        return tuple(f for f in self.findings if f.severity is not Severity.NOTE)

    def report(self) -> dict[str, object]:
        """Return the report `stsbench.model/1` (docs/model.md)."""
        edited = self.patched_mm2 + self.trimmed_mm2
        return {
            "schema": SCHEMA,
            "verdict": self.verdict.value,
            "arch": self.arch.for_people,
            "profile": self.profile.name.value,
            "body": self.body,
            "findings": [finding.as_json() for finding in self.findings],
            "review": [finding.as_json() for finding in self.review],
            "orientation": self._orientation(),
            "model_from_scanner": _matrix(self.frame.model_from_scanner),
            "output_frame": self.output_frame,
            "output_from_scanner": _matrix(self.output_from_scanner),
            "wall_mm": self.wall_mm,
            "checks": self.checks.as_json(),
            "edits": {
                "edited_mm2": round(edited, 4),
                "edited_share": round(edited / self.scan_mm2, 6) if self.scan_mm2 else 0.0,
                "outside_defects_mm2": round(self.trimmed_mm2, 4),
            },
            "not_checked": [*NOT_CHECKED, *_MODEL_NOT_CHECKED],
        }

    def _orientation(self) -> dict[str, object]:
        return {
            "confirmed": self.confirmed,
            "source": self.frame.source,
            "sure": self.frame.sure,
            "midline_sure": self.frame.midline_sure,
            "confidence": round(self.frame.confidence, 4),
            "reasons": list(self.frame.reasons),
            "normal": [round(x, 6) + 0.0 for x in self.frame.normal.tolist()],
            "midline": [round(x, 6) + 0.0 for x in self.frame.midline.tolist()],
        }


def _matrix(transform: NDArray[np.float64]) -> list[list[float]]:
    """Write a 4x4 matrix row by row; a billionth is far below a nanometre over an arch."""
    return [[round(value, 9) + 0.0 for value in row] for row in transform.tolist()]
