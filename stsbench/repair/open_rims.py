"""The open loops of a working mesh: how long each is, and which is the outer border of its piece.

Rules owned here:
- Each piece has one outer border, its loop with the longest rim, unless that is within the gum limit
  and narrower than a quarter of the piece: then the piece is a nearly closed body. This is the rule
  of the automatic repair (`holes`), without its second borders: a technician decides about those.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask
from stsbench.geometry.boundary import LoopMeasures, LoopSet, boundary_loops, measure_loops
from stsbench.geometry.face_selection import faces_joined
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["OpenRims", "find_open_rims", "is_outer_border"]

_NEARLY_CLOSED = 0.25


@dataclass(frozen=True, eq=False, slots=True)
class OpenRims:
    """The open loops of a mesh.

    Parameters
    ----------
    loops : LoopSet
    measures : LoopMeasures
    is_border : (L,) bool
    """

    loops: LoopSet
    measures: LoopMeasures
    is_border: Mask


def find_open_rims(
    working: WorkingMesh,
    profile: RepairProfile,
    *,
    removed: NDArray[np.integer] | None = None,
) -> OpenRims:
    """Find and measure the open loops.

    Parameters
    ----------
    working : WorkingMesh
    profile : RepairProfile
    removed : (R,) int, optional
        As if these faces were gone.
    """
    gone = removed is not None and len(removed) > 0
    twin = working.twin_without(removed) if gone and removed is not None else working.twin
    loops = boundary_loops(working.faces, twin)
    measures = measure_loops(working.vertices, loops)
    is_border = np.zeros(len(loops), dtype=bool)
    for n, verdict in _judged(working, twin, loops, measures, profile):
        is_border[n] = verdict
    return OpenRims(loops, measures, is_border)


def is_outer_border(
    working: WorkingMesh, loops: LoopSet, measures: LoopMeasures, n: int, profile: RepairProfile
) -> bool:
    """Say whether one loop is the outer border of its piece; cheap for a long one.

    Parameters
    ----------
    working : WorkingMesh
    loops : LoopSet
        All of its open loops.
    measures : LoopMeasures
    n : int
    profile : RepairProfile
    """
    judged = _judged(working, working.twin, loops, measures, profile)
    return next(verdict for m, verdict in judged if m == n)


def _judged(
    working: WorkingMesh,
    twin: NDArray[np.int32],
    loops: LoopSet,
    measures: LoopMeasures,
    profile: RepairProfile,
) -> Iterator[tuple[int, bool]]:
    """Yield each loop, the longest first, and whether it is the outer border of its piece."""
    seen = np.zeros(working.face_count, dtype=bool)
    for n in np.argsort(-measures.rim_mm, kind="stable").tolist():
        seed = int(loops.edges_of(n)[0]) // 3
        if seen[seed]:
            yield n, False
            continue
        piece = None
        small = bool(measures.rim_mm[n] <= profile.gum_limit_mm)
        if small:
            piece = faces_joined(twin, seed)
            corners = working.vertices[working.faces[piece]].reshape(-1, 3)
            size = float(np.linalg.norm(np.ptp(corners, axis=0)))
            small = bool(measures.width_mm[n] < _NEARLY_CLOSED * size)
        yield n, not small
        # Whoever asks about this loop only stops here: the piece is not walked for nothing.
        seen[faces_joined(twin, seed) if piece is None else piece] = True
