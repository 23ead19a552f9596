"""One change that a technician makes to a scan, as a value: what goes, what comes, what moves.

Rules owned here:
- A step holds both sides of the change, so that it can be taken back without the mesh it was
  planned for; its arrays are never written to.
- What the technician must know before accepting stands in `warnings`, a sentence each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import Colours, Faces, Vertices

__all__ = ["Step"]

Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """One change of a working mesh, with all that is needed to take it back.

    Parameters
    ----------
    tool : str
    reason : EditReason
    removed : (R,) int32
        Face slots that die, ascending.
    vertices : (N, 3) float64, mm
        New vertices.
    faces : (M, 3) int32
        New faces over old and new vertices.
    moved : (K,) int32
        Vertices that move, ascending.
    moved_from, moved_to : (K, 3) float64, mm
    values : (N, C) uint8, optional
        Colours of the new vertices.
    attributes : mapping of str to (N, ...) array
        The other values of the new vertices.
    measures : mapping of str to float
        Such as `area_mm2`, `rim_mm`, `max_move_mm`.
    warnings : tuple of str
        What the technician must know before accepting.
    """

    tool: str
    reason: EditReason
    removed: Ints
    vertices: Vertices
    faces: Faces
    moved: Ints
    moved_from: Vertices
    moved_to: Vertices
    values: Colours | None = None
    attributes: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    measures: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
