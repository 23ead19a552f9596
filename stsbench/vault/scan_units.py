"""Whether a scan has the size of a mouth, and putting it into millimetres.

Rules owned here:
- A jaw, a quadrant or a bite is 5 to 200 mm at its longest, a single preparation 2 mm at least.
  Metres and inches fall outside that range and beside each other, so the factor is unambiguous.
- A size that no unit explains gets no factor: a person must look.
- The numbers are choices, not facts; a whole arch is 45 to 80 mm (research: dental 7.3, check I1).
"""

from collections.abc import Sequence

from stsbench.domain.order import ScanRole

__all__ = ["scaled_ply", "size_is_plausible", "suggested_factor"]

_LONGEST_MM = 200.0
_SHORTEST_MM = 5.0
_SHORTEST_PREPARATION_MM = 2.0
_FACTORS = (1.0, 1000.0, 25.4, 0.001, 1 / 25.4)


def size_is_plausible(extents_mm: Sequence[float], role: ScanRole | None) -> bool:
    """Return whether a scan is as long as what it shows can be."""
    shortest = _SHORTEST_PREPARATION_MM if role is ScanRole.PREPARATION else _SHORTEST_MM
    return shortest <= max(extents_mm) <= _LONGEST_MM


def suggested_factor(extents_mm: Sequence[float], role: ScanRole | None) -> float:
    """Return the factor that gives a scan the size of a mouth.

    Parameters
    ----------
    extents_mm : (3,) float
        If the file were in the unit it is said to be in.
    role : ScanRole or None

    Returns
    -------
    float
        1.0 when the size is right or no unit explains it; 1000 for metres, 25.4 for inches, or
        their inverse when the stated unit is the wrong one.
    """
    for factor in _FACTORS:
        if size_is_plausible([extent * factor for extent in extents_mm], role):
            return factor
    return 1.0


def scaled_ply(ply: bytes, factor: float) -> bytes:
    """Return a PLY of our own form with every coordinate multiplied; float32 in, float32 out."""
    if factor == 1.0:
        return ply
    import numpy as np  # noqa: PLC0415 - only a scan in a foreign unit needs it

    end = ply.index(b"end_header\n") + len(b"end_header\n")
    header = ply[:end]
    count = int(header.split(b"element vertex ", 1)[1].split(b"\n", 1)[0])
    colour = [("colour", np.uint8, (3,))] if b"property uchar red" in header else []
    kind = np.dtype([("place", "<f4", (3,)), *colour])
    scaled = bytearray(ply)
    vertices = np.frombuffer(scaled, dtype=kind, count=count, offset=end)
    vertices["place"] = (vertices["place"].astype(np.float64) * factor).astype(np.float32)
    return bytes(scaled)
