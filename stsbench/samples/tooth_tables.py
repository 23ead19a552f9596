"""Dentition tables: average sizes, poses, cusps and outlines per tooth, read from teeth.toml.

Rules owned here:
- This is the one place that reads teeth.toml; everyone else gets frozen values.
- A tooth is named by its arch and the second digit of its FDI number: left equals right.

References
----------
Nelson, *Wheeler's Dental Anatomy, Physiology and Occlusion*, Elsevier.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from stsbench.domain.dentition import Arch

__all__ = ["Section", "ToothRow", "tooth_class", "tooth_row"]


@dataclass(frozen=True, slots=True)
class Section:
    """Shape of a horizontal section of the crown, and of the gingiva about it."""

    exponent: float  # of the superellipse
    taper: float  # narrowing towards lingual
    shear: float  # rhomboid skew
    fossa_mm: float  # depth of the lingual fossa of front teeth
    papilla_mm: float  # rise of the gingival margin from facial to proximal
    margin_mm: float  # gingival margin above the cervical line, mid-facial
    rounding_mm: float  # between axial walls and occlusal surface


@dataclass(frozen=True, slots=True)
class ToothRow:
    """Average values of one tooth."""

    sizes_mm: tuple[float, ...]  # height, mesiodistal, at cervix, buccolingual, at cervix
    inclination_deg: float  # labial positive
    tip_deg: float  # mesial positive
    level_mm: float  # of the highest tip, over the occlusal plane
    cusps: tuple[tuple[float, float, float], ...]
    outline: Mapping[str, tuple[tuple[float, float], ...]]
    section: Section

    @property
    def height_mm(self) -> float:
        """Height of the crown."""
        return self.sizes_mm[0]

    @property
    def buccolingual_mm(self) -> float:
        """Widest buccolingual diameter."""
        return self.sizes_mm[3]


@cache
def _table() -> dict[str, Any]:
    text = resources.files("stsbench.samples").joinpath("teeth.toml").read_text("utf-8")
    return tomllib.loads(text)


def tooth_class(arch: Arch, position: int) -> str:
    """Return the class of a tooth, such as `upper_molar`; position 1-8 from the midline."""
    if position == 3:
        return "canine"
    kind = "incisor" if position < 3 else "premolar" if position < 6 else "molar"
    return f"{arch.for_people}_{kind}"


@cache
def tooth_row(arch: Arch, position: int) -> ToothRow:
    """Return the averages of the tooth at a position, 1-8 from the midline."""
    table, key = _table(), str(position)
    of_arch = table[arch.value]
    kind = tooth_class(arch, position)
    outline = {
        side: tuple((float(t), float(r)) for t, r in knots)
        for side, knots in table["outline"][kind].items()
    }
    cusps = tuple((float(u), float(v), float(w)) for u, v, w in of_arch["cusps"].get(key, ()))
    inclination, tip, level = (float(x) for x in of_arch["pose"][key])
    return ToothRow(
        sizes_mm=tuple(float(x) for x in of_arch["size"][key]),
        inclination_deg=inclination,
        tip_deg=tip,
        level_mm=level,
        cusps=cusps,
        outline=outline,
        section=Section(*(float(x) for x in table["section"][kind])),
    )
