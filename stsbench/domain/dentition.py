"""Arches and teeth: FDI numbers (ISO 3950) and how people write them."""

from enum import StrEnum

from stsbench.errors import InputError

__all__ = ["Arch", "arch_of_tooth", "as_universal", "check_fdi"]


class Arch(StrEnum):
    """Which jaw a scan shows. People say upper and lower; code says maxillary and mandibular."""

    MAXILLARY = "maxillary"
    MANDIBULAR = "mandibular"

    @property
    def for_people(self) -> str:
        """The word on screen, on the command line and in an order: upper or lower."""
        return "upper" if self is Arch.MAXILLARY else "lower"

    @classmethod
    def parse(cls, text: str) -> "Arch":
        """Read either word.

        Raises
        ------
        InputError
            Neither upper, lower, maxillary nor mandibular.
        """
        words = {"upper": cls.MAXILLARY, "lower": cls.MANDIBULAR}
        words |= {arch.value: arch for arch in cls}
        try:
            return words[text.strip().lower()]
        except KeyError:
            raise InputError(f"{text!r} is not an arch.", "Say upper or lower.") from None


def check_fdi(fdi: int) -> int:
    """Return a two-digit FDI number of a permanent or deciduous tooth, or refuse it."""
    quadrant, position = divmod(int(fdi), 10)
    if not (1 <= quadrant <= 8 and 1 <= position <= (8 if quadrant <= 4 else 5)):
        raise InputError(f"{fdi} is not an FDI tooth number.", "Use 11-48 or 51-85 (ISO 3950).")
    return int(fdi)


def arch_of_tooth(fdi: int) -> Arch:
    """Return the arch a tooth stands in."""
    return Arch.MAXILLARY if check_fdi(fdi) // 10 in {1, 2, 5, 6} else Arch.MANDIBULAR


def as_universal(fdi: int) -> int:
    """Return the Universal number (1-32) of a permanent tooth."""
    quadrant, position = divmod(check_fdi(fdi), 10)
    if quadrant > 4:
        raise InputError(f"{fdi} is a deciduous tooth.", "Universal numbers 1-32 are permanent.")
    return {1: 9 - position, 2: 8 + position, 3: 25 - position, 4: 24 + position}[quadrant]
