"""Crowns: the outlines, ridges and grooves of one tooth, varied by a random generator.

Rules owned here:
- Tooth frame: u towards distal, v towards buccal, w towards occlusal, origin at the centre of the
  cervical section, w = height at the highest cusp or edge. Millimetres.
- Variation comes from the generator alone; variation 0 is the textbook average.

The occlusal surface is a height field: the smooth union of ridges less the grooves (`fields.py`).
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.dentition import arch_of_tooth
from stsbench.samples.tooth_tables import Section, ToothRow, tooth_class, tooth_row

__all__ = ["Crown", "make_crown"]

Values = NDArray[np.float64]
Cusp = tuple[float, float, float]

_DEPTH_MM = {"molar": 2.3, "premolar": 2.0}  # of the fossa below the highest cusp


@dataclass(slots=True)
class Relief:
    """What stands out of and runs into a crown, in mm of its frame; filled while it is made."""

    ridges: list[tuple[float, ...]] = field(default_factory=list)  # u v w, u v w, slope, radius
    grooves: list[tuple[float, ...]] = field(default_factory=list)  # u v, u v, depth, width
    facial: list[tuple[float, ...]] = field(default_factory=list)  # u, side, depth, width, from t


@dataclass(frozen=True, slots=True)
class Crown:
    """One tooth, ready to be placed in an arch."""

    fdi: int
    height_mm: float
    mesiodistal_mm: float
    buccolingual_mm: float
    outline: dict[str, tuple[Values, Values]]  # side -> (height fractions, half diameters in mm)
    relief: Relief
    section: Section
    margin_mm: float  # this tooth's own gingival margin
    worn_mm: float  # height at which cusp tips are worn flat


def _outline(
    row: ToothRow, sizes: Values, rng: np.random.Generator, variation: float
) -> dict[str, tuple[Values, Values]]:
    _, md, md_cervix, bl, bl_cervix = sizes
    result = {}
    for side, knots in row.outline.items():
        half, cervix = (
            (md / 2, md_cervix / md) if side in {"mesial", "distal"} else (bl / 2, bl_cervix / bl)
        )
        heights = np.array([-0.9, -0.45, 0.0, *(t for t, _ in knots), 1.3])
        share = np.array(
            [cervix * 0.72, cervix * 0.90, cervix, *(r for _, r in knots), knots[-1][1] * 0.9]
        )
        share[4:-2] += variation * 0.015 * rng.standard_normal(len(share) - 6)
        result[side] = (heights, share * half)
    return result


def _incisor(
    relief: Relief, *, upper: bool, lateral: bool, height: float, hu: float, hv: float
) -> None:
    edge_v = hv * (0.15 if upper else -0.04)
    bow = 0.25 if upper else 0.08
    tilt = 0.35 if upper and lateral else 0.12
    for k in range(3):  # three faint mamelons
        z = height - bow * (k - 0.8) ** 2 * 0.5 - tilt * max(0, k - 1)
        mesial, distal = (-0.78 + 0.5 * k) * hu, (-0.42 + 0.5 * k) * hu
        relief.ridges.append(
            (mesial, edge_v, z - 0.05, distal, edge_v, z - 0.05 * (k > 0), 0.8, 0.9)
        )
    for u in (-0.32, 0.32):
        relief.facial.append((u * hu, 1, 0.10, 0.20 * hu, 0.35))


def _canine(relief: Relief, *, upper: bool, height: float, hu: float, hv: float) -> None:
    u, v = -0.08 * hu, hv * (0.12 if upper else 0.05)
    relief.ridges += [
        (u, v, height, -0.72 * hu, v, height - 1.0, 0.7, 0.5),
        (u, v, height, 0.80 * hu, v, height - 1.6, 0.7, 0.5),
        (u, v, height, u, -0.55 * hv, height - 4.5, 0.9, 0.8),
    ]
    relief.facial += [(-0.50 * hu, 1, 0.18, 0.24 * hu, 0.25), (0.45 * hu, 1, 0.20, 0.24 * hu, 0.25)]


def _crest(
    relief: Relief,
    row: list[Cusp],
    side: int,
    mid_v: float,
    size: tuple[float, float, float],
    *,
    molar: bool,
) -> None:
    """Cusp arms along the buccal or lingual crest, and the grooves between cusps."""
    height, hu, hv = size
    start: Cusp = (-0.74 * hu, row[0][1] * 0.82, height - 1.35)
    end: Cusp = (0.74 * hu, row[-1][1] * 0.82, height - 1.5)
    chain = [start, *row, end]
    for k, (a, b) in enumerate(pairwise(chain)):
        inner = 0 < k < len(chain) - 2
        dip = min(a[2], b[2]) - 0.85 if inner else (a[2] + b[2]) / 2 - 0.1
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 * 0.99, dip)
        relief.ridges += [(*a, *middle, 0.90, 0.75), (*b, *middle, 0.90, 0.75)]
        if inner and molar:
            u = middle[0]
            relief.grooves.append((u * 0.6, mid_v, u, side * 1.02 * hv, 0.40, 0.32))
            relief.facial.append((u, side, 0.38 if side > 0 else 0.30, 0.17 * hu, 0.38))


def _fissures(
    relief: Relief,
    cusps: list[Cusp],
    mid_v: float,
    size: tuple[float, float, float],
    rng: np.random.Generator,
    variation: float,
) -> None:
    """Central groove with forks, and short secondary grooves beside the triangular ridges."""
    _, hu, hv = size
    for way in (-1, 1):
        bend = mid_v * 0.5 + 0.05 * variation * hv * rng.standard_normal()
        far = way * (0.56 + 0.03 * variation * rng.standard_normal()) * hu
        relief.grooves.append((0.0, mid_v, far, bend, 0.34, 0.34))
        for fork in (0.26, -0.26):
            v = (fork + 0.05 * variation * rng.standard_normal()) * hv
            relief.grooves.append((0.93 * far, bend, way * 0.70 * hu, v, 0.26, 0.32))
    for u, v, _ in cusps:
        for way in (-1, 1):
            start_u = u * 0.45 + way * (0.13 + 0.03 * variation * rng.standard_normal()) * hu
            end_u = u * 0.85 + way * (0.17 + 0.05 * variation * rng.standard_normal()) * hu
            depth = 0.10 + 0.04 * variation * rng.standard_normal()
            start_v = mid_v + (v - mid_v) * 0.22
            relief.grooves.append((start_u, start_v, end_u, v * 0.85, max(depth, 0.02), 0.30))


def _posterior(
    relief: Relief,
    row: ToothRow,
    size: tuple[float, float, float],
    rng: np.random.Generator,
    variation: float,
    *,
    upper: bool,
    molar: bool,
) -> None:
    height, hu, hv = size
    cusps: list[Cusp] = [
        (
            u * hu * (1 + 0.05 * variation * rng.standard_normal()),
            v * hv,
            height - drop - 0.12 * variation * abs(rng.standard_normal()),
        )
        for u, v, drop in row.cusps
    ]
    mid_v = 0.04 * hv if upper else -0.10 * hv
    floor = height - _DEPTH_MM["molar" if molar else "premolar"]
    for u, v, w in cusps:  # triangular ridge down to the fossa
        end_v = mid_v + (v - mid_v) * 0.18
        relief.ridges.append((u, v, w, u * 0.42, end_v, max(floor + 0.15, w - 2.2), 0.74, 0.75))
    for side in (1, -1):
        crest = sorted(cusp for cusp in cusps if (cusp[1] > mid_v) == (side > 0))
        _crest(relief, crest, side, mid_v, size, molar=molar)
    for way, drop in ((-1, 1.25), (1, 1.45)):  # marginal ridges
        u0, u1 = way * 0.76 * hu, way * 0.74 * hu
        relief.ridges.append(
            (u0, 0.46 * hv, height - drop, u1, -0.50 * hv, height - drop - 0.15, 0.85, 0.5)
        )
    if upper and molar:  # oblique ridge, mesiolingual to distobuccal
        a, b = cusps[2], cusps[1]
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, min(a[2], b[2]) - 1.35)
        relief.ridges += [(*a, *middle, 0.85, 0.4), (*b, *middle, 0.85, 0.4)]
    _fissures(relief, cusps, mid_v, size, rng, variation)
    if not molar:
        relief.facial += [
            (-0.45 * hu, 1, 0.10, 0.24 * hu, 0.35),
            (0.45 * hu, 1, 0.10, 0.24 * hu, 0.35),
        ]


def make_crown(
    fdi: int, rng: np.random.Generator, *, variation: float = 1.0, wear_mm: float = 0.0
) -> Crown:
    """Return the crown of one permanent tooth.

    Parameters
    ----------
    fdi : int
        11-48 (ISO 3950).
    rng : numpy.random.Generator
        Drawn from in a fixed order.
    variation : float
        Natural variation; 0 is the textbook average.
    wear_mm : float
        How far cusp tips and edges are worn flat.
    """
    arch, position = arch_of_tooth(fdi), fdi % 10
    row = tooth_row(arch, position)
    sizes = np.array(row.sizes_mm)
    sizes[1:] *= 1 + 0.015 * variation * rng.standard_normal()
    sizes[0] *= 1 + 0.03 * variation * rng.standard_normal()
    height, md, bl = float(sizes[0]), float(sizes[1]), float(sizes[3])
    upper = arch.for_people == "upper"
    relief = Relief()
    if position <= 2:
        _incisor(relief, upper=upper, lateral=position == 2, height=height, hu=md / 2, hv=bl / 2)
    elif position == 3:
        _canine(relief, upper=upper, height=height, hu=md / 2, hv=bl / 2)
    else:
        molar = tooth_class(arch, position).endswith("_molar")
        _posterior(relief, row, (height, md / 2, bl / 2), rng, variation, upper=upper, molar=molar)
    margin = row.section.margin_mm + 0.25 * variation * float(rng.standard_normal())
    worn = height - wear_mm * (1 + 0.4 * variation * float(rng.uniform(-1, 1)))
    return Crown(
        fdi=fdi,
        height_mm=height,
        mesiodistal_mm=md,
        buccolingual_mm=bl,
        outline=_outline(row, sizes, rng, variation),
        relief=relief,
        section=row.section,
        margin_mm=margin,
        worn_mm=worn,
    )
