"""Arch plan: which teeth an arch has, and where each crown stands.

Rules owned here:
- Arch frame: x towards the patient's left, y posterior, z occlusal (towards the opposing arch), so
  both arches are built facing up; `arches.py` turns the upper one over.
- All chance comes from the seed; a missing tooth draws its numbers too, so that taking one out does
  not move the others.
- Values from exp, sin and cos are rounded before anything is decided on them: those functions
  differ in the last bits between processors.

The arch line is given by its tangent angle along the arc; the lower line runs inside the upper one
by the overjet, so that the arches fit by construction.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.dentition import Arch, arch_of_tooth, check_fdi
from stsbench.errors import InputError
from stsbench.samples.crowns import Crown, make_crown
from stsbench.samples.tooth_tables import tooth_row

__all__ = ["ArchPlan", "PlacedTeeth", "PlacedTooth", "arch_line", "place_teeth"]

Values = NDArray[np.float64]

_OVERJET_MM = 2.1
_OVERLAP_MM = 0.10  # shared by neighbours at a contact


@dataclass(frozen=True, slots=True)
class ArchPlan:
    """What to build.

    Parameters
    ----------
    arch : Arch
    seed : int
    missing : tuple of int
        FDI numbers left out; `edentulous` leaves out all.
    preparations : tuple of int
        FDI numbers prepared for crowns.
    edentulous, third_molars, palate : bool
        `palate` is for upper arches: whether the vault is scanned.
    quadrant : int or None
        1-4: only this half of the arch is scanned.
    crowding : float
        0 straight, 1 marked crowding.
    variation : float
        Natural variation; 0 is the textbook average.
    wear_mm : float
        How far cusps and edges are worn flat.
    depth_mm : float
        How far below the gingival margin the scan reaches.
    raggedness : float
        Of the border; 0 is smooth.
    lift_mm : mapping of FDI number to float
        Further height of single teeth; `settle` uses it.
    offset_mm : (3,) float
        Where the arch stands in the common frame.
    """

    arch: Arch
    seed: int = 1
    missing: tuple[int, ...] = ()
    preparations: tuple[int, ...] = ()
    edentulous: bool = False
    third_molars: bool = False
    palate: bool = True
    quadrant: int | None = None
    crowding: float = 0.0
    variation: float = 1.0
    wear_mm: float = 0.2
    depth_mm: float = 5.5
    raggedness: float = 1.0
    lift_mm: Mapping[int, float] = field(default_factory=dict)
    offset_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        for fdi in (*self.missing, *self.preparations):
            if arch_of_tooth(check_fdi(fdi)) is not self.arch:
                raise InputError(
                    f"Tooth {fdi} stands in the other arch.", f"Name {self.arch.for_people} teeth."
                )
        quadrants = (1, 2) if self.arch is Arch.MAXILLARY else (4, 3)
        if self.quadrant is not None and self.quadrant not in quadrants:
            raise InputError(
                f"Quadrant {self.quadrant} is not in the {self.arch.for_people} arch.",
                f"Use one of {quadrants}.",
            )

    @property
    def is_upper(self) -> bool:
        """Whether this is the maxillary arch."""
        return self.arch is Arch.MAXILLARY

    @property
    def last_position(self) -> int:
        """Position of the last tooth of a quadrant, 7 or 8."""
        return 8 if self.third_molars else 7


@dataclass(frozen=True, slots=True)
class PlacedTooth:
    """A crown, its cervical centre and its axes in the arch frame."""

    crown: Crown
    origin: Values  # (3,) mm
    axes: Values  # (3, 3) rows u, v, w
    prepared: bool


@dataclass(frozen=True, slots=True)
class PlacedTeeth:
    """All teeth of an arch, and the stretch of the arch line each place takes."""

    teeth: tuple[PlacedTooth, ...]
    spans_mm: dict[int, tuple[float, float]]  # FDI -> arc lengths, also of missing teeth


def arch_line(arch: Arch, *, count: int = 4001, length_mm: float = 72.0) -> tuple[Values, Values]:
    """Return arc length (N,) and xy (N, 2) of the left half of the arch line, from the midline."""
    arc = np.linspace(0, length_mm, count)
    tangent = math.radians(83) * (1 - np.exp(-((arc / 19.4) ** 1.3)))
    middle = (tangent[1:] + tangent[:-1]) / 2
    step = arc[1] - arc[0]
    xy = np.zeros((count, 2))
    xy[1:, 0] = np.cumsum(np.cos(middle)) * step
    xy[1:, 1] = np.cumsum(np.sin(middle)) * step
    if arch is Arch.MANDIBULAR:
        xy += _OVERJET_MM * np.stack([-np.sin(tangent), np.cos(tangent)], axis=-1)
        arc = arc - _OVERJET_MM * tangent
    return np.round(arc, 9), np.round(xy, 9)


def _turn_about_z(angle: float) -> Values:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _quadrant_of(arch: Arch, side: int) -> int:
    return {(True, 1): 2, (True, -1): 1, (False, 1): 3, (False, -1): 4}[
        arch is Arch.MAXILLARY, side
    ]


def _stand(
    plan: ArchPlan, crown: Crown, ends: Values, side: int, rng: np.random.Generator
) -> PlacedTooth:
    """Place one crown between two places on the (left) arch line."""
    position, crowding, variation = crown.fdi % 10, plan.crowding, plan.variation
    row = tooth_row(plan.arch, position)
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    u = np.array([side * along[0], along[1], 0.0])
    v = np.array([side * along[1], -along[0], 0.0])
    natural = (1.5 if position > 5 else 3.0) * variation * rng.standard_normal()
    turn = natural + crowding * rng.normal(0, 14 if position <= 5 else 4)
    shift = 0.12 * variation * rng.standard_normal() + crowding * rng.normal(
        0, 0.9 if position <= 3 else 0.3
    )
    rise = rng.normal(0, 0.12 * variation)
    turned = _turn_about_z(math.radians(turn))
    u, v, w = turned @ u, turned @ v, np.array([0.0, 0.0, 1.0])
    tip = math.radians(row.tip_deg + 1.5 * variation * rng.standard_normal())
    u, w = u * math.cos(tip) + w * math.sin(tip), w * math.cos(tip) - u * math.sin(tip)
    lean = math.radians(row.inclination_deg + 2 * variation * rng.standard_normal())
    v, w = v * math.cos(lean) - w * math.sin(lean), w * math.cos(lean) + v * math.sin(lean)
    axes = np.stack([u, v, w])
    contact = (0.72 if position <= 3 else 0.65) * crown.height_mm
    middle = (ends[0] + ends[1]) / 2 * [side, 1]
    origin = np.array([*middle, 0.0]) + v * [1, 1, 0] * shift - axes[2] * contact
    top = origin[2] + axes[2, 2] * crown.height_mm
    origin[2] += row.level_mm + rise + plan.lift_mm.get(crown.fdi, 0.0) - top
    prepared = crown.fdi in plan.preparations
    return PlacedTooth(crown, np.round(origin, 9), np.round(axes, 12), prepared)


def place_teeth(plan: ArchPlan) -> PlacedTeeth:
    """Place the crowns of an arch side by side along its line.

    Parameters
    ----------
    plan : ArchPlan

    Returns
    -------
    PlacedTeeth
        Teeth from the midline outwards, the patient's left side first.
    """
    rng = np.random.default_rng([plan.seed, 0 if plan.is_upper else 1])
    arc, xy = arch_line(plan.arch)
    teeth: list[PlacedTooth] = []
    spans: dict[int, tuple[float, float]] = {}
    for side in (1, -1):
        start = 0
        for position in range(1, plan.last_position + 1):
            fdi = _quadrant_of(plan.arch, side) * 10 + position
            crown = make_crown(fdi, rng, variation=plan.variation, wear_mm=plan.wear_mm)
            squeeze = plan.crowding * (0.25 if position <= 5 else 0.0)
            chord = np.linalg.norm(xy[start:] - xy[start], axis=1)
            end = start + int(np.searchsorted(chord, crown.mesiodistal_mm - _OVERLAP_MM - squeeze))
            spans[fdi] = (side * float(arc[start]), side * float(arc[end]))
            tooth = _stand(plan, crown, xy[[start, end]], side, rng)
            start = end
            if not plan.edentulous and fdi not in plan.missing:
                teeth.append(tooth)
    return PlacedTeeth(tuple(teeth), spans)
